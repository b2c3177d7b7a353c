//! HTML to text: tags, comments, scripts and styles dropped, character references decoded once, white space made single.
//!
//! Source: WHATWG HTML Living Standard, section 13.2.5 (tokenization), kept to what text needs. Time is linear, the text never longer than
//! what came.

mod references;

use references::reference;

/// Elements whose content is no text.
const OPAQUE: [&[u8]; 4] = [b"script", b"style", b"template", b"noscript"];

/// Elements inside a line of text: their tags divide no words.
const INLINE: [&[u8]; 27] = [
    b"a", b"abbr", b"acronym", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"del", b"dfn", b"em", b"font", b"i", b"ins", b"kbd",
    b"mark", b"q", b"s", b"small", b"span", b"strike", b"strong", b"sub", b"sup", b"tt", b"u",
];

/// Appends the text of `html`. Nothing is decoded twice: `&amp;lt;` is the text `&lt;`.
pub fn text(html: &str, into: &mut String) {
    Stripper { html, bytes: html.as_bytes(), at: 0, text: Spaced::new(into), unclosed: [false; 2], quotes_ignored: false, no_end: false }
        .run();
}

/// Appends `text` with white space made single and invisible characters dropped, without looking for tags.
pub fn spaced(text: &str, into: &mut String) {
    let mut out = Spaced::new(into);
    out.run(text);
}

struct Stripper<'a, 'b> {
    html: &'a str,
    bytes: &'a [u8],
    at: usize,
    text: Spaced<'b>,
    // Nothing that was looked for in vain up to the end is looked for again, so that time stays linear.
    /// No second `'`, no second `"` follows.
    unclosed: [bool; 2],
    /// No `>` followed outside of quotes.
    quotes_ignored: bool,
    /// No `>` follows.
    no_end: bool,
}

impl Stripper<'_, '_> {
    fn run(&mut self) {
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'<' => self.markup(),
                b'&' => self.reference(),
                _ => {
                    let rest = &self.bytes[self.at..];
                    let length = rest.iter().position(|byte| matches!(byte, b'<' | b'&')).unwrap_or(rest.len());
                    self.text.run(&self.html[self.at..self.at + length]);
                    self.at += length;
                }
            }
        }
    }

    fn reference(&mut self) {
        match reference(&self.bytes[self.at + 1..]) {
            Some((c, length)) => {
                self.text.push(c);
                self.at += 1 + length;
            }
            None => self.literal('&'),
        }
    }

    fn literal(&mut self, c: char) {
        self.text.push(c);
        self.at += 1;
    }

    fn markup(&mut self) {
        let rest = &self.bytes[self.at + 1..];
        match rest.first() {
            Some(b'!') if rest.starts_with(b"!--") => self.comment(),
            Some(b'!') if rest.starts_with(b"![CDATA[") => self.cdata(),
            Some(b'!' | b'?') => self.tag(0, b"!"),
            Some(b'/') if rest.get(1).is_some_and(u8::is_ascii_alphabetic) => self.tag(1, name(&rest[1..])),
            Some(first) if first.is_ascii_alphabetic() => self.tag(0, name(rest)),
            _ => self.literal('<'),
        }
    }

    /// `<!-->` and `<!--->` are whole comments; one that does not end takes the rest.
    fn comment(&mut self) {
        let body = self.at + 4;
        let rest = &self.bytes[body..];
        if rest.starts_with(b">") || rest.starts_with(b"->") {
            self.at = body + if rest[0] == b'>' { 1 } else { 2 };
            return;
        }
        self.at = find(rest, b"-->").map_or(self.bytes.len(), |at| body + at + 3);
    }

    /// What feeds wrap their text in: the text is inside.
    fn cdata(&mut self) {
        let body = self.at + 9;
        let end = find(&self.bytes[body..], b"]]>").map(|at| body + at);
        self.text.run(&self.html[body..end.unwrap_or(self.bytes.len())]);
        self.at = end.map_or(self.bytes.len(), |end| end + 3);
    }

    /// A tag whose name begins `skip + 1` bytes after `<`. One that does not end is text, such as the `<` of "a <b".
    fn tag(&mut self, skip: usize, name: &[u8]) {
        let Some(end) = self.end_of_tag() else { return self.literal('<') };
        let is = |names: &[&[u8]]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !is(&INLINE) {
            self.text.space();
        }
        self.at = end + 1;
        if skip == 0 && is(&OPAQUE) {
            self.at = self.closing(name);
        }
    }

    /// Where the `>` of the tag at `at` stands: outside of quotes, or the first where there is none outside.
    fn end_of_tag(&mut self) -> Option<usize> {
        if !self.quotes_ignored {
            if let Some(end) = self.end_outside_quotes() {
                return Some(end);
            }
            self.quotes_ignored = true;
        }
        if self.no_end {
            return None;
        }
        let end = self.bytes[self.at..].iter().position(|byte| *byte == b'>').map(|found| self.at + found);
        self.no_end = end.is_none();
        end
    }

    fn end_outside_quotes(&mut self) -> Option<usize> {
        let mut at = self.at + 1;
        let mut after_equals = false;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'>' => return Some(at),
                b'"' | b'\'' if after_equals && !self.unclosed[usize::from(*byte == b'"')] => {
                    match self.bytes[at + 1..].iter().position(|other| other == byte) {
                        Some(length) => at += length + 1,
                        None => self.unclosed[usize::from(*byte == b'"')] = true,
                    }
                    after_equals = false;
                }
                b'=' => after_equals = true,
                byte if byte.is_ascii_whitespace() => {}
                _ => after_equals = false,
            }
            at += 1;
        }
        None
    }

    /// Where what follows the closing tag of an opaque element begins; without one it takes the rest.
    fn closing(&self, name: &[u8]) -> usize {
        let mut at = self.at;
        while let Some(found) = find(&self.bytes[at..], b"</") {
            at += found + 2;
            let rest = &self.bytes[at..];
            let named = rest.get(..name.len()).is_some_and(|some| some.eq_ignore_ascii_case(name));
            if named && rest.get(name.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric()) {
                return rest.iter().position(|byte| *byte == b'>').map_or(self.bytes.len(), |end| at + end + 1);
            }
        }
        self.bytes.len()
    }
}

fn name(rest: &[u8]) -> &[u8] {
    &rest[..rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len())]
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Text in which white space and control characters are single spaces, none at its ends, and what cannot be seen is dropped.
struct Spaced<'a> {
    into: &'a mut String,
    from: usize,
    pending: bool,
}

impl<'a> Spaced<'a> {
    fn new(into: &'a mut String) -> Self {
        Self { from: into.len(), into, pending: false }
    }

    fn space(&mut self) {
        self.pending = true;
    }

    #[inline]
    fn push(&mut self, c: char) {
        if c.is_whitespace() || c.is_control() {
            self.pending = true;
        } else if !matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}') {
            if std::mem::take(&mut self.pending) && self.into.len() > self.from {
                self.into.push(' ');
            }
            self.into.push(c);
        }
    }

    fn run(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            // most of a text is visible ASCII, taken word by word
            let length = rest.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
            if length > 0 {
                if std::mem::take(&mut self.pending) && self.into.len() > self.from {
                    self.into.push(' ');
                }
                self.into.push_str(&rest[..length]);
            }
            rest = &rest[length..];
            let Some(c) = rest.chars().next() else { return };
            self.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
}

#[cfg(test)]
mod tests;
