use super::account::Account;
use super::control::{Control, Party, Scope};
use super::denial::{Denial, seconds};
use super::exposure::Growth;
use super::limits::{AccountLimits, Limits, LineLimits, State, SymbolLimits, scope_of};
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

pub type Checked<T> = Result<T, Box<Denial>>;

/// A limit that applies to a row, with where it stands.
pub type Scoped<T> = (Scope, T);

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

    /// The account's own limit of some kind: in the symbol, else its own, else the defaults'.
    pub fn nearest<T>(&self, own: &AccountLimits, line: Option<&LineLimits>, of: impl Fn(&LineLimits) -> Option<T>) -> Option<Scoped<T>> {
        let in_symbol = line.and_then(&of).map(|limit| (Scope::AccountSymbol, limit));
        in_symbol.or_else(|| self.own(own, |limits| of(&limits.line)))
    }

    /// The account's limit of some kind, else the defaults'.
    pub fn own<T>(&self, own: &AccountLimits, of: impl Fn(&AccountLimits) -> Option<T>) -> Option<Scoped<T>> {
        of(own).map(|limit| (Scope::Account, limit)).or_else(|| of(&self.limits.defaults).map(|limit| (Scope::Defaults, limit)))
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
