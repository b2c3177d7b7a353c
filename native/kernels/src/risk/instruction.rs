use super::check::Instruction;
use super::columns::{Malformed, OrderColumns, null, price, size};
use super::control::Party;
use super::names::{NONE, Names};
use super::order::{Side, Type};
use super::rows::Asked;
use crate::column::Batch;
use crate::fault::Fault;

const NEW: u8 = 0;
const CANCEL: u8 = 2;

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

/// A row of `orders`. Names are numbered only of rows that are not malformed.
#[inline]
pub fn read(columns: &mut OrderColumns, batch: &Batch, row: usize, names: &mut Names) -> Read<Asked> {
    let Some(ts) = columns.ts.at(batch, row)? else { return Ok(Err(null("ts-missing", "ts_event"))) };
    let action = whole!(columns.action.at(batch, row, "action-missing", "action-unknown")?);
    let Some(id) = columns.id.at(batch, row)? else { return Ok(Err(null("order-id-missing", "order_id"))) };
    let account = columns.account.at(batch, row, &mut names.accounts)?;
    if account == NONE {
        return Ok(Err(null("account-missing", "account")));
    }
    let symbol = columns.symbol.at(batch, row, &mut names.symbols)?;
    if symbol == NONE {
        return Ok(Err(null("symbol-missing", "symbol")));
    }
    if action == CANCEL {
        return Ok(Ok(Asked::Cancel));
    }
    let fields = Fields { price: columns.price.at(batch, row)?, stop: columns.stop.at(batch, row)?, size: columns.size.at(batch, row)? };
    let strategy = columns.strategy.at(batch, row, &mut names.strategies)?;
    let venue = columns.venue.at(batch, row, &mut names.venues)?;
    let party = Party { account, symbol, strategy, venue };
    let made = |side, kind| Instruction { ts, id, party, side, kind, price: fields.price, stop: fields.stop, size: fields.size };
    if action != NEW {
        whole!(fields.in_range());
        return Ok(Ok(Asked::Amend(made(Side::Buy, Type::Limit))));
    }
    let side = Side::of(whole!(columns.side.at(batch, row, "side-missing", "side-unknown")?));
    let kind = Type::of(whole!(columns.kind.at(batch, row, "type-missing", "type-unknown")?));
    whole!(fields.fit(kind));
    Ok(Ok(Asked::New(made(side, kind))))
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    price: Option<i64>,
    stop: Option<i64>,
    size: Option<i64>,
}

impl Fields {
    /// Of an amend: whatever is given.
    fn in_range(self) -> Result<(), Malformed> {
        self.size.map_or(Ok(0), size)?;
        self.price.map_or(Ok(0), |given| price(given, "price_ticks", "price-out-of-range"))?;
        self.stop.map_or(Ok(0), |given| price(given, "stop_ticks", "stop-out-of-range"))?;
        Ok(())
    }

    /// Of a new order: what its type needs, and nothing else.
    fn fit(self, kind: Type) -> Result<(), Malformed> {
        size(self.size.ok_or_else(|| null("size-missing", "size_lots"))?)?;
        match self.price {
            None if kind.has_limit() => return Err(null("price-missing", "price_ticks")),
            Some(given) if !kind.has_limit() => return Err(not_allowed("price_ticks", given, kind)),
            Some(given) => price(given, "price_ticks", "price-out-of-range")?,
            None => 0,
        };
        match self.stop {
            None if matches!(kind, Type::Stop | Type::StopLimit) => return Err(null("stop-missing", "stop_ticks")),
            Some(given) if matches!(kind, Type::Market | Type::Limit) => return Err(not_allowed("stop_ticks", given, kind)),
            Some(given) => price(given, "stop_ticks", "stop-out-of-range")?,
            None => 0,
        };
        Ok(())
    }
}

/// What an amend gives and its order does not have.
pub fn stray(row: &Instruction, kind: Type) -> Option<Malformed> {
    match (row.price, row.stop) {
        (Some(given), _) if !kind.has_limit() => Some(not_allowed("price_ticks", given, kind)),
        (_, Some(given)) if matches!(kind, Type::Market | Type::Limit) => Some(not_allowed("stop_ticks", given, kind)),
        _ => None,
    }
}

#[cold]
fn not_allowed(name: &str, given: i64, kind: Type) -> Malformed {
    let word = super::order::TYPES.get(kind as usize).copied().unwrap_or_default();
    Malformed("field-not-allowed", format!("{name} is {given} on an order of type {word}"))
}
