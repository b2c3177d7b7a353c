use crate::cells::Meaning;
use crate::column::{Batch, Column, Values, bit};
use crate::config::Config;
use crate::fault::Fault;
use crate::instant::write_instant;
use crate::kernel::Kernel;
use crate::output::{Output, Texts};
use serde::Deserialize;
use std::io::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    /// In the order of the input's columns.
    columns: Vec<Named>,
    /// Times as ISO 8601 with nine digits, or as integer ns.
    iso: bool,
    csv: Option<Csv>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    #[serde(rename = "type")]
    meaning: Meaning,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Csv {
    delimiter: String,
    quote: String,
    null: String,
}

/// Rows as one JSON object or one delimited line each: column `payload` of port `out`. Int64 keeps every digit; a Float64 is the
/// shortest text that reads back the same. NaN and infinities are null in JSON.
pub struct Encode {
    params: Params,
    /// `"name":` of each column.
    keys: Vec<Vec<u8>>,
    out: usize,
    line: Vec<u8>,
    text: Vec<u8>,
}

impl Encode {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let keys = params.columns.iter().map(|column| {
            let mut key = Vec::new();
            json_text(column.name.as_bytes(), &mut key);
            key.push(b':');
            key
        });
        Ok(Self { keys: keys.collect(), params, out: config.output("out")?, line: Vec::new(), text: Vec::new() })
    }

    fn json(&mut self, columns: &[Column], row: usize) -> Result<(), Fault> {
        self.line.push(b'{');
        for (i, column) in columns.iter().enumerate() {
            if i > 0 {
                self.line.push(b',');
            }
            self.line.extend_from_slice(&self.keys[i]);
            if !column.is_valid(row) {
                self.line.extend_from_slice(b"null");
                continue;
            }
            self.text.clear();
            let quoted = plain(column, row, self.params.columns[i].meaning, self.params.iso, &mut self.text)?;
            match column.values {
                Values::F64(values) if !values[row].is_finite() => self.line.extend_from_slice(b"null"),
                _ if quoted => json_text(&self.text, &mut self.line),
                _ => self.line.extend_from_slice(&self.text),
            }
        }
        self.line.push(b'}');
        Ok(())
    }

    fn csv(&mut self, columns: &[Column], row: usize) -> Result<(), Fault> {
        let Some(Csv { delimiter, quote, null }) = &self.params.csv else { return Ok(()) };
        let (delimiter, quote) = (delimiter.as_bytes(), quote.as_bytes());
        for (i, column) in columns.iter().enumerate() {
            if i > 0 {
                self.line.extend_from_slice(delimiter);
            }
            if !column.is_valid(row) {
                self.line.extend_from_slice(null.as_bytes());
                continue;
            }
            self.text.clear();
            let text = plain(column, row, self.params.columns[i].meaning, self.params.iso, &mut self.text)?;
            let special = |byte: &u8| delimiter.contains(byte) || quote.contains(byte) || matches!(byte, b'\n' | b'\r');
            if text && (self.text.is_empty() || self.text == null.as_bytes() || self.text.iter().any(special)) {
                self.line.extend_from_slice(quote);
                for byte in &self.text {
                    if quote.contains(byte) {
                        self.line.push(*byte);
                    }
                    self.line.push(*byte);
                }
                self.line.extend_from_slice(quote);
            } else {
                self.line.extend_from_slice(&self.text);
            }
        }
        Ok(())
    }
}

impl Kernel for Encode {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let mut lines = Texts::default();
        for row in 0..batch.rows {
            self.line.clear();
            if self.params.csv.is_some() {
                self.csv(batch.columns, row)?;
            } else {
                self.json(batch.columns, row)?;
            }
            lines.push(Some(&self.line))?;
        }
        let mut block = output.block(self.out, batch.rows)?;
        block.texts(&lines)?;
        block.end()
    }
}

/// Appends a value that is not null as plain text; true when JSON quotes it.
fn plain(column: &Column, row: usize, meaning: Meaning, iso: bool, into: &mut Vec<u8>) -> Result<bool, Fault> {
    let written = match column.values {
        Values::F64(values) => {
            let value = values[row];
            let small = value == 0.0 || (1e-5..1e16).contains(&value.abs());
            if small { write!(into, "{value}") } else { write!(into, "{value:?}") }
        }
        Values::I64(values) if meaning == Meaning::Timestamp && iso => {
            write_instant(values[row], into);
            return Ok(true);
        }
        Values::I64(values) => write!(into, "{}", values[row]),
        Values::I32(values) => write!(into, "{}", values[row]),
        Values::Bool(bits) => write!(into, "{}", bit(bits, row)),
        Values::Bytes { .. } | Values::Word { .. } => {
            let bytes = column.bytes(row)?;
            match std::str::from_utf8(bytes) {
                Ok(_) => into.extend_from_slice(bytes),
                // bytes that are no text, as hexadecimal digits
                Err(_) => bytes.iter().try_for_each(|byte| write!(into, "{byte:02x}")).map_err(unwritable)?,
            }
            return Ok(true);
        }
    };
    written.map_err(unwritable)?;
    Ok(false)
}

fn unwritable(error: std::io::Error) -> Fault {
    Fault::new("encode", error.to_string())
}

/// Appends a text in the quotes and escapes of JSON.
fn json_text(text: &[u8], into: &mut Vec<u8>) {
    into.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => into.extend_from_slice(&[b'\\', *byte]),
            b'\n' => into.extend_from_slice(b"\\n"),
            b'\r' => into.extend_from_slice(b"\\r"),
            b'\t' => into.extend_from_slice(b"\\t"),
            0..0x20 => into.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => into.push(*byte),
        }
    }
    into.push(b'"');
}
