use super::tokens::Tokens;
use rustc_hash::FxHashMap;

/// Where every search begins.
pub const ROOT: u32 = 0;
/// No node.
const NONE: u32 = u32::MAX;
/// Bits of the filter for each first token.
const FILTER_BITS: usize = 16;

/// A trie over tokens, its edges in one table with open addresses: a step costs one look. A filter over first tokens, small enough for a
/// near cache, answers for most words of a text.
#[derive(Debug)]
pub struct Edges {
    seed: u64,
    slots: Vec<(u64, u32)>,
    mask: usize,
    filter: Vec<u64>,
    filter_mask: usize,
}

fn key(node: u32, hash: u64) -> u64 {
    (hash ^ u64::from(node).wrapping_mul(0xd6e8_feb8_6659_fd93)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Edges {
    /// The trie of texts, and the node where each ends. A seed is taken with which no two edges share a key.
    pub fn new<'a>(texts: impl ExactSizeIterator<Item = &'a str> + Clone) -> (Self, Vec<u32>) {
        (1..).find_map(|seed| Self::with_seed(seed, texts.clone())).unwrap_or_else(|| (Self::empty(), Vec::new()))
    }

    fn empty() -> Self {
        Self { seed: 0, slots: vec![(0, NONE); 2], mask: 1, filter: vec![0], filter_mask: 63 }
    }

    fn with_seed<'a>(seed: u64, texts: impl ExactSizeIterator<Item = &'a str>) -> Option<(Self, Vec<u32>)> {
        let mut edges: FxHashMap<u64, (u32, Box<str>, u32)> = FxHashMap::default();
        let mut firsts = Vec::new();
        let mut tokens = Tokens::default();
        let mut ends = Vec::with_capacity(texts.len());
        let mut nodes = ROOT;
        for text in texts {
            tokens.read(text, seed);
            let mut node = ROOT;
            for token in &tokens.list {
                let word = &text[token.start..token.end];
                let edge = edges.entry(key(node, token.hash)).or_insert_with(|| {
                    nodes += 1;
                    (node, word.into(), nodes)
                });
                if edge.0 != node || *edge.1 != *word {
                    return None;
                }
                if node == ROOT {
                    firsts.push(token.hash);
                }
                node = edge.2;
            }
            ends.push(node);
        }
        let size = (edges.len() * 2).next_power_of_two().max(2);
        let filter = (firsts.len() * FILTER_BITS).next_power_of_two().clamp(64, 1 << 21);
        let mut made = Self { seed, slots: vec![(0, NONE); size], mask: size - 1, filter: vec![0; filter / 64], filter_mask: filter - 1 };
        for (key, (_, _, node)) in edges {
            made.insert(key, node);
        }
        for hash in firsts {
            let bit = hash as usize & made.filter_mask;
            made.filter[bit / 64] |= 1 << (bit % 64);
        }
        Some((made, ends))
    }

    fn insert(&mut self, key: u64, node: u32) {
        let mut at = (key >> 32) as usize & self.mask;
        while self.slots[at].1 != NONE {
            at = (at + 1) & self.mask;
        }
        self.slots[at] = (key, node);
    }

    /// What tokens are hashed with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether an alias may begin with a token; false is sure.
    #[inline]
    pub fn may_begin(&self, hash: u64) -> bool {
        let bit = hash as usize & self.filter_mask;
        self.filter[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// The node behind a token; a wrong one where another token has the same hash.
    #[inline]
    pub fn follow(&self, node: u32, hash: u64) -> Option<u32> {
        let key = key(node, hash);
        let mut at = (key >> 32) as usize & self.mask;
        loop {
            let (found, next) = self.slots[at];
            if next == NONE {
                return None;
            }
            if found == key {
                return Some(next);
            }
            at = (at + 1) & self.mask;
        }
    }
}
