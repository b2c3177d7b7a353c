use super::drift::Cut;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};

/// Buckets of a size before two become one of the next.
const MOST: usize = 5;
/// A cut is looked for at every so manieth value.
const CLOCK: u64 = 32;
const GRACE: f64 = 10.0;
/// Least values on either side of a cut.
const LEAST: f64 = 5.0;
/// Sizes of buckets: 2^62 values are never reached.
const SIZES: usize = 62;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    total: f64,
    /// Sum of squared deviations from its mean.
    variance: f64,
}

/// A window that grows while its values look alike, and drops its old part where the two parts of some cut have means too far apart.
/// Source: A. Bifet, R. Gavalda (2007), *Learning from Time-Changing Data with Adaptive Windowing*, SDM, ADWIN2.
#[derive(Debug, Clone, Default)]
pub struct Adwin {
    ticks: u64,
    width: f64,
    total: f64,
    variance: f64,
    /// By size 2^i, oldest first.
    sizes: Vec<Vec<Bucket>>,
}

fn size(i: usize) -> f64 {
    (1_u64 << i) as f64
}

/// What is added to the squared deviations where parts of these sizes and means become one.
fn between(n0: f64, mean0: f64, n1: f64, mean1: f64) -> f64 {
    n0 * n1 * (mean0 - mean1) * (mean0 - mean1) / (n0 + n1)
}

impl Adwin {
    /// Takes a value; the cut, where the mean has changed.
    pub fn push(&mut self, value: f64, delta: f64) -> Option<Cut> {
        self.width += 1.0;
        if self.width > 1.0 {
            let off = value - self.total / (self.width - 1.0);
            self.variance += (self.width - 1.0) * off * off / self.width;
        }
        self.total += value;
        if self.sizes.is_empty() {
            self.sizes.push(Vec::new());
        }
        self.sizes[0].push(Bucket { total: value, variance: 0.0 });
        self.compress();
        self.ticks += 1;
        if !self.ticks.is_multiple_of(CLOCK) || self.width <= GRACE {
            return None;
        }
        let mut found = None;
        while let Some(cut) = self.cut(delta) {
            found = found.or(Some(cut));
            self.drop_oldest();
        }
        found
    }

    fn compress(&mut self) {
        for i in 0..SIZES {
            if self.sizes.get(i).is_none_or(|buckets| buckets.len() <= MOST) {
                return;
            }
            if i + 1 == self.sizes.len() {
                self.sizes.push(Vec::new());
            }
            let (a, b, n) = (self.sizes[i][0], self.sizes[i][1], size(i));
            let variance = a.variance + b.variance + between(n, a.total / n, n, b.total / n);
            self.sizes[i + 1].push(Bucket { total: a.total + b.total, variance });
            self.sizes[i].drain(..2);
        }
    }

    fn drop_oldest(&mut self) {
        let Some(last) = self.sizes.len().checked_sub(1) else { return };
        let (n, oldest) = (size(last), self.sizes[last][0]);
        self.width -= n;
        self.total -= oldest.total;
        self.variance -= oldest.variance + between(n, oldest.total / n, self.width, self.total / self.width);
        self.sizes[last].remove(0);
        while self.sizes.last().is_some_and(Vec::is_empty) {
            self.sizes.pop();
        }
    }

    /// The first cut, from the old end, between means that differ too much.
    fn cut(&self, delta: f64) -> Option<Cut> {
        let (mut n0, mut u0, mut n1, mut u1) = (0.0, 0.0, self.width, self.total);
        for i in (0..self.sizes.len()).rev() {
            for bucket in &self.sizes[i] {
                n0 += size(i);
                n1 -= size(i);
                u0 += bucket.total;
                u1 -= bucket.total;
                if n0 < LEAST || n1 < LEAST {
                    continue;
                }
                let rise = u1 / n1 - u0 / n0;
                let most = self.most(n0, n1, delta);
                if rise.abs() > most {
                    return Some(Cut { rose: rise > 0.0, statistic: rise.abs(), threshold: most });
                }
            }
        }
        None
    }

    fn most(&self, n0: f64, n1: f64, delta: f64) -> f64 {
        let surety = libm::log(2.0 * libm::log(self.width) / delta);
        let parts = 1.0 / (n0 - LEAST + 1.0) + 1.0 / (n1 - LEAST + 1.0);
        let variance = (self.variance / self.width).max(0.0);
        (2.0 * parts * variance * surety).sqrt() + 2.0 / 3.0 * surety * parts
    }

    pub fn write(&self, into: &mut Writer) {
        into.i64(self.ticks as i64);
        into.f64s(&[self.width, self.total, self.variance]);
        into.count(self.sizes.len());
        for buckets in &self.sizes {
            into.count(buckets.len());
            buckets.iter().for_each(|bucket| into.f64s(&[bucket.total, bucket.variance]));
        }
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.ticks = u64::try_from(from.i64()?).map_err(|_| corrupt())?;
        for value in [&mut self.width, &mut self.total, &mut self.variance] {
            *value = from.f64()?;
        }
        let sizes = from.count()?;
        if sizes > SIZES + 1 {
            return Err(corrupt());
        }
        self.sizes = Vec::new();
        let mut width = 0.0;
        for i in 0..sizes {
            let count = from.count()?;
            if count > MOST {
                return Err(corrupt());
            }
            width += count as f64 * size(i);
            let bucket = |from: &mut Reader| Ok(Bucket { total: from.f64()?, variance: from.f64()? });
            self.sizes.push((0..count).map(|_| bucket(from)).collect::<Result<_, Fault>>()?);
        }
        let ends = self.sizes.last().is_some_and(Vec::is_empty);
        if width != self.width || ends { Err(corrupt()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{read_all, seal, unseal};

    fn state(window: &Adwin) -> Vec<u8> {
        let mut into = Writer::default();
        window.write(&mut into);
        let chunks = seal("adwin", 1, into);
        unseal("adwin", 1, &chunks.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_window_is_the_values_behind_the_last_change_and_comes_back_from_its_bytes() {
        let mut window = Adwin::default();
        let mut cuts = 0;
        for i in 0..3_000_u64 {
            let value = f64::from(u8::from(i >= 1_000)) + (i * 7_919 % 101) as f64 / 1_000.0;
            cuts += usize::from(window.push(value, 0.002).is_some_and(|cut| cut.rose));
            let bytes = state(&window);
            let mut again = Adwin::default();
            read_all(&bytes, |from| again.read(from)).unwrap();
            assert_eq!(state(&again), bytes);
        }
        assert!(cuts > 0 && window.width <= 2_100.0, "{cuts} {}", window.width);
        assert!(window.sizes.iter().all(|buckets| buckets.len() <= MOST));
        let bytes = state(&window);
        for length in 0..bytes.len() {
            assert!(read_all(&bytes[..length], |from| Adwin::default().read(from)).is_err(), "{length}");
        }
    }
}
