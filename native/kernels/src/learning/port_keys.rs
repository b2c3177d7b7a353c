use crate::column::{Batch, Values};
use crate::config::{Kind, Port};
use crate::dictionary::{Remap, WordTable};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use rustc_hash::FxHashMap;

/// Groups of rows with equal values in the key columns, whichever port they come by; numbered in the order in which they were first seen.
/// Null is a value of its own. Without key columns all rows are group 0.
pub struct PortKeys {
    columns: Vec<Known>,
    /// By port: where the key columns are, and what their codes are here.
    ports: Vec<Vec<(usize, Remap)>>,
    /// Column, group of the columns before it, value -> group.
    prefixes: Vec<FxHashMap<(u32, u32), u32>>,
    /// A value a column for every group.
    members: Vec<u32>,
    len: usize,
}

/// Values of a key column, numbered; 0 is null.
struct Known {
    text: bool,
    words: WordTable,
    numbers: FxHashMap<i64, u32>,
    values: Vec<i64>,
}

impl Known {
    fn number(&mut self, value: i64) -> u32 {
        let next = self.values.len() as u32 + 1;
        let id = *self.numbers.entry(value).or_insert(next);
        if id == next {
            self.values.push(value);
        }
        id
    }
}

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Word | Kind::Bytes)
}

impl PortKeys {
    /// Keys over the named columns, which every port has.
    pub fn new(ports: &[&Port], names: &[String]) -> Result<Self, Fault> {
        let missing = |name: &str| Fault::new("kernel-config", format!("there is no key column \"{name}\" of one kind"));
        let mut columns = Vec::new();
        for name in names {
            let kinds = ports.iter().map(|port| port.find(name).map(|at| is_text(port.columns[at].kind))).collect::<Option<Vec<_>>>();
            let kinds = kinds.ok_or_else(|| missing(name))?;
            if kinds.windows(2).any(|pair| pair[0] != pair[1]) {
                return Err(missing(name));
            }
            let text = kinds.first() == Some(&true);
            columns.push(Known { text, words: WordTable::default(), numbers: FxHashMap::default(), values: Vec::new() });
        }
        let places = |port: &&Port| names.iter().filter_map(|name| port.find(name)).map(|at| (at, Remap::default())).collect();
        Ok(Self {
            prefixes: names.iter().map(|_| FxHashMap::default()).collect(),
            ports: ports.iter().map(places).collect(),
            columns,
            members: Vec::new(),
            len: 0,
        })
    }

    /// Groups seen so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The group of every row of a batch of the port.
    pub fn groups(&mut self, port: usize, batch: &Batch, groups: &mut Vec<u32>) -> Result<(), Fault> {
        groups.clear();
        if self.columns.is_empty() {
            groups.resize(batch.rows, 0);
            self.len = self.len.max(usize::from(batch.rows > 0));
            return Ok(());
        }
        for (at, remap) in &mut self.ports[port] {
            if let Values::Word { dictionary, .. } = batch.columns[*at].values {
                remap.follow(dictionary);
            }
        }
        let mut ids = vec![0; self.columns.len()];
        for row in 0..batch.rows {
            for (i, (at, remap)) in self.ports[port].iter_mut().enumerate() {
                let (column, known) = (&batch.columns[*at], &mut self.columns[i]);
                ids[i] = match column.values {
                    _ if !column.is_valid(row) => 0,
                    Values::Word { codes, dictionary } => remap.id(codes[row], dictionary, &mut known.words)? + 1,
                    Values::Bytes { .. } => known.words.id(column.bytes(row)?) + 1,
                    Values::I64(values) => known.number(values[row]),
                    Values::I32(values) => known.number(i64::from(values[row])),
                    Values::F64(_) | Values::Bool(_) => {
                        return Err(Fault::new("column-type", "a key column is a word, a text or an integer"));
                    }
                };
            }
            groups.push(self.group(&ids));
        }
        Ok(())
    }

    fn group(&mut self, ids: &[u32]) -> u32 {
        let mut group = 0;
        let mut fresh = false;
        for (prefixes, id) in self.prefixes.iter_mut().zip(ids) {
            let next = prefixes.len() as u32;
            let parent = group;
            group = *prefixes.entry((parent, *id)).or_insert(next);
            fresh = group == next && prefixes.len() as u32 > next;
        }
        if fresh {
            self.members.extend_from_slice(ids);
            self.len += 1;
        }
        group
    }

    pub fn snapshot(&self, into: &mut Writer) {
        into.count(self.len);
        if self.columns.is_empty() {
            return;
        }
        for ids in self.members.chunks_exact(self.columns.len()) {
            for (known, id) in self.columns.iter().zip(ids) {
                into.u32(u32::from(*id != 0));
                match (*id as usize).checked_sub(1) {
                    None => {}
                    Some(at) if known.text => into.bytes(&known.words.words()[at]),
                    Some(at) => into.i64(known.values[at]),
                }
            }
        }
    }

    pub fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        let len = usize::try_from(from.i64()?).map_err(|_| corrupt())?;
        if self.columns.is_empty() {
            self.len = len;
            return if len > 1 { Err(corrupt()) } else { Ok(()) };
        }
        for group in 0..len {
            let mut ids = Vec::with_capacity(self.columns.len());
            for known in &mut self.columns {
                ids.push(match (from.u32()?, known.text) {
                    (0, _) => 0,
                    (_, true) => known.words.id(from.bytes()?) + 1,
                    (_, false) => known.number(from.i64()?),
                });
            }
            if self.group(&ids) as usize != group {
                return Err(corrupt());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Column, Values};
    use crate::config::ColumnSpec;
    use crate::dictionary::Dictionary;
    use crate::snapshot::{read_all, seal, unseal};

    fn port(name: &str) -> Port {
        let spec = |name: &str, kind| ColumnSpec { name: name.into(), kind };
        Port { name: name.into(), columns: vec![spec("symbol", Kind::Word), spec("id", Kind::I64)], rows: false, with: None }
    }

    #[test]
    fn a_key_is_one_group_whatever_its_port_and_codes_and_comes_back() {
        let names = ["symbol".to_string(), "id".to_string()];
        let make = || PortKeys::new(&[&port("a"), &port("b")], &names).unwrap();
        let (mut first, mut second) = (Dictionary::default(), Dictionary::default());
        first.replace(&[0, 1, 2], b"XY").unwrap();
        second.replace(&[0, 1, 2], b"YX").unwrap();
        let groups_of = |keys: &mut PortKeys, at: usize, dictionary: &Dictionary| {
            let valid = [0b0111];
            let columns = [
                Column { values: Values::Word { codes: &[0, 1, 0, 0], dictionary }, valid: Some(&valid) },
                Column { values: Values::I64(&[1, 1, 2, 1]), valid: None },
            ];
            let mut groups = Vec::new();
            keys.groups(at, &Batch { rows: 4, columns: &columns }, &mut groups).unwrap();
            groups
        };
        let mut keys = make();
        assert_eq!(groups_of(&mut keys, 0, &first), [0, 1, 2, 3]);
        assert_eq!(groups_of(&mut keys, 1, &second), [1, 0, 4, 3]);
        let mut into = Writer::default();
        keys.snapshot(&mut into);
        let chunks = seal("keys", 1, into);
        let bytes = unseal("keys", 1, &chunks.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        let mut again = make();
        read_all(&bytes, |from| again.restore(from)).unwrap();
        assert_eq!(again.len(), 5);
        assert_eq!(groups_of(&mut again, 1, &second), [1, 0, 4, 3]);
        for length in 0..bytes.len() {
            assert!(read_all(&bytes[..length], |from| make().restore(from)).is_err(), "{length}");
        }
    }
}
