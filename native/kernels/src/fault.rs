/// What went wrong with a whole kernel (a bad row is output, not a fault): becomes a JavaScript error with `code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Machine-readable, lower case with hyphens.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Fault {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
