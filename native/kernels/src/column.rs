use crate::dictionary::Dictionary;
use crate::fault::Fault;

/// The columns of one pushed batch, in the order of the port's configuration, each with exactly `rows` values.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    pub rows: usize,
    pub columns: &'a [Column<'a>],
}

/// One column. Values of rows that are null are arbitrary.
#[derive(Clone, Copy)]
pub struct Column<'a> {
    pub values: Values<'a>,
    /// Bitmap, bit `row % 8` of byte `row / 8` set: not null. None: no row is null.
    pub valid: Option<&'a [u8]>,
}

#[derive(Clone, Copy)]
pub enum Values<'a> {
    F64(&'a [f64]),
    I64(&'a [i64]),
    I32(&'a [i32]),
    /// Bitmap as for validity.
    Bool(&'a [u8]),
    /// `rows + 1` checked offsets into `data`, the first not necessarily 0.
    Bytes {
        offsets: &'a [i32],
        data: &'a [u8],
    },
    /// Codes into the dictionary; of rows that are not null, each is to be looked up through `Dictionary::get`, which checks it.
    Word {
        codes: &'a [i32],
        dictionary: &'a Dictionary,
    },
}

pub fn bit(bits: &[u8], index: usize) -> bool {
    bits[index >> 3] >> (index & 7) & 1 == 1
}

impl<'a> Column<'a> {
    pub fn is_valid(&self, row: usize) -> bool {
        self.valid.is_none_or(|bits| bit(bits, row))
    }

    pub fn f64s(&self) -> Result<&'a [f64], Fault> {
        if let Values::F64(values) = self.values { Ok(values) } else { Err(wrong("Float64")) }
    }

    pub fn i64s(&self) -> Result<&'a [i64], Fault> {
        if let Values::I64(values) = self.values { Ok(values) } else { Err(wrong("Int64")) }
    }

    pub fn i32s(&self) -> Result<&'a [i32], Fault> {
        if let Values::I32(values) = self.values { Ok(values) } else { Err(wrong("Int32")) }
    }

    /// Bitmap of a Bool column.
    pub fn bools(&self) -> Result<&'a [u8], Fault> {
        if let Values::Bool(bits) = self.values { Ok(bits) } else { Err(wrong("Bool")) }
    }

    pub fn words(&self) -> Result<(&'a [i32], &'a Dictionary), Fault> {
        if let Values::Word { codes, dictionary } = self.values { Ok((codes, dictionary)) } else { Err(wrong("a dictionary")) }
    }

    /// Bytes of a Utf8, Binary or dictionary column at a row that is not null.
    pub fn bytes(&self, row: usize) -> Result<&'a [u8], Fault> {
        match self.values {
            Values::Bytes { offsets, data } => Ok(&data[offsets[row] as usize..offsets[row + 1] as usize]),
            Values::Word { codes, dictionary } => dictionary.get(codes[row]),
            _ => Err(wrong("text")),
        }
    }
}

fn wrong(wanted: &str) -> Fault {
    Fault::new("column-type", format!("a column that crossed is not {wanted}"))
}
