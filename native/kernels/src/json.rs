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

    #[inline]
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
    #[inline]
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

    #[inline]
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
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        let next = self.bytes.get(self.at..self.at + bytes.len()) == Some(bytes);
        self.at += if next { bytes.len() } else { 0 };
        next
    }

    /// The name of the member that is next, past its colon.
    #[inline]
    pub fn name(&mut self) -> Result<Text<'a>, Bad> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.bad());
        }
        let name = self.text()?;
        self.expect(b':')?;
        Ok(name)
    }

    /// The next key of an open object, past its colon; None past the closing bracket.
    #[inline]
    pub fn key(&mut self, first: bool) -> Result<Option<Text<'a>>, Bad> {
        if self.member(first)? { self.name().map(Some) } else { Ok(None) }
    }

    /// A string, from its opening quote on.
    #[inline]
    fn text(&mut self) -> Result<Text<'a>, Bad> {
        let from = self.at + 1;
        let mut at = from;
        let mut escaped = false;
        loop {
            match self.bytes.get(at) {
                Some(byte) if !SPECIAL[*byte as usize] => at += 1,
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    let length = escape_length(&self.bytes[at..]).ok_or(Bad::Syntax(at))?;
                    at += length;
                }
                _ => return Err(Bad::Syntax(at)),
            }
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
            let value = if object { self.key(first)?.map(|_| self.value()).transpose()? } else { self.element(first)? };
            first = false;
            match value {
                Some(Token::Object | Token::Array) => {
                    stack = stack << 1 | u128::from(object);
                    object = matches!(value, Some(Token::Object));
                    first = true;
                }
                Some(_) => {}
                None if self.depth == outer => return Ok(()),
                None => {
                    object = stack & 1 == 1;
                    stack >>= 1;
                }
            }
        }
    }

    /// The next element of an open array; None past the closing bracket.
    #[inline]
    fn element(&mut self, first: bool) -> Result<Option<Token<'a>>, Bad> {
        if self.peek() == Some(b']') {
            self.at += 1;
            self.depth -= 1;
            return Ok(None);
        }
        if !first {
            self.expect(b',')?;
        }
        self.value().map(Some)
    }
}

/// Length of the escape that `bytes` begin with.
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
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
