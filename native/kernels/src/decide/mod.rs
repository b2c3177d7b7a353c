//! Scores and rules to decisions and orders. The rules are those of `operators/decide/README.md`.

mod params;
mod rows;
mod shown;
mod sizing;
mod state;

use crate::column::Batch;
use crate::config::{Config, Kind};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::lexicon::{Codes, Lexicon};
use crate::output::Output;
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer};
use params::{Conflict, Params, Rule};
use rows::{Decision, DecisionRows, Order, OrderRows};
use sizing::{Size, limit_ticks, size};
use state::State;
use std::fmt::Write;

/// Orders of a symbol: its part of an order's number has 32 bits.
const MOST_ORDERS: i64 = 0xffff_ffff;
/// Positions of more lots are passed over.
const MOST_LOTS: u64 = (1 << 53) - 1;
/// Bits of an instrument's number within an order's.
const INSTRUMENT_BITS: u32 = 17;

struct Told {
    port: usize,
    account: usize,
    symbol: usize,
    lots: usize,
    codes: Codes,
}

/// For which rows of a batch each rule is true.
#[derive(Default)]
struct Fired {
    rows: Vec<i32>,
    buy: Vec<bool>,
    sell: Vec<bool>,
    close: Vec<bool>,
    close_long: Vec<bool>,
    close_short: Vec<bool>,
}

pub struct Decide {
    params: Params,
    lexicon: Lexicon,
    ts: usize,
    symbol: usize,
    codes: Codes,
    told: Option<Told>,
    out: usize,
    orders: usize,
    rejected: usize,
    /// By instrument.
    states: Vec<State>,
    fired: Fired,
    reasons: String,
    decisions: DecisionRows,
    order_rows: OrderRows,
    rejects: Rejects,
}

/// What is to be done about a trigger: the decision, and lots to be held after it.
struct Verdict {
    decision: Decision,
    target: i64,
}

impl Decide {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let lexicon = Lexicon::new(params.instruments.iter().map(|instrument| instrument.symbol.as_str()));
        let fits = params.instruments.iter().all(|one| (0..1 << INSTRUMENT_BITS).contains(&one.number));
        if lexicon.len() != params.instruments.len() || !fits || !(0..1 << 14).contains(&params.id_prefix) {
            return Err(Fault::new("kernel-config", "symbols listed once, with numbers of 17 bits, and a prefix of 14 bits are needed"));
        }
        let port = &config.inputs[config.input("in")?];
        let told = config.inputs.iter().position(|port| port.name == "positions").map(|at| -> Result<Told, Fault> {
            let port = &config.inputs[at];
            Ok(Told {
                port: at,
                account: port.column("account", Kind::Word)?,
                symbol: port.column("symbol", Kind::Word)?,
                lots: port.column("position_lots", Kind::I64)?,
                codes: Codes::default(),
            })
        });
        Ok(Self {
            ts: port.column("ts_event", Kind::I64)?,
            symbol: port.column("symbol", Kind::Word)?,
            codes: Codes::default(),
            told: told.transpose()?,
            out: config.output("out")?,
            orders: config.output("orders")?,
            rejected: config.output("rejected")?,
            states: vec![State::default(); params.instruments.len()],
            fired: Fired::default(),
            reasons: String::new(),
            decisions: DecisionRows::default(),
            order_rows: OrderRows::new(&params),
            rejects: Rejects::default(),
            lexicon,
            params,
        })
    }

    fn push_positions(&mut self, batch: &Batch) -> Result<(), Fault> {
        let Some(told) = &mut self.told else { return Ok(()) };
        let (accounts, symbols, lots) = (&batch.columns[told.account], &batch.columns[told.symbol], &batch.columns[told.lots]);
        told.codes.follow(symbols)?;
        for row in 0..batch.rows {
            let own = [accounts, symbols, lots].iter().all(|column| column.is_valid(row))
                && accounts.bytes(row)? == self.params.account.as_bytes();
            if !own {
                continue;
            }
            let lots = lots.i64s()?[row];
            let id = told.codes.id(symbols, row, &self.lexicon)?.filter(|_| lots.unsigned_abs() <= MOST_LOTS);
            if let Some(id) = id {
                self.states[id as usize].told = Some(lots);
            }
        }
        Ok(())
    }

    fn push_triggers(&mut self, batch: &Batch) -> Result<(), Fault> {
        let Self { params, fired, .. } = self;
        for (rule, truths) in [
            (Some(&params.buy), &mut fired.buy),
            (Some(&params.sell), &mut fired.sell),
            (params.close.as_ref(), &mut fired.close),
            (params.close_long.as_ref(), &mut fired.close_long),
            (params.close_short.as_ref(), &mut fired.close_short),
        ] {
            truths.clear();
            truths.resize(batch.rows, false);
            fired.rows.clear();
            if let Some(rule) = rule {
                rule.program.true_rows(batch, &mut fired.rows)?;
            }
            fired.rows.iter().for_each(|row| truths[*row as usize] = true);
        }
        self.codes.follow(&batch.columns[self.symbol])?;
        for row in 0..batch.rows {
            self.trigger(batch, row)?;
        }
        Ok(())
    }

    fn trigger(&mut self, batch: &Batch, row: usize) -> Result<(), Fault> {
        let (times, symbols) = (&batch.columns[self.ts], &batch.columns[self.symbol]);
        if !times.is_valid(row) {
            return self.rejects.push(row, "ts-missing", "ts_event is null");
        }
        if !symbols.is_valid(row) {
            return self.rejects.push(row, "symbol-missing", "symbol is null");
        }
        let ns = times.i64s()?[row];
        let Some(id) = self.codes.id(symbols, row, &self.lexicon)? else {
            let reason = format!("{} is not in the instrument table", crate::cells::quoted(symbols.bytes(row)?));
            return self.rejects.push(row, "symbol-unknown", &reason);
        };
        let at = id as usize;
        let mut reasons = std::mem::take(&mut self.reasons);
        reasons.clear();
        let state = &self.states[at];
        let held = state.held(&self.params, ns, self.told.is_some());
        let verdict = self.verdict(batch, row, at, ns, held, &mut reasons)?;
        let buys = verdict.target > held;
        let limit = (!self.params.market)
            .then(|| limit_ticks(&self.params, &self.params.instruments[at], price_of(&self.params, batch, row), buys));
        let verdict = if verdict.target != held && limit.is_some_and(|ticks| ticks < 1) {
            say(&mut reasons, "the limit is below one tick");
            Verdict { decision: Decision::Hold, target: held }
        } else {
            verdict
        };
        let state = &mut self.states[at];
        state.triggers += 1;
        state.last_ns = state.last_ns.max(ns);
        let instrument = &self.params.instruments[at];
        let order = (verdict.target != held).then(|| {
            state.orders += 1;
            state.ordered_ns = ns;
            state.wanted = verdict.target;
            Order {
                ns,
                id: (self.params.id_prefix << INSTRUMENT_BITS | instrument.number) << 32 | state.orders,
                instrument: at,
                buys,
                limit,
                lots: verdict.target.saturating_sub(held).saturating_abs(),
            }
        });
        let size = order.map(|order| (order.id, order.lots as f64 * instrument.lot));
        self.decisions.add(row, verdict.decision, &reasons, verdict.target as f64 * instrument.lot, size)?;
        if let Some(order) = order {
            self.order_rows.add(order);
        }
        self.reasons = reasons;
        Ok(())
    }

    fn verdict(&self, batch: &Batch, row: usize, at: usize, ns: i64, held: i64, reasons: &mut String) -> Result<Verdict, Fault> {
        let Self { params, fired, .. } = self;
        let state = &self.states[at];
        let hold = Verdict { decision: Decision::Hold, target: held };
        if ns < state.last_ns {
            say(reasons, "older than the trigger before");
            return Ok(hold);
        }
        if !self.usable(batch, row, reasons)? {
            return Ok(hold);
        }
        if state.triggers < params.warm_up {
            separate(reasons);
            let _ = write!(reasons, "warm-up {} of {}", state.triggers + 1, params.warm_up);
            return Ok(hold);
        }
        if state.orders >= MOST_ORDERS {
            say(reasons, "no order numbers left");
            return Ok(hold);
        }
        let closing = [
            ("close", &params.close, fired.close[row]),
            ("close_long", &params.close_long, held > 0 && fired.close_long[row]),
            ("close_short", &params.close_short, held < 0 && fired.close_short[row]),
        ];
        for (name, rule, _) in closing.iter().filter(|(.., fires)| *fires) {
            rule.as_ref().map_or(Ok(()), |rule| show(name, rule, batch, row, reasons))?;
        }
        if closing.iter().any(|(.., fires)| *fires) {
            if held != 0 {
                return Ok(Verdict { decision: Decision::Close, target: 0 });
            }
            say(reasons, "nothing to close");
        }
        let (buy, sell) = (fired.buy[row], fired.sell[row]);
        if buy {
            show("buy", &params.buy, batch, row, reasons)?;
        }
        if sell {
            show("sell", &params.sell, batch, row, reasons)?;
        }
        let buys = match (buy, sell, params.conflict) {
            (false, false, _) => {
                if reasons.is_empty() {
                    say(reasons, "no rule fired");
                }
                return Ok(hold);
            }
            (true, true, Conflict::Hold) => {
                say(reasons, "buy and sell conflict");
                return Ok(hold);
            }
            (true, true, conflict) => conflict == Conflict::Buy,
            (buys, _, _) => buys,
        };
        if let Some(left) = state.cools(params, ns) {
            separate(reasons);
            reasons.push_str("cooldown ");
            shown::seconds(left, reasons);
            reasons.push_str(" left");
            return Ok(hold);
        }
        let target = if !buys && !params.short { 0 } else { self.target(batch, row, at, buys, reasons)?.unwrap_or(held) };
        let moves = if buys { target > held } else { target < held };
        if !moves {
            separate(reasons);
            let _ = write!(reasons, "holds {held} of {target} lots");
            return Ok(hold);
        }
        Ok(Verdict { decision: if buys { Decision::Buy } else { Decision::Sell }, target })
    }

    /// Lots to be held on a side, below 0 when short; none where the sizing gives none.
    fn target(&self, batch: &Batch, row: usize, at: usize, buys: bool, reasons: &mut String) -> Result<Option<i64>, Fault> {
        let sign = if buys { 1 } else { -1 };
        Ok(match size(&self.params, &self.params.instruments[at], batch, row, buys)? {
            Size::Lots(lots) => Some(sign * lots),
            Size::Limited(lots) => {
                say(reasons, "limited to max_position");
                Some(sign * lots)
            }
            Size::None(why) => {
                say(reasons, why);
                None
            }
        })
    }

    /// Whether every column that is used has a value; says which have none.
    fn usable(&self, batch: &Batch, row: usize, reasons: &mut String) -> Result<bool, Fault> {
        let mut usable = true;
        for (name, at) in &self.params.used {
            let column = &batch.columns[*at];
            let problem = if !column.is_valid(row) {
                "null"
            } else if matches!(column.values, crate::column::Values::F64(values) if !values[row].is_finite()) {
                "not finite"
            } else {
                continue;
            };
            separate(reasons);
            let _ = write!(reasons, "{name} is {problem}");
            usable = false;
        }
        if usable && price_of(&self.params, batch, row) <= 0.0 {
            say(reasons, "the price is not above 0");
            return Ok(false);
        }
        Ok(usable)
    }
}

/// The price of a row; NaN where the column holds no numbers, which the declaration has excluded.
fn price_of(params: &Params, batch: &Batch, row: usize) -> f64 {
    batch.columns[params.price].f64s().map_or(f64::NAN, |values| values[row])
}

fn separate(reasons: &mut String) {
    if !reasons.is_empty() {
        reasons.push_str("; ");
    }
}

fn say(reasons: &mut String, what: &str) {
    separate(reasons);
    reasons.push_str(what);
}

/// The rule as it was written, the value of every column behind its name.
fn show(name: &str, rule: &Rule, batch: &Batch, row: usize, reasons: &mut String) -> Result<(), Fault> {
    separate(reasons);
    reasons.push_str(name);
    reasons.push_str(": ");
    for (text, column) in &rule.shown {
        reasons.push_str(text);
        if let Some(column) = column {
            reasons.push(' ');
            shown::value(batch, *column, row, reasons)?;
        }
    }
    Ok(())
}

impl Kernel for Decide {
    fn push(&mut self, port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        if self.told.as_ref().is_some_and(|told| told.port == port) {
            return self.push_positions(batch);
        }
        self.push_triggers(batch)?;
        self.decisions.flush(self.out, output)?;
        self.order_rows.flush(self.orders, output)?;
        self.rejects.flush(self.rejected, output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        let used: Vec<_> =
            self.states.iter().zip(&self.params.instruments).filter(|(state, _)| state.triggers > 0 || state.told.is_some()).collect();
        into.count(used.len());
        for (state, instrument) in used {
            into.bytes(instrument.symbol.as_bytes());
            state.write(into);
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for _ in 0..from.count()? {
            let id = self.lexicon.id(from.bytes()?);
            let mut state = State::default();
            state.read(from)?;
            // an instrument that left the table takes its state with it
            if let Some(place) = id.and_then(|id| self.states.get_mut(id as usize)) {
                *place = state;
            }
        }
        Ok(())
    }
}
