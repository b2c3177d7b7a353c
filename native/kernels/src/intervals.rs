/// Intervals of one length that begin at multiples of it since 1970, UTC.
#[derive(Debug, Clone, Copy)]
pub struct Intervals {
    pub every_ns: i64,
    /// Times outside of these have no interval, or no window that holds it, whose ends are int64.
    pub first_ns: i64,
    pub last_ns: i64,
}

impl Intervals {
    /// Of a positive length.
    pub fn new(every_ns: i64) -> Self {
        Self::of_windows(every_ns, every_ns)
    }

    /// The same where windows of a multiple of the length are made of them.
    pub fn of_windows(every_ns: i64, size_ns: i64) -> Self {
        let (every, size) = (i128::from(every_ns), i128::from(size_ns));
        let first = -(-(i128::from(i64::MIN) + size - every)).div_euclid(every) * every;
        let last = (i128::from(i64::MAX) - size).div_euclid(every) * every + every - 1;
        let (first_ns, last_ns) = (i64::try_from(first).unwrap_or(i64::MAX), i64::try_from(last).unwrap_or(i64::MIN));
        Self { every_ns, first_ns, last_ns }
    }

    /// Start of the first interval that is not over at `limit_ns`: earlier rows are late.
    pub fn cutoff(&self, limit_ns: i64) -> i64 {
        let every = i128::from(self.every_ns);
        i64::try_from(i128::from(limit_ns).div_euclid(every) * every).unwrap_or(i64::MIN)
    }

    #[inline]
    pub fn holds(&self, time_ns: i64) -> bool {
        time_ns >= self.first_ns && time_ns <= self.last_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_whole_is_held_and_nothing_else() {
        let every = 7_000_000_000;
        let intervals = Intervals::new(every);
        assert!(intervals.first_ns.checked_sub(every).is_none() && intervals.first_ns % every == 0);
        assert!(intervals.holds(intervals.first_ns) && !intervals.holds(intervals.first_ns - 1));
        assert!((intervals.last_ns + 1) % every == 0 && (intervals.last_ns + 1).checked_add(every).is_none());
        assert!(intervals.holds(intervals.last_ns) && !intervals.holds(intervals.last_ns + 1));
        let windows = Intervals::of_windows(every, 3 * every);
        assert_eq!(windows.first_ns - intervals.first_ns, 2 * every); // the first window that holds it begins two intervals before
        assert_eq!(intervals.last_ns - windows.last_ns, 2 * every);
    }

    #[test]
    fn an_interval_is_over_at_its_end() {
        let intervals = Intervals::new(10);
        assert_eq!([-11, -10, -1, 0, 9, 10].map(|limit| intervals.cutoff(limit)), [-20, -10, -10, 0, 0, 10]);
        assert_eq!(intervals.cutoff(i64::MIN), i64::MIN);
    }
}
