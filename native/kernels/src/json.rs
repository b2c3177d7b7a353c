use crate::number::Number;

/// Most containers inside one another; deeper is refused.
pub const MAX_DEPTH: u32 = 128;

/// Why bytes are not JSON: the byte where that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    Syntax(usize),
    Deep(usize),
}

/// A string between its quotes, as written.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    pub raw: &'a [u8],
    pub escaped: bool,
}

/// The first token of a value; an object or array is still to be read or skipped.
#[derive(Debug, Clone, Copy)]
pub enum Token<'a> {
    Object,
    Array,
    Text(Text<'a>),
    Number(Number<'a>),
    Bool(bool),
    Null,
}

/// Reads JSON front to back, without recursion and without building anything. The bytes are valid UTF-8.
#[derive(Debug)]
pub struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Containers that are open.
    depth: u32,
}

/// 1: ends the plain part of a string (quote, backslash, control character).
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = true;
        i += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

impl<'a> Scanner<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    pub fn bad(&self) -> Bad {
        Bad::Syntax(self.at)
    }

    #[inline(always)]
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// The next byte that is not white space, without taking it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Bad> {
        if self.peek() != Some(byte) {
            return Err(self.bad());
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing but white space is left.
    pub fn end(&mut self) -> Result<(), Bad> {
        if self.peek().is_some() { Err(self.bad()) } else { Ok(()) }
    }

    /// The next value; of an object or array only its bracket.
    #[inline(always)]
    pub fn value(&mut self) -> Result<Token<'a>, Bad> {
        match self.peek() {
            Some(b'"') => self.text().map(Token::Text),
            Some(b'{') => self.open().map(|()| Token::Object),
            Some(b'[') => self.open().map(|()| Token::Array),
            Some(b't') => self.word(b"true").map(|()| Token::Bool(true)),
            Some(b'f') => self.word(b"false").map(|()| Token::Bool(false)),
            Some(b'n') => self.word(b"null").map(|()| Token::Null),
            _ => {
                let number = Number::front(&self.bytes[self.at..]).ok_or(self.bad())?;
                self.at += number.raw.len();
                Ok(Token::Number(number))
            }
        }
    }

    #[inline(always)]
    fn open(&mut self) -> Result<(), Bad> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Bad::Deep(self.at));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Bad> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.bad());
        }
        self.at += word.len();
        Ok(())
    }

    /// Goes to the next key of an open object; false past the closing bracket. `first`: no key was read yet.
    #[inline]
    pub fn member(&mut self, first: bool) -> Result<bool, Bad> {
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !first {
            self.expect(b',')?;
            self.space();
        }
        Ok(true)
    }

    /// Takes exactly these bytes, if they are next.
    #[inline]
    pub fn take(&mut self, literal: &Literal) -> bool {
        let next = literal.begins(&self.bytes[self.at..]);
        self.at += if next { literal.bytes.len() } else { 0 };
        next
    }

    /// The name of the member that is next, past its colon.
    #[inline]
    pub fn name(&mut self) -> Result<Text<'a>, Bad> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.bad());
        }
        let name = self.text()?;
        if self.bytes.get(self.at) == Some(&b':') {
            self.at += 1;
        } else {
            self.expect(b':')?;
        }
        Ok(name)
    }

    /// The next key of an open object, past its colon; None past the closing bracket.
    #[inline]
    pub fn key(&mut self, first: bool) -> Result<Option<Text<'a>>, Bad> {
        if self.member(first)? { self.name().map(Some) } else { Ok(None) }
    }

    /// A string, from its opening quote on.
    #[inline(always)]
    fn text(&mut self) -> Result<Text<'a>, Bad> {
        let from = self.at + 1;
        let mut at = plain_end(self.bytes, from);
        let mut escaped = false;
        while self.bytes.get(at) != Some(&b'"') {
            escaped = true;
            let rest = self.bytes.get(at..).unwrap_or_default();
            at = plain_end(self.bytes, at + escape_length(rest).ok_or(Bad::Syntax(at))?);
        }
        self.at = at + 1;
        Ok(Text { raw: &self.bytes[from..at], escaped })
    }

    /// Reads on to the end of a value whose first token was `token`, checking all of it.
    pub fn skip(&mut self, token: Token<'a>) -> Result<(), Bad> {
        let mut object = match token {
            Token::Object => true,
            Token::Array => false,
            _ => return Ok(()),
        };
        // bit d: container d is an object; MAX_DEPTH bits
        let mut stack = 0_u128;
        let outer = self.depth - 1;
        let mut first = true;
        loop {
            let next = self.peek();
            if next == Some(if object { b'}' } else { b']' }) {
                self.at += 1;
                self.depth -= 1;
                if self.depth == outer {
                    return Ok(());
                }
                object = stack & 1 == 1;
                stack >>= 1;
                first = false;
                continue;
            }
            if !first {
                self.expect(b',')?;
                self.space();
            }
            first = false;
            if object {
                self.name()?;
            }
            match self.peek() {
                Some(b'"') => {
                    self.text()?;
                    // a list of strings goes on without a look at what else could follow
                    while !object && self.bytes.get(self.at..self.at + 2) == Some(b",\"") {
                        self.at += 1;
                        self.text()?;
                    }
                }
                Some(bracket @ (b'{' | b'[')) => {
                    self.open()?;
                    stack = stack << 1 | u128::from(object);
                    object = bracket == b'{';
                    first = true;
                }
                _ => {
                    self.value()?;
                }
            }
        }
    }
}

/// Bytes to be looked for; at most 16 of them are compared as two words that may overlap.
#[derive(Debug)]
pub struct Literal {
    pub bytes: Vec<u8>,
    head: u64,
    tail: u64,
    /// Of both words, the bytes that count.
    mask: u64,
}

impl Literal {
    pub fn new(bytes: Vec<u8>) -> Self {
        let padded = [&bytes[..], &[0; 8]].concat();
        let mask = if bytes.len() >= 8 { u64::MAX } else { (1 << (8 * bytes.len())) - 1 };
        let word = |at| word_at(&padded, at).unwrap_or_default() & mask;
        Self { head: word(0), tail: word(bytes.len().saturating_sub(8)), mask, bytes }
    }

    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        match (word_at(text, 0), word_at(text, self.bytes.len().saturating_sub(8))) {
            (Some(head), Some(tail)) if self.bytes.len() <= 16 => (head ^ self.head | tail ^ self.tail) & self.mask == 0,
            _ => text.starts_with(&self.bytes),
        }
    }
}

/// Eight bytes from `at` on, the first lowest; None where there are fewer.
#[inline(always)]
pub fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Where the plain part of a string ends that goes on at `at`: at the first quote, backslash, control character or at the end.
#[inline(always)]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word_at(bytes, at) {
        let marks = specials(word);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !SPECIAL[*byte as usize]) {
        at += 1;
    }
    at
}

/// The top bit of each byte that is a quote, a backslash or a control character. The lowest of these bits is right, higher ones need not
/// be. Source: S. E. Anderson, *Bit Twiddling Hacks*, "Determine if a word has a byte less than n".
#[inline(always)]
fn specials(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let quotes = below(word ^ (ONES * b'"' as u64), 1);
    let backslashes = below(word ^ (ONES * b'\\' as u64), 1);
    (quotes | backslashes | below(word, 0x20)) & (ONES << 7)
}

/// Length of the escape that `bytes` begin with; None when they begin with none.
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.strip_prefix(b"\\")?.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// Appends the text that a checked string stands for; half a surrogate pair becomes U+FFFD.
pub fn unescape(raw: &[u8], into: &mut Vec<u8>) {
    let mut at = 0;
    while at < raw.len() {
        if raw[at] != b'\\' {
            into.push(raw[at]);
            at += 1;
            continue;
        }
        let code = raw.get(at + 1).copied().unwrap_or(b'\\');
        if code != b'u' {
            into.push(match code {
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => other,
            });
            at += 2;
            continue;
        }
        let mut unit = hex(raw, at + 2);
        at += 6;
        if (0xd800..0xdc00).contains(&unit) && raw.get(at..at + 2) == Some(b"\\u") {
            let low = hex(raw, at + 2);
            if (0xdc00..0xe000).contains(&low) {
                unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                at += 6;
            }
        }
        let char = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
        into.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn hex(raw: &[u8], at: usize) -> u32 {
    let digits = raw.get(at..at + 4).unwrap_or_default();
    digits.iter().fold(0, |value, digit| value << 4 | char::from(*digit).to_digit(16).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8]) -> Result<(), Bad> {
        let mut scanner = Scanner::new(text);
        let token = scanner.value()?;
        scanner.skip(token)?;
        scanner.end()
    }

    #[test]
    fn agrees_with_serde_on_what_is_json() {
        let texts: [&str; 44] = [
            "{}",
            "[]",
            "[1]",
            "[1,]",
            "[,1]",
            "{,}",
            r#"{"a":1}"#,
            r#"{"a":1,}"#,
            r#"{"a" : [ { } , [ ] ] }"#,
            r#"{"a":}"#,
            r#"{a:1}"#,
            r#"{"a":1 "b":2}"#,
            "[1 2]",
            "1",
            "-",
            "01",
            "1.5e3",
            "tru",
            "true",
            "nul",
            "null x",
            "\"a\"",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"\u{1}\"",
            " [ ] ",
            "[",
            "]",
            "{",
            "}",
            "[}",
            "{]",
            "[[]",
            "[]]",
            "{\"a\":1}}",
            "[1][2]",
            "",
            " ",
            "[true,false,null]",
            "{\"a\":{\"b\":[1,2,{\"c\":\"d\"}]}}",
            "{\"a\":1,\"a\":2}",
        ];
        for text in texts {
            let known = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            assert_eq!(check(text.as_bytes()).is_ok(), known, "{text}");
        }
    }

    #[test]
    fn agrees_with_serde_after_any_one_byte_was_changed() {
        let message = r#"{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1723161256299, "é\n":[["58710.20","0.014"],["6\\","0"],[]],"a":[-1.5e+3,true,{},null]}}"#;
        for at in 0..message.len() {
            for byte in [0, 0x1f, b' ', b'"', b'\\', b',', b':', b'[', b']', b'{', b'}', b'0', b'-', b'.', b'e', b'n', 0x7f, 0x80, 0xff] {
                let mut changed = message.as_bytes().to_vec();
                changed[at] = byte;
                let Ok(text) = std::str::from_utf8(&changed) else { continue };
                let known = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                assert_eq!(check(&changed).is_ok(), known, "{text}");
            }
            assert!(check(&message.as_bytes()[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn strings_of_any_length_end_at_their_first_special_byte() {
        for length in 0..40 {
            for padding in 0..10 {
                let text = format!("\"{}\"{}", "é\u{7f}~!".repeat(10).chars().take(length).collect::<String>(), " ".repeat(padding));
                assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
                for special in [0x00, 0x1f, b'\n', b'"', b'\\'] {
                    let mut broken = vec![b'a'; length + padding + 2];
                    broken[0] = b'"';
                    broken[length + 1] = special;
                    let wanted = length + 1 + usize::from(special == b'"' && padding > 0);
                    let wanted = if special == b'"' && padding == 0 { Ok(()) } else { Err(Bad::Syntax(wanted)) };
                    assert_eq!(check(&broken), wanted, "{broken:?}");
                }
            }
        }
    }

    #[test]
    fn literals_of_any_length_are_found_whole() {
        for length in 0..24 {
            let bytes: Vec<u8> = (b'a'..).take(length).collect();
            let literal = Literal::new(bytes.clone());
            for padding in 0..10 {
                let mut text = [&bytes[..], &vec![b'z'; padding]].concat();
                assert!(literal.begins(&text), "{length} {padding}");
                for at in 0..length {
                    text[at] ^= 1;
                    assert!(!literal.begins(&text), "{length} {padding} {at}");
                    text[at] ^= 1;
                }
                assert!(length == 0 || !literal.begins(&text[..length - 1]), "{length}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        let nested = |depth: usize, open: &str, close: &str| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(check(nested(128, "[", "]").as_bytes()), Ok(()));
        assert!(matches!(check(nested(129, "[", "]").as_bytes()), Err(Bad::Deep(_))));
        assert!(matches!(check(nested(20_000, "{\"a\":", "}").as_bytes()), Err(Bad::Deep(_))));
        assert!(matches!(check("[".repeat(5_000_000).as_bytes()), Err(Bad::Deep(_))));
    }

    #[test]
    fn mixed_containers_are_skipped_to_their_end() {
        assert_eq!(check(br#"[{"a":[[],{}]},[{"b":{}}],"]}"]"#), Ok(()));
    }

    #[test]
    fn escapes_become_what_they_stand_for() {
        let mut text = Vec::new();
        unescape(br#"\u0042TC\n\ud83d\ude00\ud800x\/\"\\"#, &mut text);
        assert_eq!(text, "BTC\n😀\u{fffd}x/\"\\".as_bytes());
    }
}
