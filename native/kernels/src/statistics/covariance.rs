use super::sliding::Merge;

/// Means, sums of squared deviations and of their product, of two series.
/// Source of the joining: P. Pébay (2008), SAND2008-6212, section 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Covariance {
    pub count: f64,
    pub x_mean: f64,
    pub y_mean: f64,
    pub x_second: f64,
    pub y_second: f64,
    pub product: f64,
}

impl Covariance {
    pub fn of(x: f64, y: f64) -> Self {
        Self { count: 1.0, x_mean: x, y_mean: y, x_second: 0.0, y_second: 0.0, product: 0.0 }
    }
}

impl Merge for Covariance {
    #[inline]
    fn merge(self, after: Self) -> Self {
        let count = self.count + after.count;
        let share = after.count / count;
        let weight = self.count * share;
        let (dx, dy) = (after.x_mean - self.x_mean, after.y_mean - self.y_mean);
        Self {
            count,
            x_mean: self.x_mean + dx * share,
            y_mean: self.y_mean + dy * share,
            x_second: self.x_second + after.x_second + dx * dx * weight,
            y_second: self.y_second + after.y_second + dy * dy * weight,
            product: self.product + after.product + dx * dy * weight,
        }
    }
}
