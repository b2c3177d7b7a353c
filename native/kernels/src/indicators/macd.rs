use super::ema::Ema;
use super::recurrence::Recurrence;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Moving average convergence / divergence: fast minus slow exponential average, its own exponential average (the signal), and
/// their difference; None until the signal is there.
/// Source: G. Appel, *Technical Analysis: Power Tools for Active Investors* (2005), chapter 8; as in TA-Lib the fast average
/// begins so late that both have their first value on the same row.
#[derive(Debug, Clone)]
pub struct Macd {
    /// Rows that the fast average still lets pass.
    skip: u32,
    fast: Ema,
    slow: Ema,
    signal: Ema,
}

impl Macd {
    /// `fast < slow`.
    pub fn new(fast: u32, slow: u32, signal: u32) -> Self {
        Self { skip: slow.saturating_sub(fast), fast: Ema::new(fast), slow: Ema::new(slow), signal: Ema::new(signal) }
    }
}

impl Recurrence<1, 3> for Macd {
    #[inline]
    fn push(&mut self, [value]: [f64; 1]) -> Option<[f64; 3]> {
        let slow = self.slow.next(value);
        let fast = if self.skip > 0 {
            self.skip -= 1;
            None
        } else {
            self.fast.next(value)
        };
        let macd = fast? - slow?;
        let signal = self.signal.next(macd)?;
        Some([macd, signal, macd - signal])
    }

    fn write(&self, into: &mut Writer) {
        into.u32(self.skip);
        [&self.fast, &self.slow, &self.signal].iter().for_each(|ema| ema.write(into));
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.skip = from.u32()?;
        [&mut self.fast, &mut self.slow, &mut self.signal].into_iter().try_for_each(|ema| ema.read(from))
    }
}
