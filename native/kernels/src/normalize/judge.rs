use super::decimal::{Decimal, NoSteps, Step};
use super::ids::IdWindow;
use super::refusal::Refusal;
use super::updates::Updates;
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// A line of the instrument table; steps as decimal digits and their scale.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentParams {
    venue: String,
    symbol: String,
    tick_size: StepParams,
    lot_size: StepParams,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepParams {
    #[serde(deserialize_with = "crate::config::ns")]
    digits: i64,
    scale: u32,
}

impl StepParams {
    fn step(&self) -> Result<Step, Fault> {
        if self.digits <= 0 || self.digits >= 1_000_000_000_000_000_000 || self.scale > 18 {
            return Err(Fault::new("kernel-config", "the step of an instrument is out of range"));
        }
        let float = self.digits as f64 / 10_f64.powi(self.scale as i32);
        Ok(Step { exact: Decimal { digits: self.digits.into(), scale: self.scale }, float })
    }
}

struct Instrument {
    symbol: i32,
    venue: i32,
    tick: Step,
    lot: Step,
    ids: IdWindow,
    updates: Updates,
}

/// A trade that may leave, but for its clocks.
pub struct Outcome {
    pub symbol: i32,
    pub venue: i32,
    pub price: f64,
    pub size: f64,
    pub price_ticks: i64,
    pub size_lots: i64,
    /// Trade ids were skipped before it.
    pub gap: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Side {
    Bid,
    Ask,
}

/// One side of a quote.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    pub price: f64,
    pub size: f64,
    pub ticks: i64,
    pub lots: i64,
}

/// A quote that may leave, but for its clocks.
pub struct QuoteOutcome {
    pub symbol: i32,
    pub venue: i32,
    pub bid: Level,
    pub ask: Level,
    /// The venue began to number anew.
    pub renumbered: bool,
}

/// The instrument table and what was seen of each instrument.
pub struct Instruments {
    list: Vec<Instrument>,
    by_name: FxHashMap<Box<[u8]>, usize>,
    window: usize,
    name: Vec<u8>,
    /// Name asked for last, and its instrument.
    last: (Vec<u8>, usize),
    pub symbols: WordTable,
    pub venues: WordTable,
}

/// One key for venue and symbol; neither has a NUL.
fn write_name(venue: &[u8], symbol: &[u8], into: &mut Vec<u8>) {
    into.clear();
    into.extend_from_slice(venue);
    into.push(0);
    into.extend_from_slice(symbol);
}

impl Instruments {
    pub fn new(params: &[InstrumentParams], window: usize) -> Result<Self, Fault> {
        let mut table = Self {
            list: Vec::new(),
            by_name: FxHashMap::default(),
            window,
            name: Vec::new(),
            last: (Vec::new(), 0),
            symbols: WordTable::default(),
            venues: WordTable::default(),
        };
        for line in params {
            write_name(line.venue.as_bytes(), line.symbol.as_bytes(), &mut table.name);
            table.by_name.insert(table.name.as_slice().into(), table.list.len());
            table.list.push(Instrument {
                symbol: table.symbols.id(line.symbol.as_bytes()) as i32,
                venue: table.venues.id(line.venue.as_bytes()) as i32,
                tick: line.tick_size.step()?,
                lot: line.lot_size.step()?,
                ids: IdWindow::default(),
                updates: Updates::default(),
            });
        }
        Ok(table)
    }

    /// Index of an instrument.
    #[inline]
    pub fn find(&mut self, venue: &[u8], symbol: &[u8]) -> Option<usize> {
        write_name(venue, symbol, &mut self.name);
        if self.name == self.last.0 {
            return Some(self.last.1);
        }
        let index = *self.by_name.get(self.name.as_slice())?;
        self.last.0.clone_from(&self.name);
        self.last.1 = index;
        Some(index)
    }

    /// The checks, in the order of `Judge` in `operators/normalize/judge.ts`; `index` is what `find` gave, `price` and `size` give value and
    /// steps.
    #[inline]
    pub fn judge(
        &mut self,
        index: Option<usize>,
        trade_id: Option<i64>,
        price: impl FnOnce(&Step) -> Result<(f64, i64), NoSteps>,
        size: impl FnOnce(&Step) -> Result<(f64, i64), NoSteps>,
    ) -> Result<Outcome, Refusal> {
        let instrument = index.and_then(|index| self.list.get_mut(index)).ok_or(Refusal::InstrumentUnknown)?;
        let gap = trade_id.is_some_and(|id| instrument.ids.gap(id));
        let (price, price_ticks) = price(&instrument.tick).map_err(Refusal::of_price)?;
        let (size, size_lots) = size(&instrument.lot).map_err(Refusal::of_size)?;
        if let Some(id) = trade_id
            && !instrument.ids.accept(id, self.window)
        {
            return Err(Refusal::TradeDuplicate);
        }
        Ok(Outcome { symbol: instrument.symbol, venue: instrument.venue, price, size, price_ticks, size_lots, gap })
    }

    /// The checks of a quote, in the order of `QuoteJudge` in `operators/normalize/judge-quote.ts`; `level` reads price and size of a side.
    #[inline]
    pub fn judge_quote(
        &mut self,
        index: Option<usize>,
        update: i64,
        level: impl Fn(Side, &Step, &Step) -> Result<Level, Refusal>,
    ) -> Result<QuoteOutcome, Refusal> {
        let instrument = index.and_then(|index| self.list.get_mut(index)).ok_or(Refusal::InstrumentUnknown)?;
        let bid = level(Side::Bid, &instrument.tick, &instrument.lot)?;
        let ask = level(Side::Ask, &instrument.tick, &instrument.lot)?;
        if bid.ticks >= ask.ticks {
            return Err(Refusal::QuoteCrossed);
        }
        let renumbered = instrument.updates.accept(update, self.window).ok_or(Refusal::QuoteStale)?;
        Ok(QuoteOutcome { symbol: instrument.symbol, venue: instrument.venue, bid, ask, renumbered })
    }

    pub fn write_updates(&self, into: &mut Writer) {
        let mut names: Vec<_> = self.by_name.iter().filter(|(_, index)| !self.list[**index].updates.is_empty()).collect();
        names.sort();
        into.count(names.len());
        for (name, index) in names {
            into.bytes(name);
            self.list[*index].updates.write(into);
        }
    }

    /// Instruments that are no longer in the table are forgotten.
    pub fn read_updates(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for _ in 0..from.count()? {
            let name = from.bytes()?;
            let updates = Updates::read(from)?;
            if let Some(index) = self.by_name.get(name) {
                self.list[*index].updates = updates;
            }
        }
        Ok(())
    }

    pub fn write(&self, into: &mut Writer) {
        let mut names: Vec<_> = self.by_name.iter().filter(|(_, index)| !self.list[**index].ids.is_empty()).collect();
        names.sort();
        into.count(names.len());
        for (name, index) in names {
            let mut bytes = Vec::new();
            self.list[*index].ids.write(&mut bytes);
            into.bytes(name);
            into.bytes(&bytes);
        }
    }

    /// Instruments that are no longer in the table are forgotten.
    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for _ in 0..from.count()? {
            let (name, bytes) = (from.bytes()?, from.bytes()?);
            let ids = IdWindow::read(bytes, self.window)?;
            if let Some(index) = self.by_name.get(name) {
                self.list[*index].ids = ids;
            }
        }
        Ok(())
    }
}
