use crate::fault::Fault;
use crate::snapshot::corrupt;

/// The trade ids of one symbol: the last `capacity` accepted ones, oldest overwritten, and the highest ever read.
#[derive(Debug, Default)]
pub struct IdWindow {
    ids: Vec<i64>,
    /// Where the oldest stands once the window is full.
    next: usize,
    highest: Option<i64>,
    highest_accepted: Option<i64>,
}

impl IdWindow {
    /// Whether ids were skipped before this one; it counts as read from now on.
    #[inline]
    pub fn gap(&mut self, id: i64) -> bool {
        let gap = self.highest.is_some_and(|highest| id > highest.saturating_add(1));
        self.highest = self.highest.max(Some(id));
        gap
    }

    /// False: the id is among the last accepted ones. Ids mostly rise, and one above all accepted needs no search.
    #[inline]
    pub fn accept(&mut self, id: i64, capacity: usize) -> bool {
        if self.highest_accepted.is_some_and(|highest| id <= highest) && self.ids.contains(&id) {
            return false;
        }
        self.highest_accepted = self.highest_accepted.max(Some(id));
        if self.ids.len() < capacity {
            self.ids.push(id);
        } else {
            self.ids[self.next] = id;
            self.next = (self.next + 1) % capacity;
        }
        true
    }

    pub fn is_empty(&self) -> bool {
        self.highest.is_none()
    }

    /// As bytes, oldest first: differences of neighbours, one byte each where ids are consecutive.
    pub fn write(&self, into: &mut Vec<u8>) {
        varint(self.highest.unwrap_or_default(), into);
        varint(self.ids.len() as i64, into);
        let mut before = 0_i64;
        for id in self.ids[self.next..].iter().chain(&self.ids[..self.next]) {
            varint(id.wrapping_sub(before), into);
            before = *id;
        }
    }

    /// What `write` wrote, kept to the last `capacity` ids.
    pub fn read(mut bytes: &[u8], capacity: usize) -> Result<Self, Fault> {
        let highest = unvarint(&mut bytes)?;
        let count = unvarint(&mut bytes)?;
        let mut window = Self { highest: Some(highest), ..Self::default() };
        let mut before = 0_i64;
        for _ in 0..count {
            before = before.wrapping_add(unvarint(&mut bytes)?);
            window.highest_accepted = window.highest_accepted.max(Some(before));
            if window.ids.len() == capacity {
                window.ids.remove(0);
            }
            window.ids.push(before);
        }
        if bytes.is_empty() { Ok(window) } else { Err(corrupt()) }
    }
}

/// LEB128 of the zigzag form, so that small magnitudes are short.
fn varint(value: i64, into: &mut Vec<u8>) {
    let mut rest = (value.wrapping_shl(1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        into.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    into.push(rest as u8);
}

fn unvarint(bytes: &mut &[u8]) -> Result<i64, Fault> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or_else(corrupt)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    Err(corrupt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_refused_while_it_is_among_the_last_accepted() {
        let mut window = IdWindow::default();
        assert!(window.accept(5, 3) && window.accept(7, 3) && window.accept(6, 3));
        assert!(!window.accept(5, 3) && !window.accept(6, 3));
        assert!(window.accept(8, 3));
        assert!(window.accept(5, 3), "the oldest was forgotten");
        assert!(!window.accept(8, 3));
    }

    #[test]
    fn a_gap_is_a_jump_over_ids_never_read() {
        let mut window = IdWindow::default();
        assert_eq!([10, 11, 13, 12, 14, i64::MAX, i64::MAX].map(|id| window.gap(id)), [false, false, true, false, false, true, false]);
    }

    #[test]
    fn bytes_bring_back_the_same_window() {
        let mut window = IdWindow::default();
        for id in [i64::MAX, i64::MIN, 0, -1, 1_723_161_255, 1_723_161_256, 7] {
            window.gap(id);
            window.accept(id, 5);
        }
        let mut bytes = Vec::new();
        window.write(&mut bytes);
        let mut back = IdWindow::read(&bytes, 5).unwrap();
        for id in [i64::MAX, i64::MIN, 0, -1, 1_723_161_255, 8, 7, 9, 10, 11] {
            assert_eq!((back.gap(id), back.accept(id, 5)), (window.gap(id), window.accept(id, 5)), "{id}");
        }
        assert!(IdWindow::read(&bytes[..bytes.len() - 1], 5).is_err());
    }
}
