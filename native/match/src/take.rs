use crate::book::{Book, Resting};
use crate::event::{Fill, Sink};
use crate::order::{Order, Place};
use crate::slab::NONE;
use crate::words::{Liquidity, Reason, SelfTrade, Side, Status};
use std::ops::Bound;

/// Worst rank that a taker meets.
pub(crate) fn limit_of(taker: &Order) -> i64 {
    if taker.traits.has_price() { taker.traits.side().opposite().rank(taker.price) } else { i64::MAX }
}

/// All-or-none orders up to this one are passed over.
pub(crate) type Passed = (i64, u64);
pub(crate) const NOTHING_PASSED: Passed = (i64::MIN, 0);

impl Resting {
    /// The first order within the limit in the order of section 3, all-or-none orders up to `passed` left out; or `NONE`.
    #[inline]
    pub(crate) fn first(&self, limit: i64, passed: Passed) -> u32 {
        if !self.hidden.is_empty() || !self.all_or_none.is_empty() {
            return self.first_of_three(limit, passed);
        }
        let best = self.ladder.best();
        if best == NONE || self.ladder.best_rank() > limit { NONE } else { self.ladder.level(best).queue.head }
    }

    #[inline(never)]
    fn first_of_three(&self, limit: i64, passed: Passed) -> u32 {
        let best = self.ladder.best();
        let displayed = (best != NONE).then(|| (self.ladder.best_rank(), self.ladder.level(best).queue.head));
        let hidden = self.hidden.first_key_value().map(|((rank, _), at)| (*rank, *at));
        let whole = self.all_or_none.range((Bound::Excluded(passed), Bound::Unbounded)).next().map(|((rank, _), at)| (*rank, *at));
        // of equal ranks the earliest in this list
        let first = [displayed, hidden, whole].into_iter().flatten().reduce(|one, two| if two.0 < one.0 { two } else { one });
        first.filter(|(rank, _)| *rank <= limit).map_or(NONE, |(_, at)| at)
    }

    /// Rank of the best order, displayed or hidden.
    pub(crate) fn best_rank(&self) -> Option<i64> {
        let displayed = (self.ladder.best() != NONE).then(|| self.ladder.best_rank());
        displayed.into_iter().chain(self.hidden.keys().next().map(|(rank, _)| *rank)).min()
    }
}

impl Book {
    /// Section 4: lets an order that is in no queue take. True when it is live and has leaves then.
    pub(crate) fn take<S: Sink>(&mut self, taker: u32, sink: &mut S) -> bool {
        let Order { traits, account, .. } = self.orders[taker];
        let (side, self_trade) = (traits.side(), traits.self_trade());
        let limit = limit_of(&self.orders[taker]);
        let mut passed = NOTHING_PASSED;
        loop {
            let mut cap = self.orders[taker].leaves;
            if traits.reduce_only() {
                cap = i128::from(cap).min(self.reducible(account, side)) as i64;
                if cap == 0 {
                    self.end(taker, Status::Canceled, Some(Reason::ReduceOnly), sink);
                    return false;
                }
            }
            let maker = self.sides[side.opposite() as usize].first(limit, passed);
            if maker == NONE {
                return true;
            }
            let order = &self.orders[maker];
            let whole = order.traits.all_or_none();
            if whole && order.leaves > cap {
                passed = (order.traits.side().rank(order.price), order.entry);
                continue;
            }
            if order.account == account && self_trade != SelfTrade::Allow {
                if self.prevent(taker, maker, cap, self_trade, sink) { continue } else { return false }
            }
            let mut size = cap.min(self.shown(maker));
            if self.orders[maker].traits.reduce_only() {
                let reducible = self.reducible(self.orders[maker].account, side.opposite());
                if reducible == 0 || (whole && reducible < i128::from(self.orders[maker].leaves)) {
                    self.end(maker, Status::Canceled, Some(Reason::ReduceOnly), sink);
                    continue;
                }
                size = i128::from(size).min(reducible) as i64;
            }
            if !self.trade(taker, maker, size, sink) {
                return false;
            }
        }
    }

    /// One trade at the maker's price and all that follows at once. True when the taker is live and has leaves.
    #[inline]
    fn trade<S: Sink>(&mut self, taker: u32, maker: u32, size: i64, sink: &mut S) -> bool {
        let price = self.orders[maker].price;
        self.executions += 1;
        self.last = Some(price);
        self.fill(maker, price, size, Liquidity::Maker, sink);
        self.fill(taker, price, size, Liquidity::Taker, sink);
        let pairs = if self.pairs > 0 { [self.pair(maker), self.pair(taker)] } else { [NONE; 2] };
        self.tell_filled(maker, sink);
        self.tell_filled(taker, sink);
        let mut alive = self.orders[taker].leaves > 0;
        let maker_alive = self.orders[maker].leaves > 0;
        if !alive {
            self.release(taker);
        }
        self.lower(maker, size);
        if !maker_alive {
            self.detach(maker);
            self.release(maker);
        }
        if pairs != [NONE; 2] {
            for other in pairs {
                let over = other == NONE || (other == taker && !alive) || (other == maker && !maker_alive);
                if !over && self.orders[other].place != Place::Nowhere {
                    alive &= other != taker;
                    self.end(other, Status::Canceled, Some(Reason::Oco), sink);
                }
            }
        }
        if maker_alive && self.orders[maker].place != Place::Nowhere {
            let Order { traits, account, .. } = self.orders[maker];
            if traits.reduce_only() && self.reducible(account, traits.side()) == 0 {
                self.end(maker, Status::Canceled, Some(Reason::ReduceOnly), sink);
            } else {
                self.show_again(maker);
            }
        }
        if !self.stops.is_empty() {
            self.look(price);
        }
        alive
    }

    /// One order's part of an execution: its leaves, its account's position, the row.
    #[inline]
    pub(crate) fn fill<S: Sink>(&mut self, at: u32, price: i64, size: i64, liquidity: Liquidity, sink: &mut S) {
        let order = &mut self.orders[at];
        order.leaves -= size;
        let side = order.traits.side();
        self.sides[side as usize].leaves -= size;
        *self.positions.entry(order.account).or_default() += i128::from(if side == Side::Buy { size } else { -size });
        sink.fill(&Fill {
            ts_event: self.time,
            execution_id: self.executions,
            order_id: order.id,
            account: order.account,
            side,
            liquidity,
            price,
            size,
            leaves: order.leaves,
        });
    }

    #[inline]
    pub(crate) fn tell_filled<S: Sink>(&mut self, at: u32, sink: &mut S) {
        let status = if self.orders[at].leaves == 0 { Status::Filled } else { Status::PartiallyFilled };
        self.tell(at, status, None, sink);
    }

    /// Takes what a resting order has lost from its level, and from what it shows.
    #[inline]
    pub(crate) fn lower(&mut self, at: u32, size: i64) {
        let Order { place, level, rare, traits, .. } = self.orders[at];
        if rare != NONE && self.rares[rare].display > 0 {
            self.rares[rare].shown -= size;
        }
        if place == Place::Level {
            let side = traits.side();
            let level = self.sides[side as usize].ladder.level_mut(level);
            level.shown -= size;
            level.leaves -= size;
            let rank = level.rank;
            self.depth.touch(side, rank);
        }
    }

    /// Lets an iceberg that shows nothing show its next part, at the tail.
    pub(crate) fn show_again(&mut self, at: u32) {
        let Order { place, level, rare, leaves, .. } = self.orders[at];
        if rare == NONE || place != Place::Level {
            return;
        }
        let rare = &mut self.rares[rare];
        if rare.display == 0 || rare.shown > 0 {
            return;
        }
        rare.shown = leaves.min(rare.display);
        let level = self.sides[self.orders[at].traits.side() as usize].ladder.level_mut(level);
        level.shown += rare.shown;
        level.queue.remove(&mut self.orders, at);
        level.queue.push(&mut self.orders, at);
    }

    /// Section 5. True when the taker goes on.
    fn prevent<S: Sink>(&mut self, taker: u32, maker: u32, cap: i64, mode: SelfTrade, sink: &mut S) -> bool {
        let reason = Some(Reason::SelfTrade);
        if matches!(mode, SelfTrade::CancelOldest | SelfTrade::CancelBoth) {
            self.end(maker, Status::Canceled, reason, sink);
        }
        if matches!(mode, SelfTrade::CancelNewest | SelfTrade::CancelBoth) {
            self.end(taker, Status::Canceled, reason, sink);
            return false;
        }
        if mode != SelfTrade::Decrement {
            return true;
        }
        let size = cap.min(self.shown(maker));
        for at in [maker, taker] {
            let order = &mut self.orders[at];
            order.size -= size;
            order.leaves -= size;
            self.sides[order.traits.side() as usize].leaves -= size;
        }
        self.lower(maker, size);
        for at in [maker, taker] {
            if self.orders[at].leaves == 0 {
                self.end(at, Status::Canceled, reason, sink);
                if at == taker {
                    return false;
                }
            } else {
                self.tell(at, Status::Replaced, reason, sink);
                if at == maker {
                    self.show_again(maker);
                }
            }
        }
        true
    }

    /// Lets the waiting stops look at a trade's price.
    #[cold]
    pub(crate) fn look(&mut self, price: i64) {
        for (_, at) in self.stops.meet(price, &self.orders, &self.rares) {
            self.orders[*at].place = Place::Elected;
            self.elected.push_back(*at);
        }
        self.stops.follow(price, &self.orders, &mut self.rares);
    }
}
