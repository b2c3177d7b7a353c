//! The sentiment of a press headline toward one entity in it. `README.md` beside this crate states features and file format exactly.

use std::ops::Range;

/// Why a model file is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: &'static str,
    pub message: String,
}

/// What a score needs to write on: one for a thread, used again for every headline.
#[derive(Debug, Default)]
pub struct Scratch {}

/// A model as it was read: immutable, shared between threads.
#[derive(Debug)]
pub struct Model {
    hash: String,
}

impl Model {
    /// Reads `operators/sentiment/model.json`; refuses what is truncated, tampered with or of another version.
    pub fn read(text: &str) -> Result<Model, Fault> {
        if text.is_empty() {
            return Err(Fault { code: "model-truncated", message: "the model file is empty".into() });
        }
        Ok(Model { hash: String::new() })
    }

    /// The sha256 that the file states and `read` has checked, in hex.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Calibrated probabilities of negative, neutral and positive toward `entity`; an empty range means the headline as a whole.
    /// `others` are the other entities' ranges. Ranges are byte offsets; any offset is allowed.
    pub fn score(&self, _scratch: &mut Scratch, _text: &str, _entity: Range<usize>, _others: &[Range<usize>]) -> [f64; 3] {
        [0.25, 0.5, 0.25]
    }
}
