use crate::column::Batch;
use crate::fault::Fault;
use crate::output::Output;
use crate::snapshot::{Reader, Writer};

/// A batch of one input port, pushed together with those of others.
pub struct MergedPart<'a> {
    pub port: usize,
    pub batch: Batch<'a>,
}

/// A pure, synchronous state machine over columns: the contract of `graph/contract/kernel.ts`, without its wiring.
///
/// After a fault or a panic the kernel is not called again.
pub trait Kernel: Send {
    /// Takes rows of one input port; see `Kernel.push` of the contract for `floor_ns`.
    fn push(&mut self, port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault>;

    /// Takes batches of several ports in the order of `runs`: pairs of a part and how many of its next rows follow, which use up all rows.
    /// False, with nothing done: each run is pushed as a batch of its own. The same rows leave either way; the kernel says of which port they are.
    fn push_merged(
        &mut self,
        _parts: &[MergedPart],
        _runs: &[(usize, usize)],
        _floor_ns: i64,
        _output: &mut Output,
    ) -> Result<bool, Fault> {
        Ok(false)
    }

    /// Event time has reached `watermark_ns`, the epoch's clock is `clock_ns`.
    fn advance(&mut self, _watermark_ns: i64, _clock_ns: i64, _output: &mut Output) -> Result<(), Fault> {
        Ok(())
    }

    /// Epoch clock at which `advance` should be called though no row arrived.
    fn next_timer(&self) -> Option<i64> {
        None
    }

    /// Raised when equal bytes of a snapshot would mean another state.
    fn snapshot_version(&self) -> u32 {
        1
    }

    /// Writes the whole state; a stateless kernel writes nothing and gives false.
    fn snapshot(&self, _into: &mut Writer) -> Result<bool, Fault> {
        Ok(false)
    }

    /// Takes back, into a fresh kernel, what `snapshot` wrote.
    fn restore(&mut self, _from: &mut Reader) -> Result<(), Fault> {
        Ok(())
    }
}
