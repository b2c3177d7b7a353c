use crate::book::Book;
use crate::instruction::{Given, MAX_PARTS, MAX_SIDE, MAX_SIZE, Refusal, Terms, Value, out_of_range};
use crate::order::{Order, Place};
use crate::slab::NONE;
use crate::words::{Code, Field, Kind, Phase, PostOnly, SelfTrade, Side, TimeInForce};

/// What the checks of a new order have found out.
pub(crate) struct Checked {
    pub side: Side,
    pub kind: Kind,
    pub time_in_force: TimeInForce,
    pub self_trade: SelfTrade,
    pub post_only: Option<PostOnly>,
    pub size: i64,
    /// As it rests: a price that slid.
    pub price: i64,
    pub slid: bool,
    /// Whether it waits for a stop, and which.
    pub stop: Option<i64>,
    /// The order that it makes a pair with, or `NONE`.
    pub pair: u32,
}

pub(crate) fn refuse<T>(code: Code, field: Field) -> Result<T, Refusal> {
    Err(Refusal { code, field, value: Value::Given })
}

fn missing<T>(code: Code, field: Field) -> Result<T, Refusal> {
    Err(Refusal { code, field, value: Value::Null })
}

#[inline]
fn word<T: Copy>(given: Given<T>, unknown: Code, field: Field) -> Result<Option<T>, Refusal> {
    match given {
        Given::Null => Ok(None),
        Given::Unknown => refuse(unknown, field),
        Given::Is(value) => Ok(Some(value)),
    }
}

#[inline]
fn required<T: Copy>(given: Given<T>, absent: Code, unknown: Code, field: Field) -> Result<T, Refusal> {
    word(given, unknown, field)?.map_or_else(|| missing(absent, field), Ok)
}

/// A value that is needed where `needed`, and refused elsewhere.
#[inline]
fn needed(given: Option<i64>, needed: bool, absent: Code, field: Field) -> Result<Option<i64>, Refusal> {
    match given {
        None if needed => missing(absent, field),
        Some(_) if !needed => refuse(Code::FieldNotAllowed, field),
        _ => Ok(given),
    }
}

impl Book {
    fn wrong_phase<T>(&self) -> Result<T, Refusal> {
        Err(Refusal { code: Code::WrongPhase, field: Field::Phase, value: Value::Phase(self.phase) })
    }

    /// The checks of section 2 for a new order, in their order.
    pub(crate) fn check_new(&self, terms: &Terms) -> Result<Checked, Refusal> {
        if matches!(self.phase, Phase::Halt | Phase::Closed) {
            return self.wrong_phase();
        }
        let side = required(terms.side, Code::SideMissing, Code::SideUnknown, Field::Side)?;
        let kind = required(terms.kind, Code::TypeMissing, Code::TypeUnknown, Field::Type)?;
        let time_in_force = word(terms.time_in_force, Code::TimeInForceUnknown, Field::TimeInForce)?.unwrap_or(TimeInForce::Gtc);
        let self_trade = word(terms.self_trade, Code::SelfTradeUnknown, Field::SelfTrade)?.unwrap_or(self.settings.self_trade);
        let post_only = word(terms.post_only, Code::PostOnlyUnknown, Field::PostOnly)?;
        if self.ids.get(terms.order_id, &self.orders).is_some() {
            return refuse(Code::OrderDuplicate, Field::OrderId);
        }
        let Some(size) = terms.size else { return missing(Code::SizeMissing, Field::SizeLots) };
        self.check_size(size)?;
        let has_price = matches!(kind, Kind::Limit | Kind::StopLimit);
        if let Some(price) = needed(terms.price, has_price, Code::PriceMissing, Field::PriceTicks)? {
            self.check_price(price)?;
        }
        let price = terms.price.unwrap_or_default();
        let mut checked = Checked { side, kind, time_in_force, self_trade, post_only, size, price, slid: false, stop: None, pair: NONE };
        if self.phase == Phase::Auction || !is_plain(terms, &checked) {
            self.check_special(terms, &mut checked)?;
        }
        if self.sides[side as usize].leaves + size > MAX_SIDE || self.orders.is_full() {
            return refuse(Code::BookFull, Field::SizeLots);
        }
        Ok(checked)
    }

    /// Checks 6 to 15, which a plain order passes by itself.
    fn check_special(&self, terms: &Terms, checked: &mut Checked) -> Result<(), Refusal> {
        let Checked { side, kind, time_in_force, post_only, size, price, .. } = *checked;
        let waits = matches!(kind, Kind::Stop | Kind::StopLimit | Kind::TrailingStop);
        self.check_stop_and_trail(terms, kind, waits)?;
        let gtd = time_in_force == TimeInForce::Gtd;
        if let Some(expire_at) = needed(terms.expire_at, gtd, Code::ExpireMissing, Field::ExpireAt)?
            && expire_at <= self.time
        {
            return refuse(Code::Expired, Field::ExpireAt);
        }
        check_display(terms, time_in_force, matches!(kind, Kind::Limit | Kind::StopLimit), post_only.is_some())?;
        if let Some(display) = terms.display {
            self.check_display(display, size)?;
            if size > display * MAX_PARTS {
                return refuse(Code::DisplayTooSmall, Field::DisplayLots);
            }
        }
        let at_once = matches!(time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
        let never_there = at_once || terms.all_or_none || terms.reduce_only || post_only.is_some();
        if self.phase == Phase::Auction && !waits && never_there {
            return self.wrong_phase();
        }
        checked.pair = self.check_pair(terms)?;
        checked.stop = waits.then_some(terms.stop).flatten();
        if kind == Kind::TrailingStop && checked.stop.is_none() {
            checked.stop = self.trail_from_last(side, terms.trail.unwrap_or_default());
            if checked.stop.is_none() {
                return missing(Code::ReferenceMissing, Field::StopTicks);
            }
        }
        if terms.reduce_only && !waits && self.reducible(terms.account, side) == 0 {
            return Err(self.no_position(terms.account));
        }
        if let Some(mode) = post_only
            && !waits
        {
            let Some(now) = self.post_only_price(side, price, mode) else { return refuse(Code::PostOnlyWouldTrade, Field::PriceTicks) };
            (checked.slid, checked.price) = (now != price, now);
        }
        Ok(())
    }

    #[inline]
    fn check_size(&self, size: i64) -> Result<(), Refusal> {
        if size <= 0 {
            return refuse(Code::SizeNotPositive, Field::SizeLots);
        }
        if size > MAX_SIZE {
            return refuse(Code::SizeTooLarge, Field::SizeLots);
        }
        if self.increment_lots != 1 && size % self.increment_lots != 0 {
            return refuse(Code::SizeOffLot, Field::SizeLots);
        }
        Ok(())
    }

    #[inline]
    fn check_price(&self, price: i64) -> Result<(), Refusal> {
        if out_of_range(price) {
            return refuse(Code::PriceOutOfRange, Field::PriceTicks);
        }
        if self.off_tick(price) {
            return refuse(Code::PriceOffTick, Field::PriceTicks);
        }
        if !(self.lower..=self.upper).contains(&price) {
            return refuse(Code::PriceBand, Field::PriceTicks);
        }
        Ok(())
    }

    #[inline]
    fn off_tick(&self, price: i64) -> bool {
        self.increment_ticks != 1 && price % self.increment_ticks != 0
    }

    fn check_stop(&self, stop: i64) -> Result<(), Refusal> {
        if out_of_range(stop) {
            return refuse(Code::StopOutOfRange, Field::StopTicks);
        }
        if self.off_tick(stop) { refuse(Code::StopOffTick, Field::StopTicks) } else { Ok(()) }
    }

    fn check_stop_and_trail(&self, terms: &Terms, kind: Kind, waits: bool) -> Result<(), Refusal> {
        match terms.stop {
            None if matches!(kind, Kind::Stop | Kind::StopLimit) => return missing(Code::StopMissing, Field::StopTicks),
            Some(_) if !waits => return refuse(Code::FieldNotAllowed, Field::StopTicks),
            Some(stop) => self.check_stop(stop)?,
            None => {}
        }
        let trail = needed(terms.trail, kind == Kind::TrailingStop, Code::TrailMissing, Field::TrailTicks)?;
        let Some(trail) = trail else { return Ok(()) };
        if trail <= 0 {
            return refuse(Code::TrailNotPositive, Field::TrailTicks);
        }
        if out_of_range(trail) {
            return refuse(Code::TrailOutOfRange, Field::TrailTicks);
        }
        if self.off_tick(trail) { refuse(Code::TrailOffTick, Field::TrailTicks) } else { Ok(()) }
    }

    fn check_display(&self, display: i64, size: i64) -> Result<(), Refusal> {
        if display <= 0 {
            return refuse(Code::DisplayNotPositive, Field::DisplayLots);
        }
        if display > size {
            return refuse(Code::DisplayTooLarge, Field::DisplayLots);
        }
        if display % self.increment_lots != 0 { refuse(Code::DisplayOffLot, Field::DisplayLots) } else { Ok(()) }
    }

    fn check_pair(&self, terms: &Terms) -> Result<u32, Refusal> {
        let Some(other) = terms.oco else { return Ok(NONE) };
        let Some(at) = self.live(other, terms.account) else { return refuse(Code::OcoUnknown, Field::OcoOrderId) };
        if self.pair(at) == NONE { Ok(at) } else { refuse(Code::OcoTaken, Field::OcoOrderId) }
    }

    fn trail_from_last(&self, side: Side, trail: i64) -> Option<i64> {
        let from = self.last.or(self.reference)?;
        Some(if side == Side::Buy { from + trail } else { from - trail })
    }

    pub(crate) fn no_position(&self, account: u32) -> Refusal {
        Refusal { code: Code::ReduceOnly, field: Field::Position, value: Value::Number(self.position(account)) }
    }

    /// The price at which a post-only order would rest: its own, one that slid, or none.
    pub(crate) fn post_only_price(&self, side: Side, price: i64, mode: PostOnly) -> Option<i64> {
        let other = side.opposite();
        let Some(best) = self.sides[other as usize].best_rank().filter(|best| *best <= other.rank(price)) else { return Some(price) };
        if mode == PostOnly::Reject {
            return None;
        }
        let best = other.rank(best);
        let slid = if side == Side::Buy { best.checked_sub(self.increment_ticks) } else { best.checked_add(self.increment_ticks) };
        slid.filter(|slid| !out_of_range(*slid) && (self.lower..=self.upper).contains(slid))
    }

    /// The checks of section 2 for an amend, in their order; the price that the order is to have, and whether it slid.
    pub(crate) fn check_amend(&self, at: u32, terms: &Terms) -> Result<(i64, bool), Refusal> {
        if matches!(self.phase, Phase::Halt | Phase::Closed) {
            return self.wrong_phase();
        }
        let order = &self.orders[at];
        self.check_amendable(at, terms)?;
        let size = terms.size.unwrap_or(order.size);
        if terms.size.is_some() {
            self.check_size(size)?;
        }
        if let Some(price) = terms.price {
            self.check_price(price)?;
        }
        if let Some(stop) = terms.stop {
            self.check_stop(stop)?;
        }
        let display = terms.display.unwrap_or_else(|| self.display(at));
        if terms.display.is_some() {
            self.check_display(display, size)?;
        }
        if display > 0 && (terms.display.is_some() || terms.size.is_some()) && size > display * MAX_PARTS {
            return Err(Refusal { code: Code::DisplayTooSmall, field: Field::DisplayLots, value: Value::Number(display.into()) });
        }
        let price = terms.price.unwrap_or(order.price);
        if size <= order.filled() {
            return Ok((price, false));
        }
        let waits = order.place == Place::Waiting;
        let mut now = price;
        if let Some(mode) = order.traits.post_only()
            && !waits
            && terms.price.is_some()
            && self.phase == Phase::Continuous
        {
            let Some(found) = self.post_only_price(order.traits.side(), price, mode) else {
                return refuse(Code::PostOnlyWouldTrade, Field::PriceTicks);
            };
            now = found;
        }
        if self.sides[order.traits.side() as usize].leaves + size - order.size > MAX_SIDE {
            return refuse(Code::BookFull, Field::SizeLots);
        }
        Ok((now, now != price))
    }

    fn check_amendable(&self, at: u32, terms: &Terms) -> Result<(), Refusal> {
        let Order { traits, price, place, .. } = self.orders[at];
        let own = |field, fine: bool| if fine { Ok(()) } else { refuse(Code::AmendNotAllowed, field) };
        let absent = |field, given: Option<i64>| own(field, given.is_none());
        own(Field::Side, matches!(terms.side, Given::Null) || terms.side == Given::Is(traits.side()))?;
        own(Field::Type, matches!(terms.kind, Given::Null) || terms.kind == Given::Is(traits.kind()))?;
        own(Field::TimeInForce, matches!(terms.time_in_force, Given::Null) || terms.time_in_force == Given::Is(traits.time_in_force()))?;
        own(Field::SelfTrade, matches!(terms.self_trade, Given::Null))?;
        own(Field::PostOnly, matches!(terms.post_only, Given::Null))?;
        own(Field::Hidden, !terms.hidden)?;
        own(Field::AllOrNone, !terms.all_or_none)?;
        own(Field::ReduceOnly, !terms.reduce_only)?;
        absent(Field::OcoOrderId, terms.oco)?;
        absent(Field::TrailTicks, terms.trail)?;
        absent(Field::ExpireAt, terms.expire_at)?;
        let waits = place == Place::Waiting;
        let fixed = self.phase == Phase::Auction && !waits;
        let display = self.display(at);
        own(Field::PriceTicks, terms.price.is_none_or(|given| traits.has_price() && (!fixed || given == price)))?;
        own(Field::StopTicks, terms.stop.is_none() || waits)?;
        own(Field::DisplayLots, terms.display.is_none_or(|given| display > 0 && (!fixed || given == display)))
    }
}

/// Whether an order is of type `market` or `limit` and gives nothing that few orders give.
#[inline]
fn is_plain(terms: &Terms, checked: &Checked) -> bool {
    let numbers = [terms.stop, terms.trail, terms.display, terms.expire_at, terms.oco];
    matches!(checked.kind, Kind::Market | Kind::Limit)
        && checked.time_in_force != TimeInForce::Gtd
        && checked.post_only.is_none()
        && !(terms.hidden | terms.all_or_none | terms.reduce_only)
        && numbers.iter().all(Option::is_none)
}

/// Check 9 of section 2.
fn check_display(terms: &Terms, time_in_force: TimeInForce, has_price: bool, post_only: bool) -> Result<(), Refusal> {
    if !(post_only || terms.hidden || terms.display.is_some()) {
        return Ok(());
    }
    let at_once = matches!(time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
    let given = [(Field::PostOnly, post_only), (Field::Hidden, terms.hidden), (Field::DisplayLots, terms.display.is_some())];
    if !has_price && let Some((field, _)) = given.into_iter().find(|(_, given)| *given) {
        return refuse(Code::FieldNotAllowed, field);
    }
    if post_only && (at_once || terms.all_or_none) {
        return refuse(Code::FieldNotAllowed, Field::PostOnly);
    }
    if terms.hidden && terms.display.is_some() {
        return refuse(Code::FieldNotAllowed, Field::Hidden);
    }
    if terms.display.is_some() && terms.all_or_none {
        return refuse(Code::FieldNotAllowed, Field::DisplayLots);
    }
    Ok(())
}
