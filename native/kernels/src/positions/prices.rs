use super::judge::{Lexicons, Refusal, price_of, price_of_ticks};
use super::params::Instrument;
use crate::column::Batch;
use crate::config::{Kind, Port};
use crate::fault::Fault;
use crate::lexicon::Codes;
use crate::money::decimal;

/// Where the columns of port `prices` are; the price is its last one.
pub struct Prices {
    pub port: usize,
    pub ts: usize,
    pub symbol: usize,
    price: usize,
    in_ticks: bool,
    pub codes: Codes,
}

impl Prices {
    pub fn new(port: usize, spec: &Port) -> Result<Self, Fault> {
        let price = spec.columns.len().checked_sub(1).ok_or_else(|| Fault::new("kernel-config", "port \"prices\" has no column"))?;
        Ok(Self {
            port,
            ts: spec.column("ts_event", Kind::I64)?,
            symbol: spec.column("symbol", Kind::Word)?,
            price,
            in_ticks: spec.columns[price].kind == Kind::I64,
            codes: Codes::default(),
        })
    }

    /// Time and symbol; None where the symbol is of no interest or there is no price.
    pub fn place(&mut self, batch: &Batch, row: usize, lexicons: &Lexicons) -> Result<Result<Option<(i64, u32)>, Refusal>, Fault> {
        let [ts, symbol, price] = [self.ts, self.symbol, self.price].map(|at| &batch.columns[at]);
        if !ts.is_valid(row) {
            return Ok(Err(Refusal::TsMissing));
        }
        if !symbol.is_valid(row) {
            return Ok(Err(Refusal::SymbolMissing));
        }
        let known = self.codes.id(symbol, row, &lexicons.symbols)?;
        Ok(Ok(known.filter(|_| price.is_valid(row)).map(|id| (ts.i64s().map_or(0, |times| times[row]), id))))
    }

    /// The price in thousandths of a tick, where the symbol is an instrument, and as it is quoted.
    pub fn read(&self, batch: &Batch, row: usize, instrument: Option<&Instrument>) -> Result<Result<(Option<i64>, f64), Refusal>, Fault> {
        let column = &batch.columns[self.price];
        if self.in_ticks {
            let Some(instrument) = instrument else { return Ok(Err(Refusal::SymbolUnknown)) };
            let thousandths = price_of_ticks(column.i64s()?[row]);
            let quoted = |thousandths| decimal(i128::from(thousandths) * instrument.tick_digits, instrument.price_scale);
            return Ok(thousandths.map(|thousandths| (Some(thousandths), quoted(thousandths))));
        }
        let price = column.f64s()?[row];
        Ok(match instrument {
            Some(instrument) => price_of(price, instrument).map(|thousandths| (Some(thousandths), price)),
            None if price.is_finite() => Ok((None, price)),
            None => Err(Refusal::PriceNotFinite),
        })
    }
}
