use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};

/// An associative operation over a window.
pub trait Fold: Copy + Send {
    fn fold(a: f64, b: f64) -> f64;
}

#[derive(Debug, Clone, Copy)]
pub struct Sum;
#[derive(Debug, Clone, Copy)]
pub struct Max;
#[derive(Debug, Clone, Copy)]
pub struct Min;

impl Fold for Sum {
    #[inline]
    fn fold(a: f64, b: f64) -> f64 {
        a + b
    }
}

impl Fold for Max {
    #[inline]
    fn fold(a: f64, b: f64) -> f64 {
        if a > b { a } else { b }
    }
}

impl Fold for Min {
    #[inline]
    fn fold(a: f64, b: f64) -> f64 {
        if a < b { a } else { b }
    }
}

/// A fold over the last `period` values in three steps a value, whatever the period. Nothing is ever subtracted, so a sum has no
/// drift and forgets a huge value with the window that held it.
///
/// The stream is cut into blocks of `period`: a window is the end of one block and the beginning of the next.
/// Source: M. van Herk, *A fast algorithm for local minimum and maximum filters* (1992), Pattern Recognition Letters 13.
#[derive(Debug, Clone)]
pub struct Sliding<F> {
    /// Before `at`: the values of this block; from `at`: folds of the block before, each from there to its end.
    values: Box<[f64]>,
    at: usize,
    /// Fold of this block so far.
    prefix: f64,
    full: bool,
    fold: std::marker::PhantomData<F>,
}

impl<F: Fold> Sliding<F> {
    pub fn new(period: usize) -> Self {
        Self { values: vec![0.0; period.max(1)].into(), at: 0, prefix: 0.0, full: false, fold: std::marker::PhantomData }
    }

    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        self.prefix = if self.at == 0 { value } else { F::fold(self.prefix, value) };
        self.values[self.at] = value;
        self.at += 1;
        if self.at < self.values.len() {
            return self.full.then(|| F::fold(self.values[self.at], self.prefix));
        }
        let mut after = value;
        for before in self.values.iter_mut().rev().skip(1) {
            after = F::fold(*before, after);
            *before = after;
        }
        self.at = 0;
        self.full = true;
        Some(self.prefix)
    }

    pub fn write(&self, into: &mut Writer) {
        into.f64s(&self.values);
        into.count(self.at);
        into.f64(self.prefix);
        into.u32(u32::from(self.full));
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        from.f64s(&mut self.values)?;
        self.at = usize::try_from(from.i64()?).ok().filter(|at| *at < self.values.len()).ok_or_else(corrupt)?;
        self.prefix = from.f64()?;
        self.full = from.u32()? != 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_fold_of_the_last_values() {
        for period in 1..9 {
            let (mut sum, mut max, mut min) = (Sliding::<Sum>::new(period), Sliding::<Max>::new(period), Sliding::<Min>::new(period));
            let values: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 17 - 8)).collect();
            for (i, value) in values.iter().enumerate() {
                let window = (i + 1 >= period).then(|| &values[i + 1 - period..=i]);
                assert_eq!(sum.push(*value), window.map(|w| w.iter().sum()));
                assert_eq!(max.push(*value), window.map(|w| w.iter().copied().fold(f64::MIN, f64::max)));
                assert_eq!(min.push(*value), window.map(|w| w.iter().copied().fold(f64::MAX, f64::min)));
            }
        }
    }

    #[test]
    fn a_huge_value_leaves_no_trace() {
        let mut sum = Sliding::<Sum>::new(3);
        for value in [1e300, 0.1, 0.1, 0.1] {
            sum.push(value);
        }
        assert_eq!(sum.push(0.1), Some(0.1 + 0.1 + 0.1));
    }
}
