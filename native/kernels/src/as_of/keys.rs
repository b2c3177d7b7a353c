use crate::column::{Batch, Values};
use crate::config::{Kind, Port};
use crate::fault::Fault;
use crate::snapshot::corrupt;
use rustc_hash::FxHashMap;

const UNMET: u32 = u32::MAX;

/// Keys that both sides know by the same number; the number of a key that is released is given to another.
pub struct Keys {
    sides: [Side; 2],
    slots: FxHashMap<Box<[u8]>, u32>,
    /// By number; of released ones, what they were.
    texts: Vec<Box<[u8]>>,
    free: Vec<u32>,
    released: bool,
    /// The key that was looked for last.
    text: Vec<u8>,
}

struct Side {
    columns: Vec<usize>,
    /// The only key column holds words: their numbers by code, as they are met.
    word: bool,
    generation: u64,
    by_code: Vec<u32>,
}

impl Side {
    fn new(port: &Port, names: &[String]) -> Result<Self, Fault> {
        let column = |name: &String| {
            port.find(name).ok_or_else(|| Fault::new("kernel-config", format!("there is no key column \"{name}\""))) //
        };
        let columns = names.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let word = matches!(columns[..], [only] if port.columns[only].kind == Kind::Word);
        Ok(Self { columns, word, generation: 0, by_code: Vec::new() })
    }
}

impl Keys {
    pub fn new(ports: [&Port; 2], names: &[String]) -> Result<Self, Fault> {
        let sides = [Side::new(ports[0], names)?, Side::new(ports[1], names)?];
        Ok(Self { sides, slots: FxHashMap::default(), texts: Vec::new(), free: Vec::new(), released: false, text: Vec::new() })
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Key columns of a side.
    pub fn columns(&self, side: usize) -> &[usize] {
        &self.sides[side].columns
    }

    /// To be called once a batch, before `find`.
    pub fn follow(&mut self, side: usize, batch: &Batch) {
        let side = &mut self.sides[side];
        if side.word
            && let Values::Word { dictionary, .. } = batch.columns[side.columns[0]].values
        {
            if side.generation != dictionary.generation() {
                side.generation = dictionary.generation();
                side.by_code.clear();
            }
            side.by_code.resize(dictionary.len(), UNMET);
        }
    }

    pub fn has_null(&self, side: usize, batch: &Batch, row: usize) -> bool {
        self.sides[side].columns.iter().any(|column| !batch.columns[*column].is_valid(row))
    }

    /// The number of a row's key, none of whose columns is null.
    #[inline]
    pub fn find(&mut self, side: usize, batch: &Batch, row: usize) -> Result<Option<u32>, Fault> {
        let side = &mut self.sides[side];
        if side.word {
            let (codes, dictionary) = batch.columns[side.columns[0]].words()?;
            if let Some(slot) = side.by_code.get(codes[row] as usize).filter(|slot| **slot != UNMET) {
                return Ok(Some(*slot));
            }
            self.text.clear();
            self.text.extend_from_slice(dictionary.get(codes[row])?);
            let found = self.slots.get(&self.text[..]).copied();
            if let Some(slot) = found {
                side.by_code[codes[row] as usize] = slot;
            }
            return Ok(found);
        }
        self.text.clear();
        for column in &side.columns {
            let column = &batch.columns[*column];
            match column.values {
                Values::I64(values) => self.text.extend_from_slice(&values[row].to_le_bytes()),
                Values::I32(values) => self.text.extend_from_slice(&values[row].to_le_bytes()),
                _ => {
                    let bytes = column.bytes(row)?;
                    self.text.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                    self.text.extend_from_slice(bytes);
                }
            }
        }
        Ok(self.slots.get(&self.text[..]).copied())
    }

    /// A number for the key that was not found.
    pub fn insert(&mut self) -> u32 {
        let text: Box<[u8]> = self.text[..].into();
        let slot = self.free.pop().unwrap_or(self.texts.len() as u32);
        if slot as usize == self.texts.len() {
            self.texts.push(text.clone());
        } else {
            self.texts[slot as usize] = text.clone();
        }
        self.slots.insert(text, slot);
        slot
    }

    pub fn release(&mut self, slot: u32) {
        self.slots.remove(&self.texts[slot as usize]);
        self.free.push(slot);
        self.released = true;
    }

    /// To be called after keys were released, before `find`.
    pub fn settle(&mut self) {
        if std::mem::take(&mut self.released) {
            self.sides.iter_mut().for_each(|side| side.by_code.fill(UNMET));
        }
    }

    /// A key as it is saved.
    pub fn text(&self, slot: usize) -> &[u8] {
        &self.texts[slot]
    }

    /// The next key of a snapshot.
    pub fn restore(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.text.clear();
        self.text.extend_from_slice(text);
        if self.slots.contains_key(text) {
            return Err(corrupt());
        }
        self.insert();
        Ok(())
    }
}
