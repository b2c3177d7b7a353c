/// A summary of rows that can be joined with that of the rows after them; associative up to rounding.
pub trait Merge: Copy {
    fn merge(self, after: Self) -> Self;
}

/// The summary of the last `window` rows in three merges a row, whatever the window. Nothing is ever subtracted: no drift, and what has
/// left the window has left no trace. While fewer rows have come, their summary.
///
/// The stream is cut into blocks of `window` rows: a window is the end of one block and the beginning of the next.
/// Source: M. van Herk (1992), Pattern Recognition Letters 13.
#[derive(Debug, Clone)]
pub struct Sliding<T> {
    window: usize,
    /// Before `at`: the rows of this block; from `at`: summaries of the block before, each from there to its end.
    slots: Vec<T>,
    at: usize,
    begun: Option<T>,
    full: bool,
}

impl<T: Merge> Sliding<T> {
    pub fn new(window: usize) -> Self {
        Self { window: window.max(1), slots: Vec::new(), at: 0, begun: None, full: false }
    }

    /// With one row more.
    #[inline]
    pub fn push(&mut self, row: T) -> T {
        let begun = self.begun.map_or(row, |begun| begun.merge(row));
        if self.full {
            self.slots[self.at] = row;
        } else {
            self.slots.push(row);
        }
        self.at += 1;
        if self.at < self.window {
            self.begun = Some(begun);
            return if self.full { self.slots[self.at].merge(begun) } else { begun };
        }
        self.sum_to_end(0);
        self.at = 0;
        self.begun = None;
        self.full = true;
        begun
    }

    /// Slots from `from` on become summaries to the end.
    fn sum_to_end(&mut self, from: usize) {
        for slot in (from + 1..self.slots.len()).rev() {
            self.slots[slot - 1] = self.slots[slot - 1].merge(self.slots[slot]);
        }
    }

    /// The state again, bit for bit, from the rows of the window by slot (row number modulo `window`) and the slot of the next row.
    pub fn refill(&mut self, rows: impl Iterator<Item = T>, at: usize) {
        self.slots = rows.collect();
        self.full = self.slots.len() == self.window;
        self.at = at;
        self.begun = self.slots[..at].iter().copied().reduce(T::merge);
        if self.full {
            self.sum_to_end(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts join in order and only so.
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Span(u32, u32);

    impl Merge for Span {
        fn merge(self, after: Self) -> Self {
            assert_eq!(self.1 + 1, after.0, "rows are joined in their order");
            Self(self.0, after.1)
        }
    }

    #[test]
    fn is_of_the_last_rows_also_after_a_refill_anywhere() {
        for window in 1..8 {
            let mut sliding = Sliding::new(window);
            for row in 0..40 {
                assert_eq!(sliding.push(Span(row, row)), Span((row + 1).saturating_sub(window as u32), row));
                let count = row as usize + 1;
                let (at, first) = (count % window, count.saturating_sub(window));
                let mut by_slot: Vec<Span> = (first..count).map(|row| Span(row as u32, row as u32)).collect();
                by_slot.sort_by_key(|span| span.0 as usize % window);
                let (mut on, mut again) = (sliding.clone(), Sliding::new(window));
                again.refill(by_slot.into_iter(), at);
                for next in row + 1..row + 20 {
                    assert_eq!(again.push(Span(next, next)), on.push(Span(next, next)));
                }
            }
        }
    }
}
