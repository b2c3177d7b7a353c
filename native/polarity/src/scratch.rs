/// What a score needs to write on: one for a thread, used again for every headline.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The words as they are compared: lower case, numbers as `0`.
    pub(crate) letters: Vec<u8>,
    pub(crate) tokens: Vec<Token>,
    /// Hash and index of the tokens that have a class, are an entity, a number or a sign.
    pub(crate) outline: Vec<(u64, u32)>,
    /// The hashes of those in the target's clause.
    pub(crate) own: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Number,
    Sign,
    Target,
    Other,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub kind: Kind,
    pub hash: u64,
    /// Of `letters`.
    pub start: u32,
    pub end: u32,
    /// Bits of the lexicon.
    pub classes: u32,
    pub clause: u32,
}
