use crate::column::{Column, Values, bit};
use crate::config::Kind;
use crate::dictionary::{Remap, WordTable};
use crate::fault::Fault;
use crate::output::{Bits, Block, Cells, Texts};
use crate::snapshot::{Reader, Writer};

/// The first or last value of a pane in event time, of any type.
#[derive(Debug, Clone, Default)]
struct Value {
    /// Time of its row; None: there is none yet.
    ts: Option<i64>,
    /// Number, integer, bool, or which word.
    bits: u64,
    /// Utf8 or Binary.
    text: Vec<u8>,
}

/// First or last values by pane.
pub struct Edge {
    kind: Kind,
    last: bool,
    panes: Vec<Value>,
    remap: Remap,
    words: WordTable,
    out: Cells<u64>,
    texts: Texts,
}

impl Edge {
    pub fn new(kind: Kind, last: bool) -> Self {
        let (remap, words) = (Remap::default(), WordTable::default());
        Self { kind, last, panes: Vec::new(), remap, words, out: Cells::default(), texts: Texts::default() }
    }

    pub fn grow(&mut self, panes: usize) {
        self.panes.resize(panes.max(self.panes.len()), Value::default());
    }

    pub fn clear(&mut self, slot: u32) {
        self.panes[slot as usize].ts = None;
    }

    /// Of equal times the first to arrive is first, the last one last.
    pub fn add(&mut self, column: &Column, times: &[i64], slots: &[u32]) -> Result<(), Fault> {
        if let Values::Word { dictionary, .. } = column.values {
            self.remap.follow(dictionary);
        }
        for (row, slot) in slots.iter().enumerate() {
            let (Some(pane), true) = (self.panes.get_mut(*slot as usize), column.is_valid(row)) else { continue };
            let ts = times[row];
            if pane.ts.is_some_and(|known| if self.last { ts < known } else { ts >= known }) {
                continue;
            }
            pane.ts = Some(ts);
            match column.values {
                Values::F64(values) => pane.bits = values[row].to_bits(),
                Values::I64(values) => pane.bits = values[row] as u64,
                Values::I32(values) => pane.bits = i64::from(values[row]) as u64,
                Values::Bool(bits) => pane.bits = u64::from(bit(bits, row)),
                Values::Word { codes, dictionary } => pane.bits = u64::from(self.remap.id(codes[row], dictionary, &mut self.words)?),
                Values::Bytes { .. } => {
                    pane.text.clear();
                    pane.text.extend_from_slice(column.bytes(row)?);
                }
            }
        }
        Ok(())
    }

    /// Adds the value of a window to those on their way out.
    pub fn write(&mut self, slots: &[u32]) -> Result<(), Fault> {
        let mut values = slots.iter().map(|slot| &self.panes[*slot as usize]).filter(|value| value.ts.is_some());
        let value = if self.last { values.next_back() } else { values.next() };
        self.out.push_option(value.map(|value| value.bits));
        if self.kind == Kind::Bytes {
            self.texts.push(value.map(|value| &value.text[..]))?;
        }
        Ok(())
    }

    pub fn flush(&mut self, block: &mut Block) -> Result<(), Fault> {
        let (bits, valid) = (&self.out.values, Some(&self.out.valid));
        match self.kind {
            Kind::F64 => block.f64s(&bits.iter().map(|bits| f64::from_bits(*bits)).collect::<Vec<_>>(), valid)?,
            Kind::I64 => block.i64s(&bits.iter().map(|bits| *bits as i64).collect::<Vec<_>>(), valid)?,
            Kind::I32 => block.i32s(&bits.iter().map(|bits| *bits as i32).collect::<Vec<_>>(), valid)?,
            Kind::Bool => {
                let mut values = Bits::default();
                bits.iter().for_each(|bits| values.push(*bits != 0));
                block.bools(&values, valid)?;
            }
            Kind::Bytes => block.texts(&self.texts)?,
            Kind::Word => {
                if self.words.is_empty() {
                    self.words.id(b""); // codes of null rows point somewhere too
                }
                block.words(&bits.iter().map(|bits| *bits as i32).collect::<Vec<_>>(), valid, &self.words)?;
            }
        }
        self.out.clear();
        self.texts.clear();
        Ok(())
    }

    pub fn snapshot(&self, slot: u32, into: &mut Writer) {
        let value = &self.panes[slot as usize];
        into.u32(u32::from(value.ts.is_some()));
        if let Some(ts) = value.ts {
            into.i64(ts);
            match self.kind {
                Kind::Bytes => into.bytes(&value.text),
                Kind::Word => into.bytes(&self.words.words()[value.bits as usize]),
                _ => into.i64(value.bits as i64),
            }
        }
    }

    pub fn restore(&mut self, slot: u32, from: &mut Reader) -> Result<(), Fault> {
        if from.u32()? == 0 {
            return Ok(());
        }
        let value = &mut self.panes[slot as usize];
        value.ts = Some(from.i64()?);
        match self.kind {
            Kind::Bytes => value.text = from.bytes()?.to_vec(),
            Kind::Word => value.bits = u64::from(self.words.id(from.bytes()?)),
            _ => value.bits = from.i64()? as u64,
        }
        Ok(())
    }
}
