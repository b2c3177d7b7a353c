use super::judge::{Level, QuoteOutcome};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::Output;

/// Output columns of quotes, in the order of port `out`.
#[derive(Default)]
pub struct Quotes {
    ts_event: Vec<i64>,
    ts_recv: Vec<i64>,
    symbol: Vec<i32>,
    venue: Vec<i32>,
    sequence: Vec<i64>,
    bid: Levels,
    ask: Levels,
    flags: Vec<i32>,
}

#[derive(Default)]
struct Levels {
    price: Vec<f64>,
    size: Vec<f64>,
    ticks: Vec<i64>,
    lots: Vec<i64>,
}

impl Levels {
    fn push(&mut self, level: Level) {
        self.price.push(level.price);
        self.size.push(level.size);
        self.ticks.push(level.ticks);
        self.lots.push(level.lots);
    }

    fn clear(&mut self) {
        self.price.clear();
        self.size.clear();
        self.ticks.clear();
        self.lots.clear();
    }
}

impl Quotes {
    #[inline]
    pub fn push(&mut self, [ts_event, ts_recv]: [i64; 2], sequence: i64, quote: &QuoteOutcome, flags: i32) {
        self.ts_event.push(ts_event);
        self.ts_recv.push(ts_recv);
        self.symbol.push(quote.symbol);
        self.venue.push(quote.venue);
        self.sequence.push(sequence);
        self.bid.push(quote.bid);
        self.ask.push(quote.ask);
        self.flags.push(flags);
    }

    pub fn flush(&mut self, port: usize, symbols: &WordTable, venues: &WordTable, output: &mut Output) -> Result<(), Fault> {
        if self.ts_event.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.ts_event.len())?;
        block.i64s(&self.ts_event, None)?;
        block.i64s(&self.ts_recv, None)?;
        block.words(&self.symbol, None, symbols)?;
        block.words(&self.venue, None, venues)?;
        block.i64s(&self.sequence, None)?;
        block.f64s(&self.bid.price, None)?;
        block.f64s(&self.bid.size, None)?;
        block.f64s(&self.ask.price, None)?;
        block.f64s(&self.ask.size, None)?;
        for level in [&self.bid, &self.ask] {
            block.i64s(&level.ticks, None)?;
            block.i64s(&level.lots, None)?;
        }
        block.i32s(&self.flags, None)?;
        block.end()?;
        for column in [&mut self.ts_event, &mut self.ts_recv, &mut self.sequence] {
            column.clear();
        }
        for column in [&mut self.symbol, &mut self.venue, &mut self.flags] {
            column.clear();
        }
        self.bid.clear();
        self.ask.clear();
        Ok(())
    }
}
