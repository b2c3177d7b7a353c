use crate::cells::{Cell, Meaning, Refusal, Rows, Spec};
use crate::column::{Batch, Values};
use crate::config::Config;
use crate::fault::Fault;
use crate::json::{Bad, Literal, MAX_DEPTH, Scanner, Text, Token, unescape};
use crate::kernel::Kernel;
use crate::output::Output;
use crate::rejects::Rejects;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    columns: Vec<Spec>,
}

/// One JSON object a payload into columns. Ports: `out`, `origin` (payload of each row, where one gave none), `rejected`.
///
/// Keys that no column asks for are checked and skipped. A key that a column asks for stands once. Stateless but for its dictionaries.
pub struct DecodeJson {
    rows: Rows,
    rejects: Rejects,
    keys: Keys,
    out: usize,
    origin: usize,
    rejected: usize,
    own: Vec<u8>,
}

impl DecodeJson {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        Ok(Self {
            keys: Keys::new(&params.columns),
            rows: Rows::new(config, params.columns)?,
            rejects: Rejects::default(),
            out: config.output("out")?,
            origin: config.output("origin")?,
            rejected: config.output("rejected")?,
            own: Vec::new(),
        })
    }
}

impl Kernel for DecodeJson {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(Values::Bytes { offsets, data }) = batch.columns.first().map(|column| column.values) else {
            return Err(Fault::new("column-type", "payloads are bytes"));
        };
        let mut cells = vec![Cell::Null; self.rows.specs.len()];
        for row in 0..batch.rows {
            let payload = &data[offsets[row] as usize..offsets[row + 1] as usize];
            self.own.clear();
            match read(payload, &self.rows.specs, &mut self.keys, &mut self.own, &mut cells) {
                Ok(()) => self.rows.push(row, &cells, &self.own)?,
                Err(refusal) => self.rejects.push(row, refusal.code, &refusal.reason)?,
            }
        }
        self.rows.flush(self.out, self.origin, batch.rows, output)?;
        self.rejects.flush(self.rejected, output)
    }
}

fn read<'a>(payload: &'a [u8], specs: &[Spec], keys: &mut Keys, own: &mut Vec<u8>, cells: &mut [Cell<'a>]) -> Result<(), Refusal> {
    if !payload.is_ascii()
        && let Err(error) = std::str::from_utf8(payload)
    {
        let reason = format!("the payload is not UTF-8 at byte {}", error.valid_up_to());
        return Err(Refusal { code: "text-encoding", reason });
    }
    keys.row += 1;
    let mut scanner = Scanner::new(payload);
    if !matches!(scanner.value().map_err(not_json)?, Token::Object) {
        return Err(Refusal { code: "json-syntax", reason: "the payload is not a JSON object".into() });
    }
    let mut member = 0;
    while scanner.member(member == 0).map_err(not_json)? {
        let column = match keys.expected.get(member) {
            Some((name, column)) if scanner.take(name) => *column,
            _ => {
                let name = scanner.name().map_err(not_json)?;
                keys.find(member, name)
            }
        };
        let token = scanner.value().map_err(not_json)?;
        if let Some(column) = column {
            if std::mem::replace(&mut keys.seen[column], keys.row) == keys.row {
                let reason = format!("key \"{}\" stands twice", specs[column].from);
                return Err(Refusal { code: "json-duplicate-key", reason });
            }
            cell(&specs[column], token, own, &mut cells[column])?;
        }
        if matches!(token, Token::Object | Token::Array) {
            scanner.skip(token).map_err(not_json)?;
        }
        member += 1;
    }
    scanner.end().map_err(not_json)?;
    for (column, spec) in specs.iter().enumerate() {
        if keys.seen[column] != keys.row {
            spec.null(&mut cells[column])?;
        }
    }
    Ok(())
}

#[inline(always)]
fn cell<'a>(spec: &Spec, token: Token<'a>, own: &mut Vec<u8>, into: &mut Cell<'a>) -> Result<(), Refusal> {
    match token {
        Token::Number(number) => return spec.number(number, into),
        Token::Text(Text { raw, escaped: false }) => return spec.text(raw, Cell::Text(raw), into),
        Token::Text(Text { raw, .. }) => {
            let from = own.len();
            unescape(raw, own);
            return spec.text(&own[from..], Cell::Own(from, own.len()), into);
        }
        Token::Bool(value) if spec.meaning == Meaning::Bool => *into = Cell::Bool(value),
        Token::Bool(value) => return Err(spec.wrong_type(if value { b"true" } else { b"false" })),
        Token::Null => return spec.null(into),
        Token::Object => return Err(spec.wrong_type(b"{")),
        Token::Array => return Err(spec.wrong_type(b"[")),
    }
    Ok(())
}

fn not_json(bad: Bad) -> Refusal {
    match bad {
        Bad::Syntax(at) => Refusal { code: "json-syntax", reason: format!("the payload is not JSON at byte {at}") },
        Bad::Deep(_) => Refusal { code: "json-depth", reason: format!("the payload is nested deeper than {MAX_DEPTH}") },
    }
}

/// Finds the column of a key. Messages of one feed have their keys in one order, so the n-th key is compared with the n-th before.
struct Keys {
    names: Vec<Vec<u8>>,
    /// `"name":` as the n-th member had it last.
    expected: Vec<(Literal, Option<usize>)>,
    /// Row in which each column was met last; rows count from 1.
    seen: Vec<u64>,
    row: u64,
}

/// Members whose keys are remembered, and the longest key that is.
const REMEMBERED: (usize, usize) = (64, 64);

impl Keys {
    fn new(specs: &[Spec]) -> Self {
        let names = specs.iter().map(|spec| spec.from.as_bytes().to_vec()).collect();
        Self { names, expected: Vec::new(), seen: vec![0; specs.len()], row: 0 }
    }

    #[cold]
    fn find(&mut self, member: usize, key: Text) -> Option<usize> {
        let mut plain = Vec::new();
        unescape(key.raw, &mut plain);
        let column = self.names.iter().position(|name| *name == plain);
        if key.raw.len() <= REMEMBERED.1 {
            let entry = (Literal::new([b"\"", key.raw, b"\":"].concat()), column);
            let known = self.expected.len();
            if member < known {
                self.expected[member] = entry;
            } else if member == known && member < REMEMBERED.0 {
                self.expected.push(entry);
            }
        }
        column
    }
}
