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
    r#where: Program,
}

/// Takes the rows for which an expression is true: port `out` with the rows to take.
pub struct Filter {
    condition: Program,
    out: usize,
    rows: Vec<i32>,
}

impl Filter {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        Ok(Self { condition: params.r#where, out: config.output("out")?, rows: Vec::new() })
    }
}

impl Kernel for Filter {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.rows.clear();
        self.condition.true_rows(batch, &mut self.rows)?;
        output.rows(self.out, &mut self.rows)
    }
}
