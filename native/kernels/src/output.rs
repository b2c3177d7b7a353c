pub use crate::bits::Bits;
use crate::config::{Kind, Port};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use bytemuck::{cast_slice, cast_slice_mut};

/// What a call hands back: blocks of columns for output ports, in one buffer of 8-byte words (layout: `native/README.md`).
#[derive(Debug)]
pub struct Output {
    ports: Vec<Port>,
    /// Strings of each dictionary column that the other side has been told, by port and column.
    told: Vec<Vec<usize>>,
    arena: Vec<u64>,
    header: Vec<i32>,
    blocks: i32,
    open: bool,
    last_words: usize,
    /// Input port whose rows are pushed; -1: none.
    from: i32,
}

/// Int32s a block takes in the header before its columns: port, rows, columns, input port.
pub(crate) const BLOCK_INTS: usize = 4;
/// Int32s a column takes in the header.
pub(crate) const COLUMN_INTS: usize = 8;
/// Offset of what is not there.
pub(crate) const ABSENT: i32 = -1;

impl Output {
    pub fn new(ports: &[Port]) -> Self {
        Self {
            ports: ports.to_vec(),
            told: ports.iter().map(|port| vec![0; port.columns.len()]).collect(),
            arena: Vec::new(),
            header: Vec::new(),
            blocks: 0,
            open: false,
            last_words: 0,
            from: ABSENT,
        }
    }

    /// Says of which input port the rows are that blocks are written for from now on.
    pub(crate) fn of_input(&mut self, port: Option<usize>) {
        self.from = port.map_or(ABSENT, |port| port as i32);
    }

    /// Int32s of the header so far: where the next block's begins.
    pub(crate) fn mark(&self) -> usize {
        self.header.len()
    }

    /// The blocks since a mark name rows of a run that begins at `row` of its batch: so do they from now on of the batch.
    pub(crate) fn shift_rows(&mut self, mark: usize, row: usize) -> Result<(), Fault> {
        let mut at = mark;
        while at < self.header.len() {
            let (port, rows, columns) = (self.header[at] as usize, self.header[at + 1] as usize, self.header[at + 2] as usize);
            if self.ports[port].names_rows() {
                let values = self.header[at + BLOCK_INTS] as usize / 4;
                let row = int(row)?;
                cast_slice_mut::<u64, i32>(&mut self.arena)[values..values + rows].iter_mut().for_each(|named| *named += row);
            }
            at += BLOCK_INTS + columns * COLUMN_INTS;
        }
        Ok(())
    }

    /// Joins the blocks of many pushes.
    pub(crate) fn join(&mut self) -> Result<(), Fault> {
        if self.open {
            return Err(incomplete());
        }
        crate::joined::join(&self.ports, &mut self.arena, &mut self.header, &mut self.blocks)
    }

    /// A block that names rows of the pushed batch and has no other column; nothing where there are none. Empties `rows`.
    pub fn rows(&mut self, port: usize, rows: &mut Vec<i32>) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut block = self.block(port, rows.len())?;
        block.i32s(rows, None)?;
        block.end()?;
        rows.clear();
        Ok(())
    }

    /// Begins rows of a port; its columns follow in the order of the port's configuration, then `Block::end`.
    pub fn block(&mut self, port: usize, rows: usize) -> Result<Block<'_>, Fault> {
        let columns = self.ports.get(port).map(|port| port.columns.len());
        let columns = columns.ok_or_else(|| Fault::new("output-port", format!("there is no output port {port}")))?;
        if self.open {
            return Err(incomplete());
        }
        if self.arena.capacity() == 0 {
            self.arena.reserve(self.last_words);
        }
        self.open = true;
        self.header.extend([port as i32, int(rows)?, columns as i32, self.from]);
        Ok(Block { output: self, port, rows, column: 0 })
    }

    /// The buffer, and an empty output again; None when no block was written.
    pub fn take(&mut self) -> Result<Option<Vec<u64>>, Fault> {
        if self.open {
            return Err(incomplete());
        }
        if self.blocks == 0 {
            return Ok(None);
        }
        let at = int(self.arena.len() * 8)?;
        let ints = self.header.len();
        if ints % 2 == 1 {
            self.header.push(0);
        }
        self.header.extend([at, self.blocks]);
        self.arena.extend_from_slice(&words(&self.header));
        self.last_words = self.arena.len();
        self.header.clear();
        self.blocks = 0;
        Ok(Some(std::mem::take(&mut self.arena)))
    }

    /// Room for `bytes` at the next multiple of 8; its byte offset.
    fn room(&mut self, bytes: usize) -> Result<(i32, &mut [u8]), Fault> {
        let at = self.arena.len();
        self.arena.resize(at + bytes.div_ceil(8), 0);
        Ok((int(at * 8)?, &mut cast_slice_mut::<u64, u8>(&mut self.arena[at..])[..bytes]))
    }

    /// As `room`, filled with `bytes`; what is written anyway is not cleared first.
    fn copy(&mut self, bytes: &[u8]) -> Result<i32, Fault> {
        let at = int(self.arena.len() * 8)?;
        let whole = bytes.chunks_exact(8);
        let rest = whole.remainder();
        self.arena.extend(whole.map(bytemuck::pod_read_unaligned::<u64>));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.arena.push(u64::from_ne_bytes(last));
        }
        Ok(at)
    }

    fn copy_valid(&mut self, valid: Option<&Bits>) -> Result<i32, Fault> {
        match valid {
            Some(bits) if bits.zeros() > 0 => self.copy(bits.bytes()),
            _ => Ok(ABSENT),
        }
    }
}

fn words(ints: &[i32]) -> Vec<u64> {
    let mut words = vec![0; ints.len().div_ceil(2)];
    cast_slice_mut::<u64, i32>(&mut words)[..ints.len()].copy_from_slice(ints);
    words
}

pub(crate) fn int(value: usize) -> Result<i32, Fault> {
    i32::try_from(value).map_err(|_| Fault::new("output-too-large", "the output of one call passes 2 GiB"))
}

fn incomplete() -> Fault {
    Fault::new("output-columns", "a block was left without all of its columns")
}

/// Rows of one port, being written. Slices given are to have `rows` entries.
#[derive(Debug)]
pub struct Block<'a> {
    output: &'a mut Output,
    port: usize,
    rows: usize,
    column: usize,
}

impl Block<'_> {
    fn next(&mut self, kind: Kind, length: usize) -> Result<(), Fault> {
        let column = self.output.ports[self.port].columns.get(self.column);
        if column.is_none_or(|column| column.kind != kind) || length != self.rows {
            let (column, port) = (self.column, &self.output.ports[self.port].name);
            return Err(Fault::new("output-columns", format!("column {column} of port \"{port}\" is not {kind:?} of {length} rows")));
        }
        self.column += 1;
        Ok(())
    }

    fn record(&mut self, values: i32, length: usize, valid: i32, offsets: i32) -> Result<(), Fault> {
        let length = int(length)?;
        self.output.header.extend([values, length, valid, offsets, 0, ABSENT, ABSENT, 0]);
        Ok(())
    }

    fn fixed(&mut self, kind: Kind, rows: usize, bytes: &[u8], valid: Option<&Bits>) -> Result<(), Fault> {
        self.next(kind, rows)?;
        let values = self.output.copy(bytes)?;
        let valid = self.output.copy_valid(valid)?;
        self.record(values, bytes.len(), valid, ABSENT)
    }

    pub fn f64s(&mut self, values: &[f64], valid: Option<&Bits>) -> Result<(), Fault> {
        self.fixed(Kind::F64, values.len(), cast_slice(values), valid)
    }

    pub fn i64s(&mut self, values: &[i64], valid: Option<&Bits>) -> Result<(), Fault> {
        self.fixed(Kind::I64, values.len(), cast_slice(values), valid)
    }

    pub fn i32s(&mut self, values: &[i32], valid: Option<&Bits>) -> Result<(), Fault> {
        self.fixed(Kind::I32, values.len(), cast_slice(values), valid)
    }

    /// An Int32 column, written in place.
    pub fn i32s_in_place(&mut self, fill: impl FnOnce(&mut [i32]) -> Result<(), Fault>) -> Result<(), Fault> {
        self.next(Kind::I32, self.rows)?;
        let bytes = self.rows * 4;
        let (values, room) = self.output.room(bytes)?;
        fill(cast_slice_mut(room))?;
        self.record(values, bytes, ABSENT, ABSENT)
    }

    pub fn bools(&mut self, values: &Bits, valid: Option<&Bits>) -> Result<(), Fault> {
        self.fixed(Kind::Bool, values.len(), values.bytes(), valid)
    }

    /// Utf8 or Binary.
    pub fn texts(&mut self, texts: &Texts) -> Result<(), Fault> {
        self.next(Kind::Bytes, texts.len())?;
        let values = self.output.copy(&texts.data)?;
        let offsets = self.output.copy(cast_slice(&texts.offsets))?;
        let valid = self.output.copy_valid(Some(&texts.valid))?;
        self.record(values, texts.data.len(), valid, offsets)
    }

    /// Dictionary codes: ids of `table`, which is to be the same growing table in every block of this port and column.
    pub fn words(&mut self, codes: &[i32], valid: Option<&Bits>, table: &WordTable) -> Result<(), Fault> {
        let column = self.column;
        self.fixed(Kind::Word, codes.len(), cast_slice(codes), valid)?;
        let told = std::mem::replace(&mut self.output.told[self.port][column], table.len());
        let fresh = table.words().get(told..).unwrap_or_default();
        if !fresh.is_empty() {
            let mut ends = vec![0_i32];
            let mut data = Vec::new();
            for word in fresh {
                data.extend_from_slice(word);
                ends.push(int(data.len())?);
            }
            let offsets = self.output.copy(cast_slice(&ends))?;
            let bytes = self.output.copy(&data)?;
            let at = self.output.header.len() - COLUMN_INTS + 4;
            self.output.header[at..].copy_from_slice(&[int(fresh.len())?, offsets, bytes, int(data.len())?]);
        }
        Ok(())
    }

    /// The next `N` Float64 columns, written in place; rows not written are null.
    pub fn floats<const N: usize>(&mut self, fill: impl FnOnce(&mut [FloatsMut<'_>; N]) -> Result<(), Fault>) -> Result<(), Fault> {
        let (rows, bitmap) = (self.rows, self.rows.div_ceil(64));
        for _ in 0..N {
            self.next(Kind::F64, rows)?;
        }
        let each = rows + bitmap;
        let (at, _) = self.output.room(N * each * 8)?;
        let start = at as usize / 8;
        let mut rest = &mut self.output.arena[start..];
        let mut columns: [FloatsMut; N] = std::array::from_fn(|_| {
            let (head, tail) = std::mem::take(&mut rest).split_at_mut(each);
            rest = tail;
            let (values, valid) = head.split_at_mut(rows);
            FloatsMut { values: cast_slice_mut(values), valid, written: 0 }
        });
        fill(&mut columns)?;
        let written = columns.each_ref().map(|column| column.written);
        for (i, count) in written.into_iter().enumerate() {
            let values = int((start + i * each) * 8)?;
            let valid = if count == rows { ABSENT } else { int((start + i * each + rows) * 8)? };
            self.record(values, rows * 8, valid, ABSENT)?;
        }
        Ok(())
    }

    pub fn end(self) -> Result<(), Fault> {
        if self.column != self.output.ports[self.port].columns.len() {
            return Err(incomplete());
        }
        self.output.open = false;
        self.output.blocks += 1;
        Ok(())
    }
}

/// A Float64 column of an output block; each row is set at most once.
#[derive(Debug)]
pub struct FloatsMut<'a> {
    values: &'a mut [f64],
    valid: &'a mut [u64],
    written: usize,
}

impl FloatsMut<'_> {
    #[inline]
    pub fn set(&mut self, row: usize, value: f64) {
        self.values[row] = value;
        self.valid[row >> 6] |= 1 << (row & 63);
        self.written += 1;
    }
}

/// A growing column of fixed-width values with its validity; kept and cleared between calls.
#[derive(Debug, Default)]
pub struct Cells<T> {
    pub values: Vec<T>,
    pub valid: Bits,
}

impl<T: Default> Cells<T> {
    pub fn push(&mut self, value: T) {
        self.values.push(value);
        self.valid.push(true);
    }

    pub fn push_option(&mut self, value: Option<T>) {
        self.valid.push(value.is_some());
        self.values.push(value.unwrap_or_default());
    }

    pub fn clear(&mut self) {
        self.values.clear();
        self.valid.clear();
    }
}

/// A growing column of texts or bytes.
#[derive(Debug)]
pub struct Texts {
    offsets: Vec<i32>,
    data: Vec<u8>,
    valid: Bits,
}

impl Default for Texts {
    fn default() -> Self {
        Self { offsets: vec![0], data: Vec::new(), valid: Bits::default() }
    }
}

impl Texts {
    pub fn push(&mut self, text: Option<&[u8]>) -> Result<(), Fault> {
        self.data.extend_from_slice(text.unwrap_or_default());
        self.offsets.push(int(self.data.len())?);
        self.valid.push(text.is_some());
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.valid.len()
    }

    pub fn is_empty(&self) -> bool {
        self.valid.is_empty()
    }

    pub fn clear(&mut self) {
        self.offsets.truncate(1);
        self.data.clear();
        self.valid.clear();
    }
}
