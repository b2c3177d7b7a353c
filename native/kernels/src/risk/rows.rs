//! Rows on their way out, as columns.

use super::check::Instruction;
use super::control::Party;
use super::denial::Denial;
use super::names::{NONE, Names};
use super::order::{Order, SIDES, TYPES};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::{Cells, Output};

fn push_name(cells: &mut Cells<i32>, id: u32) {
    cells.push_option((id != NONE).then_some(id as i32));
}

/// Rows of `denied`.
#[derive(Debug, Default)]
pub struct Denied {
    ts: Vec<i64>,
    ids: Vec<i64>,
    accounts: Vec<i32>,
    symbols: Vec<i32>,
    strategies: Cells<i32>,
    venues: Cells<i32>,
    codes: Vec<i32>,
    scopes: Cells<i32>,
    limits: Cells<f64>,
    values: Cells<f64>,
    code_words: WordTable,
    scope_words: WordTable,
}

impl Denied {
    pub fn push(&mut self, ts: i64, id: i64, party: Party, denial: &Denial) {
        self.ts.push(ts);
        self.ids.push(id);
        self.accounts.push(party.account as i32);
        self.symbols.push(party.symbol as i32);
        push_name(&mut self.strategies, party.strategy);
        push_name(&mut self.venues, party.venue);
        self.codes.push(self.code_words.id(denial.code.as_bytes()) as i32);
        let scope = denial.scope.map(|scope| self.scope_words.id(scope.word().as_bytes()) as i32);
        self.scopes.push_option(scope);
        self.limits.push_option(denial.limit);
        self.values.push_option(denial.value);
    }

    /// Hands the rows to the port, if there are any, and forgets them.
    pub fn flush(&mut self, port: usize, names: &Names, output: &mut Output) -> Result<(), Fault> {
        if self.ts.is_empty() {
            return Ok(());
        }
        if self.scope_words.is_empty() {
            self.scope_words.id(b""); // codes of null rows point somewhere too
        }
        let mut block = output.block(port, self.ts.len())?;
        block.i64s(&self.ts, None)?;
        block.i64s(&self.ids, None)?;
        block.words(&self.accounts, None, &names.accounts)?;
        block.words(&self.symbols, None, &names.symbols)?;
        block.words(&self.strategies.values, Some(&self.strategies.valid), &names.strategies)?;
        block.words(&self.venues.values, Some(&self.venues.valid), &names.venues)?;
        block.words(&self.codes, None, &self.code_words)?;
        block.words(&self.scopes.values, Some(&self.scopes.valid), &self.scope_words)?;
        block.f64s(&self.limits.values, Some(&self.limits.valid))?;
        block.f64s(&self.values.values, Some(&self.values.valid))?;
        block.end()?;
        self.ts.clear();
        self.ids.clear();
        [&mut self.accounts, &mut self.symbols, &mut self.codes].into_iter().for_each(Vec::clear);
        [&mut self.strategies, &mut self.venues, &mut self.scopes].into_iter().for_each(Cells::clear);
        [&mut self.limits, &mut self.values].into_iter().for_each(Cells::clear);
        Ok(())
    }
}

/// Cancels that a kill makes.
#[derive(Debug)]
pub struct Cancels {
    ts: Vec<i64>,
    ids: Vec<i64>,
    accounts: Vec<i32>,
    symbols: Vec<i32>,
    sides: Vec<i32>,
    types: Vec<i32>,
    sizes: Vec<i64>,
    prices: Cells<i64>,
    strategies: Cells<i32>,
    venues: Cells<i32>,
    side_words: WordTable,
    type_words: WordTable,
}

fn table(words: &[&str]) -> WordTable {
    let mut table = WordTable::default();
    for word in words {
        table.id(word.as_bytes());
    }
    table
}

impl Default for Cancels {
    fn default() -> Self {
        Self {
            ts: Vec::new(),
            ids: Vec::new(),
            accounts: Vec::new(),
            symbols: Vec::new(),
            sides: Vec::new(),
            types: Vec::new(),
            sizes: Vec::new(),
            prices: Cells::default(),
            strategies: Cells::default(),
            venues: Cells::default(),
            side_words: table(SIDES),
            type_words: table(TYPES),
        }
    }
}

impl Cancels {
    pub fn push(&mut self, ts: i64, id: i64, party: Party, order: &Order) {
        self.ts.push(ts);
        self.ids.push(id);
        self.accounts.push(party.account as i32);
        self.symbols.push(party.symbol as i32);
        self.sides.push(order.side as i32);
        self.types.push(order.kind as i32);
        self.sizes.push(order.size);
        self.prices.push_option(order.price_cell);
        push_name(&mut self.strategies, party.strategy);
        push_name(&mut self.venues, party.venue);
    }

    /// Hands the rows to the port, if there are any, and forgets them.
    pub fn flush(&mut self, port: usize, names: &Names, output: &mut Output) -> Result<(), Fault> {
        if self.ts.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.ts.len())?;
        block.i64s(&self.ts, None)?;
        block.i64s(&self.ids, None)?;
        block.words(&self.accounts, None, &names.accounts)?;
        block.words(&self.symbols, None, &names.symbols)?;
        block.words(&self.sides, None, &self.side_words)?;
        block.words(&self.types, None, &self.type_words)?;
        block.i64s(&self.sizes, None)?;
        block.i64s(&self.prices.values, Some(&self.prices.valid))?;
        block.words(&self.strategies.values, Some(&self.strategies.valid), &names.strategies)?;
        block.words(&self.venues.values, Some(&self.venues.valid), &names.venues)?;
        block.end()?;
        [&mut self.ts, &mut self.ids, &mut self.sizes].into_iter().for_each(Vec::clear);
        [&mut self.accounts, &mut self.symbols, &mut self.sides, &mut self.types].into_iter().for_each(Vec::clear);
        self.prices.clear();
        [&mut self.strategies, &mut self.venues].into_iter().for_each(Cells::clear);
        Ok(())
    }
}

/// What a row of `orders` asks for, read and not malformed.
#[derive(Debug)]
pub enum Asked {
    New(Instruction),
    /// Side and type are those of its order.
    Amend(Instruction),
    Cancel,
}
