use super::recurrence::Recurrence;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Exponential moving average with weight 2 / (period + 1), begun with the mean of the first `period` values; None before.
/// Source: P. N. Haurlan, *Measuring Trend Values* (1968); the beginning as TA-Lib EMA.
#[derive(Debug, Clone)]
pub struct Ema {
    period: u32,
    weight: f64,
    seen: u32,
    /// Sum of the first values, then the average.
    state: f64,
}

impl Ema {
    pub fn new(period: u32) -> Self {
        Self { period, weight: 2.0 / (f64::from(period) + 1.0), seen: 0, state: 0.0 }
    }

    #[inline]
    pub fn next(&mut self, value: f64) -> Option<f64> {
        if self.seen == self.period {
            self.state += self.weight * (value - self.state);
            return Some(self.state);
        }
        self.seen += 1;
        self.state += value;
        (self.seen == self.period).then(|| {
            self.state /= f64::from(self.period);
            self.state
        })
    }
}

impl Recurrence<1, 1> for Ema {
    #[inline]
    fn push(&mut self, [value]: [f64; 1]) -> Option<[f64; 1]> {
        self.next(value).map(|mean| [mean])
    }

    fn write(&self, into: &mut Writer) {
        into.u32(self.seen);
        into.f64(self.state);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        (self.seen, self.state) = (from.u32()?, from.f64()?);
        Ok(())
    }
}
