//! Whether two texts say the same: equal but for case, punctuation and white space, or nearly so.
//!
//! Source: M. Charikar, Similarity Estimation Techniques from Rounding Algorithms (STOC 2002), for the signs; G. Manku, A. Jain,
//! A. Das Sarma, Detecting Near-Duplicates for Web Crawling (WWW 2007), for 64 of them and for bands; A. Broder, On the Resemblance and
//! Containment of Documents (1997), for shingles. `examples/near.rs` measures them.

mod bands;
mod print;
mod window;

pub use print::{Print, Printer};
pub use window::{Found, Limits, MOST_NEAR, Match, Window};

#[cfg(test)]
mod tests;
