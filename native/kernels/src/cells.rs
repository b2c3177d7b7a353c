use crate::config::{Config, Kind};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::instant::{NotInstant, instant_ns, write_instant};
use crate::number::{Number, says_not_finite};
use crate::output::{Bits, Cells, Output, Texts};
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// A column of a format: what its text means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Column name.
    pub name: String,
    /// Its name in the message.
    pub from: String,
    #[serde(rename = "type")]
    pub meaning: Meaning,
    pub nullable: bool,
    /// ns of one unit of a time written as a number.
    pub unit_ns: i64,
    /// Nobody said the unit: an integer that ns would put before 1973 is refused.
    #[serde(default)]
    pub unit_guessed: bool,
    /// A time without a zone is UTC.
    pub assume_utc: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Meaning {
    Float64,
    Int64,
    Int32,
    Bool,
    Utf8,
    Timestamp,
    Dictionary,
}

/// Least integer that is taken for ns unless the unit is given: 1973-03-03. Today's us, ms and s lie below it.
const LEAST_GUESSED_NS: i64 = 100_000_000_000_000_000;

/// Why a payload is refused.
#[derive(Debug)]
pub struct Refusal {
    pub code: &'static str,
    pub reason: String,
}

/// A value that fits its column.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    Null,
    F64(f64),
    I64(i64),
    I32(i32),
    Bool(bool),
    Text(&'a [u8]),
    /// A range of the row's own text buffer.
    Own(usize, usize),
}

impl Spec {
    #[cold]
    fn refuse(&self, code: &'static str, wanted: &str, found: &[u8]) -> Refusal {
        Refusal { code, reason: format!("column \"{}\" takes {wanted}, not {}", self.name, quoted(found)) }
    }

    /// An integer that is hardly ns, and the unit that it looks to be in.
    #[cold]
    fn too_early(&self, integer: i64) -> Refusal {
        let mut instant = Vec::new();
        write_instant(integer, &mut instant);
        let (plural, unit) = match integer {
            100_000_000_000_000.. => ("microseconds", "us"),
            100_000_000_000.. => ("milliseconds", "ms"),
            _ => ("seconds", "s"),
        };
        let instant = String::from_utf8_lossy(&instant);
        let reason = format!("column \"{}\": {integer} as ns is {instant}; if it is {plural}, say unit: {unit}, else unit: ns", self.name);
        Refusal { code: "value-range", reason }
    }

    /// What the column takes, for reasons.
    fn wanted(&self) -> &'static str {
        match self.meaning {
            Meaning::Float64 => "a finite number",
            Meaning::Int64 => "an integer of 64 bits",
            Meaning::Int32 => "an integer of 32 bits",
            Meaning::Bool => "true or false",
            Meaning::Utf8 | Meaning::Dictionary => "text",
            Meaning::Timestamp => "an instant between 1678 and 2262, with a zone or a unit",
        }
    }

    pub fn wrong_type(&self, found: &[u8]) -> Refusal {
        self.refuse("value-type", self.wanted(), found)
    }

    pub fn null(&self, into: &mut Cell) -> Result<(), Refusal> {
        if self.nullable {
            *into = Cell::Null;
            return Ok(());
        }
        Err(Refusal { code: "value-missing", reason: format!("column \"{}\" has no value", self.name) })
    }

    /// A number without quotes. Written in place: a `Cell` that is returned crosses memory in pieces, which costs more than the parsing.
    #[inline(always)]
    pub fn number(&self, number: Number, into: &mut Cell) -> Result<(), Refusal> {
        match self.meaning {
            Meaning::Float64 => {
                let value = number.f64();
                if !value.is_finite() {
                    return Err(self.refuse("value-overflow", self.wanted(), number.raw));
                }
                *into = Cell::F64(value);
            }
            Meaning::Int64 => *into = Cell::I64(self.integer(number)?),
            Meaning::Int32 => {
                let value = i32::try_from(self.integer(number)?);
                *into = Cell::I32(value.map_err(|_| self.refuse("value-overflow", self.wanted(), number.raw))?);
            }
            Meaning::Timestamp if !number.is_integer() => {
                let scaled = number.scaled(self.unit_ns);
                let code = |large| if large { "value-overflow" } else { "value-type" };
                *into = Cell::I64(scaled.map_err(|large| self.refuse(code(large), self.wanted(), number.raw))?);
            }
            Meaning::Timestamp => {
                let integer = self.integer(number)?;
                if self.unit_guessed && integer < LEAST_GUESSED_NS {
                    return Err(self.too_early(integer));
                }
                let value = integer.checked_mul(self.unit_ns);
                *into = Cell::I64(value.ok_or_else(|| self.refuse("value-overflow", self.wanted(), number.raw))?);
            }
            Meaning::Bool | Meaning::Utf8 | Meaning::Dictionary => return Err(self.wrong_type(number.raw)),
        }
        Ok(())
    }

    #[inline(always)]
    fn integer(&self, number: Number) -> Result<i64, Refusal> {
        let code = if number.is_integer() { "value-overflow" } else { "value-type" };
        number.i64().ok_or_else(|| self.refuse(code, self.wanted(), number.raw))
    }

    /// Text, or a number in quotes. `cell` is what stands for the text itself.
    #[inline]
    pub fn text<'a>(&self, text: &[u8], cell: Cell<'a>, into: &mut Cell<'a>) -> Result<(), Refusal> {
        match self.meaning {
            Meaning::Utf8 | Meaning::Dictionary => {
                *into = cell;
                Ok(())
            }
            Meaning::Bool => Err(self.wrong_type(text)),
            _ => match Number::whole(text) {
                Some(number) => self.number(number, into),
                None => self.other_text(text, into),
            },
        }
    }

    /// Text that is no number, where the column takes none.
    #[inline(never)]
    fn other_text(&self, text: &[u8], into: &mut Cell) -> Result<(), Refusal> {
        if self.meaning == Meaning::Timestamp {
            let instant = instant_ns(text, self.assume_utc).map_err(|why| match why {
                NotInstant::Range => self.refuse("value-overflow", self.wanted(), text),
                NotInstant::Form => self.wrong_type(text),
                NotInstant::Zone => self.refuse("value-type", "a time with a zone (or `zone: utc` in its schema)", text),
            });
            *into = Cell::I64(instant?);
            return Ok(());
        }
        let code = if self.meaning == Meaning::Float64 && says_not_finite(text) { "value-not-finite" } else { "value-type" };
        Err(self.refuse(code, self.wanted(), text))
    }
}

/// At most 80 bytes of a value, for a reason.
pub fn quoted(found: &[u8]) -> String {
    let text = String::from_utf8_lossy(found);
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

enum Builder {
    F64(Cells<f64>),
    I64(Cells<i64>),
    I32(Cells<i32>),
    Bool(Bits, Bits),
    Text(Texts),
    /// Codes, their words, and the same words in a table that is quicker to ask.
    Word(Cells<i32>, WordTable, FxHashMap<Box<[u8]>, i32>),
}

/// Rows being decoded, a column at a time, and the payload each came from.
pub struct Rows {
    pub specs: Vec<Spec>,
    builders: Vec<Builder>,
    origin: Vec<i32>,
}

impl Rows {
    /// Reads `params.columns` and holds it against the columns of port `out`.
    pub fn new(config: &Config, specs: Vec<Spec>) -> Result<Self, Fault> {
        let out = &config.outputs[config.output("out")?];
        if out.columns.len() != specs.len() {
            return Err(Fault::new("kernel-config", "port \"out\" has other columns than the schema"));
        }
        let mut builders = Vec::new();
        for (spec, column) in specs.iter().zip(&out.columns) {
            let (kind, builder) = match spec.meaning {
                Meaning::Float64 => (Kind::F64, Builder::F64(Cells::default())),
                Meaning::Int64 | Meaning::Timestamp => (Kind::I64, Builder::I64(Cells::default())),
                Meaning::Int32 => (Kind::I32, Builder::I32(Cells::default())),
                Meaning::Bool => (Kind::Bool, Builder::Bool(Bits::default(), Bits::default())),
                Meaning::Utf8 => (Kind::Bytes, Builder::Text(Texts::default())),
                Meaning::Dictionary => (Kind::Word, Builder::Word(Cells::default(), WordTable::default(), FxHashMap::default())),
            };
            if kind != column.kind || spec.name != column.name {
                return Err(Fault::new(
                    "kernel-config",
                    format!("column \"{}\" is {:?} on port \"out\", not {kind:?}", spec.name, column.kind),
                ));
            }
            builders.push(builder);
        }
        Ok(Self { specs, builders, origin: Vec::new() })
    }

    /// Appends one row of cells that fit; `own` is what `Cell::Own` points into.
    #[inline]
    pub fn push(&mut self, payload: usize, cells: &[Cell], own: &[u8]) -> Result<(), Fault> {
        self.origin.push(payload as i32);
        for (builder, cell) in self.builders.iter_mut().zip(cells) {
            let text = match cell {
                Cell::Text(text) => Some(*text),
                Cell::Own(from, to) => Some(&own[*from..*to]),
                _ => None,
            };
            match builder {
                Builder::F64(cells) => cells.push_option(if let Cell::F64(value) = cell { Some(*value) } else { None }),
                Builder::I64(cells) => cells.push_option(if let Cell::I64(value) = cell { Some(*value) } else { None }),
                Builder::I32(cells) => cells.push_option(if let Cell::I32(value) = cell { Some(*value) } else { None }),
                Builder::Bool(values, valid) => {
                    values.push(matches!(cell, Cell::Bool(true)));
                    valid.push(matches!(cell, Cell::Bool(_)));
                }
                Builder::Text(texts) => texts.push(text)?,
                Builder::Word(cells, table, known) => cells.push_option(text.map(|word| word_id(word, table, known))),
            }
        }
        Ok(())
    }

    /// Hands the rows to port `out`, and to port `origin` the payload of each where some payload of `payloads` gave none.
    pub fn flush(&mut self, out: usize, origin: usize, payloads: usize, output: &mut Output) -> Result<(), Fault> {
        let rows = self.origin.len();
        if rows == 0 {
            return Ok(());
        }
        let mut block = output.block(out, rows)?;
        for builder in &mut self.builders {
            match builder {
                Builder::F64(cells) => block.f64s(&cells.values, Some(&cells.valid))?,
                Builder::I64(cells) => block.i64s(&cells.values, Some(&cells.valid))?,
                Builder::I32(cells) => block.i32s(&cells.values, Some(&cells.valid))?,
                Builder::Bool(values, valid) => block.bools(values, Some(valid))?,
                Builder::Text(texts) => block.texts(texts)?,
                Builder::Word(cells, table, _) => {
                    table_of_null(table);
                    block.words(&cells.values, Some(&cells.valid), table)?;
                }
            }
        }
        block.end()?;
        if rows != payloads {
            let mut block = output.block(origin, rows)?;
            block.i32s(&self.origin, None)?;
            block.end()?;
        }
        self.clear();
        Ok(())
    }

    fn clear(&mut self) {
        self.origin.clear();
        for builder in &mut self.builders {
            match builder {
                Builder::F64(cells) => cells.clear(),
                Builder::I64(cells) => cells.clear(),
                Builder::I32(cells) => cells.clear(),
                Builder::Bool(values, valid) => {
                    values.clear();
                    valid.clear();
                }
                Builder::Text(texts) => texts.clear(),
                Builder::Word(cells, ..) => cells.clear(),
            }
        }
    }
}

#[inline]
fn word_id(word: &[u8], table: &mut WordTable, known: &mut FxHashMap<Box<[u8]>, i32>) -> i32 {
    if let Some(id) = known.get(word) {
        return *id;
    }
    let id = table.id(word) as i32;
    known.insert(word.into(), id);
    id
}

/// Codes of null rows point somewhere too.
fn table_of_null(table: &mut WordTable) {
    if table.is_empty() {
        table.id(b"");
    }
}
