/// A value of the window and the number of its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    pub value: f64,
    pub row: u64,
}

impl Entry {
    fn is_before(&self, other: &Self) -> bool {
        self.value < other.value || (self.value == other.value && self.row < other.row)
    }
}

/// The values of a window in ascending order, equal ones in the order in which they came. A row costs two binary searches and a move of
/// what lies between the place of the value that goes and that of the one that comes, one third of the window on average.
/// Values are finite and never -0.
#[derive(Debug, Clone, Default)]
pub struct Ranked {
    entries: Vec<Entry>,
}

impl Ranked {
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn place(&self, entry: &Entry) -> usize {
        self.entries.partition_point(|other| other.is_before(entry))
    }

    pub fn insert(&mut self, entry: Entry) {
        self.entries.insert(self.place(&entry), entry);
    }

    /// `old` goes, `new` comes. Without `old` in the window nothing goes but what stands in its place.
    pub fn replace(&mut self, old: &Entry, new: Entry) {
        let from = self.place(old).min(self.entries.len().saturating_sub(1));
        let to = self.place(&new);
        if to > from {
            self.entries.copy_within(from + 1..to, from);
            self.entries[to - 1] = new;
        } else {
            self.entries.copy_within(to..from, to + 1);
            self.entries[to] = new;
        }
    }

    /// The state again from its entries in any order.
    pub fn refill(&mut self, entries: impl Iterator<Item = Entry>) {
        self.entries = entries.collect();
        self.entries.sort_by(|a, b| a.value.total_cmp(&b.value).then(a.row.cmp(&b.row)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_sorted_window_with_many_equal_values() {
        for window in [1, 2, 3, 10, 64] {
            let values: Vec<f64> = (0..500_i32).map(|i| f64::from((i * i * 31 + 7 * i) % 23 - 11) / 4.0).collect();
            let mut ranked = Ranked::default();
            for row in 0..values.len() {
                let entry = |row: usize| Entry { value: values[row] + 0.0, row: row as u64 };
                if row < window {
                    ranked.insert(entry(row))
                } else {
                    ranked.replace(&entry(row - window), entry(row))
                }
                let mut again = Ranked::default();
                again.refill(((row + 1).saturating_sub(window)..=row).map(entry));
                assert_eq!(ranked.entries(), again.entries(), "{window} {row}");
            }
        }
    }
}
