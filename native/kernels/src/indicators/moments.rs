use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use std::sync::Arc;

/// Mean and sum of squared deviations of some values.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    mean: f64,
    squares: f64,
}

impl Part {
    /// With one value more; `share` is 1 / count with it.
    #[inline]
    fn with(self, value: f64, share: f64) -> Self {
        let delta = value - self.mean;
        let mean = self.mean + delta * share;
        Self { mean, squares: self.squares + delta * (value - mean) }
    }
}

/// Mean and variance of the last `period` values, without the cancellation of a running sum of squares and without drift:
/// two parts of a window (as in `Sliding`), each by Welford's recurrence, joined by Chan's formula.
/// Sources: B. P. Welford (1962), Technometrics 4; T. F. Chan, G. H. Golub, R. J. LeVeque (1983), The American Statistician 37.
#[derive(Debug, Clone)]
pub struct Moments {
    /// 1 / count, by count.
    shares: Arc<[f64]>,
    values: Box<[f64]>,
    /// Of the block before, from each value to its end.
    ends: Box<[Part]>,
    at: usize,
    begun: Part,
    full: bool,
}

impl Moments {
    pub fn new(period: usize) -> Self {
        let period = period.max(1);
        Self {
            shares: (0..=period).map(|count| 1.0 / count as f64).collect(),
            values: vec![0.0; period].into(),
            ends: vec![Part::default(); period].into(),
            at: 0,
            begun: Part::default(),
            full: false,
        }
    }

    /// Mean and population variance of the window.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<(f64, f64)> {
        let begun = if self.at == 0 { Part { mean: value, squares: 0.0 } } else { self.begun.with(value, self.shares[self.at + 1]) };
        self.begun = begun;
        self.values[self.at] = value;
        self.at += 1;
        let period = self.values.len();
        let share = self.shares[period];
        if self.at == period {
            self.turn();
            return Some((begun.mean, begun.squares * share));
        }
        if !self.full {
            return None;
        }
        let end = self.ends[self.at];
        let weight = self.at as f64 * share;
        let delta = begun.mean - end.mean;
        let squares = end.squares + begun.squares + delta * delta * (period - self.at) as f64 * weight;
        Some((end.mean + delta * weight, squares * share))
    }

    /// The block is whole: from now on its ends are wanted.
    fn turn(&mut self) {
        let mut part = Part::default();
        for (count, (value, end)) in self.values.iter().zip(self.ends.iter_mut()).rev().enumerate() {
            part = if count == 0 { Part { mean: *value, squares: 0.0 } } else { part.with(*value, self.shares[count + 1]) };
            *end = part;
        }
        self.at = 0;
        self.full = true;
    }

    pub fn write(&self, into: &mut Writer) {
        into.f64s(&self.values);
        self.ends.iter().for_each(|end| into.f64s(&[end.mean, end.squares]));
        into.count(self.at);
        into.f64s(&[self.begun.mean, self.begun.squares]);
        into.u32(u32::from(self.full));
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        from.f64s(&mut self.values)?;
        for end in &mut self.ends {
            *end = Part { mean: from.f64()?, squares: from.f64()? };
        }
        self.at = usize::try_from(from.i64()?).ok().filter(|at| *at < self.values.len()).ok_or_else(corrupt)?;
        self.begun = Part { mean: from.f64()?, squares: from.f64()? };
        self.full = from.u32()? != 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_two_passes_over_the_window_also_far_from_zero() {
        for (period, offset) in [(1, 0.0), (2, 0.0), (5, 1e6), (20, 1e9)] {
            let mut moments = Moments::new(period);
            let values: Vec<f64> = (0..200).map(|i| offset + f64::from(i * 73 % 31) / 8.0).collect();
            for i in 0..values.len() {
                let got = moments.push(values[i]);
                if i + 1 < period {
                    assert!(got.is_none());
                    continue;
                }
                let window = &values[i + 1 - period..=i];
                let mean = window.iter().map(|v| v - offset).sum::<f64>() / period as f64 + offset;
                let variance = window.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / period as f64;
                let (m, v) = got.unwrap();
                assert!((m - mean).abs() <= 1e-12 * mean.abs().max(1.0) && (v - variance).abs() <= 1e-6 * variance, "{period} {i}");
            }
        }
    }

    #[test]
    fn a_flat_window_has_no_variance_at_all() {
        let mut moments = Moments::new(7);
        let last = [5.5, 0.1, 123.456].iter().chain([123.456; 40].iter()).map(|value| moments.push(*value)).last();
        assert_eq!(last, Some(Some((123.456, 0.0))));
    }
}
