use crate::letters::{is_word, plain};

/// What is compared of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// Of the words in lower case, joined by single spaces: equal texts have equal ones. Of a text without words: of its bytes.
    pub exact: u64,
    /// 64 signs: the more alike two texts, the fewer of them differ.
    pub near: u64,
    /// Of the words with digits: texts that tell other numbers are never nearly equal, however alike they are. A text without words tells
    /// a number of its own, so that it is nearly equal to none.
    pub numbers: u64,
}

impl Print {
    /// Signs that differ, 0 to 64; None: another number is told.
    pub fn distance(self, other: Print) -> Option<u32> {
        (self.numbers == other.numbers).then(|| (self.near ^ other.near).count_ones())
    }
}

/// Bytes of a shingle.
const SHINGLE: usize = 4;

/// FNV-1a (G. Fowler, L. C. Noll, P. Vo) from a seed, finished as MurmurHash3 does (A. Appleby), so that every bit counts in every sign.
fn hash(bytes: &[u8], seed: u64) -> u64 {
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325 ^ seed, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    let sum = (sum ^ sum >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let sum = (sum ^ sum >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    sum ^ sum >> 33
}

fn wordless(text: &str) -> Print {
    let own = hash(text.as_bytes(), 4);
    Print { exact: own, near: 0, numbers: own }
}

/// A plus or a minus.
fn sign_of(c: char) -> Option<char> {
    match c {
        '+' => Some('+'),
        '-' | '\u{2212}' => Some('-'),
        _ => None,
    }
}

/// What is put between a sign and what follows it, a number: 0 where it begins with its point.
fn lead_of(rest: &str) -> Option<&'static str> {
    match rest.as_bytes() {
        [b'0'..=b'9', ..] => Some(""),
        [b'.', b'0'..=b'9', ..] => Some("0"),
        _ => None,
    }
}

/// What making prints writes on.
#[derive(Debug, Default)]
pub struct Printer {
    words: String,
    starts: Vec<usize>,
}

impl Printer {
    /// The words of a text in lower case, joined by single spaces: what two texts have in common that are equal here. A plus or minus before
    /// a number and after no word is part of the number.
    pub fn normal(&mut self, text: &str) -> &str {
        self.words.clear();
        let (mut gap, mut before) = (false, ' ');
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let c = plain(c);
            let last = std::mem::replace(&mut before, c);
            if c.is_ascii_alphanumeric() {
                self.space(&mut gap);
                self.words.push(c.to_ascii_lowercase());
            } else if c == '\'' {
                // reader's and readers are one word, as are R's and Rs
            } else if !c.is_ascii() && is_word(c) {
                self.space(&mut gap);
                self.words.extend(c.to_lowercase());
            } else if let Some(sign) = sign_of(c)
                && !is_word(last)
                && let Some(lead) = lead_of(rest.as_str())
            {
                gap = true;
                self.space(&mut gap);
                self.words.push(sign);
                self.words.push_str(lead);
            } else {
                gap = true;
            }
        }
        &self.words
    }

    fn space(&mut self, gap: &mut bool) {
        if std::mem::take(gap) && !self.words.is_empty() {
            self.words.push(' ');
        }
    }

    /// The print of a text that is to be equal to another: no signs are taken.
    pub fn exact(&mut self, text: &str) -> Print {
        self.normal(text);
        if self.words.is_empty() { wordless(text) } else { Print { exact: hash(self.words.as_bytes(), 0), near: 0, numbers: 0 } }
    }

    /// The print of a text.
    pub fn print(&mut self, text: &str) -> Print {
        self.normal(text);
        if self.words.is_empty() {
            return wordless(text);
        }
        let exact = hash(self.words.as_bytes(), 0);
        let (near, numbers) = self.signs();
        Print { exact, near, numbers }
    }

    /// SimHash over words, pairs of words and runs of letters, each counted once a place.
    fn signs(&mut self) -> (u64, u64) {
        let mut sums = Sums::default();
        let mut numbers = 0;
        let text = self.words.as_bytes();
        self.starts.clear();
        self.starts.extend((0..text.len()).filter(|at| *at == 0 || text[at - 1] == b' '));
        for (i, start) in self.starts.iter().enumerate() {
            let end = |word: usize| self.starts.get(word + 1).map_or(text.len(), |next| next - 1);
            let word = &text[*start..end(i)];
            if word.iter().any(u8::is_ascii_digit) {
                numbers = hash(word, numbers);
            }
            sums.add(hash(word, 1), 2);
            if i + 1 < self.starts.len() {
                sums.add(hash(&text[*start..end(i + 1)], 2), 1);
            }
        }
        for run in text.windows(SHINGLE) {
            sums.add(hash(run, 3), 1);
        }
        (sums.signs(), numbers)
    }
}

struct Sums([i32; 64]);

impl Default for Sums {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Sums {
    #[inline]
    fn add(&mut self, hash: u64, weight: i32) {
        for (i, sum) in self.0.iter_mut().enumerate() {
            *sum += if hash >> i & 1 == 1 { weight } else { -weight };
        }
    }

    fn signs(&self) -> u64 {
        self.0.iter().enumerate().fold(0, |signs, (i, sum)| signs | u64::from(*sum > 0) << i)
    }
}
