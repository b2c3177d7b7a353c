use super::order::{Order, Side};
use super::recent::Recent;
use super::snapshots::{read_i128, write_i128};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use rustc_hash::FxHashMap;

/// What an account holds and has open in a symbol.
#[derive(Debug, Default)]
pub struct Line {
    pub symbol: u32,
    /// Bought less sold.
    pub position: i128,
    /// Price x size of buys less that of sells; None beyond counting.
    pub paid: Option<i128>,
    /// Open of all buys, of all sells.
    pub buys: i128,
    pub sells: i128,
    /// What open orders may cost, tick-lots.
    pub cost: i128,
    pub open_orders: i64,
    /// Orders with something open and no known price.
    pub unpriced: i64,
    /// New orders accepted, and the sum of their sizes.
    pub accepted: i64,
    pub accepted_lots: i128,
}

impl Line {
    pub fn new(symbol: u32) -> Self {
        Self { symbol, paid: Some(0), ..Self::default() }
    }

    fn count(&mut self, order: &Order, sign: i128) {
        let open = sign * i128::from(order.open());
        match order.side {
            Side::Buy => self.buys += open,
            Side::Sell => self.sells += open,
        }
        self.cost += sign * order.cost();
        self.open_orders += i64::from(order.is_live()) * sign as i64;
        self.unpriced += i64::from(order.price.is_none() && order.open() > 0) * sign as i64;
    }
}

/// The books of an account.
#[derive(Debug, Default)]
pub struct Account {
    /// By symbol id, ascending.
    pub lines: Vec<Line>,
    /// By symbol id and order id.
    pub orders: FxHashMap<(u32, i64), Order>,
    pub open_orders: i64,
    pub recent: Recent,
}

impl Account {
    /// Where a symbol's line is, or would be.
    #[inline]
    pub fn find(&self, symbol: u32) -> Result<usize, usize> {
        if self.lines.len() <= 8 {
            // a few are sooner looked through than halved
            return match self.lines.iter().position(|line| line.symbol >= symbol) {
                Some(at) if self.lines[at].symbol == symbol => Ok(at),
                Some(at) => Err(at),
                None => Err(self.lines.len()),
            };
        }
        self.lines.binary_search_by_key(&symbol, |line| line.symbol)
    }

    pub fn line(&mut self, symbol: u32) -> &mut Line {
        let at = match self.find(symbol) {
            Ok(at) => at,
            Err(at) => {
                self.lines.insert(at, Line::new(symbol));
                at
            }
        };
        &mut self.lines[at]
    }

    pub fn add(&mut self, symbol: u32, id: i64, order: Order) {
        let size = order.size;
        let line = self.line(symbol);
        line.accepted = line.accepted.saturating_add(1);
        line.accepted_lots += i128::from(size);
        line.count(&order, 1);
        self.open_orders += i64::from(order.is_live());
        self.orders.insert((symbol, id), order);
    }

    /// Changes an order and what is counted of it; forgets it when `forget` says so of what it has become.
    pub fn change(&mut self, symbol: u32, id: i64, change: impl FnOnce(&mut Order), forget: impl FnOnce(&Order) -> bool) {
        let Some(order) = self.orders.get_mut(&(symbol, id)) else { return };
        let Ok(at) = self.lines.binary_search_by_key(&symbol, |line| line.symbol) else { return };
        let line = &mut self.lines[at];
        let open_before = line.open_orders;
        line.count(order, -1);
        change(order);
        line.count(order, 1);
        self.open_orders += line.open_orders - open_before;
        if forget(order) {
            self.orders.remove(&(symbol, id));
        }
    }

    /// Moves the position by a fill.
    pub fn fill(&mut self, symbol: u32, side: Side, price: i64, size: i64) {
        self.fill_at(symbol, side, Some(price), size);
    }

    /// The same at a price that may be unknown: what was paid is then beyond counting.
    pub fn fill_at(&mut self, symbol: u32, side: Side, price: Option<i64>, size: i64) {
        let line = self.line(symbol);
        let sign = if side == Side::Buy { 1 } else { -1 };
        line.position += sign * i128::from(size);
        let paid = price.map(|price| sign * i128::from(price) * i128::from(size));
        line.paid = line.paid.zip(paid).and_then(|(sum, paid)| sum.checked_add(paid));
    }

    pub fn snapshot(&self, into: &mut Writer) {
        into.count(self.lines.len());
        for line in &self.lines {
            into.u32(line.symbol);
            write_i128(line.position, into);
            into.u32(u32::from(line.paid.is_some()));
            write_i128(line.paid.unwrap_or_default(), into);
            into.i64(line.accepted);
            write_i128(line.accepted_lots, into);
        }
        let mut orders: Vec<_> = self.orders.iter().collect();
        orders.sort_unstable_by_key(|(_, order)| order.entry);
        into.count(orders.len());
        for ((symbol, id), order) in orders {
            into.u32(*symbol);
            into.i64(*id);
            order.snapshot(into);
        }
        self.recent.snapshot(into);
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let mut account = Self::default();
        for _ in 0..from.count()? {
            let mut line = Line::new(from.u32()?);
            line.position = read_i128(from)?;
            let counted = from.u32()? != 0;
            let paid = read_i128(from)?;
            line.paid = counted.then_some(paid);
            (line.accepted, line.accepted_lots) = (from.i64()?, read_i128(from)?);
            account.lines.push(line);
        }
        for _ in 0..from.count()? {
            let (symbol, id) = (from.u32()?, from.i64()?);
            let order = Order::read(from)?;
            account.line(symbol).count(&order, 1);
            account.open_orders += i64::from(order.is_live());
            account.orders.insert((symbol, id), order);
        }
        account.recent = Recent::read(from)?;
        Ok(account)
    }
}
