use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Rows by bands of their signs: two rows with at most `near` other signs have at least one of `near + 1` bands in common.
#[derive(Debug)]
pub struct Bands {
    count: u32,
    rows: FxHashMap<u64, VecDeque<u64>>,
}

impl Bands {
    pub fn new(near: u32) -> Self {
        Self { count: near + 1, rows: FxHashMap::default() }
    }

    fn keys(&self, signs: u64) -> impl Iterator<Item = u64> + use<> {
        let count = self.count;
        (0..count).map(move |band| {
            let (from, to) = (64 * band / count, 64 * (band + 1) / count);
            let bits = signs >> from & (u64::MAX >> (64 - (to - from)));
            if count == 1 { bits } else { bits | u64::from(band) << 58 }
        })
    }

    pub fn add(&mut self, row: u64, signs: u64) {
        for key in self.keys(signs) {
            self.rows.entry(key).or_default().push_back(row);
        }
    }

    /// Forgets the row that was added first of those that are there.
    pub fn forget(&mut self, signs: u64) {
        for key in self.keys(signs) {
            let Some(rows) = self.rows.get_mut(&key) else { continue };
            rows.pop_front();
            if rows.is_empty() {
                self.rows.remove(&key);
            }
        }
    }

    /// Every row that may be near, some of them several times.
    pub fn candidates(&self, signs: u64) -> impl Iterator<Item = u64> {
        self.keys(signs).filter_map(|key| self.rows.get(&key)).flatten().copied()
    }
}
