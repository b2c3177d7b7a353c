use super::judge::Outcome;
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::{Bits, Output};

/// Output columns of trades, in the order of port `out`.
#[derive(Default)]
pub struct Trades {
    ts_event: Vec<i64>,
    ts_recv: Vec<i64>,
    symbol: Vec<i32>,
    venue: Vec<i32>,
    sequence: (Vec<i64>, Bits),
    trade_id: (Vec<i64>, Bits),
    price: Vec<f64>,
    size: Vec<f64>,
    price_ticks: Vec<i64>,
    size_lots: Vec<i64>,
    side: (Vec<i32>, Bits),
    flags: Vec<i32>,
}

/// One trade as it was read, before it is judged.
pub struct Read {
    pub ts_event: i64,
    pub ts_recv: i64,
    pub sequence: Option<i64>,
    pub trade_id: Option<i64>,
    pub sell: Option<bool>,
}

fn option<T: Default>(column: &mut (Vec<T>, Bits), value: Option<T>) {
    column.1.push(value.is_some());
    column.0.push(value.unwrap_or_default());
}

impl Trades {
    #[inline]
    pub fn push(&mut self, read: &Read, outcome: &Outcome, flags: i32) {
        self.ts_event.push(read.ts_event);
        self.ts_recv.push(read.ts_recv);
        self.symbol.push(outcome.symbol);
        self.venue.push(outcome.venue);
        option(&mut self.sequence, read.sequence);
        option(&mut self.trade_id, read.trade_id);
        self.price.push(outcome.price);
        self.size.push(outcome.size);
        self.price_ticks.push(outcome.price_ticks);
        self.size_lots.push(outcome.size_lots);
        option(&mut self.side, read.sell.map(i32::from));
        self.flags.push(flags);
    }

    pub fn flush(
        &mut self,
        port: usize,
        symbols: &WordTable,
        venues: &WordTable,
        sides: &WordTable,
        output: &mut Output,
    ) -> Result<(), Fault> {
        if self.ts_event.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.ts_event.len())?;
        block.i64s(&self.ts_event, None)?;
        block.i64s(&self.ts_recv, None)?;
        block.words(&self.symbol, None, symbols)?;
        block.words(&self.venue, None, venues)?;
        block.i64s(&self.sequence.0, Some(&self.sequence.1))?;
        block.i64s(&self.trade_id.0, Some(&self.trade_id.1))?;
        block.f64s(&self.price, None)?;
        block.f64s(&self.size, None)?;
        block.i64s(&self.price_ticks, None)?;
        block.i64s(&self.size_lots, None)?;
        block.words(&self.side.0, Some(&self.side.1), sides)?;
        block.i32s(&self.flags, None)?;
        block.end()?;
        self.clear();
        Ok(())
    }

    fn clear(&mut self) {
        self.ts_event.clear();
        self.ts_recv.clear();
        self.symbol.clear();
        self.venue.clear();
        for (values, valid) in [&mut self.sequence, &mut self.trade_id] {
            values.clear();
            valid.clear();
        }
        self.price.clear();
        self.size.clear();
        self.price_ticks.clear();
        self.size_lots.clear();
        self.side.0.clear();
        self.side.1.clear();
        self.flags.clear();
    }
}
