use super::params::Params;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};

/// One symbol.
#[derive(Debug, Clone)]
pub struct State {
    pub triggers: i64,
    pub last_ns: i64,
    /// Orders so far.
    pub orders: i64,
    pub ordered_ns: i64,
    /// Lots held once the last order is filled.
    pub wanted: i64,
    /// Lots held as `positions` said last; none where it has not.
    pub told: Option<i64>,
}

impl Default for State {
    fn default() -> Self {
        Self { triggers: 0, last_ns: i64::MIN, orders: 0, ordered_ns: i64::MIN, wanted: 0, told: None }
    }
}

impl State {
    /// Lots that count as held: after an order what it asked for, until it should have been filled; then what `positions` says.
    pub fn held(&self, params: &Params, ns: i64, told: bool) -> i64 {
        let recent = self.orders > 0 && ns < self.ordered_ns.saturating_add(params.confirm);
        if recent || !told { self.wanted } else { self.told.unwrap_or(0) }
    }

    /// ns until orders are let through again.
    pub fn cools(&self, params: &Params, ns: i64) -> Option<i64> {
        let left = self.ordered_ns.saturating_add(params.cooldown).saturating_sub(ns);
        Some(left).filter(|left| self.orders > 0 && *left > 0)
    }

    pub fn write(&self, into: &mut Writer) {
        for value in [self.triggers, self.last_ns, self.orders, self.ordered_ns, self.wanted] {
            into.i64(value);
        }
        into.u32(u32::from(self.told.is_some()));
        into.i64(self.told.unwrap_or_default());
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for value in [&mut self.triggers, &mut self.last_ns, &mut self.orders, &mut self.ordered_ns, &mut self.wanted] {
            *value = from.i64()?;
        }
        let told = from.u32()? == 1;
        self.told = Some(from.i64()?).filter(|_| told);
        if self.triggers < 0 || self.orders < 0 { Err(corrupt()) } else { Ok(()) }
    }
}
