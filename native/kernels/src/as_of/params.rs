use crate::config::ns;
use serde::{Deserialize, Deserializer};

/// What `operators/as_of/native.ts` gives.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub by: Vec<String>,
    /// Columns of the right side that are taken.
    pub columns: Vec<String>,
    /// Greatest age of a partner, ns.
    #[serde(deserialize_with = "maybe_ns")]
    pub tolerance: Option<i64>,
    /// A partner is strictly before.
    pub exclude: bool,
    /// Rows without a partner stay on `out`.
    pub keep: bool,
    pub max_keys: u32,
}

fn maybe_ns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Ns(#[serde(deserialize_with = "ns")] i64);
    Ok(Option::<Ns>::deserialize(deserializer)?.map(|ns| ns.0))
}
