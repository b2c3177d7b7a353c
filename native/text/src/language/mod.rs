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

/// What was read of a text so far.
#[derive(Default)]
struct Tally {
    odds: i32,
    trigrams: i32,
    words: u32,
    latin: u32,
    other: u32,
    /// Places of the last two letters of the word under way; 0, 0: none is.
    last: (usize, usize),
    foreign: bool,
}

impl Judge {
    /// At most the first 2,000 characters are looked at. `word` is written on.
    pub fn judge(&self, text: &str, word: &mut String) -> Language {
        word.clear();
        let mut tally = Tally::default();
        for c in text.chars().take(MOST) {
            if c.is_ascii_alphabetic() {
                self.letter(c.to_ascii_lowercase(), word, &mut tally);
                continue;
            }
            let c = plain(c);
            if c.is_ascii() || !is_word(c) {
                self.end(word, &mut tally);
                continue;
            }
            for c in c.to_lowercase().filter(|c| !('\u{300}'..='\u{36f}').contains(c)) {
                self.letter(c, word, &mut tally);
            }
        }
        self.end(word, &mut tally);
        let Tally { odds, trigrams, words, latin, other, .. } = tally;
        let foreign = words >= FEWEST_WORDS && odds < THRESHOLD + THRESHOLD_PER_TRIGRAM * trigrams;
        if other > latin || foreign { Language::Other } else { Language::English }
    }

    #[inline]
    fn letter(&self, c: char, word: &mut String, tally: &mut Tally) {
        match c {
            'a'..='z' => tally.latin += 1,
            '\u{aa}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => {
                tally.latin += 1;
                tally.foreign = true;
            }
            _ => tally.other += 1,
        }
        self.trigram(letter(c), !word.is_empty(), tally);
        word.push(c);
    }

    #[inline]
    fn trigram(&self, place: usize, whole: bool, tally: &mut Tally) {
        if whole {
            tally.odds += i32::from(self.trigrams[(tally.last.0 * ALPHABET + tally.last.1) * ALPHABET + place]);
            tally.trigrams += 1;
        }
        tally.last = (tally.last.1, place);
    }

    /// Ends the word under way, if one is.
    fn end(&self, word: &mut String, tally: &mut Tally) {
        if word.is_empty() {
            return;
        }
        self.trigram(0, true, tally);
        tally.last = (0, 0);
        tally.odds += match self.stop_words.get(word.as_str()) {
            Some(true) => STOP_WORD,
            Some(false) => -STOP_WORD,
            None => 0,
        };
        if std::mem::take(&mut tally.foreign) {
            tally.odds += FOREIGN_LETTER;
        }
        tally.words += 1;
        word.clear();
    }
}

#[cfg(test)]
mod tests;
