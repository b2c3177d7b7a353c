use crate::fault::Fault;
use crate::keys::NO_GROUP;
use crate::snapshot::{Reader, Writer, corrupt};
use std::collections::{BTreeMap, VecDeque};

/// A row that is in no pane.
pub const NO_PANE: u32 = u32::MAX;

/// Panes of groups: the rows of one interval, under a number that is given to another when it is dropped. A window is some panes in a row.
#[derive(Debug, Default)]
pub struct Panes {
    every_ns: i64,
    size_ns: i64,
    /// By group, panes in ascending order: start and number.
    open: Vec<VecDeque<(i64, u32)>>,
    /// By group, the pane that its last row fell into.
    current: Vec<(i64, u32)>,
    /// End of a window -> groups that are due then, in no order, maybe twice.
    due: BTreeMap<i64, Vec<u32>>,
    /// By pane, how many were begun before it: the order of their first rows.
    begun: Vec<u64>,
    begins: u64,
    free: Vec<u32>,
    len: usize,
    /// Groups that have a pane.
    live: usize,
}

const NOWHERE: (i64, u32) = (0, NO_PANE);

impl Panes {
    pub fn new(every_ns: i64, size_ns: i64) -> Self {
        Self { every_ns, size_ns, ..Self::default() }
    }

    /// Numbers are below it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Makes room for groups up to `len`.
    pub fn grow(&mut self, len: usize) {
        self.open.resize(len, VecDeque::new());
        self.current.resize(len, NOWHERE);
    }

    /// The pane of every row.
    pub fn of(&mut self, groups: &[u32], times: &[i64], slots: &mut Vec<u32>) {
        slots.clear();
        for (group, time) in groups.iter().zip(times) {
            slots.push(if *group == NO_GROUP { NO_PANE } else { self.at(*group, *time) });
        }
    }

    #[inline]
    fn at(&mut self, group: u32, ts_ns: i64) -> u32 {
        let (start, slot) = self.current[group as usize];
        // one comparison for both ends: before the start, the difference wraps to a huge number
        let inside = (ts_ns.wrapping_sub(start) as u64) < self.every_ns as u64;
        if inside && slot != NO_PANE { slot } else { self.switch(group, ts_ns) }
    }

    #[cold]
    fn switch(&mut self, group: u32, ts_ns: i64) -> u32 {
        let start = ts_ns.div_euclid(self.every_ns) * self.every_ns;
        let open = &mut self.open[group as usize];
        let slot = match open.binary_search_by_key(&start, |pane| pane.0) {
            Ok(at) => open[at].1,
            Err(at) => {
                let slot = self.free.pop().unwrap_or(self.len as u32);
                self.len = self.len.max(slot as usize + 1);
                self.begun.resize(self.len, 0);
                self.begun[slot as usize] = self.begins;
                self.begins += 1;
                self.live += usize::from(open.is_empty());
                open.insert(at, (start, slot));
                self.due.entry(start + self.every_ns).or_default().push(group);
                slot
            }
        };
        self.current[group as usize] = (start, slot);
        slot
    }

    /// The earliest end that is due at the watermark, and its groups in the order of the first rows of their windows. The numbers of groups
    /// say nothing of it, since they depend on when groups were forgotten.
    pub fn pop_due(&mut self, watermark_ns: i64) -> Option<(i64, Vec<u32>)> {
        let entry = self.due.first_entry().filter(|entry| *entry.key() <= watermark_ns)?;
        let (end, groups) = entry.remove_entry();
        let mut ordered: Vec<(u64, u32)> = groups.into_iter().map(|group| (self.first_in(group, end), group)).collect();
        ordered.sort_unstable();
        ordered.dedup();
        Some((end, ordered.into_iter().map(|(_, group)| group).collect()))
    }

    fn first_in(&self, group: u32, end_ns: i64) -> u64 {
        self.inside(group, end_ns).map(|slot| self.begun[slot as usize]).min().unwrap_or(u64::MAX)
    }

    fn inside(&self, group: u32, end_ns: i64) -> impl Iterator<Item = u32> {
        let from = end_ns - self.size_ns;
        self.open[group as usize].iter().filter(move |(start, _)| *start >= from && *start < end_ns).map(|(_, slot)| *slot)
    }

    /// The panes of a group's window that ends then, in order.
    pub fn window(&self, group: u32, end_ns: i64, slots: &mut Vec<u32>) {
        slots.clear();
        slots.extend(self.inside(group, end_ns));
    }

    /// Drops panes that are in no window after that end, and makes the group due at the next while it has one.
    pub fn drop_after(&mut self, group: u32, end_ns: i64, mut dropped: impl FnMut(u32)) {
        let open = &mut self.open[group as usize];
        let some = !open.is_empty();
        while let Some((start, slot)) = open.front().copied()
            && start <= end_ns - self.size_ns
        {
            open.pop_front();
            self.free.push(slot);
            dropped(slot);
            if self.current[group as usize].1 == slot {
                self.current[group as usize] = NOWHERE;
            }
        }
        self.live -= usize::from(some && open.is_empty());
        if open.front().is_some_and(|(start, _)| *start < end_ns) {
            self.due.entry(end_ns + self.every_ns).or_default().push(group);
        }
    }

    /// How many groups have a pane.
    pub fn live(&self) -> usize {
        self.live
    }

    /// Forgets groups without a pane; the others, in ascending order, are numbered anew.
    pub fn keep_live(&mut self) -> Vec<u32> {
        let groups: Vec<u32> = (0..self.open.len() as u32).filter(|group| !self.open[*group as usize].is_empty()).collect();
        self.open = groups.iter().map(|group| std::mem::take(&mut self.open[*group as usize])).collect();
        self.current = groups.iter().map(|group| self.current[*group as usize]).collect();
        for due in self.due.values_mut() {
            *due = due.iter().filter_map(|group| groups.binary_search(group).ok()).map(|group| group as u32).collect();
        }
        groups
    }

    pub fn snapshot(&self, into: &mut Writer, state: impl Fn(u32, &mut Writer)) {
        for open in &self.open {
            into.count(open.len());
            for (start, slot) in open {
                into.i64(*start);
                into.i64(self.begun[*slot as usize] as i64);
                state(*slot, into);
            }
        }
        into.count(self.due.len());
        for (end, groups) in &self.due {
            into.i64(*end);
            into.count(groups.len());
            groups.iter().for_each(|group| into.u32(*group));
        }
    }

    /// Into an empty one that was grown to as many groups.
    pub fn restore(&mut self, from: &mut Reader, mut state: impl FnMut(u32, &mut Reader) -> Result<(), Fault>) -> Result<(), Fault> {
        for group in 0..self.open.len() {
            let mut before = i64::MIN;
            let count = from.count()?;
            self.live += usize::from(count > 0);
            for i in 0..count {
                let (start, begun, slot) = (from.i64()?, from.i64()? as u64, self.len as u32);
                let fits = start % self.every_ns == 0 && start.checked_add(self.size_ns).is_some();
                if i > 0 && start <= before || !fits {
                    return Err(corrupt());
                }
                before = start;
                self.open[group].push_back((start, slot));
                self.len += 1;
                self.begun.push(begun);
                self.begins = self.begins.max(begun.saturating_add(1));
                state(slot, from)?;
            }
        }
        for _ in 0..from.count()? {
            let (end, count) = (from.i64()?, from.count()?);
            if end.checked_sub(self.size_ns).is_none() {
                return Err(corrupt());
            }
            let mut groups = Vec::with_capacity(count);
            for _ in 0..count {
                groups.push(from.u32().ok().filter(|group| (*group as usize) < self.open.len()).ok_or_else(corrupt)?);
            }
            self.due.insert(end, groups);
        }
        Ok(())
    }
}
