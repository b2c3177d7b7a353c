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
        // written without branches, so that the compiler may take several features at once
        let moments = self.count.iter_mut().zip(&mut self.mean).zip(self.squares.iter_mut().zip(&mut self.scale));
        for (value, ((count, mean), (squares, scale))) in row.iter().zip(moments) {
            let there = !value.is_nan();
            let more = *count + if there { 1.0 } else { 0.0 };
            let before = if there { value - *mean } else { 0.0 };
            let centre = *mean + if there { before / more } else { 0.0 };
            *squares += if there { before * (value - centre) } else { 0.0 };
            *mean = centre;
            *count = more;
            *scale = scale_of(more, *squares);
        }
    }

    /// The row in deviations from the mean; a NaN is 0, as a feature is that has not varied.
    pub fn scaled(&self, row: &[f64], into: &mut [f64]) {
        for (((value, place), mean), scale) in row.iter().zip(into).zip(&self.mean).zip(&self.scale) {
            let scaled = (value - mean) * scale;
            *place = if scaled.is_nan() { 0.0 } else { scaled };
        }
    }

    pub fn write(&self, into: &mut Writer) {
        [&self.count, &self.mean, &self.squares].into_iter().for_each(|values| into.f64s(values));
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for values in [&mut self.count, &mut self.mean, &mut self.squares] {
            from.f64s(values)?;
        }
        let moments = self.count.iter().zip(&self.squares);
        self.scale.iter_mut().zip(moments).for_each(|(scale, (count, squares))| *scale = scale_of(*count, *squares));
        Ok(())
    }
}

/// 1 / standard deviation; 0 where nothing has varied.
#[inline]
fn scale_of(count: f64, squares: f64) -> f64 {
    let scale = (count / squares).sqrt();
    if scale < f64::INFINITY { scale } else { 0.0 }
}
