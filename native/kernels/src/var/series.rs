use super::cornish_fisher::Expansion;
use super::ewma::Ewma;
use super::historical::Lowest;
use super::measure::{Contribution, Measure, Method, Rules, gaussian, gaussian_marginal};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use crate::statistics::central::{Central, Joint};
use crate::statistics::ranked::{Entry, Ranked};
use crate::statistics::returns::Last;
use crate::statistics::sliding::Sliding;
use crate::statistics::tail::Tail;

/// The returns of one key. Everything but `last`, `rows` and `ewma` follows from the returns in the window; a snapshot leaves it out.
pub struct Series {
    pub last: Last,
    /// By slot (row number modulo window), one an asset.
    window: Vec<f64>,
    /// Returns so far.
    rows: u64,
    ranked: Ranked,
    central: Sliding<Central>,
    joints: Vec<Sliding<Joint>>,
    ewma: Ewma,
    /// Of the last row.
    moments: Central,
    assets: Vec<Joint>,
    marginals: Vec<Measure>,
}

impl Series {
    pub fn new(rules: &Rules) -> Self {
        let assets = if rules.contributions.is_empty() { 0 } else { rules.weights.len() };
        Self {
            last: Last::default(),
            window: Vec::new(),
            rows: 0,
            ranked: Ranked::default(),
            central: Sliding::new(rules.window),
            joints: (0..if rules.has_moments() { assets } else { 0 }).map(|_| Sliding::new(rules.window)).collect(),
            ewma: Ewma::new(assets),
            moments: Central::of(0.0),
            assets: Vec::new(),
            marginals: vec![Measure { var: 0.0, es: 0.0 }; assets],
        }
    }

    /// With the returns of one row more: writes all results; false while fewer than `min_rows` have come.
    pub fn push(&mut self, rules: &Rules, returns: &[f64], value: f64, results: &mut [f64]) -> bool {
        let slot = (self.rows % rules.window as u64) as usize * returns.len();
        let new = Entry { value, row: self.rows };
        let full = self.rows >= rules.window as u64;
        if rules.has(Method::Historical) {
            if full {
                let old = rules.portfolio(&self.window[slot..slot + returns.len()]);
                self.ranked.replace(&Entry { value: old, row: self.rows - rules.window as u64 }, new);
            } else {
                self.ranked.insert(new);
            }
        }
        if full {
            self.window[slot..slot + returns.len()].copy_from_slice(returns);
        } else {
            self.window.extend_from_slice(returns);
        }
        self.rows += 1;
        if rules.has_moments() {
            self.moments = self.central.push(Central::of(value));
            self.assets.clear();
            self.assets.extend(self.joints.iter_mut().zip(returns).map(|(joint, asset)| joint.push(Joint::of(*asset, value))));
        }
        self.ewma.push(rules, returns, value);
        if self.rows < rules.min_rows as u64 {
            return false;
        }
        let mut rest = results;
        for tail in &rules.tails {
            for method in &rules.methods {
                let measure = self.measure(rules, tail, *method);
                rest = self.write_results(rules, measure, rest);
            }
        }
        true
    }

    /// The measure of the portfolio; fills `marginals`.
    fn measure(&mut self, rules: &Rules, tail: &Tail, method: Method) -> Measure {
        let Self { ranked, moments, assets, marginals, ewma, window, .. } = self;
        let mut each = |marginal: &dyn Fn(usize) -> Measure| {
            marginals.iter_mut().enumerate().for_each(|(asset, place)| *place = marginal(asset));
        };
        match method {
            Method::Historical => {
                let ranked = ranked.entries();
                let width = rules.weights.len();
                let lowest = Lowest::new(rules.quantile, tail, ranked);
                let slot = |rank: usize| (ranked[rank].row % rules.window as u64) as usize * width;
                each(&|asset| lowest.measure(&|rank| window[slot(rank) + asset]));
                lowest.measure(&|rank| ranked[rank].value)
            }
            Method::Gaussian => {
                each(&|asset| gaussian_marginal(tail, &assets[asset]));
                gaussian(tail, moments)
            }
            Method::CornishFisher => match Expansion::new(tail, moments) {
                Some(expansion) => {
                    each(&|asset| expansion.marginal(&assets[asset]));
                    expansion.measure()
                }
                None => {
                    each(&|asset| Measure { var: assets[asset].mean, es: assets[asset].mean });
                    Measure { var: moments.mean, es: moments.mean }
                }
            },
            Method::Ewma => {
                each(&|asset| ewma.marginal(tail, asset));
                ewma.measure(tail)
            }
        }
    }

    fn write_results<'a>(&self, rules: &Rules, measure: Measure, results: &'a mut [f64]) -> &'a mut [f64] {
        let count = 2 * (1 + rules.contributions.len() * self.marginals.len());
        let (own, rest) = results.split_at_mut(count);
        let mut places = own.iter_mut();
        let mut put = |value: f64| {
            if let Some(place) = places.next() {
                *place = value;
            }
        };
        put(measure.var);
        put(measure.es);
        for contribution in &rules.contributions {
            for of in [|measure: &Measure| measure.var, |measure: &Measure| measure.es] {
                for (marginal, weight) in self.marginals.iter().zip(&rules.weights) {
                    put(if *contribution == Contribution::Component { weight * of(marginal) } else { of(marginal) });
                }
            }
        }
        rest
    }

    pub fn write(&self, into: &mut Writer) {
        self.last.write(into);
        into.i64(self.rows as i64);
        into.count(self.window.len());
        into.f64s(&self.window);
        self.ewma.write(into);
    }

    pub fn read(&mut self, rules: &Rules, from: &mut Reader) -> Result<(), Fault> {
        self.last.read(from)?;
        let width = rules.weights.len();
        let rows = u64::try_from(from.i64()?).map_err(|_| corrupt())?;
        self.window = vec![0.0; from.count()?];
        from.f64s(&mut self.window)?;
        self.ewma.read(from)?;
        let held = rows.min(rules.window as u64);
        if self.window.len() as u64 != held * width as u64 {
            return Err(corrupt());
        }
        self.rows = rows;
        let at = (rows % rules.window as u64) as usize;
        let row_of = |slot: usize| if slot < at { rows - (at - slot) as u64 } else { rows - (rules.window + at - slot) as u64 };
        let slots = || self.window.chunks_exact(width).map(|returns| (returns, rules.portfolio(returns)));
        if rules.has(Method::Historical) {
            self.ranked.refill(slots().enumerate().map(|(slot, (_, value))| Entry { value, row: row_of(slot) }));
        }
        if rules.has_moments() {
            self.central.refill(slots().map(|(_, value)| Central::of(value)), at);
            for (asset, joint) in self.joints.iter_mut().enumerate() {
                joint.refill(slots().map(|(returns, value)| Joint::of(returns[asset], value)), at);
            }
        }
        Ok(())
    }
}
