use bytemuck::cast_slice;

/// A growing bitmap, as Arrow lays it out.
#[derive(Debug, Default, Clone)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
    ones: usize,
}

impl Bits {
    pub fn push(&mut self, bit: bool) {
        if self.len & 63 == 0 {
            self.words.push(0);
        }
        if bit {
            self.words[self.len >> 6] |= 1 << (self.len & 63);
            self.ones += 1;
        }
        self.len += 1;
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn zeros(&self) -> usize {
        self.len - self.ones
    }

    pub fn clear(&mut self) {
        self.words.clear();
        self.len = 0;
        self.ones = 0;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        cast_slice(&self.words)
    }
}
