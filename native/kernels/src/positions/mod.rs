//! Positions, profit and equity of accounts from their fills. The rules are those of `operators/positions/README.md`.

mod account;
mod book;
mod cash;
mod judge;
mod market;

mod params;
mod prices;
mod rows;
mod state;

use crate::column::{Batch, Column};
use crate::config::Config;
use crate::dictionary::Remap;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::lexicon::Lexicon;
use crate::money::rate_of;
use crate::output::Output;
use crate::snapshot::{Reader, Writer};
use account::Account;
use book::Position;
use cash::Cash;
use judge::{Fill, Fills, Lexicons, Refusal};
use market::Market;
use params::Params;
use prices::Prices;
use rows::{AmountRows, Event, PositionRows, Words};
use rustc_hash::FxHashMap;

/// Rows of an emitted batch, at most, but for those of one account.
const BATCH_ROWS: usize = 32_768;
/// Sums of values over all instruments stay below this, 10^-18.
const MOST_VALUE: i128 = 100_000_000_000_000_000_000_000_000_000_000_000_000;

struct Outputs {
    out: usize,
    /// None where nobody reads it: its rows are not made.
    equity: Option<usize>,
    balances: Option<usize>,
    refused: usize,
}

pub struct Positions {
    params: Params,
    /// Every symbol that is known, by number: of instruments, then those that only give rates.
    symbols: Vec<String>,
    lexicons: Lexicons,
    /// By symbol: currencies whose rate it gives, and whether as its inverse.
    crosses: Vec<Vec<(usize, bool)>>,
    /// Largest market value of a position that is counted.
    limit: i128,
    fills_port: usize,
    fills: Fills,
    remap: Remap,
    prices: Option<Prices>,
    cash: Option<Cash>,
    outputs: Outputs,
    market: Market,
    accounts: Vec<Account>,
    /// Account and symbol -> which of the account's positions.
    slots: FxHashMap<u64, u32>,
    words: Words,
    rows: PositionRows,
    equity: AmountRows<8>,
    balances: AmountRows<8>,
    refused: Vec<(i32, Refusal)>,
    /// Per currency: whether a balance is to be shown; kept between calls.
    touched: Vec<bool>,
}

fn slot(account: u32, symbol: u32) -> u64 {
    u64::from(account) << 32 | u64::from(symbol)
}

impl Positions {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        params.check()?;
        let mut symbols: Vec<String> = params.instruments.iter().map(|instrument| instrument.symbol.clone()).collect();
        for cross in &params.fx {
            if !symbols.contains(&cross.symbol) {
                symbols.push(cross.symbol.clone());
            }
        }
        let lexicons = Lexicons {
            symbols: Lexicon::new(symbols.iter().map(String::as_str)),
            currencies: Lexicon::new(params.currencies.iter().map(String::as_str)),
        };
        if lexicons.symbols.len() != symbols.len() || lexicons.currencies.len() != params.currencies.len() {
            return Err(Fault::new("kernel-config", "a symbol or a currency is listed twice"));
        }
        let mut crosses = vec![Vec::new(); symbols.len()];
        for cross in &params.fx {
            if let Some(id) = lexicons.symbols.id(cross.symbol.as_bytes()) {
                crosses[id as usize].push((cross.currency, cross.inverse));
            }
        }
        let port = |name: &str| config.inputs.iter().position(|port| port.name == name);
        let written = |name: &str| config.outputs.iter().position(|port| port.name == name);
        let fills_port = config.input("fills")?;
        Ok(Self {
            crosses,
            limit: MOST_VALUE / params.instruments.len().max(1) as i128,
            fills_port,
            fills: Fills::new(&config.inputs[fills_port])?,
            remap: Remap::default(),
            prices: port("prices").map(|at| Prices::new(at, &config.inputs[at])).transpose()?,
            cash: port("cash").map(|at| Cash::new(at, &config.inputs[at])).transpose()?,
            outputs: Outputs {
                out: config.output("out")?,
                equity: written("equity"),
                balances: written("balances"),
                refused: config.output("refused")?,
            },
            market: Market::new(&params, symbols.len()),
            accounts: Vec::new(),
            slots: FxHashMap::default(),
            words: Words::new(
                params.instruments.iter().map(|instrument| instrument.symbol.as_str()),
                params.currencies.iter().map(String::as_str),
            ),
            rows: PositionRows::default(),
            equity: AmountRows::default(),
            balances: AmountRows::default(),
            refused: Vec::new(),
            touched: vec![false; params.currencies.len()],
            symbols,
            lexicons,
            params,
        })
    }

    fn push_fills(&mut self, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.fills.follow(batch)?;
        let accounts = &batch.columns[self.fills.account];
        let (codes, dictionary) = accounts.words()?;
        self.remap.follow(dictionary);
        for (row, code) in codes.iter().enumerate() {
            self.pass(&batch.columns[self.fills.ts], row, floor_ns, output)?;
            match self.fills.read(batch, row, &self.params, &self.lexicons)? {
                Err(refusal) => self.refused.push((row as i32, refusal)),
                Ok(fill) => {
                    let id = self.remap.id(*code, dictionary, &mut self.words.accounts)?;
                    if let Err(refusal) = self.fill(id, &fill)? {
                        self.refused.push((row as i32, refusal));
                    }
                }
            }
        }
        Ok(())
    }

    fn fill(&mut self, id: u32, fill: &Fill) -> Result<Result<(), Refusal>, Fault> {
        self.account(id);
        let Self { params, market, accounts, slots, touched, .. } = self;
        let account = &mut accounts[id as usize];
        let instrument = &params.instruments[fill.symbol as usize];
        let at = slots.get(&slot(id, fill.symbol)).map(|at| *at as usize);
        let lots = at.map_or(0, |at| account.positions[at].lots);
        if lots.checked_add(fill.signed).is_none_or(|lots| lots == i64::MIN) {
            return Ok(Err(Refusal::PositionOutOfRange));
        }
        if !account.turns([fill.notional, fill.fee]) {
            return Ok(Err(Refusal::AmountOutOfRange));
        }
        account.refresh(market, &params.instruments, self.limit);
        let at = at.unwrap_or_else(|| {
            slots.insert(slot(id, fill.symbol), account.positions.len() as u32);
            account.positions.push(Position::of(fill.symbol));
            account.positions.len() - 1
        });
        let position = &mut account.positions[at];
        let (cost, realised) = position.fill(params.method, fill.signed, fill.price, instrument.point)?;
        let own = fill.fee_currency == instrument.currency;
        let fee = if own { fill.fee } else { 0 };
        position.fees += fee;
        let value = position.worth(market.mark(fill.symbol).unwrap_or(fill.price), instrument.point, self.limit);
        account.revalue(at, value, &params.instruments);
        account.ledgers[instrument.currency].cost += cost;
        account.ledgers[instrument.currency].realised += realised;
        account.ledgers[fill.fee_currency].fees += fill.fee;
        touched[instrument.currency] = true;
        touched[fill.fee_currency] |= fill.fee != 0;
        self.rows.push((fill.ts_ns, id, Event::Fill), &account.positions[at], instrument, market, fee);
        self.show(id, fill.ts_ns, Event::Fill);
        Ok(Ok(()))
    }

    /// Makes room for the account, with its opening cash when it is new.
    fn account(&mut self, id: u32) {
        while self.accounts.len() <= id as usize {
            let mut account = Account::new(self.params.currencies.len());
            for opening in &self.params.cash {
                account.deposit(opening.currency, opening.units, self.market.rate(opening.currency));
            }
            self.accounts.push(account);
        }
    }

    /// Rows of the balances that were touched, and of the equity.
    fn show(&mut self, id: u32, ts_ns: i64, event: Event) {
        let account = &self.accounts[id as usize];
        let at = (ts_ns, id, event);
        for (currency, touched) in self.touched.iter_mut().enumerate() {
            if std::mem::take(touched) && self.outputs.balances.is_some() {
                self.balances.push_balance(at, currency, &account.ledgers[currency], &self.market);
            }
        }
        if self.outputs.equity.is_some() {
            self.equity.push_equity(at, account.equity(&self.market).as_ref());
        }
    }

    fn push_cash(&mut self, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(mut cash) = self.cash.take() else { return Ok(()) };
        let dictionary = batch.columns[cash.account].words()?.1;
        cash.codes.follow(&batch.columns[cash.currency])?;
        cash.remap.follow(dictionary);
        for row in 0..batch.rows {
            self.pass(&batch.columns[cash.ts], row, floor_ns, output)?;
            match cash.read(batch, row, &self.lexicons)? {
                Err(refusal) => self.refused.push((row as i32, refusal)),
                Ok((ts_ns, currency, units)) => {
                    let code = batch.columns[cash.account].words()?.0[row];
                    let id = cash.remap.id(code, dictionary, &mut self.words.accounts)?;
                    self.account(id);
                    let account = &mut self.accounts[id as usize];
                    if !account.turns([units, 0]) {
                        self.refused.push((row as i32, Refusal::AmountOutOfRange));
                        continue;
                    }
                    account.refresh(&self.market, &self.params.instruments, self.limit);
                    account.deposit(currency, units, self.market.rate(currency));
                    self.touched[currency] = true;
                    self.show(id, ts_ns, Event::Cash);
                }
            }
        }
        self.cash = Some(cash);
        Ok(())
    }

    fn push_prices(&mut self, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(mut prices) = self.prices.take() else { return Ok(()) };
        prices.codes.follow(&batch.columns[prices.symbol])?;
        for row in 0..batch.rows {
            self.pass(&batch.columns[prices.ts], row, floor_ns, output)?;
            let Some((ts_ns, symbol)) = prices.place(batch, row, &self.lexicons)?.unwrap_or_else(|refusal| {
                self.refused.push((row as i32, refusal));
                None
            }) else {
                continue;
            };
            if let Err(refusal) = self.price(&prices, batch, row, (ts_ns, ts_ns.max(floor_ns), symbol))? {
                self.refused.push((row as i32, refusal));
            }
        }
        self.prices = Some(prices);
        Ok(())
    }

    /// A price of a symbol that is known, at its own time and the time it came.
    fn price(
        &mut self,
        prices: &Prices,
        batch: &Batch,
        row: usize,
        (ts_ns, now, symbol): (i64, i64, u32),
    ) -> Result<Result<(), Refusal>, Fault> {
        let every = i128::from(self.params.mark_every);
        let due = (i128::from(now).div_euclid(every) + 1) * every;
        let Ok(due_ns) = i64::try_from(due) else { return Ok(Err(Refusal::TsOutOfRange)) };
        let (thousandths, price) = match prices.read(batch, row, self.params.instruments.get(symbol as usize))? {
            Ok(read) => read,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let crosses = &self.crosses[symbol as usize];
        if crosses.iter().any(|(_, inverse)| rate_of(price, *inverse).is_none()) {
            return Ok(Err(if price > 0.0 { Refusal::PriceOutOfRange } else { Refusal::PriceNotPositive }));
        }
        if self.market.is_old(symbol, ts_ns) {
            return Ok(Ok(()));
        }
        if let Some(thousandths) = thousandths {
            self.market.set_mark(symbol, thousandths, due_ns);
        }
        for (currency, inverse) in crosses {
            if let Some(rate) = rate_of(price, *inverse)
                && self.market.set_rate(*currency, rate, due_ns)
            {
                self.accounts.iter_mut().for_each(|account| account.ledgers[*currency].settle(rate));
            }
        }
        Ok(Ok(()))
    }

    /// A row of any port takes time on with it, whatever becomes of it.
    fn pass(&mut self, ts: &Column, row: usize, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        if self.market.due_ns.is_none() || !ts.is_valid(row) {
            return Ok(());
        }
        self.mark_until(ts.i64s()?[row].max(floor_ns), output)
    }

    /// Shows what moved prices did, when an interval that had some is over at that time.
    fn mark_until(&mut self, now_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(due_ns) = self.market.due_ns.filter(|due| *due <= now_ns) else { return Ok(()) };
        for id in 0..self.accounts.len() {
            let Self { params, market, accounts, touched, rows, .. } = self;
            let account = &mut accounts[id];
            account.refresh(market, &params.instruments, self.limit);
            let mut any = false;
            for position in account.positions.iter().filter(|position| position.lots != 0) {
                let instrument = &params.instruments[position.symbol as usize];
                if market.has_moved(position.symbol) || market.rate_has_moved(instrument.currency) {
                    rows.push((due_ns, id as u32, Event::Mark), position, instrument, market, 0);
                    touched[instrument.currency] = true;
                    any = true;
                }
            }
            for (currency, touched) in touched.iter_mut().enumerate() {
                if market.rate_has_moved(currency) && !account.ledgers[currency].is_empty() {
                    *touched = true;
                    any = true;
                }
            }
            if any {
                self.show(id as u32, due_ns, Event::Mark);
            }
            if self.rows.len() >= BATCH_ROWS {
                self.flush(output)?;
            }
        }
        self.market.settle();
        Ok(())
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        self.rows.flush(self.outputs.out, &self.words, output)?;
        for (rows, port) in [(&mut self.equity, self.outputs.equity), (&mut self.balances, self.outputs.balances)] {
            if let Some(port) = port {
                rows.flush(port, &self.words, output)?;
            }
        }
        if !self.refused.is_empty() {
            let mut block = output.block(self.outputs.refused, self.refused.len())?;
            block.i32s(&self.refused.iter().map(|(row, _)| *row).collect::<Vec<_>>(), None)?;
            block.i32s(&self.refused.iter().map(|(_, refusal)| *refusal as i32).collect::<Vec<_>>(), None)?;
            block.end()?;
            self.refused.clear();
        }
        Ok(())
    }
}

impl Kernel for Positions {
    fn push(&mut self, port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        if port == self.fills_port {
            self.push_fills(batch, floor_ns, output)?;
        } else if self.prices.as_ref().is_some_and(|prices| prices.port == port) {
            self.push_prices(batch, floor_ns, output)?;
        } else if self.cash.as_ref().is_some_and(|cash| cash.port == port) {
            self.push_cash(batch, floor_ns, output)?;
        }
        self.flush(output)
    }

    fn advance(&mut self, watermark_ns: i64, _clock_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.mark_until(watermark_ns, output)?;
        self.flush(output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        state::write(self, into);
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        state::read(self, from)
    }
}
