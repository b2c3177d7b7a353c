use super::edge::Edge;
use super::numbers::{Mean, Moment, Sum, Variance, each_integer, each_number};
use super::panes::NO_PANE;
use crate::column::Batch;
use crate::config::{Kind, Port};
use crate::fault::Fault;
use crate::output::{Block, Cells};
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub function: Name,
    /// None: of rows.
    pub column: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Name {
    Count,
    Sum,
    Mean,
    Var,
    Min,
    Max,
    First,
    Last,
}

impl Name {
    /// Whether a row with an infinity or NaN is refused.
    pub fn takes_finite(self) -> bool {
        !matches!(self, Self::Count | Self::First | Self::Last)
    }
}

/// Moments by pane, and those on their way out.
#[derive(Default)]
struct Moments<M> {
    panes: Vec<M>,
    out: Cells<f64>,
}

impl<M: Moment> Moments<M> {
    fn write(&mut self, slots: &[u32]) {
        let mut window = M::default();
        for (i, slot) in slots.iter().enumerate() {
            let pane = &self.panes[*slot as usize];
            if i == 0 { window = *pane } else { window.merge(pane) }
        }
        self.out.push_option(window.value());
    }
}

/// Integers by pane; None: no value yet.
#[derive(Default)]
struct Integers {
    panes: Vec<Option<i128>>,
    out: Vec<Option<i64>>,
}

impl Integers {
    fn fold(&mut self, slots: &[u32], join: impl Fn(i128, i128) -> i128) {
        let value = slots.iter().filter_map(|slot| self.panes[*slot as usize]).reduce(join);
        self.out.push(value.and_then(|value| i64::try_from(value).ok()));
    }

    /// The values on their way out, which are forgotten.
    fn cells<T: Default>(&mut self, of: impl Fn(i64) -> T) -> Cells<T> {
        let mut cells = Cells::default();
        self.out.drain(..).for_each(|value| cells.push_option(value.map(&of)));
        cells
    }
}

#[derive(Default)]
struct Floats {
    panes: Vec<Option<f64>>,
    out: Cells<f64>,
}

enum State {
    Count(Vec<i64>, Vec<i64>),
    Sum(Moments<Sum>),
    Mean(Moments<Mean>),
    Var(Moments<Variance>),
    SumOfIntegers(Integers),
    /// Least or greatest.
    Integer(Integers, bool),
    Float(Floats, bool),
    Edge(Edge),
}

/// An output column: what it keeps of every pane, and the values on their way out.
pub struct Function {
    column: Option<usize>,
    kind: Kind,
    state: State,
}

impl Function {
    pub fn new(spec: &Spec, port: &Port) -> Result<Self, Fault> {
        let absent = || Fault::new("kernel-config", "a function is of no column that crosses");
        let column = spec.column.as_ref().map(|name| port.find(name).ok_or_else(absent)).transpose()?;
        let kind = match (column, spec.function) {
            (Some(at), _) => port.columns[at].kind,
            (None, Name::Count) => Kind::I64,
            (None, _) => return Err(absent()),
        };
        let whole = matches!(kind, Kind::I64 | Kind::I32);
        let state = match spec.function {
            Name::Count => State::Count(Vec::new(), Vec::new()),
            Name::Sum if whole => State::SumOfIntegers(Integers::default()),
            Name::Sum => State::Sum(Moments::default()),
            Name::Mean => State::Mean(Moments::default()),
            Name::Var => State::Var(Moments::default()),
            Name::Min | Name::Max if whole => State::Integer(Integers::default(), spec.function == Name::Max),
            Name::Min | Name::Max => State::Float(Floats::default(), spec.function == Name::Max),
            Name::First | Name::Last => State::Edge(Edge::new(kind, spec.function == Name::Last)),
        };
        Ok(Self { column, kind, state })
    }

    /// Makes room for panes up to `len`.
    pub fn grow(&mut self, len: usize) {
        fn to<T: Clone + Default>(panes: &mut Vec<T>, len: usize) {
            if panes.len() < len {
                panes.resize(len, T::default());
            }
        }
        match &mut self.state {
            State::Count(panes, _) => to(panes, len),
            State::Sum(moments) => to(&mut moments.panes, len),
            State::Mean(moments) => to(&mut moments.panes, len),
            State::Var(moments) => to(&mut moments.panes, len),
            State::SumOfIntegers(integers) | State::Integer(integers, _) => to(&mut integers.panes, len),
            State::Float(floats, _) => to(&mut floats.panes, len),
            State::Edge(edge) => edge.grow(len),
        }
    }

    /// Forgets what it has of a pane.
    pub fn clear(&mut self, slot: u32) {
        let at = slot as usize;
        match &mut self.state {
            State::Count(panes, _) => panes[at] = 0,
            State::Sum(moments) => moments.panes[at] = Sum::default(),
            State::Mean(moments) => moments.panes[at] = Mean::default(),
            State::Var(moments) => moments.panes[at] = Variance::default(),
            State::SumOfIntegers(integers) | State::Integer(integers, _) => integers.panes[at] = None,
            State::Float(floats, _) => floats.panes[at] = None,
            State::Edge(edge) => edge.clear(slot),
        }
    }

    /// Takes the rows of a batch, each into its pane.
    pub fn add(&mut self, batch: &Batch, times: &[i64], slots: &[u32]) -> Result<(), Fault> {
        let Some(column) = self.column.map(|at| &batch.columns[at]) else {
            if let State::Count(panes, _) = &mut self.state {
                slots.iter().filter(|slot| **slot != NO_PANE).for_each(|slot| panes[*slot as usize] += 1);
            }
            return Ok(());
        };
        fn moments<M: Moment>(moments: &mut Moments<M>, column: &crate::column::Column, slots: &[u32]) -> Result<(), Fault> {
            each_number(column, slots.len(), |row, value| {
                if let Some(pane) = moments.panes.get_mut(slots[row] as usize) {
                    pane.add(value);
                }
            })
        }
        match &mut self.state {
            State::Count(panes, _) => {
                let counted = slots.iter().enumerate().filter(|(row, slot)| **slot != NO_PANE && column.is_valid(*row));
                counted.for_each(|(_, slot)| panes[*slot as usize] += 1);
                Ok(())
            }
            State::Sum(state) => moments(state, column, slots),
            State::Mean(state) => moments(state, column, slots),
            State::Var(state) => moments(state, column, slots),
            State::SumOfIntegers(integers) => each_integer(column, slots.len(), |row, value| {
                if let Some(pane) = integers.panes.get_mut(slots[row] as usize) {
                    *pane = Some(pane.unwrap_or_default() + i128::from(value));
                }
            }),
            State::Integer(integers, max) => each_integer(column, slots.len(), |row, value| {
                if let Some(pane) = integers.panes.get_mut(slots[row] as usize) {
                    let value = i128::from(value);
                    *pane = Some(pane.map_or(value, |known| if *max { known.max(value) } else { known.min(value) }));
                }
            }),
            State::Float(floats, max) => each_number(column, slots.len(), |row, value| {
                if let Some(pane) = floats.panes.get_mut(slots[row] as usize) {
                    *pane = Some(pane.map_or(value, |known| extreme(known, value, *max)));
                }
            }),
            State::Edge(edge) => edge.add(column, times, slots),
        }
    }

    /// Adds the value of a window, whose panes are given in order, to those on their way out.
    pub fn write(&mut self, slots: &[u32]) -> Result<(), Fault> {
        match &mut self.state {
            State::Count(panes, out) => out.push(slots.iter().map(|slot| panes[*slot as usize]).sum()),
            State::Sum(moments) => moments.write(slots),
            State::Mean(moments) => moments.write(slots),
            State::Var(moments) => moments.write(slots),
            State::SumOfIntegers(integers) => integers.fold(slots, |a, b| a + b),
            State::Integer(integers, max) => {
                let max = *max;
                integers.fold(slots, |a, b| if max { a.max(b) } else { a.min(b) });
            }
            State::Float(floats, max) => {
                let values = slots.iter().filter_map(|slot| floats.panes[*slot as usize]);
                floats.out.push_option(values.reduce(|known, value| extreme(known, value, *max)));
            }
            State::Edge(edge) => edge.write(slots)?,
        }
        Ok(())
    }

    /// Hands the values of all windows to the block and forgets them.
    pub fn flush(&mut self, block: &mut Block) -> Result<(), Fault> {
        fn floats(out: &mut Cells<f64>, block: &mut Block) -> Result<(), Fault> {
            block.f64s(&out.values, Some(&out.valid))?;
            out.clear();
            Ok(())
        }
        match &mut self.state {
            State::Count(_, out) => {
                block.i64s(out, None)?;
                out.clear();
                Ok(())
            }
            State::Sum(moments) => floats(&mut moments.out, block),
            State::Mean(moments) => floats(&mut moments.out, block),
            State::Var(moments) => floats(&mut moments.out, block),
            State::Float(state, _) => floats(&mut state.out, block),
            State::Integer(integers, _) if self.kind == Kind::I32 => {
                let cells = integers.cells(|value| value as i32);
                block.i32s(&cells.values, Some(&cells.valid))
            }
            State::SumOfIntegers(integers) | State::Integer(integers, _) => {
                let cells = integers.cells(|value| value);
                block.i64s(&cells.values, Some(&cells.valid))
            }
            State::Edge(edge) => edge.flush(block),
        }
    }

    pub fn snapshot(&self, slot: u32, into: &mut Writer) {
        fn integer(value: Option<i128>, into: &mut Writer) {
            into.u32(u32::from(value.is_some()));
            let value = value.unwrap_or_default();
            into.i64(value as i64);
            into.i64((value >> 64) as i64);
        }
        let at = slot as usize;
        match &self.state {
            State::Count(panes, _) => into.i64(panes[at]),
            State::Sum(moments) => moments.panes[at].write(into),
            State::Mean(moments) => moments.panes[at].write(into),
            State::Var(moments) => moments.panes[at].write(into),
            State::SumOfIntegers(integers) | State::Integer(integers, _) => integer(integers.panes[at], into),
            State::Float(floats, _) => {
                into.u32(u32::from(floats.panes[at].is_some()));
                into.f64(floats.panes[at].unwrap_or_default());
            }
            State::Edge(edge) => edge.snapshot(slot, into),
        }
    }

    /// Into a pane that there is room for.
    pub fn restore(&mut self, slot: u32, from: &mut Reader) -> Result<(), Fault> {
        let at = slot as usize;
        match &mut self.state {
            State::Count(panes, _) => panes[at] = from.i64()?,
            State::Sum(moments) => moments.panes[at] = Sum::read(from)?,
            State::Mean(moments) => moments.panes[at] = Mean::read(from)?,
            State::Var(moments) => moments.panes[at] = Variance::read(from)?,
            State::SumOfIntegers(integers) | State::Integer(integers, _) => {
                let some = from.u32()? != 0;
                let (low, high) = (from.i64()? as u64, from.i64()?);
                integers.panes[at] = some.then_some(i128::from(high) << 64 | i128::from(low));
            }
            State::Float(floats, _) => {
                let some = from.u32()? != 0;
                let value = from.f64()?;
                floats.panes[at] = some.then_some(value);
            }
            State::Edge(edge) => edge.restore(slot, from)?,
        }
        Ok(())
    }
}

/// Of equal ones the first.
fn extreme(known: f64, value: f64, max: bool) -> f64 {
    if (max && value > known) || (!max && value < known) { value } else { known }
}
