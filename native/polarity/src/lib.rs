//! The sentiment of a press headline toward one entity in it. `README.md` beside this crate states features and file format exactly.

mod base64;
mod fault;
mod features;
mod hash;
mod lexicon;
mod model;
mod model_file;
mod scratch;
mod sha256;
mod tokens;
pub mod training;

pub use fault::Fault;
pub use model::Model;
pub use scratch::Scratch;
