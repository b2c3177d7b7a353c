use super::account::Line;
use super::check::{Check, Instruction};
use super::control::Scope;
use super::denial::Denial;
use super::limits::AccountLimits;
use super::money::{amount, passes};
use super::names::name;
use super::order::{Order, Side, Version, cost};

/// What a row adds to the open orders of its line, were it accepted; never negative.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    pub lots: i128,
    /// Tick-lots.
    pub cost: i128,
}

impl Growth {
    /// `price` is the worst price of a new order, None where it is unknown.
    pub fn of(row: &Instruction, order: Option<&Order>, price: Option<i64>) -> Self {
        let Some(order) = order else {
            let size = row.size.unwrap_or_default();
            return Self { lots: i128::from(size), cost: cost(row.side, price, size) };
        };
        let (size, price) = order.with(Version { size: row.size, price: row.own_price() });
        let open = size.saturating_sub(order.filled).max(0);
        Self { lots: i128::from(open) - i128::from(order.open()), cost: cost(row.side, price, open) - order.cost() }
    }
}

/// What the worst cases of some lines are worth, or how many tick-lots they may cost; `beyond` counting it is above every limit.
#[derive(Debug, Clone, Copy, Default)]
struct Worth {
    gross: i128,
    long: i128,
    short: i128,
    beyond: bool,
}

/// Bits that an amount of `MOST` does not fill.
const SAFE_BITS: u32 = 108;

fn bits(value: u128) -> u32 {
    u128::BITS - value.leading_zeros()
}

impl Worth {
    /// Adds a position that may become anything from `low` to `high`; `value` is what a lot is worth.
    #[inline]
    fn add(&mut self, high: i128, low: i128, price: i64, unit: i128) {
        // sizes and prices of every day cannot pass the most that is counted, which their lengths tell
        let lots = bits(high.unsigned_abs() | low.unsigned_abs());
        if lots + bits(u128::from(price.unsigned_abs())) + bits(unit.unsigned_abs()) <= SAFE_BITS {
            let value = i128::from(price) * unit;
            self.put(high * value, low * value);
        } else {
            match amount(high, i128::from(price), unit).zip(amount(low, i128::from(price), unit)) {
                Some((high, low)) => self.put(high, low),
                None => self.beyond = true,
            }
        }
    }

    #[inline]
    fn put(&mut self, a: i128, b: i128) {
        let (most, least) = if a > b { (a, b) } else { (b, a) };
        self.gross += most.max(-least);
        self.long += most;
        self.short += least;
    }
}

type Checked<T> = Result<T, Box<Denial>>;

impl Check<'_> {
    /// Gross and net exposure at the reference prices, and credit.
    pub fn exposures(&self, own: &AccountLimits, growth: &Growth) -> Checked<()> {
        let gross = self.own(own, |limits| limits.gross);
        let net = self.own(own, |limits| limits.net);
        if growth.lots > 0 && (gross.is_some() || net.is_some()) {
            self.revalued(gross, net, growth)?;
        }
        match self.own(own, |limits| limits.credit) {
            Some((scope, limit)) if growth.lots > 0 || growth.cost > 0 => self.credit(scope, limit, growth),
            _ => Ok(()),
        }
    }

    /// The lines of the account but that of the row.
    fn others(&self) -> impl Iterator<Item = &Line> {
        let symbol = self.row.party.symbol;
        self.lines().iter().filter(move |line| line.symbol != symbol)
    }

    fn lines(&self) -> &[Line] {
        self.account.map(|account| account.lines.as_slice()).unwrap_or_default()
    }

    fn revalued(&self, gross: Option<(Scope, i128)>, net: Option<(Scope, i128)>, growth: &Growth) -> Checked<()> {
        let mut rest = Worth::default();
        for line in self.others() {
            let (high, low) = (line.position + line.buys, line.position - line.sells);
            if (high, low) == (0, 0) {
                continue;
            }
            let Some((price, unit)) = self.quote(line.symbol) else { return Err(self.first_stale()) };
            rest.add(high, low, price, unit);
        }
        let symbol = self.row.party.symbol;
        let Some((price, unit)) = self.quote(symbol) else { return Err(self.first_stale()) };
        let (high, low) = self.line().map_or((0, 0), |line| (line.position + line.buys, line.position - line.sells));
        let (mut was, mut is) = (rest, rest);
        was.add(high, low, price, unit);
        match self.row.side {
            Side::Buy => is.add(high + growth.lots, low, price, unit),
            Side::Sell => is.add(high, low - growth.lots, price, unit),
        }
        let sum = |worth: &Worth, sum: i128| (!worth.beyond).then_some(sum);
        if let Some((scope, limit)) = gross {
            let (before, after) = (sum(&was, was.gross), sum(&is, is.gross));
            if passes(after, before, limit) {
                return Err(self.too_much("gross-exposure", "gross exposure", scope, limit, after));
            }
        }
        if let Some((scope, limit)) = net {
            let (before, after) = (sum(&was, was.long), sum(&is, is.long));
            if passes(after, before, limit) {
                return Err(self.too_much("net-exposure", "net exposure", scope, limit, after));
            }
            let (before, after) = (sum(&was, was.short), sum(&is, is.short));
            if passes(after.map(|short| -short), before.map(|short| -short), limit) {
                return Err(self.too_much("net-exposure", "net exposure", scope, limit, after));
            }
        }
        Ok(())
    }

    fn credit(&self, scope: Scope, limit: i128, growth: &Growth) -> Checked<()> {
        let unit_of = |symbol: u32| self.limits.symbol(symbol).map(|limits| limits.unit);
        let ticks = |line: &Line| line.paid().and_then(|paid| paid.checked_add(line.cost));
        let value = |ticks: Option<i128>, unit: i128| ticks.and_then(|ticks| amount(ticks, 1, unit));
        let plus = |sum: Option<i128>, term: Option<i128>| sum.zip(term).and_then(|(sum, term)| sum.checked_add(term));
        let mut rest = Some(0);
        for line in self.others() {
            let ticks = ticks(line);
            if ticks == Some(0) && line.unpriced == 0 {
                continue;
            }
            match unit_of(line.symbol) {
                Some(unit) if line.unpriced == 0 => rest = plus(rest, value(ticks, unit)),
                _ => return Err(self.first_uncounted()),
            }
        }
        let own = self.line();
        if own.is_some_and(|line| line.unpriced > 0) {
            return Err(self.first_uncounted());
        }
        let unit = unit_of(self.row.party.symbol).unwrap_or_default();
        let before = own.map_or(Some(0), ticks);
        let after = before.and_then(|before| before.checked_add(growth.cost));
        let (was, is) = (plus(rest, value(before, unit)), plus(rest, value(after, unit)));
        if passes(is, was, limit) {
            return Err(self.too_much("credit-limit", "credit used", scope, limit, is));
        }
        Ok(())
    }

    /// Why the first line, by the name of its symbol, has no price to be valued at.
    #[cold]
    fn first_stale(&self) -> Box<Denial> {
        let own = self.row.party.symbol;
        let held = |line: &Line| (line.position + line.buys, line.position - line.sells) != (0, 0);
        let lines = self.lines().iter().filter(|line| line.symbol != own && held(line)).map(|line| line.symbol);
        self.first_named(lines.chain([own]), |symbol| self.fresh(symbol).err())
    }

    /// Why the first line, by the name of its symbol, cannot be counted in money.
    #[cold]
    fn first_uncounted(&self) -> Box<Denial> {
        let touched = |line: &&Line| line.unpriced > 0 || line.paid() != Some(-line.cost);
        self.first_named(self.lines().iter().filter(touched).map(|line| line.symbol), |symbol| {
            let quoted = || format!("\"{}\"", name(&self.names.symbols, symbol));
            let unpriced = self.lines().iter().any(|line| line.symbol == symbol && line.unpriced > 0);
            if self.limits.symbol(symbol).is_none() {
                let text = format!("symbol {} is not in the limits, and the account has it", quoted());
                return Some(Denial::plain("symbol-unknown", Some(Scope::Symbol), text));
            }
            let text = || format!("an open order in symbol {} has no price and had no reference price", quoted());
            unpriced.then(|| Denial::plain("reference-missing", Some(Scope::Symbol), text()))
        })
    }

    /// Of some symbols the problem of that which comes first by name, so that it does not depend on what other accounts did.
    fn first_named(&self, symbols: impl Iterator<Item = u32>, problem: impl Fn(u32) -> Option<Box<Denial>>) -> Box<Denial> {
        let word = |symbol: u32| self.names.symbols.words().get(symbol as usize);
        let found = symbols.filter_map(|symbol| problem(symbol).map(|denial| (word(symbol), denial)));
        let first = found.min_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, denial)| denial);
        first.unwrap_or_else(|| Denial::plain("reference-missing", Some(Scope::Symbol), "a symbol has no reference price".into()))
    }
}
