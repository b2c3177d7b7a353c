use super::account::{Equity, Ledger};
use super::book::Position;
use super::market::Market;
use super::params::Instrument;
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::money::{RATE_ONE, amount, decimal};
use crate::output::{Cells, Output};

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Fill,
    Cash,
    Mark,
}

/// Words that rows hold, by number; the same growing tables for every block.
pub struct Words {
    pub accounts: WordTable,
    /// Of instruments.
    pub symbols: WordTable,
    pub currencies: WordTable,
    events: WordTable,
    sources: WordTable,
}

impl Words {
    pub fn new<'a>(symbols: impl Iterator<Item = &'a str>, currencies: impl Iterator<Item = &'a str>) -> Self {
        Self {
            accounts: WordTable::default(),
            symbols: table(symbols),
            currencies: table(currencies),
            events: table(["fill", "cash", "mark"].into_iter()),
            sources: table(["price", "fill"].into_iter()),
        }
    }
}

fn table<'a>(words: impl Iterator<Item = &'a str>) -> WordTable {
    let mut table = WordTable::default();
    for word in words {
        table.id(word.as_bytes());
    }
    table
}

/// When, whose and why: the first columns of every port.
#[derive(Debug, Default)]
struct Heads {
    ts: Vec<i64>,
    accounts: Vec<i32>,
    events: Vec<i32>,
}

impl Heads {
    fn push(&mut self, ts_ns: i64, account: u32, event: Event) {
        self.ts.push(ts_ns);
        self.accounts.push(account as i32);
        self.events.push(event as i32);
    }

    fn clear(&mut self) {
        self.ts.clear();
        self.accounts.clear();
        self.events.clear();
    }
}

/// Rows of port `out`, as columns.
#[derive(Debug, Default)]
pub struct PositionRows {
    heads: Heads,
    symbols: Vec<i32>,
    currencies: Vec<i32>,
    position: Vec<f64>,
    lots: Vec<i64>,
    average_price: Cells<f64>,
    cost: Vec<f64>,
    mark: Vec<f64>,
    sources: Vec<i32>,
    market_value: Cells<f64>,
    unrealised: Cells<f64>,
    realised: Vec<f64>,
    fee: Vec<f64>,
    fees: Vec<f64>,
    rate: Cells<f64>,
}

impl PositionRows {
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// `fee` is that of the fill, in the instrument's currency; zero where it was charged in another.
    pub fn push(&mut self, at: (i64, u32, Event), position: &Position, instrument: &Instrument, market: &Market, fee: i128) {
        let mark = market.mark(position.symbol);
        self.heads.push(at.0, at.1, at.2);
        self.symbols.push(position.symbol as i32);
        self.currencies.push(instrument.currency as i32);
        self.position.push(decimal(i128::from(position.lots) * instrument.lot_digits, instrument.lot_scale));
        self.lots.push(position.lots);
        self.average_price.push_option(average_price(position, instrument));
        self.cost.push(amount(position.cost));
        self.mark.push(price(i128::from(mark.unwrap_or(position.last)), instrument));
        self.sources.push(i32::from(mark.is_none()));
        self.market_value.push_option(position.value.map(amount));
        self.unrealised.push_option(position.value.map(|value| amount(value - position.cost)));
        self.realised.push(amount(position.realised));
        self.fee.push(amount(fee));
        self.fees.push(amount(position.fees));
        self.rate.push_option(market.rate(instrument.currency).map(rate));
    }

    /// Hands the rows to the port, if there are any, and forgets them.
    pub fn flush(&mut self, port: usize, words: &Words, output: &mut Output) -> Result<(), Fault> {
        if self.len() == 0 {
            return Ok(());
        }
        let mut block = output.block(port, self.len())?;
        block.i64s(&self.heads.ts, None)?;
        block.words(&self.heads.accounts, None, &words.accounts)?;
        block.words(&self.symbols, None, &words.symbols)?;
        block.words(&self.heads.events, None, &words.events)?;
        block.words(&self.currencies, None, &words.currencies)?;
        block.f64s(&self.position, None)?;
        block.i64s(&self.lots, None)?;
        block.f64s(&self.average_price.values, Some(&self.average_price.valid))?;
        block.f64s(&self.cost, None)?;
        block.f64s(&self.mark, None)?;
        block.words(&self.sources, None, &words.sources)?;
        block.f64s(&self.market_value.values, Some(&self.market_value.valid))?;
        block.f64s(&self.unrealised.values, Some(&self.unrealised.valid))?;
        block.f64s(&self.realised, None)?;
        block.f64s(&self.fee, None)?;
        block.f64s(&self.fees, None)?;
        block.f64s(&self.rate.values, Some(&self.rate.valid))?;
        block.end()?;
        self.heads.clear();
        [&mut self.symbols, &mut self.currencies, &mut self.sources].into_iter().for_each(Vec::clear);
        self.lots.clear();
        let floats = [&mut self.position, &mut self.cost, &mut self.mark, &mut self.realised, &mut self.fee, &mut self.fees];
        floats.into_iter().for_each(Vec::clear);
        let cells = [&mut self.average_price, &mut self.market_value, &mut self.unrealised, &mut self.rate];
        cells.into_iter().for_each(Cells::clear);
        Ok(())
    }
}

/// Rows of `balances` (with a rate) and of `equity` (with a translation): the words, then the amounts in the order of the schema.
#[derive(Debug)]
pub struct AmountRows<const N: usize> {
    heads: Heads,
    currencies: Vec<i32>,
    amounts: [Cells<f64>; N],
}

impl<const N: usize> Default for AmountRows<N> {
    fn default() -> Self {
        Self { heads: Heads::default(), currencies: Vec::new(), amounts: std::array::from_fn(|_| Cells::default()) }
    }
}

impl<const N: usize> AmountRows<N> {
    fn push(&mut self, at: (i64, u32, Event), currency: usize, amounts: [Option<f64>; N]) {
        self.heads.push(at.0, at.1, at.2);
        self.currencies.push(currency as i32);
        self.amounts.iter_mut().zip(amounts).for_each(|(column, amount)| column.push_option(amount));
    }

    /// Hands the rows to the port, if there are any, and forgets them.
    pub fn flush(&mut self, port: usize, words: &Words, output: &mut Output) -> Result<(), Fault> {
        if self.currencies.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.currencies.len())?;
        block.i64s(&self.heads.ts, None)?;
        block.words(&self.heads.accounts, None, &words.accounts)?;
        block.words(&self.heads.events, None, &words.events)?;
        block.words(&self.currencies, None, &words.currencies)?;
        for column in &self.amounts {
            block.f64s(&column.values, Some(&column.valid))?;
        }
        block.end()?;
        self.heads.clear();
        self.currencies.clear();
        self.amounts.iter_mut().for_each(Cells::clear);
        Ok(())
    }
}

impl AmountRows<8> {
    pub fn push_balance(&mut self, at: (i64, u32, Event), currency: usize, ledger: &Ledger, market: &Market) {
        let cash = ledger.cash();
        let [cash_out, deposits, realised, fees] = [cash, ledger.deposits, ledger.realised, ledger.fees].map(|units| Some(amount(units)));
        let value = ledger.value.map(amount);
        let equity = ledger.value.and_then(|value| cash.checked_add(value)).map(amount);
        let unrealised = ledger.unrealised().map(amount);
        let rate = market.rate(currency).map(rate);
        self.push(at, currency, [cash_out, value, equity, deposits, realised, unrealised, fees, rate]);
    }
}

impl AmountRows<8> {
    pub fn push_equity(&mut self, at: (i64, u32, Event), equity: Option<&Equity>) {
        let of = |part: fn(&Equity) -> i128| equity.map(|all| amount(part(all)));
        let amounts = [
            of(|all| all.cash),
            of(|all| all.value),
            of(|all| all.cash + all.value),
            of(|all| all.deposits),
            of(|all| all.realised),
            of(|all| all.unrealised),
            of(|all| all.fees),
            of(|all| all.translation),
        ];
        self.push(at, 0, amounts);
    }
}

fn price(thousandths: i128, instrument: &Instrument) -> f64 {
    decimal(thousandths * instrument.tick_digits, instrument.price_scale)
}

fn rate(rate: i128) -> f64 {
    rate as f64 / RATE_ONE as f64
}

/// Cost per unit: exact where it is a whole thousandth of a tick; None for a flat position.
fn average_price(position: &Position, instrument: &Instrument) -> Option<f64> {
    let per_lot = i128::from(position.lots).checked_mul(instrument.point)?;
    if per_lot == 0 {
        return None;
    }
    if position.cost % per_lot == 0 {
        return Some(price(position.cost / per_lot, instrument));
    }
    let size = decimal(i128::from(position.lots) * instrument.lot_digits, instrument.lot_scale);
    Some(amount(position.cost) / (size * instrument.contract))
}
