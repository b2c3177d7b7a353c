use super::recurrence::Recurrence;
use super::sliding::{Sliding, Sum};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Simple moving average: the mean of the last `period` values; None before there are as many.
/// Source: R. W. Colby, *The Encyclopedia of Technical Market Indicators* (2003), "Moving averages"; as TA-Lib SMA.
#[derive(Debug, Clone)]
pub struct Sma {
    period: f64,
    sum: Sliding<Sum>,
}

impl Sma {
    pub fn new(period: usize) -> Self {
        Self { period: period as f64, sum: Sliding::new(period) }
    }

    #[inline]
    pub fn next(&mut self, value: f64) -> Option<f64> {
        self.sum.push(value).map(|sum| sum / self.period)
    }
}

impl Recurrence<1, 1> for Sma {
    #[inline]
    fn push(&mut self, [value]: [f64; 1]) -> Option<[f64; 1]> {
        self.next(value).map(|mean| [mean])
    }

    fn write(&self, into: &mut Writer) {
        self.sum.write(into);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.sum.read(from)
    }
}
