//! Names of entities in texts: of all aliases the leftmost, of those the longest, at the boundaries of words.
//!
//! The reference in TypeScript is `test/sentiment/reference/names.ts`; the rules are in `operators/sentiment/RULES.md`.

mod edges;
mod everyday;
mod tokens;

use crate::letters::{is_word, plain};
use edges::{Edges, ROOT};
pub use everyday::is_everyday;
use rustc_hash::FxHashMap;
use std::ops::Range;
use tokens::Tokens;

/// An alias of a table.
#[derive(Debug, Clone, Copy)]
pub struct Alias<'a> {
    pub text: &'a str,
    /// What it names: any number of the caller's.
    pub entity: u32,
}

/// Letters of an alias up to which its case counts.
const SHORT: usize = 3;

/// An alias as it was given, with white space, apostrophes and hyphens made plain.
#[derive(Debug)]
struct Spelling {
    text: Box<str>,
    entity: u32,
    /// It is found in no other case.
    exact: bool,
}

impl Spelling {
    /// Whether it is written so, given that the letters are the same. What is written small may begin a sentence.
    fn is(&self, written: &str) -> bool {
        let sentence = || {
            let (mut own, mut given) = (self.text.chars(), written.chars());
            let (first, capital) = (own.next(), given.next());
            own.as_str() == given.as_str() && capital.is_some_and(|capital| capital.to_lowercase().eq(first))
        };
        !self.exact || *self.text == *written || sentence()
    }
}

/// Aliases that differ in case only.
#[derive(Debug)]
struct Group {
    folded: Box<str>,
    spellings: Vec<Spelling>,
    common: bool,
    short: bool,
}

/// Where a name stands, and what it may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// The entities that it names, in the order of the table: a range of `Matches::entities`.
    entities: Range<usize>,
    /// A word that means something else as often as not.
    pub common: bool,
    /// At most three letters.
    pub short: bool,
}

/// What a search found; kept and used again.
#[derive(Debug, Default)]
pub struct Matches {
    pub found: Vec<Found>,
    entities: Vec<u32>,
    tokens: Tokens,
    ends: Vec<(usize, u32)>,
    folded: String,
    exact: String,
}

impl Matches {
    /// What a found name may mean: never empty.
    pub fn entities(&self, found: &Found) -> &[u32] {
        &self.entities[found.entities.clone()]
    }
}

/// A table of aliases, made for search.
#[derive(Debug)]
pub struct Matcher {
    /// Over the groups, by number.
    edges: Edges,
    groups: Vec<Group>,
}

impl Matcher {
    pub fn new(aliases: &[Alias]) -> Self {
        let mut by_folded: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let mut groups: Vec<Group> = Vec::new();
        for alias in aliases {
            let (mut text, mut folded) = (String::new(), String::new());
            tokens::normal(alias.text, &mut text, &mut folded);
            if folded.is_empty() {
                continue;
            }
            let (common, short) = (is_everyday(&folded), is_short(&folded));
            let exact = common || short;
            let group = *by_folded.entry(folded.as_str().into()).or_insert_with(|| {
                groups.push(Group { folded: folded.into(), spellings: Vec::new(), common, short });
                groups.len() as u32 - 1
            });
            groups[group as usize].spellings.push(Spelling { text: text.into(), entity: alias.entity, exact });
        }
        Self { edges: Edges::new(groups.iter().map(|group| &*group.folded)), groups }
    }

    /// Finds the names of `text`, from left to right; none overlaps another.
    pub fn find(&self, text: &str, matches: &mut Matches) {
        let Matches { found, entities, tokens, ends, folded, exact } = matches;
        found.clear();
        entities.clear();
        tokens.read(text, self.edges.seed());
        let mut at = 0;
        while at < tokens.list.len() {
            if !self.edges.may_begin(&tokens.list[at]) {
                at += 1;
                continue;
            }
            ends.clear();
            let (mut node, mut next) = (ROOT, at);
            while let Some(token) = tokens.list.get(next) {
                let Some((follows, group)) = self.edges.follow(node, token) else { break };
                node = follows;
                next += 1;
                ends.extend(group.map(|group| (next, group)));
            }
            let longest = ends.iter().rev().find_map(|(end, group)| {
                let range = tokens.list[at].range().start..tokens.list[*end - 1].range().end;
                self.accepted(text, &range, *group, entities, (folded, exact)).map(|one| (*end, Found { range, ..one }))
            });
            match longest {
                Some((end, one)) => {
                    found.push(one);
                    at = end;
                }
                None => at += 1,
            }
        }
    }

    /// Whether the text of a range is a name of the group: boundaries, letters, case. The hashes that led here prove nothing.
    fn accepted(
        &self,
        text: &str,
        range: &Range<usize>,
        group: u32,
        entities: &mut Vec<u32>,
        (folded, exact): (&mut String, &mut String),
    ) -> Option<Found> {
        let group = &self.groups[group as usize];
        if !bounded(text, range) {
            return None;
        }
        let inside = &text[range.clone()];
        let exact = if inside.is_ascii() && inside.eq_ignore_ascii_case(&group.folded) {
            inside
        } else {
            folded.clear();
            exact.clear();
            tokens::normal(inside, exact, folded);
            if **folded != *group.folded {
                return None;
            }
            exact.as_str()
        };
        let from = entities.len();
        for spelling in group.spellings.iter().filter(|spelling| spelling.is(exact)) {
            if !entities[from..].contains(&spelling.entity) {
                entities.push(spelling.entity);
            }
        }
        let Group { common, short, .. } = *group;
        (entities.len() > from).then(|| Found { range: range.clone(), entities: from..entities.len(), common, short })
    }
}

fn is_short(folded: &str) -> bool {
    folded.chars().count() <= SHORT
}

/// Whether a range begins and ends where words do.
fn bounded(text: &str, range: &Range<usize>) -> bool {
    let inside = &text[range.clone()];
    let begins = inside.chars().next().is_some_and(|c| is_word(plain(c)));
    let ends = inside.chars().next_back().is_some_and(|c| is_word(plain(c)));
    (!begins || begins_word(&text[..range.start])) && (!ends || ends_word(&text[range.end..]))
}

/// Whether a word can begin behind that: not in the middle of one, nor of "AT&T" or "O'Neill".
fn begins_word(before: &str) -> bool {
    let mut back = before.chars().rev().map(plain);
    match back.next() {
        Some(c) if is_word(c) => false,
        Some('&' | '\'') => !back.next().is_some_and(is_word),
        _ => true,
    }
}

/// Whether a word can end before that: also before the possessive of "Infosys's" and "Infosys'".
fn ends_word(after: &str) -> bool {
    let mut rest = after.chars().map(plain);
    match rest.next() {
        Some(c) if is_word(c) => false,
        Some('&') => !rest.next().is_some_and(is_word),
        Some('\'') => match rest.next() {
            Some('s' | 'S') => !rest.next().is_some_and(is_word),
            Some(c) => !is_word(c),
            None => true,
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests;
