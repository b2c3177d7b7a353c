//! Whether a short text is English: by the script of its letters, its stop words and its character trigrams.
//!
//! Source: trigrams as in W. Cavnar, J. Trenkle, N-Gram-Based Text Categorization (SDAIR-94), as log odds of English against the other
//! languages of the Latin script; `make.py` makes the table. Too little to judge by counts as English.

mod stop_words;

use crate::letters::{is_word, plain};
use rustc_hash::FxHashMap;
use stop_words::{ENGLISH, FOREIGN};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Other,
}

// Log odds are counted in hundredths.

/// What a stop word is worth.
const STOP_WORD: i32 = 300;
/// Log odds of a word with a letter that English does not write, such as the ü of "für".
const FOREIGN_LETTER: i32 = -150;
/// Log odds below which a text is not English: names alone stay above; with every trigram it takes a little less.
const THRESHOLD: i32 = -400;
const THRESHOLD_PER_TRIGRAM: i32 = 5;
/// Words that it takes to judge by more than the script: fewer are names.
const FEWEST_WORDS: u32 = 3;
/// Characters looked at, at most.
const MOST: usize = 2_000;

/// The tables, made once.
#[derive(Debug)]
pub struct Judge {
    trigrams: Box<[i16]>,
    stop_words: FxHashMap<&'static str, bool>,
}

/// Letters of the table besides a to z, in order.
const LETTERS: [char; 44] = [
    'à', 'á', 'â', 'ã', 'ä', 'å', 'ç', 'è', 'é', 'ê', 'ë', 'í', 'î', 'ó', 'ô', 'õ', 'ö', 'ø', 'ù', 'ú', 'ü', 'ý', 'ā', 'ă', 'ą', 'č', 'đ',
    'ė', 'ę', 'ě', 'ī', 'ı', 'ł', 'ń', 'ř', 'ś', 'ş', 'š', 'ţ', 'ų', 'ż', 'ž', 'ư', 'ể',
];
/// Places of a trigram's letter: 0 the edge of a word, 1 to 26 a to z, then `LETTERS`, the last any other.
const ALPHABET: usize = 28 + LETTERS.len();

impl Default for Judge {
    fn default() -> Self {
        let mut trigrams = vec![0; ALPHABET * ALPHABET * ALPHABET].into_boxed_slice();
        for line in include_str!("trigrams.txt").lines() {
            let Some((trigram, odds)) = line.split_once(' ') else { continue };
            let at = trigram.chars().fold(0, |at, c| at * ALPHABET + if c == '_' { 0 } else { letter(c) });
            trigrams[at] = odds.parse().unwrap_or(0);
        }
        let stop_words = ENGLISH.split_whitespace().map(|word| (word, true)).chain(FOREIGN.split_whitespace().map(|word| (word, false)));
        Self { trigrams, stop_words: stop_words.collect() }
    }
}

fn letter(c: char) -> usize {
    match c {
        'a'..='z' => c as usize - 'a' as usize + 1,
        c => 27 + LETTERS.binary_search(&c).unwrap_or(LETTERS.len()),
    }
}

impl Judge {
    /// At most the first 2,000 characters are looked at. `word` is written on.
    pub fn judge(&self, text: &str, word: &mut String) -> Language {
        word.clear();
        let (mut odds, mut count, mut words) = (0, 0, 0);
        let mut foreign = false;
        let (mut latin, mut other) = (0, 0);
        for c in text.chars().take(MOST).chain([' ']) {
            let c = plain(c);
            if is_word(c) && !c.is_ascii_digit() && c != '_' {
                for c in c.to_lowercase() {
                    match c {
                        'a'..='z' => latin += 1,
                        '\u{300}'..='\u{36f}' => continue,
                        '\u{aa}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => {
                            latin += 1;
                            foreign = true;
                        }
                        _ => other += 1,
                    }
                    word.push(c);
                }
            } else if !word.is_empty() {
                let (worth, trigrams) = self.word(word);
                odds += worth + if foreign { FOREIGN_LETTER } else { 0 };
                count += trigrams;
                words += 1;
                foreign = false;
                word.clear();
            }
        }
        let foreign = words >= FEWEST_WORDS && odds < THRESHOLD + THRESHOLD_PER_TRIGRAM * count;
        if other > latin || foreign { Language::Other } else { Language::English }
    }

    /// Log odds of a word, and of how many trigrams.
    fn word(&self, word: &str) -> (i32, i32) {
        let stop = match self.stop_words.get(word) {
            Some(true) => STOP_WORD,
            Some(false) => -STOP_WORD,
            None => 0,
        };
        let (mut before, mut odds, mut count) = ((0, 0), stop, 0);
        for (i, place) in word.chars().map(letter).chain([0]).enumerate() {
            if i > 0 {
                odds += i32::from(self.trigrams[(before.0 * ALPHABET + before.1) * ALPHABET + place]);
                count += 1;
            }
            before = (before.1, place);
        }
        (odds, count)
    }
}

#[cfg(test)]
mod tests;
