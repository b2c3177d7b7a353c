//! What the gate is told: fills, changes of orders, prices and control.

use super::columns::{ControlColumns, FeedbackColumns, MOST, Malformed, PriceColumns, STATUSES, null, price, size};
use super::control::Scope;
use super::names::{NONE, Names};
use super::order::Side;
use super::{Gate, Risk};
use crate::column::Batch;
use crate::fault::Fault;

type Read<T> = Result<Result<T, Malformed>, Fault>;

/// Gives the malformed row back where there is one; `?` is for faults.
macro_rules! whole {
    ($read:expr) => {
        match $read {
            Ok(value) => value,
            Err(malformed) => return Ok(Err(malformed)),
        }
    };
}

/// A row of `fills`.
struct Fill {
    account: u32,
    symbol: u32,
    /// None: an order of somebody else's gate.
    id: Option<i64>,
    side: Side,
    price: i64,
    size: i64,
}

/// What a row of `updates` says of an order.
enum Update {
    Nothing,
    Replaced { size: i64, price: Option<i64>, stop: Option<i64> },
    Over { filled: i64 },
}

/// What a row of `control` says.
pub struct Said {
    pub ts: i64,
    pub whom: (Scope, u32),
    pub action: Action,
}

pub enum Action {
    Kill(String),
    Resume,
    /// Place in `STATES`.
    State(u8),
}

impl FeedbackColumns {
    /// Account and symbol.
    fn whose(&mut self, batch: &Batch, row: usize, names: &mut Names) -> Read<(u32, u32)> {
        let account = self.account.at(batch, row, &mut names.accounts)?;
        if account == NONE {
            return Ok(Err(null("account-missing", "account")));
        }
        let symbol = self.symbol.at(batch, row, &mut names.symbols)?;
        Ok(if symbol == NONE { Err(null("symbol-missing", "symbol")) } else { Ok((account, symbol)) })
    }

    fn fill(&mut self, batch: &Batch, row: usize, names: &mut Names) -> Read<Fill> {
        let (account, symbol) = whole!(self.whose(batch, row, names)?);
        let side = Side::of(whole!(self.side.at(batch, row, "side-missing", "side-unknown")?));
        let Some(ticks) = self.price.at(batch, row)? else { return Ok(Err(null("price-missing", "price_ticks"))) };
        let ticks = whole!(price(ticks, "price_ticks", "price-out-of-range"));
        let Some(lots) = self.size.at(batch, row)? else { return Ok(Err(null("size-missing", "size_lots"))) };
        let lots = whole!(size(lots));
        Ok(Ok(Fill { account, symbol, id: self.id.at(batch, row)?, side, price: ticks, size: lots }))
    }

    fn update(&mut self, batch: &Batch, row: usize, names: &mut Names) -> Read<(u32, u32, i64, Update)> {
        let (account, symbol) = whole!(self.whose(batch, row, names)?);
        let Some(id) = self.id.at(batch, row)? else { return Ok(Err(null("order-id-missing", "order_id"))) };
        let status = whole!(self.status.at(batch, row, "status-missing", "status-unknown")?);
        let told = |update| Ok(Ok((account, symbol, id, update)));
        match STATUSES.get(usize::from(status)).copied().unwrap_or_default() {
            "replaced" => {
                let Some(lots) = self.size.at(batch, row)? else { return Ok(Err(null("size-missing", "size_lots"))) };
                let lots = whole!(size(lots));
                let (ticks, stop) = (self.price.at(batch, row)?, self.stop.at(batch, row)?);
                whole!(ticks.map_or(Ok(0), |given| price(given, "price_ticks", "price-out-of-range")));
                whole!(stop.map_or(Ok(0), |given| price(given, "stop_ticks", "stop-out-of-range")));
                told(Update::Replaced { size: lots, price: ticks, stop })
            }
            status @ ("canceled" | "expired" | "filled" | "rejected") => {
                let filled = match self.filled.at(batch, row)? {
                    Some(filled) => filled,
                    None if status == "rejected" => 0,
                    None => return Ok(Err(null("filled-missing", "filled_lots"))),
                };
                if !(0..=MOST).contains(&filled) {
                    return Ok(Err(Malformed("filled-out-of-range", format!("filled_lots is {filled}"))));
                }
                told(Update::Over { filled })
            }
            _ => told(Update::Nothing),
        }
    }
}

impl PriceColumns {
    /// Symbol, ticks and time.
    pub fn read(&mut self, batch: &Batch, row: usize, names: &mut Names) -> Read<(u32, i64, i64)> {
        let Some(ts) = self.ts.at(batch, row)? else { return Ok(Err(null("ts-missing", "ts_event"))) };
        let symbol = self.symbol.at(batch, row, &mut names.symbols)?;
        if symbol == NONE {
            return Ok(Err(null("symbol-missing", "symbol")));
        }
        let Some(ticks) = self.price.at(batch, row)? else { return Ok(Err(null("price-missing", self.name()))) };
        let ticks = whole!(price(ticks, self.name(), "price-out-of-range"));
        Ok(Ok((symbol, ticks, ts)))
    }
}

impl ControlColumns {
    pub fn read(&self, batch: &Batch, row: usize, names: &mut Names) -> Read<Said> {
        let Some(ts) = self.ts.at(batch, row)? else { return Ok(Err(null("ts-missing", "ts_event"))) };
        let action = whole!(self.action.at(batch, row, "action-missing", "action-unknown")?);
        let scope = Scope::of(whole!(self.scope.at(batch, row, "scope-missing", "scope-unknown")?));
        let text = |at: Option<usize>| -> Result<Option<&[u8]>, Fault> {
            let column = at.map(|at| &batch.columns[at]).filter(|column| column.is_valid(row));
            column.map(|column| column.bytes(row)).transpose()
        };
        let name = text(self.name)?;
        if scope != Scope::All && name.is_none() {
            return Ok(Err(null("name-missing", "name")));
        }
        let action = match action {
            0 => Action::Kill(String::from_utf8_lossy(text(self.reason)?.unwrap_or_default()).into_owned()),
            1 => Action::Resume,
            _ => Action::State(whole!(self.state.at(batch, row, "state-missing", "state-unknown")?)),
        };
        let name = name.unwrap_or_default();
        let id = match scope {
            Scope::Account => names.accounts.id(name),
            Scope::Strategy => names.strategies.id(name),
            Scope::Venue => names.venues.id(name),
            Scope::Symbol => names.symbols.id(name),
            Scope::All | Scope::Defaults | Scope::AccountSymbol => 0,
        };
        Ok(Ok(Said { ts, whom: (scope, id), action }))
    }
}

impl Gate {
    fn fill(&mut self, Fill { account, symbol, id, side, price, size }: Fill) {
        let told = self.told_updates;
        let book = self.account(account);
        book.fill(symbol, side, price, size);
        let Some(id) = id else { return };
        let ours = book.orders.get(&(symbol, id)).is_some_and(|order| order.side == side);
        if ours {
            book.change(
                symbol,
                id,
                |order| order.filled = order.filled.saturating_add(size),
                |order| order.open() == 0 && (order.over || !told),
            );
        }
    }

    fn update(&mut self, account: u32, symbol: u32, id: i64, update: Update) {
        let told_fills = self.told_fills;
        let book = self.account(account);
        match update {
            Update::Nothing => {}
            Update::Replaced { size, price, stop } => {
                let change = |order: &mut super::order::Order| {
                    let own = if order.kind.has_limit() { price } else { stop.filter(|_| !order.kind.is_unpriced()) };
                    order.replaced(size, own);
                };
                book.change(symbol, id, change, |_| false);
            }
            Update::Over { filled } if told_fills => book.change(symbol, id, |order| order.end(filled), |order| order.open() == 0),
            Update::Over { filled } => {
                // nothing will tell of its fills: they are taken to have been at its worst price
                let Some(order) = book.orders.get(&(symbol, id)) else { return };
                let (side, price) = (order.side, order.price);
                book.change(symbol, id, |order| order.end(0), |_| true);
                if filled > 0 {
                    book.fill_at(symbol, side, price, filled);
                }
            }
        }
    }
}

impl Risk {
    pub fn push_fills(&mut self, batch: &Batch) -> Result<(), Fault> {
        let Some((_, columns)) = &mut self.inputs.fills else { return Ok(()) };
        columns.follow(batch)?;
        for row in 0..batch.rows {
            match columns.fill(batch, row, &mut self.gate.names)? {
                Ok(fill) => self.gate.fill(fill),
                Err(Malformed(code, reason)) => self.rejects.push(row, code, &reason)?,
            }
        }
        Ok(())
    }

    pub fn push_updates(&mut self, batch: &Batch) -> Result<(), Fault> {
        let Some((_, columns)) = &mut self.inputs.updates else { return Ok(()) };
        columns.follow(batch)?;
        for row in 0..batch.rows {
            match columns.update(batch, row, &mut self.gate.names)? {
                Ok((account, symbol, id, update)) => self.gate.update(account, symbol, id, update),
                Err(Malformed(code, reason)) => self.rejects.push(row, code, &reason)?,
            }
        }
        Ok(())
    }
}
