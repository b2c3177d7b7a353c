use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};
use std::collections::{BTreeMap, VecDeque};

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

/// What was said of the rows of one key by horizon; what was said without one is for the labels of any.
#[derive(Debug, Default)]
pub struct ByHorizon<const N: usize> {
    any: Pending<N>,
    told: BTreeMap<Vec<u8>, Pending<N>>,
}

impl<const N: usize> ByHorizon<N> {
    pub fn push(&mut self, horizon: Option<&[u8]>, ns: i64, values: [f64; N], most: usize) {
        let Some(horizon) = horizon else { return self.any.push(ns, values, most) };
        match self.told.get_mut(horizon) {
            Some(pending) => pending.push(ns, values, most),
            None => self.told.entry(horizon.to_vec()).or_default().push(ns, values, most),
        }
    }

    pub fn take(&mut self, horizon: Option<&[u8]>, ns: i64) -> Option<[f64; N]> {
        let own = horizon.and_then(|horizon| self.told.get_mut(horizon)).and_then(|pending| pending.take(ns));
        own.or_else(|| self.any.take(ns))
    }

    pub fn write(&self, into: &mut Writer) {
        self.any.write(into);
        into.count(self.told.len());
        for (horizon, pending) in &self.told {
            into.bytes(horizon);
            pending.write(into);
        }
    }

    pub fn read(&mut self, most: usize, from: &mut Reader) -> Result<(), Fault> {
        self.any.read(most, from)?;
        self.told.clear();
        for _ in 0..from.count()? {
            let horizon = from.bytes()?.to_vec();
            self.told.entry(horizon).or_default().read(most, from)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_takes_what_was_said_for_its_horizon_else_what_was_said_for_any() {
        let mut said: ByHorizon<1> = ByHorizon::default();
        for (horizon, ns, value) in [(Some("5s"), 1, 0.1), (Some("1s"), 1, 0.2), (Some("5s"), 2, 0.3), (None, 2, 0.4)] {
            said.push(horizon.map(str::as_bytes), ns, [value], 2);
        }
        let mut take = |horizon: Option<&str>, ns| said.take(horizon.map(str::as_bytes), ns).map(|[value]| value);
        assert_eq!(take(Some("1s"), 1), Some(0.2));
        assert_eq!(take(Some("1s"), 1), None);
        assert_eq!(take(None, 1), None);
        assert_eq!(take(Some("5s"), 1), Some(0.1));
        assert_eq!(take(Some("5s"), 2), Some(0.3));
        assert_eq!(take(Some("9s"), 2), Some(0.4));
        assert_eq!(take(Some("5s"), 2), None);
    }
}
