use super::atr::true_range;
use super::recurrence::Recurrence;
use super::wilder::Wilder;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Average directional index of bars `[high, low, close]`, in `[0, 100]`; None for the first `2 period - 1` bars.
/// Where nothing moved, the directional index of a bar counts as 0 while the average begins and is left out after, as in TA-Lib.
/// Source: J. W. Wilder, *New Concepts in Technical Trading Systems* (1978), section V.
#[derive(Debug, Clone)]
pub struct Adx {
    period: u32,
    /// 1 / period.
    share: f64,
    last: Option<[f64; 3]>,
    /// Bars after the first, counted up to `period`.
    seen: u32,
    /// Wilder's running sums of the true range and of the movements up and down.
    range: f64,
    up: f64,
    down: f64,
    average: Wilder,
    adx: Option<f64>,
}

impl Adx {
    pub fn new(period: u32) -> Self {
        Self {
            period,
            share: 1.0 / f64::from(period),
            last: None,
            seen: 0,
            range: 0.0,
            up: 0.0,
            down: 0.0,
            average: Wilder::new(period),
            adx: None,
        }
    }

    /// Directional index of the bar; None when nothing moved.
    #[inline]
    fn directional_index(&self) -> Option<f64> {
        if self.range == 0.0 {
            return None;
        }
        let both = self.up + self.down; // Wilder divides both by the range, which cancels
        (both != 0.0).then(|| 100.0 * ((self.down - self.up).abs() / both))
    }
}

impl Recurrence<3, 1> for Adx {
    #[inline]
    fn push(&mut self, [high, low, close]: [f64; 3]) -> Option<[f64; 1]> {
        let [last_high, last_low, last_close] = self.last.replace([high, low, close])?;
        let (rise, fall) = (high - last_high, last_low - low);
        self.seen = (self.seen + 1).min(self.period);
        if self.seen == self.period {
            self.range -= self.range * self.share;
            self.up -= self.up * self.share;
            self.down -= self.down * self.share;
        }
        self.range += true_range(high, low, last_close);
        if fall > 0.0 && rise < fall {
            self.down += fall;
        } else if rise > 0.0 && rise > fall {
            self.up += rise;
        }
        if self.seen < self.period {
            return None;
        }
        match (self.directional_index(), self.adx) {
            (None, Some(adx)) => Some([adx]),
            (index, _) => {
                self.adx = self.average.next(index.unwrap_or(0.0));
                self.adx.map(|adx| [adx])
            }
        }
    }

    fn write(&self, into: &mut Writer) {
        into.u32(u32::from(self.last.is_some()));
        into.f64s(&self.last.unwrap_or_default());
        into.u32(self.seen);
        into.f64s(&[self.range, self.up, self.down]);
        self.average.write(into);
        super::wilder::write_option(self.adx, into);
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        let there = from.u32()? != 0;
        let mut last = [0.0; 3];
        from.f64s(&mut last)?;
        self.last = there.then_some(last);
        self.seen = from.u32()?;
        (self.range, self.up, self.down) = (from.f64()?, from.f64()?, from.f64()?);
        self.average.read(from)?;
        self.adx = super::wilder::read_option(from)?;
        Ok(())
    }
}
