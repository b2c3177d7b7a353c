use super::bands::Bands;
use super::print::Print;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Most signs that nearly equal texts may differ by: beyond, bands get too narrow to tell anything apart.
pub const MOST_NEAR: u32 = 15;

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How far apart in event time duplicates may be, ns.
    pub window_ns: i64,
    /// Kept rows that are remembered, at most.
    pub max_rows: usize,
    /// Signs that may differ; 0: texts are to be equal. At most `MOST_NEAR`.
    pub near: u32,
}

/// The kept row that another one says again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    pub ts_ns: i64,
    pub distance: u32,
}

/// What a row is to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    New,
    Repeats(Match),
    /// It lies more than the window before the newest row: what it may repeat is forgotten.
    Late,
}

/// The kept rows of one key. One is forgotten once a row more than the window later has come, or as many as are remembered were kept after it.
#[derive(Debug)]
pub struct Window {
    limits: Limits,
    /// In order of arrival; the first is number `first`.
    kept: VecDeque<(i64, Print)>,
    first: u64,
    latest_ns: i64,
    equal: FxHashMap<u64, VecDeque<u64>>,
    bands: Bands,
}

impl Window {
    pub fn new(limits: Limits) -> Self {
        let bands = Bands::new(limits.near);
        Self { limits, kept: VecDeque::new(), first: 0, latest_ns: i64::MIN, equal: FxHashMap::default(), bands }
    }

    /// The kept row that this one repeats: of those within the window the nearest, of equally near ones the first to come. Without one the
    /// row is kept, unless it is late.
    pub fn take(&mut self, ts_ns: i64, print: Print) -> Found {
        self.latest_ns = self.latest_ns.max(ts_ns);
        while self.kept.front().is_some_and(|(kept_ns, _)| self.is_over(*kept_ns)) {
            self.forget();
        }
        match self.find(ts_ns, print) {
            Some(first) => Found::Repeats(first),
            None if self.is_over(ts_ns) => Found::Late,
            None => {
                self.keep(ts_ns, print);
                Found::New
            }
        }
    }

    fn is_over(&self, kept_ns: i64) -> bool {
        self.latest_ns.saturating_sub(kept_ns) > self.limits.window_ns
    }

    fn find(&self, ts_ns: i64, print: Print) -> Option<Match> {
        let at = |row: u64| self.kept.get((row - self.first) as usize);
        let near = |kept_ns: i64| !self.is_over(kept_ns) && kept_ns.abs_diff(ts_ns) <= self.limits.window_ns as u64;
        let equal = self.equal.get(&print.exact).into_iter().flatten().filter_map(|row| at(*row)).find(|(kept_ns, _)| near(*kept_ns));
        if let Some((kept_ns, _)) = equal {
            return Some(Match { ts_ns: *kept_ns, distance: 0 });
        }
        if self.limits.near == 0 {
            return None;
        }
        let candidates = self.bands.candidates(print.near).filter_map(|row| {
            let (kept_ns, kept) = at(row)?;
            let distance = kept.distance(print).filter(|distance| *distance <= self.limits.near)?;
            near(*kept_ns).then_some((distance, row, *kept_ns))
        });
        candidates.min().map(|(distance, _, ts_ns)| Match { ts_ns, distance })
    }

    fn keep(&mut self, ts_ns: i64, print: Print) {
        let row = self.first + self.kept.len() as u64;
        self.kept.push_back((ts_ns, print));
        self.equal.entry(print.exact).or_default().push_back(row);
        if self.limits.near > 0 {
            self.bands.add(row, print.near);
        }
        if self.kept.len() > self.limits.max_rows {
            self.forget();
        }
    }

    fn forget(&mut self) {
        let Some((_, print)) = self.kept.pop_front() else { return };
        self.first += 1;
        if let Some(rows) = self.equal.get_mut(&print.exact) {
            rows.pop_front();
            if rows.is_empty() {
                self.equal.remove(&print.exact);
            }
        }
        if self.limits.near > 0 {
            self.bands.forget(print.near);
        }
    }

    /// The latest event time and the kept rows in order of arrival: all of its state.
    pub fn state(&self) -> (i64, impl ExactSizeIterator<Item = &(i64, Print)>) {
        (self.latest_ns, self.kept.iter())
    }

    /// Takes back a state, row by row, into a fresh window.
    pub fn restore(limits: Limits, latest_ns: i64, kept: impl IntoIterator<Item = (i64, Print)>) -> Self {
        let mut window = Self::new(limits);
        for (ts_ns, print) in kept {
            window.keep(ts_ns, print);
        }
        window.latest_ns = latest_ns;
        window
    }
}
