use super::bar::Bar;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use std::collections::{BTreeMap, VecDeque};

/// Bars that are still open, by group, and when each is due.
#[derive(Debug, Default)]
pub struct OpenBars {
    every_ns: i64,
    /// The bar that a group's last trade fell into; without trades: none.
    current: Vec<Bar>,
    /// A group's other open bars, by start.
    waiting: Vec<VecDeque<Bar>>,
    /// End of an interval -> groups that are due then, in no order, maybe twice.
    due: BTreeMap<i64, Vec<u32>>,
}

impl OpenBars {
    pub fn new(every_ns: i64) -> Self {
        Self { every_ns, ..Self::default() }
    }

    /// Makes room for groups up to `len`.
    pub fn grow(&mut self, len: usize) {
        self.current.resize(len, Bar::default());
        self.waiting.resize(len, VecDeque::new());
    }

    /// The bar of a group that holds `ts_ns`, new when there is none.
    #[inline]
    pub fn at(&mut self, group: u32, ts_ns: i64) -> &mut Bar {
        let group = group as usize;
        let bar = &self.current[group];
        // one comparison for both ends: before the start, the difference wraps to a huge number
        let inside = (ts_ns.wrapping_sub(bar.start) as u64) < self.every_ns as u64;
        if !inside || bar.trades == 0 {
            self.switch(group, ts_ns);
        }
        &mut self.current[group]
    }

    #[cold]
    fn switch(&mut self, group: usize, ts_ns: i64) {
        let start = ts_ns.div_euclid(self.every_ns) * self.every_ns;
        let (current, waiting) = (&mut self.current[group], &mut self.waiting[group]);
        let found = waiting.binary_search_by_key(&start, |bar| bar.start).ok().and_then(|at| waiting.remove(at));
        if current.trades > 0 {
            let at = waiting.partition_point(|bar| bar.start < current.start);
            waiting.insert(at, *current);
        }
        *current = found.unwrap_or_else(|| {
            self.due.entry(start + self.every_ns).or_default().push(group as u32);
            Bar::starting(start)
        });
    }

    /// Makes a group due at an end though it may have no bar then.
    pub fn schedule(&mut self, group: u32, end_ns: i64) {
        self.due.entry(end_ns).or_default().push(group);
    }

    /// The earliest end that is due at the watermark, and its groups in the order in which they were first seen.
    pub fn pop_due(&mut self, watermark_ns: i64) -> Option<(i64, Vec<u32>)> {
        let entry = self.due.first_entry().filter(|entry| *entry.key() <= watermark_ns)?;
        let (end, mut groups) = entry.remove_entry();
        groups.sort_unstable();
        groups.dedup();
        Some((end, groups))
    }

    /// Takes a group's bar that starts then.
    pub fn take(&mut self, group: u32, start_ns: i64) -> Option<Bar> {
        let (current, waiting) = (&mut self.current[group as usize], &mut self.waiting[group as usize]);
        if current.trades > 0 && current.start == start_ns {
            return Some(std::mem::take(current));
        }
        waiting.binary_search_by_key(&start_ns, |bar| bar.start).ok().and_then(|at| waiting.remove(at))
    }

    pub fn snapshot(&self, into: &mut Writer) {
        for (current, waiting) in self.current.iter().zip(&self.waiting) {
            into.count(waiting.len());
            waiting.iter().for_each(|bar| bar.write(into));
            current.write(into);
        }
        into.count(self.due.len());
        for (end, groups) in &self.due {
            into.i64(*end);
            into.count(groups.len());
            groups.iter().for_each(|group| into.u32(*group));
        }
    }

    /// Into an empty one that was grown to as many groups.
    pub fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for (current, waiting) in self.current.iter_mut().zip(&mut self.waiting) {
            for _ in 0..from.count()? {
                waiting.push_back(Bar::read(from)?);
            }
            *current = Bar::read(from)?;
        }
        for _ in 0..from.count()? {
            let (end, count) = (from.i64()?, from.count()?);
            let mut groups = Vec::with_capacity(count);
            for _ in 0..count {
                groups.push(from.u32().ok().filter(|group| (*group as usize) < self.current.len()).ok_or_else(corrupt)?);
            }
            self.due.insert(end, groups);
        }
        Ok(())
    }
}
