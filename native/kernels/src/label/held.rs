use crate::column::{Batch, Values, bit};
use crate::config::{Kind, Port};
use crate::dictionary::{Remap, WordTable};
use crate::fault::Fault;
use crate::output::{Bits, Block, Texts};
use crate::snapshot::{Reader, Writer};

/// Whole rows of a port in numbered places, a column at a time; places of rows that left are given to others.
pub struct Held {
    columns: Vec<HeldColumn>,
    free: Vec<u32>,
    places: usize,
}

struct HeldColumn {
    valid: Vec<bool>,
    store: Store,
}

enum Store {
    F64(Vec<f64>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    Bool(Vec<bool>),
    Bytes(Vec<Vec<u8>>),
    Word(Vec<i32>, Remap, WordTable),
}

impl Held {
    pub fn new(port: &Port) -> Self {
        let columns = port.columns.iter().map(|column| {
            let store = match column.kind {
                Kind::F64 => Store::F64(Vec::new()),
                Kind::I64 => Store::I64(Vec::new()),
                Kind::I32 => Store::I32(Vec::new()),
                Kind::Bool => Store::Bool(Vec::new()),
                Kind::Bytes => Store::Bytes(Vec::new()),
                Kind::Word => Store::Word(Vec::new(), Remap::default(), WordTable::default()),
            };
            HeldColumn { valid: Vec::new(), store }
        });
        Self { columns: columns.collect(), free: Vec::new(), places: 0 }
    }

    /// A place that holds nothing.
    fn place(&mut self) -> usize {
        if let Some(place) = self.free.pop() {
            return place as usize;
        }
        for HeldColumn { valid, store } in &mut self.columns {
            valid.push(false);
            store.grow();
        }
        self.places += 1;
        self.places - 1
    }

    /// Copies rows of a batch; gives their places.
    pub fn keep(&mut self, batch: &Batch, rows: &[usize]) -> Result<Vec<u32>, Fault> {
        let places: Vec<u32> = rows.iter().map(|_| self.place() as u32).collect();
        for (HeldColumn { valid, store }, from) in self.columns.iter_mut().zip(batch.columns) {
            if let (Store::Word(_, remap, _), Values::Word { dictionary, .. }) = (&mut *store, from.values) {
                remap.follow(dictionary);
            }
            for (row, place) in rows.iter().zip(&places) {
                let at = *place as usize;
                valid[at] = from.is_valid(*row);
                if valid[at] {
                    store.set(at, &from.values, *row)?;
                }
            }
        }
        Ok(places)
    }

    pub fn release(&mut self, place: u32) {
        self.free.push(place);
    }

    /// Writes a column of words or texts at some places, with another in place of null.
    pub fn write_or(&mut self, column: usize, places: &[u32], absent: &[u8], block: &mut Block) -> Result<(), Fault> {
        let HeldColumn { valid, store } = &mut self.columns[column];
        let each = places.iter().map(|place| *place as usize);
        match store {
            Store::Bytes(held) => {
                let mut texts = Texts::default();
                for at in each {
                    texts.push(Some(if valid[at] { &held[at][..] } else { absent }))?;
                }
                block.texts(&texts)
            }
            Store::Word(held, _, table) => {
                let absent = table.id(absent) as i32;
                block.words(&each.map(|at| if valid[at] { held[at] } else { absent }).collect::<Vec<_>>(), None, table)
            }
            _ => Err(Fault::new("column-type", "a column that is words or texts crossed as numbers")),
        }
    }

    /// Writes a column of the rows at some places.
    pub fn write(&mut self, column: usize, places: &[u32], block: &mut Block) -> Result<(), Fault> {
        let HeldColumn { valid, store } = &mut self.columns[column];
        let mut bits = Bits::default();
        places.iter().for_each(|place| bits.push(valid[*place as usize]));
        let each = places.iter().map(|place| *place as usize);
        match store {
            Store::F64(held) => block.f64s(&each.map(|at| held[at]).collect::<Vec<_>>(), Some(&bits)),
            Store::I64(held) => block.i64s(&each.map(|at| held[at]).collect::<Vec<_>>(), Some(&bits)),
            Store::I32(held) => block.i32s(&each.map(|at| held[at]).collect::<Vec<_>>(), Some(&bits)),
            Store::Bool(held) => {
                let mut values = Bits::default();
                each.for_each(|at| values.push(held[at]));
                block.bools(&values, Some(&bits))
            }
            Store::Bytes(held) => {
                let mut texts = Texts::default();
                for at in each {
                    texts.push(valid[at].then_some(&held[at][..]))?;
                }
                block.texts(&texts)
            }
            Store::Word(held, _, table) => {
                if table.is_empty() {
                    table.id(b""); // codes of null rows point somewhere too
                }
                block.words(&each.map(|at| if valid[at] { held[at] } else { 0 }).collect::<Vec<_>>(), Some(&bits), table)
            }
        }
    }

    pub fn snapshot(&self, place: u32, into: &mut Writer) {
        let at = place as usize;
        for HeldColumn { valid, store } in &self.columns {
            into.u32(u32::from(valid[at]));
            match store {
                _ if !valid[at] => {}
                Store::F64(held) => into.f64(held[at]),
                Store::I64(held) => into.i64(held[at]),
                Store::I32(held) => into.i64(i64::from(held[at])),
                Store::Bool(held) => into.u32(u32::from(held[at])),
                Store::Bytes(held) => into.bytes(&held[at]),
                Store::Word(held, _, table) => into.bytes(&table.words()[held[at] as usize]),
            }
        }
    }

    /// Takes back the next row that `snapshot` wrote; gives its place.
    pub fn restore(&mut self, from: &mut Reader) -> Result<u32, Fault> {
        let at = self.place();
        for HeldColumn { valid, store } in &mut self.columns {
            valid[at] = from.u32()? != 0;
            match store {
                _ if !valid[at] => {}
                Store::F64(held) => held[at] = from.f64()?,
                Store::I64(held) => held[at] = from.i64()?,
                Store::I32(held) => held[at] = from.i64()? as i32,
                Store::Bool(held) => held[at] = from.u32()? != 0,
                Store::Bytes(held) => held[at] = from.bytes()?.to_vec(),
                Store::Word(held, _, table) => held[at] = table.id(from.bytes()?) as i32,
            }
        }
        Ok(at as u32)
    }
}

impl Store {
    fn grow(&mut self) {
        match self {
            Self::F64(held) => held.push(0.0),
            Self::I64(held) => held.push(0),
            Self::I32(held) | Self::Word(held, ..) => held.push(0),
            Self::Bool(held) => held.push(false),
            Self::Bytes(held) => held.push(Vec::new()),
        }
    }

    /// The value of a row that has one.
    #[inline]
    fn set(&mut self, at: usize, values: &Values, row: usize) -> Result<(), Fault> {
        match (self, values) {
            (Self::F64(held), Values::F64(values)) => held[at] = values[row],
            (Self::I64(held), Values::I64(values)) => held[at] = values[row],
            (Self::I32(held), Values::I32(values)) => held[at] = values[row],
            (Self::Bool(held), Values::Bool(bits)) => held[at] = bit(bits, row),
            (Self::Bytes(held), Values::Bytes { offsets, data }) => {
                held[at].clear();
                held[at].extend_from_slice(&data[offsets[row] as usize..offsets[row + 1] as usize]);
            }
            (Self::Word(held, remap, table), Values::Word { codes, dictionary }) => {
                held[at] = remap.id(codes[row], dictionary, table)? as i32
            }
            _ => return Err(Fault::new("column-type", "a column that crossed is of another type")),
        }
        Ok(())
    }
}
