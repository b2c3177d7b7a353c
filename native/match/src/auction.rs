use crate::book::{Book, Resting};
use crate::event::{AuctionChange, Sink};
use crate::order::{Order, Place};
use crate::slab::{NONE, Slab};
use crate::words::{Liquidity, Reason, Side, Status};

/// What an uncross would trade, as it was told last: price, lots, surplus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Indicative {
    pub price: Option<i64>,
    pub size: i64,
    pub surplus: Option<i64>,
}

impl Indicative {
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Prices between two neighbouring steps of demand and supply.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// Lowest and highest price of the span that may be chosen.
    from: i64,
    to: i64,
    demand: i64,
    supply: i64,
}

impl Span {
    fn traded(&self) -> i64 {
        self.demand.min(self.supply)
    }

    fn surplus(&self) -> i64 {
        self.demand - self.supply
    }
}

impl Resting {
    /// Sizes at limit prices, best first, up to a rank; all-or-none and reduce-only orders left out.
    fn sizes(&self, orders: &Slab<Order>, limit: i64) -> Vec<(i64, i64)> {
        let mut sizes = Vec::new();
        let mut at = self.ladder.best();
        let mut hidden = self.hidden.iter().peekable();
        loop {
            let level = (at != NONE).then(|| self.ladder.level(at));
            let behind = hidden.peek().map(|((rank, _), _)| *rank);
            let rank = level.map(|level| level.rank).into_iter().chain(behind).min();
            let Some(rank) = rank.filter(|rank| *rank <= limit) else { return sizes };
            let mut size = 0;
            if let Some(level) = level.filter(|level| level.rank == rank) {
                size = if self.reduce_only == 0 { level.leaves } else { queue_leaves(orders, level.queue.head) };
                at = self.ladder.after(at);
            }
            while let Some((_, order)) = hidden.next_if(|((of, _), _)| *of == rank) {
                size += counted(&orders[*order]);
            }
            if size > 0 {
                sizes.push((rank, size));
            }
        }
    }

    /// Rank of the best limit price of an order that is in the uncross.
    fn best_limit(&self, orders: &Slab<Order>) -> Option<i64> {
        if self.reduce_only == 0 { self.best_rank() } else { self.sizes(orders, i64::MAX).first().map(|(rank, _)| *rank) }
    }

    fn worst_rank(&self) -> Option<i64> {
        self.ladder.worst_rank().into_iter().chain(self.hidden.keys().next_back().map(|(rank, _)| *rank)).max()
    }
}

fn counted(order: &Order) -> i64 {
    if order.traits.reduce_only() { 0 } else { order.leaves }
}

fn queue_leaves(orders: &Slab<Order>, head: u32) -> i64 {
    let (mut at, mut sum) = (head, 0);
    while at != NONE {
        sum += counted(&orders[at]);
        at = orders[at].next;
    }
    sum
}

impl Book {
    /// Tells what an uncross would trade when that has changed.
    pub(crate) fn tell_indicative<S: Sink>(&mut self, sink: &mut S) {
        let now = self.equilibrium().map_or(Indicative::default(), |span| Indicative {
            price: Some(span.from),
            size: span.traded(),
            surplus: Some(span.surplus()),
        });
        if now != self.indicative {
            self.indicative = now;
            let Indicative { price, size, surplus } = now;
            sink.auction(&AuctionChange { ts_event: self.time, price, size, surplus, done: false });
        }
    }

    /// Section 11, steps 1 to 4: the price (`from`), and demand and supply there. None: nothing would trade.
    fn equilibrium(&self) -> Option<Span> {
        let [buys, sells] = &self.sides;
        let market = [queue_leaves(&self.orders, buys.market.head), queue_leaves(&self.orders, sells.market.head)];
        let spans = self.spans(market)?;
        if spans.is_empty() {
            let price = self.reference.or(self.last)?;
            return (market[0].min(market[1]) > 0).then_some(Span { from: price, to: price, demand: market[0], supply: market[1] });
        }
        let most = spans.iter().map(Span::traded).max().filter(|most| *most > 0)?;
        let least = spans.iter().filter(|span| span.traded() == most).map(|span| span.surplus().abs()).min()?;
        let left: Vec<&Span> = spans.iter().filter(|span| span.traded() == most && span.surplus().abs() == least).collect();
        let (first, last) = (*left.first()?, *left.last()?);
        let price = if left.iter().all(|span| span.surplus() > 0) {
            last.to
        } else if left.iter().all(|span| span.surplus() < 0) {
            first.from
        } else {
            let middle = (first.from + last.to).div_euclid(2);
            let reference = self.reference.or(self.last).unwrap_or(middle);
            left.iter().rev().find_map(|span| self.highest_up_to(span, reference)).unwrap_or(first.from)
        };
        let chosen = left.iter().find(|span| (span.from..=span.to).contains(&price))?;
        Some(Span { from: price, to: price, ..**chosen })
    }

    /// The highest price of a span that may be chosen and does not pass the reference.
    fn highest_up_to(&self, span: &Span, reference: i64) -> Option<i64> {
        if span.from > reference {
            return None;
        }
        Some(if span.to <= reference { span.to } else { self.floor(reference).max(span.from) })
    }

    /// The highest multiple of the increment that does not pass the price.
    fn floor(&self, price: i64) -> i64 {
        price.div_euclid(self.increment_ticks).saturating_mul(self.increment_ticks)
    }

    /// Where demand and supply are constant, by rising price, as far as both can be above 0: each limit price by itself, and between
    /// two of them the multiples of the increment. Empty when there is no limit price at all; None when nothing can trade.
    fn spans(&self, market: [i64; 2]) -> Option<Vec<Span>> {
        let [buys, sells] = &self.sides;
        let lowest = sells.best_limit(&self.orders).into_iter().chain(buys.worst_rank().map(|rank| -rank)).min();
        let highest = buys.best_limit(&self.orders).map(|rank| -rank).into_iter().chain(sells.worst_rank()).max();
        let (Some(lowest), Some(highest)) = (lowest, highest) else { return Some(Vec::new()) };
        let from = if market[1] > 0 { Some(lowest) } else { sells.best_limit(&self.orders) };
        let to = if market[0] > 0 { Some(highest) } else { buys.best_limit(&self.orders).map(|rank| -rank) };
        let (from, to) = (from?, to?);
        if from > to {
            return None;
        }
        let (bids, offers) = (buys.sizes(&self.orders, -from), sells.sizes(&self.orders, to));
        let mut prices: Vec<i64> = bids.iter().map(|(rank, _)| -rank).chain(offers.iter().map(|(rank, _)| *rank)).collect();
        prices.extend([from, to]);
        prices.sort_unstable();
        prices.dedup();
        let mut demand = market[0] + bids.iter().map(|(_, size)| size).sum::<i64>();
        let mut supply = market[1];
        let (mut bids, mut offers) = (bids.into_iter().rev().peekable(), offers.into_iter().peekable());
        let mut spans = Vec::with_capacity(2 * prices.len());
        for (number, price) in prices.iter().enumerate() {
            while let Some((_, size)) = offers.next_if(|(rank, _)| rank <= price) {
                supply += size;
            }
            spans.push(Span { from: *price, to: *price, demand, supply });
            while let Some((_, size)) = bids.next_if(|(rank, _)| -rank <= *price) {
                demand -= size;
            }
            if let Some(next) = prices.get(number + 1) {
                let (first, last) = (self.floor(*price).saturating_add(self.increment_ticks), self.floor(next - 1));
                if first <= last {
                    spans.push(Span { from: first, to: last, demand, supply });
                }
            }
        }
        Some(spans)
    }

    /// Section 11: trades at one price until nothing trades.
    pub(crate) fn uncross<S: Sink>(&mut self, sink: &mut S) {
        while let Some(span) = self.equilibrium() {
            let price = span.from;
            let [buys, sells] = [Side::Buy, Side::Sell].map(|side| self.eligible(side, price));
            let (mut buy, mut sell, mut traded) = (0, 0, 0_i64);
            while let (Some(one), Some(two)) = (buys.get(buy), sells.get(sell)) {
                if self.orders[*one].place == Place::Nowhere {
                    buy += 1;
                } else if self.orders[*two].place == Place::Nowhere {
                    sell += 1;
                } else {
                    traded += self.trade_at(*one, *two, price, sink);
                }
            }
            if traded == 0 {
                return;
            }
            sink.auction(&AuctionChange {
                ts_event: self.time,
                price: Some(price),
                size: traded,
                surplus: Some(span.surplus()),
                done: true,
            });
        }
    }

    /// Orders of a side that may trade at the price, in their order.
    fn eligible(&self, side: Side, price: i64) -> Vec<u32> {
        let resting = &self.sides[side as usize];
        let limit = side.rank(price);
        let mut found = Vec::new();
        self.queued(resting.market.head, &mut found);
        let mut at = resting.ladder.best();
        let mut hidden = resting.hidden.iter().peekable();
        loop {
            let level = (at != NONE).then(|| resting.ladder.level(at));
            let behind = hidden.peek().map(|((rank, _), _)| *rank);
            let rank = level.map(|level| level.rank).into_iter().chain(behind).min();
            let Some(rank) = rank.filter(|rank| *rank <= limit) else { break };
            if let Some(level) = level.filter(|level| level.rank == rank) {
                self.queued(level.queue.head, &mut found);
                at = resting.ladder.after(at);
            }
            while let Some((_, order)) = hidden.next_if(|((of, _), _)| *of == rank) {
                found.push(*order);
            }
        }
        found.retain(|at| !self.orders[*at].traits.reduce_only());
        found
    }

    fn queued(&self, head: u32, into: &mut Vec<u32>) {
        let mut at = head;
        while at != NONE {
            into.push(at);
            at = self.orders[at].next;
        }
    }

    fn trade_at<S: Sink>(&mut self, buy: u32, sell: u32, price: i64, sink: &mut S) -> i64 {
        let size = self.orders[buy].leaves.min(self.orders[sell].leaves);
        self.executions += 1;
        self.last = Some(price);
        let pairs = [self.pair(buy), self.pair(sell)];
        for at in [buy, sell] {
            let before = self.shown(at);
            self.fill(at, price, size, Liquidity::Auction, sink);
            self.lower_whole(at, before, size);
        }
        for at in [buy, sell] {
            self.tell_filled(at, sink);
        }
        let over = [buy, sell].map(|at| self.orders[at].leaves == 0);
        for (at, over) in [buy, sell].into_iter().zip(over) {
            if over {
                self.detach(at);
                self.release(at);
            }
        }
        for other in pairs {
            if other != NONE && self.orders[other].place != Place::Nowhere {
                self.end(other, Status::Canceled, Some(Reason::Oco), sink);
            }
        }
        size
    }

    /// As `lower`, for an order that trades whole: an iceberg shows its part of what is left, at its place.
    fn lower_whole(&mut self, at: u32, before: i64, size: i64) {
        let Order { place, level, rare, traits, leaves, .. } = self.orders[at];
        let mut shown = leaves;
        if rare != NONE && self.rares[rare].display > 0 {
            shown = leaves.min(self.rares[rare].display);
            self.rares[rare].shown = shown;
        }
        if place == Place::Level {
            let side = traits.side();
            let level = self.sides[side as usize].ladder.level_mut(level);
            level.shown -= before - shown;
            level.leaves -= size;
            let rank = level.rank;
            self.depth.touch(side, rank);
        }
    }
}
