use crate::config::ns;
use crate::expression::Program;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    Hold,
    Buy,
    Sell,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub program: Program,
    /// Text, and the column whose value follows it, or none.
    pub shown: Vec<(String, Option<usize>)>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sizing {
    FixedFraction { fraction: f64 },
    VolatilityTarget { target: f64, column: usize, cap: f64 },
    Kelly { column: usize, odds: f64, multiple: f64, cap: f64 },
    Lots { lots: f64 },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    pub symbol: String,
    /// Its line in the table.
    pub number: i64,
    pub tick: f64,
    pub lot: f64,
    pub contract: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub instruments: Vec<Instrument>,
    pub account: String,
    pub strategy: String,
    pub buy: Rule,
    pub sell: Rule,
    pub close: Option<Rule>,
    pub close_long: Option<Rule>,
    pub close_short: Option<Rule>,
    pub conflict: Conflict,
    pub short: bool,
    #[serde(deserialize_with = "ns")]
    pub cooldown: i64,
    #[serde(deserialize_with = "ns")]
    pub confirm: i64,
    pub warm_up: i64,
    /// Columns that may not be null, by their place among those that cross.
    pub used: Vec<(String, usize)>,
    pub price: usize,
    pub capital: f64,
    pub sizing: Sizing,
    /// Base units; none: no limit.
    pub max_position: Option<f64>,
    pub market: bool,
    pub offset_ticks: i64,
    pub time_in_force: String,
    pub id_prefix: i64,
}
