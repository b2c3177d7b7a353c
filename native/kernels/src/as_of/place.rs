/// No row.
pub const NONE: u32 = u32::MAX;
/// Set: a place among the held rows; else a row of the right batch that is being taken.
pub const HELD: u32 = 1 << 31;

/// A right row that is kept, and its time.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub ts: i64,
    pub at: u32,
}

impl Place {
    pub const NOWHERE: Self = Self { ts: i64::MIN, at: NONE };

    pub fn in_batch(self) -> bool {
        self.at & HELD == 0
    }
}
