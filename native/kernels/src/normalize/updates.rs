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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::read_all;

    #[test]
    fn numbers_rise_until_patience_ends() {
        let mut updates = Updates::default();
        let found = [5, 5, 9, 3, 4, 2, 3].map(|update| updates.accept(update, 2));
        assert_eq!(found, [Some(false), None, Some(false), None, None, Some(true), Some(false)]);
    }

    #[test]
    fn bytes_bring_back_the_same_numbers() {
        let mut updates = Updates::default();
        assert_eq!([i64::MAX, 7].map(|update| updates.accept(update, 9)), [Some(false), None]);
        let mut writer = Writer::default();
        updates.write(&mut writer);
        let bytes = unsealed(writer);
        assert_eq!(read_all(&bytes, Updates::read).unwrap(), updates);
        assert!(read_all(&bytes[..bytes.len() - 1], Updates::read).is_err());
    }

    fn unsealed(writer: Writer) -> Vec<u8> {
        let chunks = crate::snapshot::seal("updates", 1, writer);
        crate::snapshot::unseal("updates", 1, &chunks.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap()
    }
}
