use super::bar::Bar;
use crate::fault::Fault;
use crate::keys::Keys;
use crate::output::{Bits, Cells, Output};

/// Bars on their way out, as columns.
#[derive(Debug, Default)]
pub struct Rows {
    groups: Vec<u32>,
    ts_open: Vec<i64>,
    ts_event: Vec<i64>,
    open: Cells<f64>,
    high: Cells<f64>,
    low: Cells<f64>,
    close: Cells<f64>,
    volume: Vec<f64>,
    notional: Vec<f64>,
    vwap: Cells<f64>,
    trades: Vec<i64>,
    signed_volume: Vec<f64>,
    last: Bits,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    pub fn push_bar(&mut self, group: u32, end_ns: i64, bar: &Bar) {
        let prices = [Some(bar.open), Some(bar.high), Some(bar.low), Some(bar.close)];
        self.push(group, bar.start, end_ns, prices, bar);
    }

    /// An interval without trades: all four prices are `price`.
    pub fn push_empty(&mut self, group: u32, start_ns: i64, end_ns: i64, price: Option<f64>) {
        self.push(group, start_ns, end_ns, [price; 4], &Bar::default());
    }

    fn push(&mut self, group: u32, start_ns: i64, end_ns: i64, prices: [Option<f64>; 4], bar: &Bar) {
        self.groups.push(group);
        self.ts_open.push(start_ns);
        self.ts_event.push(end_ns);
        let columns = [&mut self.open, &mut self.high, &mut self.low, &mut self.close];
        columns.into_iter().zip(prices).for_each(|(column, price)| column.push_option(price));
        self.volume.push(bar.volume);
        self.notional.push(bar.notional);
        self.vwap.push_option(bar.vwap());
        self.trades.push(bar.trades);
        self.signed_volume.push(bar.signed_volume);
        self.last.push(true);
    }

    /// Hands the rows to the port, if there are any, and forgets them.
    pub fn flush(&mut self, port: usize, keys: &Keys, signed: bool, output: &mut Output) -> Result<(), Fault> {
        if self.groups.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.groups.len())?;
        keys.write(&self.groups, &mut block)?;
        block.i64s(&self.ts_open, None)?;
        block.i64s(&self.ts_event, None)?;
        for cells in [&self.open, &self.high, &self.low, &self.close] {
            block.f64s(&cells.values, Some(&cells.valid))?;
        }
        block.f64s(&self.volume, None)?;
        block.f64s(&self.notional, None)?;
        block.f64s(&self.vwap.values, Some(&self.vwap.valid))?;
        block.i64s(&self.trades, None)?;
        if signed {
            block.f64s(&self.signed_volume, None)?;
        }
        block.bools(&self.last, None)?;
        block.end()?;
        self.clear();
        Ok(())
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.ts_open.clear();
        self.ts_event.clear();
        [&mut self.open, &mut self.high, &mut self.low, &mut self.close, &mut self.vwap].into_iter().for_each(Cells::clear);
        self.volume.clear();
        self.notional.clear();
        self.trades.clear();
        self.signed_volume.clear();
        self.last.clear();
    }
}
