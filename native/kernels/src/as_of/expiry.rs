use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// When keys may be forgotten: an entry a key, with a time that its last row had once. An entry that comes up while its key has a newer row
/// goes back with that row's time, so that an update costs nothing.
#[derive(Debug, Default)]
pub struct Expiry {
    entries: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Expiry {
    pub fn push(&mut self, slot: u32, ts: i64) {
        self.entries.push(Reverse((ts, slot)));
    }

    /// Asks for keys whose last row may be before `oldest_ns`: its time where it is not, None where the key is forgotten.
    pub fn due(&mut self, oldest_ns: i64, mut judge: impl FnMut(u32) -> Option<i64>) {
        while let Some(Reverse((ts, slot))) = self.entries.peek().copied()
            && ts < oldest_ns
        {
            self.entries.pop();
            if let Some(newer) = judge(slot) {
                self.push(slot, newer);
            }
        }
    }
}
