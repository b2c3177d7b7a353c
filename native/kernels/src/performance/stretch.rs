use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use crate::statistics::covariance::Covariance;
use crate::statistics::returns::log_ratio;
use crate::statistics::sliding::Merge;
use std::f64::consts::LN_2;

/// Time of a peak that nobody saw: the level before the first return.
pub const UNSEEN: i64 = i64::MIN;

/// A return on its way from one row to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub value: f64,
    /// Return of the benchmark; 0 without one.
    pub benchmark: f64,
    /// The values that it was taken of, else 1 and 1 + return.
    pub from_level: f64,
    pub to_level: f64,
    pub from_ns: i64,
    pub to_ns: i64,
}

/// Bits by which levels are scaled down once they pass `LARGE`; a power of two leaves every digit as it is.
const SCALE_BITS: f64 = 500.0;
const LARGE: f64 = f64::from_bits((1023 + 500) << 52);
const SHRINK: f64 = 1.0 / LARGE;

/// What a stretch of returns has earned and risked. Where the returns are of values, levels are these values, so that one who is back where
/// he was is exactly there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Of the returns with those of the benchmark.
    pub moments: Covariance,
    /// Sum of squares of what the returns fall short of the minimum acceptable one.
    pub shortfall: f64,
    /// The level before the first return.
    first: f64,
    /// Last, highest and lowest level, `first` among them, scaled down `scaled` times.
    last: f64,
    high: f64,
    low: f64,
    scaled: u32,
    /// Largest fall from a level to a later one, as part of the former.
    pub depth: f64,
    /// When the highest level was last reached.
    pub peak_ns: i64,
}

impl Stretch {
    pub fn of(step: &Step, minimum: f64) -> Self {
        let Step { from_level: first, to_level: last, .. } = *step;
        let short = (step.value - minimum).min(0.0);
        let stretch = Self {
            moments: Covariance::of(step.value, step.benchmark),
            shortfall: short * short,
            first,
            last,
            high: last.max(first),
            low: last.min(first),
            scaled: 0,
            depth: (1.0 - last / first).max(0.0),
            peak_ns: if last >= first { step.to_ns } else { step.from_ns },
        };
        stretch.in_bounds()
    }

    fn shrunk(self) -> Self {
        Self { last: self.last * SHRINK, high: self.high * SHRINK, low: self.low * SHRINK, ..self }
    }

    fn in_bounds(mut self) -> Self {
        while self.high > LARGE {
            self = Self { scaled: self.scaled + 1, ..self.shrunk() };
        }
        self
    }

    /// Part of the highest level that is lost.
    pub fn drawdown(&self) -> f64 {
        1.0 - self.last / self.high
    }

    /// The level before the first return on the scale of the last one; none where it is too small for that.
    fn start(&self) -> Option<f64> {
        let start = (0..self.scaled).fold(self.first, |level, _| level * SHRINK);
        (start >= f64::MIN_POSITIVE).then_some(start)
    }

    /// Product of `1 + return`, less 1.
    pub fn growth(&self) -> f64 {
        self.start().map_or_else(|| libm::expm1(self.log_growth()), |start| (self.last - start) / start)
    }

    /// Sum of `ln(1 + return)`; minus infinity after ruin.
    pub fn log_growth(&self) -> f64 {
        let apart = || libm::log(self.last) - libm::log(self.first) + f64::from(self.scaled) * SCALE_BITS * LN_2;
        self.start().map_or_else(apart, |start| log_ratio(self.last, start))
    }

    pub fn write(&self, into: &mut Writer) {
        let Covariance { count, x_mean, y_mean, x_second, y_second, product } = self.moments;
        into.f64s(&[count, x_mean, y_mean, x_second, y_second, product]);
        into.f64s(&[self.shortfall, self.first, self.last, self.high, self.low, self.depth]);
        into.u32(self.scaled);
        into.i64(self.peak_ns);
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let mut numbers = [0.0; 12];
        from.f64s(&mut numbers)?;
        let [count, x_mean, y_mean, x_second, y_second, product, shortfall, first, last, high, low, depth] = numbers;
        let moments = Covariance { count, x_mean, y_mean, x_second, y_second, product };
        let scaled = from.u32()?;
        Ok(Self { moments, shortfall, first, last, high, low, scaled, depth, peak_ns: from.i64()? })
    }
}

impl Merge for Stretch {
    fn merge(self, after: Self) -> Self {
        let factor = self.last / after.first;
        let here = |level: f64| if level == after.first && after.scaled == 0 { self.last } else { level * factor };
        let (last, high, low) = (here(after.last), here(after.high), here(after.low));
        let before = (0..after.scaled).fold(self, |stretch, _| stretch.shrunk());
        let is_peak_after = high >= before.high;
        let merged = Self {
            moments: self.moments.merge(after.moments),
            shortfall: self.shortfall + after.shortfall,
            first: self.first,
            last,
            high: before.high.max(high),
            low: before.low.min(low),
            scaled: self.scaled + after.scaled,
            depth: self.depth.max(after.depth).max(1.0 - low / before.high),
            peak_ns: if is_peak_after { after.peak_ns } else { self.peak_ns },
        };
        merged.in_bounds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::sliding::Sliding;

    #[test]
    fn depth_and_peak_are_those_of_the_path_of_wealth() {
        let values: Vec<f64> = (0..400_i32).map(|i| f64::from((i * i * 37 + i * 11) % 201 - 100) / 1000.0).collect();
        let step = |row: usize| {
            let value = values[row];
            Step { value, benchmark: 0.0, from_level: 1.0, to_level: 1.0 + value, from_ns: row as i64, to_ns: row as i64 + 1 }
        };
        for window in [1, 2, 5, 33, 1000] {
            let mut sliding = Sliding::new(window);
            for row in 0..values.len() {
                let got = sliding.push(Stretch::of(&step(row), 0.0));
                let from = (row + 1).saturating_sub(window);
                let (mut level, mut peak, mut peak_ns, mut depth) = (1.0, 1.0, from as i64, 0.0_f64);
                for (at, value) in values[from..=row].iter().enumerate() {
                    level *= 1.0 + value;
                    if level >= peak {
                        (peak, peak_ns) = (level, (from + at + 1) as i64);
                    }
                    depth = depth.max(1.0 - level / peak);
                }
                assert!((got.depth - depth).abs() < 1e-13 && (got.drawdown() - (1.0 - level / peak)).abs() < 1e-13, "{window} {row}");
                assert_eq!(got.peak_ns, peak_ns, "{window} {row}");
                assert!((got.growth() + 1.0 - level).abs() < 1e-13 * level);
            }
        }
    }

    #[test]
    fn a_value_that_is_back_at_its_peak_has_lost_exactly_nothing() {
        let values = [97.93, 100.0, 88.0, 105.51, 93.2, 105.51];
        let steps = values.windows(2).enumerate().map(|(row, pair)| {
            let value = (pair[1] - pair[0]) / pair[0];
            let (from_ns, to_ns) = (row as i64, row as i64 + 1);
            Stretch::of(&Step { value, benchmark: 0.0, from_level: pair[0], to_level: pair[1], from_ns, to_ns }, 0.0)
        });
        let whole = steps.clone().reduce(Stretch::merge).unwrap();
        let split = steps.clone().take(2).reduce(Stretch::merge).unwrap().merge(steps.skip(2).reduce(Stretch::merge).unwrap());
        for stretch in [whole, split] {
            assert_eq!((stretch.drawdown(), stretch.peak_ns), (0.0, 5));
            assert_eq!((stretch.depth, stretch.growth()), (1.0 - 88.0 / 100.0, (105.51 - 97.93) / 97.93));
        }
    }

    #[test]
    fn a_fall_from_a_huge_value_is_a_loss_of_all() {
        let step = |from_level: f64, to_level: f64| {
            let value = (to_level - from_level) / from_level;
            Stretch::of(&Step { value, benchmark: 0.0, from_level, to_level, from_ns: 0, to_ns: 1 }, 0.0)
        };
        let fallen = step(1e200, 93.2);
        let after = fallen.merge(step(93.2, 120.07));
        for stretch in [fallen, after] {
            assert_eq!((stretch.growth(), stretch.drawdown(), stretch.depth), (-1.0, 1.0, 1.0));
        }
        assert_eq!((step(1e200, 1e200).merge(step(1e200, 1e200)).growth(), step(1e200, 2e200).growth()), (0.0, 1.0));
        assert!((after.log_growth() - ((120.07_f64).ln() - 200.0 * 10_f64.ln())).abs() < 1e-10);
    }

    #[test]
    fn a_long_rise_overflows_nothing_that_is_asked_for() {
        let step = |value: f64| {
            let step = Step { value, benchmark: 0.0, from_level: 1.0, to_level: 1.0 + value, from_ns: 0, to_ns: 1 };
            Stretch::of(&step, 0.0)
        };
        let risen = |count: usize| (1..count).fold(step(1.0), |stretch, _| stretch.merge(step(1.0)));
        for fallen in [risen(3_001).merge(step(-0.25)), risen(901).merge(risen(2_100).merge(step(-0.25)))] {
            assert_eq!((fallen.drawdown(), fallen.depth), (0.25, 0.25));
            assert!((fallen.log_growth() - (3_001.0 * 2.0_f64.ln() + 0.75_f64.ln())).abs() < 1e-9);
            assert_eq!(fallen.growth(), f64::INFINITY);
        }
    }
}
