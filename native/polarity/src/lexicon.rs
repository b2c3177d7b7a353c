use crate::fault::Fault;
use crate::hash;

/// Words to the classes they are in: bit `i` is the i-th class of the list, and the lowest bit set is the word's first class.
#[derive(Debug)]
pub struct Lexicon {
    classes: Vec<String>,
    slots: Vec<(u64, u32)>,
}

impl Lexicon {
    /// One class a line: `name: word word ...`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.len() > 32 {
            return Err(Fault::new("model-malformed", format!("the word list has {} classes; 32 are possible", lines.len())));
        }
        let words = text.split_ascii_whitespace().count();
        let mut lexicon = Self { classes: Vec::new(), slots: vec![(0, 0); (words * 4).next_power_of_two()] };
        for (class, line) in lines.iter().enumerate() {
            let Some((name, words)) = line.split_once(':') else {
                return Err(Fault::new("model-malformed", format!("line {} of the word list has no class", class + 1)));
            };
            lexicon.classes.push(name.trim().to_owned());
            for word in words.split_ascii_whitespace() {
                let hash = hash::of(word.as_bytes());
                let slot = lexicon.slot(hash);
                lexicon.slots[slot].0 = hash;
                lexicon.slots[slot].1 |= 1 << class;
            }
        }
        Ok(lexicon)
    }

    /// The classes of the word with that hash, as bits.
    #[inline]
    pub fn classes_of(&self, hash: u64) -> u32 {
        self.slots[self.slot(hash)].1
    }

    /// The bit of a class; none when the list has no such class.
    pub fn bit(&self, class: &str) -> u32 {
        self.classes.iter().position(|name| name == class).map_or(0, |at| 1 << at)
    }

    #[inline]
    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (hash ^ (hash >> 32)) as usize & mask;
        while self.slots[at].1 != 0 && self.slots[at].0 != hash {
            at = (at + 1) & mask;
        }
        at
    }
}
