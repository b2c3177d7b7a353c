use super::ftrl::dot;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub l2: f64,
    pub forgetting: f64,
}

/// Columns that are worked on at once: every sum has its own order of additions, whatever the machine takes at a time.
const LANES: usize = 4;
type Lanes = [f64; LANES];

/// Linear regression by recursive least squares: after each row the ridge solution of all rows so far.
/// Source: S. Haykin, *Adaptive Filter Theory*, chapter on the RLS algorithm (table 10.1 in the fifth edition).
#[derive(Debug, Clone)]
pub struct Rls {
    weights: Vec<f64>,
    /// Inverse of the weighted sum of outer products and `l2`, by lines, zeros beyond `width`. It is symmetric: of a line only the cells
    /// from its own lanes on are kept true.
    inverse: Vec<Lanes>,
    gains: Vec<Lanes>,
    row: Vec<Lanes>,
}

impl Rls {
    pub fn new(rules: &Rules, width: usize) -> Self {
        let blocks = width.div_ceil(LANES);
        let zeros = |blocks: usize| vec![[0.0; LANES]; blocks];
        let mut new = Self { weights: vec![0.0; width], inverse: zeros(LANES * blocks * blocks), gains: zeros(blocks), row: zeros(blocks) };
        new.restart(rules);
        new
    }

    fn restart(&mut self, rules: &Rules) {
        let side = LANES * self.gains.len();
        self.weights.fill(0.0);
        self.inverse.fill([0.0; LANES]);
        self.inverse.as_flattened_mut().iter_mut().step_by(side + 1).take(self.weights.len()).for_each(|cell| *cell = 1.0 / rules.l2);
    }

    pub fn value(&self, row: &[f64]) -> f64 {
        dot(&self.weights, row)
    }

    /// Learns a row. Numbers so large that the inverse is none any more make it begin anew.
    pub fn learn(&mut self, rules: &Rules, row: &[f64], label: f64) {
        let error = label - self.value(row);
        self.row.as_flattened_mut().iter_mut().zip(row).for_each(|(place, value)| *place = *value);
        self.multiply();
        let spread = rules.forgetting + dot(self.gains.as_flattened(), self.row.as_flattened());
        let share = 1.0 / spread;
        for (weight, gain) in self.weights.iter_mut().zip(self.gains.as_flattened()) {
            *weight += gain * share * error;
        }
        // one factor for both sides: the inverse stays symmetric to the last bit
        let root = share.sqrt();
        self.gains.as_flattened_mut().iter_mut().for_each(|gain| *gain *= root);
        self.reduce();
        self.forget(rules);
        let sound = spread >= 0.5 * rules.forgetting && spread < 1e200 && self.weights.iter().all(|weight| weight.abs() < 1e200);
        if !sound {
            self.restart(rules);
        }
    }

    /// Gains: the inverse times the row, two lines at a time. A cell right of the diagonal counts for its line and, mirrored, for its column.
    fn multiply(&mut self) {
        let blocks = self.gains.len();
        self.gains.fill([0.0; LANES]);
        for (pair, lines) in self.inverse.chunks_exact(2 * blocks).enumerate() {
            let (at, first) = (pair / 2, pair % 2 * 2);
            let (a, b) = lines.split_at(blocks);
            let (x, y) = (self.row[at][first], self.row[at][first + 1]);
            let (mut across_a, mut across_b) = ([0.0; LANES], [0.0; LANES]);
            let values = self.gains[at + 1..].iter_mut().zip(&self.row[at + 1..]);
            for ((gain, value), (a, b)) in values.zip(a[at + 1..].iter().zip(&b[at + 1..])) {
                for lane in 0..LANES {
                    gain[lane] += a[lane] * x + b[lane] * y;
                    across_a[lane] += a[lane] * value[lane];
                    across_b[lane] += b[lane] * value[lane];
                }
            }
            let own = &mut self.gains[at];
            for lane in 0..LANES {
                own[lane] += a[at][lane] * x + b[at][lane] * y;
            }
            own[first] += (across_a[0] + across_a[1]) + (across_a[2] + across_a[3]);
            own[first + 1] += (across_b[0] + across_b[1]) + (across_b[2] + across_b[3]);
        }
    }

    /// Takes the outer product of the gains from the inverse, four lines at a time.
    fn reduce(&mut self) {
        let blocks = self.gains.len();
        for (at, lines) in self.inverse.chunks_exact_mut(LANES * blocks).enumerate() {
            let (ab, cd) = lines.split_at_mut(2 * blocks);
            let ((a, b), (c, d)) = (ab.split_at_mut(blocks), cd.split_at_mut(blocks));
            let own = self.gains[at];
            let (ab, cd) = (a[at..].iter_mut().zip(&mut b[at..]), c[at..].iter_mut().zip(&mut d[at..]));
            for ((gain, (a, b)), (c, d)) in self.gains[at..].iter().zip(ab).zip(cd) {
                for lane in 0..LANES {
                    a[lane] -= own[0] * gain[lane];
                    b[lane] -= own[1] * gain[lane];
                    c[lane] -= own[2] * gain[lane];
                    d[lane] -= own[3] * gain[lane];
                }
            }
        }
    }

    /// Forgetting makes the model less sure, but never less than it was at its beginning.
    fn forget(&mut self, rules: &Rules) {
        if rules.forgetting == 1.0 {
            return;
        }
        let side = LANES * self.gains.len();
        let most = self.inverse.as_flattened().iter().step_by(side + 1).fold(0.0, |most: f64, cell| most.max(*cell));
        if most <= rules.forgetting / rules.l2 {
            self.inverse.as_flattened_mut().iter_mut().for_each(|cell| *cell /= rules.forgetting);
        }
    }

    pub fn write(&self, into: &mut Writer) {
        into.f64s(&self.weights);
        for (at, line) in self.inverse.chunks_exact(self.gains.len()).take(self.weights.len()).enumerate() {
            into.f64s(line[at / LANES..].as_flattened());
        }
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        from.f64s(&mut self.weights)?;
        let (blocks, width) = (self.gains.len(), self.weights.len());
        let lines = self.inverse.chunks_exact_mut(blocks).take(width).enumerate();
        for (at, line) in lines {
            from.f64s(line[at / LANES..].as_flattened_mut())?;
        }
        Ok(())
    }
}
