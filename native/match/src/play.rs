use crate::book::Book;
use crate::ladder::Ladder;
use crate::order::Order;
use crate::slab::NONE;
use crate::take::limit_of;
use crate::words::{SelfTrade, Side};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

/// A take played through without effect: what it has changed so far, beside the book.
struct Play<'a> {
    book: &'a Book,
    taker: u32,
    account: u32,
    side: Side,
    self_trade: SelfTrade,
    /// Whether it is reduce-only, with a position smaller than its leaves.
    reduces: bool,
    leaves: i64,
    /// Orders that pairs have cancelled on the way.
    gone: FxHashSet<u32>,
    /// What accounts have bought less sold on the way; kept where reduce-only orders rest.
    moved: Option<FxHashMap<u32, i128>>,
}

/// How a played-through take goes on behind a maker.
enum Next {
    /// The maker shows nothing more; its leaves.
    Later(i64),
    /// The maker is over, or passed over.
    Past,
    /// The take is over.
    End,
}

impl Book {
    /// Whether a taker that is in no queue, or rests as all-or-none, would trade its whole leaves now.
    pub(crate) fn would_fill(&self, taker: u32) -> bool {
        let order = &self.orders[taker];
        let Order { traits, account, leaves, .. } = *order;
        let side = traits.side();
        // a trade with oneself leaves the position as it is, so that even then it may fill
        let reduces = traits.reduce_only() && self.reducible(account, side) < i128::from(leaves);
        let limit = limit_of(order);
        let resting = &self.sides[side.opposite() as usize];
        if !self.covers(side.opposite(), limit, leaves) {
            return false;
        }
        let self_trade = traits.self_trade();
        let plain = resting.all_or_none.is_empty() && resting.reduce_only == 0 && self.pairs == 0;
        if plain && !reduces && self_trade == SelfTrade::Allow {
            return true;
        }
        let moved = (reduces || resting.reduce_only > 0).then(FxHashMap::default);
        Play { book: self, taker, account, side, self_trade, reduces, leaves, gone: FxHashSet::default(), moved }.fills(limit)
    }

    /// Whether all that rests within the limit adds up to the size: what cannot be covered cannot fill.
    fn covers(&self, side: Side, limit: i64, size: i64) -> bool {
        let resting = &self.sides[side as usize];
        let mut rest = size;
        for orders in [&resting.hidden, &resting.all_or_none] {
            for (_, at) in orders.iter().take_while(|((rank, _), _)| *rank <= limit) {
                rest -= self.orders[*at].leaves;
                if rest <= 0 {
                    return true;
                }
            }
        }
        let mut at = resting.ladder.best();
        while at != NONE && resting.ladder.level(at).rank <= limit {
            rest -= resting.ladder.level(at).leaves;
            if rest <= 0 {
                return true;
            }
            at = resting.ladder.after(at);
        }
        false
    }
}

impl Play<'_> {
    fn fills(mut self, limit: i64) -> bool {
        let resting = &self.book.sides[self.side.opposite() as usize];
        let mut hidden = resting.hidden.iter().map(|((rank, _), at)| (*rank, *at)).peekable();
        let mut whole = resting.all_or_none.iter().map(|((rank, _), at)| (*rank, *at)).peekable();
        let mut level = resting.ladder.best();
        loop {
            let displayed = (level != NONE).then(|| resting.ladder.level(level).rank);
            let ranks = [displayed, hidden.peek().map(|(rank, _)| *rank), whole.peek().map(|(rank, _)| *rank)];
            let Some(rank) = ranks.into_iter().flatten().min().filter(|rank| *rank <= limit) else { return false };
            if displayed == Some(rank) {
                if self.level(&resting.ladder, level) {
                    return self.leaves == 0;
                }
                level = resting.ladder.after(level);
            }
            for orders in [&mut hidden as &mut dyn PeekingNext, &mut whole] {
                while let Some(at) = orders.next_at(rank) {
                    let leaves = self.book.orders[at].leaves;
                    if matches!(self.meet(at, leaves, leaves), Next::End) {
                        return self.leaves == 0;
                    }
                }
            }
        }
    }

    /// Meets the displayed orders of a level, icebergs again and again. True when the take is over.
    fn level(&mut self, ladder: &Ladder, level: u32) -> bool {
        let mut again: VecDeque<(u32, i64)> = VecDeque::new();
        let mut at = ladder.level(level).queue.head;
        while at != NONE {
            match self.meet(at, self.book.orders[at].leaves, self.book.shown(at)) {
                Next::End => return true,
                Next::Later(leaves) => again.push_back((at, leaves)),
                Next::Past => {}
            }
            at = self.book.orders[at].next;
        }
        while let Some((at, leaves)) = again.pop_front() {
            match self.meet(at, leaves, leaves.min(self.book.display(at))) {
                Next::End => return true,
                Next::Later(leaves) => again.push_back((at, leaves)),
                Next::Past => {}
            }
        }
        false
    }

    /// Meets one maker until it shows nothing more.
    fn meet(&mut self, at: u32, mut leaves: i64, mut shown: i64) -> Next {
        let Order { account, traits, .. } = self.book.orders[at];
        loop {
            let cap = self.cap();
            if cap == 0 {
                return Next::End;
            }
            if self.gone.contains(&at) || (traits.all_or_none() && leaves > cap) {
                return Next::Past;
            }
            if account == self.account && self.self_trade != SelfTrade::Allow {
                // the other modes end the taker or shrink it: it would not trade whole
                return if self.self_trade == SelfTrade::CancelOldest { Next::Past } else { Next::End };
            }
            let mut size = cap.min(shown);
            if traits.reduce_only() {
                let reducible = self.reducible(account, self.side.opposite());
                if reducible == 0 || (traits.all_or_none() && reducible < i128::from(leaves)) {
                    return Next::Past;
                }
                size = i128::from(size).min(reducible) as i64;
            }
            (leaves, shown, self.leaves) = (leaves - size, shown - size, self.leaves - size);
            self.move_positions(account, size);
            let others = [self.book.pair(at), self.book.pair(self.taker)];
            self.gone.extend(others.into_iter().filter(|other| *other != NONE));
            if self.leaves == 0 || self.gone.contains(&self.taker) {
                return Next::End;
            }
            if leaves == 0 || (traits.reduce_only() && self.reducible(account, self.side.opposite()) == 0) {
                return Next::Past;
            }
            if shown == 0 {
                return Next::Later(leaves);
            }
        }
    }

    fn move_positions(&mut self, maker: u32, size: i64) {
        let bought = i128::from(if self.side == Side::Buy { size } else { -size });
        if let Some(moved) = &mut self.moved {
            *moved.entry(self.account).or_default() += bought;
            *moved.entry(maker).or_default() -= bought;
        }
    }

    /// What the taker may trade now.
    fn cap(&self) -> i64 {
        if self.reduces { i128::from(self.leaves).min(self.reducible(self.account, self.side)) as i64 } else { self.leaves }
    }

    /// What an order of the account and side may still trade of its position.
    fn reducible(&self, account: u32, side: Side) -> i128 {
        let moved = self.moved.as_ref().and_then(|moved| moved.get(&account)).copied().unwrap_or_default();
        let position = self.book.position(account) + moved;
        if side == Side::Buy { -position } else { position }.max(0)
    }
}

/// The orders of a peekable sequence that have a rank.
trait PeekingNext {
    fn next_at(&mut self, rank: i64) -> Option<u32>;
}

impl<I: Iterator<Item = (i64, u32)>> PeekingNext for std::iter::Peekable<I> {
    fn next_at(&mut self, rank: i64) -> Option<u32> {
        self.next_if(|(at, _)| *at == rank).map(|(_, order)| order)
    }
}
