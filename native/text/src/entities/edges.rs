use super::tokens::{Token, Tokens};
use rustc_hash::FxHashMap;

/// No text.
const NONE: u32 = u32::MAX;
/// Bits of the filter for each first token.
const FILTER_BITS: usize = 8;

/// An edge of the trie; the node that it leads to is its place.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Part of the key that it is found by; 0: free.
    tag: u32,
    /// The text that ends there.
    text: u32,
}

const FREE: Slot = Slot { tag: 0, text: NONE };

/// Where an edge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node(u32);

/// Where every search begins.
pub const ROOT: Node = Node(u32::MAX);

/// A trie over tokens, its edges in one table with open addresses, eight bytes each: a step costs one look. A filter over first tokens, small
/// enough for a near cache, answers for most words of a text.
#[derive(Debug)]
pub struct Edges {
    seed: u64,
    slots: Vec<Slot>,
    mask: usize,
    filter: Vec<u64>,
    filter_mask: usize,
}

fn key(Node(node): Node, token: &Token) -> u64 {
    let hash = if Node(node) == ROOT { token.hash } else { token.following };
    (hash ^ u64::from(node).wrapping_mul(0xd6e8_feb8_6659_fd93)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn tag(key: u64) -> u32 {
    (key as u32).max(1)
}

/// Two bits of one word of the filter.
fn bits(hash: u64) -> u64 {
    1 << (hash >> 58) | 1 << (hash >> 52 & 63)
}

impl Edges {
    /// The trie of different texts, numbered. A seed is taken with which no two edges are taken for each other.
    pub fn new<'a>(texts: impl ExactSizeIterator<Item = &'a str> + Clone) -> Self {
        (1..).find_map(|seed| Self::with_seed(seed, texts.clone())).unwrap_or_else(|| Self::with_room(0, 0, 0))
    }

    fn with_room(seed: u64, edges: usize, firsts: usize) -> Self {
        let size = (edges * 2).next_power_of_two().max(2);
        let filter = (firsts * FILTER_BITS / 64).next_power_of_two();
        Self { seed, slots: vec![FREE; size], mask: size - 1, filter: vec![0; filter], filter_mask: filter - 1 }
    }

    fn with_seed<'a>(seed: u64, texts: impl ExactSizeIterator<Item = &'a str>) -> Option<Self> {
        let mut tokens = Tokens::default();
        let texts: Vec<&str> = texts.collect();
        let all: usize = texts.iter().map(|text| count(text, seed, &mut tokens)).sum();
        let mut made = Self::with_room(seed, all, texts.len());
        // what each edge stands for, so that one that is taken for another is seen
        let mut known: FxHashMap<u32, (Node, bool, Box<str>)> = FxHashMap::default();
        for (number, text) in (0..).zip(texts) {
            tokens.read(text, seed);
            let mut node = ROOT;
            for token in &tokens.list {
                let word = &text[token.range()];
                let is = |edge: &(Node, bool, Box<str>)| *edge == (node, token.hash == token.following, word.into());
                let place = match made.find(node, token) {
                    Ok(place) if known.get(&place).is_some_and(is) => place,
                    Ok(_) => return None,
                    Err(place) => {
                        made.slots[place as usize].tag = tag(key(node, token));
                        known.insert(place, (node, token.hash == token.following, word.into()));
                        place
                    }
                };
                if node == ROOT {
                    made.filter[token.hash as usize & made.filter_mask] |= bits(token.hash);
                }
                node = Node(place);
            }
            if node != ROOT {
                made.slots[node.0 as usize].text = number;
            }
        }
        Some(made)
    }

    /// What tokens are hashed with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether an alias may begin with a token; false is sure.
    #[inline]
    pub fn may_begin(&self, token: &Token) -> bool {
        let bits = bits(token.hash);
        self.filter[token.hash as usize & self.filter_mask] & bits == bits
    }

    /// Where an edge stands, or would.
    #[inline]
    fn find(&self, node: Node, token: &Token) -> Result<u32, u32> {
        let key = key(node, token);
        let tag = tag(key);
        let mut at = (key >> 32) as usize & self.mask;
        loop {
            let slot = self.slots[at];
            if slot.tag == tag {
                return Ok(at as u32);
            }
            if slot.tag == 0 {
                return Err(at as u32);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// The node behind a token, and the number of the text that ends there; a wrong one where another token has the same hash.
    #[inline]
    pub fn follow(&self, node: Node, token: &Token) -> Option<(Node, Option<u32>)> {
        let place = self.find(node, token).ok()?;
        let text = self.slots[place as usize].text;
        Some((Node(place), (text != NONE).then_some(text)))
    }
}

/// Tokens of a text.
fn count(text: &str, seed: u64, tokens: &mut Tokens) -> usize {
    tokens.read(text, seed);
    tokens.list.len()
}
