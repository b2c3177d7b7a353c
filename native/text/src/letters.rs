//! Which characters words are made of, and when two of them are the same. The reference in TypeScript is `operators/text/letters.ts`.

/// Part of a word: a letter, a digit, a low line, or what is written upon or between letters (combining marks, joiners).
#[inline]
pub fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    c.is_alphanumeric() || is_mark(c)
}

/// A combining mark of the general blocks, or a joiner.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200c}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe2f}')
}

/// One character for the several that print the same: apostrophes and hyphens.
#[inline]
pub fn plain(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        c => c,
    }
}
