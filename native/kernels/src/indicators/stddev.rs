use super::moments::Moments;
use super::recurrence::Recurrence;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// `deviations` times the population standard deviation of the last `period` values.
/// Source: TA-Lib STDDEV; the way it is computed is that of `Moments`.
#[derive(Debug, Clone)]
pub struct Stddev {
    deviations: f64,
    moments: Moments,
}

impl Stddev {
    pub fn new(period: usize, deviations: f64) -> Self {
        Self { deviations, moments: Moments::new(period) }
    }
}

impl Recurrence<1, 1> for Stddev {
    #[inline]
    fn push(&mut self, [value]: [f64; 1]) -> Option<[f64; 1]> {
        let (_, variance) = self.moments.push(value)?;
        Some([self.deviations * variance.sqrt()])
    }

    fn write(&self, into: &mut Writer) {
        self.moments.write(into);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.moments.read(from)
    }
}
