//! The features of tokens, as hashes in blocks. `README.md` states them; `vectors/make.py` makes them again from that page.

use crate::hash::{next, pair};
use crate::lexicon::Lexicon;
use crate::scratch::{Kind, Scratch, Token};

/// Blocks are normalised each by itself.
pub const BLOCKS: usize = 5;
pub(crate) const WORDS: usize = 0;
pub(crate) const LETTERS: usize = 1;
pub(crate) const PLACE: usize = 2;
pub(crate) const CLASSES: usize = 3;
pub(crate) const OUTLINE: usize = 4;

/// Bytes of a word that give letter n-grams.
const LONGEST: usize = 20;
const CLAUSES: &str = "as while but after despite amid on though although ; , : however whereas even with";

/// What the features need to know besides the tokens.
#[derive(Debug)]
pub struct Frame {
    pub(crate) lexicon: Lexicon,
    cuts: Vec<u64>,
    negation: u32,
}

impl Frame {
    pub fn new(lexicon: Lexicon) -> Self {
        let cuts = CLAUSES.split(' ').map(|word| crate::hash::of(word.as_bytes())).collect();
        let negation = lexicon.bit("not");
        Self { lexicon, cuts, negation }
    }

    fn mark(&self, scratch: &mut Scratch) {
        scratch.outline.clear();
        let mut clause = 0;
        for (index, token) in scratch.tokens.iter_mut().enumerate() {
            if matches!(token.kind, Kind::Word | Kind::Sign) {
                token.classes = self.lexicon.classes_of(token.hash);
                clause += u32::from(self.cuts.contains(&token.hash));
            }
            token.clause = clause;
            let shown = token.kind != Kind::Word || token.classes != 0;
            if shown {
                scratch.outline.push((class_or_word(token), index as u32));
            }
        }
    }

    /// Every feature of the tokens in `scratch`, block and hash, in a fixed order.
    pub fn each(&self, scratch: &mut Scratch, mut emit: impl FnMut(usize, u64)) {
        self.mark(scratch);
        let tokens = &scratch.tokens[..];
        words(tokens, &mut emit);
        letters(tokens, &scratch.letters, &mut emit);
        self.classes(tokens, &mut emit);
        outline(&scratch.outline, tokens, &mut emit);
        if let Some(target) = tokens.iter().position(|token| token.kind == Kind::Target) {
            place(tokens, target, &mut emit);
            around(tokens, target, &scratch.outline, &mut emit);
            let clause = tokens[target].clause;
            scratch.own.clear();
            scratch.own.extend(scratch.outline.iter().filter(|(_, at)| tokens[*at as usize].clause == clause).map(|(item, _)| item));
            own(&scratch.own, &mut emit);
        }
    }

    fn classes(&self, tokens: &[Token], emit: &mut impl FnMut(usize, u64)) {
        let mut negated = 0;
        for token in tokens {
            for class in bits(token.classes) {
                emit(CLASSES, pair(seed(b'l'), class));
            }
            if token.classes & token.classes.wrapping_sub(1) != 0 {
                emit(CLASSES, pair(seed(b'L'), u64::from(token.classes)));
            }
            if token.classes & self.negation != 0 {
                negated = 4;
            } else if negated > 0 {
                negated -= 1;
                for class in bits(token.classes) {
                    emit(CLASSES, pair(seed(b'n'), class));
                }
            }
        }
    }
}

/// The start of the hash of a family of features.
#[inline]
const fn seed(family: u8) -> u64 {
    (family as u64).wrapping_mul(0x0100_0000_01b3)
}

const START: u64 = seed(b'^');
const END: u64 = seed(b'$');

/// The bits of `set` as 1-based numbers, the lowest first.
#[inline]
fn bits(mut set: u32) -> impl Iterator<Item = u64> {
    std::iter::from_fn(move || {
        if set == 0 {
            return None;
        }
        let bit = set.trailing_zeros();
        set &= set - 1;
        Some(u64::from(bit) + 1)
    })
}

/// A token's first class; the token itself when it has none.
#[inline]
fn class_or_word(token: &Token) -> u64 {
    if token.classes == 0 { token.hash } else { u64::from(token.classes.trailing_zeros()) + 1 }
}

/// All n-grams of `shortest` to `longest` of `length` items with a start and an end around them.
#[inline]
fn grams(
    family: u8,
    shortest: usize,
    longest: usize,
    length: usize,
    item: impl Fn(usize) -> u64,
    block: usize,
    emit: &mut impl FnMut(usize, u64),
) {
    let padded = |at: usize| match at {
        0 => START,
        at if at <= length => item(at - 1),
        _ => END,
    };
    for first in 0..length + 2 {
        let mut hash = seed(family);
        for size in 1..=longest.min(length + 2 - first) {
            hash = pair(hash, padded(first + size - 1));
            if size >= shortest {
                emit(block, hash);
            }
        }
    }
}

fn words(tokens: &[Token], emit: &mut impl FnMut(usize, u64)) {
    grams(b'W', 1, 3, tokens.len(), |at| tokens[at].hash, WORDS, emit);
}

fn letters(tokens: &[Token], letters: &[u8], emit: &mut impl FnMut(usize, u64)) {
    for token in tokens.iter().filter(|token| token.kind == Kind::Word && token.end - token.start > 1) {
        let word = &letters[token.start as usize..token.end as usize];
        let word = &word[..word.len().min(LONGEST)];
        let padded = |at: usize| match at {
            0 => b'^',
            at if at <= word.len() => word[at - 1],
            _ => b'$',
        };
        for first in 0..word.len() + 1 {
            let mut hash = next(seed(b'C'), padded(first));
            for size in 2..=5.min(word.len() + 2 - first) {
                hash = next(hash, padded(first + size - 1));
                emit(LETTERS, hash);
            }
        }
    }
}

fn outline(outline: &[(u64, u32)], tokens: &[Token], emit: &mut impl FnMut(usize, u64)) {
    grams(b'k', 1, 4, outline.len(), |at| outline[at].0, OUTLINE, emit);
    grams(b'm', 2, 3, tokens.len(), |at| class_or_word(&tokens[at]), OUTLINE, emit);
}

/// How far and on which side: 1, 2, 3 to 4, 5 to 8 and more.
#[inline]
fn distance(target: usize, at: usize) -> u64 {
    let step = match at.abs_diff(target) {
        near @ 0..=2 => near as u64,
        3..=4 => 3,
        5..=8 => 5,
        _ => 9,
    };
    if at > target { step + 16 } else { step }
}

#[inline]
fn clause(tokens: &[Token], target: usize, at: usize) -> u64 {
    match tokens[at].clause.cmp(&tokens[target].clause) {
        std::cmp::Ordering::Less => 1,
        std::cmp::Ordering::Equal => 2,
        std::cmp::Ordering::Greater => 3,
    }
}

fn place(tokens: &[Token], target: usize, emit: &mut impl FnMut(usize, u64)) {
    let side = |at: usize| u64::from(at > target) + 1;
    let mut others = [0u64; 2];
    for (at, token) in tokens.iter().enumerate() {
        if at == target {
            continue;
        }
        emit(PLACE, pair(pair(seed(b'P'), distance(target, at)), token.hash));
        emit(PLACE, pair(pair(seed(b'D'), side(at)), token.hash));
        emit(PLACE, pair(pair(seed(b'S'), clause(tokens, target, at)), token.hash));
        if at + 1 < tokens.len() && at + 1 != target {
            emit(PLACE, pair(pair(pair(seed(b'B'), side(at)), token.hash), tokens[at + 1].hash));
        }
        if token.kind == Kind::Other {
            let count = &mut others[usize::from(at > target)];
            *count = 2.min(*count + 1);
        }
    }
    emit(PLACE, pair(seed(b'A'), 1 + others[0] * 3 + others[1]));
    let end = if target == 0 { 1 } else { 2 + u64::from(target + 1 == tokens.len()) };
    emit(PLACE, pair(seed(b'E'), end));
}

fn around(tokens: &[Token], target: usize, outline: &[(u64, u32)], emit: &mut impl FnMut(usize, u64)) {
    for (at, token) in tokens.iter().enumerate() {
        for class in bits(token.classes) {
            emit(CLASSES, pair(pair(seed(b'p'), distance(target, at)), class));
            emit(CLASSES, pair(pair(seed(b's'), clause(tokens, target, at)), class));
        }
    }
    let Some(own) = outline.iter().position(|&(_, index)| index as usize == target) else { return };
    for (at, &(item, _)) in outline.iter().enumerate().filter(|&(at, _)| at != own) {
        let step = (at as i64 - own as i64).clamp(-4, 4) + 5;
        emit(CLASSES, pair(pair(seed(b'q'), step as u64), item));
    }
}

/// The outline of the target's own clause.
fn own(outline: &[u64], emit: &mut impl FnMut(usize, u64)) {
    grams(b'o', 1, 4, outline.len(), |at| outline[at], CLASSES, emit);
    emit(CLASSES, outline.iter().fold(seed(b'O'), |hash, &item| pair(hash, item)));
}
