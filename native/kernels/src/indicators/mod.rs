//! Technical indicators over bars, streaming. The rules are those of `operators/indicators/README.md`.

mod adx;
mod atr;
mod bbands;
mod ema;
mod macd;
mod moments;
mod obv;
mod recurrence;
mod rsi;
mod series;
mod sliding;
mod sma;
mod stddev;
mod stoch;
mod wilder;

use crate::column::Batch;
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::Keys;
use crate::output::Output;
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;
use series::{Series, Spec, series};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    by: Vec<String>,
    series: Vec<Spec>,
}

pub struct Indicators {
    out: usize,
    keys: Keys,
    series: Vec<Box<dyn Series>>,
    groups: Vec<u32>,
}

impl Indicators {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let port = &config.inputs[config.input("in")?];
        let series = params.series.iter().map(|spec| series(spec, port)).collect::<Result<_, Fault>>()?;
        Ok(Self { out: config.output("out")?, keys: Keys::new(port, &params.by)?, series, groups: Vec::new() })
    }
}

impl Kernel for Indicators {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        if batch.rows == 0 {
            return Ok(());
        }
        self.keys.groups(batch, None, &mut self.groups)?;
        let mut block = output.block(self.out, batch.rows)?;
        for series in &mut self.series {
            series.grow(self.keys.len());
            series.run(batch, &self.groups, &mut block)?;
        }
        block.end()
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.keys.snapshot(into);
        self.series.iter().for_each(|series| series.write(into));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.keys.restore(from)?;
        for series in &mut self.series {
            series.grow(self.keys.len());
            series.read(from)?;
        }
        Ok(())
    }
}
