use crate::column::{Column, Values};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// What an aggregate of numbers keeps of a pane.
pub trait Moment: Copy + Default {
    fn add(&mut self, value: f64);
    /// Takes what a later pane has kept.
    fn merge(&mut self, later: &Self);
    fn value(&self) -> Option<f64>;
    fn write(&self, into: &mut Writer);
    fn read(from: &mut Reader) -> Result<Self, Fault>;
}

/// A sum with what rounding took from it. Source: A. Neumaier (1974), Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    sum: f64,
    lost: f64,
    count: i64,
}

impl Sum {
    fn plus(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }
}

impl Moment for Sum {
    #[inline]
    fn add(&mut self, value: f64) {
        self.plus(value);
        self.count += 1;
    }

    fn merge(&mut self, later: &Self) {
        self.plus(later.sum);
        self.lost += later.lost;
        self.count += later.count;
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then_some(self.sum + self.lost).filter(|sum| sum.is_finite())
    }

    fn write(&self, into: &mut Writer) {
        into.f64(self.sum);
        into.f64(self.lost);
        into.i64(self.count);
    }

    fn read(from: &mut Reader) -> Result<Self, Fault> {
        Ok(Self { sum: from.f64()?, lost: from.f64()?, count: from.i64()? })
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Mean(Sum);

impl Moment for Mean {
    #[inline]
    fn add(&mut self, value: f64) {
        self.0.add(value);
    }

    fn merge(&mut self, later: &Self) {
        self.0.merge(&later.0);
    }

    fn value(&self) -> Option<f64> {
        self.0.value().map(|sum| sum / self.0.count as f64)
    }

    fn write(&self, into: &mut Writer) {
        self.0.write(into);
    }

    fn read(from: &mut Reader) -> Result<Self, Fault> {
        Sum::read(from).map(Self)
    }
}

/// Sample variance, of distances from the first value: prices that lie close together far from 0 lose no digits. Sources: B. P. Welford (1962), Technometrics 4, 419; of parts, T. F. Chan, G. H. Golub, R. J. LeVeque (1979), STAN-CS-79-773.
#[derive(Debug, Clone, Copy, Default)]
pub struct Variance {
    count: i64,
    /// The first value; the mean is told from it.
    origin: f64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Moment for Variance {
    #[inline]
    fn add(&mut self, value: f64) {
        if self.count == 0 {
            self.origin = value;
        }
        self.count += 1;
        let value = value - self.origin;
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
    }

    fn merge(&mut self, later: &Self) {
        if self.count == 0 || later.count == 0 {
            if self.count == 0 {
                *self = *later;
            }
            return;
        }
        let (a, b) = (self.count as f64, later.count as f64);
        let distance = (later.origin - self.origin) + (later.mean - self.mean);
        self.count += later.count;
        self.mean += distance * (b / (a + b));
        self.squares += later.squares + distance * distance * (a * b / (a + b));
    }

    fn value(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64).filter(|variance| variance.is_finite())
    }

    fn write(&self, into: &mut Writer) {
        into.i64(self.count);
        into.f64(self.origin);
        into.f64(self.mean);
        into.f64(self.squares);
    }

    fn read(from: &mut Reader) -> Result<Self, Fault> {
        Ok(Self { count: from.i64()?, origin: from.f64()?, mean: from.f64()?, squares: from.f64()? })
    }
}

/// Calls `each` with the number of every row that is not null.
pub fn each_number(column: &Column, rows: usize, mut each: impl FnMut(usize, f64)) -> Result<(), Fault> {
    let fine = |row: &usize| column.is_valid(*row);
    match column.values {
        Values::F64(values) => (0..rows).filter(fine).for_each(|row| each(row, values[row])),
        Values::I64(values) => (0..rows).filter(fine).for_each(|row| each(row, values[row] as f64)),
        Values::I32(values) => (0..rows).filter(fine).for_each(|row| each(row, f64::from(values[row]))),
        _ => return Err(Fault::new("column-type", "a column that crossed holds no numbers")),
    }
    Ok(())
}

/// The same of whole numbers.
pub fn each_integer(column: &Column, rows: usize, mut each: impl FnMut(usize, i64)) -> Result<(), Fault> {
    let fine = |row: &usize| column.is_valid(*row);
    match column.values {
        Values::I64(values) => (0..rows).filter(fine).for_each(|row| each(row, values[row])),
        Values::I32(values) => (0..rows).filter(fine).for_each(|row| each(row, i64::from(values[row]))),
        _ => return Err(Fault::new("column-type", "a column that crossed holds no whole numbers")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<M: Moment>(values: &[f64]) -> M {
        let mut moment = M::default();
        values.iter().for_each(|value| moment.add(*value));
        moment
    }

    #[test]
    fn a_sum_keeps_what_rounding_takes() {
        assert_eq!(of::<Sum>(&[1.0, 1e100, 1.0, -1e100]).value(), Some(2.0)); // Neumaier's example
        assert_eq!(of::<Sum>(&[f64::MAX, f64::MAX]).value(), None);
        assert_eq!(of::<Sum>(&[]).value(), None);
    }

    #[test]
    fn the_variance_of_parts_is_that_of_the_whole() {
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 7)).collect();
        // of whole numbers, exactly: (n sum of squares - square of sum) / n / (n - 1), whatever is added to all
        let (sum, squares) = (0..1000_i64).map(|i| i % 7).fold((0, 0), |(sum, squares), value| (sum + value, squares + value * value));
        let exact = (1000 * squares - sum * sum) as f64 / (1000.0 * 999.0);
        let mut parts: Variance = of(&values[..10]);
        parts.merge(&of(&values[10..700]));
        parts.merge(&of(&values[700..]));
        for found in [parts.value(), of::<Variance>(&values).value()] {
            assert!((found.unwrap() - exact).abs() < 1e-13 * exact);
        }
        assert_eq!(of::<Variance>(&[1.0]).value(), None);
    }
}
