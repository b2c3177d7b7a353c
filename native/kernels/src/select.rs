use crate::column::Batch;
use crate::config::Config;
use crate::expression::Program;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::Output;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    columns: Vec<Program>,
}

/// Computes columns: port `out`, one row an input row, a column an expression.
pub struct Select {
    columns: Vec<Program>,
    out: usize,
}

impl Select {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        Ok(Self { columns: params.columns, out: config.output("out")? })
    }
}

impl Kernel for Select {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let mut block = output.block(self.out, batch.rows)?;
        for column in &self.columns {
            column.write(batch, &mut block)?;
        }
        block.end()
    }
}
