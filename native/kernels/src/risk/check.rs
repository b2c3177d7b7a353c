use super::account::Account;
use super::control::{Control, Party, Scope};
use super::denial::{Denial, seconds};
use super::exposure::Growth;
use super::limits::{AccountLimits, Limits, LineLimits, OrderLimits, State, SymbolLimits, scope_of};
use super::money;
use super::names::{NONE, Names, name};
use super::order::{Order, Side, Type, Version};
use super::recent::Fingerprint;

/// The last price of each symbol, by id: ticks and `ts_event`.
pub type Prices = Vec<Option<(i64, i64)>>;

/// An order row that is not malformed, not a cancel.
#[derive(Debug, Clone, Copy)]
pub struct Instruction {
    pub ts: i64,
    pub id: i64,
    pub party: Party,
    pub side: Side,
    pub kind: Type,
    /// `price_ticks`, `stop_ticks`, `size_lots` of the row.
    pub price: Option<i64>,
    pub stop: Option<i64>,
    pub size: Option<i64>,
}

impl Instruction {
    /// The price at which it trades at worst, where the row says one.
    pub fn own_price(&self) -> Option<i64> {
        match self.kind {
            Type::Limit | Type::StopLimit => self.price,
            Type::Stop => self.stop,
            Type::Market | Type::TrailingStop => None,
        }
    }
}

/// All that a row is held against.
#[derive(Debug)]
pub struct Check<'a> {
    pub names: &'a Names,
    pub limits: &'a Limits,
    pub prices: &'a Prices,
    pub control: &'a Control,
    /// None: an account without a row so far.
    pub account: Option<&'a Account>,
    pub row: Instruction,
    /// The order that an amend is for, None for a new one.
    pub order: Option<&'a Order>,
}

/// What an accepted row means for the books.
#[derive(Debug)]
pub struct Accepted {
    /// Worst price of a new order, None where it is unknown.
    pub price: Option<i64>,
    /// The account's time.
    pub now: i64,
}

type Checked<T> = Result<T, Box<Denial>>;

/// A limit that applies to a row, with where it stands.
type Scoped<T> = (Scope, T);

impl Check<'_> {
    /// Holds the row against every check, in the order of `operators/risk/RULES.md` section 3.
    pub fn run(&self) -> Checked<Accepted> {
        let Party { account, symbol, .. } = self.row.party;
        self.not_killed()?;
        let own = self.limits.account(account).ok_or_else(|| self.unknown("account-unknown", Scope::Account))?;
        if self.limits.is_restricted(symbol) || own.barred.contains(&symbol) {
            let scope = if self.limits.is_restricted(symbol) { Scope::All } else { Scope::Account };
            let text = format!("symbol \"{}\" is on the restricted list of {}", name(&self.names.symbols, symbol), self.text(scope));
            return Err(Denial::plain("restricted", Some(scope), text));
        }
        let of_symbol = self.limits.symbol(symbol).ok_or_else(|| self.unknown("symbol-unknown", Scope::Symbol))?;
        self.listed()?;
        if let Some(scope) = self.control.in_state(State::Halted, self.row.party, self.limits) {
            return Err(Denial::plain("halted", Some(scope), format!("{} is halted", self.text(scope))));
        }
        match self.order {
            None if self.account.is_some_and(|account| account.orders.contains_key(&(symbol, self.row.id))) => {
                return Err(Denial::plain("order-id-taken", None, format!("an order {} is in the gate's books", self.row.id)));
            }
            Some(order) if order.is_full_of_amends() => {
                let text = format!("{} amends of order {} have no answer", super::order::MOST_UNANSWERED, self.row.id);
                return Err(Denial::plain("amends-unanswered", None, text));
            }
            _ => {}
        }
        self.may_add()?;
        let line = own.in_symbol(symbol);
        let rules = self.rules(own, line, of_symbol);
        self.size(&rules)?;
        let reference = self.reference(own, &rules, of_symbol)?;
        let bound = reference.filter(|_| self.row.own_price().is_none()).map(|reference| self.bound(reference, &rules));
        self.price(&rules, reference)?;
        self.fat_finger(own, line)?;
        self.notional(&rules, reference, bound, of_symbol.unit)?;
        let now = self.account.map_or(self.row.ts, |account| account.recent.at(self.row.ts));
        self.recent(own, now)?;
        self.open_orders(own, line, of_symbol)?;
        let price = self.row.own_price().or(bound);
        let growth = self.growth(price);
        self.position(own, line, of_symbol, &growth)?;
        self.exposures(own, &growth)?;
        Ok(Accepted { price, now })
    }

    pub fn text(&self, scope: Scope) -> String {
        scope.text(self.row.party, self.names)
    }

    fn unknown(&self, code: &'static str, scope: Scope) -> Box<Denial> {
        Denial::plain(code, Some(scope), format!("{} is not in the limits", self.text(scope)))
    }

    #[inline]
    fn not_killed(&self) -> Checked<()> {
        let Some((scope, why)) = self.control.kill_of(self.row.party) else { return Ok(()) };
        let colon = if why.is_empty() { "" } else { ": " };
        Err(Denial::plain("killed", Some(scope), format!("{} is killed{colon}{why}", self.text(scope))))
    }

    fn listed(&self) -> Checked<()> {
        let Party { strategy, venue, .. } = self.row.party;
        let listed = [
            (&self.limits.strategies, strategy, Scope::Strategy, "strategy-unknown"),
            (&self.limits.venues, venue, Scope::Venue, "venue-unknown"),
        ];
        for (limits, id, scope, code) in listed {
            if limits.is_some() && scope_of(limits, id).is_none() {
                let null = || Denial::plain(code, Some(scope), format!("{} is null", scope.word()));
                return Err(if id == NONE { null() } else { self.unknown(code, scope) });
            }
        }
        Ok(())
    }

    /// In state `reducing`: only what cannot make the position larger.
    fn may_add(&self) -> Checked<()> {
        let Some(scope) = self.control.in_state(State::Reducing, self.row.party, self.limits) else { return Ok(()) };
        let line = self.line();
        let (position, buys, sells) = line.map_or((0, 0, 0), |line| (line.position, line.buys, line.sells));
        let size = self.row.size.map(i128::from);
        let added = match self.order {
            None => size.unwrap_or_default(),
            Some(order) => {
                let (after, _) = order.with(Version { size: self.row.size, price: None });
                if after <= order.size {
                    return Ok(());
                }
                i128::from(after.saturating_sub(order.filled).max(0)) - i128::from(order.open())
            }
        };
        let (fits, word) = match self.row.side {
            Side::Buy => (buys + added <= -position, "buy"),
            Side::Sell => (sells + added <= position, "sell"),
        };
        if fits {
            return Ok(());
        }
        let text = format!(
            "{} is reducing: position {position}, open buys {buys}, open sells {sells}, {word} {added} lots more",
            self.text(scope)
        );
        Err(Denial::plain("reducing", Some(scope), text))
    }

    pub fn line(&self) -> Option<&super::account::Line> {
        let account = self.account?;
        account.find(self.row.party.symbol).ok().map(|at| &account.lines[at])
    }

    /// Limits of an order that apply, in the order in which they are held against it. The account's is the nearest that is given.
    fn rules<'b>(&'b self, own: &'b AccountLimits, line: Option<&'b LineLimits>, of_symbol: &'b SymbolLimits) -> Rules<'b> {
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

    /// The account's own limit of some kind: in the symbol, else its own, else the defaults'.
    pub fn nearest<T>(&self, own: &AccountLimits, line: Option<&LineLimits>, of: impl Fn(&LineLimits) -> Option<T>) -> Option<Scoped<T>> {
        let in_symbol = line.and_then(&of).map(|limit| (Scope::AccountSymbol, limit));
        in_symbol.or_else(|| self.own(own, |limits| of(&limits.line)))
    }

    /// The account's limit of some kind, else the defaults'.
    pub fn own<T>(&self, own: &AccountLimits, of: impl Fn(&AccountLimits) -> Option<T>) -> Option<Scoped<T>> {
        of(own).map(|limit| (Scope::Account, limit)).or_else(|| of(&self.limits.defaults).map(|limit| (Scope::Defaults, limit)))
    }

    fn size(&self, rules: &Rules) -> Checked<()> {
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
    fn grown_size(&self) -> Option<i64> {
        self.row.size.filter(|size| self.order.is_none_or(|order| *size > order.size))
    }

    /// The reference price, checked where it is needed.
    fn reference(&self, own: &AccountLimits, rules: &Rules, of_symbol: &SymbolLimits) -> Checked<Option<i64>> {
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
    fn bound(&self, reference: i64, rules: &Rules) -> i64 {
        let widest = rules.widest(|limits| limits.collar).unwrap_or_default();
        let moved = i128::from(reference.unsigned_abs()) * i128::from(widest);
        let away = i64::try_from((moved + money::PARTS - 1) / money::PARTS).unwrap_or(i64::MAX);
        if self.row.side == Side::Buy { reference.saturating_add(away) } else { reference.saturating_sub(away) }
    }

    fn price(&self, rules: &Rules, reference: Option<i64>) -> Checked<()> {
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
    fn near(
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

    fn fat_finger(&self, own: &AccountLimits, line: Option<&LineLimits>) -> Checked<()> {
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

    fn notional(&self, rules: &Rules, reference: Option<i64>, bound: Option<i64>, unit: i128) -> Checked<()> {
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

    fn recent(&self, own: &AccountLimits, now: i64) -> Checked<()> {
        let Some(account) = self.account else { return Ok(()) };
        if self.order.is_none()
            && let Some((scope, window)) = self.own(own, |limits| limits.duplicate)
            && let Some(age) = account.recent.duplicate(&self.fingerprint(), now, window)
        {
            let reason = format!("an equal order was accepted {age} ns before, the limit of {} is {window} ns", self.text(scope));
            let (limit, value) = (Some(seconds(window.unsigned_abs())), Some(seconds(age.unsigned_abs())));
            return Err(Box::new(Denial { code: "duplicate-order", scope: Some(scope), limit, value, reason }));
        }
        if let Some((scope, rate)) = self.own(own, |limits| limits.rate)
            && account.recent.is_full(now, rate)
        {
            let (most, next) = (rate.messages, rate.messages + 1);
            let reason = format!("{next} messages in {} ns, the limit of {} is {most}", rate.per, self.text(scope));
            return Err(Box::new(Denial {
                code: "message-rate",
                scope: Some(scope),
                limit: Some(most as f64),
                value: Some(next as f64),
                reason,
            }));
        }
        Ok(())
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let Instruction { party, side, kind, price, stop, size, .. } = self.row;
        Fingerprint { symbol: party.symbol, side, kind, price, stop, size: size.unwrap_or_default() }
    }

    fn open_orders(&self, own: &AccountLimits, line: Option<&LineLimits>, of_symbol: &SymbolLimits) -> Checked<()> {
        if self.order.is_some() {
            return Ok(());
        }
        let refuse = |open: i64, (scope, limit): Scoped<i64>, of: &str| {
            let next = open + 1;
            if next <= limit {
                return Ok(());
            }
            let reason = format!("{next} open orders{of}, the limit of {} is {limit}", self.text(scope));
            Err(Box::new(Denial {
                code: "open-orders-limit",
                scope: Some(scope),
                limit: Some(limit as f64),
                value: Some(next as f64),
                reason,
            }))
        };
        let most = self.own(own, |limits| limits.line.open_orders).unwrap_or((Scope::Defaults, super::limits::OPEN_ORDERS));
        refuse(self.account.map_or(0, |account| account.open_orders), most, "")?;
        let here = self.line().map_or(0, |line| i64::from(line.open_orders));
        if let Some(limit) = line.and_then(|line| line.open_orders) {
            refuse(here, (Scope::AccountSymbol, limit), " in the symbol")?;
        }
        of_symbol.line.open_orders.map_or(Ok(()), |limit| refuse(here, (Scope::Symbol, limit), " in the symbol"))
    }

    /// What the row adds to its line.
    fn growth(&self, price: Option<i64>) -> Growth {
        Growth::of(&self.row, self.order, price)
    }

    fn position(&self, own: &AccountLimits, line: Option<&LineLimits>, of_symbol: &SymbolLimits, growth: &Growth) -> Checked<()> {
        if growth.lots == 0 {
            return Ok(());
        }
        let worst = self.line().map_or(0, |line| match self.row.side {
            Side::Buy => line.position + line.buys,
            Side::Sell => line.sells - line.position,
        }) + growth.lots;
        let of_account = self.nearest(own, line, |limits| limits.position);
        let of_symbol = of_symbol.line.position.map(|limit| (Scope::Symbol, limit));
        for (scope, limit) in of_account.into_iter().chain(of_symbol) {
            if worst > i128::from(limit) {
                let could = if self.row.side == Side::Buy { worst } else { -worst };
                let reason = format!("position could become {could} lots, the limit of {} is {limit}", self.text(scope));
                let (limit, value) = (Some(limit as f64), Some(could as f64));
                return Err(Box::new(Denial { code: "position-limit", scope: Some(scope), limit, value, reason }));
            }
        }
        Ok(())
    }
}

/// The limits of an order that apply to a row.
#[derive(Debug)]
struct Rules<'a> {
    account: [(Scope, Option<&'a OrderLimits>); 3],
    others: [(Scope, Option<&'a OrderLimits>); 3],
}

impl Rules<'_> {
    fn all<T>(&self, of: impl Fn(&OrderLimits) -> Option<T> + Copy) -> impl Iterator<Item = Scoped<T>> {
        let scoped = move |(scope, limits): &(Scope, Option<&OrderLimits>)| limits.and_then(of).map(|limit| (*scope, limit));
        self.account.iter().find_map(scoped).into_iter().chain(self.others.iter().filter_map(scoped))
    }

    fn each<T>(&self, of: impl Fn(&OrderLimits) -> Option<T> + Copy, mut check: impl FnMut(Scoped<T>) -> Checked<()>) -> Checked<()> {
        self.all(of).try_for_each(&mut check)
    }

    fn any<T>(&self, of: impl Fn(&OrderLimits) -> Option<T> + Copy) -> bool {
        self.all(of).next().is_some()
    }

    fn widest(&self, of: impl Fn(&OrderLimits) -> Option<i64> + Copy) -> Option<i64> {
        self.all(of).map(|(_, limit)| limit).max()
    }
}
