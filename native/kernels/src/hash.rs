use crate::column::{Batch, Column, Values, bit};
use crate::config::{Config, Kind};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::{Output, Texts};
use bytemuck::cast_slice;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Logical hash of all rows pushed so far: of values, not of bytes. Strings count by their content, whether they are text or
/// dictionary codes; null, -0 and NaN have one form each; neither the cut into batches nor the dictionaries matter.
///
/// `advance` hands out the digest, 32 hexadecimal digits, without ending the stream. Source of the hash: XXH3, Y. Collet.
pub struct Hash {
    columns: Vec<ColumnHash>,
    rows: u64,
}

struct ColumnHash {
    name: String,
    kind: Kind,
    /// 8 bytes a row: the value, 0 for null; for strings their own 64-bit hash.
    values: Xxh3,
    /// Row numbers of nulls.
    nulls: Xxh3,
    /// Hashes of the strings of a dictionary, as they are met; 0 is not met.
    words: Vec<u64>,
    generation: u64,
    scratch: Vec<u64>,
}

impl Hash {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let columns = &config.inputs[config.input("in")?].columns;
        let columns = columns.iter().map(|column| ColumnHash {
            name: column.name.clone(),
            kind: column.kind,
            values: Xxh3::new(),
            nulls: Xxh3::new(),
            words: Vec::new(),
            generation: 0,
            scratch: Vec::new(),
        });
        Ok(Self { columns: columns.collect(), rows: 0 })
    }

    fn digest(&self) -> u128 {
        let mut whole = Xxh3::new();
        whole.update(&self.rows.to_le_bytes());
        for column in &self.columns {
            let kind = if column.kind == Kind::Word { Kind::Bytes } else { column.kind };
            whole.update(&(column.name.len() as u64).to_le_bytes());
            whole.update(column.name.as_bytes());
            whole.update(&[kind as u8]);
            whole.update(&column.values.digest128().to_le_bytes());
            whole.update(&column.nulls.digest128().to_le_bytes());
        }
        whole.digest128()
    }
}

fn canonical(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { (value + 0.0).to_bits() }
}

impl ColumnHash {
    fn update(&mut self, column: &Column, rows: usize, before: u64) -> Result<(), Fault> {
        if let (Values::I64(values), None) = (column.values, column.valid) {
            self.values.update(cast_slice(values));
            return Ok(());
        }
        self.scratch.clear();
        match column.values {
            Values::F64(values) => self.scratch.extend(values.iter().map(|value| canonical(*value))),
            Values::I64(values) => self.scratch.extend_from_slice(cast_slice(values)),
            Values::I32(values) => self.scratch.extend(values.iter().map(|value| i64::from(*value) as u64)),
            Values::Bool(bits) => self.scratch.extend((0..rows).map(|row| u64::from(bit(bits, row)))),
            Values::Bytes { .. } => {
                for row in 0..rows {
                    self.scratch.push(xxh3_64(column.bytes(row)?));
                }
            }
            Values::Word { codes, dictionary } => {
                if self.generation != dictionary.generation() {
                    self.generation = dictionary.generation();
                    self.words.clear();
                }
                self.words.resize(dictionary.len(), 0);
                for (row, code) in codes.iter().enumerate() {
                    let known = self.words.get(*code as usize).copied().unwrap_or(0);
                    self.scratch.push(if known != 0 || !column.is_valid(row) {
                        known
                    } else {
                        let hash = xxh3_64(dictionary.get(*code)?);
                        self.words[*code as usize] = hash;
                        hash
                    });
                }
            }
        }
        if column.valid.is_some() {
            for row in (0..rows).filter(|row| !column.is_valid(*row)) {
                self.scratch[row] = 0;
                self.nulls.update(&(before + row as u64).to_le_bytes());
            }
        }
        self.values.update(cast_slice(&self.scratch));
        Ok(())
    }
}

impl Kernel for Hash {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, _output: &mut Output) -> Result<(), Fault> {
        for (hash, column) in self.columns.iter_mut().zip(batch.columns) {
            hash.update(column, batch.rows, self.rows)?;
        }
        self.rows += batch.rows as u64;
        Ok(())
    }

    fn advance(&mut self, _watermark_ns: i64, _clock_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let mut digest = Texts::default();
        digest.push(Some(format!("{:032x}", self.digest()).as_bytes()))?;
        let mut block = output.block(0, 1)?;
        block.texts(&digest)?;
        block.end()
    }

    fn snapshot(&self, _into: &mut crate::snapshot::Writer) -> Result<bool, Fault> {
        Err(Fault::new("snapshot-unsupported", "a hash in progress cannot be saved"))
    }
}
