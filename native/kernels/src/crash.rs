use crate::column::Batch;
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::Output;
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;

/// Counts rows until a call that it was told to fail in: what the guards of the host and the binding are tested with.
pub struct Crash {
    params: Params,
    rows: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The push that fails is the one that brings the row of this number.
    at_row: u64,
    how: How,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    Panic,
    Fault,
    /// Leaves a block of output without its columns.
    Half,
}

impl Crash {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        Ok(Self { params: config.params()?, rows: 0 })
    }
}

impl Kernel for Crash {
    #[expect(clippy::panic, reason = "it is there to panic")]
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.rows += batch.rows as u64;
        if self.rows < self.params.at_row {
            return Ok(());
        }
        match self.params.how {
            How::Panic => panic!("told to panic at row {}", self.params.at_row),
            How::Fault => Err(Fault::new("crash", "told to fail")),
            How::Half => output.block(0, batch.rows).map(|_| ()),
        }
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        into.i64(self.rows as i64);
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.rows = from.i64()? as u64;
        Ok(())
    }
}
