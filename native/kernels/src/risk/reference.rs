use super::check::{Check, Checked};
use super::control::Scope;
use super::denial::{Denial, seconds};
use super::limits::{AccountLimits, OrderLimits, SymbolLimits};
use super::money;
use super::names::name;
use super::order::Side;
use super::order_limits::Rules;

impl Check<'_> {
    /// The reference price, checked where it is needed.
    pub fn reference(&self, own: &AccountLimits, rules: &Rules, of_symbol: &SymbolLimits) -> Checked<Option<i64>> {
        let symbol = self.row.party.symbol;
        let reference = self.prices.get(symbol as usize).copied().flatten();
        let sums =
            [|limits: &AccountLimits| limits.gross, |limits: &AccountLimits| limits.net].iter().any(|of| self.own(own, of).is_some());
        let needed = sums
            || of_symbol.max_age.or(self.limits.defaults.max_age).is_some()
            || rules.any(|limits| limits.collar)
            || rules.any(|limits| limits.through)
            || (self.row.kind.is_unpriced() && (rules.any(|limits| limits.notional) || self.own(own, |limits| limits.credit).is_some()));
        if needed && self.quote(symbol).is_none() {
            self.fresh(symbol)?;
        }
        Ok(reference.map(|(price, _)| price))
    }

    /// A symbol's reference price and unit, where `fresh` would not deny.
    #[inline]
    pub fn quote(&self, symbol: u32) -> Option<(i64, i128)> {
        let limits = self.limits.symbol(symbol)?;
        let (price, ts) = self.prices.get(symbol as usize).copied().flatten()?;
        let most = limits.max_age.or(self.limits.defaults.max_age);
        most.is_none_or(|most| self.row.ts.abs_diff(ts) <= most.unsigned_abs()).then_some((price, limits.unit))
    }

    /// A symbol's reference price; denied where there is none or it is too old, and where the symbol is not in the limits.
    #[cold]
    pub fn fresh(&self, symbol: u32) -> Checked<(i64, i128)> {
        let quoted = || format!("\"{}\"", name(&self.names.symbols, symbol));
        let Some(limits) = self.limits.symbol(symbol) else {
            let text = format!("symbol {} is not in the limits, and the account has it", quoted());
            return Err(Denial::plain("symbol-unknown", Some(Scope::Symbol), text));
        };
        let Some((price, ts)) = self.prices.get(symbol as usize).copied().flatten() else {
            return Err(Denial::plain("reference-missing", Some(Scope::Symbol), format!("symbol {} has no reference price", quoted())));
        };
        let (scope, most) = match (limits.max_age, self.limits.defaults.max_age) {
            (Some(most), _) => (Scope::Symbol, most),
            (None, Some(most)) => (Scope::Defaults, most),
            (None, None) => return Ok((price, limits.unit)),
        };
        let age = self.row.ts.abs_diff(ts);
        if age <= most.unsigned_abs() {
            return Ok((price, limits.unit));
        }
        let of = if scope == Scope::Symbol { format!("symbol {}", quoted()) } else { "the defaults".into() };
        let reason = format!("the reference price of {} is {age} ns from the order, the limit of {of} is {most} ns", quoted());
        let (limit, value) = (Some(seconds(most.unsigned_abs())), Some(seconds(age)));
        Err(Box::new(Denial { code: "price-stale", scope: Some(scope), limit, value, reason }))
    }

    /// What an order without a price pays at worst: the reference price and the widest collar beyond it.
    pub fn bound(&self, reference: i64, rules: &Rules) -> i64 {
        let widest = rules.widest(|limits| limits.collar).unwrap_or_default();
        let moved = i128::from(reference.unsigned_abs()) * i128::from(widest);
        let away = i64::try_from((moved + money::PARTS - 1) / money::PARTS).unwrap_or(i64::MAX);
        if self.row.side == Side::Buy { reference.saturating_add(away) } else { reference.saturating_sub(away) }
    }

    pub fn price(&self, rules: &Rules, reference: Option<i64>) -> Checked<()> {
        let (Some(price), Some(reference)) = (self.row.own_price(), reference) else { return Ok(()) };
        let through = match self.row.side {
            Side::Buy => price > reference,
            Side::Sell => price < reference,
        };
        self.near(rules, ("price-collar", "from"), |limits| limits.collar, price, reference)?;
        if !through {
            return Ok(());
        }
        self.near(rules, ("fat-finger", "through"), |limits| limits.through, price, reference)
    }

    /// Denied when the price is further from the reference than the limits say, in thousandths of a basis point.
    pub fn near(
        &self,
        rules: &Rules,
        (code, word): (&'static str, &str),
        of: impl Fn(&OrderLimits) -> Option<i64> + Copy,
        price: i64,
        reference: i64,
    ) -> Checked<()> {
        rules.each(of, |(scope, limit)| {
            let moved = (i128::from(price) - i128::from(reference)).abs() * money::PARTS;
            if moved <= i128::from(limit) * i128::from(reference.unsigned_abs()) {
                return Ok(());
            }
            let far = money::distance(price, reference);
            let (distance, bps) = (far.map_or_else(|| "infinitely many".into(), money::thousandths), money::thousandths(limit.into()));
            let reason =
                format!("price {price} is {distance} bps {word} the reference {reference}, the limit of {} is {bps} bps", self.text(scope));
            let (limit, value) = (Some(limit as f64 / 1000.0), far.map(|far| far as f64 / 1000.0));
            Err(Box::new(Denial { code, scope: Some(scope), limit, value, reason }))
        })
    }
}
