use crate::column::{Batch, Column};
use crate::config::{Kind, Port};
use crate::dictionary::Dictionary;
use crate::fault::Fault;
use millrace_match::Given;

/// What the codes of a word column mean, found out as they are met.
pub struct Meanings<T> {
    column: Option<usize>,
    parse: fn(&[u8]) -> Option<T>,
    generation: u64,
    known: Vec<Option<Given<T>>>,
}

impl<T: Copy> Meanings<T> {
    /// Of a column of the port; where the port has none, every row is null.
    pub fn new(port: &Port, name: &str, parse: fn(&[u8]) -> Option<T>) -> Result<Self, Fault> {
        let column = port.find(name).map(|_| port.column(name, Kind::Word)).transpose()?;
        Ok(Self { column, parse, generation: 0, known: Vec::new() })
    }

    /// To be called once a batch, before `at`.
    pub fn follow<'a>(&mut self, batch: &Batch<'a>) -> Result<Words<'a>, Fault> {
        let Some(column) = self.column else { return Ok(None) };
        let column = batch.columns[column];
        let (codes, dictionary) = column.words()?;
        if self.generation != dictionary.generation() {
            self.generation = dictionary.generation();
            self.known.clear();
        }
        self.known.resize(dictionary.len(), None);
        Ok(Some((column, codes, dictionary)))
    }

    #[inline]
    pub fn at(&mut self, words: &Words, row: usize) -> Result<Given<T>, Fault> {
        let Some((column, codes, dictionary)) = words else { return Ok(Given::Null) };
        if !column.is_valid(row) {
            return Ok(Given::Null);
        }
        match self.known.get(codes[row] as usize) {
            Some(Some(known)) => Ok(*known),
            _ => {
                let given = (self.parse)(dictionary.get(codes[row])?).map_or(Given::Unknown, Given::Is);
                self.known[codes[row] as usize] = Some(given);
                Ok(given)
            }
        }
    }
}

/// A word column of a batch, where there is one.
pub type Words<'a> = Option<(Column<'a>, &'a [i32], &'a Dictionary)>;

/// An Int64 or Timestamp column of a batch, where there is one.
#[derive(Clone, Copy)]
pub struct Ints<'a>(Option<(&'a [i64], Option<&'a [u8]>)>);

impl<'a> Ints<'a> {
    pub fn new(batch: &Batch<'a>, column: Option<usize>) -> Result<Self, Fault> {
        let Some(column) = column else { return Ok(Self(None)) };
        let column = batch.columns[column];
        Ok(Self(Some((column.i64s()?, column.valid))))
    }

    #[inline]
    pub fn at(&self, row: usize) -> Option<i64> {
        let (values, valid) = self.0?;
        valid.is_none_or(|bits| crate::column::bit(bits, row)).then(|| values[row])
    }
}

/// A Bool column of a batch, where there is one; null is false.
#[derive(Clone, Copy)]
pub struct Marks<'a>(Option<(&'a [u8], Option<&'a [u8]>)>);

impl<'a> Marks<'a> {
    pub fn new(batch: &Batch<'a>, column: Option<usize>) -> Result<Self, Fault> {
        let Some(column) = column else { return Ok(Self(None)) };
        let column = batch.columns[column];
        Ok(Self(Some((column.bools()?, column.valid))))
    }

    #[inline]
    pub fn at(&self, row: usize) -> bool {
        self.0.is_some_and(|(values, valid)| crate::column::bit(values, row) && valid.is_none_or(|bits| crate::column::bit(bits, row)))
    }
}
