//! The pre-trade gate; `operators/risk/RULES.md` says what it does.

mod account;
mod check;
mod columns;
mod control;
mod denial;
mod exposure;
mod feedback;
mod instruction;
mod limits;
mod money;
mod names;
mod order;
mod order_limits;
mod recent;
mod reference;
mod rows;
mod snapshots;

use crate::column::Batch;
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::Output;
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer};
use account::Account;
use check::{Accepted, Check, Instruction, Prices};
use columns::{ControlColumns, FeedbackColumns, Malformed, OrderColumns, PriceColumns};
use control::{Control, Party, Scope, state_of};
use denial::Denial;
use limits::Limits;
use names::Names;
use order::{Order, Version};
use rows::{Asked, Cancels, Denied};
use serde::Deserialize;
use snapshots::{read_option, write_option};
use std::hint::black_box;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The limits file as JSON text.
    limits: String,
    /// Price column of `prices`.
    price: String,
    cancel_on_kill: bool,
}

#[derive(Debug)]
struct Ports {
    accepted: usize,
    cancels: usize,
    denied: usize,
    rejected: usize,
}

/// Input ports by index; None: not connected.
#[derive(Debug)]
struct Inputs {
    orders: (usize, OrderColumns),
    prices: Option<(usize, PriceColumns)>,
    fills: Option<(usize, FeedbackColumns)>,
    updates: Option<(usize, FeedbackColumns)>,
    control: Option<(usize, ControlColumns)>,
    limits: Option<usize>,
}

/// What the gate knows.
#[derive(Debug)]
struct Gate {
    names: Names,
    limits: Limits,
    /// The limits that came on the port `limits` last, as JSON; None: those it was made with.
    newest: Option<Vec<u8>>,
    prices: Prices,
    control: Control,
    /// By account id.
    accounts: Vec<Account>,
    /// Orders accepted so far.
    entries: i64,
    /// Whether fills and changes of orders are told.
    told_fills: bool,
    told_updates: bool,
}

/// Kernel `risk`.
#[derive(Debug)]
pub struct Risk {
    params: Params,
    ports: Ports,
    inputs: Inputs,
    gate: Gate,
    accepted: Vec<i32>,
    denied: Denied,
    cancels: Cancels,
    rejects: Rejects,
}

impl Risk {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let port = |name| config.input(name).ok();
        let feedback = |name| port(name).map(|at| Ok::<_, Fault>((at, FeedbackColumns::new(config, name)?))).transpose();
        let inputs = Inputs {
            orders: (config.input("orders")?, OrderColumns::new(config)?),
            prices: port("prices").map(|at| Ok::<_, Fault>((at, PriceColumns::new(config, &params.price)?))).transpose()?,
            fills: feedback("fills")?,
            updates: feedback("updates")?,
            control: port("control").map(|at| Ok::<_, Fault>((at, ControlColumns::new(config)?))).transpose()?,
            limits: port("limits"),
        };
        let ports = Ports {
            accepted: config.output("accepted")?,
            cancels: config.output("cancels")?,
            denied: config.output("denied")?,
            rejected: config.output("rejected")?,
        };
        let mut names = Names::default();
        let limits = Limits::read(params.limits.as_bytes(), &mut names)?;
        let gate = Gate {
            names,
            limits,
            newest: None,
            prices: Vec::new(),
            control: Control::default(),
            accounts: Vec::new(),
            entries: 0,
            told_fills: inputs.fills.is_some(),
            told_updates: inputs.updates.is_some(),
        };
        let (accepted, denied, cancels, rejects) = (Vec::new(), Denied::default(), Cancels::default(), Rejects::default());
        Ok(Self { params, ports, inputs, gate, accepted, denied, cancels, rejects })
    }

    fn push_orders(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Fault> {
        let columns = &mut self.inputs.orders.1;
        columns.follow(batch)?;
        for row in 0..batch.rows {
            if row % AHEAD == 0 {
                self.gate.warm((row..batch.rows.min(row + AHEAD)).filter_map(|row| columns.peek(batch, row)));
            }
            match instruction::read(columns, batch, row, &mut self.gate.names)? {
                Err(Malformed(code, reason)) => self.rejects.push(row, code, &reason)?,
                Ok(Asked::Cancel) => self.accepted.push(row as i32),
                Ok(Asked::New(asked)) => match self.gate.check_new(asked) {
                    Ok(()) => self.accepted.push(row as i32),
                    Err(denial) => self.denied.refuse(row, asked, &denial, &mut self.rejects)?,
                },
                Ok(Asked::Amend(asked)) => match self.gate.check_amend(asked) {
                    Ok(()) => self.accepted.push(row as i32),
                    Err(Refusal::Denied(asked, denial)) => self.denied.refuse(row, asked, &denial, &mut self.rejects)?,
                    Err(Refusal::Malformed(Malformed(code, reason))) => self.rejects.push(row, code, &reason)?,
                },
            }
        }
        output.rows(self.ports.accepted, &mut self.accepted)?;
        self.denied.flush(self.ports.denied, &self.gate.names, output)
    }

    fn push_prices(&mut self, batch: &Batch) -> Result<(), Fault> {
        let Some((_, columns)) = &mut self.inputs.prices else { return Ok(()) };
        columns.symbol.follow(batch)?;
        for row in 0..batch.rows {
            let read = columns.read(batch, row, &mut self.gate.names)?;
            match read {
                Err(Malformed(code, reason)) => self.rejects.push(row, code, &reason)?,
                Ok((symbol, price, ts)) => {
                    let at = symbol as usize;
                    if self.gate.prices.len() <= at {
                        self.gate.prices.resize(at + 1, None);
                    }
                    self.gate.prices[at] = Some((price, ts));
                }
            }
        }
        Ok(())
    }

    fn push_control(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Fault> {
        let Some((_, columns)) = &mut self.inputs.control else { return Ok(()) };
        columns.follow(batch)?;
        for row in 0..batch.rows {
            let said = match columns.read(batch, row, &mut self.gate.names)? {
                Ok(said) => said,
                Err(Malformed(code, reason)) => {
                    self.rejects.push(row, code, &reason)?;
                    continue;
                }
            };
            let (scope, id) = said.whom;
            match said.action {
                feedback::Action::Resume => self.gate.control.resume(scope, id),
                feedback::Action::State(place) => self.gate.control.set(scope, id, state_of(place)),
                feedback::Action::Kill(reason) => {
                    self.gate.control.kill(scope, id, reason);
                    if self.params.cancel_on_kill {
                        self.gate.cancel(scope, id, said.ts, &mut self.cancels);
                    }
                }
            }
        }
        self.cancels.flush(self.ports.cancels, &self.gate.names, output)
    }

    fn push_limits(&mut self, batch: &Batch) -> Result<(), Fault> {
        let column = batch.columns.first().ok_or_else(|| Fault::new("kernel-config", "the port \"limits\" has no column"))?;
        for row in 0..batch.rows {
            let json = column.bytes(row)?;
            self.gate.limits = Limits::read(json, &mut self.gate.names)?;
            self.gate.newest = Some(json.to_vec());
        }
        Ok(())
    }
}

/// Rows whose accounts are looked at together before they are checked.
const AHEAD: usize = 16;

/// Why an amend is not accepted.
enum Refusal {
    Denied(Instruction, Box<Denial>),
    Malformed(Malformed),
}

impl Gate {
    fn check<'a>(&'a self, row: Instruction, order: Option<&'a Order>) -> Check<'a> {
        let Self { names, limits, prices, control, .. } = self;
        Check { names, limits, prices, control, account: self.accounts.get(row.party.account as usize), row, order }
    }

    #[inline]
    fn check_new(&mut self, row: Instruction) -> Result<(), Box<Denial>> {
        let check = self.check(row, None);
        let Accepted { price, now } = check.run()?;
        let print = check.fingerprint();
        let Party { account, symbol, strategy, venue } = row.party;
        let own = self.limits.account(account);
        let defaults = &self.limits.defaults;
        let rate = own.and_then(|own| own.rate).or(defaults.rate);
        let window = own.and_then(|own| own.duplicate).or(defaults.duplicate);
        self.entries = self.entries.wrapping_add(1);
        let size = row.size.unwrap_or_default();
        let order = Order::new(self.entries, (row.side, row.kind), (strategy, venue), size, price);
        let book = self.account(account);
        book.add(symbol, row.id, order);
        book.recent.message(now, rate);
        book.recent.order(print, now, window);
        Ok(())
    }

    fn check_amend(&mut self, mut row: Instruction) -> Result<(), Refusal> {
        let Party { account, symbol, .. } = row.party;
        let order = self.accounts.get(account as usize).and_then(|book| book.orders.get(&(symbol, row.id))).filter(|order| order.is_live());
        let Some(order) = order else {
            let text = format!(
                "{} has no open order {} in \"{}\"",
                Scope::Account.text(row.party, &self.names),
                row.id,
                names::name(&self.names.symbols, symbol)
            );
            return Err(Refusal::Denied(row, Denial::plain("order-unknown", None, text)));
        };
        if let Some(malformed) = instruction::stray(&row, order.kind) {
            return Err(Refusal::Malformed(malformed));
        }
        (row.side, row.kind) = (order.side, order.kind);
        (row.party.strategy, row.party.venue) = (order.strategy, order.venue);
        let check = self.check(row, Some(order));
        let Accepted { now, .. } = check.run().map_err(|denial| Refusal::Denied(row, denial))?;
        let rate = self.limits.account(account).and_then(|own| own.rate).or(self.limits.defaults.rate);
        let told = self.told_updates;
        let version = Version { size: row.size, price: row.own_price() };
        let book = self.account(account);
        book.change(symbol, row.id, |order| order.ask(version, told), |_| false);
        book.recent.message(now, rate);
        Ok(())
    }

    /// Touches what the checks of some accounts will read: with many accounts all of it is far away in memory, and reads that do not wait
    /// for each other cost little more than one.
    fn warm(&self, accounts: impl Iterator<Item = u32> + Clone) {
        let books = || accounts.clone().filter_map(|id| self.accounts.get(id as usize));
        books().for_each(|book| book.touch());
        for id in accounts.clone() {
            black_box(self.limits.account(id).map(|own| own.touch()));
        }
        books().for_each(|book| book.touch_lines());
    }

    fn account(&mut self, id: u32) -> &mut Account {
        let at = id as usize;
        if self.accounts.len() <= at {
            self.accounts.resize_with(at + 1, Account::default);
        }
        &mut self.accounts[at]
    }

    /// Cancels for every live order in scope, by account and then in order of entry.
    fn cancel(&self, scope: Scope, id: u32, ts: i64, cancels: &mut Cancels) {
        for (account, book) in self.accounts.iter().enumerate() {
            let account = account as u32;
            if scope == Scope::Account && account != id {
                continue;
            }
            let party = |symbol, order: &Order| Party { account, symbol, strategy: order.strategy, venue: order.venue };
            let inside = |party: Party| party.scopes().contains(&(scope, id));
            let live = book.orders.iter().filter(|((symbol, _), order)| order.is_live() && inside(party(*symbol, order)));
            let mut live: Vec<_> = live.collect();
            live.sort_unstable_by_key(|(_, order)| order.entry);
            live.into_iter().for_each(|((symbol, order_id), order)| cancels.push(ts, *order_id, party(*symbol, order), order));
        }
    }
}

impl Denied {
    fn refuse(&mut self, row: usize, asked: Instruction, denial: &Denial, rejects: &mut Rejects) -> Result<(), Fault> {
        self.push(asked.ts, asked.id, asked.party, denial);
        rejects.push(row, denial.code, &denial.reason)
    }
}

impl Kernel for Risk {
    fn push(&mut self, port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let is = |known: Option<usize>| known == Some(port);
        let Inputs { orders, prices, fills, updates, control, limits } = &self.inputs;
        let [prices, limits] = [prices.as_ref().map(|(at, _)| *at), *limits];
        let [fills, updates] = [fills, updates].map(|known| known.as_ref().map(|(at, _)| *at));
        let control = control.as_ref().map(|(at, _)| *at);
        if port == orders.0 {
            self.push_orders(batch, output)?;
        } else if is(prices) {
            self.push_prices(batch)?;
        } else if is(fills) {
            self.push_fills(batch)?;
        } else if is(updates) {
            self.push_updates(batch)?;
        } else if is(control) {
            self.push_control(batch, output)?;
        } else if is(limits) {
            self.push_limits(batch)?;
        }
        self.rejects.flush(self.ports.rejected, output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        let gate = &self.gate;
        gate.names.snapshot(into);
        into.u32(u32::from(gate.newest.is_some()));
        into.bytes(gate.newest.as_deref().unwrap_or_default());
        into.count(gate.prices.len());
        for price in &gate.prices {
            write_option(price.map(|(ticks, _)| ticks), into);
            into.i64(price.map_or(0, |(_, ts)| ts));
        }
        gate.control.snapshot(into);
        into.i64(gate.entries);
        into.count(gate.accounts.len());
        gate.accounts.iter().for_each(|account| account.snapshot(into));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        let gate = &mut self.gate;
        gate.names = Names::read(from)?;
        let told = from.u32()? != 0;
        let json = from.bytes()?;
        gate.newest = told.then(|| json.to_vec());
        gate.limits = Limits::read(gate.newest.as_deref().unwrap_or(self.params.limits.as_bytes()), &mut gate.names)?;
        for _ in 0..from.count()? {
            let ticks = read_option(from)?;
            let ts = from.i64()?;
            gate.prices.push(ticks.map(|ticks| (ticks, ts)));
        }
        gate.control = Control::read(from)?;
        gate.entries = from.i64()?;
        for _ in 0..from.count()? {
            gate.accounts.push(Account::read(from)?);
        }
        Ok(())
    }
}
