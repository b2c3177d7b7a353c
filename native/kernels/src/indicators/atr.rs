use super::recurrence::Recurrence;
use super::wilder::{Wilder, read_option, write_option};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// The greatest of today's range and the distances of its ends from the last close.
/// Source: J. W. Wilder, *New Concepts in Technical Trading Systems* (1978), section III.
#[inline]
pub fn true_range(high: f64, low: f64, last_close: f64) -> f64 {
    (high - low).max((high - last_close).abs()).max((low - last_close).abs())
}

/// Average true range of bars `[high, low, close]`: Wilder's average of the true ranges from the second bar on.
/// Source: J. W. Wilder, *New Concepts in Technical Trading Systems* (1978), section III.
#[derive(Debug, Clone)]
pub struct Atr {
    last_close: Option<f64>,
    average: Wilder,
}

impl Atr {
    pub fn new(period: u32) -> Self {
        Self { last_close: None, average: Wilder::new(period) }
    }
}

impl Recurrence<3, 1> for Atr {
    #[inline]
    fn push(&mut self, [high, low, close]: [f64; 3]) -> Option<[f64; 1]> {
        let last = self.last_close.replace(close)?;
        self.average.next(true_range(high, low, last)).map(|average| [average])
    }

    fn write(&self, into: &mut Writer) {
        write_option(self.last_close, into);
        self.average.write(into);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.last_close = read_option(from)?;
        self.average.read(from)
    }
}
