use std::ops::{Index, IndexMut};

/// Index of nothing.
pub const NONE: u32 = u32::MAX;

/// Values under numbers that are given again, last freed first.
#[derive(Debug)]
pub struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub fn reserve(&mut self, more: usize) {
        self.items.reserve_exact(more);
    }

    /// Whether no number is left to give.
    pub fn is_full(&self) -> bool {
        self.free.is_empty() && self.items.len() >= NONE as usize
    }

    #[inline]
    pub fn insert(&mut self, item: T) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.items[at as usize] = item;
                at
            }
            None => {
                self.items.push(item);
                (self.items.len() - 1) as u32
            }
        }
    }

    /// Forgets a number; the value lies there until the number is given again.
    #[inline]
    pub fn remove(&mut self, at: u32) {
        self.free.push(at);
    }

    /// All values, freed ones too.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    pub fn bytes(&self) -> usize {
        self.items.capacity() * size_of::<T>() + self.free.capacity() * size_of::<u32>()
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: u32) -> &T {
        &self.items[at as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.items[at as usize]
    }
}
