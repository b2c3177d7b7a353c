use crate::column::{Batch, Column, Values};
use crate::config::{Kind, Port};
use crate::dictionary::{Remap, WordTable};
use crate::fault::Fault;
use crate::output::{Bits, Block};
use crate::snapshot::{Reader, Writer, corrupt};
use rustc_hash::FxHashMap;

/// A row that belongs to no group.
pub const NO_GROUP: u32 = u32::MAX;

/// Groups of rows with equal values in the key columns, numbered in the order in which they were first seen. Null is a value of its own.
/// Without key columns all rows are group 0.
pub struct Keys {
    levels: Vec<Level>,
    len: usize,
    most: usize,
    scratch: Vec<u32>,
}

/// One key column: the prefixes of keys up to it, numbered.
struct Level {
    /// Its place among the columns of each port.
    columns: Vec<usize>,
    kind: Kind,
    ids: Ids,
    prefixes: FxHashMap<u64, u32>,
    /// Id of this column for every whole group.
    members: Vec<u32>,
}

/// Values of a key column, numbered; 0 is null.
#[derive(Default)]
struct Ids {
    /// One a port.
    remaps: Vec<Remap>,
    words: WordTable,
    numbers: FxHashMap<i64, u32>,
    values: Vec<i64>,
}

impl Ids {
    fn number(&mut self, value: i64) -> u32 {
        let next = self.values.len() as u32 + 1;
        let id = *self.numbers.entry(value).or_insert(next);
        if id == next {
            self.values.push(value);
        }
        id
    }

    fn id(&mut self, port: usize, column: &Column, row: usize) -> Result<u32, Fault> {
        if !column.is_valid(row) {
            return Ok(0);
        }
        Ok(match column.values {
            Values::Word { codes, dictionary } => self.remaps[port].id(codes[row], dictionary, &mut self.words)? + 1,
            Values::I64(values) => self.number(values[row]),
            Values::I32(values) => self.number(i64::from(values[row])),
            Values::Bytes { .. } => self.words.id(column.bytes(row)?) + 1,
            Values::F64(_) | Values::Bool(_) => return Err(Fault::new("column-type", "a key column is a word, a text or an integer")),
        })
    }
}

impl Keys {
    /// Keys over the named columns of an input port.
    pub fn new(port: &Port, names: &[String]) -> Result<Self, Fault> {
        Self::of_ports(&[port], names)
    }

    /// Keys over columns that several input ports have under one name; they are written as the first has them.
    pub fn of_ports(ports: &[&Port], names: &[String]) -> Result<Self, Fault> {
        let levels = names.iter().map(|name| {
            let absent = || Fault::new("kernel-config", format!("there is no key column \"{name}\""));
            let columns = ports.iter().map(|port| port.find(name)).collect::<Option<Vec<_>>>().ok_or_else(absent)?;
            let kind = ports.first().zip(columns.first()).map(|(port, column)| port.columns[*column].kind).ok_or_else(absent)?;
            let texts = |port: &&Port, column: &usize| matches!(port.columns[*column].kind, Kind::Word | Kind::Bytes);
            if ports.iter().zip(&columns).any(|(port, column)| texts(port, column) != matches!(kind, Kind::Word | Kind::Bytes)) {
                return Err(Fault::new("kernel-config", format!("key column \"{name}\" is a text on one port and a number on another")));
            }
            let ids = Ids { remaps: ports.iter().map(|_| Remap::default()).collect(), ..Ids::default() };
            Ok(Level { columns, kind, ids, prefixes: FxHashMap::default(), members: Vec::new() })
        });
        Ok(Self { levels: levels.collect::<Result<_, Fault>>()?, len: 0, most: usize::MAX, scratch: Vec::new() })
    }

    /// Rows of a key that is not among the first so many get `NO_GROUP`.
    pub fn at_most(mut self, most: u32) -> Self {
        self.most = most as usize;
        self
    }

    /// Groups seen so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The group of every row; rows whose `keep` is false get `NO_GROUP` and make no group.
    pub fn groups(&mut self, batch: &Batch, keep: Option<&[bool]>, groups: &mut Vec<u32>) -> Result<(), Fault> {
        self.groups_of(0, batch, keep, groups)
    }

    /// As `groups`, for a batch of the `port`th of several ports.
    pub fn groups_of(&mut self, port: usize, batch: &Batch, keep: Option<&[bool]>, groups: &mut Vec<u32>) -> Result<(), Fault> {
        groups.clear();
        match keep {
            None => groups.resize(batch.rows, 0),
            Some(keep) => groups.extend(keep.iter().map(|keep| if *keep { 0 } else { NO_GROUP })),
        }
        if self.levels.is_empty() {
            self.len = self.len.max(usize::from(groups.contains(&0)));
            return Ok(());
        }
        let before = self.len;
        let last = self.levels.len() - 1;
        let mut parents = std::mem::take(&mut self.scratch);
        for (depth, level) in self.levels.iter_mut().enumerate() {
            level.descend(port, batch, groups, if depth == last { self.most } else { usize::MAX })?;
            if depth == last {
                self.len = level.prefixes.len();
            }
        }
        if self.len > before {
            parents.clear();
            parents.resize(self.len - before, NO_GROUP);
            for (row, group) in groups.iter().enumerate() {
                if *group != NO_GROUP && *group as usize >= before && parents[*group as usize - before] == NO_GROUP {
                    parents[*group as usize - before] = row as u32;
                }
            }
            for level in &mut self.levels {
                for row in &parents {
                    let id = level.ids.id(port, &batch.columns[level.columns[port]], *row as usize)?;
                    level.members.push(id);
                }
            }
        }
        self.scratch = parents;
        Ok(())
    }

    /// Forgets all groups but these, in ascending order: they are numbered anew. Dictionary words that were told stay known.
    pub fn keep(&mut self, groups: &[u32]) {
        let mut prefixes = vec![0; groups.len()];
        self.len = groups.len();
        for level in &mut self.levels {
            level.prefixes = FxHashMap::default();
            let members = std::mem::take(&mut level.members);
            let old = if level.kind == Kind::Word { None } else { Some(std::mem::take(&mut level.ids)) };
            for (prefix, group) in prefixes.iter_mut().zip(groups) {
                let id = members[*group as usize];
                let id = match (&old, (id as usize).checked_sub(1)) {
                    (None, _) | (_, None) => id,
                    (Some(old), Some(at)) if level.kind == Kind::Bytes => level.ids.words.id(&old.words.words()[at]) + 1,
                    (Some(old), Some(at)) => level.ids.number(old.values[at]),
                };
                level.members.push(id);
                *prefix = level.prefix(*prefix, id);
            }
        }
    }

    /// Writes the key columns of the given groups, in their order.
    pub fn write(&self, groups: &[u32], block: &mut Block) -> Result<(), Fault> {
        for level in &self.levels {
            level.write(groups, block)?;
        }
        Ok(())
    }

    pub fn snapshot(&self, into: &mut Writer) {
        into.count(self.len);
        for level in &self.levels {
            for id in &level.members {
                into.u32(u32::from(*id != 0));
                match (*id as usize).checked_sub(1) {
                    None => {}
                    Some(at) if matches!(level.kind, Kind::Word | Kind::Bytes) => into.bytes(&level.ids.words.words()[at]),
                    Some(at) => into.i64(level.ids.values[at]),
                }
            }
        }
    }

    pub fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.len = usize::try_from(from.i64()?).map_err(|_| corrupt())?;
        let mut prefixes: Vec<u32> = Vec::new();
        for (depth, level) in self.levels.iter_mut().enumerate() {
            for group in 0..self.len {
                let id = match (from.u32()?, level.kind) {
                    (0, _) => 0,
                    (_, Kind::Word | Kind::Bytes) => level.ids.words.id(from.bytes()?) + 1,
                    _ => level.ids.number(from.i64()?),
                };
                level.members.push(id);
                let parent = if depth == 0 { 0 } else { prefixes[group] };
                let prefix = level.prefix(parent, id);
                if depth == 0 { prefixes.push(prefix) } else { prefixes[group] = prefix }
            }
        }
        // no key comes twice, and without key columns there is one group
        let is_numbered = prefixes.iter().enumerate().all(|(group, prefix)| group == *prefix as usize);
        if is_numbered && (self.len < 2 || !self.levels.is_empty()) { Ok(()) } else { Err(corrupt()) }
    }
}

impl Level {
    fn prefix(&mut self, parent: u32, id: u32) -> u32 {
        let next = self.prefixes.len() as u32;
        *self.prefixes.entry(u64::from(parent) << 32 | u64::from(id)).or_insert(next)
    }

    /// From groups of the columns before to groups with this column.
    fn descend(&mut self, port: usize, batch: &Batch, groups: &mut [u32], most: usize) -> Result<(), Fault> {
        let column = &batch.columns[self.columns[port]];
        if let Values::Word { dictionary, .. } = column.values {
            self.ids.remaps[port].follow(dictionary);
        }
        let mut last = (NO_GROUP, 0, 0); // most rows follow one of the same key
        for (row, group) in groups.iter_mut().enumerate() {
            if *group == NO_GROUP {
                continue;
            }
            let id = self.ids.id(port, column, row)?;
            if (*group, id) != (last.0, last.1) {
                let full = self.prefixes.len() >= most && !self.prefixes.contains_key(&(u64::from(*group) << 32 | u64::from(id)));
                last = (*group, id, if full { NO_GROUP } else { self.prefix(*group, id) });
            }
            *group = last.2;
        }
        Ok(())
    }

    fn write(&self, groups: &[u32], block: &mut Block) -> Result<(), Fault> {
        let ids: Vec<u32> = groups.iter().map(|group| self.members[*group as usize]).collect();
        let mut valid = Bits::default();
        if ids.contains(&0) {
            ids.iter().for_each(|id| valid.push(*id != 0));
        }
        let valid = (!valid.is_empty()).then_some(&valid);
        let at = |id: &u32| (*id as usize).saturating_sub(1);
        let number = |id: &u32| self.ids.values.get(at(id)).copied().unwrap_or_default();
        match self.kind {
            Kind::Word => block.words(&ids.iter().map(|id| at(id) as i32).collect::<Vec<_>>(), valid, &self.ids.words),
            Kind::I64 => block.i64s(&ids.iter().map(number).collect::<Vec<_>>(), valid),
            Kind::I32 => block.i32s(&ids.iter().map(|id| number(id) as i32).collect::<Vec<_>>(), valid),
            _ => {
                let mut texts = crate::output::Texts::default();
                for id in &ids {
                    texts.push((*id != 0).then(|| &*self.ids.words.words()[at(id)]))?;
                }
                block.texts(&texts)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ColumnSpec;
    use crate::dictionary::Dictionary;
    use crate::snapshot::{read_all, seal, unseal};

    #[test]
    fn what_is_kept_is_numbered_anew_and_what_is_forgotten_may_come_again() {
        let columns = vec![ColumnSpec { name: "a".into(), kind: Kind::I64 }, ColumnSpec { name: "b".into(), kind: Kind::Bytes }];
        let port = Port { name: "in".into(), columns, rows: false, with: None };
        let mut keys = Keys::new(&port, &["a".into(), "b".into()]).unwrap();
        let groups_of = |keys: &mut Keys, numbers: &[i64], texts: &[u8]| {
            let offsets: Vec<i32> = (0..=texts.len() as i32).collect();
            let columns = [
                Column { values: Values::I64(numbers), valid: None },
                Column { values: Values::Bytes { offsets: &offsets, data: texts }, valid: None },
            ];
            let mut groups = Vec::new();
            keys.groups(&Batch { rows: numbers.len(), columns: &columns }, None, &mut groups).unwrap();
            groups
        };
        assert_eq!(groups_of(&mut keys, &[1, 1, 2, 3], b"xyxx"), [0, 1, 2, 3]);
        keys.keep(&[1, 3]);
        assert_eq!(keys.len(), 2);
        assert_eq!(groups_of(&mut keys, &[3, 1, 1, 2], b"xyxx"), [1, 0, 2, 3]);
        keys.keep(&[]);
        assert_eq!(groups_of(&mut keys, &[9], b"x"), [0]);
    }

    #[test]
    fn keys_beyond_the_first_so_many_are_none_and_the_first_stay() {
        let mut keys = Keys::of_ports(&[&port("a")], &["id".to_string(), "symbol".to_string()]).unwrap().at_most(2);
        let mut words = Dictionary::default();
        words.replace(&[0, 1, 2], b"XY").unwrap();
        let columns = [
            Column { values: Values::Word { codes: &[0, 0, 0, 1, 0], dictionary: &words }, valid: None },
            Column { values: Values::I64(&[1, 2, 3, 1, 2]), valid: None },
        ];
        let mut groups = Vec::new();
        keys.groups(&Batch { rows: 5, columns: &columns }, None, &mut groups).unwrap();
        assert_eq!(groups, [0, 1, NO_GROUP, NO_GROUP, 1]);
        assert_eq!(keys.len(), 2);
    }

    fn port(name: &str) -> Port {
        let spec = |name: &str, kind| ColumnSpec { name: name.into(), kind };
        Port { name: name.into(), columns: vec![spec("symbol", Kind::Word), spec("id", Kind::I64)], rows: false, with: None }
    }

    #[test]
    fn a_key_is_one_group_whatever_its_port_and_codes_and_comes_back() {
        let names = ["symbol".to_string(), "id".to_string()];
        let make = || Keys::of_ports(&[&port("a"), &port("b")], &names).unwrap();
        let (mut first, mut second) = (Dictionary::default(), Dictionary::default());
        first.replace(&[0, 1, 2], b"XY").unwrap();
        second.replace(&[0, 1, 2], b"YX").unwrap();
        let groups_of = |keys: &mut Keys, at: usize, dictionary: &Dictionary| {
            let valid = [0b0111];
            let columns = [
                Column { values: Values::Word { codes: &[0, 1, 0, 0], dictionary }, valid: Some(&valid) },
                Column { values: Values::I64(&[1, 1, 2, 1]), valid: None },
            ];
            let mut groups = Vec::new();
            keys.groups_of(at, &Batch { rows: 4, columns: &columns }, None, &mut groups).unwrap();
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
