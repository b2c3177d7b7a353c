use crate::letters::{is_word, plain};
use std::ops::Range;

/// A word, or any other character but white space.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    pub start: u32,
    pub end: u32,
    /// Of its letters in lower case.
    pub hash: u64,
    /// The same, another one where white space is before it.
    pub following: u64,
}

impl Token {
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

#[derive(Debug, Default)]
pub struct Tokens {
    pub list: Vec<Token>,
}

/// What ASCII folds to in a word; 0: it is not part of one.
const FOLDED: [u8; 128] = {
    let mut folded = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        if c.is_ascii_alphanumeric() || c == b'_' {
            folded[byte] = c.to_ascii_lowercase();
        }
        byte += 1;
    }
    folded
};

/// Mixes eight bytes into a hash: a multiplication and a fold, as in wyhash (Wang Yi) and rustc-hash.
#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15_u128;
    (product as u64) ^ (product >> 64) as u64
}

/// Takes a token's bytes in lower case one by one.
struct Hasher {
    hash: u64,
    word: u64,
    filled: u32,
}

impl Hasher {
    #[inline]
    fn new(seed: u64) -> Self {
        Self { hash: seed, word: 0, filled: 0 }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.word = self.word << 8 | u64::from(byte);
        self.filled += 1;
        if self.filled & 7 == 0 {
            self.hash = mix(self.hash, self.word);
            self.word = 0;
        }
    }

    fn char(&mut self, c: char) {
        for lower in c.to_lowercase() {
            let mut bytes = [0; 4];
            lower.encode_utf8(&mut bytes).bytes().for_each(|byte| self.byte(byte));
        }
    }

    #[inline]
    fn finish(self) -> u64 {
        mix(self.hash ^ u64::from(self.filled), self.word ^ 0xa076_1d64_78bd_642f)
    }
}

impl Tokens {
    /// Reads the first 4 GiB of a text.
    pub fn read(&mut self, text: &str, seed: u64) {
        self.list.clear();
        let bytes = text.as_bytes();
        let (mut at, mut spaced) = (0, false);
        while at < bytes.len() {
            let start = at;
            if bytes[at] == b' ' {
                (at, spaced) = (at + 1, true);
                continue;
            }
            let mut hasher = Hasher::new(seed);
            while let Some(folded) = bytes.get(at).and_then(|byte| FOLDED.get(*byte as usize)).filter(|folded| **folded != 0) {
                hasher.byte(*folded);
                at += 1;
            }
            if bytes.get(at).is_some_and(|byte| !byte.is_ascii()) {
                at = word(text, at, &mut hasher);
            }
            if at == start {
                let Some(c) = text[at..].chars().next() else { return };
                at += c.len_utf8();
                if c.is_whitespace() {
                    spaced = true;
                    continue;
                }
                hasher.char(plain(c));
            }
            let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(at)) else { return };
            let hash = hasher.finish();
            let following = if std::mem::take(&mut spaced) { hash.rotate_left(17) ^ 0x2545_f491_4f6c_dd1d } else { hash };
            self.list.push(Token { start, end, hash, following });
        }
    }
}

/// Goes on with a word behind its first ASCII letters; where it ends.
fn word(text: &str, from: usize, hasher: &mut Hasher) -> usize {
    let mut at = from;
    for c in text[from..].chars().map(|c| (plain(c), c.len_utf8())).take_while(|(c, _)| is_word(*c)) {
        hasher.char(c.0);
        at += c.1;
    }
    at
}

/// Appends a text with white space single, apostrophes and hyphens plain: as it is, and in lower case.
pub fn normal(text: &str, plainly: &mut String, folded: &mut String) {
    let mut gap = false;
    for c in text.chars().map(plain) {
        if c.is_whitespace() {
            gap = !plainly.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            plainly.push(' ');
            folded.push(' ');
        }
        plainly.push(c);
        folded.extend(c.to_lowercase());
    }
}
