use crate::expression::{Data, Vector};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};

/// The last rows of one column, by group.
#[derive(Debug)]
pub struct History {
    /// Rows before the current one that are asked for, each at least 1.
    rows: Vec<usize>,
    depth: usize,
    groups: Vec<Ring>,
}

/// Values as 64 bits, the oldest at `next` once there are `depth` of them.
#[derive(Debug, Clone, Default)]
struct Ring {
    bits: Vec<u64>,
    valid: Vec<bool>,
    next: usize,
}

impl Ring {
    /// Place of the value so many rows before the next one.
    #[inline]
    fn place(&self, rows: usize) -> Option<usize> {
        let length = self.bits.len();
        if rows > length {
            return None;
        }
        Some(if self.next >= rows { self.next - rows } else { self.next + length - rows })
    }

    #[inline]
    fn push(&mut self, bits: u64, valid: bool, depth: usize) {
        if self.bits.len() < depth {
            self.bits.push(bits);
            self.valid.push(valid);
            self.next = self.bits.len() % depth;
        } else {
            self.bits[self.next] = bits;
            self.valid[self.next] = valid;
            self.next = if self.next + 1 == depth { 0 } else { self.next + 1 };
        }
    }
}

impl History {
    pub fn new(rows: &[usize], most: usize) -> Result<Self, Fault> {
        let depth = rows.iter().copied().max().unwrap_or_default();
        if depth > most || rows.contains(&0) {
            return Err(Fault::new("kernel-config", format!("a lag is 1 to {most} rows")));
        }
        Ok(Self { rows: rows.to_vec(), depth, groups: Vec::new() })
    }

    pub fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Ring::default());
    }

    /// Forgets all groups but these, which are numbered anew.
    pub fn keep(&mut self, groups: &[u32]) {
        self.groups = groups.iter().map(|group| std::mem::take(&mut self.groups[*group as usize])).collect();
    }

    /// For every lag, its value at each row; the rows themselves are rows before from then on. Where `anew` says so, there are none before.
    pub fn lag<'a>(&mut self, source: &Vector, groups: &[u32], anew: &[bool]) -> Result<Vec<Vector<'a>>, Fault> {
        let bits: Box<dyn Fn(usize) -> u64> = match &source.data {
            Data::F64(values) => Box::new(|row| values[row].to_bits()),
            Data::I64(values) => Box::new(|row| values[row] as u64),
            Data::Bool(values) => Box::new(|row| u64::from(values[row])),
            Data::Text(_) => return Err(Fault::new("expression-program", "a lag is not of text")),
        };
        let mut lagged: Vec<(Vec<u64>, Vec<bool>)> =
            self.rows.iter().map(|_| (Vec::with_capacity(groups.len()), Vec::with_capacity(groups.len()))).collect();
        for (row, group) in groups.iter().enumerate() {
            let ring = &mut self.groups[*group as usize];
            if anew.get(row) == Some(&true) {
                *ring = Ring::default();
            }
            for (rows, (values, valid)) in self.rows.iter().zip(&mut lagged) {
                let place = ring.place(*rows);
                values.push(place.map_or(0, |at| ring.bits[at]));
                valid.push(place.is_some_and(|at| ring.valid[at]));
            }
            ring.push(bits(row), source.is_valid(row), self.depth);
        }
        Ok(lagged.into_iter().map(|(bits, valid)| Vector { data: data_of(&source.data, &bits), valid: Some(valid) }).collect())
    }

    pub fn snapshot(&self, into: &mut Writer) {
        for ring in &self.groups {
            into.count(ring.bits.len());
            for at in (ring.next..ring.bits.len()).chain(0..ring.next.min(ring.bits.len())) {
                into.i64(ring.bits[at] as i64);
                into.u32(u32::from(ring.valid[at]));
            }
        }
    }

    /// What `snapshot` wrote of so many groups.
    pub fn restore(&mut self, groups: usize, from: &mut Reader) -> Result<(), Fault> {
        for _ in 0..groups {
            let mut ring = Ring::default();
            let length = from.count()?;
            if length > self.depth {
                return Err(corrupt());
            }
            for _ in 0..length {
                let (bits, valid) = (from.i64()? as u64, from.u32()? == 1);
                ring.push(bits, valid, self.depth);
            }
            self.groups.push(ring);
        }
        Ok(())
    }
}

/// Bits as values of the same type as `like`.
fn data_of<'a>(like: &Data, bits: &[u64]) -> Data<'a> {
    match like {
        Data::F64(_) => Data::F64(bits.iter().map(|bits| f64::from_bits(*bits)).collect()),
        Data::Bool(_) => Data::Bool(bits.iter().map(|bits| *bits == 1).collect()),
        Data::I64(_) | Data::Text(_) => Data::I64(bits.iter().map(|bits| *bits as i64).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{read_all, seal, unseal};

    fn lagged(history: &mut History, values: &[i64], groups: &[u32]) -> Vec<Vec<Option<i64>>> {
        let source = Vector { data: Data::I64(values.into()), valid: None };
        let vectors = history.lag(&source, groups, &[]).unwrap();
        let option = |vector: &Vector, row: usize| {
            if let Data::I64(values) = &vector.data { vector.is_valid(row).then(|| values[row]) } else { None }
        };
        vectors.iter().map(|vector| (0..values.len()).map(|row| option(vector, row)).collect()).collect()
    }

    #[test]
    fn a_ring_gives_rows_before_of_its_group_across_batches_and_snapshots() {
        let (rows, groups, values): (_, Vec<u32>, Vec<i64>) = ([1, 3], (0..40).map(|i| i % 3 % 2).collect(), (0..40).collect());
        let plain = |back: usize| -> Vec<Option<i64>> {
            let before = |at: usize| (0..at).rev().filter(|i| groups[*i] == groups[at]).nth(back - 1).map(|i| values[i]);
            (0..40).map(before).collect()
        };
        let mut history = History::new(&rows, 3).unwrap();
        history.grow(2);
        let mut found = [Vec::new(), Vec::new()];
        for from in [0, 7, 8, 21] {
            let to = [7, 8, 21, 40][[0, 7, 8, 21].iter().position(|at| *at == from).unwrap()];
            let some = lagged(&mut history, &values[from..to], &groups[from..to]);
            found.iter_mut().zip(some).for_each(|(all, some)| all.extend(some));
            let mut writer = Writer::default();
            history.snapshot(&mut writer);
            let chunks = seal("history", 1, writer);
            let bytes = unseal("history", 1, &chunks.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
            history = History::new(&rows, 3).unwrap();
            read_all(&bytes, |from| history.restore(2, from)).unwrap();
        }
        assert_eq!(found, [plain(1), plain(3)]);
    }

    #[test]
    fn lags_outside_are_faults() {
        assert!(History::new(&[0], 3).is_err() && History::new(&[4], 3).is_err());
    }
}
