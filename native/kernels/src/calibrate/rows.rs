use super::drift::{Cut, Kind};
use super::state::{Calibrated, Params, Stage};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::{Cells, Output};

type Reading = fn(&Calibrated) -> Option<f64>;

/// The columns of port `out` that are written, in the order of the schema.
pub struct CalibratedRows {
    taken: Vec<i32>,
    columns: Vec<(Reading, Cells<f64>)>,
    stages: Vec<i32>,
    stage: WordTable,
    uncalibrated: Vec<i64>,
}

/// By the number of a stage.
const STAGES: [&[u8]; 4] = [b"warm_up", b"abstains", b"open", b"ready"];

impl CalibratedRows {
    pub fn new(params: &Params) -> Result<Self, Fault> {
        let of = |name: &String| -> Result<Reading, Fault> {
            Ok(match name.as_str() {
                "p_up" => |row| row.up,
                "p_down" => |row| row.down,
                "expected_return" => |row| row.expected,
                "lower" => |row| row.lower,
                "upper" => |row| row.upper,
                "coverage" => |row| row.coverage,
                _ => return Err(Fault::new("kernel-config", format!("there is no column \"{name}\" to write"))),
            })
        };
        let columns = params.written.iter().map(|name| Ok((of(name)?, Cells::default()))).collect::<Result<_, Fault>>()?;
        let mut stage = WordTable::default();
        STAGES.iter().for_each(|word| {
            stage.id(word);
        });
        Ok(Self { taken: Vec::new(), columns, stages: Vec::new(), stage, uncalibrated: Vec::new() })
    }

    pub fn add(&mut self, row: usize, calibrated: &Calibrated) {
        self.taken.push(row as i32);
        self.columns.iter_mut().for_each(|(of, cells)| cells.push_option(of(calibrated)));
        self.stages.push(match calibrated.stage {
            Stage::WarmUp => 0,
            Stage::Abstains => 1,
            Stage::Open => 2,
            Stage::Ready => 3,
        });
        self.uncalibrated.push(calibrated.uncalibrated);
    }

    pub fn flush(&mut self, port: usize, output: &mut Output) -> Result<(), Fault> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.taken.len())?;
        block.i32s(&self.taken, None)?;
        self.columns.iter().try_for_each(|(_, cells)| block.f64s(&cells.values, Some(&cells.valid)))?;
        block.words(&self.stages, None, &self.stage)?;
        block.i64s(&self.uncalibrated, None)?;
        block.end()?;
        self.taken.clear();
        self.columns.iter_mut().for_each(|(_, cells)| cells.clear());
        self.stages.clear();
        self.uncalibrated.clear();
        Ok(())
    }
}

/// The columns of port `alarms` that are not those of the labelled row.
pub struct AlarmRows {
    taken: Vec<i32>,
    statistics: Vec<f64>,
    thresholds: Vec<f64>,
    codes: Vec<i32>,
    rows: Vec<i64>,
    detector: WordTable,
    words: WordTable,
}

impl AlarmRows {
    pub fn new(params: &Params) -> Self {
        let mut detector = WordTable::default();
        detector.id(if params.drift.kind == Kind::Adwin { b"adwin" } else { b"page_hinkley" });
        let mut words = WordTable::default();
        words.id(b"loss-fell");
        words.id(b"loss-rose");
        Self { taken: Vec::new(), statistics: Vec::new(), thresholds: Vec::new(), codes: Vec::new(), rows: Vec::new(), detector, words }
    }

    pub fn add(&mut self, row: usize, cut: &Cut, rows: i64) {
        self.taken.push(row as i32);
        self.statistics.push(cut.statistic);
        self.thresholds.push(cut.threshold);
        self.codes.push(i32::from(cut.rose));
        self.rows.push(rows);
    }

    pub fn flush(&mut self, port: usize, output: &mut Output) -> Result<(), Fault> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.taken.len())?;
        block.i32s(&self.taken, None)?;
        block.words(&vec![0; self.taken.len()], None, &self.detector)?;
        block.f64s(&self.statistics, None)?;
        block.f64s(&self.thresholds, None)?;
        block.words(&self.codes, None, &self.words)?;
        block.i64s(&self.rows, None)?;
        block.end()?;
        self.taken.clear();
        self.statistics.clear();
        self.thresholds.clear();
        self.codes.clear();
        self.rows.clear();
        Ok(())
    }
}
