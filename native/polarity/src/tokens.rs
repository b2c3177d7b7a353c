use std::ops::Range;

use crate::hash;
use crate::scratch::{Kind, Scratch, Token};

/// Bytes read on either side of the target: what bounds the work of a score.
pub const REACH: usize = 300;
/// Other entities that are looked at: the first so many of those within reach.
pub const OTHERS: usize = 16;

const TARGET: &[u8] = b"<t>";
const OTHER: &[u8] = b"<o>";

/// The byte at `at` as it is compared, and how many bytes of the text it stands for.
#[inline]
fn letter(text: &[u8], at: usize) -> (u8, usize) {
    match text[at] {
        byte if byte < 0x80 => (byte.to_ascii_lowercase(), 1),
        0xe2 if at + 2 < text.len() && text[at + 1] == 0x80 => match text[at + 2] {
            0x98 | 0x99 => (b'\'', 3),
            0x9c | 0x9d => (b'"', 3),
            0x90..=0x95 => (b'-', 3),
            _ => (b' ', 3),
        },
        0xc2 if at + 1 < text.len() && text[at + 1] == 0xa0 => (b' ', 2),
        byte => (byte, 1),
    }
}

#[inline]
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

struct Span {
    start: usize,
    end: usize,
    kind: Kind,
}

/// The entities within reach by place, none over another: the target first of all, then the others in the order given.
struct Spans {
    list: [Span; OTHERS + 1],
    count: usize,
}

impl Spans {
    fn new() -> Self {
        Self { list: std::array::from_fn(|_| Span { start: 0, end: 0, kind: Kind::Other }), count: 0 }
    }

    fn add(&mut self, span: Span) {
        if self.count > OTHERS || self.list[..self.count].iter().any(|kept| span.start < kept.end && kept.start < span.end) {
            return;
        }
        let mut at = self.count;
        while at > 0 && self.list[at - 1].start > span.start {
            self.list.swap(at - 1, at);
            at -= 1;
        }
        self.list[at] = span;
        self.count += 1;
    }
}

/// Cuts the part of the text within reach of the target into `scratch.tokens`.
pub(crate) fn cut(scratch: &mut Scratch, text: &str, entity: Range<usize>, others: &[Range<usize>]) {
    let text = text.as_bytes();
    scratch.letters.clear();
    scratch.tokens.clear();
    let (start, end) = (entity.start.min(text.len()), entity.end.min(text.len()));
    let mut spans = Spans::new();
    let window = if start < end {
        spans.add(Span { start, end, kind: Kind::Target });
        start.saturating_sub(REACH)..text.len().min(end.saturating_add(REACH))
    } else {
        0..text.len().min(2 * REACH)
    };
    for other in others {
        let (start, end) = (other.start.max(window.start), other.end.min(window.end));
        if start < end {
            spans.add(Span { start, end, kind: Kind::Other });
        }
    }
    let mut at = window.start;
    for span in &spans.list[..spans.count] {
        run(scratch, &text[..span.start], at);
        let kind = span.kind;
        let hash = hash::of(if kind == Kind::Target { TARGET } else { OTHER });
        scratch.tokens.push(Token { kind, hash, start: 0, end: 0, classes: 0, clause: 0 });
        at = past_possessive(&text[..window.end], span.end);
    }
    run(scratch, &text[..window.end], at);
}

/// Past `'s` and past a lone apostrophe behind an entity, so that it does not matter whether a range takes them in.
fn past_possessive(text: &[u8], end: usize) -> usize {
    if end >= text.len() || letter(text, end).0 != b'\'' {
        return end;
    }
    let after = end + letter(text, end).1;
    let word = |at: usize| at < text.len() && is_word(letter(text, at).0);
    match text.get(after).map(u8::to_ascii_lowercase) {
        Some(b's') if !word(after + 1) => after + 1,
        _ if !word(after) => after,
        _ => end,
    }
}

/// The tokens from `at` to the end of `text`.
fn run(scratch: &mut Scratch, text: &[u8], from: usize) {
    let mut at = from;
    while at < text.len() {
        let (byte, length) = letter(text, at);
        if is_word(byte) {
            at = word(scratch, text, at);
            continue;
        }
        let between =
            byte == b'-' && at > from && is_word(text[at - 1]) && at + length < text.len() && is_word(letter(text, at + length).0);
        if byte > b' ' && byte != 0x7f && !between {
            push(scratch, Kind::Sign, |letters| letters.push(byte));
        }
        at += length;
    }
}

fn word(scratch: &mut Scratch, text: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut number = text[start].is_ascii_digit();
    let figure = number;
    let from = scratch.letters.len();
    let mut previous = 0;
    while at < text.len() {
        let (byte, length) = letter(text, at);
        let joins = matches!(byte, b'\'' | b'.' | b'&' | b',') && at + length < text.len() && {
            let after = letter(text, at + length).0;
            if byte == b',' { is_digit(previous) && after.is_ascii_digit() } else { is_word(after) }
        };
        if !is_word(byte) && !joins {
            break;
        }
        number &= byte.is_ascii_digit() || byte == b'.' || byte == b',';
        let digit = figure && byte.is_ascii_digit();
        if !(digit && is_digit(previous)) {
            scratch.letters.push(if digit { b'0' } else { byte });
        }
        previous = byte;
        at += length;
    }
    if number {
        scratch.letters.truncate(from);
        push(scratch, Kind::Number, |letters| letters.push(b'0'));
    } else {
        finish(scratch, Kind::Word, from);
    }
    at
}

#[inline]
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn push(scratch: &mut Scratch, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
    let from = scratch.letters.len();
    write(&mut scratch.letters);
    finish(scratch, kind, from);
}

fn finish(scratch: &mut Scratch, kind: Kind, from: usize) {
    let hash = hash::of(&scratch.letters[from..]);
    scratch.tokens.push(Token { kind, hash, start: from as u32, end: scratch.letters.len() as u32, classes: 0, clause: 0 });
}
