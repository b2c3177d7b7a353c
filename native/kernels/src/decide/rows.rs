use super::params::Params;
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::{Cells, Output, Texts};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Buy,
    Sell,
    Hold,
    Close,
}

/// An order that a decision makes.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub ns: i64,
    pub id: i64,
    /// Number among the instruments.
    pub instrument: usize,
    pub buys: bool,
    pub limit: Option<i64>,
    pub lots: i64,
}

fn table<'a>(words: impl IntoIterator<Item = &'a str>) -> WordTable {
    let mut table = WordTable::default();
    words.into_iter().for_each(|word| {
        table.id(word.as_bytes());
    });
    table
}

/// The added columns of port `out`.
pub struct DecisionRows {
    taken: Vec<i32>,
    decisions: Vec<i32>,
    reasons: Texts,
    targets: Vec<f64>,
    sizes: Vec<f64>,
    ids: Cells<i64>,
    words: WordTable,
}

impl Default for DecisionRows {
    fn default() -> Self {
        Self {
            taken: Vec::new(),
            decisions: Vec::new(),
            reasons: Texts::default(),
            targets: Vec::new(),
            sizes: Vec::new(),
            ids: Cells::default(),
            words: table(["buy", "sell", "hold", "close"]),
        }
    }
}

impl DecisionRows {
    pub fn add(&mut self, row: usize, decision: Decision, reasons: &str, target: f64, order: Option<(i64, f64)>) -> Result<(), Fault> {
        self.taken.push(row as i32);
        self.decisions.push(decision as i32);
        self.targets.push(target);
        self.sizes.push(order.map_or(0.0, |(_, size)| size));
        self.ids.push_option(order.map(|(id, _)| id));
        self.reasons.push(Some(reasons.as_bytes()))
    }

    pub fn flush(&mut self, port: usize, output: &mut Output) -> Result<(), Fault> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.taken.len())?;
        block.i32s(&self.taken, None)?;
        block.words(&self.decisions, None, &self.words)?;
        block.texts(&self.reasons)?;
        block.f64s(&self.targets, None)?;
        block.f64s(&self.sizes, None)?;
        block.i64s(&self.ids.values, Some(&self.ids.valid))?;
        block.end()?;
        self.taken.clear();
        self.decisions.clear();
        self.reasons.clear();
        self.targets.clear();
        self.sizes.clear();
        self.ids.clear();
        Ok(())
    }
}

/// Rows of port `orders`.
pub struct OrderRows {
    orders: Vec<Order>,
    action: WordTable,
    account: WordTable,
    symbols: WordTable,
    sides: WordTable,
    kind: WordTable,
    time_in_force: WordTable,
    strategy: WordTable,
}

impl OrderRows {
    pub fn new(params: &Params) -> Self {
        Self {
            orders: Vec::new(),
            action: table(["new"]),
            account: table([params.account.as_str()]),
            symbols: table(params.instruments.iter().map(|instrument| instrument.symbol.as_str())),
            sides: table(["buy", "sell"]),
            kind: table([if params.market { "market" } else { "limit" }]),
            time_in_force: table([params.time_in_force.as_str()]),
            strategy: table([params.strategy.as_str()]),
        }
    }

    pub fn add(&mut self, order: Order) {
        self.orders.push(order);
    }

    pub fn flush(&mut self, port: usize, output: &mut Output) -> Result<(), Fault> {
        if self.orders.is_empty() {
            return Ok(());
        }
        let rows = &self.orders;
        let zeros = vec![0; rows.len()];
        let mut limits: Cells<i64> = Cells::default();
        rows.iter().for_each(|order| limits.push_option(order.limit));
        let numbers = |of: fn(&Order) -> i64| rows.iter().map(of).collect::<Vec<_>>();
        let codes = |of: fn(&Order) -> i32| rows.iter().map(of).collect::<Vec<_>>();
        let mut block = output.block(port, rows.len())?;
        block.i64s(&numbers(|order| order.ns), None)?;
        block.words(&zeros, None, &self.action)?;
        block.i64s(&numbers(|order| order.id), None)?;
        block.words(&zeros, None, &self.account)?;
        block.words(&codes(|order| order.instrument as i32), None, &self.symbols)?;
        block.words(&codes(|order| i32::from(!order.buys)), None, &self.sides)?;
        block.words(&zeros, None, &self.kind)?;
        block.words(&zeros, None, &self.time_in_force)?;
        block.i64s(&limits.values, Some(&limits.valid))?;
        block.i64s(&numbers(|order| order.lots), None)?;
        block.words(&zeros, None, &self.strategy)?;
        block.end()?;
        self.orders.clear();
        Ok(())
    }
}
