use crate::book::Book;
use crate::event::{Fill, OrderChange, Sink};
use crate::instruction::{Given, MAX_SIDE, MAX_SIZE, Terms, out_of_range};
use crate::order::{Order, Place, Traits};
use crate::slab::NONE;
use crate::words::{Kind, Liquidity, Phase, Reason, SelfTrade, Side, Status, TimeInForce};

/// An order that asks for nothing that few orders ask for, on its way through the book: it gets a number only when it rests, or when it
/// meets what `Book::take` is for.
struct Plain {
    id: i64,
    account: u32,
    traits: Traits,
    side: Side,
    /// 0 without a limit price.
    price: i64,
    size: i64,
    leaves: i64,
    entry: u64,
}

impl Plain {
    #[inline]
    fn change(&self, ts_event: i64, status: Status, reason: Option<Reason>, leaves: i64) -> OrderChange {
        OrderChange {
            ts_event,
            order_id: self.id,
            account: self.account,
            side: self.side,
            status,
            reason,
            price: self.traits.has_price().then_some(self.price),
            stop: None,
            size: self.size,
            leaves,
            filled: self.size - self.leaves,
        }
    }

    #[inline]
    fn order(&self, place: Place) -> Order {
        Order {
            id: self.id,
            price: self.price,
            size: self.size,
            leaves: self.leaves,
            entry: self.entry,
            next: NONE,
            prev: NONE,
            account: self.account,
            level: NONE,
            rare: NONE,
            traits: self.traits,
            place,
            listed: false,
        }
    }
}

/// What an order says of itself; none of what is refused and of what few orders say.
#[inline(always)]
fn words(terms: &Terms, self_trade: SelfTrade) -> Option<(Side, Kind, TimeInForce, SelfTrade)> {
    let (Given::Is(side), Given::Is(kind)) = (terms.side, terms.kind) else { return None };
    let time_in_force = match terms.time_in_force {
        Given::Null => TimeInForce::Gtc,
        Given::Is(at @ (TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Day)) => at,
        _ => return None,
    };
    let self_trade = match terms.self_trade {
        Given::Null => self_trade,
        Given::Unknown => return None,
        Given::Is(mode) => mode,
    };
    let given = terms.stop.is_some() | terms.trail.is_some() | terms.display.is_some() | terms.expire_at.is_some() | terms.oco.is_some();
    let special = given | terms.hidden | terms.all_or_none | terms.reduce_only | (terms.post_only != Given::Null);
    (!special).then_some((side, kind, time_in_force, self_trade))
}

impl Book {
    /// Enters an order that passes all checks, if it is one that most are like. False: nothing was done, `check_new` has to look.
    #[inline]
    pub(crate) fn enter_plain<S: Sink>(&mut self, terms: &Terms, sink: &mut S) -> bool {
        let Some(mut plain) = self.plain(terms) else { return false };
        self.entries += 1;
        plain.entry = self.entries;
        self.changes += 1;
        sink.order(&plain.change(self.time, Status::New, None, plain.leaves));
        if self.sweep(&mut plain, sink) {
            self.leave_or_rest(&plain, sink);
        } else {
            self.sides[plain.side as usize].leaves += plain.leaves;
            let at = self.orders.insert(plain.order(Place::Taking));
            self.take_then_rest(at, sink);
        }
        self.close(sink);
        true
    }

    #[inline(always)] // its result is large and used at once
    fn plain(&self, terms: &Terms) -> Option<Plain> {
        let (side, kind, time_in_force, self_trade) = words(terms, self.settings.self_trade)?;
        let size = terms.size?;
        let on_lot = self.increment_lots == 1 || size % self.increment_lots == 0;
        if self.phase != Phase::Continuous || !(1..=MAX_SIZE).contains(&size) || !on_lot {
            return None;
        }
        let price = match (kind, terms.price) {
            (Kind::Limit, Some(price)) => {
                let on_tick = self.increment_ticks == 1 || price % self.increment_ticks == 0;
                if out_of_range(price) || !on_tick || !(self.lower..=self.upper).contains(&price) {
                    return None;
                }
                price
            }
            (Kind::Market, None) => 0,
            _ => return None,
        };
        let full = self.sides[side as usize].leaves + size > MAX_SIDE || self.orders.is_full();
        if full || self.ids.get(terms.order_id, &self.orders).is_some() {
            return None;
        }
        let traits = Traits::new(side, kind, time_in_force, self_trade, None);
        Some(Plain { id: terms.order_id, account: terms.account, traits, side, price, size, leaves: size, entry: 0 })
    }

    /// Section 4 as far as displayed orders without a rare part are met. False: the rest of the take is for `take`.
    #[inline]
    fn sweep<S: Sink>(&mut self, taker: &mut Plain, sink: &mut S) -> bool {
        let other = taker.side.opposite();
        let limit = if taker.traits.has_price() { other.rank(taker.price) } else { i64::MAX };
        let best = self.sides[other as usize].ladder.best_rank();
        let resting = &self.sides[other as usize];
        if !resting.hidden.is_empty() || !resting.all_or_none.is_empty() {
            return false;
        }
        if best > limit {
            return true;
        }
        let before = taker.leaves;
        let swept = self.sweep_levels(taker, limit, sink);
        if before != taker.leaves {
            let traded = i128::from(before - taker.leaves);
            *self.positions.entry(taker.account).or_default() += if taker.side == Side::Buy { traded } else { -traded };
        }
        swept
    }

    #[inline(never)]
    fn sweep_levels<S: Sink>(&mut self, taker: &mut Plain, limit: i64, sink: &mut S) -> bool {
        let guarded = taker.traits.self_trade() != SelfTrade::Allow;
        let (side, other, ts_event) = (taker.side, taker.side.opposite(), self.time);
        while taker.leaves > 0 {
            let resting = &mut self.sides[other as usize];
            let (best, rank) = (resting.ladder.best(), resting.ladder.best_rank());
            if best == NONE || rank > limit {
                return true;
            }
            let level = resting.ladder.level_mut(best);
            let at = level.queue.head;
            let maker = &mut self.orders[at];
            if maker.rare != NONE || maker.traits.reduce_only() || (guarded && maker.account == taker.account) {
                return false;
            }
            let Order { id, price, account, size: whole, next, .. } = *maker;
            let size = taker.leaves.min(maker.leaves);
            maker.leaves -= size;
            taker.leaves -= size;
            let leaves = maker.leaves;
            level.shown -= size;
            level.leaves -= size;
            resting.leaves -= size;
            if leaves == 0 {
                maker.place = Place::Nowhere;
                level.orders -= 1;
                level.queue.head = next;
                if next == NONE {
                    resting.ladder.leave(best);
                } else {
                    self.orders[next].prev = NONE;
                }
                self.orders.remove(at);
                self.ids.remove(id, at);
            }
            *self.positions.entry(account).or_default() += i128::from(if side == Side::Buy { -size } else { size });
            self.executions += 1;
            self.last = Some(price);
            self.changes += 2;
            self.depth.touch(other, rank);
            let execution_id = self.executions;
            let fill =
                Fill { ts_event, execution_id, order_id: id, account, side: other, liquidity: Liquidity::Maker, price, size, leaves };
            sink.fill(&fill);
            sink.fill(&Fill {
                order_id: taker.id,
                account: taker.account,
                side,
                liquidity: Liquidity::Taker,
                leaves: taker.leaves,
                ..fill //
            });
            sink.order(&OrderChange {
                ts_event,
                order_id: id,
                account,
                side: other,
                status: filled(leaves),
                reason: None,
                price: Some(price),
                stop: None,
                size: whole,
                leaves,
                filled: whole - leaves,
            });
            sink.order(&taker.change(ts_event, filled(taker.leaves), None, taker.leaves));
            if !self.stops.is_empty() {
                self.look(price);
            }
        }
        true
    }

    /// What becomes of an order that has met all that it may.
    #[inline]
    fn leave_or_rest<S: Sink>(&mut self, plain: &Plain, sink: &mut S) {
        if plain.leaves == 0 {
            return;
        }
        let reason = if !plain.traits.has_price() {
            Reason::NoLiquidity
        } else if plain.traits.time_in_force() == TimeInForce::Ioc {
            Reason::Ioc
        } else {
            return self.rest_plain(plain);
        };
        self.changes += 1;
        sink.order(&plain.change(self.time, Status::Canceled, Some(reason), 0));
    }

    /// As `rest`, of what is not in the book yet.
    #[inline]
    fn rest_plain(&mut self, plain: &Plain) {
        let rank = plain.side.rank(plain.price);
        let resting = &mut self.sides[plain.side as usize];
        resting.leaves += plain.leaves;
        let number = resting.ladder.enter(rank);
        let level = resting.ladder.level_mut(number);
        let mut order = plain.order(Place::Level);
        (order.level, order.listed, order.prev) = (number, true, level.queue.tail);
        let at = self.orders.insert(order);
        if level.queue.tail == NONE {
            level.queue.head = at;
        } else {
            self.orders[level.queue.tail].next = at;
        }
        level.queue.tail = at;
        level.shown += plain.leaves;
        level.leaves += plain.leaves;
        level.orders += 1;
        self.ids.insert(plain.id, at);
        self.depth.touch(plain.side, rank);
    }

    /// Cancels a live order at its account's wish. False: it is not one that most are like, and nothing was done.
    #[inline]
    pub(crate) fn cancel_plain<S: Sink>(&mut self, at: u32, sink: &mut S) -> bool {
        let Order { id, price, size, leaves, next, prev, account, level: number, rare, traits, place, .. } = self.orders[at];
        if place != Place::Level || rare != NONE || traits.reduce_only() {
            return false;
        }
        self.changes += 1;
        let side = traits.side();
        sink.order(&OrderChange {
            ts_event: self.time,
            order_id: id,
            account,
            side,
            status: Status::Canceled,
            reason: None,
            price: Some(price),
            stop: None,
            size,
            leaves: 0,
            filled: size - leaves,
        });
        self.ids.remove(id, at);
        self.orders[at].place = Place::Nowhere;
        self.orders.remove(at);
        let resting = &mut self.sides[side as usize];
        resting.leaves -= leaves;
        let level = resting.ladder.level_mut(number);
        level.shown -= leaves;
        level.leaves -= leaves;
        level.orders -= 1;
        if prev == NONE {
            level.queue.head = next;
        } else {
            self.orders[prev].next = next;
        }
        if next == NONE {
            level.queue.tail = prev;
        } else {
            self.orders[next].prev = prev;
        }
        self.depth.touch(side, side.rank(price));
        if level.orders == 0 {
            resting.ladder.leave(number);
        }
        true
    }
}

#[inline]
fn filled(leaves: i64) -> Status {
    if leaves == 0 { Status::Filled } else { Status::PartiallyFilled }
}
