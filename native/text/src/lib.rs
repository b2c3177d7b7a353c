//! What short texts are made of: HTML to text, English or not, duplicates, names of entities. Plain Rust, no Node in it.
//!
//! Nothing here allocates per text but to grow what the caller keeps, and no text makes it take more than linear time.

pub mod duplicates;
pub mod entities;
pub mod html;
pub mod language;
pub mod letters;
