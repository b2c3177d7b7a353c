use super::tokens::Tokens;
use rustc_hash::FxHashMap;

/// Where every search begins.
pub const ROOT: u32 = 0;
/// No node, or no text.
const NONE: u32 = u32::MAX;
/// Bits of the filter for each first token.
const FILTER_BITS: usize = 8;

/// An edge: what it is found by, the node it leads to, and which text ends there.
#[derive(Debug, Clone, Copy)]
struct Slot {
    key: u64,
    node: u32,
    text: u32,
}

const FREE: Slot = Slot { key: 0, node: NONE, text: NONE };

/// A trie over tokens, its edges in one table with open addresses: a step costs one look. A filter over first tokens, small enough for a
/// near cache, answers for most words of a text.
#[derive(Debug)]
pub struct Edges {
    seed: u64,
    slots: Vec<Slot>,
    mask: usize,
    filter: Vec<u64>,
    filter_mask: usize,
}

fn key(node: u32, hash: u64) -> u64 {
    (hash ^ u64::from(node).wrapping_mul(0xd6e8_feb8_6659_fd93)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Edges {
    /// The trie of different texts, numbered. A seed is taken with which no two edges share a key.
    pub fn new<'a>(texts: impl ExactSizeIterator<Item = &'a str> + Clone) -> Self {
        (1..).find_map(|seed| Self::with_seed(seed, texts.clone())).unwrap_or_else(Self::empty)
    }

    fn empty() -> Self {
        Self { seed: 0, slots: vec![FREE; 2], mask: 1, filter: vec![0], filter_mask: 63 }
    }

    fn with_seed<'a>(seed: u64, texts: impl ExactSizeIterator<Item = &'a str>) -> Option<Self> {
        let mut edges: FxHashMap<u64, (u32, Box<str>, Slot)> = FxHashMap::default();
        let mut firsts = Vec::new();
        let mut tokens = Tokens::default();
        let mut nodes = ROOT;
        for (number, text) in (0..).zip(texts) {
            tokens.read(text, seed);
            let (mut node, mut last) = (ROOT, None);
            for token in &tokens.list {
                let word = &text[token.start..token.end];
                let key = key(node, token.hash);
                let edge = edges.entry(key).or_insert_with(|| {
                    nodes += 1;
                    (node, word.into(), Slot { key, node: nodes, text: NONE })
                });
                if edge.0 != node || *edge.1 != *word {
                    return None;
                }
                if node == ROOT {
                    firsts.push(token.hash);
                }
                node = edge.2.node;
                last = Some(key);
            }
            if let Some((_, _, slot)) = last.and_then(|key| edges.get_mut(&key)) {
                slot.text = number;
            }
        }
        firsts.sort_unstable();
        firsts.dedup();
        let size = (edges.len() * 2).next_power_of_two().max(2);
        let filter = (firsts.len() * FILTER_BITS).next_power_of_two().clamp(64, 1 << 21);
        let mut made = Self { seed, slots: vec![FREE; size], mask: size - 1, filter: vec![0; filter / 64], filter_mask: filter - 1 };
        for (_, _, slot) in edges.into_values() {
            made.insert(slot);
        }
        for hash in firsts {
            let bit = hash as usize & made.filter_mask;
            made.filter[bit / 64] |= 1 << (bit % 64);
        }
        Some(made)
    }

    fn insert(&mut self, slot: Slot) {
        let mut at = (slot.key >> 32) as usize & self.mask;
        while self.slots[at].node != NONE {
            at = (at + 1) & self.mask;
        }
        self.slots[at] = slot;
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

    /// The node behind a token, and the number of the text that ends there; a wrong one where another token has the same hash.
    #[inline]
    pub fn follow(&self, node: u32, hash: u64) -> Option<(u32, Option<u32>)> {
        let key = key(node, hash);
        let mut at = (key >> 32) as usize & self.mask;
        loop {
            let slot = self.slots[at];
            if slot.node == NONE {
                return None;
            }
            if slot.key == key {
                return Some((slot.node, (slot.text != NONE).then_some(slot.text)));
            }
            at = (at + 1) & self.mask;
        }
    }
}
