use crate::column::{Batch, Values, bit};
use crate::fault::Fault;
use std::fmt::Write;

/// Most characters of a text that a reason quotes.
const QUOTED: usize = 40;

/// A number with all digits that it takes to tell it from others; with an exponent where it is very large or small.
pub fn number(value: f64, into: &mut String) {
    let size = value.abs();
    let plain = value == 0.0 || !value.is_finite() || (1e-6..1e15).contains(&size);
    // writing to a String cannot fail
    let _ = if plain { write!(into, "{value}") } else { write!(into, "{value:e}") };
}

/// A length of time in seconds.
pub fn seconds(ns: i64, into: &mut String) {
    let (whole, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
    let _ = write!(into, "{whole}");
    if rest != 0 {
        let digits = format!("{rest:09}");
        let _ = write!(into, ".{}", digits.trim_end_matches('0'));
    }
    into.push('s');
}

/// The value of a column at a row that is not null.
pub fn value(batch: &Batch, column: usize, row: usize, into: &mut String) -> Result<(), Fault> {
    let column = &batch.columns[column];
    match column.values {
        Values::F64(values) => number(values[row], into),
        Values::I64(values) => {
            let _ = write!(into, "{}", values[row]);
        }
        Values::I32(values) => {
            let _ = write!(into, "{}", values[row]);
        }
        Values::Bool(bits) => into.push_str(if bit(bits, row) { "true" } else { "false" }),
        Values::Bytes { .. } | Values::Word { .. } => into.extend(String::from_utf8_lossy(column.bytes(row)?).chars().take(QUOTED)),
    }
    Ok(())
}
