use crate::column::{Batch, Column, Values};
use crate::config::{Config, Kind, Port};
use crate::dictionary::Dictionary;
use crate::fault::Fault;
use crate::kernel::{Kernel, MergedPart};
use crate::output::Output;
use crate::snapshot::{Writer, read_all, seal, unseal};

/// One column as it crossed: lengths and types not yet checked.
#[derive(Clone, Copy)]
pub struct RawColumn<'a> {
    pub values: RawValues<'a>,
    pub offsets: Option<&'a [i32]>,
    pub valid: Option<&'a [u8]>,
}

#[derive(Clone, Copy)]
pub enum RawValues<'a> {
    F64(&'a [f64]),
    I64(&'a [i64]),
    I32(&'a [i32]),
    U8(&'a [u8]),
}

/// A batch of one input port.
pub struct Part<'a> {
    pub port: usize,
    pub rows: usize,
    pub columns: Vec<RawColumn<'a>>,
}

/// A kernel behind checks: what reaches it has the lengths and types of its configuration, and after a fault or panic it is dead.
pub struct Host {
    name: String,
    config: Config,
    kernel: Box<dyn Kernel>,
    dictionaries: Vec<Vec<Dictionary>>,
    output: Output,
    dead: bool,
}

impl Host {
    pub fn new(name: &str, config: &str) -> Result<Self, Fault> {
        let config = Config::from_json(config)?;
        let kernel = crate::create(name, &config)?;
        let dictionaries = config.inputs.iter().map(|port| port.columns.iter().map(|_| Dictionary::default()).collect()).collect();
        let output = Output::new(&config.outputs);
        Ok(Self { name: name.into(), config, kernel, dictionaries, output, dead: false })
    }

    /// Columns that a push on that input port brings.
    pub fn columns(&self, port: usize) -> Result<usize, Fault> {
        Ok(input(&self.config, port)?.columns.len())
    }

    pub fn dictionary(&mut self, port: usize, column: usize, offsets: &[i32], data: &[u8]) -> Result<(), Fault> {
        let dictionary = self.dictionaries.get_mut(port).and_then(|columns| columns.get_mut(column));
        dictionary
            .ok_or_else(|| Fault::new("column-unknown", format!("there is no input column {column} on port {port}")))?
            .replace(offsets, data)
    }

    pub fn push(&mut self, port: usize, rows: usize, raw: &[RawColumn], floor_ns: i64) -> Result<Option<Vec<u64>>, Fault> {
        self.enter()?;
        let columns = columns(&self.config, &self.dictionaries, port, rows, raw)?;
        self.output.of_input(Some(port));
        self.kernel.push(port, &Batch { rows, columns: &columns }, floor_ns, &mut self.output)?;
        self.leave()
    }

    /// Takes batches of several ports in the order of `runs`: pairs of a part and how many of its next rows follow. The same as pushing
    /// each run as a batch of its own, but what the runs write leaves together.
    pub fn push_merged(&mut self, parts: &[Part], runs: &[i32], floor_ns: i64) -> Result<Option<Vec<u64>>, Fault> {
        self.enter()?;
        let mut merged = Vec::with_capacity(parts.len());
        let mut laid = Vec::with_capacity(parts.len());
        for part in parts {
            laid.push(columns(&self.config, &self.dictionaries, part.port, part.rows, &part.columns)?);
        }
        for (part, columns) in parts.iter().zip(&laid) {
            merged.push(MergedPart { port: part.port, batch: Batch { rows: part.rows, columns } });
        }
        let runs = checked_runs(parts, runs)?;
        if !self.kernel.push_merged(&merged, &runs, floor_ns, &mut self.output)? {
            let mut next = vec![0_usize; parts.len()];
            let mut slice = Slice::default();
            for (at, count) in runs {
                let (port, from) = (parts[at].port, next[at]);
                next[at] += count;
                let mark = self.output.mark();
                self.output.of_input(Some(port));
                let columns = slice.of(&laid[at], from, count);
                self.kernel.push(port, &Batch { rows: count, columns: &columns }, floor_ns, &mut self.output)?;
                self.output.shift_rows(mark, from)?;
            }
        }
        self.output.join()?;
        self.leave()
    }

    pub fn advance(&mut self, watermark_ns: i64, clock_ns: i64) -> Result<Option<Vec<u64>>, Fault> {
        self.enter()?;
        self.output.of_input(None);
        self.kernel.advance(watermark_ns, clock_ns, &mut self.output)?;
        self.leave()
    }

    pub fn next_timer(&mut self) -> Result<Option<i64>, Fault> {
        self.enter()?;
        let timer = self.kernel.next_timer();
        self.dead = false;
        Ok(timer)
    }

    pub fn snapshot(&mut self) -> Result<Vec<Vec<u8>>, Fault> {
        self.enter()?;
        let mut state = Writer::default();
        let any = self.kernel.snapshot(&mut state)?;
        self.dead = false;
        Ok(if any { seal(&self.name, self.kernel.snapshot_version(), state) } else { Vec::new() })
    }

    pub fn restore(&mut self, chunks: &[&[u8]]) -> Result<(), Fault> {
        self.enter()?;
        if !chunks.is_empty() {
            let state = unseal(&self.name, self.kernel.snapshot_version(), chunks)?;
            read_all(&state, |reader| self.kernel.restore(reader))?;
        }
        self.dead = false;
        Ok(())
    }

    /// Dead until the call has come to its end: whatever leaves early leaves the kernel dead.
    fn enter(&mut self) -> Result<(), Fault> {
        if std::mem::replace(&mut self.dead, true) {
            return Err(Fault::new("kernel-dead", format!("kernel {} failed before; restore its last snapshot into a new one", self.name)));
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<Option<Vec<u64>>, Fault> {
        let buffer = self.output.take()?;
        self.dead = false;
        Ok(buffer)
    }
}

/// Runs as indices and counts, which are to use up the rows of every part.
fn checked_runs(parts: &[Part], runs: &[i32]) -> Result<Vec<(usize, usize)>, Fault> {
    let wrong = || Fault::new("runs", "the runs of a merged push are not those of its parts");
    let mut left: Vec<usize> = parts.iter().map(|part| part.rows).collect();
    let mut checked = Vec::with_capacity(runs.len() / 2);
    for run in runs.chunks(2) {
        let [at, count] = *run else { return Err(wrong()) };
        let (at, count) = (usize::try_from(at).map_err(|_| wrong())?, usize::try_from(count).map_err(|_| wrong())?);
        let rest = left.get_mut(at).ok_or_else(wrong)?;
        *rest = rest.checked_sub(count).ok_or_else(wrong)?;
        checked.push((at, count));
    }
    if left.iter().any(|rest| *rest != 0) { Err(wrong()) } else { Ok(checked) }
}

/// The columns of a batch, checked.
fn columns<'a>(
    config: &Config,
    dictionaries: &'a [Vec<Dictionary>],
    port: usize,
    rows: usize,
    raw: &[RawColumn<'a>],
) -> Result<Vec<Column<'a>>, Fault> {
    let spec = input(config, port)?;
    if raw.len() != spec.columns.len() {
        let message = format!("port \"{}\" takes {} columns, not {}", spec.name, spec.columns.len(), raw.len());
        return Err(Fault::new("column-count", message));
    }
    let mut columns = Vec::with_capacity(raw.len());
    for ((raw, spec), dictionary) in raw.iter().zip(&spec.columns).zip(&dictionaries[port]) {
        columns.push(checked(raw, spec.kind, rows, dictionary).map_err(|problem| {
            Fault::new("column-shape", format!("column \"{}\" {problem}", spec.name)) //
        })?);
    }
    Ok(columns)
}

/// Rows of a batch as a batch: a view, but for bitmaps that do not begin at a byte.
#[derive(Default)]
struct Slice {
    bits: Vec<u8>,
}

impl Slice {
    fn of<'a>(&'a mut self, columns: &[Column<'a>], from: usize, rows: usize) -> Vec<Column<'a>> {
        self.bits.clear();
        for column in columns {
            for bits in [column.valid, bools(column)].into_iter().flatten() {
                shifted(bits, from, rows, &mut self.bits);
            }
        }
        let (to, bytes) = (from + rows, rows.div_ceil(8));
        let mut at = 0;
        let mut next = || {
            at += bytes;
            &self.bits[at - bytes..at]
        };
        let cut = |column: &Column<'a>| {
            let valid = column.valid.map(|_| next());
            let values = match column.values {
                Values::F64(values) => Values::F64(&values[from..to]),
                Values::I64(values) => Values::I64(&values[from..to]),
                Values::I32(values) => Values::I32(&values[from..to]),
                Values::Bool(_) => Values::Bool(next()),
                Values::Bytes { offsets, data } => Values::Bytes { offsets: &offsets[from..=to], data },
                Values::Word { codes, dictionary } => Values::Word { codes: &codes[from..to], dictionary },
            };
            Column { values, valid }
        };
        columns.iter().map(cut).collect()
    }
}

fn bools<'a>(column: &Column<'a>) -> Option<&'a [u8]> {
    if let Values::Bool(bits) = column.values { Some(bits) } else { None }
}

/// Bits [from, from + rows) of a bitmap, from the first bit of a byte on.
fn shifted(bits: &[u8], from: usize, rows: usize, into: &mut Vec<u8>) {
    let (byte, bit) = (from >> 3, from & 7);
    for i in 0..rows.div_ceil(8) {
        let low = bits[byte + i] >> bit;
        let high = if bit == 0 { 0 } else { bits.get(byte + i + 1).map_or(0, |next| next << (8 - bit)) };
        into.push(low | high);
    }
}

fn input(config: &Config, port: usize) -> Result<&Port, Fault> {
    config.inputs.get(port).ok_or_else(|| Fault::new("port-unknown", format!("there is no input port {port}")))
}

fn checked<'a>(raw: &RawColumn<'a>, kind: Kind, rows: usize, dictionary: &'a Dictionary) -> Result<Column<'a>, &'static str> {
    const SHORT: &str = "has fewer values than the batch has rows";
    let bitmap = rows.div_ceil(8);
    let values = match (kind, raw.values) {
        (Kind::F64, RawValues::F64(values)) => Values::F64(values.get(..rows).ok_or(SHORT)?),
        (Kind::I64, RawValues::I64(values)) => Values::I64(values.get(..rows).ok_or(SHORT)?),
        (Kind::I32, RawValues::I32(values)) => Values::I32(values.get(..rows).ok_or(SHORT)?),
        (Kind::Word, RawValues::I32(codes)) => Values::Word { codes: codes.get(..rows).ok_or(SHORT)?, dictionary },
        (Kind::Bool, RawValues::U8(bits)) => Values::Bool(bits.get(..bitmap).ok_or(SHORT)?),
        (Kind::Bytes, RawValues::U8(data)) => {
            let offsets = raw.offsets.and_then(|offsets| offsets.get(..rows + 1)).ok_or("has fewer offsets than the batch has rows")?;
            let inside = offsets[0] >= 0 && offsets.windows(2).all(|pair| pair[0] <= pair[1]) && offsets[rows] as usize <= data.len();
            if !inside {
                return Err("has offsets that do not ascend inside its bytes");
            }
            Values::Bytes { offsets, data }
        }
        _ => return Err("crossed as an array of another type"),
    };
    let valid = raw.valid.map(|bits| bits.get(..bitmap).ok_or("has a validity bitmap that is too short")).transpose()?;
    Ok(Column { values, valid })
}
