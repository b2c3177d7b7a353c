use crate::column::{Batch, Column, Values, bit};
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::Output;

/// Rows laid out at a time: what is written stays in the cache while every column is gone through.
const TILE: usize = 256;

/// Columns of numbers as float32 by row, as tensors have them: port `matrix` with one Int32 column of `rows x columns` float32 bit patterns,
/// port `missing` with how many values of each row are null or NaN. What is missing is NaN in the matrix.
pub struct FloatRows {
    matrix: usize,
    missing: usize,
    counts: Vec<i32>,
}

impl FloatRows {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        Ok(Self { matrix: config.output("matrix")?, missing: config.output("missing")?, counts: Vec::new() })
    }
}

impl Kernel for FloatRows {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let width = batch.columns.len();
        self.counts.clear();
        self.counts.resize(batch.rows, 0);
        let counts = &mut self.counts;
        let mut block = output.block(self.matrix, batch.rows * width)?;
        block.i32s_in_place(|matrix| {
            for from in (0..batch.rows).step_by(TILE) {
                let to = batch.rows.min(from + TILE);
                let tile = &mut matrix[from * width..to * width];
                for (at, column) in batch.columns.iter().enumerate() {
                    lay(column, from..to, &mut tile[at..], width, &mut counts[from..to])?;
                }
            }
            Ok(())
        })?;
        block.end()?;
        let mut block = output.block(self.missing, batch.rows)?;
        block.i32s(&self.counts, None)?;
        block.end()
    }
}

/// Rows of one column into every `width`th cell.
fn lay(column: &Column, rows: std::ops::Range<usize>, cells: &mut [i32], width: usize, missing: &mut [i32]) -> Result<(), Fault> {
    let start = rows.start;
    match column.values {
        Values::F64(values) => each(cells, width, missing, values[rows].iter().map(|value| *value as f32)),
        Values::I64(values) => each(cells, width, missing, values[rows].iter().map(|value| *value as f32)),
        Values::I32(values) => each(cells, width, missing, values[rows].iter().map(|value| *value as f32)),
        Values::Bool(bits) => each(cells, width, missing, rows.map(|row| f32::from(u8::from(bit(bits, row))))),
        Values::Bytes { .. } | Values::Word { .. } => return Err(Fault::new("column-type", "a feature is no number")),
    }
    if let Some(valid) = column.valid {
        for (i, missing) in missing.iter_mut().enumerate() {
            if !bit(valid, start + i) {
                let cell = &mut cells[i * width];
                *missing += i32::from(!f32::from_bits(*cell as u32).is_nan());
                *cell = f32::NAN.to_bits() as i32;
            }
        }
    }
    Ok(())
}

fn each(cells: &mut [i32], width: usize, missing: &mut [i32], values: impl Iterator<Item = f32>) {
    for ((cell, missing), value) in cells.iter_mut().step_by(width).zip(missing).zip(values) {
        *cell = value.to_bits() as i32;
        *missing += i32::from(value.is_nan());
    }
}
