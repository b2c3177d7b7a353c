//! What the operators that learn from labelled rows share.

pub mod pending;
