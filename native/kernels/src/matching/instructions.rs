use super::meanings::{Ints, Marks, Meanings, Words};
use crate::column::{Batch, Column, Values, bit};
use crate::config::{Kind, Port};
use crate::dictionary::{Remap, WordTable};
use crate::fault::Fault;
use millrace_match::{
    Action, Code, Conditions, Field, Given, Kind as OrderKind, Phase, PostOnly, Refusal, SelfTrade, Side, Terms, TimeInForce, Value,
};

/// Ids of the words of a column, numbered by the kernel.
struct Names {
    column: usize,
    remap: Remap,
}

impl Names {
    fn new(port: &Port, name: &str) -> Result<Self, Fault> {
        Ok(Self { column: port.column(name, Kind::Word)?, remap: Remap::default() })
    }

    fn follow<'a>(&mut self, batch: &Batch<'a>) -> Result<Column<'a>, Fault> {
        let column = batch.columns[self.column];
        self.remap.follow(column.words()?.1);
        Ok(column)
    }

    #[inline]
    fn id(&mut self, column: &Column, row: usize, table: &mut WordTable) -> Result<Option<u32>, Fault> {
        if !column.is_valid(row) {
            return Ok(None);
        }
        let (codes, dictionary) = column.words()?;
        self.remap.id(codes[row], dictionary, table).map(Some)
    }
}

fn ints(port: &Port, name: &str) -> Result<Option<usize>, Fault> {
    port.find(name).map(|_| port.column(name, Kind::I64)).transpose()
}

fn marks(port: &Port, name: &str) -> Result<Option<usize>, Fault> {
    port.find(name).map(|_| port.column(name, Kind::Bool)).transpose()
}

pub fn missing<T>(code: Code, field: Field) -> Result<T, Refusal> {
    Err(Refusal { code, field, value: Value::Null })
}

/// Appends the value of a row's column as reasons quote it.
pub fn write_cell(port: &Port, batch: &Batch, field: Field, row: usize, into: &mut String) -> Result<(), Fault> {
    use std::fmt::Write;
    let Some(column) = port.find(field.word()).map(|at| batch.columns[at]).filter(|column| column.is_valid(row)) else {
        into.push_str("null");
        return Ok(());
    };
    let fine = match column.values {
        Values::I64(values) => write!(into, "{}", values[row]),
        Values::Bool(bits) => write!(into, "{}", bit(bits, row)),
        _ => write!(into, "{}", String::from_utf8_lossy(column.bytes(row)?)),
    };
    fine.map_err(|_| Fault::new("format", "a reason could not be written"))
}

/// Reads the port `orders`.
pub struct Orders {
    ts_event: usize,
    symbol: Names,
    account: Names,
    action: Meanings<Action>,
    side: Meanings<Side>,
    kind: Meanings<OrderKind>,
    time_in_force: Meanings<TimeInForce>,
    self_trade: Meanings<SelfTrade>,
    post_only: Meanings<PostOnly>,
    /// `order_id, price_ticks, size_lots, stop_ticks, trail_ticks, display_lots, expire_at, oco_order_id`.
    numbers: [Option<usize>; 8],
    /// `hidden, all_or_none, reduce_only`.
    marks: [Option<usize>; 3],
}

/// A batch of the port `orders`, looked up once.
pub struct OrderRows<'a> {
    ts_event: Ints<'a>,
    symbol: Column<'a>,
    account: Column<'a>,
    words: [Words<'a>; 6],
    numbers: [Ints<'a>; 8],
    marks: [Marks<'a>; 3],
}

impl Orders {
    pub fn new(port: &Port) -> Result<Self, Fault> {
        let mut numbers = [None; 8];
        let names = ["order_id", "price_ticks", "size_lots", "stop_ticks", "trail_ticks", "display_lots", "expire_at", "oco_order_id"];
        for (column, name) in numbers.iter_mut().zip(names) {
            *column = ints(port, name)?;
        }
        Ok(Self {
            ts_event: port.column("ts_event", Kind::I64)?,
            symbol: Names::new(port, "symbol")?,
            account: Names::new(port, "account")?,
            action: Meanings::new(port, "action", Action::parse)?,
            side: Meanings::new(port, "side", Side::parse)?,
            kind: Meanings::new(port, "type", OrderKind::parse)?,
            time_in_force: Meanings::new(port, "time_in_force", TimeInForce::parse)?,
            self_trade: Meanings::new(port, "self_trade", SelfTrade::parse)?,
            post_only: Meanings::new(port, "post_only", PostOnly::parse)?,
            numbers,
            marks: [marks(port, "hidden")?, marks(port, "all_or_none")?, marks(port, "reduce_only")?],
        })
    }

    pub fn rows<'a>(&mut self, batch: &Batch<'a>) -> Result<OrderRows<'a>, Fault> {
        let mut numbers = [Ints::new(batch, None)?; 8];
        for (ints, column) in numbers.iter_mut().zip(self.numbers) {
            *ints = Ints::new(batch, column)?;
        }
        let mut marks = [Marks::new(batch, None)?; 3];
        for (marks, column) in marks.iter_mut().zip(self.marks) {
            *marks = Marks::new(batch, column)?;
        }
        Ok(OrderRows {
            ts_event: Ints::new(batch, Some(self.ts_event))?,
            symbol: self.symbol.follow(batch)?,
            account: self.account.follow(batch)?,
            words: [
                self.action.follow(batch)?,
                self.side.follow(batch)?,
                self.kind.follow(batch)?,
                self.time_in_force.follow(batch)?,
                self.self_trade.follow(batch)?,
                self.post_only.follow(batch)?,
            ],
            numbers,
            marks,
        })
    }

    /// Time and symbol of a row, or why it has no book.
    #[inline]
    pub fn place(&mut self, rows: &OrderRows, row: usize, symbols: &mut WordTable) -> Result<Result<(i64, u32), Refusal>, Fault> {
        let Some(time) = rows.ts_event.at(row) else { return Ok(missing(Code::TsMissing, Field::TsEvent)) };
        let symbol = self.symbol.id(&rows.symbol, row, symbols)?;
        Ok(symbol.map_or_else(|| missing(Code::SymbolMissing, Field::Symbol), |symbol| Ok((time, symbol))))
    }

    /// What a row asks for.
    #[inline]
    pub fn instruction(
        &mut self,
        rows: &OrderRows,
        row: usize,
        accounts: &mut WordTable,
        terms: &mut Terms,
    ) -> Result<Result<Action, Refusal>, Fault> {
        let action = match self.action.at(&rows.words[0], row)? {
            Given::Null => return Ok(missing(Code::ActionMissing, Field::Action)),
            Given::Unknown => return Ok(Err(Refusal { code: Code::ActionUnknown, field: Field::Action, value: Value::Given })),
            Given::Is(action) => action,
        };
        let Some(order_id) = rows.numbers[0].at(row) else { return Ok(missing(Code::OrderIdMissing, Field::OrderId)) };
        let Some(account) = self.account.id(&rows.account, row, accounts)? else {
            return Ok(missing(Code::AccountMissing, Field::Account));
        };
        (terms.order_id, terms.account) = (order_id, account);
        if action == Action::Cancel {
            return Ok(Ok(action));
        }
        terms.side = self.side.at(&rows.words[1], row)?;
        terms.kind = self.kind.at(&rows.words[2], row)?;
        terms.time_in_force = self.time_in_force.at(&rows.words[3], row)?;
        terms.self_trade = self.self_trade.at(&rows.words[4], row)?;
        terms.post_only = self.post_only.at(&rows.words[5], row)?;
        let [_, price, size, stop, trail, display, expire_at, oco] = &rows.numbers;
        terms.price = price.at(row);
        terms.size = size.at(row);
        terms.stop = stop.at(row);
        terms.trail = trail.at(row);
        terms.display = display.at(row);
        terms.expire_at = expire_at.at(row);
        terms.oco = oco.at(row);
        let [hidden, all_or_none, reduce_only] = &rows.marks;
        terms.hidden = hidden.at(row);
        terms.all_or_none = all_or_none.at(row);
        terms.reduce_only = reduce_only.at(row);
        Ok(Ok(action))
    }
}

/// Reads the port `symbols`.
pub struct Symbols {
    ts_event: usize,
    symbol: Names,
    phase: Meanings<Phase>,
    /// `reference_ticks, lower_ticks, upper_ticks, increment_ticks, increment_lots`.
    numbers: [Option<usize>; 5],
}

/// A batch of the port `symbols`, looked up once.
pub struct SymbolRows<'a> {
    ts_event: Ints<'a>,
    symbol: Column<'a>,
    phase: Words<'a>,
    numbers: [Ints<'a>; 5],
}

impl Symbols {
    pub fn new(port: &Port) -> Result<Self, Fault> {
        let mut numbers = [None; 5];
        let names = ["reference_ticks", "lower_ticks", "upper_ticks", "increment_ticks", "increment_lots"];
        for (column, name) in numbers.iter_mut().zip(names) {
            *column = ints(port, name)?;
        }
        Ok(Self {
            ts_event: port.column("ts_event", Kind::I64)?,
            symbol: Names::new(port, "symbol")?,
            phase: Meanings::new(port, "phase", Phase::parse)?,
            numbers,
        })
    }

    pub fn rows<'a>(&mut self, batch: &Batch<'a>) -> Result<SymbolRows<'a>, Fault> {
        let mut numbers = [Ints::new(batch, None)?; 5];
        for (ints, column) in numbers.iter_mut().zip(self.numbers) {
            *ints = Ints::new(batch, column)?;
        }
        let ts_event = Ints::new(batch, Some(self.ts_event))?;
        Ok(SymbolRows { ts_event, symbol: self.symbol.follow(batch)?, phase: self.phase.follow(batch)?, numbers })
    }

    /// Time and symbol of a row; no symbol: every one.
    pub fn place(&mut self, rows: &SymbolRows, row: usize, symbols: &mut WordTable) -> Result<Result<(i64, Option<u32>), Refusal>, Fault> {
        let Some(time) = rows.ts_event.at(row) else { return Ok(missing(Code::TsMissing, Field::TsEvent)) };
        Ok(Ok((time, self.symbol.id(&rows.symbol, row, symbols)?)))
    }

    pub fn conditions(&mut self, rows: &SymbolRows, row: usize) -> Result<Conditions, Fault> {
        let [reference, lower, upper, increment_ticks, increment_lots] = rows.numbers.map(|numbers| numbers.at(row));
        Ok(Conditions { phase: self.phase.at(&rows.phase, row)?, reference, lower, upper, increment_ticks, increment_lots })
    }
}
