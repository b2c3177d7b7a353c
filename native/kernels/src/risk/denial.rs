use super::control::Scope;

/// Why a row is denied. Money is in base units, durations in seconds.
#[derive(Debug)]
pub struct Denial {
    pub code: &'static str,
    pub scope: Option<Scope>,
    pub limit: Option<f64>,
    pub value: Option<f64>,
    pub reason: String,
}

impl Denial {
    /// Without a number.
    pub fn plain(code: &'static str, scope: Option<Scope>, reason: String) -> Box<Self> {
        Box::new(Self { code, scope, limit: None, value: None, reason })
    }
}

pub fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}
