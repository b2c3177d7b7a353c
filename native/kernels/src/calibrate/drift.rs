use super::adwin::Adwin;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use serde::Deserialize;

/// A change of the mean that a detector has found.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub rose: bool,
    pub statistic: f64,
    pub threshold: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Adwin,
    PageHinkley,
    None,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub kind: Kind,
    pub delta: f64,
    pub threshold: f64,
}

/// Least values before a test.
const LEAST: i64 = 30;
/// Weight of the past against the next value.
const FADING: f64 = 0.9999;

/// A running test of the mean. Source: E. S. Page (1954), Biometrika 41, in the form of J. Gama et al. (2013), Machine Learning 90,
/// with fading as in river.
#[derive(Debug, Clone, Default)]
pub struct PageHinkley {
    count: i64,
    mean: f64,
    up: f64,
    down: f64,
    /// Least of `up` and greatest of `down`; none before the first value.
    least: f64,
    most: f64,
}

impl PageHinkley {
    fn push(&mut self, value: f64, rules: &Rules) -> Option<Cut> {
        self.count += 1;
        self.mean += (value - self.mean) / self.count as f64;
        let off = value - self.mean;
        self.up = FADING * self.up + off - rules.delta;
        self.down = FADING * self.down + off + rules.delta;
        if self.count == 1 {
            (self.least, self.most) = (self.up, self.down);
        }
        self.least = self.least.min(self.up);
        self.most = self.most.max(self.down);
        if self.count < LEAST {
            return None;
        }
        let (rise, fall) = (self.up - self.least, self.most - self.down);
        let rose = rise > rules.threshold;
        if !rose && fall <= rules.threshold {
            return None;
        }
        *self = Self::default();
        Some(Cut { rose, statistic: if rose { rise } else { fall }, threshold: rules.threshold })
    }
}

/// The detector of one key.
pub enum Detector {
    Adwin(Adwin),
    PageHinkley(PageHinkley),
    None,
}

impl Detector {
    pub fn new(rules: &Rules) -> Self {
        match rules.kind {
            Kind::Adwin => Self::Adwin(Adwin::default()),
            Kind::PageHinkley => Self::PageHinkley(PageHinkley::default()),
            Kind::None => Self::None,
        }
    }

    pub fn push(&mut self, value: f64, rules: &Rules) -> Option<Cut> {
        match self {
            Self::Adwin(window) => window.push(value, rules.delta),
            Self::PageHinkley(test) => test.push(value, rules),
            Self::None => None,
        }
    }

    pub fn write(&self, into: &mut Writer) {
        match self {
            Self::Adwin(window) => window.write(into),
            Self::PageHinkley(test) => {
                into.i64(test.count);
                into.f64s(&[test.mean, test.up, test.down, test.least, test.most]);
            }
            Self::None => {}
        }
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        match self {
            Self::Adwin(window) => window.read(from),
            Self::PageHinkley(test) => {
                test.count = from.i64()?;
                if test.count < 0 {
                    return Err(corrupt());
                }
                for value in [&mut test.mean, &mut test.up, &mut test.down, &mut test.least, &mut test.most] {
                    *value = from.f64()?;
                }
                Ok(())
            }
            Self::None => Ok(()),
        }
    }
}
