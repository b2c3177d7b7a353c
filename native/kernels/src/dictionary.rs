use crate::fault::Fault;
use std::collections::HashMap;

/// The strings behind the codes of an input column, as it was registered last.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// `len + 1` offsets into `data`, the first 0.
    offsets: Vec<u32>,
    data: Vec<u8>,
    /// Raised when codes change their meaning; growth alone does not raise it.
    generation: u64,
}

impl Dictionary {
    /// Takes the strings of a new vector: `offsets` has one more entry than there are strings.
    pub fn replace(&mut self, offsets: &[i32], data: &[u8]) -> Result<(), Fault> {
        let corrupt = || Fault::new("dictionary-corrupt", "the offsets of a dictionary do not ascend inside its bytes");
        let first = *offsets.first().ok_or_else(corrupt)?;
        let last = *offsets.last().ok_or_else(corrupt)?;
        let bytes =
            usize::try_from(first).ok().zip(usize::try_from(last).ok()).and_then(|(from, to)| data.get(from..to)).ok_or_else(corrupt)?;
        if offsets.windows(2).any(|pair| pair[0] > pair[1]) {
            return Err(corrupt());
        }
        let extends = self.offsets.len() <= offsets.len()
            && bytes.starts_with(&self.data)
            && self.offsets.iter().zip(offsets).all(|(known, given)| i64::from(*known) == i64::from(*given) - i64::from(first));
        if !extends {
            self.generation += 1;
        }
        self.data.clear();
        self.data.extend_from_slice(bytes);
        self.offsets.clear();
        self.offsets.extend(offsets.iter().map(|offset| (i64::from(*offset) - i64::from(first)) as u32));
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The string of a code; a fault when the dictionary has no such code.
    pub fn get(&self, code: i32) -> Result<&[u8], Fault> {
        let at = usize::try_from(code).ok().filter(|at| *at < self.len());
        let at =
            at.ok_or_else(|| Fault::new("dictionary-code", format!("code {code} is outside its dictionary of {} strings", self.len())))?;
        Ok(&self.data[self.offsets[at] as usize..self.offsets[at + 1] as usize])
    }
}

/// An append-only table of a kernel's own strings: ids are dense, in the order of first use.
#[derive(Debug, Default)]
pub struct WordTable {
    ids: HashMap<Box<[u8]>, u32>,
    words: Vec<Box<[u8]>>,
}

impl WordTable {
    pub fn id(&mut self, word: &[u8]) -> u32 {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        let id = self.words.len() as u32;
        self.ids.insert(word.into(), id);
        self.words.push(word.into());
        id
    }

    pub fn words(&self) -> &[Box<[u8]>] {
        &self.words
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// Input codes to ids of a `WordTable`, filled as codes are met.
#[derive(Debug, Default)]
pub struct Remap {
    generation: u64,
    ids: Vec<u32>,
}

const UNMET: u32 = u32::MAX;

impl Remap {
    /// To be called once a batch, before `id`.
    pub fn follow(&mut self, dictionary: &Dictionary) {
        if self.generation != dictionary.generation() {
            self.generation = dictionary.generation();
            self.ids.clear();
        }
        self.ids.resize(dictionary.len(), UNMET);
    }

    /// The id of a code that was met since `follow`.
    #[inline]
    pub fn known(&self, code: i32) -> Option<u32> {
        self.ids.get(code as usize).copied().filter(|id| *id != UNMET)
    }

    #[inline]
    pub fn id(&mut self, code: i32, dictionary: &Dictionary, table: &mut WordTable) -> Result<u32, Fault> {
        match self.ids.get(code as usize) {
            Some(id) if *id != UNMET => Ok(*id),
            _ => {
                let id = table.id(dictionary.get(code)?);
                self.ids[code as usize] = id;
                Ok(id)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_keeps_the_generation_and_a_change_raises_it() {
        let mut dictionary = Dictionary::default();
        dictionary.replace(&[0, 1, 3], b"abb").unwrap();
        let generation = dictionary.generation();
        dictionary.replace(&[0, 1, 3, 4], b"abbc").unwrap();
        assert_eq!(dictionary.generation(), generation);
        assert_eq!(dictionary.get(2).unwrap(), b"c");
        dictionary.replace(&[0, 2, 3, 4], b"abbc").unwrap();
        assert!(dictionary.generation() > generation);
        assert_eq!(dictionary.get(0).unwrap(), b"ab");
    }

    #[test]
    fn a_sliced_dictionary_starts_at_its_first_offset() {
        let mut dictionary = Dictionary::default();
        dictionary.replace(&[2, 3, 5], b"xxabb").unwrap();
        assert_eq!((dictionary.get(0).unwrap(), dictionary.get(1).unwrap()), (&b"a"[..], &b"bb"[..]));
    }

    #[test]
    fn codes_and_offsets_outside_are_faults() {
        let mut dictionary = Dictionary::default();
        assert!(dictionary.replace(&[], b"").is_err());
        assert!(dictionary.replace(&[0, 4], b"abc").is_err());
        assert!(dictionary.replace(&[0, 2, 1, 3], b"abc").is_err());
        assert!(dictionary.replace(&[-1, 2], b"abc").is_err());
        dictionary.replace(&[0, 1], b"a").unwrap();
        assert!(dictionary.get(1).is_err() && dictionary.get(-1).is_err());
        let (mut remap, mut table) = (Remap::default(), WordTable::default());
        remap.follow(&dictionary);
        assert!(remap.id(7, &dictionary, &mut table).is_err() && remap.id(-7, &dictionary, &mut table).is_err());
    }

    #[test]
    fn ids_survive_a_change_of_codes() {
        let (mut dictionary, mut remap, mut table) = (Dictionary::default(), Remap::default(), WordTable::default());
        dictionary.replace(&[0, 1, 2], b"ab").unwrap();
        remap.follow(&dictionary);
        assert_eq!(remap.id(1, &dictionary, &mut table).unwrap(), 0);
        dictionary.replace(&[0, 1, 2], b"ba").unwrap();
        remap.follow(&dictionary);
        assert_eq!(remap.id(0, &dictionary, &mut table).unwrap(), 0);
        assert_eq!(remap.id(1, &dictionary, &mut table).unwrap(), 1);
    }
}
