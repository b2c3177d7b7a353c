mod apply;

use crate::column::{Batch, Values, bit};
use crate::fault::Fault;
use crate::output::{Bits, Block, Texts};
use apply::{arithmetic, both, choose, coalesce, compare, exactly, extreme, logic, sure, unary, within, within_domain};
use serde::Deserialize;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A typed expression, flat: each step takes values of steps before it, the last one is the result. Written by
/// `operators/expression/program.ts`, whose checker vouches for the types.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Program {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    op: Op,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    args: Vec<usize>,
    /// Input column of `column`.
    #[serde(default)]
    column: usize,
    /// Of `constant`: numbers and times as text, so that no digit is lost on the way.
    #[serde(default)]
    value: serde_json::Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Column,
    Constant,
    Float,
    Not,
    Negate,
    And,
    Or,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    In,
    IsNull,
    Abs,
    Min,
    Max,
    Floor,
    Ceil,
    Round,
    Coalesce,
    Choose,
    Log,
    Exp,
    Sqrt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Int,
    Float,
    Bool,
    Text,
    Time,
}

/// Values of one step, one a row.
#[derive(Debug, Clone)]
pub struct Vector<'a> {
    pub data: Data<'a>,
    /// None: no row is null. Values of null rows are arbitrary.
    pub valid: Option<Vec<bool>>,
}

#[derive(Debug, Clone)]
pub enum Data<'a> {
    F64(Cow<'a, [f64]>),
    I64(Cow<'a, [i64]>),
    Bool(Vec<bool>),
    Text(Vec<&'a [u8]>),
}

fn mistyped() -> Fault {
    Fault::new("expression-program", "the steps of an expression do not fit together")
}

impl Program {
    /// Rows for which the expression is true, in order.
    pub fn true_rows(&self, batch: &Batch, rows: &mut Vec<i32>) -> Result<(), Fault> {
        let Vector { data: Data::Bool(values), valid } = self.evaluate(batch, &[])? else { return Err(mistyped()) };
        let truth = |row: usize| values[row] && valid.as_ref().is_none_or(|valid| valid[row]);
        rows.extend((0..batch.rows).filter(|row| truth(*row)).map(|row| row as i32));
        Ok(())
    }

    /// Writes the value of every row as the next column of a block.
    pub fn write(&self, batch: &Batch, block: &mut Block) -> Result<(), Fault> {
        self.evaluate(batch, &[])?.write(block)
    }

    /// The value of every row; columns behind those of the batch are `more`.
    pub fn evaluate<'a>(&'a self, batch: &Batch<'a>, more: &[Vector<'a>]) -> Result<Vector<'a>, Fault> {
        let mut done: Vec<Option<Vector>> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let mut args = Vec::with_capacity(step.args.len());
            for arg in &step.args {
                args.push(done.get_mut(*arg).and_then(Option::take).ok_or_else(mistyped)?);
            }
            done.push(Some(step.apply(batch, more, args)?));
        }
        done.pop().flatten().ok_or_else(mistyped)
    }
}

fn bits_of(truths: &[bool]) -> Bits {
    let mut bits = Bits::default();
    truths.iter().for_each(|truth| bits.push(*truth));
    bits
}

impl Step {
    fn apply<'a>(&'a self, batch: &Batch<'a>, more: &[Vector<'a>], args: Vec<Vector<'a>>) -> Result<Vector<'a>, Fault> {
        match self.op {
            Op::Column => match self.column.checked_sub(batch.columns.len()) {
                None => Vector::of_column(batch, self.column),
                Some(at) => more.get(at).cloned().ok_or_else(mistyped),
            },
            Op::Constant => self.constant(batch.rows),
            Op::IsNull => {
                let [of] = exactly(args)?;
                Ok(sure(Data::Bool(of.valid.map_or_else(|| vec![false; batch.rows], |valid| valid.iter().map(|v| !v).collect()))))
            }
            Op::And => logic(args, false),
            Op::Or => logic(args, true),
            Op::In => within(args),
            Op::Coalesce => coalesce(args),
            Op::Choose => choose(exactly(args)?),
            Op::Min => extreme(args, Ordering::Less),
            Op::Max => extreme(args, Ordering::Greater),
            Op::Not | Op::Float | Op::Negate | Op::Abs | Op::Floor | Op::Ceil | Op::Round | Op::Exp => unary(self.op, exactly(args)?),
            Op::Log => within_domain(exactly(args)?, libm::log, |value| value <= 0.0),
            Op::Sqrt => within_domain(exactly(args)?, f64::sqrt, |value| value < 0.0),
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                let [a, b] = exactly(args)?;
                let valid = both(a.valid.as_deref(), b.valid.as_deref());
                Ok(Vector { data: Data::Bool(compare(self.op, &a.data, &b.data)?), valid })
            }
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder => arithmetic(self.op, exactly(args)?),
        }
    }

    fn constant<'a>(&'a self, rows: usize) -> Result<Vector<'a>, Fault> {
        let digits = || self.value.as_str().and_then(|text| text.parse::<i64>().ok());
        let float = || self.value.as_str().and_then(|text| text.parse::<f64>().ok());
        let null = self.value.is_null();
        let data = match self.kind {
            Kind::Int | Kind::Time => Data::I64(vec![if null { 0 } else { digits().ok_or_else(mistyped)? }; rows].into()),
            Kind::Float => Data::F64(vec![if null { 0.0 } else { float().ok_or_else(mistyped)? }; rows].into()),
            Kind::Bool => Data::Bool(vec![!null && self.value.as_bool().ok_or_else(mistyped)?; rows]),
            Kind::Text => Data::Text(vec![if null { "" } else { self.value.as_str().ok_or_else(mistyped)? }.as_bytes(); rows]),
        };
        Ok(Vector { data, valid: null.then(|| vec![false; rows]) })
    }
}

impl<'a> Vector<'a> {
    /// An input column.
    pub fn of_column(batch: &Batch<'a>, index: usize) -> Result<Self, Fault> {
        let column = batch.columns.get(index).ok_or_else(mistyped)?;
        let data = match column.values {
            Values::F64(values) => Data::F64(values.into()),
            Values::I64(values) => Data::I64(values.into()),
            Values::I32(values) => Data::I64(values.iter().map(|value| i64::from(*value)).collect()),
            Values::Bool(bits) => Data::Bool((0..batch.rows).map(|row| bit(bits, row)).collect()),
            Values::Bytes { .. } | Values::Word { .. } => {
                let text = |row| if column.is_valid(row) { column.bytes(row) } else { Ok(&b""[..]) };
                Data::Text((0..batch.rows).map(text).collect::<Result<_, _>>()?)
            }
        };
        Ok(Vector { data, valid: column.valid.map(|bits| (0..batch.rows).map(|row| bit(bits, row)).collect()) })
    }

    pub fn is_valid(&self, row: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[row])
    }

    /// Writes the values as the next column of a block.
    pub fn write(&self, block: &mut Block) -> Result<(), Fault> {
        let bits = self.valid.as_ref().map(|valid| bits_of(valid));
        match &self.data {
            Data::F64(values) => block.f64s(values, bits.as_ref()),
            Data::I64(values) => block.i64s(values, bits.as_ref()),
            Data::Bool(values) => block.bools(&bits_of(values), bits.as_ref()),
            Data::Text(values) => {
                let mut texts = Texts::default();
                for (row, text) in values.iter().enumerate() {
                    texts.push(self.is_valid(row).then_some(*text))?;
                }
                block.texts(&texts)
            }
        }
    }
}
