use crate::column::{Column, Values};
use crate::fault::Fault;
use rustc_hash::FxHashMap;

/// Words that mean something, by number.
#[derive(Debug, Default)]
pub struct Lexicon {
    ids: FxHashMap<Box<[u8]>, u32>,
}

impl Lexicon {
    /// Numbers from 0, in order; of equal words the first counts.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut ids = FxHashMap::default();
        for word in words {
            let next = ids.len() as u32;
            ids.entry(word.as_bytes().into()).or_insert(next);
        }
        Self { ids }
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn id(&self, word: &[u8]) -> Option<u32> {
        self.ids.get(word).copied()
    }
}

const UNMET: u32 = u32::MAX;
const UNKNOWN: u32 = u32::MAX - 1;

/// What the codes of one input column mean, looked up once a code of its dictionary.
#[derive(Debug, Default)]
pub struct Codes {
    generation: u64,
    ids: Vec<u32>,
}

impl Codes {
    /// To be called once a batch.
    pub fn follow(&mut self, column: &Column) -> Result<(), Fault> {
        let (_, dictionary) = column.words()?;
        if self.generation != dictionary.generation() {
            self.generation = dictionary.generation();
            self.ids.clear();
        }
        self.ids.resize(dictionary.len(), UNMET);
        Ok(())
    }

    /// The number of a row's word; None where it is not in the lexicon. The row is not null.
    #[inline]
    pub fn id(&mut self, column: &Column, row: usize, lexicon: &Lexicon) -> Result<Option<u32>, Fault> {
        let Values::Word { codes, dictionary } = column.values else { return column.bytes(row).map(|word| lexicon.id(word)) };
        let code = codes[row];
        match self.ids.get(code as usize) {
            Some(&id) if id < UNKNOWN => Ok(Some(id)),
            Some(&UNKNOWN) => Ok(None),
            _ => {
                let id = lexicon.id(dictionary.get(code)?);
                self.ids[code as usize] = id.unwrap_or(UNKNOWN);
                Ok(id)
            }
        }
    }
}
