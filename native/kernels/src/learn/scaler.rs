use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Running mean and deviation of every feature. Source: B. P. Welford (1962), Technometrics 4.
#[derive(Debug, Clone)]
pub struct Scaler {
    count: Vec<f64>,
    mean: Vec<f64>,
    /// Sum of squared deviations.
    squares: Vec<f64>,
    /// 1 / standard deviation; 0 where there is none yet.
    scale: Vec<f64>,
}

impl Scaler {
    pub fn new(features: usize) -> Self {
        let zeros = || vec![0.0; features];
        Self { count: zeros(), mean: zeros(), squares: zeros(), scale: zeros() }
    }

    /// Takes a row into account; features that are NaN are left out.
    pub fn learn(&mut self, row: &[f64]) {
        for (i, value) in row.iter().enumerate() {
            if value.is_nan() {
                continue;
            }
            self.count[i] += 1.0;
            let before = value - self.mean[i];
            self.mean[i] += before / self.count[i];
            self.squares[i] += before * (value - self.mean[i]);
            self.rescale(i);
        }
    }

    fn rescale(&mut self, i: usize) {
        let scale = 1.0 / (self.squares[i] / self.count[i]).sqrt();
        self.scale[i] = if scale.is_finite() { scale } else { 0.0 };
    }

    /// The row in deviations from the mean; a NaN is 0, as a feature is that has not varied.
    pub fn scaled(&self, row: &[f64], into: &mut [f64]) {
        for (i, value) in row.iter().enumerate() {
            let scaled = (value - self.mean[i]) * self.scale[i];
            into[i] = if scaled.is_nan() { 0.0 } else { scaled };
        }
    }

    pub fn write(&self, into: &mut Writer) {
        [&self.count, &self.mean, &self.squares].into_iter().for_each(|values| into.f64s(values));
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for values in [&mut self.count, &mut self.mean, &mut self.squares] {
            from.f64s(values)?;
        }
        (0..self.count.len()).for_each(|i| self.rescale(i));
        Ok(())
    }
}
