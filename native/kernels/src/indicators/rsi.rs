use super::recurrence::Recurrence;
use super::wilder::{Wilder, read_option, write_option};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Wilder's relative strength index over one series, in `[0, 100]`; None until `period` changes have been seen.
/// Without any change it is 0, as in TA-Lib.
/// Source: J. W. Wilder, *New Concepts in Technical Trading Systems* (1978), section VI.
#[derive(Debug, Clone)]
pub struct Rsi {
    last: Option<f64>,
    gain: Wilder,
    loss: Wilder,
}

impl Rsi {
    pub fn new(period: u32) -> Self {
        Self { last: None, gain: Wilder::new(period), loss: Wilder::new(period) }
    }
}

impl Recurrence<1, 1> for Rsi {
    #[inline]
    fn push(&mut self, [value]: [f64; 1]) -> Option<[f64; 1]> {
        let change = value - self.last.replace(value)?;
        let (gain, loss) = (self.gain.next(change.max(0.0)), self.loss.next((-change).max(0.0)));
        let (gain, loss) = gain.zip(loss)?;
        let moved = gain + loss;
        Some([if moved == 0.0 { 0.0 } else { 100.0 * gain / moved }])
    }

    fn write(&self, into: &mut Writer) {
        write_option(self.last, into);
        self.gain.write(into);
        self.loss.write(into);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.last = read_option(from)?;
        self.gain.read(from)?;
        self.loss.read(from)
    }
}
