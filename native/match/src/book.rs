use crate::auction::Indicative;
use crate::depth::Depth;
use crate::event::{OrderChange, Sink};
use crate::ids::Ids;
use crate::instruction::{Conditions, Given, MAX_PRICE};
use crate::ladder::Ladder;
use crate::order::{Order, Place, Queue, Rare};
use crate::slab::{NONE, Slab};
use crate::stops::Stops;
use crate::words::{Phase, Reason, SelfTrade, Side, Status, TimeInForce};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, VecDeque};

/// What holds for a book from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Levels a side that `Sink::level` is told of; 0: none.
    pub depth: usize,
    /// Whether `Sink::auction` is told what an uncross would trade.
    pub auction: bool,
    /// Of orders that do not say.
    pub self_trade: SelfTrade,
}

impl Default for Settings {
    fn default() -> Self {
        Self { depth: 0, auction: false, self_trade: SelfTrade::Allow }
    }
}

/// Resting orders of one side.
#[derive(Debug, Default)]
pub(crate) struct Resting {
    pub ladder: Ladder,
    /// By rank, then turn.
    pub hidden: BTreeMap<(i64, u64), u32>,
    /// By rank, then entry.
    pub all_or_none: BTreeMap<(i64, u64), u32>,
    /// Market orders that wait for the uncross.
    pub market: Queue,
    /// Leaves of all live orders, also of those that wait for a stop.
    pub leaves: i64,
    /// Resting reduce-only orders.
    pub reduce_only: usize,
}

/// The orders of one symbol, and what the next instruction needs to know of the past.
///
/// Prices are ticks, sizes lots, times ns. Every call is one instruction of the rules (`operators/match/RULES.md`): it tells its
/// sink what it caused and leaves nothing undone.
#[derive(Debug)]
pub struct Book {
    pub(crate) settings: Settings,
    pub(crate) phase: Phase,
    pub(crate) lower: i64,
    pub(crate) upper: i64,
    pub(crate) reference: Option<i64>,
    pub(crate) increment_ticks: i64,
    pub(crate) increment_lots: i64,
    pub(crate) time: i64,
    /// Price of the last trade.
    pub(crate) last: Option<i64>,
    pub(crate) entries: u64,
    pub(crate) executions: i64,
    pub(crate) turns: u64,
    pub(crate) orders: Slab<Order>,
    pub(crate) rares: Slab<Rare>,
    pub(crate) ids: Ids,
    pub(crate) sides: [Resting; 2],
    pub(crate) stops: Stops,
    pub(crate) elected: VecDeque<u32>,
    /// By time, then entry.
    pub(crate) expiries: BTreeMap<(i64, u64), u32>,
    /// Earliest of `expiries`; `i64::MAX` when there is none.
    pub(crate) next_expiry: i64,
    /// Bought less sold, by account.
    pub(crate) positions: FxHashMap<u32, i128>,
    /// Pairs among the live orders.
    pub(crate) pairs: usize,
    /// Raised with every change of an order.
    pub(crate) changes: u64,
    /// `changes` when no all-or-none order could fill.
    pub(crate) settled: u64,
    pub(crate) depth: Depth,
    pub(crate) indicative: Indicative,
}

impl Book {
    /// An empty book in phase `continuous`, without bands, with increments of 1.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            phase: Phase::Continuous,
            lower: -MAX_PRICE,
            upper: MAX_PRICE,
            reference: None,
            increment_ticks: 1,
            increment_lots: 1,
            time: i64::MIN,
            last: None,
            entries: 0,
            executions: 0,
            turns: 0,
            orders: Slab::default(),
            rares: Slab::default(),
            ids: Ids::default(),
            sides: [Resting::default(), Resting::default()],
            stops: Stops::default(),
            elected: VecDeque::new(),
            expiries: BTreeMap::new(),
            next_expiry: i64::MAX,
            positions: FxHashMap::default(),
            pairs: 0,
            changes: 1,
            settled: 0,
            depth: Depth::new(settings.depth),
            indicative: Indicative::default(),
        }
    }

    /// An empty book that begins under these conditions, which `Conditions::check` has passed.
    pub fn under(settings: Settings, conditions: &Conditions) -> Self {
        let mut book = Self::new(settings);
        book.limit(conditions);
        if let Given::Is(phase) = conditions.phase {
            book.phase = phase;
        }
        book
    }

    /// Makes room for that many orders at once, so that none is made while they come.
    pub fn reserve(&mut self, orders: usize) {
        self.orders.reserve(orders);
        self.ids.reserve(orders);
    }

    /// Moves the time, which never goes back: what expires by then expires, each as an instruction of its own.
    #[inline]
    pub fn advance<S: Sink>(&mut self, time: i64, sink: &mut S) {
        if time >= self.next_expiry {
            self.expire(time, sink);
        }
        self.time = self.time.max(time);
    }

    #[cold]
    fn expire<S: Sink>(&mut self, time: i64, sink: &mut S) {
        while let Some(((expire_at, _), at)) = self.expiries.first_key_value().map(|(key, at)| (*key, *at))
            && expire_at <= time
        {
            self.time = self.time.max(expire_at);
            self.end(at, Status::Expired, Some(Reason::Gtd), sink);
            self.close(sink);
        }
    }

    /// Lets orders expire whose time has come though no instruction brought it.
    pub fn reach<S: Sink>(&mut self, watermark: i64, sink: &mut S) {
        if watermark >= self.next_expiry {
            self.expire(watermark, sink);
        }
    }

    /// What ends every instruction: section 8, then what is told of the displayed book and of the auction.
    #[inline]
    pub(crate) fn close<S: Sink>(&mut self, sink: &mut S) {
        self.settle(sink);
        self.publish(sink);
    }

    #[inline]
    pub(crate) fn publish<S: Sink>(&mut self, sink: &mut S) {
        if self.depth.touched() {
            self.depth.publish(self.time, &self.sides, sink);
        }
        if self.phase == Phase::Auction && self.settings.auction {
            self.tell_indicative(sink);
        }
    }

    /// The live order of an id and account.
    #[inline]
    pub(crate) fn live(&self, order_id: i64, account: u32) -> Option<u32> {
        let at = self.ids.get(order_id, &self.orders)?;
        (self.orders[at].account == account).then_some(at)
    }

    #[inline]
    pub(crate) fn rare(&self, at: u32) -> Option<&Rare> {
        let rare = self.orders[at].rare;
        (rare != NONE).then(|| &self.rares[rare])
    }

    /// The rare part of an order, made when it has none.
    pub(crate) fn rare_mut(&mut self, at: u32) -> &mut Rare {
        if self.orders[at].rare == NONE {
            self.orders[at].rare = self.rares.insert(Rare::default());
        }
        let rare = self.orders[at].rare;
        &mut self.rares[rare]
    }

    /// Most that an order shows at once; 0: its whole leaves.
    #[inline]
    pub(crate) fn display(&self, at: u32) -> i64 {
        self.rare(at).map_or(0, |rare| rare.display)
    }

    /// What an order shows as a maker.
    #[inline]
    pub(crate) fn shown(&self, at: u32) -> i64 {
        match self.rare(at) {
            Some(rare) if rare.display > 0 => rare.shown,
            _ => self.orders[at].leaves,
        }
    }

    /// The other order of its pair, or `NONE`.
    #[inline]
    pub(crate) fn pair(&self, at: u32) -> u32 {
        self.rare(at).map_or(NONE, |rare| rare.pair)
    }

    /// What an order of the side may still trade of the account's position without turning it.
    pub(crate) fn reducible(&self, account: u32, side: Side) -> i128 {
        let position = self.positions.get(&account).copied().unwrap_or_default();
        if side == Side::Buy { -position } else { position }.max(0)
    }

    /// Tells of a change of an order.
    #[inline]
    pub(crate) fn tell<S: Sink>(&mut self, at: u32, status: Status, reason: Option<Reason>, sink: &mut S) {
        self.changes += 1;
        let order = &self.orders[at];
        let waits = matches!(order.place, Place::Waiting | Place::Elected);
        let over = matches!(status, Status::Canceled | Status::Expired);
        sink.order(&OrderChange {
            ts_event: self.time,
            order_id: order.id,
            account: order.account,
            side: order.traits.side(),
            status,
            reason,
            price: order.traits.has_price().then_some(order.price),
            stop: if waits { Some(self.rares[order.rare].stop) } else { None },
            size: order.size,
            leaves: if over { 0 } else { order.leaves },
            filled: order.filled(),
        });
    }

    /// Ends a live order wherever it is, and tells of it.
    pub(crate) fn end<S: Sink>(&mut self, at: u32, status: Status, reason: Option<Reason>, sink: &mut S) {
        self.tell(at, status, reason, sink);
        self.detach(at);
        self.release(at);
    }

    /// Puts an order to rest at the tail of its queue.
    #[inline]
    pub(crate) fn rest(&mut self, at: u32) {
        self.rest_showing(at, None);
    }

    /// As `rest`; an iceberg shows that much, by itself its next part.
    pub(crate) fn rest_showing(&mut self, at: u32, shown_again: Option<i64>) {
        let Order { traits, price, leaves, entry, .. } = self.orders[at];
        let side = traits.side();
        let rank = side.rank(price);
        let resting = &mut self.sides[side as usize];
        resting.reduce_only += usize::from(traits.reduce_only());
        if !self.orders[at].listed {
            self.orders[at].listed = true;
            self.ids.insert(self.orders[at].id, at);
        }
        if traits.all_or_none() {
            resting.all_or_none.insert((rank, entry), at);
            self.orders[at].place = Place::AllOrNone;
        } else if !traits.has_price() {
            resting.market.push(&mut self.orders, at);
            self.orders[at].place = Place::Market;
        } else if traits.hidden() {
            self.turns += 1;
            resting.hidden.insert((rank, self.turns), at);
            self.orders[at].place = Place::Hidden;
            self.rare_mut(at).turn = self.turns;
        } else {
            let rare = self.orders[at].rare;
            let mut shown = leaves;
            if rare != NONE && self.rares[rare].display > 0 {
                shown = shown_again.unwrap_or_else(|| leaves.min(self.rares[rare].display));
                self.rares[rare].shown = shown;
            }
            let number = resting.ladder.enter(rank);
            let level = resting.ladder.level_mut(number);
            level.queue.push(&mut self.orders, at);
            level.shown += shown;
            level.leaves += leaves;
            level.orders += 1;
            let order = &mut self.orders[at];
            (order.level, order.place) = (number, Place::Level);
            self.depth.touch(side, rank);
        }
    }

    /// Takes an order out of wherever it is; it stays live.
    pub(crate) fn detach(&mut self, at: u32) {
        let Order { traits, price, leaves, entry, level: number, place, rare, .. } = self.orders[at];
        let side = traits.side();
        let rank = side.rank(price);
        self.orders[at].place = Place::Taking;
        let resting = &mut self.sides[side as usize];
        match place {
            Place::Nowhere | Place::Taking => return,
            Place::Waiting => return self.stops.remove(&self.orders[at], &self.rares[rare]),
            Place::Elected => return self.elected.retain(|elected| *elected != at),
            Place::Level => {
                let shown = if rare != NONE && self.rares[rare].display > 0 { self.rares[rare].shown } else { leaves };
                let level = resting.ladder.level_mut(number);
                level.queue.remove(&mut self.orders, at);
                level.shown -= shown;
                level.leaves -= leaves;
                level.orders -= 1;
                if level.orders == 0 {
                    resting.ladder.leave(number);
                }
                self.depth.touch(side, rank);
            }
            Place::Hidden => {
                resting.hidden.remove(&(rank, self.rares[rare].turn));
            }
            Place::AllOrNone => {
                resting.all_or_none.remove(&(rank, entry));
            }
            Place::Market => resting.market.remove(&mut self.orders, at),
        }
        resting.reduce_only -= usize::from(traits.reduce_only());
    }

    /// Forgets an order that is in no queue.
    pub(crate) fn release(&mut self, at: u32) {
        let Order { id, traits, leaves, entry, rare, listed, .. } = self.orders[at];
        self.sides[traits.side() as usize].leaves -= leaves;
        if listed {
            self.ids.remove(id, at);
        }
        if rare != NONE {
            self.unpair(at);
            if traits.time_in_force() == TimeInForce::Gtd {
                self.expiries.remove(&(self.rares[rare].expire_at, entry));
                self.next_expiry = self.expiries.first_key_value().map_or(i64::MAX, |((time, _), _)| *time);
            }
            self.rares.remove(rare);
        }
        self.orders[at].place = Place::Nowhere;
        self.orders.remove(at);
    }

    /// Dissolves the pair of an order, if it is one of a pair.
    pub(crate) fn unpair(&mut self, at: u32) {
        let other = self.pair(at);
        if other != NONE {
            self.rare_mut(at).pair = NONE;
            self.rare_mut(other).pair = NONE;
            self.pairs -= 1;
        }
    }

    /// Cancels the orders that pass, in entry order.
    pub(crate) fn end_all<S: Sink>(&mut self, status: Status, reason: Reason, sink: &mut S, pass: impl Fn(&Order) -> bool) {
        let live = self.orders.items().iter().zip(0_u32..).filter(|(order, _)| order.place != Place::Nowhere);
        let mut found: Vec<(u64, u32)> = live.filter(|(order, _)| pass(order)).map(|(order, at)| (order.entry, at)).collect();
        found.sort_unstable();
        for (_, at) in found {
            self.end(at, status, Some(reason), sink);
        }
    }

    /// Live orders, those that wait for a stop with them.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.len() == 0
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Latest time that an instruction or an expiry brought; `i64::MIN` before the first.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Price of the last trade.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// Time of the next expiry.
    pub fn next_expiry(&self) -> Option<i64> {
        (self.next_expiry != i64::MAX).then_some(self.next_expiry)
    }

    /// Price and size of the best displayed level of a side.
    pub fn best(&self, side: Side) -> Option<(i64, i64)> {
        self.levels(side).next().map(|(price, size, _)| (price, size))
    }

    /// The displayed levels of a side, best first: price, size, orders.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (i64, i64, u32)> {
        levels(&self.sides[side as usize].ladder, side)
    }

    /// Leaves of all live orders of a side, also of those that wait for a stop.
    pub fn leaves(&self, side: Side) -> i64 {
        self.sides[side as usize].leaves
    }

    /// Bought less sold by an account since the book began.
    pub fn position(&self, account: u32) -> i128 {
        self.positions.get(&account).copied().unwrap_or_default()
    }

    /// Memory that the book holds, by the capacity of what it is made of; trees by an estimate of their nodes.
    pub fn bytes(&self) -> usize {
        const NODE: usize = size_of::<((i64, u64), u32)>() * 3 / 2;
        let table = |capacity: usize, entry: usize| capacity * 8 / 7 * (entry + 1);
        let sides = self.sides.iter().map(|side| side.ladder.bytes() + (side.hidden.len() + side.all_or_none.len()) * NODE);
        size_of::<Self>()
            + self.orders.bytes()
            + self.rares.bytes()
            + self.ids.bytes()
            + table(self.positions.capacity(), size_of::<(u32, i128)>())
            + self.expiries.len() * NODE
            + self.stops.bytes()
            + sides.sum::<usize>()
    }
}

/// The levels of a ladder, best first: price, size, orders.
pub(crate) fn levels(ladder: &Ladder, side: Side) -> impl Iterator<Item = (i64, i64, u32)> {
    let mut at = ladder.best();
    std::iter::from_fn(move || {
        if at == NONE {
            return None;
        }
        let level = ladder.level(at);
        at = ladder.after(at);
        Some((side.rank(level.rank), level.shown, level.orders))
    })
}
