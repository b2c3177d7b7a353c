use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use std::collections::VecDeque;

/// What was said of the rows of one key whose labels have not come yet, oldest first.
#[derive(Debug)]
pub struct Pending<const N: usize> {
    said: VecDeque<(i64, [f64; N])>,
}

impl<const N: usize> Default for Pending<N> {
    fn default() -> Self {
        Self { said: VecDeque::new() }
    }
}

impl<const N: usize> Pending<N> {
    /// Remembers what was said of a row; of more than `most` the oldest is forgotten.
    pub fn push(&mut self, ns: i64, values: [f64; N], most: usize) {
        if self.said.len() >= most {
            self.said.pop_front();
        }
        if most > 0 {
            self.said.push_back((ns, values));
        }
    }

    /// Takes what was said of the row of time `ns`; what stands before it and is older will not be asked for again.
    pub fn take(&mut self, ns: i64) -> Option<[f64; N]> {
        while self.said.front().is_some_and(|(at, _)| *at < ns) {
            self.said.pop_front();
        }
        let (at, _) = self.said.front()?;
        if *at == ns { self.said.pop_front().map(|(_, values)| values) } else { None }
    }

    pub fn write(&self, into: &mut Writer) {
        into.count(self.said.len());
        for (ns, values) in &self.said {
            into.i64(*ns);
            into.f64s(values);
        }
    }

    pub fn read(&mut self, most: usize, from: &mut Reader) -> Result<(), Fault> {
        let count = from.count()?;
        if count > most {
            return Err(corrupt());
        }
        self.said.clear();
        for _ in 0..count {
            let ns = from.i64()?;
            let mut values = [0.0; N];
            from.f64s(&mut values)?;
            self.said.push_back((ns, values));
        }
        Ok(())
    }
}
