use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};

/// Which of the last observations were breaches, and how they follow each other; all counts are integers, so nothing drifts.
#[derive(Debug, Clone)]
pub struct Hits {
    window: usize,
    /// By slot (observation number modulo window).
    hits: Vec<bool>,
    /// Slot of the next.
    at: usize,
    pub breaches: u32,
    /// Pairs of neighbours by what the first and the second were.
    pub pairs: [[u32; 2]; 2],
}

impl Hits {
    pub fn new(window: usize) -> Self {
        Self { window, hits: Vec::new(), at: 0, breaches: 0, pairs: [[0; 2]; 2] }
    }

    pub fn observations(&self) -> u32 {
        self.hits.len() as u32
    }

    pub fn push(&mut self, hit: bool) {
        let count = self.hits.len();
        if count == self.window {
            let oldest = self.hits[self.at];
            self.breaches -= u32::from(oldest);
            if count > 1 {
                let second = self.hits[(self.at + 1) % count];
                self.pairs[usize::from(oldest)][usize::from(second)] -= 1;
            }
        }
        if count > 1 || (count == 1 && self.window > 1) {
            let newest = self.hits[(self.at + count - 1) % count];
            self.pairs[usize::from(newest)][usize::from(hit)] += 1;
        }
        match self.hits.get_mut(self.at) {
            Some(place) => *place = hit,
            None => self.hits.push(hit),
        }
        self.breaches += u32::from(hit);
        self.at = (self.at + 1) % self.window;
    }

    pub fn write(&self, into: &mut Writer) {
        into.count(self.at);
        into.bytes(&self.hits.iter().map(|hit| u8::from(*hit)).collect::<Vec<_>>());
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        let at = usize::try_from(from.i64()?).map_err(|_| corrupt())?;
        let hits: Vec<bool> = from.bytes()?.iter().map(|hit| *hit != 0).collect();
        if hits.len() > self.window || at >= self.window || (hits.len() < self.window && at != hits.len()) {
            return Err(corrupt());
        }
        let oldest = if hits.len() == self.window { at } else { 0 };
        let ordered: Vec<bool> = (0..hits.len()).map(|i| hits[(oldest + i) % hits.len()]).collect();
        let breaches = ordered.iter().map(|hit| u32::from(*hit)).sum();
        *self = Self { hits, at, breaches, ..Self::new(self.window) };
        for pair in ordered.windows(2) {
            self.pairs[usize::from(pair[0])][usize::from(pair[1])] += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_last_observations() {
        for window in 1..9 {
            let mut hits = Hits::new(window);
            let all: Vec<bool> = (0..60_u32).map(|i| i * i * 7 % 11 < 4).collect();
            for row in 0..all.len() {
                hits.push(all[row]);
                let seen = &all[(row + 1).saturating_sub(window)..=row];
                let pairs = |a: bool, b: bool| seen.windows(2).filter(|pair| **pair == [a, b]).count() as u32;
                assert_eq!(hits.breaches as usize, seen.iter().filter(|hit| **hit).count());
                assert_eq!(
                    hits.pairs,
                    [[pairs(false, false), pairs(false, true)], [pairs(true, false), pairs(true, true)]],
                    "{window} {row}"
                );
            }
        }
    }
}
