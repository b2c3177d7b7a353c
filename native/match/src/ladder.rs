use crate::order::Queue;
use crate::slab::{NONE, Slab};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::Bound;

/// The displayed orders of one side at one price.
#[derive(Debug)]
pub struct Level {
    /// `Side::rank` of its price.
    pub rank: i64,
    /// Sum of what its orders show.
    pub shown: i64,
    /// Sum of their leaves, the reserves of icebergs with them.
    pub leaves: i64,
    pub queue: Queue,
    pub orders: u32,
    page: u32,
}

/// 64 neighbouring ranks.
#[derive(Debug)]
struct Page {
    key: i64,
    /// Which of them have a level.
    bits: u64,
    levels: [u32; 64],
}

/// The levels of a side by rank. A level is found in constant time near the best and far from it; the next better or worse one by the
/// bits of its page, or by the ordered keys of the pages.
#[derive(Debug)]
pub struct Ladder {
    levels: Slab<Level>,
    pages: Slab<Page>,
    by_key: FxHashMap<i64, u32>,
    /// Pages that were looked for last, by the lowest bits of their keys; `NO_KEY` where there is none.
    near: [(i64, u32); NEAR],
    in_order: BTreeMap<i64, u32>,
    best: u32,
    best_rank: i64,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            levels: Slab::default(),
            pages: Slab::default(),
            by_key: FxHashMap::default(),
            near: [(NO_KEY, NONE); NEAR],
            in_order: BTreeMap::new(),
            best: NONE,
            best_rank: i64::MAX,
        }
    }
}

const PAGE_BITS: u32 = 6;
const NEAR: usize = 16;
/// No page has it: ranks are far smaller.
const NO_KEY: i64 = i64::MAX;

fn near(key: i64) -> usize {
    key as usize % NEAR
}

impl Ladder {
    /// The best level, or `NONE`.
    #[inline]
    pub fn best(&self) -> u32 {
        self.best
    }

    /// Rank of the best level; `i64::MAX` when there is none.
    #[inline]
    pub fn best_rank(&self) -> i64 {
        self.best_rank
    }

    #[inline]
    pub fn level(&self, at: u32) -> &Level {
        &self.levels[at]
    }

    #[inline]
    pub fn level_mut(&mut self, at: u32) -> &mut Level {
        &mut self.levels[at]
    }

    /// The next level behind one, or `NONE`.
    pub fn after(&self, at: u32) -> u32 {
        let Level { rank, page, .. } = self.levels[at];
        let page = &self.pages[page];
        let behind = page.bits & (u64::MAX << (rank & 63) as u32) << 1;
        if behind != 0 {
            return page.levels[behind.trailing_zeros() as usize];
        }
        let next = self.in_order.range((Bound::Excluded(page.key), Bound::Unbounded)).next();
        next.map_or(NONE, |(_, page)| {
            let page = &self.pages[*page];
            page.levels[page.bits.trailing_zeros() as usize & 63]
        })
    }

    /// Rank of the worst level.
    pub fn worst_rank(&self) -> Option<i64> {
        let (key, page) = self.in_order.last_key_value()?;
        Some((key << PAGE_BITS) + i64::from(63 - self.pages[*page].bits.leading_zeros()))
    }

    /// The level of a rank, made when there is none.
    #[inline]
    pub fn enter(&mut self, rank: i64) -> u32 {
        if rank == self.best_rank {
            return self.best;
        }
        let key = rank >> PAGE_BITS;
        let (known, page) = self.near[near(key)];
        let page = if known == key { page } else { self.find_page(key) };
        let (slot, bit) = ((rank & 63) as usize, 1 << (rank & 63));
        if self.pages[page].bits & bit != 0 {
            return self.pages[page].levels[slot];
        }
        let level = self.levels.insert(Level { rank, shown: 0, leaves: 0, queue: Queue::default(), orders: 0, page });
        let page = &mut self.pages[page];
        page.bits |= bit;
        page.levels[slot] = level;
        if rank < self.best_rank || self.best == NONE {
            (self.best, self.best_rank) = (level, rank);
        }
        level
    }

    /// The page of a key, made when there is none, and near from now on.
    #[inline(never)]
    fn find_page(&mut self, key: i64) -> u32 {
        let page = match self.by_key.get(&key) {
            Some(page) => *page,
            None => self.new_page(key),
        };
        self.near[near(key)] = (key, page);
        page
    }

    fn new_page(&mut self, key: i64) -> u32 {
        let page = self.pages.insert(Page { key, bits: 0, levels: [NONE; 64] });
        self.by_key.insert(key, page);
        self.in_order.insert(key, page);
        page
    }

    /// Takes out a level that has no orders left.
    pub fn leave(&mut self, at: u32) {
        if at == self.best {
            let next = self.after(at);
            (self.best, self.best_rank) = (next, if next == NONE { i64::MAX } else { self.levels[next].rank });
        }
        let Level { rank, page, .. } = self.levels[at];
        self.levels.remove(at);
        self.pages[page].bits &= !(1 << (rank & 63));
        if self.pages[page].bits == 0 {
            let key = self.pages[page].key;
            self.by_key.remove(&key);
            if self.near[near(key)].0 == key {
                self.near[near(key)] = (NO_KEY, NONE);
            }
            self.in_order.remove(&key);
            self.pages.remove(page);
        }
    }

    pub fn bytes(&self) -> usize {
        const ENTRY: usize = size_of::<(i64, u32)>();
        self.levels.bytes() + self.pages.bytes() + self.by_key.capacity() * (ENTRY + 1) * 8 / 7 + self.in_order.len() * ENTRY * 3 / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn levels_come_and_go_in_order_as_in_a_sorted_set() {
        let (mut ladder, mut sorted, mut state) = (Ladder::default(), BTreeSet::new(), 7_u64);
        for step in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let spread = if step % 3 == 0 { 1 << 54 } else { 300 };
            let rank = (state >> 9) as i64 % spread - spread / 2;
            if state >> 33 & 1 == 0 || sorted.is_empty() {
                ladder.enter(rank);
                sorted.insert(rank);
            } else {
                let rank = *sorted.range(rank..).next().unwrap_or(sorted.first().unwrap());
                let at = ladder.enter(rank);
                ladder.leave(at);
                sorted.remove(&rank);
            }
            assert_eq!(ladder.best_rank(), sorted.first().copied().unwrap_or(i64::MAX));
            assert_eq!(ladder.worst_rank(), sorted.last().copied());
        }
        let (mut at, mut walked) = (ladder.best(), Vec::new());
        while at != NONE {
            walked.push(ladder.level(at).rank);
            at = ladder.after(at);
        }
        assert!(walked.iter().eq(sorted.iter()));
    }
}
