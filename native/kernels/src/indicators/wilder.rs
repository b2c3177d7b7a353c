use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Wilder's average: the mean of the first `period` values, then each new one weighs 1 / period; None before.
/// Source: J. W. Wilder, *New Concepts in Technical Trading Systems* (1978), section III.
#[derive(Debug, Clone)]
pub struct Wilder {
    period: u32,
    seen: u32,
    /// Sum of the first values, then the average.
    state: f64,
}

impl Wilder {
    pub fn new(period: u32) -> Self {
        Self { period, seen: 0, state: 0.0 }
    }

    #[inline]
    pub fn next(&mut self, value: f64) -> Option<f64> {
        let period = f64::from(self.period);
        if self.seen == self.period {
            self.state = (self.state * (period - 1.0) + value) / period;
            return Some(self.state);
        }
        self.seen += 1;
        self.state += value;
        (self.seen == self.period).then(|| {
            self.state /= period;
            self.state
        })
    }

    pub fn write(&self, into: &mut Writer) {
        into.u32(self.seen);
        into.f64(self.state);
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        (self.seen, self.state) = (from.u32()?, from.f64()?);
        Ok(())
    }
}

/// A value that may not be there yet.
pub fn write_option(value: Option<f64>, into: &mut Writer) {
    into.u32(u32::from(value.is_some()));
    into.f64(value.unwrap_or_default());
}

pub fn read_option(from: &mut Reader) -> Result<Option<f64>, Fault> {
    let (there, value) = (from.u32()?, from.f64()?);
    Ok((there != 0).then_some(value))
}
