//! The exchange core over columns: a book of `millrace-match` a symbol. The rules are those of `operators/match/RULES.md`.

mod columns;
mod instructions;
mod meanings;

use crate::column::Batch;
use crate::config::{Config, Port};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::Output;
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer, corrupt};
use columns::Columns;
use instructions::{Orders, Symbols, write_cell};
use millrace_match::{Action, Book, Conditions, Given, Phase, Refusal, SelfTrade, Settings, Terms, Value};
use serde::Deserialize;
use std::fmt::Write;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    self_trade: String,
    phase: String,
    /// Levels a side that the port `book` tells of.
    depth: usize,
    increment_ticks: i64,
    increment_lots: i64,
}

/// A symbol without a book.
const NO_BOOK: u32 = u32::MAX;
/// The watermark of an input that has ended: it lets nothing expire.
const ENDED: i64 = i64::MAX;

pub struct Matching {
    settings: Settings,
    /// What holds for a symbol from its first row on.
    beginning: Conditions,
    orders_port: usize,
    symbols_port: Option<usize>,
    inputs: Vec<Port>,
    rejected: Option<usize>,
    orders: Orders,
    symbols: Option<Symbols>,
    names: WordTable,
    accounts: WordTable,
    /// By id of the symbol.
    book_of: Vec<u32>,
    /// Id of the symbol and its book, in the order of their first rows.
    books: Vec<(u32, Book)>,
    columns: Columns,
    rejects: Rejects,
    reason: String,
}

impl Matching {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let unknown = |name: &str, word: &str| Fault::new("kernel-config", format!("{name} is \"{word}\""));
        let self_trade = SelfTrade::parse(params.self_trade.as_bytes()).ok_or_else(|| unknown("self_trade", &params.self_trade))?;
        let phase = Phase::parse(params.phase.as_bytes()).ok_or_else(|| unknown("phase", &params.phase))?;
        let beginning = Conditions {
            phase: phase.into(),
            increment_ticks: Some(params.increment_ticks),
            increment_lots: Some(params.increment_lots),
            ..Conditions::default()
        };
        beginning.check().map_err(|_| Fault::new("kernel-config", "an increment is at least 1"))?;
        let written = |name: &str| config.outputs.iter().position(|port| port.name == name);
        let (orders_port, symbols_port) = (config.input("orders")?, config.input("symbols").ok());
        let (book, auction) = (written("book"), written("auction"));
        Ok(Self {
            settings: Settings { depth: book.map_or(0, |_| params.depth), auction: auction.is_some(), self_trade },
            beginning,
            orders_port,
            symbols_port,
            inputs: config.inputs.clone(),
            rejected: written("rejected"),
            orders: Orders::new(&config.inputs[orders_port])?,
            symbols: symbols_port.map(|port| Symbols::new(&config.inputs[port])).transpose()?,
            names: WordTable::default(),
            accounts: WordTable::default(),
            book_of: Vec::new(),
            books: Vec::new(),
            columns: Columns::new(written("fills"), written("orders"), book, auction),
            rejects: Rejects::default(),
            reason: String::new(),
        })
    }

    /// The book of a symbol, made with its first row.
    #[inline]
    fn book(&mut self, symbol: u32) -> usize {
        match self.book_of.get(symbol as usize) {
            Some(book) if *book != NO_BOOK => *book as usize,
            _ => self.new_book(symbol, None),
        }
    }

    #[cold]
    fn new_book(&mut self, symbol: u32, book: Option<Book>) -> usize {
        if self.book_of.len() <= symbol as usize {
            self.book_of.resize(symbol as usize + 1, NO_BOOK);
        }
        self.book_of[symbol as usize] = self.books.len() as u32;
        self.books.push((symbol, book.unwrap_or_else(|| Book::under(self.settings, &self.beginning))));
        self.books.len() - 1
    }

    fn refuse(&mut self, port: usize, batch: &Batch, row: usize, refusal: &Refusal) -> Result<(), Fault> {
        if self.rejected.is_none() {
            return Ok(());
        }
        let text = &mut self.reason;
        text.clear();
        text.push_str(refusal.field.word());
        text.push_str(" is ");
        let fine = match refusal.value {
            Value::Given => return self.refuse_given(port, batch, row, refusal),
            Value::Null => write!(text, "null"),
            Value::Number(number) => write!(text, "{number}"),
            Value::Phase(phase) => write!(text, "{}", phase.word()),
        };
        fine.map_err(|_| Fault::new("format", "a reason could not be written"))?;
        self.rejects.push(row, refusal.code.word(), text)
    }

    fn refuse_given(&mut self, port: usize, batch: &Batch, row: usize, refusal: &Refusal) -> Result<(), Fault> {
        write_cell(&self.inputs[port], batch, refusal.field, row, &mut self.reason)?;
        self.rejects.push(row, refusal.code.word(), &self.reason)
    }

    fn push_orders(&mut self, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let rows = self.orders.rows(batch)?;
        let mut terms = Terms::default();
        for row in 0..batch.rows {
            let (time, symbol) = match self.orders.place(&rows, row, &mut self.names)? {
                Ok(place) => place,
                Err(refusal) => {
                    self.refuse(self.orders_port, batch, row, &refusal)?;
                    continue;
                }
            };
            let at = self.book(symbol);
            let (book, columns) = (&mut self.books[at].1, &mut self.columns);
            columns.symbol = symbol as i32;
            book.advance(time.max(floor_ns), columns);
            let done = match self.orders.instruction(&rows, row, &mut self.accounts, &mut terms)? {
                Ok(Action::New) => book.enter(&terms, columns),
                Ok(Action::Amend) => book.amend(&terms, columns),
                Ok(Action::Cancel) => book.cancel(terms.order_id, terms.account, columns),
                Err(refusal) => Err(refusal),
            };
            if let Err(refusal) = done {
                self.refuse(self.orders_port, batch, row, &refusal)?;
            }
            self.columns.flush_full(&self.names, &self.accounts, output)?;
        }
        Ok(())
    }

    fn push_symbols(&mut self, port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(mut symbols) = self.symbols.take() else { return Ok(()) };
        let rows = symbols.rows(batch)?;
        for row in 0..batch.rows {
            let conditions = symbols.conditions(&rows, row)?;
            let mut refusal = conditions.check().err();
            match symbols.place(&rows, row, &mut self.names)? {
                Err(missing) => refusal = Some(missing),
                Ok((time, symbol)) => {
                    let range = match symbol.map(|symbol| self.book(symbol)) {
                        Some(book) => book..book + 1,
                        None => 0..self.books.len(),
                    };
                    for (symbol, book) in &mut self.books[range] {
                        self.columns.symbol = *symbol as i32;
                        book.advance(time.max(floor_ns), &mut self.columns);
                        if refusal.is_none() {
                            refusal = book.set(&conditions, &mut self.columns).err();
                        }
                    }
                    if symbol.is_none() && refusal.is_none() {
                        self.beginning = self.beginning.then(&conditions);
                    }
                }
            }
            if let Some(refusal) = refusal {
                self.refuse(port, batch, row, &refusal)?;
            }
            self.columns.flush_full(&self.names, &self.accounts, output)?;
        }
        self.symbols = Some(symbols);
        Ok(())
    }
}

impl Kernel for Matching {
    fn push(&mut self, port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        if self.symbols_port == Some(port) {
            self.push_symbols(port, batch, floor_ns, output)?;
        } else {
            self.push_orders(batch, floor_ns, output)?;
        }
        self.columns.flush(&self.names, &self.accounts, output)?;
        self.rejected.map_or(Ok(()), |rejected| self.rejects.flush(rejected, output))
    }

    fn advance(&mut self, watermark_ns: i64, _clock_ns: i64, output: &mut Output) -> Result<(), Fault> {
        if watermark_ns == ENDED {
            return Ok(());
        }
        for (symbol, book) in &mut self.books {
            self.columns.symbol = *symbol as i32;
            book.reach(watermark_ns, &mut self.columns);
        }
        self.columns.flush(&self.names, &self.accounts, output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        let Conditions { phase, reference, lower, upper, increment_ticks, increment_lots } = self.beginning;
        into.u32(if let Given::Is(phase) = phase { phase as u32 } else { 0 });
        for value in [reference, lower, upper, increment_ticks, increment_lots] {
            into.u32(u32::from(value.is_some()));
            into.i64(value.unwrap_or_default());
        }
        for table in [&self.names, &self.accounts] {
            into.count(table.len());
            table.words().iter().for_each(|word| into.bytes(word));
        }
        into.count(self.books.len());
        let mut bytes = Vec::new();
        for (symbol, book) in &self.books {
            bytes.clear();
            book.snapshot(&mut bytes);
            into.u32(*symbol);
            into.bytes(&bytes);
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        let phase = u8::try_from(from.u32()?).ok().and_then(Phase::from_code).ok_or_else(corrupt)?;
        let mut values = [None; 5];
        for value in &mut values {
            let there = from.u32()? == 1;
            *value = Some(from.i64()?).filter(|_| there);
        }
        let [reference, lower, upper, increment_ticks, increment_lots] = values;
        self.beginning = Conditions { phase: phase.into(), reference, lower, upper, increment_ticks, increment_lots };
        // one by one: rows that gave a limit each may have left an empty band
        let (lower, upper) = (Conditions { upper: None, ..self.beginning }, Conditions { lower: None, ..self.beginning });
        lower.check().and(upper.check()).map_err(|_| corrupt())?;
        for table in [&mut self.names, &mut self.accounts] {
            for _ in 0..from.count()? {
                table.id(from.bytes()?);
            }
        }
        for _ in 0..from.count()? {
            let symbol = from.u32()?;
            let book = Book::restore(self.settings, from.bytes()?).map_err(|_| corrupt())?;
            if symbol as usize >= self.names.len() || self.book_of.get(symbol as usize).is_some_and(|book| *book != NO_BOOK) {
                return Err(corrupt());
            }
            self.new_book(symbol, Some(book));
        }
        Ok(())
    }
}
