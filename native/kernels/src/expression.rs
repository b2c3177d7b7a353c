use crate::column::{Batch, Values, bit};
use crate::fault::Fault;
use crate::output::{Bits, Block, Texts};
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
#[derive(Debug)]
struct Vector<'a> {
    data: Data<'a>,
    /// None: no row is null. Values of null rows are arbitrary.
    valid: Option<Vec<bool>>,
}

#[derive(Debug)]
enum Data<'a> {
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
        let Vector { data: Data::Bool(values), valid } = self.evaluate(batch)? else { return Err(mistyped()) };
        let truth = |row: usize| values[row] && valid.as_ref().is_none_or(|valid| valid[row]);
        rows.extend((0..batch.rows).filter(|row| truth(*row)).map(|row| row as i32));
        Ok(())
    }

    /// Writes the value of every row as the next column of a block.
    pub fn write(&self, batch: &Batch, block: &mut Block) -> Result<(), Fault> {
        let Vector { data, valid } = self.evaluate(batch)?;
        let bits = valid.as_ref().map(|valid| bits_of(valid));
        match data {
            Data::F64(values) => block.f64s(&values, bits.as_ref()),
            Data::I64(values) => block.i64s(&values, bits.as_ref()),
            Data::Bool(values) => block.bools(&bits_of(&values), bits.as_ref()),
            Data::Text(values) => {
                let mut texts = Texts::default();
                for (row, text) in values.iter().enumerate() {
                    texts.push(valid.as_ref().is_none_or(|valid| valid[row]).then_some(*text))?;
                }
                block.texts(&texts)
            }
        }
    }

    fn evaluate<'a>(&'a self, batch: &Batch<'a>) -> Result<Vector<'a>, Fault> {
        let mut done: Vec<Option<Vector>> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let mut args = Vec::with_capacity(step.args.len());
            for arg in &step.args {
                args.push(done.get_mut(*arg).and_then(Option::take).ok_or_else(mistyped)?);
            }
            done.push(Some(step.apply(batch, args)?));
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
    fn apply<'a>(&'a self, batch: &Batch<'a>, args: Vec<Vector<'a>>) -> Result<Vector<'a>, Fault> {
        match self.op {
            Op::Column => column(batch, self.column),
            Op::Constant => self.constant(batch.rows),
            Op::IsNull => {
                let [of] = exactly(args)?;
                Ok(sure(Data::Bool(of.valid.map_or_else(|| vec![false; batch.rows], |valid| valid.iter().map(|v| !v).collect()))))
            }
            Op::And => logic(args, false),
            Op::Or => logic(args, true),
            Op::In => within(args),
            Op::Coalesce => coalesce(args),
            Op::Min => extreme(args, Ordering::Less),
            Op::Max => extreme(args, Ordering::Greater),
            Op::Not | Op::Float | Op::Negate | Op::Abs | Op::Floor | Op::Ceil | Op::Round => unary(self.op, exactly(args)?),
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

fn column<'a>(batch: &Batch<'a>, index: usize) -> Result<Vector<'a>, Fault> {
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

fn sure(data: Data<'_>) -> Vector<'_> {
    Vector { data, valid: None }
}

fn exactly<const N: usize>(args: Vec<Vector<'_>>) -> Result<[Vector<'_>; N], Fault> {
    args.try_into().map_err(|_| mistyped())
}

/// Valid where both are.
fn both(a: Option<&[bool]>, b: Option<&[bool]>) -> Option<Vec<bool>> {
    match (a, b) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one.to_vec()),
        (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| *a && *b).collect()),
    }
}

/// `and` (`decides` false) and `or` (`decides` true) in three-valued logic: one deciding value decides, else one null makes null.
fn logic(args: Vec<Vector<'_>>, decides: bool) -> Result<Vector<'_>, Fault> {
    let [Vector { data: Data::Bool(mut a), valid: valid_a }, Vector { data: Data::Bool(b), valid: valid_b }] = exactly(args)? else {
        return Err(mistyped());
    };
    if valid_a.is_none() && valid_b.is_none() {
        a.iter_mut().zip(&b).for_each(|(a, b)| *a = if decides { *a | *b } else { *a & *b });
        return Ok(sure(Data::Bool(a)));
    }
    let mut valid = Vec::with_capacity(a.len());
    for row in 0..a.len() {
        let known = |of: &Option<Vec<bool>>| of.as_ref().is_none_or(|of| of[row]);
        let (known_a, known_b) = (known(&valid_a), known(&valid_b));
        let decided = (known_a && a[row] == decides) || (known_b && b[row] == decides);
        valid.push(decided || (known_a && known_b));
        a[row] = decided == decides;
    }
    Ok(Vector { data: Data::Bool(a), valid: Some(valid) })
}

fn compare(op: Op, a: &Data, b: &Data) -> Result<Vec<bool>, Fault> {
    fn each<T: Copy>(a: &[T], b: &[T], test: impl Fn(T, T) -> bool) -> Vec<bool> {
        a.iter().zip(b).map(|(a, b)| test(*a, *b)).collect()
    }
    fn by<T: Copy + PartialOrd>(op: Op, a: &[T], b: &[T]) -> Result<Vec<bool>, Fault> {
        Ok(match op {
            Op::Eq => each(a, b, |a, b| a == b),
            // as IEEE 754 has it: a NaN differs from everything
            Op::Ne => each(a, b, |a, b| a != b),
            Op::Lt => each(a, b, |a, b| a < b),
            Op::Le => each(a, b, |a, b| a <= b),
            Op::Gt => each(a, b, |a, b| a > b),
            Op::Ge => each(a, b, |a, b| a >= b),
            _ => return Err(mistyped()),
        })
    }
    match (a, b) {
        (Data::F64(a), Data::F64(b)) => by(op, a, b),
        (Data::I64(a), Data::I64(b)) => by(op, a, b),
        (Data::Bool(a), Data::Bool(b)) => by(op, a, b),
        (Data::Text(a), Data::Text(b)) => by(op, a, b),
        _ => Err(mistyped()),
    }
}

/// True where one of the others equals the first, else null where one is null.
fn within(args: Vec<Vector<'_>>) -> Result<Vector<'_>, Fault> {
    let (of, among) = args.split_first().ok_or_else(mistyped)?;
    let mut found: Option<Vec<bool>> = None;
    let mut unknown: Option<Vec<bool>> = None;
    for other in among {
        let mut equal = compare(Op::Eq, &of.data, &other.data)?;
        if let Some(valid) = &other.valid {
            equal.iter_mut().zip(valid).for_each(|(equal, valid)| *equal &= *valid);
            let unknown = unknown.get_or_insert_with(|| vec![false; valid.len()]);
            unknown.iter_mut().zip(valid).for_each(|(unknown, valid)| *unknown |= !*valid);
        }
        match &mut found {
            Some(found) => found.iter_mut().zip(&equal).for_each(|(found, equal)| *found |= *equal),
            None => found = Some(equal),
        }
    }
    let found = found.ok_or_else(mistyped)?;
    let settled = unknown.map(|unknown| unknown.iter().zip(&found).map(|(unknown, found)| *found || !*unknown).collect::<Vec<_>>());
    let valid = both(of.valid.as_deref(), settled.as_deref());
    Ok(Vector { data: Data::Bool(found), valid })
}

/// Rows of `others` replace those of `first` where `takes(row)`.
fn replace<'a>(first: &mut Data<'a>, other: Data<'a>, takes: impl Fn(usize) -> bool) -> Result<(), Fault> {
    fn each<T: Copy>(first: &mut [T], other: &[T], takes: impl Fn(usize) -> bool) {
        first.iter_mut().zip(other).enumerate().filter(|(row, _)| takes(*row)).for_each(|(_, (first, other))| *first = *other);
    }
    match (first, other) {
        (Data::F64(a), Data::F64(b)) => each(a.to_mut(), &b, takes),
        (Data::I64(a), Data::I64(b)) => each(a.to_mut(), &b, takes),
        (Data::Bool(a), Data::Bool(b)) => each(a, &b, takes),
        (Data::Text(a), Data::Text(b)) => each(a, &b, takes),
        _ => return Err(mistyped()),
    }
    Ok(())
}

fn coalesce(args: Vec<Vector<'_>>) -> Result<Vector<'_>, Fault> {
    let mut args = args.into_iter();
    let Vector { mut data, mut valid } = args.next().ok_or_else(mistyped)?;
    for other in args {
        let Some(known) = valid.take() else { break };
        replace(&mut data, other.data, |row| !known[row])?;
        valid = other.valid.map(|other| known.iter().zip(&other).map(|(a, b)| *a || *b).collect());
    }
    Ok(Vector { data, valid })
}

/// The least (`Less`) or greatest (`Greater`) argument; null where one is null.
fn extreme(args: Vec<Vector<'_>>, wanted: Ordering) -> Result<Vector<'_>, Fault> {
    let op = if wanted == Ordering::Less { Op::Lt } else { Op::Gt };
    let mut args = args.into_iter();
    let Vector { mut data, mut valid } = args.next().ok_or_else(mistyped)?;
    for other in args {
        let better = compare(op, &other.data, &data)?;
        valid = both(valid.as_deref(), other.valid.as_deref());
        replace(&mut data, other.data, |row| better[row])?;
    }
    Ok(Vector { data, valid })
}

fn unary<'a>(op: Op, [of]: [Vector<'a>; 1]) -> Result<Vector<'a>, Fault> {
    let Vector { data, valid } = of;
    let floats = |values: Cow<[f64]>, call: fn(f64) -> f64| Data::F64(values.iter().map(|value| call(*value)).collect());
    let data = match (op, data) {
        (Op::Not, Data::Bool(values)) => Data::Bool(values.iter().map(|value| !value).collect()),
        (Op::Float, Data::I64(values)) => Data::F64(values.iter().map(|value| *value as f64).collect()),
        (Op::Negate, Data::F64(values)) => floats(values, |value| -value),
        (Op::Abs, Data::F64(values)) => floats(values, f64::abs),
        (Op::Floor, Data::F64(values)) => floats(values, f64::floor),
        (Op::Ceil, Data::F64(values)) => floats(values, f64::ceil),
        (Op::Round, Data::F64(values)) => floats(values, f64::round),
        (Op::Floor | Op::Ceil | Op::Round, Data::I64(values)) => Data::I64(values),
        (Op::Negate, Data::I64(values)) => return Ok(checked(&values, &values, valid, |value, _| value.checked_neg())),
        (Op::Abs, Data::I64(values)) => return Ok(checked(&values, &values, valid, |value, _| value.checked_abs())),
        _ => return Err(mistyped()),
    };
    Ok(Vector { data, valid })
}

fn arithmetic<'a>(op: Op, [a, b]: [Vector<'a>; 2]) -> Result<Vector<'a>, Fault> {
    let valid = both(a.valid.as_deref(), b.valid.as_deref());
    match (&a.data, &b.data) {
        (Data::I64(a), Data::I64(b)) => Ok(match op {
            Op::Add => checked(a, b, valid, i64::checked_add),
            Op::Subtract => checked(a, b, valid, i64::checked_sub),
            Op::Multiply => checked(a, b, valid, i64::checked_mul),
            Op::Remainder => checked(a, b, valid, |a, b| if b == 0 { None } else { Some(a.wrapping_rem(b)) }),
            _ => return Err(mistyped()),
        }),
        (Data::F64(a), Data::F64(b)) => {
            let each = |call: fn(f64, f64) -> f64| a.iter().zip(b.iter()).map(|(a, b)| call(*a, *b)).collect::<Vec<_>>();
            let values = match op {
                Op::Add => each(|a, b| a + b),
                Op::Subtract => each(|a, b| a - b),
                Op::Multiply => each(|a, b| a * b),
                Op::Divide => each(|a, b| a / b),
                Op::Remainder => each(|a, b| a % b),
                _ => return Err(mistyped()),
            };
            let divides = matches!(op, Op::Divide | Op::Remainder) && b.contains(&0.0);
            let nonzero = divides.then(|| b.iter().map(|b| *b != 0.0).collect::<Vec<_>>());
            Ok(Vector { data: Data::F64(values.into()), valid: both(valid.as_deref(), nonzero.as_deref()) })
        }
        _ => Err(mistyped()),
    }
}

/// Int64 arithmetic that is null where it has no result.
fn checked<'a>(a: &[i64], b: &[i64], valid: Option<Vec<bool>>, call: impl Fn(i64, i64) -> Option<i64>) -> Vector<'a> {
    let mut values = Vec::with_capacity(a.len());
    let mut without = Vec::new();
    for (row, (a, b)) in a.iter().zip(b).enumerate() {
        let value = call(*a, *b);
        if value.is_none() {
            without.push(row);
        }
        values.push(value.unwrap_or_default());
    }
    let mut valid = valid;
    if !without.is_empty() {
        let valid = valid.get_or_insert_with(|| vec![true; values.len()]);
        without.iter().for_each(|row| valid[*row] = false);
    }
    Vector { data: Data::I64(values.into()), valid }
}
