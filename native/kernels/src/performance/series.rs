use super::stretch::{Step, Stretch, UNSEEN};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use crate::statistics::returns::Last;
use crate::statistics::sliding::{Merge, Sliding};

/// What is computed for every key.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Returns that count; none for all.
    pub window: Option<usize>,
    pub min_rows: u64,
    pub periods_per_year: f64,
    /// Per period.
    pub risk_free: f64,
    /// Minimum acceptable return, per period.
    pub minimum: f64,
    pub lambda: f64,
    /// Factor of the ratios: 1, or the root of `periods_per_year`.
    pub scale: f64,
}

/// Float64 results of a row, then the time of the peak.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Results {
    pub cumulative_return: Option<f64>,
    pub annual_return: Option<f64>,
    pub volatility: Option<f64>,
    pub sharpe: Option<f64>,
    pub sortino: Option<f64>,
    pub calmar: Option<f64>,
    pub drawdown: Option<f64>,
    pub max_drawdown: Option<f64>,
    pub beta: Option<f64>,
    pub correlation: Option<f64>,
    pub beta_ewma: Option<f64>,
    pub correlation_ewma: Option<f64>,
    pub peak_ns: Option<i64>,
}

/// Exponentially weighted sums of squares and products of returns around 0.
#[derive(Debug, Clone, Copy, Default)]
struct Weighted {
    own: f64,
    benchmark: f64,
    product: f64,
}

/// The returns of one key.
pub struct Series {
    pub last: Last,
    /// Time of the last row that had a value.
    pub counted_ns: i64,
    rows: u64,
    /// Of all rows, where there is no window.
    total: Option<Stretch>,
    /// By slot (row number modulo window); `sliding` follows from it.
    steps: Vec<Step>,
    sliding: Sliding<Stretch>,
    weighted: Weighted,
}

impl Series {
    pub fn new(rules: &Rules) -> Self {
        Self {
            last: Last::default(),
            counted_ns: UNSEEN,
            rows: 0,
            total: None,
            steps: Vec::new(),
            sliding: Sliding::new(rules.window.unwrap_or(1)),
            weighted: Weighted::default(),
        }
    }

    /// With one return more; none while fewer than `min_rows` have come.
    pub fn push(&mut self, rules: &Rules, step: Step) -> Option<Results> {
        let row = Stretch::of(&step, rules.minimum);
        let stretch = match rules.window {
            None => *self.total.insert(self.total.map_or(row, |total| total.merge(row))),
            Some(window) => {
                let slot = (self.rows % window as u64) as usize;
                match self.steps.get_mut(slot) {
                    Some(place) => *place = step,
                    None => self.steps.push(step),
                }
                self.sliding.push(row)
            }
        };
        self.rows += 1;
        let Weighted { own, benchmark, product } = &mut self.weighted;
        *own = rules.lambda * *own + step.value * step.value;
        *benchmark = rules.lambda * *benchmark + step.benchmark * step.benchmark;
        *product = rules.lambda * *product + step.value * step.benchmark;
        (self.rows >= rules.min_rows).then(|| self.results(rules, &stretch))
    }

    fn results(&self, rules: &Rules, of: &Stretch) -> Results {
        let moments = &of.moments;
        let mean = moments.x_mean;
        let deviation = (moments.count > 1.0).then(|| (moments.x_second / (moments.count - 1.0)).sqrt());
        let downside = (of.shortfall / moments.count).sqrt();
        let annual = libm::expm1(of.log_growth() * (rules.periods_per_year / moments.count));
        let Weighted { own, benchmark, product } = self.weighted;
        Results {
            cumulative_return: finite(of.growth()),
            annual_return: finite(annual),
            volatility: deviation.and_then(|deviation| finite(deviation * rules.periods_per_year.sqrt())),
            sharpe: deviation.and_then(|deviation| by((mean - rules.risk_free) * rules.scale, deviation)),
            sortino: by((mean - rules.minimum) * rules.scale, downside),
            calmar: by(annual, of.depth),
            drawdown: finite(of.drawdown()),
            max_drawdown: finite(of.depth),
            beta: by(moments.product, moments.y_second),
            correlation: by(moments.product, moments.x_second.sqrt() * moments.y_second.sqrt()).map(|value| value.clamp(-1.0, 1.0)),
            beta_ewma: by(product, benchmark),
            correlation_ewma: by(product, own.sqrt() * benchmark.sqrt()).map(|value| value.clamp(-1.0, 1.0)),
            peak_ns: (of.peak_ns != UNSEEN).then_some(of.peak_ns),
        }
    }

    pub fn write(&self, into: &mut Writer) {
        self.last.write(into);
        into.i64(self.counted_ns);
        into.i64(self.rows as i64);
        into.u32(u32::from(self.total.is_some()));
        self.total.iter().for_each(|total| total.write(into));
        into.count(self.steps.len());
        for Step { value, benchmark, from_level, to_level, from_ns, to_ns } in &self.steps {
            into.f64s(&[*value, *benchmark, *from_level, *to_level]);
            into.i64(*from_ns);
            into.i64(*to_ns);
        }
        into.f64s(&[self.weighted.own, self.weighted.benchmark, self.weighted.product]);
    }

    pub fn read(&mut self, rules: &Rules, from: &mut Reader) -> Result<(), Fault> {
        self.last.read(from)?;
        self.counted_ns = from.i64()?;
        self.rows = u64::try_from(from.i64()?).map_err(|_| corrupt())?;
        self.total = if from.u32()? != 0 { Some(Stretch::read(from)?) } else { None };
        for _ in 0..from.count()? {
            let mut numbers = [0.0; 4];
            from.f64s(&mut numbers)?;
            let [value, benchmark, from_level, to_level] = numbers;
            self.steps.push(Step { value, benchmark, from_level, to_level, from_ns: from.i64()?, to_ns: from.i64()? });
        }
        self.weighted = Weighted { own: from.f64()?, benchmark: from.f64()?, product: from.f64()? };
        let held = rules.window.map_or(0, |window| self.rows.min(window as u64));
        if self.steps.len() as u64 != held {
            return Err(corrupt());
        }
        if let Some(window) = rules.window {
            let steps = self.steps.iter().map(|step| Stretch::of(step, rules.minimum));
            self.sliding.refill(steps, (self.rows % window as u64) as usize);
        }
        Ok(())
    }
}

fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

/// A ratio; none by 0.
fn by(value: f64, divisor: f64) -> Option<f64> {
    if divisor > 0.0 { finite(value / divisor) } else { None }
}
