use super::{Data, Op, Vector, mistyped};
use crate::fault::Fault;
use std::borrow::Cow;
use std::cmp::Ordering;

pub fn sure(data: Data<'_>) -> Vector<'_> {
    Vector { data, valid: None }
}

pub fn exactly<const N: usize>(args: Vec<Vector<'_>>) -> Result<[Vector<'_>; N], Fault> {
    args.try_into().map_err(|_| mistyped())
}

/// Valid where both are.
pub fn both(a: Option<&[bool]>, b: Option<&[bool]>) -> Option<Vec<bool>> {
    match (a, b) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one.to_vec()),
        (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| *a && *b).collect()),
    }
}

/// `and` (`decides` false) and `or` (`decides` true) in three-valued logic: one deciding value decides, else one null makes null.
pub fn logic(args: Vec<Vector<'_>>, decides: bool) -> Result<Vector<'_>, Fault> {
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

pub fn compare(op: Op, a: &Data, b: &Data) -> Result<Vec<bool>, Fault> {
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
pub fn within(args: Vec<Vector<'_>>) -> Result<Vector<'_>, Fault> {
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

pub fn coalesce(args: Vec<Vector<'_>>) -> Result<Vector<'_>, Fault> {
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
pub fn extreme(args: Vec<Vector<'_>>, wanted: Ordering) -> Result<Vector<'_>, Fault> {
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

/// The second where the first is true, the third where it is false.
pub fn choose<'a>([when, then, otherwise]: [Vector<'a>; 3]) -> Result<Vector<'a>, Fault> {
    let Data::Bool(truths) = when.data else { return Err(mistyped()) };
    let arms = match (then.valid, otherwise.valid) {
        (None, None) => None,
        (a, b) => {
            let known = |of: &Option<Vec<bool>>, row: usize| of.as_ref().is_none_or(|of| of[row]);
            Some(truths.iter().enumerate().map(|(row, truth)| known(if *truth { &a } else { &b }, row)).collect::<Vec<_>>())
        }
    };
    let mut data = otherwise.data;
    replace(&mut data, then.data, |row| truths[row])?;
    Ok(Vector { data, valid: both(when.valid.as_deref(), arms.as_deref()) })
}

/// A function of floats that has no value, null, where `outside` says so.
pub fn within_domain<'a>([of]: [Vector<'a>; 1], call: fn(f64) -> f64, outside: fn(f64) -> bool) -> Result<Vector<'a>, Fault> {
    let Data::F64(values) = of.data else { return Err(mistyped()) };
    let some_outside = values.iter().any(|value| outside(*value));
    let inside = some_outside.then(|| values.iter().map(|value| !outside(*value)).collect::<Vec<_>>());
    let data = Data::F64(values.iter().map(|value| call(*value)).collect());
    Ok(Vector { data, valid: both(of.valid.as_deref(), inside.as_deref()) })
}

pub fn unary<'a>(op: Op, [of]: [Vector<'a>; 1]) -> Result<Vector<'a>, Fault> {
    let Vector { data, valid } = of;
    let floats = |values: Cow<[f64]>, call: fn(f64) -> f64| Data::F64(values.iter().map(|value| call(*value)).collect());
    let data = match (op, data) {
        (Op::Not, Data::Bool(values)) => Data::Bool(values.iter().map(|value| !value).collect()),
        (Op::Float, Data::I64(values)) => Data::F64(values.iter().map(|value| *value as f64).collect()),
        (Op::Negate, Data::F64(values)) => floats(values, |value| -value),
        (Op::Exp, Data::F64(values)) => floats(values, libm::exp),
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

pub fn arithmetic<'a>(op: Op, [a, b]: [Vector<'a>; 2]) -> Result<Vector<'a>, Fault> {
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
