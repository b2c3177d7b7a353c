use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which groups were used last, so that there are no more than so many: of one more the one that was used longest ago is forgotten.
/// Groups that were forgotten keep their numbers until `kept` is asked for.
#[derive(Debug)]
pub struct Recent {
    most: usize,
    /// By group, when it was used last, counted in rows from 1; 0: forgotten.
    used: Vec<u64>,
    rows: u64,
    alive: usize,
    /// An entry a group that is not forgotten, with a time at which it was used once; made when a group is forgotten first.
    queue: Option<BinaryHeap<Reverse<(u64, u32)>>>,
}

impl Recent {
    pub fn new(most: u32) -> Self {
        Self { most: most as usize, used: Vec::new(), rows: 0, alive: 0, queue: None }
    }

    /// Takes the groups of rows in their order: the rows whose group begins anew, as it was forgotten.
    pub fn follow(&mut self, groups: &[u32], len: usize) -> Vec<bool> {
        let before = self.used.len();
        self.used.resize(len, 0);
        if self.alive == before && len <= self.most {
            // none was forgotten, nor will be
            for group in groups {
                self.rows += 1;
                self.used[*group as usize] = self.rows;
            }
            self.queue = None;
            self.alive = len;
            return Vec::new();
        }
        groups.iter().map(|group| self.touch(*group)).collect()
    }

    fn touch(&mut self, group: u32) -> bool {
        let anew = self.used[group as usize] == 0;
        if anew {
            if self.alive >= self.most {
                self.forget();
            }
            self.alive += 1;
        }
        self.rows += 1;
        self.used[group as usize] = self.rows;
        if let Some(queue) = self.queue.as_mut().filter(|_| anew) {
            queue.push(Reverse((self.rows, group)));
        }
        anew
    }

    fn forget(&mut self) {
        let used = &mut self.used;
        let queue = self.queue.get_or_insert_with(|| {
            let alive = used.iter().zip(0..).filter(|(at, _)| **at > 0);
            alive.map(|(at, group)| Reverse((*at, group))).collect()
        });
        while let Some(Reverse((at, group))) = queue.pop() {
            let now = &mut used[group as usize];
            if *now == at {
                *now = 0;
                self.alive -= 1;
                return;
            }
            queue.push(Reverse((*now, group)));
        }
    }

    /// The groups that are not forgotten, once there are as many others; they are numbered anew.
    pub fn kept(&mut self) -> Option<Vec<u32>> {
        if self.used.len() - self.alive <= self.most {
            return None;
        }
        let kept: Vec<u32> = self.used.iter().zip(0..).filter(|(at, _)| **at > 0).map(|(_, group)| group).collect();
        self.used.retain(|at| *at > 0);
        self.queue = None;
        Some(kept)
    }

    pub fn write(&self, into: &mut Writer) {
        into.i64(self.rows as i64);
        self.used.iter().for_each(|at| into.i64(*at as i64));
    }

    /// What `write` wrote of so many groups.
    pub fn read(&mut self, groups: usize, from: &mut Reader) -> Result<(), Fault> {
        let count = |from: &mut Reader| u64::try_from(from.i64()?).map_err(|_| corrupt());
        self.rows = count(from)?;
        self.used = (0..groups).map(|_| count(from)).collect::<Result<_, Fault>>()?;
        self.alive = self.used.iter().filter(|at| **at > 0).count();
        self.queue = None;
        if self.alive > self.most || self.used.iter().any(|at| *at > self.rows) { Err(corrupt()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of the groups, the last used at its end.
    fn plainly(order: &mut Vec<u32>, group: u32, most: usize) -> bool {
        let known = order.iter().position(|one| *one == group).map(|at| order.remove(at)).is_some();
        if !known && order.len() == most {
            order.remove(0);
        }
        order.push(group);
        !known
    }

    #[test]
    fn of_one_more_the_longest_unused_is_forgotten_whatever_the_batches() {
        for (most, spread) in [(1, 3), (3, 4), (3, 9), (7, 8), (8, 8)] {
            let (mut recent, mut order, mut state) = (Recent::new(most), Vec::new(), 7_u32);
            // numbers of groups change when they are numbered anew
            let mut names: Vec<u32> = Vec::new();
            for batch in 0..200_usize {
                let drawn: Vec<u32> = (0..batch % 5)
                    .map(|_| {
                        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
                        (state >> 16) % spread
                    })
                    .collect();
                let groups: Vec<u32> = drawn
                    .iter()
                    .map(|name| {
                        let at = names.iter().position(|one| one == name).unwrap_or_else(|| {
                            names.push(*name);
                            names.len() - 1
                        });
                        at as u32
                    })
                    .collect();
                let anew = recent.follow(&groups, names.len());
                let wanted: Vec<bool> = drawn.iter().map(|name| plainly(&mut order, *name, most as usize)).collect();
                if !anew.is_empty() {
                    assert_eq!(anew, wanted, "{most} {spread} {batch}");
                }
                if let Some(kept) = recent.kept() {
                    names = kept.iter().map(|group| names[*group as usize]).collect();
                    assert_eq!(names.len(), order.len());
                }
                assert!(names.len() <= 2 * most as usize + 5);
            }
        }
    }
}
