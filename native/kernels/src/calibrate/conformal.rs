use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use crate::statistics::ranked::{Entry, Ranked};
use serde::Deserialize;
use std::collections::VecDeque;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Split,
    Adaptive,
    None,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub kind: Kind,
    pub two_sided: bool,
    pub coverage: f64,
    /// Step of the adaptive level.
    pub step: f64,
    pub window: u32,
    pub min_rows: u32,
    /// Rows of the live coverage.
    pub coverage_rows: u32,
}

/// Keeps ranks that are whole from being missed by a rounding.
const EXACT: f64 = 1e-9;

/// Bounds from the errors in a window. Sources: J. Lei et al. (2018), Journal of the American Statistical Association 113 (split
/// conformal); I. Gibbs, E. Candes (2021), *Adaptive Conformal Inference Under Distribution Shift*, NeurIPS.
pub struct Conformal {
    errors: VecDeque<f64>,
    /// Errors so far.
    rows: u64,
    ranked: Ranked,
    /// Share of rows that may fall outside.
    miss: f64,
    inside: VecDeque<bool>,
    hits: usize,
}

impl Conformal {
    pub fn new(rules: &Rules) -> Self {
        Self { errors: VecDeque::new(), rows: 0, ranked: Ranked::default(), miss: 1.0 - rules.coverage, inside: VecDeque::new(), hits: 0 }
    }

    /// Forgets the errors, not what was counted of the coverage.
    pub fn forget(&mut self, rules: &Rules) {
        self.errors.clear();
        self.ranked = Ranked::default();
        self.miss = 1.0 - rules.coverage;
    }

    /// Whether there are too few errors for bounds.
    pub fn is_cold(&self, rules: &Rules) -> bool {
        rules.kind != Kind::None && self.errors.len() < rules.min_rows as usize
    }

    /// Offsets of the bounds from a forecast, infinite where the window is too short to know one; none until warm.
    pub fn offsets(&self, rules: &Rules) -> Option<(f64, f64)> {
        let count = self.ranked.entries().len();
        if rules.kind == Kind::None || count < rules.min_rows as usize || count == 0 {
            return None;
        }
        let all = count as f64 + 1.0;
        let miss = if rules.two_sided { self.miss / 2.0 } else { self.miss };
        let high = libm::ceil(all * (1.0 - miss) - EXACT).max(1.0);
        let upper = if high > count as f64 { f64::INFINITY } else { self.ranked.entries()[high as usize - 1].value };
        if !rules.two_sided {
            return Some((-upper, upper));
        }
        let low = libm::floor(all * miss + EXACT).min(count as f64);
        let lower = if low < 1.0 { f64::NEG_INFINITY } else { self.ranked.entries()[low as usize - 1].value };
        Some((lower.min(upper), upper.max(lower)))
    }

    /// A label has come for a row whose bounds were given.
    pub fn held(&mut self, rules: &Rules, inside: bool) {
        if self.inside.len() >= rules.coverage_rows as usize {
            self.hits -= usize::from(self.inside.pop_front() == Some(true));
        }
        self.inside.push_back(inside);
        self.hits += usize::from(inside);
        if rules.kind == Kind::Adaptive {
            // at 0 all is inside, so that it rises by itself; what lies on the bound is inside too, so that at 1 it might rise for ever
            self.miss = (self.miss + rules.step * (1.0 - rules.coverage - f64::from(u8::from(!inside)))).min(1.0);
        }
    }

    pub fn coverage(&self) -> Option<f64> {
        (!self.inside.is_empty()).then(|| self.hits as f64 / self.inside.len() as f64)
    }

    /// Takes the error of a row: actual minus expected return.
    pub fn push(&mut self, rules: &Rules, error: f64) {
        if rules.kind == Kind::None {
            return;
        }
        // `+ 0.0` makes -0 a 0
        let value = if rules.two_sided { error } else { error.abs() } + 0.0;
        let new = Entry { value, row: self.rows };
        if self.errors.len() >= rules.window as usize {
            if let Some(old) = self.errors.pop_front() {
                self.ranked.replace(&Entry { value: old, row: self.rows - u64::from(rules.window) }, new);
            }
        } else {
            self.ranked.insert(new);
        }
        self.errors.push_back(value);
        self.rows += 1;
    }

    pub fn write(&self, into: &mut Writer) {
        into.i64(self.rows as i64);
        into.f64(self.miss);
        into.count(self.errors.len());
        self.errors.iter().for_each(|error| into.f64(*error));
        into.count(self.inside.len());
        self.inside.iter().for_each(|inside| into.u32(u32::from(*inside)));
    }

    pub fn read(&mut self, rules: &Rules, from: &mut Reader) -> Result<(), Fault> {
        self.rows = u64::try_from(from.i64()?).map_err(|_| corrupt())?;
        self.miss = from.f64()?;
        let count = from.count()?;
        if count > rules.window as usize || count as u64 > self.rows {
            return Err(corrupt());
        }
        self.errors = (0..count).map(|_| from.f64()).collect::<Result<_, Fault>>()?;
        if self.errors.iter().any(|error| !error.is_finite()) {
            return Err(corrupt());
        }
        let first = self.rows - count as u64;
        self.ranked.refill(self.errors.iter().zip(first..).map(|(value, row)| Entry { value: *value, row }));
        let count = from.count()?;
        if count > rules.coverage_rows as usize {
            return Err(corrupt());
        }
        self.inside = (0..count).map(|_| from.u32().map(|inside| inside == 1)).collect::<Result<_, Fault>>()?;
        self.hits = self.inside.iter().filter(|inside| **inside).count();
        Ok(())
    }
}
