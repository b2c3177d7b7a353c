use super::series::{Flow, Quote};
use crate::fault::Fault;
use crate::keys::Keys;
use crate::output::{Cells, Output};

/// Features on their way out, as columns.
#[derive(Debug, Default)]
pub struct Rows {
    groups: Vec<u32>,
    ts_event: Vec<i64>,
    mid: Cells<f64>,
    microprice: Cells<f64>,
    spread: Cells<f64>,
    spread_bps: Cells<f64>,
    imbalance: Cells<f64>,
    order_flow_imbalance: Vec<f64>,
    realised_variance: Vec<f64>,
    quotes: Vec<i64>,
    volume: Vec<f64>,
    signed_volume: Vec<f64>,
    trades: Vec<i64>,
    /// Log return of the mid over one interval, then over each of `returns`.
    returns: Vec<Cells<f64>>,
}

impl Rows {
    pub fn new(returns: usize) -> Self {
        Self { returns: (0..=returns).map(|_| Cells::default()).collect(), ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// `quote`: the last one, if it still says something.
    pub fn push(&mut self, group: u32, end_ns: i64, quote: Option<&Quote>, flow: &Flow, returns: impl Iterator<Item = Option<f64>>) {
        let of = |value: fn(&Quote) -> f64| quote.map(value);
        let by_depth = |value: fn(&Quote) -> f64| {
            quote
                .map(|quote| (value(quote), quote.bid_size + quote.ask_size))
                .filter(|(_, depth)| *depth > 0.0)
                .map(|(value, depth)| value / depth)
        };
        self.groups.push(group);
        self.ts_event.push(end_ns);
        self.mid.push_option(of(Quote::mid));
        self.microprice.push_option(by_depth(|quote| quote.bid * quote.ask_size + quote.ask * quote.bid_size));
        self.spread.push_option(of(|quote| quote.ask - quote.bid));
        self.spread_bps.push_option(of(|quote| (quote.ask - quote.bid) / quote.mid() * 10_000.0));
        self.imbalance.push_option(by_depth(|quote| quote.bid_size - quote.ask_size));
        self.order_flow_imbalance.push(flow.order_flow);
        self.realised_variance.push(flow.variance);
        self.quotes.push(flow.quotes);
        self.volume.push(flow.volume);
        self.signed_volume.push(flow.signed_volume);
        self.trades.push(flow.trades);
        self.returns.iter_mut().zip(returns).for_each(|(column, value)| column.push_option(value));
    }

    /// Hands the rows to the port, if there are any, and forgets them. `traded`: the node has an input of trades.
    pub fn flush(&mut self, port: usize, keys: &Keys, traded: bool, output: &mut Output) -> Result<(), Fault> {
        if self.groups.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.groups.len())?;
        keys.write(&self.groups, &mut block)?;
        block.i64s(&self.ts_event, None)?;
        for cells in [&self.mid, &self.microprice, &self.spread, &self.spread_bps, &self.imbalance] {
            block.f64s(&cells.values, Some(&cells.valid))?;
        }
        block.f64s(&self.order_flow_imbalance, None)?;
        block.f64s(&self.realised_variance, None)?;
        block.i64s(&self.quotes, None)?;
        if traded {
            block.f64s(&self.volume, None)?;
            block.f64s(&self.signed_volume, None)?;
            block.i64s(&self.trades, None)?;
        }
        for cells in &self.returns {
            block.f64s(&cells.values, Some(&cells.valid))?;
        }
        block.end()?;
        self.clear();
        Ok(())
    }

    fn clear(&mut self) {
        self.groups.clear();
        for column in [&mut self.ts_event, &mut self.quotes, &mut self.trades] {
            column.clear();
        }
        for column in [&mut self.order_flow_imbalance, &mut self.realised_variance, &mut self.volume, &mut self.signed_volume] {
            column.clear();
        }
        for cells in [&mut self.mid, &mut self.microprice, &mut self.spread, &mut self.spread_bps, &mut self.imbalance] {
            cells.clear();
        }
        self.returns.iter_mut().for_each(Cells::clear);
    }
}
