use super::book::Method;
use crate::config::ns;
use crate::fault::Fault;
use serde::{Deserialize, Deserializer};

/// What `operators/positions/terms.ts` says: the instrument table and the parameters, numbers already exact.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub method: Method,
    /// The base currency is the first.
    pub currencies: Vec<String>,
    pub instruments: Vec<Instrument>,
    /// Fixed rates to the base currency, by currency.
    pub rates: Vec<Amount>,
    /// Rates that a symbol of port `prices` gives.
    pub fx: Vec<Cross>,
    /// What every account begins with.
    pub cash: Vec<Amount>,
    /// 10^-10 of the notional.
    #[serde(deserialize_with = "wide")]
    pub maker: i128,
    #[serde(deserialize_with = "wide")]
    pub taker: i128,
    /// Length of the intervals at whose ends moved prices show, ns.
    #[serde(deserialize_with = "ns")]
    pub mark_every: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    pub symbol: String,
    pub currency: usize,
    /// Money per lot and thousandth of a tick, 10^-18 of the currency.
    #[serde(deserialize_with = "wide")]
    pub point: i128,
    #[serde(deserialize_with = "float")]
    pub tick: f64,
    #[serde(deserialize_with = "float")]
    pub lot: f64,
    /// A thousandth of a tick is `tick_digits * 10^-price_scale`.
    #[serde(deserialize_with = "wide")]
    pub tick_digits: i128,
    pub price_scale: usize,
    /// A lot is `lot_digits * 10^-lot_scale`.
    #[serde(deserialize_with = "wide")]
    pub lot_digits: i128,
    pub lot_scale: usize,
    /// Units of the underlying per unit of size.
    #[serde(deserialize_with = "float")]
    pub contract: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    pub currency: usize,
    #[serde(deserialize_with = "wide")]
    pub units: i128,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cross {
    pub currency: usize,
    pub symbol: String,
    pub inverse: bool,
}

impl Params {
    /// Every currency that is named by number is there.
    pub fn check(&self) -> Result<(), Fault> {
        let named = self.instruments.iter().map(|instrument| instrument.currency);
        let named = named.chain(self.rates.iter().chain(&self.cash).map(|amount| amount.currency));
        let unknown = named.chain(self.fx.iter().map(|cross| cross.currency)).any(|currency| currency >= self.currencies.len());
        if unknown || self.currencies.is_empty() || self.mark_every <= 0 {
            return Err(Fault::new("kernel-config", "a currency is not listed, or an interval is not positive"));
        }
        Ok(())
    }
}

/// An int128 as a decimal string.
fn wide<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
    parsed(deserializer)
}

/// A Float64 as a decimal string, read to the nearest.
fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    parsed(deserializer)
}

fn parsed<'de, D: Deserializer<'de>, T: std::str::FromStr>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("\"{text}\" is no number")))
}
