use crate::order::{Order, Rare};
use crate::slab::Slab;
use crate::words::Side;
use std::collections::BTreeMap;

type ByPrice = BTreeMap<(i64, u64), u32>;

/// Orders that wait for a stop, by price, then entry; those that trail also by the price at which they begin to follow.
#[derive(Debug, Default)]
pub struct Stops {
    /// Buys by `stop`, sells by `-stop`: the first is met first.
    waiting: [ByPrice; 2],
    /// Buys that trail by `-(stop - trail)`, sells by `stop + trail`: the first follows first.
    trailing: [ByPrice; 2],
    met: Vec<(u64, u32)>,
}

/// Buys are met by rising prices, sells by falling ones; both as rising numbers.
fn signed(side: Side, price: i64) -> i64 {
    if side == Side::Buy { price } else { -price }
}

/// What `-signed(price)` has to exceed for the stop to follow.
fn anchor(side: Side, rare: &Rare) -> i64 {
    -(signed(side, rare.stop) - rare.trail)
}

impl Stops {
    pub fn is_empty(&self) -> bool {
        self.waiting.iter().all(BTreeMap::is_empty)
    }

    pub fn insert(&mut self, at: u32, order: &Order, rare: &Rare) {
        let side = order.traits.side();
        self.waiting[side as usize].insert((signed(side, rare.stop), order.entry), at);
        if rare.trail > 0 {
            self.trailing[side as usize].insert((anchor(side, rare), order.entry), at);
        }
    }

    pub fn remove(&mut self, order: &Order, rare: &Rare) {
        let side = order.traits.side();
        self.waiting[side as usize].remove(&(signed(side, rare.stop), order.entry));
        if rare.trail > 0 {
            self.trailing[side as usize].remove(&(anchor(side, rare), order.entry));
        }
    }

    /// Whether a trade at `price` meets the stop.
    pub fn meets(side: Side, stop: i64, price: i64) -> bool {
        signed(side, stop) <= signed(side, price)
    }

    /// Takes out all that a trade at the price meets, in entry order.
    pub fn meet(&mut self, price: i64, orders: &Slab<Order>, rares: &Slab<Rare>) -> &[(u64, u32)] {
        self.met.clear();
        for side in [Side::Buy, Side::Sell] {
            let waiting = &mut self.waiting[side as usize];
            while let Some(entry) = waiting.first_entry().filter(|entry| entry.key().0 <= signed(side, price)) {
                let ((_, number), at) = entry.remove_entry();
                let rare = &rares[orders[at].rare];
                if rare.trail > 0 {
                    self.trailing[side as usize].remove(&(anchor(side, rare), number));
                }
                self.met.push((number, at));
            }
        }
        self.met.sort_unstable();
        &self.met
    }

    /// Lets the stops that trail follow a trade at the price.
    pub fn follow(&mut self, price: i64, orders: &Slab<Order>, rares: &mut Slab<Rare>) {
        for side in [Side::Buy, Side::Sell] {
            let (waiting, trailing) = (&mut self.waiting[side as usize], &mut self.trailing[side as usize]);
            let now = -signed(side, price);
            while let Some(entry) = trailing.first_entry().filter(|entry| entry.key().0 < now) {
                let ((_, number), at) = entry.remove_entry();
                let rare = &mut rares[orders[at].rare];
                waiting.remove(&(signed(side, rare.stop), number));
                rare.stop = if side == Side::Buy { price + rare.trail } else { price - rare.trail };
                waiting.insert((signed(side, rare.stop), number), at);
                trailing.insert((anchor(side, rare), number), at);
            }
        }
    }

    /// All that wait, buys first, then by stop and entry.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.waiting.iter().flat_map(BTreeMap::values).copied()
    }

    pub fn bytes(&self) -> usize {
        self.waiting.iter().chain(&self.trailing).map(|map| map.len() * size_of::<((i64, u64), u32)>() * 3 / 2).sum()
    }
}
