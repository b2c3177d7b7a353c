use super::params::Params;
use crate::fault::Fault;
use crate::money::RATE_ONE;
use crate::money::{read_wide, write_wide};
use crate::snapshot::{Reader, Writer};

/// A price of the market, not of a fill.
#[derive(Debug, Clone, Copy)]
struct Mark {
    /// Thousandths of a tick.
    price: Option<i64>,
    ts_ns: i64,
}

/// Last prices and rates of exchange, and what of them has moved since positions were last shown.
pub struct Market {
    /// By symbol: of instruments first, then those that only give rates.
    marks: Vec<Mark>,
    /// By currency: base currency per unit, 10^-15.
    rates: Vec<Option<i128>>,
    /// By currency: whether a symbol gives its rate.
    pub floating: Vec<bool>,
    moved_symbols: Vec<bool>,
    moved_currencies: Vec<bool>,
    /// Raised by every change of a mark.
    pub version: u64,
    /// When what has moved is to be shown.
    pub due_ns: Option<i64>,
}

impl Market {
    pub fn new(params: &Params, symbols: usize) -> Self {
        let mut rates = vec![None; params.currencies.len()];
        rates[0] = Some(RATE_ONE);
        params.rates.iter().for_each(|rate| rates[rate.currency] = Some(rate.units));
        let mut floating = vec![false; rates.len()];
        params.fx.iter().for_each(|cross| floating[cross.currency] = true);
        Self {
            floating,
            marks: vec![Mark { price: None, ts_ns: i64::MIN }; symbols],
            moved_symbols: vec![false; symbols],
            moved_currencies: vec![false; rates.len()],
            rates,
            version: 1,
            due_ns: None,
        }
    }

    /// Price of an instrument, thousandths of a tick; None before the first.
    pub fn mark(&self, symbol: u32) -> Option<i64> {
        self.marks[symbol as usize].price
    }

    pub fn rate(&self, currency: usize) -> Option<i128> {
        self.rates[currency]
    }

    pub fn rates(&self) -> impl Iterator<Item = (Option<i128>, bool)> {
        self.rates.iter().copied().zip(self.floating.iter().copied())
    }

    /// Whether a price is behind the last one of its symbol; else it is the last one now.
    pub fn is_old(&mut self, symbol: u32, ts_ns: i64) -> bool {
        let mark = &mut self.marks[symbol as usize];
        let old = ts_ns < mark.ts_ns;
        if !old {
            mark.ts_ns = ts_ns;
        }
        old
    }

    pub fn set_mark(&mut self, symbol: u32, price: i64, due_ns: i64) {
        let mark = &mut self.marks[symbol as usize];
        if mark.price != Some(price) {
            mark.price = Some(price);
            self.version += 1;
            self.moved_symbols[symbol as usize] = true;
            self.due_ns.get_or_insert(due_ns);
        }
    }

    /// True when it is the first rate of the currency.
    pub fn set_rate(&mut self, currency: usize, rate: i128, due_ns: i64) -> bool {
        let before = self.rates[currency].replace(rate);
        if before != Some(rate) {
            self.moved_currencies[currency] = true;
            self.due_ns.get_or_insert(due_ns);
        }
        before.is_none()
    }

    pub fn has_moved(&self, symbol: u32) -> bool {
        self.moved_symbols[symbol as usize]
    }

    pub fn rate_has_moved(&self, currency: usize) -> bool {
        self.moved_currencies[currency]
    }

    /// All has been shown.
    pub fn settle(&mut self) {
        self.moved_symbols.fill(false);
        self.moved_currencies.fill(false);
        self.due_ns = None;
    }

    pub fn write(&self, into: &mut Writer) {
        into.u32(u32::from(self.due_ns.is_some()));
        into.i64(self.due_ns.unwrap_or_default());
        for (mark, moved) in self.marks.iter().zip(&self.moved_symbols) {
            into.u32(u32::from(mark.price.is_some()) | u32::from(*moved) << 1);
            into.i64(mark.price.unwrap_or_default());
            into.i64(mark.ts_ns);
        }
        for (rate, moved) in self.rates.iter().zip(&self.moved_currencies) {
            into.u32(u32::from(rate.is_some()) | u32::from(*moved) << 1);
            write_wide(rate.unwrap_or_default(), into);
        }
    }

    /// Into a fresh market. `symbols` and `currencies` give today's number of each number in the snapshot.
    pub fn read(&mut self, from: &mut Reader, symbols: &[Option<u32>], currencies: &[usize]) -> Result<(), Fault> {
        let due = from.u32()? != 0;
        self.due_ns = Some(from.i64()?).filter(|_| due);
        for symbol in symbols {
            let (flags, price, ts_ns) = (from.u32()?, from.i64()?, from.i64()?);
            if let Some(id) = symbol {
                self.marks[*id as usize] = Mark { price: Some(price).filter(|_| flags & 1 != 0), ts_ns };
                self.moved_symbols[*id as usize] = flags & 2 != 0;
            }
        }
        for currency in currencies {
            let (flags, rate) = (from.u32()?, read_wide(from)?);
            if self.floating[*currency] {
                self.rates[*currency] = Some(rate).filter(|_| flags & 1 != 0);
            }
            self.moved_currencies[*currency] = flags & 2 != 0;
        }
        Ok(())
    }
}
