use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Trades of one key in one interval. Without trades it is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bar {
    /// Start of the interval, ns since 1970 UTC.
    pub start: i64,
    first_ns: i64,
    last_ns: i64,
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
    pub notional: f64,
    pub signed_volume: f64,
    pub trades: i64,
}

impl Bar {
    pub fn starting(start: i64) -> Self {
        Self { start, ..Self::default() }
    }

    /// Adds a trade of the interval. Open and close go by event time: of equal times the first to arrive opens, the last closes.
    #[inline]
    pub fn add(&mut self, ts_ns: i64, price: f64, size: f64, sign: f64) {
        if self.trades == 0 {
            (self.first_ns, self.last_ns) = (ts_ns, ts_ns);
            (self.open, self.high, self.low, self.close) = (price, price, price, price);
        } else {
            self.high = self.high.max(price);
            self.low = self.low.min(price);
            if ts_ns < self.first_ns {
                (self.first_ns, self.open) = (ts_ns, price);
            }
            if ts_ns >= self.last_ns {
                (self.last_ns, self.close) = (ts_ns, price);
            }
        }
        self.volume += size;
        self.notional += price * size;
        self.signed_volume += sign * size;
        self.trades += 1;
    }

    /// Volume-weighted average price; None when nothing was traded.
    pub fn vwap(&self) -> Option<f64> {
        (self.volume > 0.0).then(|| self.notional / self.volume)
    }

    pub fn write(&self, into: &mut Writer) {
        [self.start, self.first_ns, self.last_ns, self.trades].iter().for_each(|value| into.i64(*value));
        into.f64s(&[self.open, self.high, self.low, self.close, self.volume, self.notional, self.signed_volume]);
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let (start, first_ns, last_ns, trades) = (from.i64()?, from.i64()?, from.i64()?, from.i64()?);
        let mut values = [0.0; 7];
        from.f64s(&mut values)?;
        let [open, high, low, close, volume, notional, signed_volume] = values;
        Ok(Self { start, first_ns, last_ns, open, high, low, close, volume, notional, signed_volume, trades })
    }
}
