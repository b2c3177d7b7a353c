use super::ftrl::log_loss;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};

/// What a labelled row says of the model and of the plainest guess.
#[derive(Debug, Clone, Copy)]
pub struct Losses {
    pub loss: f64,
    pub base: f64,
}

/// Prequential evaluation of the model of one key.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// Rows learnt from, rows passed over, and rows whose prediction was scored.
    pub rows: i64,
    pub skipped: i64,
    pub scored: i64,
    /// Mean of the labels learnt from; of `label_up`, the share that went up is made of their sum.
    sum: f64,
    mean: f64,
    pub running: f64,
    pub running_base: f64,
}

impl Score {
    /// Log-losses of log-odds and of the share of ups so far (rule of succession).
    pub fn of_odds(&self, odds: f64, up: bool) -> Losses {
        let ups = (self.sum + 1.0) / (self.rows as f64 + 2.0);
        Losses { loss: log_loss(odds, up), base: -libm::log(if up { ups } else { 1.0 - ups }) }
    }

    /// Squared errors of a forecast and of the mean of the labels so far.
    pub fn of_value(&self, value: f64, label: f64) -> Losses {
        let square = |error: f64| error * error;
        Losses { loss: square(label - value), base: square(label - self.mean) }
    }

    /// Takes losses into the running means, which weigh the last `window` rows about equally.
    pub fn add(&mut self, losses: Losses, window: i64) {
        self.scored += 1;
        let weight = 1.0 / self.scored.min(window) as f64;
        self.running += weight * (losses.loss - self.running);
        self.running_base += weight * (losses.base - self.running_base);
    }

    /// A row has been learnt from.
    pub fn learnt(&mut self, label: f64) {
        self.rows += 1;
        self.sum += label;
        self.mean += (label - self.mean) / self.rows as f64;
    }

    pub fn write(&self, into: &mut Writer) {
        [self.rows, self.skipped, self.scored].into_iter().for_each(|count| into.i64(count));
        into.f64s(&[self.sum, self.mean, self.running, self.running_base]);
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for count in [&mut self.rows, &mut self.skipped, &mut self.scored] {
            *count = from.i64()?;
            if *count < 0 {
                return Err(corrupt());
            }
        }
        for value in [&mut self.sum, &mut self.mean, &mut self.running, &mut self.running_base] {
            *value = from.f64()?;
        }
        Ok(())
    }
}
