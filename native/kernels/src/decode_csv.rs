use crate::cells::{Cell, Meaning, Refusal, Rows, Spec};
use crate::column::{Batch, Values};
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::Output;
use crate::rejects::Rejects;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    columns: Vec<Spec>,
    /// Names of all fields of a line, in order.
    fields: Vec<String>,
    delimiter: String,
    quote: String,
    /// Unquoted fields that mean null.
    nulls: Vec<String>,
    /// A line that consists of the names of the fields is no row.
    header: bool,
}

/// One line of delimited text a payload into columns. Ports as `DecodeJson`. Source of the quoting: RFC 4180.
pub struct DecodeCsv {
    rows: Rows,
    rejects: Rejects,
    /// Column of each field.
    columns: Vec<Option<usize>>,
    params: Params,
    delimiter: u8,
    quote: u8,
    out: usize,
    origin: usize,
    rejected: usize,
    own: Vec<u8>,
}

/// A field of a line: a range of the line, or of the own buffer when quotes inside were doubled.
#[derive(Clone, Copy)]
struct Field {
    from: usize,
    to: usize,
    quoted: bool,
    own: bool,
}

impl DecodeCsv {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let single = |text: &str, what: &str| match text.as_bytes() {
            [byte] => Ok(*byte),
            _ => Err(Fault::new("kernel-config", format!("the {what} is not one character of ASCII"))),
        };
        let columns = params.fields.iter().map(|field| params.columns.iter().position(|spec| spec.from == *field)).collect();
        Ok(Self {
            rows: Rows::new(config, params.columns.clone())?,
            rejects: Rejects::default(),
            columns,
            delimiter: single(&params.delimiter, "delimiter")?,
            quote: single(&params.quote, "quote")?,
            params,
            out: config.output("out")?,
            origin: config.output("origin")?,
            rejected: config.output("rejected")?,
            own: Vec::new(),
        })
    }

    /// Cuts a line into fields.
    fn split(&mut self, line: &[u8], fields: &mut Vec<Field>) -> Result<(), Refusal> {
        let mut at = 0;
        loop {
            if line.get(at) == Some(&self.quote) {
                let (from, own_from) = (at + 1, self.own.len());
                let mut plain = from;
                let mut own = false;
                at = from;
                loop {
                    match line.get(at) {
                        None => {
                            return Err(Refusal {
                                code: "csv-quote",
                                reason: format!("field {} lacks its closing quote", fields.len() + 1),
                            });
                        }
                        Some(byte) if *byte == self.quote && line.get(at + 1) == Some(&self.quote) => {
                            self.own.extend_from_slice(&line[plain..=at]);
                            own = true;
                            at += 2;
                            plain = at;
                        }
                        Some(byte) if *byte == self.quote => break,
                        Some(_) => at += 1,
                    }
                }
                let field = if own {
                    self.own.extend_from_slice(&line[plain..at]);
                    Field { from: own_from, to: self.own.len(), quoted: true, own }
                } else {
                    Field { from, to: at, quoted: true, own }
                };
                fields.push(field);
                at += 1;
                if line.get(at).is_some_and(|byte| *byte != self.delimiter) {
                    return Err(Refusal { code: "csv-quote", reason: format!("field {} goes on after its closing quote", fields.len()) });
                }
            } else {
                let length = line[at..].iter().position(|byte| *byte == self.delimiter).unwrap_or(line.len() - at);
                fields.push(Field { from: at, to: at + length, quoted: false, own: false });
                at += length;
            }
            if at >= line.len() {
                return Ok(());
            }
            at += 1; // the delimiter
        }
    }

    /// False: the line is a header.
    fn read<'a>(&mut self, line: &'a [u8], fields: &mut Vec<Field>, cells: &mut [Cell<'a>]) -> Result<bool, Refusal> {
        if let Err(error) = std::str::from_utf8(line) {
            return Err(Refusal { code: "text-encoding", reason: format!("the line is not UTF-8 at byte {}", error.valid_up_to()) });
        }
        fields.clear();
        self.split(line, fields)?;
        if self.params.header && fields.len() == self.params.fields.len() {
            let names = fields.iter().zip(&self.params.fields);
            if names.into_iter().all(|(field, name)| slice(field, line, &self.own) == name.as_bytes()) {
                return Ok(false);
            }
        }
        if fields.len() != self.columns.len() {
            let reason = format!("the line has {} fields, not {}", fields.len(), self.columns.len());
            return Err(Refusal { code: "csv-fields", reason });
        }
        for (field, column) in fields.iter().zip(&self.columns) {
            let Some(column) = *column else { continue };
            let spec = &self.rows.specs[column];
            let value = slice(field, line, &self.own);
            let into = &mut cells[column];
            if !field.quoted && self.params.nulls.iter().any(|null| null.as_bytes() == value) {
                spec.null(into)?;
            } else if spec.meaning == Meaning::Bool {
                *into = Cell::Bool(truth(value).ok_or_else(|| spec.wrong_type(value))?);
            } else {
                let cell = if field.own { Cell::Own(field.from, field.to) } else { Cell::Text(&line[field.from..field.to]) };
                spec.text(value, cell, into)?;
            }
        }
        Ok(true)
    }
}

impl Kernel for DecodeCsv {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(Values::Bytes { offsets, data }) = batch.columns.first().map(|column| column.values) else {
            return Err(Fault::new("column-type", "payloads are bytes"));
        };
        let mut cells = vec![Cell::Null; self.rows.specs.len()];
        let mut fields = Vec::new();
        for row in 0..batch.rows {
            let line = trimmed(&data[offsets[row] as usize..offsets[row + 1] as usize]);
            self.own.clear();
            match self.read(line, &mut fields, &mut cells) {
                Ok(true) => self.rows.push(row, &cells, &self.own)?,
                Ok(false) => {}
                Err(refusal) => self.rejects.push(row, refusal.code, &refusal.reason)?,
            }
        }
        self.rows.flush(self.out, self.origin, batch.rows, output)?;
        self.rejects.flush(self.rejected, output)
    }
}

fn slice<'a>(field: &Field, line: &'a [u8], own: &'a [u8]) -> &'a [u8] {
    if field.own { &own[field.from..field.to] } else { &line[field.from..field.to] }
}

/// A line without the end of line that its source may have left on it, and without the byte order mark of a file.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}

fn truth(text: &[u8]) -> Option<bool> {
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    if is(b"true") || is(b"1") {
        return Some(true);
    }
    (is(b"false") || is(b"0")).then_some(false)
}
