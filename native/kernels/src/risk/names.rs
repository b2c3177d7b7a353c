use crate::column::{Column, Values};
use crate::dictionary::{Remap, WordTable};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Id of a name that is null.
pub const NONE: u32 = u32::MAX;

/// Names that the gate has met, each kind numbered in the order of first use.
#[derive(Debug)]
pub struct Names {
    pub accounts: WordTable,
    pub symbols: WordTable,
    pub strategies: WordTable,
    pub venues: WordTable,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self {
            accounts: WordTable::default(),
            symbols: WordTable::default(),
            strategies: WordTable::default(),
            venues: WordTable::default(),
        };
        // null rows of an output column need a word to point to
        names.strategies.id(b"");
        names.venues.id(b"");
        names
    }
}

impl Names {
    pub fn snapshot(&self, into: &mut Writer) {
        for table in [&self.accounts, &self.symbols, &self.strategies, &self.venues] {
            into.count(table.len());
            table.words().iter().for_each(|word| into.bytes(word));
        }
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let mut table = || -> Result<WordTable, Fault> {
            let mut table = WordTable::default();
            for _ in 0..from.count()? {
                table.id(from.bytes()?);
            }
            Ok(table)
        };
        Ok(Self { accounts: table()?, symbols: table()?, strategies: table()?, venues: table()? })
    }
}

/// The name of an id, for reasons.
pub fn name(table: &WordTable, id: u32) -> String {
    table.words().get(id as usize).map(|word| String::from_utf8_lossy(word).into_owned()).unwrap_or_default()
}

/// A column of names.
#[derive(Debug, Default)]
pub struct NameColumn {
    remap: Remap,
}

impl NameColumn {
    /// To be called once a batch, before `at`.
    pub fn follow(&mut self, column: &Column) -> Result<(), Fault> {
        self.remap.follow(column.words()?.1);
        Ok(())
    }

    /// The id of a row's name, `NONE` where it is null.
    #[inline]
    pub fn at(&mut self, column: &Column, row: usize, table: &mut WordTable) -> Result<u32, Fault> {
        match column.values {
            Values::Word { codes, dictionary } if column.is_valid(row) => self.remap.id(codes[row], dictionary, table),
            _ => Ok(NONE),
        }
    }
}

/// A column of words of a closed vocabulary.
#[derive(Debug)]
pub struct Vocabulary {
    words: &'static [&'static str],
    generation: u64,
    by_code: Vec<u8>,
}

/// A row of a vocabulary column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Null,
    Unknown,
    /// Place in the vocabulary.
    At(u8),
}

const UNKNOWN: u8 = u8::MAX;

impl Vocabulary {
    pub fn new(words: &'static [&'static str]) -> Self {
        Self { words, generation: 0, by_code: Vec::new() }
    }

    /// To be called once a batch, before `at`.
    pub fn follow(&mut self, column: &Column) -> Result<(), Fault> {
        let (_, dictionary) = column.words()?;
        if self.generation != dictionary.generation() {
            self.generation = dictionary.generation();
            self.by_code.clear();
        }
        for code in self.by_code.len()..dictionary.len() {
            let word = dictionary.get(code as i32)?;
            let at = self.words.iter().position(|known| known.as_bytes() == word);
            self.by_code.push(at.map_or(UNKNOWN, |at| at as u8));
        }
        Ok(())
    }

    #[inline]
    pub fn at(&self, column: &Column, row: usize) -> Result<Word, Fault> {
        let Values::Word { codes, dictionary } = column.values else { return Ok(Word::Null) };
        if !column.is_valid(row) {
            return Ok(Word::Null);
        }
        match self.by_code.get(codes[row] as usize) {
            Some(&UNKNOWN) => Ok(Word::Unknown),
            Some(at) => Ok(Word::At(*at)),
            None => dictionary.get(codes[row]).map(|_| Word::Unknown),
        }
    }
}
