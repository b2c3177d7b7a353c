use crate::order::Order;
use crate::slab::{NONE, Slab};

/// Ids of live orders to their numbers: open addressing, where 512 neighbouring ids lie side by side, since venues number orders upwards
/// and what comes now is near what came last. What does not find its place free goes on by more than that, so that a full row of
/// neighbours in the way costs one step. The id itself is read from the order.
#[derive(Debug)]
pub struct Ids {
    entries: Vec<Entry>,
    len: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Hash of the id; where it belongs are its lowest bits.
    tag: u32,
    /// Number of the order; `NONE`: free.
    at: u32,
}

const FREE: Entry = Entry { tag: 0, at: NONE };
const LEAST: usize = 64;

/// Ids that lie side by side: a page of memory full.
const NEIGHBOURS_BITS: u32 = 9;
/// Odd, so that every place is reached; out of the row at once.
const STEP: usize = (1 << NEIGHBOURS_BITS) + 1;
/// `STEP * BACK` is 1: from a distance between places to steps.
const BACK: usize = {
    let (mut back, mut right) = (STEP, 3); // right in that many lowest bits, each turn in twice as many
    while right < usize::BITS {
        back = back.wrapping_mul(2_usize.wrapping_sub(STEP.wrapping_mul(back)));
        right *= 2;
    }
    back
};

const _: () = assert!(STEP.wrapping_mul(BACK) == 1);

#[inline]
fn tag(id: i64) -> u32 {
    // a folded product of what the neighbours share, then the place among them
    let product = u128::from((id >> NEIGHBOURS_BITS) as u64 ^ 0x9E37_79B9_7F4A_7C15) * 0xA076_1D64_78BD_642F;
    let hash = (product >> 64) as u64 ^ product as u64;
    (hash as u32).wrapping_add(id as u32 & ((1 << NEIGHBOURS_BITS) - 1))
}

impl Default for Ids {
    fn default() -> Self {
        Self { entries: vec![FREE; LEAST], len: 0 }
    }
}

impl Ids {
    pub fn len(&self) -> usize {
        self.len
    }

    fn mask(&self) -> usize {
        self.entries.len() - 1
    }

    #[inline]
    pub fn get(&self, id: i64, orders: &Slab<Order>) -> Option<u32> {
        let (tag, mask) = (tag(id), self.mask());
        let mut place = tag as usize & mask;
        loop {
            let entry = self.entries[place];
            if entry.at == NONE {
                return None;
            }
            if entry.tag == tag && orders[entry.at].id == id {
                return Some(entry.at);
            }
            place = (place + STEP) & mask;
        }
    }

    /// Of an id that is not there.
    #[inline]
    pub fn insert(&mut self, id: i64, at: u32) {
        if (self.len + 1) * 2 > self.entries.len() {
            self.resize(self.entries.len() * 2);
        }
        self.len += 1;
        self.put(Entry { tag: tag(id), at });
    }

    fn put(&mut self, entry: Entry) {
        let mask = self.mask();
        let mut place = entry.tag as usize & mask;
        while self.entries[place].at != NONE {
            place = (place + STEP) & mask;
        }
        self.entries[place] = entry;
    }

    #[inline]
    pub fn remove(&mut self, id: i64, at: u32) {
        let mask = self.mask();
        let mut hole = tag(id) as usize & mask;
        while self.entries[hole].at != at {
            if self.entries[hole].at == NONE {
                return;
            }
            hole = (hole + STEP) & mask;
        }
        self.len -= 1;
        // what lies behind moves up, unless it would then lie before where it belongs
        let (mut place, mut steps) = (hole, 0);
        loop {
            (place, steps) = ((place + STEP) & mask, steps + 1);
            let entry = self.entries[place];
            if entry.at == NONE {
                break;
            }
            let from_home = place.wrapping_sub(entry.tag as usize).wrapping_mul(BACK) & mask;
            if from_home >= steps {
                self.entries[hole] = entry;
                (hole, steps) = (place, 0);
            }
        }
        self.entries[hole] = FREE;
    }

    pub fn reserve(&mut self, ids: usize) {
        let wanted = (ids * 2).next_power_of_two();
        if wanted > self.entries.len() {
            self.resize(wanted);
        }
    }

    fn resize(&mut self, length: usize) {
        let before = std::mem::replace(&mut self.entries, vec![FREE; length]);
        before.into_iter().filter(|entry| entry.at != NONE).for_each(|entry| self.put(entry));
    }

    /// Numbers of all orders.
    pub fn values(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().filter(|entry| entry.at != NONE).map(|entry| entry.at)
    }

    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{Place, Traits};
    use std::collections::HashMap;

    fn order(id: i64) -> Order {
        let [next, prev, level, rare] = [NONE; 4];
        let (traits, place) = (Traits::default(), Place::Nowhere);
        Order { id, price: 0, size: 1, leaves: 1, entry: 0, next, prev, account: 0, level, rare, traits, place, listed: true }
    }

    #[test]
    fn ids_come_and_go_as_in_a_map() {
        let (mut ids, mut orders, mut map) = (Ids::default(), Slab::default(), HashMap::new());
        let mut state = 1_u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let pattern = (state >> 33) % 5;
            let small = (state >> 40) as i64 % 700;
            let id = [small, small << 32, -small, i64::MIN + small * 8, small * 512][pattern as usize];
            match map.remove(&id) {
                Some(at) => {
                    assert_eq!(ids.get(id, &orders), Some(at));
                    ids.remove(id, at);
                    orders.remove(at);
                }
                None => {
                    assert_eq!(ids.get(id, &orders), None);
                    let at = orders.insert(order(id));
                    ids.insert(id, at);
                    map.insert(id, at);
                }
            }
            assert_eq!(ids.len(), map.len());
        }
        assert!(map.iter().all(|(id, at)| ids.get(*id, &orders) == Some(*at)));
        assert_eq!(ids.values().count(), map.len());
    }

    #[test]
    fn full_rows_cost_a_new_id_a_few_steps() {
        let (mut ids, mut orders) = (Ids::default(), Slab::default());
        for id in 0..32_768 {
            let at = orders.insert(order(id));
            ids.insert(id, at);
        }
        let steps = |id: i64| {
            let (mut place, mut steps) = (tag(id) as usize & ids.mask(), 0);
            while ids.entries[place].at != NONE {
                (place, steps) = ((place + STEP) & ids.mask(), steps + 1);
            }
            steps
        };
        assert!((32_768..65_536).map(steps).sum::<usize>() < 4 * 32_768);
        assert!((32_768..65_536).map(|id| steps(id << 20)).sum::<usize>() < 4 * 32_768);
    }
}
