use super::place::{HELD, NONE};
use crate::column::{Batch, Column, Values, bit};
use crate::config::{Kind, Port};
use crate::dictionary::{Remap, WordTable};
use crate::fault::Fault;
use crate::output::{Bits, Block, Cells, Texts};
use crate::snapshot::{Reader, Writer, corrupt};

/// Rows of the right side that are kept, a column at a time.
pub struct Held {
    columns: Vec<HeldColumn>,
}

struct HeldColumn {
    /// Its index on the port.
    column: usize,
    valid: Vec<bool>,
    store: Store,
}

enum Store {
    F64(Vec<f64>, Cells<f64>),
    I64(Vec<i64>, Cells<i64>),
    I32(Vec<i32>, Cells<i32>),
    Bool(Vec<bool>, Cells<bool>),
    Bytes(Vec<Vec<u8>>, Texts),
    Word(Vec<i32>, Cells<i32>, Words),
}

#[derive(Default)]
struct Words {
    remap: Remap,
    table: WordTable,
}

impl Held {
    pub fn new(port: &Port, names: &[String]) -> Result<Self, Fault> {
        let columns = names.iter().map(|name| {
            let column = port.find(name).ok_or_else(|| Fault::new("kernel-config", format!("there is no column \"{name}\"")))?;
            let store = match port.columns[column].kind {
                Kind::F64 => Store::F64(Vec::new(), Cells::default()),
                Kind::I64 => Store::I64(Vec::new(), Cells::default()),
                Kind::I32 => Store::I32(Vec::new(), Cells::default()),
                Kind::Bool => Store::Bool(Vec::new(), Cells::default()),
                Kind::Bytes => Store::Bytes(Vec::new(), Texts::default()),
                Kind::Word => Store::Word(Vec::new(), Cells::default(), Words::default()),
            };
            Ok(HeldColumn { column, valid: Vec::new(), store })
        });
        Ok(Self { columns: columns.collect::<Result<_, Fault>>()? })
    }

    /// Tells rows of other columns apart in a snapshot.
    pub fn signature(&self) -> u32 {
        self.columns.iter().fold(1, |sum, column| sum.wrapping_mul(31).wrapping_add(column.store.kind() as u32))
    }

    pub fn grow(&mut self, places: usize) {
        for HeldColumn { valid, store, .. } in &mut self.columns {
            if valid.len() < places {
                valid.resize(places, false);
                store.grow(places);
            }
        }
    }

    /// Copies rows of a batch to places, of which there are so many.
    pub fn keep(&mut self, moves: &[(u32, u32)], places: usize, batch: &Batch) -> Result<(), Fault> {
        self.grow(places);
        for HeldColumn { column, valid, store } in &mut self.columns {
            let from = &batch.columns[*column];
            for (at, row) in moves {
                valid[*at as usize] = from.is_valid(*row as usize);
            }
            store.keep(moves, valid, from)?;
        }
        Ok(())
    }

    /// Writes the columns for picks: held rows, rows of the batch, or none.
    pub fn write(&mut self, picks: &[u32], batch: Option<&Batch>, block: &mut Block) -> Result<(), Fault> {
        for HeldColumn { column, valid, store } in &mut self.columns {
            store.write(picks, valid, batch.map(|batch| &batch.columns[*column]), block)?;
        }
        Ok(())
    }

    pub fn snapshot(&self, at: usize, into: &mut Writer) {
        for HeldColumn { valid, store, .. } in &self.columns {
            into.u32(u32::from(valid[at]));
            if valid[at] {
                store.snapshot(at, into);
            }
        }
    }

    pub fn restore(&mut self, at: usize, from: &mut Reader) -> Result<(), Fault> {
        for HeldColumn { valid, store, .. } in &mut self.columns {
            valid[at] = from.u32()? != 0;
            if valid[at] {
                store.restore(at, from)?;
            }
        }
        Ok(())
    }
}

fn other_kind() -> Fault {
    Fault::new("column-type", "a column that crossed is of another type")
}

/// Fixed-width values by picks.
fn fixed<T: Copy + Default>(
    picks: &[u32],
    held: &[T],
    valid: &[bool],
    into: &mut Cells<T>,
    column: Option<&Column>,
    read: impl Fn(usize) -> T,
) {
    into.clear();
    for pick in picks {
        into.push_option(if *pick == NONE {
            None
        } else if pick & HELD != 0 {
            let at = (pick & !HELD) as usize;
            valid[at].then(|| held[at])
        } else {
            let row = *pick as usize;
            column.is_some_and(|column| column.is_valid(row)).then(|| read(row))
        });
    }
}

impl Store {
    fn kind(&self) -> Kind {
        match self {
            Self::F64(..) => Kind::F64,
            Self::I64(..) => Kind::I64,
            Self::I32(..) => Kind::I32,
            Self::Bool(..) => Kind::Bool,
            Self::Bytes(..) => Kind::Bytes,
            Self::Word(..) => Kind::Word,
        }
    }

    fn grow(&mut self, places: usize) {
        match self {
            Self::F64(held, _) => held.resize(places, 0.0),
            Self::I64(held, _) => held.resize(places, 0),
            Self::I32(held, _) | Self::Word(held, ..) => held.resize(places, 0),
            Self::Bool(held, _) => held.resize(places, false),
            Self::Bytes(held, _) => held.resize(places, Vec::new()),
        }
    }

    fn keep(&mut self, moves: &[(u32, u32)], valid: &[bool], column: &Column) -> Result<(), Fault> {
        let pairs = moves.iter().map(|(at, row)| (*at as usize, *row as usize));
        match (self, column.values) {
            (Self::F64(held, _), Values::F64(values)) => pairs.for_each(|(at, row)| held[at] = values[row]),
            (Self::I64(held, _), Values::I64(values)) => pairs.for_each(|(at, row)| held[at] = values[row]),
            (Self::I32(held, _), Values::I32(values)) => pairs.for_each(|(at, row)| held[at] = values[row]),
            (Self::Bool(held, _), Values::Bool(bits)) => pairs.for_each(|(at, row)| held[at] = bit(bits, row)),
            (Self::Bytes(held, _), Values::Bytes { .. }) => {
                for (at, row) in pairs {
                    held[at].clear();
                    if valid[at] {
                        held[at].extend_from_slice(column.bytes(row)?);
                    }
                }
            }
            (Self::Word(held, _, words), Values::Word { codes, dictionary }) => {
                words.remap.follow(dictionary);
                for (at, row) in pairs {
                    if valid[at] {
                        held[at] = words.remap.id(codes[row], dictionary, &mut words.table)? as i32;
                    }
                }
            }
            _ => return Err(other_kind()),
        }
        Ok(())
    }

    fn write(&mut self, picks: &[u32], valid: &[bool], column: Option<&Column>, block: &mut Block) -> Result<(), Fault> {
        let values = column.map(|column| column.values);
        match self {
            Self::F64(held, out) => {
                let read = if let Some(Values::F64(values)) = values { values } else { &[] };
                fixed(picks, held, valid, out, column, |row| read[row]);
                block.f64s(&out.values, Some(&out.valid))
            }
            Self::I64(held, out) => {
                let read = if let Some(Values::I64(values)) = values { values } else { &[] };
                fixed(picks, held, valid, out, column, |row| read[row]);
                block.i64s(&out.values, Some(&out.valid))
            }
            Self::I32(held, out) => {
                let read = if let Some(Values::I32(values)) = values { values } else { &[] };
                fixed(picks, held, valid, out, column, |row| read[row]);
                block.i32s(&out.values, Some(&out.valid))
            }
            Self::Bool(held, out) => {
                let read = if let Some(Values::Bool(bits)) = values { bits } else { &[] };
                fixed(picks, held, valid, out, column, |row| bit(read, row));
                let mut bits = Bits::default();
                out.values.iter().for_each(|value| bits.push(*value));
                block.bools(&bits, Some(&out.valid))
            }
            Self::Bytes(held, out) => {
                out.clear();
                for pick in picks {
                    out.push(if *pick == NONE {
                        None
                    } else if pick & HELD != 0 {
                        let at = (pick & !HELD) as usize;
                        valid[at].then(|| &held[at][..])
                    } else {
                        let row = *pick as usize;
                        column.filter(|column| column.is_valid(row)).map(|column| column.bytes(row)).transpose()?
                    })?;
                }
                block.texts(out)
            }
            Self::Word(held, out, words) => {
                if words.table.is_empty() {
                    words.table.id(b""); // codes of null rows point somewhere too
                }
                let (codes, dictionary) = match column.map(Column::words).transpose()? {
                    Some((codes, dictionary)) => {
                        words.remap.follow(dictionary);
                        for pick in picks.iter().filter(|pick| *pick & HELD == 0) {
                            let row = *pick as usize;
                            if column.is_some_and(|column| column.is_valid(row)) {
                                words.remap.id(codes[row], dictionary, &mut words.table)?;
                            }
                        }
                        (codes, Some(&words.remap))
                    }
                    None => (&[][..], None),
                };
                let read = |row: usize| dictionary.and_then(|remap| remap.known(codes[row])).unwrap_or_default() as i32;
                fixed(picks, held, valid, out, column, read);
                block.words(&out.values, Some(&out.valid), &words.table)
            }
        }
    }

    fn snapshot(&self, at: usize, into: &mut Writer) {
        match self {
            Self::F64(held, _) => into.f64(held[at]),
            Self::I64(held, _) => into.i64(held[at]),
            Self::I32(held, _) => into.i64(i64::from(held[at])),
            Self::Bool(held, _) => into.u32(u32::from(held[at])),
            Self::Bytes(held, _) => into.bytes(&held[at]),
            Self::Word(held, _, words) => into.bytes(&words.table.words()[held[at] as usize]),
        }
    }

    fn restore(&mut self, at: usize, from: &mut Reader) -> Result<(), Fault> {
        match self {
            Self::F64(held, _) => held[at] = from.f64()?,
            Self::I64(held, _) => held[at] = from.i64()?,
            Self::I32(held, _) => held[at] = i32::try_from(from.i64()?).map_err(|_| corrupt())?,
            Self::Bool(held, _) => held[at] = from.u32()? != 0,
            Self::Bytes(held, _) => held[at] = from.bytes()?.to_vec(),
            Self::Word(held, _, words) => held[at] = words.table.id(from.bytes()?) as i32,
        }
        Ok(())
    }
}
