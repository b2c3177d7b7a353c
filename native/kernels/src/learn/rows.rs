use super::ftrl::probabilities;
use super::model::{Kind, Params};
use super::score::{Losses, Score};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::{Bits, Cells, Output};

fn table(word: &str) -> WordTable {
    let mut table = WordTable::default();
    table.id(word.as_bytes());
    table
}

/// The added columns of port `out`.
pub struct PredictionRows {
    logistic: bool,
    told: bool,
    taken: Vec<i32>,
    up: Cells<f64>,
    down: Cells<f64>,
    expected: Cells<f64>,
    missing: Vec<i64>,
    horizon: WordTable,
    name: WordTable,
    hash: WordTable,
}

impl PredictionRows {
    pub fn new(params: &Params) -> Self {
        Self {
            logistic: params.model == Kind::Logistic,
            told: params.horizon.is_some(),
            taken: Vec::new(),
            up: Cells::default(),
            down: Cells::default(),
            expected: Cells::default(),
            missing: Vec::new(),
            horizon: table(params.horizon.as_deref().unwrap_or_default()),
            name: table(&params.name),
            hash: table(&params.hash),
        }
    }

    pub fn add(&mut self, row: usize, said: Option<f64>, missing: i64) {
        self.taken.push(row as i32);
        let odds = said.filter(|_| self.logistic);
        let both = odds.map(probabilities);
        self.up.push_option(both.map(|(up, _)| up));
        self.down.push_option(both.map(|(_, down)| down));
        self.expected.push_option(said.filter(|_| !self.logistic));
        self.missing.push(missing);
    }

    pub fn flush(&mut self, port: usize, output: &mut Output) -> Result<(), Fault> {
        let rows = self.taken.len();
        if rows == 0 {
            return Ok(());
        }
        let zeros = vec![0; rows];
        let mut none = Bits::default();
        (0..rows).for_each(|_| none.push(false));
        let mut block = output.block(port, rows)?;
        block.i32s(&self.taken, None)?;
        block.words(&zeros, (!self.told).then_some(&none), &self.horizon)?;
        for cells in [&self.up, &self.down, &self.expected] {
            block.f64s(&cells.values, Some(&cells.valid))?;
        }
        let empty = vec![0.0; rows];
        block.f64s(&empty, Some(&none))?;
        block.f64s(&empty, Some(&none))?;
        block.words(&zeros, None, &self.name)?;
        block.words(&zeros, None, &self.hash)?;
        block.i64s(&self.missing, None)?;
        block.end()?;
        self.taken.clear();
        [&mut self.up, &mut self.down, &mut self.expected].into_iter().for_each(Cells::clear);
        self.missing.clear();
        Ok(())
    }
}

/// A labelled row and what came of it.
pub struct ScoreRow {
    pub row: usize,
    pub ts_predicted: i64,
    pub said: Option<f64>,
    pub losses: Option<Losses>,
}

/// The columns of port `scores` that are not those of the labelled row.
pub struct ScoreRows {
    logistic: bool,
    taken: Vec<i32>,
    ts_predicted: Vec<i64>,
    numbers: [Cells<f64>; 6],
    counts: [Vec<i64>; 3],
    name: WordTable,
    hash: WordTable,
}

impl ScoreRows {
    pub fn new(params: &Params) -> Self {
        Self {
            logistic: params.model == Kind::Logistic,
            taken: Vec::new(),
            ts_predicted: Vec::new(),
            numbers: Default::default(),
            counts: Default::default(),
            name: table(&params.name),
            hash: table(&params.hash),
        }
    }

    pub fn add(&mut self, ScoreRow { row, ts_predicted, said, losses }: &ScoreRow, score: &Score) {
        self.taken.push(*row as i32);
        self.ts_predicted.push(*ts_predicted);
        let said = said.map(|said| if self.logistic { probabilities(said).0 } else { said });
        let running = losses.map(|_| (score.running, score.running_base));
        let numbers = [
            said,
            losses.map(|losses| losses.loss),
            losses.map(|losses| losses.base),
            running.map(|(model, _)| model),
            running.map(|(_, base)| base),
            running.map(|(model, base)| base - model),
        ];
        self.numbers.iter_mut().zip(numbers).for_each(|(cells, number)| cells.push_option(number));
        let counts = [score.rows, score.skipped, score.scored];
        self.counts.iter_mut().zip(counts).for_each(|(cells, count)| cells.push(count));
    }

    pub fn flush(&mut self, port: usize, output: &mut Output) -> Result<(), Fault> {
        let rows = self.taken.len();
        if rows == 0 {
            return Ok(());
        }
        let zeros = vec![0; rows];
        let mut block = output.block(port, rows)?;
        block.i32s(&self.taken, None)?;
        block.i64s(&self.ts_predicted, None)?;
        self.numbers.iter().try_for_each(|cells| block.f64s(&cells.values, Some(&cells.valid)))?;
        self.counts.iter().try_for_each(|counts| block.i64s(counts, None))?;
        block.words(&zeros, None, &self.name)?;
        block.words(&zeros, None, &self.hash)?;
        block.end()?;
        self.taken.clear();
        self.ts_predicted.clear();
        self.numbers.iter_mut().for_each(Cells::clear);
        self.counts.iter_mut().for_each(Vec::clear);
        Ok(())
    }
}
