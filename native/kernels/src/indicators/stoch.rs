use super::recurrence::Recurrence;
use super::sliding::{Max, Min, Sliding};
use super::sma::Sma;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Slow stochastic of bars `[high, low, close]`: where the close lies in the range of the last `fast_k` bars, in percent, averaged
/// over `slow_k` bars (k), and that averaged over `slow_d` (d); None until d is there. In a range of nothing it is 0, as in TA-Lib.
/// Source: G. C. Lane, *Lane's Stochastics* (1984), Technical Analysis of Stocks & Commodities 2.
#[derive(Debug, Clone)]
pub struct Stoch {
    highest: Sliding<Max>,
    lowest: Sliding<Min>,
    k: Sma,
    d: Sma,
}

impl Stoch {
    pub fn new(fast_k: usize, slow_k: usize, slow_d: usize) -> Self {
        Self { highest: Sliding::new(fast_k), lowest: Sliding::new(fast_k), k: Sma::new(slow_k), d: Sma::new(slow_d) }
    }
}

impl Recurrence<3, 2> for Stoch {
    #[inline]
    fn push(&mut self, [high, low, close]: [f64; 3]) -> Option<[f64; 2]> {
        let (highest, lowest) = (self.highest.push(high), self.lowest.push(low));
        let (highest, lowest) = highest.zip(lowest)?;
        let range = highest - lowest;
        let fast = if range == 0.0 { 0.0 } else { 100.0 * ((close - lowest) / range) };
        let k = self.k.next(fast)?;
        self.d.next(k).map(|d| [k, d])
    }

    fn write(&self, into: &mut Writer) {
        self.highest.write(into);
        self.lowest.write(into);
        self.k.write(into);
        self.d.write(into);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.highest.read(from)?;
        self.lowest.read(from)?;
        self.k.read(from)?;
        self.d.read(from)
    }
}
