use super::conformal::{self, Conformal};
use super::drift::{self, Cut, Detector};
use super::isotonic::{self, Isotonic};
use super::platt::{self, Platt};
use crate::fault::Fault;
use crate::learning::pending::ByHorizon;
use crate::snapshot::{Reader, Writer, corrupt};
use serde::Deserialize;
use std::collections::VecDeque;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probability {
    Platt,
    Isotonic,
    None,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub by: Vec<String>,
    pub probability: Probability,
    pub window: u32,
    pub refit_every: u32,
    pub min_rows: u32,
    pub interval: conformal::Rules,
    pub drift: drift::Rules,
    /// Drift of the log-loss of `p_up`; else of the size of the error of `expected_return`.
    pub on_loss: bool,
    pub abstain: bool,
    pub recover_rows: i64,
    pub pending: u32,
    pub max_keys: u32,
    /// Columns of port `out` that are written, in its order.
    pub written: Vec<String>,
}

/// Probabilities count from here to 1 minus it.
const LEAST: f64 = 1e-15;

/// Logarithm of `p / (1 - p)`.
fn odds_of(p: f64) -> f64 {
    let p = p.clamp(LEAST, 1.0 - LEAST);
    libm::log(p / (1.0 - p))
}

fn log_loss(p: f64, up: bool) -> f64 {
    let p = if up { p } else { 1.0 - p };
    -libm::log(p.clamp(LEAST, 1.0))
}

enum Fitted {
    None,
    Platt(Platt),
    Isotonic(Isotonic),
}

/// What a row says, on either port; none where null.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    pub horizon: Option<&'a [u8]>,
    pub up: Option<f64>,
    pub expected: Option<f64>,
}

/// What a row's calibration has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    WarmUp,
    Abstains,
    /// A bound is infinite: the errors in the window do not reach as far.
    Open,
    Ready,
}

/// A calibrated prediction.
#[derive(Debug, Clone, Copy)]
pub struct Calibrated {
    pub stage: Stage,
    /// Rows of the key so far that were not calibrated.
    pub uncalibrated: i64,
    pub up: Option<f64>,
    pub down: Option<f64>,
    pub expected: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub coverage: Option<f64>,
}

/// One key.
pub struct State {
    /// Probability and outcome of the last labelled rows.
    pairs: VecDeque<(f64, bool)>,
    /// Pairs since the last fit.
    fresh: u32,
    fitted: Fitted,
    conformal: Conformal,
    detector: Detector,
    /// Labelled rows that are still to come before predictions are given again.
    abstains: i64,
    pub rows: i64,
    /// Rows that left while warming up or abstaining.
    uncalibrated: i64,
    /// Bounds that were given, infinite where open; NaN where none were.
    pending: ByHorizon<2>,
}

impl State {
    pub fn new(params: &Params) -> Self {
        Self {
            pairs: VecDeque::new(),
            fresh: 0,
            fitted: Fitted::None,
            conformal: Conformal::new(&params.interval),
            detector: Detector::new(&params.drift),
            abstains: 0,
            rows: 0,
            uncalibrated: 0,
            pending: ByHorizon::default(),
        }
    }

    fn bounds(&self, params: &Params, said: &Said) -> Option<(f64, f64)> {
        if self.abstains > 0 {
            return None;
        }
        let (lower, upper) = self.conformal.offsets(&params.interval)?;
        said.expected.map(|expected| (expected + lower, expected + upper))
    }

    fn stage(&self, params: &Params, bounds: Option<(f64, f64)>) -> Stage {
        let cold = params.probability != Probability::None && matches!(self.fitted, Fitted::None);
        if self.abstains > 0 {
            Stage::Abstains
        } else if cold || self.conformal.is_cold(&params.interval) {
            Stage::WarmUp
        } else if bounds.is_some_and(|(lower, upper)| lower.is_infinite() || upper.is_infinite()) {
            Stage::Open
        } else {
            Stage::Ready
        }
    }

    pub fn calibrate(&mut self, params: &Params, said: &Said, ns: i64, tells_origin: bool) -> Calibrated {
        let bounds = self.bounds(params, said);
        if tells_origin {
            let (lower, upper) = bounds.unwrap_or((f64::NAN, f64::NAN));
            self.pending.push(said.horizon, ns, [lower, upper], params.pending as usize);
        }
        let coverage = self.conformal.coverage();
        let stage = self.stage(params, bounds);
        self.uncalibrated += i64::from(matches!(stage, Stage::WarmUp | Stage::Abstains));
        let uncalibrated = self.uncalibrated;
        if stage == Stage::Abstains {
            return Calibrated { stage, uncalibrated, up: None, down: None, expected: None, lower: None, upper: None, coverage };
        }
        let (up, down) = match &self.fitted {
            _ if params.probability == Probability::None => (said.up, said.up.map(|p| 1.0 - p)),
            Fitted::None => (None, None),
            Fitted::Platt(fitted) => {
                let odds = said.up.map(odds_of);
                (odds.map(|odds| fitted.of(odds)), odds.map(|odds| fitted.rest(odds)))
            }
            Fitted::Isotonic(fitted) => {
                let up = said.up.map(|p| fitted.of(p));
                (up, up.map(|p| 1.0 - p))
            }
        };
        let known = |bound: f64| Some(bound).filter(|bound| bound.is_finite());
        Calibrated {
            stage,
            uncalibrated,
            up,
            down,
            expected: said.expected,
            lower: bounds.and_then(|(lower, _)| known(lower)),
            upper: bounds.and_then(|(_, upper)| known(upper)),
            coverage,
        }
    }

    /// Learns from a labelled row; the change of the loss, where one was found.
    pub fn learn(&mut self, params: &Params, said: &Said, origin: Option<i64>, up: Option<bool>, actual: Option<f64>) -> Option<Cut> {
        self.rows += 1;
        let given = origin.and_then(|origin| self.pending.take(said.horizon, origin));
        let bounds = match given {
            Some([lower, upper]) => Some((lower, upper)).filter(|(lower, _)| !lower.is_nan()),
            None => self.bounds(params, said),
        };
        if let Some(((lower, upper), actual)) = bounds.zip(actual) {
            self.conformal.held(&params.interval, lower <= actual && actual <= upper);
        }
        let error = actual.zip(said.expected).map(|(actual, expected)| actual - expected);
        let loss = if params.on_loss { said.up.zip(up).map(|(p, up)| log_loss(p, up)) } else { error.map(f64::abs) };
        self.abstains = (self.abstains - 1).max(0);
        let cut = loss.and_then(|loss| self.detector.push(loss, &params.drift));
        if params.abstain && cut.is_some_and(|cut| cut.rose) {
            self.abstains = params.recover_rows;
            self.pairs.clear();
            self.fresh = 0;
            self.fitted = Fitted::None;
            self.conformal.forget(&params.interval);
        }
        if let Some(error) = error {
            self.conformal.push(&params.interval, error);
        }
        if let Some(pair) = said.up.zip(up) {
            self.pair(params, pair);
        }
        cut
    }

    fn pair(&mut self, params: &Params, pair: (f64, bool)) {
        if params.probability == Probability::None {
            return;
        }
        if self.pairs.len() >= params.window as usize {
            self.pairs.pop_front();
        }
        self.pairs.push_back(pair);
        self.fresh += 1;
        let due = if matches!(self.fitted, Fitted::None) {
            self.pairs.len() >= params.min_rows as usize
        } else {
            self.fresh >= params.refit_every
        };
        if !due {
            return;
        }
        self.fresh = 0;
        self.fitted = if params.probability == Probability::Platt {
            let pairs: Vec<(f64, bool)> = self.pairs.iter().map(|(p, up)| (odds_of(*p), *up)).collect();
            Fitted::Platt(platt::fit(&pairs))
        } else {
            Fitted::Isotonic(isotonic::fit(&mut self.pairs.iter().copied().collect::<Vec<_>>()))
        };
    }

    pub fn write(&self, into: &mut Writer) {
        into.i64(self.rows);
        into.i64(self.abstains);
        into.i64(self.uncalibrated);
        into.u32(self.fresh);
        into.count(self.pairs.len());
        for (p, up) in &self.pairs {
            into.f64(*p);
            into.u32(u32::from(*up));
        }
        match &self.fitted {
            Fitted::None => into.u32(0),
            Fitted::Platt(fitted) => {
                into.u32(1);
                into.f64s(&[fitted.slope, fitted.shift]);
            }
            Fitted::Isotonic(fitted) => {
                into.u32(2);
                into.f64(fitted.margin);
                into.count(fitted.points.len());
                fitted.points.iter().for_each(|(x, y)| into.f64s(&[*x, *y]));
            }
        }
        self.conformal.write(into);
        self.detector.write(into);
        self.pending.write(into);
    }

    pub fn read(&mut self, params: &Params, from: &mut Reader) -> Result<(), Fault> {
        self.rows = from.i64()?;
        self.abstains = from.i64()?;
        self.uncalibrated = from.i64()?;
        self.fresh = from.u32()?;
        let count = from.count()?;
        let fresh = self.fresh > params.min_rows.max(params.refit_every);
        if count > params.window as usize
            || self.rows < 0
            || self.uncalibrated < 0
            || fresh
            || !(0..=params.recover_rows.max(0)).contains(&self.abstains)
        {
            return Err(corrupt());
        }
        let pair = |from: &mut Reader| Ok((from.f64()?, from.u32()? == 1));
        self.pairs = (0..count).map(|_| pair(from)).collect::<Result<_, Fault>>()?;
        self.fitted = match (from.u32()?, params.probability) {
            (0, _) => Fitted::None,
            (1, Probability::Platt) => Fitted::Platt(Platt { slope: from.f64()?, shift: from.f64()? }),
            (2, Probability::Isotonic) => {
                let margin = from.f64()?;
                let count = from.count()?;
                let point = |from: &mut Reader| Ok((from.f64()?, from.f64()?));
                let points = (0..count).map(|_| point(from)).collect::<Result<_, Fault>>()?;
                if !(0.0..=0.5).contains(&margin) {
                    return Err(corrupt());
                }
                Fitted::Isotonic(Isotonic { points, margin })
            }
            _ => return Err(corrupt()),
        };
        self.conformal.read(&params.interval, from)?;
        self.detector.read(from)?;
        self.pending.read(params.pending as usize, from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{read_all, seal, unseal};

    fn params(probability: &str, drift: &str) -> Params {
        let given = serde_json::json!({
            "by": [], "probability": probability, "window": 20, "refit_every": 3, "min_rows": 5, "pending": 4, "max_keys": 9, "written": [],
            "interval": { "kind": "adaptive", "two_sided": true, "coverage": 0.8, "step": 0.05, "window": 20, "min_rows": 5, "coverage_rows": 6 },
            "drift": { "kind": drift, "delta": 0.3, "threshold": 2.0 },
            "on_loss": true, "abstain": true, "recover_rows": 3,
        });
        serde_json::from_value(given).unwrap()
    }

    fn state(of: &State) -> Vec<u8> {
        let mut into = Writer::default();
        of.write(&mut into);
        let chunks = seal("state", 1, into);
        unseal("state", 1, &chunks.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_state_comes_back_after_any_row_and_one_cut_short_is_refused() {
        for (probability, drift) in [("platt", "adwin"), ("isotonic", "page_hinkley"), ("none", "none")] {
            let params = params(probability, drift);
            let mut one = State::new(&params);
            for i in 0..400_i64 {
                let horizon = [None, Some(&b"1s"[..]), Some(&b"5s"[..])][(i / 5 % 3) as usize];
                let said = Said { horizon, up: Some((i * 37 % 101) as f64 / 101.0), expected: Some((i * 11 % 7) as f64) };
                one.calibrate(&params, &said, i, true);
                let up = (i * 53 % 97 > 48) ^ (i > 200);
                one.learn(&params, &said, Some(i - 2), Some(up), Some((i * 13 % 9) as f64));
                let bytes = state(&one);
                let mut again = State::new(&params);
                read_all(&bytes, |from| again.read(&params, from)).unwrap();
                assert_eq!(state(&again), bytes, "{probability} {i}");
                one = again;
            }
            let bytes = state(&one);
            for length in 0..bytes.len() {
                assert!(read_all(&bytes[..length], |from| State::new(&params).read(&params, from)).is_err(), "{length}");
            }
        }
    }
}
