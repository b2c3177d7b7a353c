//! What several parts of the state are written with.

use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

pub fn write_option(value: Option<i64>, into: &mut Writer) {
    into.u32(u32::from(value.is_some()));
    into.i64(value.unwrap_or_default());
}

pub fn read_option(from: &mut Reader) -> Result<Option<i64>, Fault> {
    let some = from.u32()? != 0;
    let value = from.i64()?;
    Ok(some.then_some(value))
}

pub fn write_i128(value: i128, into: &mut Writer) {
    into.i64((value >> 64) as i64);
    into.i64(value as i64);
}

pub fn read_i128(from: &mut Reader) -> Result<i128, Fault> {
    let high = i128::from(from.i64()?);
    Ok(high << 64 | i128::from(from.i64()? as u64))
}
