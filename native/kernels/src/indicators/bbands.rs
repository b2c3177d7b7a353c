use super::moments::Moments;
use super::recurrence::Recurrence;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Bollinger bands: lower, middle (the simple average) and upper, `deviations` population standard deviations apart.
/// Source: J. Bollinger, *Bollinger on Bollinger Bands* (2001), chapter 7; as TA-Lib BBANDS with a simple average.
#[derive(Debug, Clone)]
pub struct Bbands {
    deviations: f64,
    moments: Moments,
}

impl Bbands {
    pub fn new(period: usize, deviations: f64) -> Self {
        Self { deviations, moments: Moments::new(period) }
    }
}

impl Recurrence<1, 3> for Bbands {
    #[inline]
    fn push(&mut self, [value]: [f64; 1]) -> Option<[f64; 3]> {
        let (mean, variance) = self.moments.push(value)?;
        let width = self.deviations * variance.sqrt();
        Some([mean - width, mean, mean + width])
    }

    fn write(&self, into: &mut Writer) {
        self.moments.write(into);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.moments.read(from)
    }
}
