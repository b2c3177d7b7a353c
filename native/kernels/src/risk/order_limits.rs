use super::check::{Check, Checked, Scoped};
use super::control::{Party, Scope};
use super::denial::Denial;
use super::limits::{AccountLimits, LineLimits, OrderLimits, SymbolLimits, scope_of};
use super::money;

impl Check<'_> {
    /// Limits of an order that apply, in the order in which they are held against it. The account's is the nearest that is given.
    pub fn rules<'b>(&'b self, own: &'b AccountLimits, line: Option<&'b LineLimits>, of_symbol: &'b SymbolLimits) -> Rules<'b> {
        let Party { strategy, venue, .. } = self.row.party;
        Rules {
            account: [
                (Scope::AccountSymbol, line.map(|line| &line.order)),
                (Scope::Account, Some(&own.line.order)),
                (Scope::Defaults, Some(&self.limits.defaults.line.order)),
            ],
            others: [
                (Scope::Symbol, Some(&of_symbol.line.order)),
                (Scope::Strategy, scope_of(&self.limits.strategies, strategy).map(|strategy| &strategy.order)),
                (Scope::Venue, scope_of(&self.limits.venues, venue).map(|venue| &venue.order)),
            ],
        }
    }

    pub fn size(&self, rules: &Rules) -> Checked<()> {
        let Some(size) = self.grown_size() else { return Ok(()) };
        rules.each(
            |limits| limits.size,
            |(scope, limit)| {
                if size <= limit {
                    return Ok(());
                }
                let reason = format!("size {size} lots, the limit of {} is {limit}", self.text(scope));
                Err(Box::new(Denial {
                    code: "size-limit",
                    scope: Some(scope),
                    limit: Some(limit as f64),
                    value: Some(size as f64),
                    reason,
                }))
            },
        )
    }

    /// The size, where it is above what the order had before.
    pub fn grown_size(&self) -> Option<i64> {
        self.row.size.filter(|size| self.order.is_none_or(|order| *size > order.size))
    }

    pub fn fat_finger(&self, own: &AccountLimits, line: Option<&LineLimits>) -> Checked<()> {
        let Some((scope, fat)) = self.nearest(own, line, |limits| limits.fat) else { return Ok(()) };
        let (Some(size), Some(book)) = (self.grown_size(), self.line()) else { return Ok(()) };
        let (count, sum) = (book.accepted, book.accepted_lots);
        if count < fat.after || i128::from(size) * i128::from(count) * 1000 <= i128::from(fat.times) * sum {
            return Ok(());
        }
        let times = money::thousandths(fat.times.into());
        let reason = format!(
            "size {size} lots after {count} orders of {sum} lots together, the limit of {} is {times} times their mean",
            self.text(scope)
        );
        Err(Box::new(Denial {
            code: "fat-finger",
            scope: Some(scope),
            limit: Some(fat.times as f64 / 1000.0),
            value: Some(size as f64),
            reason,
        }))
    }

    pub fn notional(&self, rules: &Rules, reference: Option<i64>, bound: Option<i64>, unit: i128) -> Checked<()> {
        let size = self.row.size.or(self.order.map(|order| order.size)).unwrap_or_default();
        let own = self.row.own_price().or(self.order.and_then(|order| order.price));
        let ticks = match (own, reference, bound) {
            (Some(price), ..) => price.unsigned_abs(),
            (None, Some(reference), Some(bound)) => reference.unsigned_abs().max(bound.unsigned_abs()),
            _ => return Ok(()),
        };
        let before =
            self.order.map(|order| money::amount(i128::from(order.size), i128::from(order.price.unwrap_or_default().unsigned_abs()), unit));
        let notional = money::amount(i128::from(size), i128::from(ticks), unit);
        rules.each(
            |limits| limits.notional,
            |(scope, limit)| {
                let passed = match before {
                    None => notional.is_none_or(|notional| notional > limit),
                    Some(before) => money::passes(notional, before, limit),
                };
                if passed { Err(self.too_much("notional-limit", "notional", scope, limit, notional)) } else { Ok(()) }
            },
        )
    }

    /// A denial for an amount of money.
    pub fn too_much(&self, code: &'static str, what: &str, scope: Scope, limit: i128, value: Option<i128>) -> Box<Denial> {
        let (amount, most, currency) = (money::text(value), money::text(Some(limit)), &self.limits.currency);
        let reason = format!("{what} {amount} {currency}, the limit of {} is {most} {currency}", self.text(scope));
        Box::new(Denial { code, scope: Some(scope), limit: Some(money::units(limit)), value: value.map(money::units), reason })
    }
}

/// The limits of an order that apply to a row.
#[derive(Debug)]
pub struct Rules<'a> {
    account: [(Scope, Option<&'a OrderLimits>); 3],
    others: [(Scope, Option<&'a OrderLimits>); 3],
}

impl Rules<'_> {
    fn all<T>(&self, of: impl Fn(&OrderLimits) -> Option<T> + Copy) -> impl Iterator<Item = Scoped<T>> {
        let scoped = move |(scope, limits): &(Scope, Option<&OrderLimits>)| limits.and_then(of).map(|limit| (*scope, limit));
        self.account.iter().find_map(scoped).into_iter().chain(self.others.iter().filter_map(scoped))
    }

    pub fn each<T>(&self, of: impl Fn(&OrderLimits) -> Option<T> + Copy, mut check: impl FnMut(Scoped<T>) -> Checked<()>) -> Checked<()> {
        self.all(of).try_for_each(&mut check)
    }

    pub fn any<T>(&self, of: impl Fn(&OrderLimits) -> Option<T> + Copy) -> bool {
        self.all(of).next().is_some()
    }

    pub fn widest(&self, of: impl Fn(&OrderLimits) -> Option<i64> + Copy) -> Option<i64> {
        self.all(of).map(|(_, limit)| limit).max()
    }
}
