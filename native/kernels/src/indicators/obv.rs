use super::recurrence::Recurrence;
use super::wilder::{read_option, write_option};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// On-balance volume of bars `[close, volume]`: volume added when the close rose, taken when it fell; begins with the first volume.
/// Source: J. E. Granville, *Granville's New Key to Stock Market Profits* (1963); the beginning as TA-Lib OBV.
#[derive(Debug, Clone, Default)]
pub struct Obv {
    last_close: Option<f64>,
    balance: f64,
}

impl Recurrence<2, 1> for Obv {
    #[inline]
    fn push(&mut self, [close, volume]: [f64; 2]) -> Option<[f64; 1]> {
        match self.last_close.replace(close) {
            Some(last) if close < last => self.balance -= volume,
            Some(last) if close == last => {}
            _ => self.balance += volume,
        }
        Some([self.balance])
    }

    fn write(&self, into: &mut Writer) {
        write_option(self.last_close, into);
        into.f64(self.balance);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        (self.last_close, self.balance) = (read_option(from)?, from.f64()?);
        Ok(())
    }
}
