use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// A streaming series: `IN` numbers a row in, `OUT` numbers out once warm. State advances before anything can return.
pub trait Recurrence<const IN: usize, const OUT: usize>: Clone + Send {
    fn push(&mut self, row: [f64; IN]) -> Option<[f64; OUT]>;

    fn write(&self, into: &mut Writer);

    /// Into a fresh one of the same parameters.
    fn read(&mut self, from: &mut Reader) -> Result<(), Fault>;
}
