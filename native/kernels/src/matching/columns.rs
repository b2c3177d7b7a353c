use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::{Bits, Cells, Output};
use millrace_match::{AuctionChange, Fill, LevelChange, Liquidity, OrderChange, Reason, Side, Sink, Status};

/// Rows of a block, at most but for the last instruction's.
const BLOCK_ROWS: usize = 65_536;

/// Rows that wait as they were told: turned into columns together, which costs less than pushing each value of a row to its column.
const STAGED_ROWS: usize = 128;

/// What books tell, as columns of the ports that are read.
pub struct Columns {
    /// Id of the symbol whose book is telling.
    pub symbol: i32,
    fills: Option<Fills>,
    orders: Option<Orders>,
    levels: Option<Levels>,
    auctions: Option<Auctions>,
    tables: Tables,
}

/// Words of the output; their ids are the codes of the enums of the crate `millrace-match`.
struct Tables {
    side: WordTable,
    liquidity: WordTable,
    status: WordTable,
    reason: WordTable,
}

fn table(words: impl Iterator<Item = &'static str>) -> WordTable {
    let mut table = WordTable::default();
    words.for_each(|word| {
        table.id(word.as_bytes());
    });
    table
}

#[derive(Default)]
struct Fills {
    port: usize,
    staged: Vec<(i32, Fill)>,
    ts_event: Vec<i64>,
    symbol: Vec<i32>,
    execution_id: Vec<i64>,
    order_id: Vec<i64>,
    account: Vec<i32>,
    side: Vec<i32>,
    liquidity: Vec<i32>,
    price: Vec<i64>,
    size: Vec<i64>,
    leaves: Vec<i64>,
}

#[derive(Default)]
struct Orders {
    port: usize,
    staged: Vec<(i32, OrderChange)>,
    ts_event: Vec<i64>,
    symbol: Vec<i32>,
    order_id: Vec<i64>,
    account: Vec<i32>,
    side: Vec<i32>,
    status: Vec<i32>,
    reason: Cells<i32>,
    price: Cells<i64>,
    stop: Cells<i64>,
    size: Vec<i64>,
    leaves: Vec<i64>,
    filled: Vec<i64>,
}

#[derive(Default)]
struct Levels {
    port: usize,
    ts_event: Vec<i64>,
    symbol: Vec<i32>,
    sequence: Vec<i64>,
    side: Vec<i32>,
    price: Vec<i64>,
    size: Vec<i64>,
    orders: Vec<i64>,
    bid_price: Cells<i64>,
    bid_size: Cells<i64>,
    ask_price: Cells<i64>,
    ask_size: Cells<i64>,
    checksum: Vec<i64>,
    last: Bits,
}

#[derive(Default)]
struct Auctions {
    port: usize,
    ts_event: Vec<i64>,
    symbol: Vec<i32>,
    price: Cells<i64>,
    size: Vec<i64>,
    surplus: Cells<i64>,
    done: Bits,
}

impl Columns {
    /// For the output ports of these indices; None: nobody reads it.
    pub fn new(fills: Option<usize>, orders: Option<usize>, levels: Option<usize>, auctions: Option<usize>) -> Self {
        Self {
            symbol: 0,
            fills: fills.map(|port| Fills { port, ..Fills::default() }),
            orders: orders.map(|port| Orders { port, ..Orders::default() }),
            levels: levels.map(|port| Levels { port, ..Levels::default() }),
            auctions: auctions.map(|port| Auctions { port, ..Auctions::default() }),
            tables: Tables {
                side: table(Side::ALL.iter().map(|side| side.word())),
                liquidity: table(Liquidity::ALL.iter().map(|liquidity| liquidity.word())),
                status: table(Status::ALL.iter().map(|status| status.word())),
                reason: table(Reason::ALL.iter().map(|reason| reason.word())),
            },
        }
    }

    /// Hands on what has gathered, so that no block grows without end.
    #[inline]
    pub fn flush_full(&mut self, symbols: &WordTable, accounts: &WordTable, output: &mut Output) -> Result<(), Fault> {
        let most = [
            self.fills.as_ref().map_or(0, |fills| fills.ts_event.len()),
            self.orders.as_ref().map_or(0, |orders| orders.ts_event.len()),
            self.levels.as_ref().map_or(0, |levels| levels.ts_event.len()),
        ];
        if most.into_iter().any(|rows| rows >= BLOCK_ROWS) { self.flush(symbols, accounts, output) } else { Ok(()) }
    }

    /// Hands all rows to their ports and forgets them.
    pub fn flush(&mut self, symbols: &WordTable, accounts: &WordTable, output: &mut Output) -> Result<(), Fault> {
        let tables = &self.tables;
        self.fills.iter_mut().for_each(Fills::turn);
        self.orders.iter_mut().for_each(Orders::turn);
        if let Some(fills) = self.fills.as_mut().filter(|fills| !fills.ts_event.is_empty()) {
            fills.flush(tables, symbols, accounts, output)?;
        }
        if let Some(orders) = self.orders.as_mut().filter(|orders| !orders.ts_event.is_empty()) {
            orders.flush(tables, symbols, accounts, output)?;
        }
        if let Some(levels) = self.levels.as_mut().filter(|levels| !levels.ts_event.is_empty()) {
            levels.flush(tables, symbols, output)?;
        }
        if let Some(auctions) = self.auctions.as_mut().filter(|auctions| !auctions.ts_event.is_empty()) {
            auctions.flush(symbols, output)?;
        }
        Ok(())
    }
}

impl Fills {
    /// Turns the staged rows into columns.
    fn turn(&mut self) {
        let rows = &self.staged;
        self.ts_event.extend(rows.iter().map(|(_, fill)| fill.ts_event));
        self.symbol.extend(rows.iter().map(|(symbol, _)| *symbol));
        self.execution_id.extend(rows.iter().map(|(_, fill)| fill.execution_id));
        self.order_id.extend(rows.iter().map(|(_, fill)| fill.order_id));
        self.account.extend(rows.iter().map(|(_, fill)| fill.account as i32));
        self.side.extend(rows.iter().map(|(_, fill)| fill.side as i32));
        self.liquidity.extend(rows.iter().map(|(_, fill)| fill.liquidity as i32));
        self.price.extend(rows.iter().map(|(_, fill)| fill.price));
        self.size.extend(rows.iter().map(|(_, fill)| fill.size));
        self.leaves.extend(rows.iter().map(|(_, fill)| fill.leaves));
        self.staged.clear();
    }

    fn flush(&mut self, tables: &Tables, symbols: &WordTable, accounts: &WordTable, output: &mut Output) -> Result<(), Fault> {
        let mut block = output.block(self.port, self.ts_event.len())?;
        block.i64s(&self.ts_event, None)?;
        block.words(&self.symbol, None, symbols)?;
        block.i64s(&self.execution_id, None)?;
        block.i64s(&self.order_id, None)?;
        block.words(&self.account, None, accounts)?;
        block.words(&self.side, None, &tables.side)?;
        block.words(&self.liquidity, None, &tables.liquidity)?;
        block.i64s(&self.price, None)?;
        block.i64s(&self.size, None)?;
        block.i64s(&self.leaves, None)?;
        block.end()?;
        let Self { ts_event, execution_id, order_id, price, size, leaves, .. } = self;
        [ts_event, execution_id, order_id, price, size, leaves].into_iter().for_each(Vec::clear);
        [&mut self.symbol, &mut self.account, &mut self.side, &mut self.liquidity].into_iter().for_each(Vec::clear);
        Ok(())
    }
}

impl Orders {
    /// Turns the staged rows into columns.
    fn turn(&mut self) {
        let rows = &self.staged;
        self.ts_event.extend(rows.iter().map(|(_, change)| change.ts_event));
        self.symbol.extend(rows.iter().map(|(symbol, _)| *symbol));
        self.order_id.extend(rows.iter().map(|(_, change)| change.order_id));
        self.account.extend(rows.iter().map(|(_, change)| change.account as i32));
        self.side.extend(rows.iter().map(|(_, change)| change.side as i32));
        self.status.extend(rows.iter().map(|(_, change)| change.status as i32));
        rows.iter().for_each(|(_, change)| self.reason.push_option(change.reason.map(|reason| reason as i32)));
        rows.iter().for_each(|(_, change)| self.price.push_option(change.price));
        rows.iter().for_each(|(_, change)| self.stop.push_option(change.stop));
        self.size.extend(rows.iter().map(|(_, change)| change.size));
        self.leaves.extend(rows.iter().map(|(_, change)| change.leaves));
        self.filled.extend(rows.iter().map(|(_, change)| change.filled));
        self.staged.clear();
    }

    fn flush(&mut self, tables: &Tables, symbols: &WordTable, accounts: &WordTable, output: &mut Output) -> Result<(), Fault> {
        let mut block = output.block(self.port, self.ts_event.len())?;
        block.i64s(&self.ts_event, None)?;
        block.words(&self.symbol, None, symbols)?;
        block.i64s(&self.order_id, None)?;
        block.words(&self.account, None, accounts)?;
        block.words(&self.side, None, &tables.side)?;
        block.words(&self.status, None, &tables.status)?;
        block.words(&self.reason.values, Some(&self.reason.valid), &tables.reason)?;
        block.i64s(&self.price.values, Some(&self.price.valid))?;
        block.i64s(&self.stop.values, Some(&self.stop.valid))?;
        block.i64s(&self.size, None)?;
        block.i64s(&self.leaves, None)?;
        block.i64s(&self.filled, None)?;
        block.end()?;
        let Self { ts_event, order_id, size, leaves, filled, .. } = self;
        [ts_event, order_id, size, leaves, filled].into_iter().for_each(Vec::clear);
        [&mut self.symbol, &mut self.account, &mut self.side, &mut self.status].into_iter().for_each(Vec::clear);
        self.reason.clear();
        [&mut self.price, &mut self.stop].into_iter().for_each(Cells::clear);
        Ok(())
    }
}

impl Levels {
    fn flush(&mut self, tables: &Tables, symbols: &WordTable, output: &mut Output) -> Result<(), Fault> {
        let mut block = output.block(self.port, self.ts_event.len())?;
        block.i64s(&self.ts_event, None)?;
        block.words(&self.symbol, None, symbols)?;
        block.i64s(&self.sequence, None)?;
        block.words(&self.side, None, &tables.side)?;
        block.i64s(&self.price, None)?;
        block.i64s(&self.size, None)?;
        block.i64s(&self.orders, None)?;
        for cells in [&self.bid_price, &self.bid_size, &self.ask_price, &self.ask_size] {
            block.i64s(&cells.values, Some(&cells.valid))?;
        }
        block.i64s(&self.checksum, None)?;
        block.bools(&self.last, None)?;
        block.end()?;
        let Self { ts_event, sequence, price, size, orders, checksum, .. } = self;
        [ts_event, sequence, price, size, orders, checksum].into_iter().for_each(Vec::clear);
        [&mut self.symbol, &mut self.side].into_iter().for_each(Vec::clear);
        [&mut self.bid_price, &mut self.bid_size, &mut self.ask_price, &mut self.ask_size].into_iter().for_each(Cells::clear);
        self.last.clear();
        Ok(())
    }
}

impl Auctions {
    fn flush(&mut self, symbols: &WordTable, output: &mut Output) -> Result<(), Fault> {
        let mut block = output.block(self.port, self.ts_event.len())?;
        block.i64s(&self.ts_event, None)?;
        block.words(&self.symbol, None, symbols)?;
        block.i64s(&self.price.values, Some(&self.price.valid))?;
        block.i64s(&self.size, None)?;
        block.i64s(&self.surplus.values, Some(&self.surplus.valid))?;
        block.bools(&self.done, None)?;
        block.end()?;
        [&mut self.ts_event, &mut self.size].into_iter().for_each(Vec::clear);
        self.symbol.clear();
        [&mut self.price, &mut self.surplus].into_iter().for_each(Cells::clear);
        self.done.clear();
        Ok(())
    }
}

impl Sink for Columns {
    #[inline]
    fn fill(&mut self, fill: &Fill) {
        let Some(fills) = &mut self.fills else { return };
        fills.staged.push((self.symbol, *fill));
        if fills.staged.len() >= STAGED_ROWS {
            fills.turn();
        }
    }

    #[inline]
    fn order(&mut self, change: &OrderChange) {
        let Some(orders) = &mut self.orders else { return };
        orders.staged.push((self.symbol, *change));
        if orders.staged.len() >= STAGED_ROWS {
            orders.turn();
        }
    }

    fn level(&mut self, change: &LevelChange) {
        let Some(levels) = &mut self.levels else { return };
        levels.ts_event.push(change.ts_event);
        levels.symbol.push(self.symbol);
        levels.sequence.push(change.sequence);
        levels.side.push(change.side as i32);
        levels.price.push(change.price);
        levels.size.push(change.size);
        levels.orders.push(change.orders);
        levels.bid_price.push_option(change.bid.map(|(price, _)| price));
        levels.bid_size.push_option(change.bid.map(|(_, size)| size));
        levels.ask_price.push_option(change.ask.map(|(price, _)| price));
        levels.ask_size.push_option(change.ask.map(|(_, size)| size));
        levels.checksum.push(i64::from(change.checksum));
        levels.last.push(change.last);
    }

    fn auction(&mut self, change: &AuctionChange) {
        let Some(auctions) = &mut self.auctions else { return };
        auctions.ts_event.push(change.ts_event);
        auctions.symbol.push(self.symbol);
        auctions.price.push_option(change.price);
        auctions.size.push(change.size);
        auctions.surplus.push_option(change.surplus);
        auctions.done.push(change.done);
    }
}
