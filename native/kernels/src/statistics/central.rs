use super::sliding::Merge;

/// Count, mean and sums of the second to fourth power of the deviations from the mean.
/// Source of the joining: P. Pébay (2008), *Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order
/// Statistical Moments*, SAND2008-6212, section 3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Central {
    pub count: f64,
    pub mean: f64,
    pub second: f64,
    pub third: f64,
    pub fourth: f64,
}

impl Central {
    pub fn of(value: f64) -> Self {
        Self { count: 1.0, mean: value, second: 0.0, third: 0.0, fourth: 0.0 }
    }

    /// The sums measured from a point that is `shift` below the mean.
    fn from(self, shift: f64) -> [f64; 3] {
        let square = shift * shift;
        let Self { count, second, third, fourth, .. } = self;
        [
            second + count * square,
            third + shift * (3.0 * second + count * square),
            fourth + shift * (4.0 * third + shift * (6.0 * second + count * square)),
        ]
    }
}

impl Merge for Central {
    #[inline]
    fn merge(self, after: Self) -> Self {
        let count = self.count + after.count;
        let delta = after.mean - self.mean;
        let (low, high) = (delta * (after.count / count), delta * (self.count / count));
        let mean = self.mean + low;
        let (a, b) = (self.from(-low), after.from(high));
        Self { count, mean, second: a[0] + b[0], third: a[1] + b[1], fourth: a[2] + b[2] }
    }
}

/// An asset `x` beside its portfolio `y`: the mean of `x` and the sums of its deviation times the first to third power of that of `y`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joint {
    pub y: Central,
    pub mean: f64,
    pub first: f64,
    pub second: f64,
    pub third: f64,
}

impl Joint {
    pub fn of(x: f64, y: f64) -> Self {
        Self { y: Central::of(y), mean: x, first: 0.0, second: 0.0, third: 0.0 }
    }

    fn from(self, dx: f64, dy: f64) -> [f64; 3] {
        let Self { y, first, second, third, .. } = self;
        let [y2, y3, _] = y.from(dy);
        [first + y.count * dx * dy, second + dy * (2.0 * first) + dx * y2, third + dy * (3.0 * second + dy * (3.0 * first)) + dx * y3]
    }
}

impl Merge for Joint {
    #[inline]
    fn merge(self, after: Self) -> Self {
        let count = self.y.count + after.y.count;
        let (before_share, after_share) = (self.y.count / count, after.y.count / count);
        let (dx, dy) = (after.mean - self.mean, after.y.mean - self.y.mean);
        let a = self.from(-dx * after_share, -dy * after_share);
        let b = after.from(dx * before_share, dy * before_share);
        Self { y: self.y.merge(after.y), mean: self.mean + dx * after_share, first: a[0] + b[0], second: a[1] + b[1], third: a[2] + b[2] }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sliding::Sliding;
    use super::*;

    /// Two passes over the window, measured from its first value.
    fn plain(x: &[f64], y: &[f64]) -> [f64; 6] {
        let mean = |values: &[f64]| values.iter().map(|v| v - values[0]).sum::<f64>() / values.len() as f64 + values[0];
        let (mx, my) = (mean(x), mean(y));
        let sum = |of: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| of(x - mx, y - my)).sum::<f64>();
        [
            sum(&|_, y| y * y),
            sum(&|_, y| y * y * y),
            sum(&|_, y| y * y * y * y),
            sum(&|x, y| x * y),
            sum(&|x, y| x * y * y),
            sum(&|x, y| x * y * y * y),
        ]
    }

    fn draws(seed: u32, count: usize) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            f64::from(state >> 16) / 65_536.0 - 0.5
        };
        (0..count).map(|_| next() * next() + 0.01 * next()).collect()
    }

    #[test]
    fn equal_two_passes_after_a_million_rows_also_far_from_zero() {
        let (count, window) = (1_000_000, 1_000);
        for (offset, tolerance) in [(0.0, 1e-12), (1e3, 1e-12), (1e6, 1e-9)] {
            let (x, y) = (draws(1, count), draws(2, count).iter().map(|v| v + offset).collect::<Vec<_>>());
            let mut sliding = Sliding::new(window);
            for row in 0..count {
                let got = sliding.push(Joint::of(x[row], y[row]));
                if row % 99_991 != 0 && row != count - 1 {
                    continue;
                }
                let from = (row + 1).saturating_sub(window);
                let expected = plain(&x[from..=row], &y[from..=row]);
                let of = [got.y.second, got.y.third, got.y.fourth, got.first, got.second, got.third];
                // odd sums cancel: their error is measured by the sum of their absolute terms
                let n = (row - from + 1) as f64;
                let spread = (expected[0] / n).sqrt();
                let scale = [1.0, spread, spread * spread, 1.0, spread, spread * spread].map(|power| (expected[0] + 1e-6) * power);
                for i in 0..6 {
                    assert!((of[i] - expected[i]).abs() <= tolerance * 10.0 * scale[i], "{offset} {row} {i}: {} {}", of[i], expected[i]);
                }
            }
        }
    }

    #[test]
    fn a_flat_window_has_no_deviation_at_all() {
        let mut sliding = Sliding::new(7);
        let last = [5.5, 0.1, 123.456].iter().chain([123.456; 40].iter()).map(|value| sliding.push(Central::of(*value))).last();
        assert_eq!(last, Some(Central { count: 7.0, ..Central::of(123.456) }));
    }
}
