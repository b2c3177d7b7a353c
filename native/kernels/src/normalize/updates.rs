use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};

/// Update numbers of the quotes of one symbol, which rise but not by one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Updates {
    /// Number of the last quote that was accepted.
    last: Option<i64>,
    /// Quotes since, all of them numbered at or before it.
    stale: u32,
}

impl Updates {
    /// None: the quote is at or before the last one. After `patience` of those in a row the next begins a new numbering, and gives true.
    #[inline]
    pub fn accept(&mut self, update: i64, patience: usize) -> Option<bool> {
        let behind = self.last.is_some_and(|last| update <= last);
        if behind && (self.stale as usize) < patience {
            self.stale += 1;
            return None;
        }
        *self = Self { last: Some(update), stale: 0 };
        Some(behind)
    }

    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    pub fn write(&self, into: &mut Writer) {
        into.i64(self.last.unwrap_or_default());
        into.u32(self.stale);
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let updates = Self { last: Some(from.i64()?), stale: from.u32()? };
        if updates.stale <= 1_000_000 { Ok(updates) } else { Err(corrupt()) }
    }
}
