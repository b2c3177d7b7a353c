use crate::book::Book;
use crate::check::{Checked, refuse};
use crate::event::Sink;
use crate::instruction::{Instruction, Refusal, Terms};
use crate::order::{Order, Place, Rare, Traits};
use crate::slab::NONE;
use crate::stops::Stops;
use crate::words::{Action, Code, Field, Phase, PostOnly, Reason, Status, TimeInForce};

impl Book {
    /// One instruction at a time (ns): first what expires by then, then the instruction. A refused one changes nothing but the time.
    pub fn submit<S: Sink>(&mut self, time: i64, instruction: &Instruction, sink: &mut S) -> Result<(), Refusal> {
        self.advance(time, sink);
        let terms = &instruction.terms;
        match instruction.action {
            Action::New => self.enter(terms, sink),
            Action::Amend => self.amend(terms, sink),
            Action::Cancel => self.cancel(terms.order_id, terms.account, sink),
        }
    }

    /// A cancel at the time that `advance` has reached. Errors: `order-unknown`.
    #[inline]
    pub fn cancel<S: Sink>(&mut self, order_id: i64, account: u32, sink: &mut S) -> Result<(), Refusal> {
        let Some(at) = self.live(order_id, account) else { return refuse(Code::OrderUnknown, Field::OrderId) };
        if !self.cancel_plain(at, sink) {
            self.end(at, Status::Canceled, None, sink);
        }
        self.close(sink);
        Ok(())
    }

    /// A new order at the time that `advance` has reached. Errors: the codes of section 2 of the rules.
    #[inline]
    pub fn enter<S: Sink>(&mut self, terms: &Terms, sink: &mut S) -> Result<(), Refusal> {
        if self.enter_plain(terms, sink) { Ok(()) } else { self.enter_checked(terms, sink) }
    }

    #[inline(never)]
    fn enter_checked<S: Sink>(&mut self, terms: &Terms, sink: &mut S) -> Result<(), Refusal> {
        let checked = self.check_new(terms)?;
        self.entries += 1;
        let traits = Traits::new(checked.side, checked.kind, checked.time_in_force, checked.self_trade, checked.post_only).marked(
            terms.hidden,
            terms.all_or_none,
            terms.reduce_only,
        );
        let at = self.orders.insert(Order {
            id: terms.order_id,
            price: checked.price,
            size: checked.size,
            leaves: checked.size,
            entry: self.entries,
            next: NONE,
            prev: NONE,
            account: terms.account,
            level: NONE,
            rare: NONE,
            traits,
            place: Place::Taking,
            listed: false,
        });
        self.sides[checked.side as usize].leaves += checked.size;
        let gtd = checked.time_in_force == TimeInForce::Gtd;
        if gtd || terms.hidden || terms.display.is_some() || checked.pair != NONE || checked.stop.is_some() {
            self.add_rare(at, terms, &checked);
        }
        if let Some(stop) = checked.stop {
            self.wait(at, sink);
            self.elect_if_met(at, stop);
        } else {
            self.tell(at, Status::New, checked.slid.then_some(Reason::Slide), sink);
            self.act(at, sink);
        }
        self.close(sink);
        Ok(())
    }

    #[cold]
    fn add_rare(&mut self, at: u32, terms: &Terms, checked: &Checked) {
        let Order { entry, .. } = self.orders[at];
        let rare = Rare {
            stop: checked.stop.unwrap_or_default(),
            trail: terms.trail.unwrap_or_default(),
            display: terms.display.unwrap_or_default(),
            shown: terms.display.unwrap_or_default(),
            expire_at: terms.expire_at.unwrap_or_default(),
            turn: 0,
            pair: checked.pair,
        };
        self.orders[at].rare = self.rares.insert(rare);
        if let Some(expire_at) = terms.expire_at {
            self.expiries.insert((expire_at, entry), at);
            self.next_expiry = self.next_expiry.min(expire_at);
        }
        if checked.pair != NONE {
            self.rare_mut(checked.pair).pair = at;
            self.pairs += 1;
        }
    }

    fn wait<S: Sink>(&mut self, at: u32, sink: &mut S) {
        let order = &mut self.orders[at];
        (order.place, order.listed) = (Place::Waiting, true);
        self.ids.insert(order.id, at);
        self.stops.insert(at, &self.orders[at], &self.rares[self.orders[at].rare]);
        self.tell(at, Status::Pending, None, sink);
    }

    /// Elects a waiting order whose stop the last trade meets already.
    pub(crate) fn elect_if_met(&mut self, at: u32, stop: i64) {
        let side = self.orders[at].traits.side();
        if self.phase == Phase::Continuous && self.last.is_some_and(|last| Stops::meets(side, stop, last)) {
            self.stops.remove(&self.orders[at], &self.rares[self.orders[at].rare]);
            self.orders[at].place = Place::Elected;
            self.elected.push_back(at);
        }
    }

    /// Section 4 for an order that has been accepted or triggered and is in no queue.
    fn act<S: Sink>(&mut self, at: u32, sink: &mut S) {
        let traits = self.orders[at].traits;
        if self.phase == Phase::Auction || traits.post_only().is_some() {
            return self.rest(at);
        }
        let time_in_force = traits.time_in_force();
        let ioc = time_in_force == TimeInForce::Ioc;
        let fill_or_kill = time_in_force == TimeInForce::Fok || (ioc && traits.all_or_none());
        if (fill_or_kill || traits.all_or_none()) && !self.would_fill(at) {
            if fill_or_kill {
                return self.end(at, Status::Canceled, Some(Reason::Fok), sink);
            }
            if !traits.has_price() {
                return self.end(at, Status::Canceled, Some(Reason::NoLiquidity), sink);
            }
            return self.rest(at);
        }
        self.take_then_rest(at, sink);
    }

    /// Lets an order that is in no queue take; what is left of it rests or ends.
    pub(crate) fn take_then_rest<S: Sink>(&mut self, at: u32, sink: &mut S) {
        if !self.take(at, sink) {
            return;
        }
        let traits = self.orders[at].traits;
        if !traits.has_price() {
            self.end(at, Status::Canceled, Some(Reason::NoLiquidity), sink);
        } else if traits.time_in_force() == TimeInForce::Ioc {
            self.end(at, Status::Canceled, Some(Reason::Ioc), sink);
        } else {
            self.rest(at);
        }
    }

    /// Section 8: all-or-none orders that would fill now, then elected stops, one at a time.
    #[inline]
    pub(crate) fn settle<S: Sink>(&mut self, sink: &mut S) {
        let whole = self.sides.iter().any(|side| !side.all_or_none.is_empty());
        if (whole || !self.elected.is_empty()) && self.phase == Phase::Continuous {
            self.settle_all(sink);
        }
    }

    #[inline(never)]
    fn settle_all<S: Sink>(&mut self, sink: &mut S) {
        loop {
            if self.settled != self.changes {
                if let Some(at) = self.all_or_none_that_fills() {
                    self.detach(at);
                    if self.take(at, sink) {
                        self.rest(at);
                    }
                    continue;
                }
                self.settled = self.changes;
            }
            let Some(at) = self.elected.pop_front() else { return };
            self.trigger(at, sink);
        }
    }

    fn all_or_none_that_fills(&self) -> Option<u32> {
        for side in &self.sides {
            for at in side.all_or_none.values() {
                if !self.reaches(*at) {
                    break; // nor do those behind it
                }
                if self.would_fill(*at) {
                    return Some(*at);
                }
            }
        }
        None
    }

    /// Whether an order's limit reaches any order of the other side.
    fn reaches(&self, at: u32) -> bool {
        let Order { traits, price, .. } = self.orders[at];
        let other = traits.side().opposite();
        let resting = &self.sides[other as usize];
        let whole = resting.all_or_none.keys().next().map(|(rank, _)| *rank);
        resting.best_rank().into_iter().chain(whole).any(|best| best <= other.rank(price))
    }

    fn trigger<S: Sink>(&mut self, at: u32, sink: &mut S) {
        self.orders[at].place = Place::Taking;
        self.tell(at, Status::Triggered, None, sink);
        let pair = self.pair(at);
        if pair != NONE {
            self.end(pair, Status::Canceled, Some(Reason::Oco), sink);
        }
        let Order { traits, account, price, .. } = self.orders[at];
        if traits.reduce_only() && self.reducible(account, traits.side()) == 0 {
            return self.end(at, Status::Canceled, Some(Reason::ReduceOnly), sink);
        }
        if let Some(mode) = traits.post_only() {
            let Some(now) = self.post_only_price(traits.side(), price, mode) else {
                return self.end(at, Status::Canceled, Some(Reason::PostOnly), sink);
            };
            if now != price {
                self.orders[at].price = now;
                self.tell(at, Status::Replaced, Some(Reason::Slide), sink);
            }
        }
        self.act(at, sink);
    }

    /// An amend at the time that `advance` has reached. Errors: the codes of section 2 of the rules.
    pub fn amend<S: Sink>(&mut self, terms: &Terms, sink: &mut S) -> Result<(), Refusal> {
        let Some(at) = self.live(terms.order_id, terms.account) else { return refuse(Code::OrderUnknown, Field::OrderId) };
        let (price, slid) = self.check_amend(at, terms)?;
        let size = terms.size.unwrap_or(self.orders[at].size);
        if size <= self.orders[at].filled() {
            self.end(at, Status::Canceled, Some(Reason::Amended), sink);
        } else if self.orders[at].place == Place::Waiting {
            self.amend_waiting(at, price, size, terms, sink);
        } else {
            self.amend_resting(at, price, size, terms.display, slid.then_some(Reason::Slide), sink);
        }
        self.close(sink);
        Ok(())
    }

    fn amend_waiting<S: Sink>(&mut self, at: u32, price: i64, size: i64, terms: &Terms, sink: &mut S) {
        self.stops.remove(&self.orders[at], &self.rares[self.orders[at].rare]);
        self.resize(at, size);
        self.orders[at].price = price;
        let rare = self.rare_mut(at);
        rare.stop = terms.stop.unwrap_or(rare.stop);
        rare.display = terms.display.unwrap_or(rare.display);
        let stop = rare.stop;
        self.stops.insert(at, &self.orders[at], &self.rares[self.orders[at].rare]);
        self.tell(at, Status::Replaced, None, sink);
        self.elect_if_met(at, stop);
    }

    fn resize(&mut self, at: u32, size: i64) {
        let order = &mut self.orders[at];
        let more = size - order.size;
        order.size = size;
        order.leaves += more;
        self.sides[order.traits.side() as usize].leaves += more;
    }

    fn amend_resting<S: Sink>(&mut self, at: u32, price: i64, size: i64, display: Option<i64>, reason: Option<Reason>, sink: &mut S) {
        let Order { traits, price: old_price, size: old_size, .. } = self.orders[at];
        let other_price = price != old_price;
        let other_display = display.is_some_and(|display| display != self.display(at));
        if !other_price && !other_display && size <= old_size && !traits.all_or_none() {
            self.shrink(at, size);
            return self.tell(at, Status::Replaced, reason, sink);
        }
        self.detach(at);
        self.resize(at, size);
        self.orders[at].price = price;
        if let Some(display) = display {
            self.rare_mut(at).display = display;
        }
        self.tell(at, Status::Replaced, reason, sink);
        let takes = self.phase == Phase::Continuous
            && match (traits.all_or_none(), traits.post_only()) {
                (true, _) => self.would_fill(at),
                (false, None) => other_price,
                (false, Some(PostOnly::Reject | PostOnly::Slide)) => false,
            };
        if !takes || self.take(at, sink) {
            self.rest(at);
        }
    }

    /// Makes an order smaller where it is: an iceberg loses from its reserve first.
    fn shrink(&mut self, at: u32, size: i64) {
        let before = self.shown(at);
        let less = self.orders[at].size - size;
        self.resize(at, size);
        let Order { leaves, place, level, rare, traits, .. } = self.orders[at];
        let shown = before.min(leaves);
        if rare != NONE && self.rares[rare].display > 0 {
            self.rares[rare].shown = shown;
        }
        if place == Place::Level && less > 0 {
            let side = traits.side();
            let level = self.sides[side as usize].ladder.level_mut(level);
            level.shown -= before - shown;
            level.leaves -= less;
            let rank = level.rank;
            self.depth.touch(side, rank);
        }
    }
}
