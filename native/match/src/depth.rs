use crate::book::{Resting, levels};
use crate::event::{LevelChange, Sink};
use crate::words::Side;

/// A displayed level: price, size, orders.
pub(crate) type Shown = (i64, i64, u32);

/// The best levels of each side as they were told last.
#[derive(Debug)]
pub(crate) struct Depth {
    levels: usize,
    pub told: [Vec<Shown>; 2],
    pub sequence: i64,
    /// Worst rank of each side that matters.
    watched: [i64; 2],
    touched: [bool; 2],
    now: Vec<Shown>,
    changes: Vec<(Side, Shown)>,
    bytes: Vec<u8>,
}

impl Depth {
    pub fn new(levels: usize) -> Self {
        let watched = [if levels == 0 { i64::MIN } else { i64::MAX }; 2];
        Self {
            levels,
            told: [Vec::new(), Vec::new()],
            sequence: 0,
            watched,
            touched: [false; 2],
            now: Vec::new(),
            changes: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Notes that a level has changed.
    #[inline]
    pub fn touch(&mut self, side: Side, rank: i64) {
        self.touched[side as usize] |= rank <= self.watched[side as usize];
    }

    #[inline]
    pub fn touched(&self) -> bool {
        self.touched[0] | self.touched[1]
    }

    /// After `told` was restored.
    pub fn watch(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            let told = &self.told[side as usize];
            let full = told.len() == self.levels;
            let worst = told.last().filter(|_| full).map(|(price, ..)| side.rank(*price));
            self.watched[side as usize] = if self.levels == 0 { i64::MIN } else { worst.unwrap_or(i64::MAX) };
        }
    }

    /// Tells what differs from what was told last.
    #[inline(never)]
    pub fn publish<S: Sink>(&mut self, ts_event: i64, sides: &[Resting; 2], sink: &mut S) {
        self.changes.clear();
        for side in [Side::Buy, Side::Sell] {
            if !std::mem::take(&mut self.touched[side as usize]) {
                continue;
            }
            self.now.clear();
            self.now.extend(levels(&sides[side as usize].ladder, side).take(self.levels));
            self.compare(side);
            std::mem::swap(&mut self.told[side as usize], &mut self.now);
        }
        if self.changes.is_empty() {
            return;
        }
        self.watch();
        self.sequence += 1;
        let checksum = self.checksum();
        let best = |side: Side| self.told[side as usize].first().map(|(price, size, _)| (*price, *size));
        let (bid, ask) = (best(Side::Buy), best(Side::Sell));
        let end = self.changes.len() - 1;
        for (number, (side, (price, size, orders))) in self.changes.iter().enumerate() {
            sink.level(&LevelChange {
                ts_event,
                sequence: self.sequence,
                side: *side,
                price: *price,
                size: *size,
                orders: i64::from(*orders),
                bid,
                ask,
                checksum,
                last: number == end,
            });
        }
    }

    /// Notes the levels that went, then those that came or changed, each best first.
    fn compare(&mut self, side: Side) {
        let (told, now) = (&self.told[side as usize], &self.now);
        let rank = |level: &Shown| side.rank(level.0);
        let mut at = 0;
        for level in told {
            at += now[at..].iter().take_while(|now| rank(now) < rank(level)).count();
            if now.get(at).is_none_or(|now| now.0 != level.0) {
                self.changes.push((side, (level.0, 0, 0)));
            }
        }
        at = 0;
        for level in now {
            at += told[at..].iter().take_while(|told| rank(told) < rank(level)).count();
            if told.get(at) != Some(level) {
                self.changes.push((side, *level));
            }
        }
    }

    fn checksum(&mut self) -> u32 {
        self.bytes.clear();
        for (price, size, _) in self.told.iter().flatten() {
            self.bytes.extend_from_slice(&price.to_le_bytes());
            self.bytes.extend_from_slice(&size.to_le_bytes());
        }
        crc32fast::hash(&self.bytes)
    }
}
