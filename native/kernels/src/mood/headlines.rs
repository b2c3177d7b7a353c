use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// A headline about a symbol.
#[derive(Debug, Clone, Copy)]
pub struct Headline {
    /// When it is known: its own time, or that at which a late one came.
    pub known: i64,
    pub ts: i64,
    /// In [-1, 1].
    pub sentiment: f64,
    /// In [0, 1], at its own time.
    pub weight: f64,
}

/// Headlines of one symbol that have an effect now or later, by when they are known, of equal times as they came.
#[derive(Debug, Default)]
pub struct Headlines {
    all: Vec<Headline>,
}

/// What headlines say together at one time.
#[derive(Debug, Default, PartialEq)]
pub struct Sums {
    pub weighted: f64,
    pub weight: f64,
    pub count: i64,
}

impl Headlines {
    /// False when as many as there may be are within the horizon already.
    pub fn insert(&mut self, headline: Headline, horizon: i64, most: usize) -> bool {
        if self.all.len() >= most {
            let within = self.all.iter().filter(|other| headline.known.saturating_sub(other.ts) < horizon).count();
            if within >= most {
                return false;
            }
        }
        let at = self.all.partition_point(|other| other.known <= headline.known);
        self.all.insert(at, headline);
        true
    }

    /// Drops headlines that have no effect from a time on.
    pub fn forget(&mut self, ts: i64, horizon: i64) {
        self.all.retain(|headline| ts.saturating_sub(headline.ts) < horizon);
    }

    /// The sums at a time, by their definition; headlines that have no effect from then on go.
    pub fn at(&mut self, ts: i64, half_life: i64, horizon: i64) -> Sums {
        self.forget(ts, horizon);
        let mut sums = Sums::default();
        for headline in self.all.iter().take_while(|headline| headline.known <= ts) {
            let weight = headline.weight * libm::exp2(-((ts - headline.ts) as f64 / half_life as f64));
            sums.weighted += weight * headline.sentiment;
            sums.weight += weight;
            sums.count += 1;
        }
        sums
    }

    /// Time of the newest headline.
    pub fn last_ts(&self) -> Option<i64> {
        self.all.iter().map(|headline| headline.ts).max()
    }

    pub fn write(&self, into: &mut Writer) {
        into.count(self.all.len());
        for headline in &self.all {
            into.i64(headline.known);
            into.i64(headline.ts);
            into.f64(headline.sentiment);
            into.f64(headline.weight);
        }
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let mut all = Vec::new();
        for _ in 0..from.count()? {
            all.push(Headline { known: from.i64()?, ts: from.i64()?, sentiment: from.f64()?, weight: from.f64()? });
        }
        Ok(Self { all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_halve_and_end() {
        let mut headlines = Headlines::default();
        let headline = |known, ts, sentiment| Headline { known, ts, sentiment, weight: 1.0 };
        assert!(headlines.insert(headline(0, 0, 1.0), 30, 9));
        assert!(headlines.insert(headline(20, 10, -1.0), 30, 9));
        assert_eq!(headlines.at(10, 10, 30), Sums { weighted: 0.5, weight: 0.5, count: 1 });
        assert_eq!(headlines.at(20, 10, 30), Sums { weighted: -0.25, weight: 0.75, count: 2 });
        assert_eq!(headlines.at(30, 10, 30), Sums { weighted: -0.25, weight: 0.25, count: 1 });
        assert_eq!(headlines.at(40, 10, 30), Sums::default());
    }
}
