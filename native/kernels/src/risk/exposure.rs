use super::account::Line;
use super::check::{Check, Instruction};
use super::control::Scope;
use super::denial::Denial;
use super::limits::AccountLimits;
use super::money::{amount, passes};
use super::names::name;
use super::order::{Order, Side, Version};

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
        let added = |size: i64, price: Option<i64>, filled: i64| {
            let mut after = Order::new(0, row.side, row.kind, 0, 0, None, size, price);
            after.filled = filled;
            (i128::from(after.open()), after.cost())
        };
        let Some(order) = order else {
            let (lots, cost) = added(row.size.unwrap_or_default(), price, 0);
            return Self { lots, cost };
        };
        let (size, price) = order.with(Version { size: row.size, price: row.own_price() });
        let (lots, cost) = added(size, price, order.filled);
        Self { lots: lots - i128::from(order.open()), cost: cost - order.cost() }
    }
}

/// A sum before and after the row.
#[derive(Debug, Clone, Copy)]
struct Sum {
    before: Option<i128>,
    after: Option<i128>,
}

impl Sum {
    const ZERO: Self = Self { before: Some(0), after: Some(0) };

    fn add(&mut self, before: Option<i128>, after: Option<i128>) {
        let plus = |sum: Option<i128>, term: Option<i128>| sum.zip(term).and_then(|(sum, term)| sum.checked_add(term));
        self.before = plus(self.before, before);
        self.after = plus(self.after, after);
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

    /// The lines of the account, that of the row with what it adds; `line` gets false for those that the row does not change.
    fn each_line(&self, mut visit: impl FnMut(&Line, bool) -> Checked<()>) -> Checked<()> {
        let symbol = self.row.party.symbol;
        let lines = self.account.map(|account| account.lines.as_slice()).unwrap_or_default();
        let mut found = false;
        for line in lines {
            found |= line.symbol == symbol;
            visit(line, line.symbol == symbol)?;
        }
        if found { Ok(()) } else { visit(&Line::new(symbol), true) }
    }

    fn revalued(&self, gross: Option<(Scope, i128)>, net: Option<(Scope, i128)>, growth: &Growth) -> Checked<()> {
        let (mut total, mut long, mut short) = (Sum::ZERO, Sum::ZERO, Sum::ZERO);
        let ends = |line: &Line, own: bool| {
            let (high, low) = (line.position + line.buys, line.position - line.sells);
            match self.row.side {
                Side::Buy if own => ([high, low], [high + growth.lots, low]),
                Side::Sell if own => ([high, low], [high, low - growth.lots]),
                _ => ([high, low], [high, low]),
            }
        };
        let nothing = |line: &Line, own: bool| {
            let (before, after) = ends(line, own);
            before == [0, 0] && after == [0, 0]
        };
        let summed = self.each_line(|line, own| {
            if nothing(line, own) {
                return Ok(());
            }
            let (price, unit) = self.fresh(line.symbol)?;
            let value = |lots: i128| amount(lots, i128::from(price), unit);
            let (before, after) = ends(line, own);
            let of = |[high, low]: [i128; 2]| {
                let both = value(high).zip(value(low));
                [both.map(|(a, b)| a.abs().max(b.abs())), both.map(|(a, b)| a.max(b)), both.map(|(a, b)| a.min(b))]
            };
            let (was, is) = (of(before), of(after));
            total.add(was[0], is[0]);
            long.add(was[1], is[1]);
            short.add(was[2], is[2]);
            Ok(())
        });
        if let Err(denial) = summed {
            return Err(self.first_named(denial, |line, own| if nothing(line, own) { None } else { self.fresh(line.symbol).err() }));
        }
        if let Some((scope, limit)) = gross.filter(|(_, limit)| passes(total.after, total.before, *limit)) {
            return Err(self.too_much("gross-exposure", "gross exposure", scope, limit, total.after));
        }
        let Some((scope, limit)) = net else { return Ok(()) };
        let turned = |sum: Option<i128>| sum.map(|sum| -sum);
        if passes(long.after, long.before, limit) {
            return Err(self.too_much("net-exposure", "net exposure", scope, limit, long.after));
        }
        if passes(turned(short.after), turned(short.before), limit) {
            return Err(self.too_much("net-exposure", "net exposure", scope, limit, short.after));
        }
        Ok(())
    }

    fn credit(&self, scope: Scope, limit: i128, growth: &Growth) -> Checked<()> {
        let mut used = Sum::ZERO;
        let ticks = |line: &Line, own: bool| {
            let before = line.paid.and_then(|paid| paid.checked_add(line.cost));
            (before, if own { before.and_then(|before| before.checked_add(growth.cost)) } else { before })
        };
        let problem = |line: &Line, own: bool| {
            if ticks(line, own) == (Some(0), Some(0)) && line.unpriced == 0 {
                return None;
            }
            let quoted = || format!("\"{}\"", name(&self.names.symbols, line.symbol));
            let of_symbol = Some(Scope::Symbol);
            if self.limits.symbol(line.symbol).is_none() {
                let text = format!("symbol {} is not in the limits, and the account has it", quoted());
                return Some(Denial::plain("symbol-unknown", of_symbol, text));
            }
            let text = || format!("an open order in symbol {} has no price and had no reference price", quoted());
            (line.unpriced > 0).then(|| Denial::plain("reference-missing", of_symbol, text()))
        };
        let summed = self.each_line(|line, own| {
            if let Some(denial) = problem(line, own) {
                return Err(denial);
            }
            let unit = self.limits.symbol(line.symbol).map_or(0, |limits| limits.unit);
            let (before, after) = ticks(line, own);
            let value = |ticks: Option<i128>| ticks.and_then(|ticks| amount(ticks, 1, unit));
            used.add(value(before), value(after));
            Ok(())
        });
        if let Err(denial) = summed {
            return Err(self.first_named(denial, problem));
        }
        if passes(used.after, used.before, limit) {
            return Err(self.too_much("credit-limit", "credit used", scope, limit, used.after));
        }
        Ok(())
    }

    /// Of all lines with a problem, the denial of that whose symbol comes first by name, so that it does not depend on other accounts.
    #[cold]
    fn first_named(&self, met: Box<Denial>, problem: impl Fn(&Line, bool) -> Option<Box<Denial>>) -> Box<Denial> {
        let mut first: Option<(Vec<u8>, Box<Denial>)> = None;
        let looked = self.each_line(|line, own| {
            let word = self.names.symbols.words().get(line.symbol as usize).map(|word| word.to_vec()).unwrap_or_default();
            if let Some(denial) = problem(line, own)
                && first.as_ref().is_none_or(|(least, _)| word < *least)
            {
                first = Some((word, denial));
            }
            Ok(())
        });
        looked.err().or(first.map(|(_, denial)| denial)).unwrap_or(met)
    }
}
