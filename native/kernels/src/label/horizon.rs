use crate::column::{Batch, Values};
use crate::duration::duration_ns;
use crate::fault::Fault;

/// Which predictions look as far ahead as the label, by their column `horizon`; those that do not say (null) do.
pub struct Asked {
    pub column: usize,
    horizon_ns: i64,
    /// What the codes of a dictionary say, as far as they were met in this batch.
    codes: Vec<Option<bool>>,
}

impl Asked {
    pub fn new(column: usize, horizon_ns: i64) -> Self {
        Self { column, horizon_ns, codes: Vec::new() }
    }

    /// To be called once a batch, before `is_other`.
    pub fn follow(&mut self, batch: &Batch) {
        self.codes.clear();
        if let Values::Word { dictionary, .. } = batch.columns[self.column].values {
            self.codes.resize(dictionary.len(), None);
        }
    }

    /// Whether a row is a prediction of another horizon.
    pub fn is_other(&mut self, batch: &Batch, row: usize) -> Result<bool, Fault> {
        let column = &batch.columns[self.column];
        if !column.is_valid(row) {
            return Ok(false);
        }
        let Values::Word { codes, dictionary } = column.values else {
            return Ok(duration_ns(column.bytes(row)?) != Some(self.horizon_ns));
        };
        let code = codes[row];
        if let Some(Some(known)) = self.codes.get(code as usize) {
            return Ok(*known);
        }
        let other = duration_ns(dictionary.get(code)?) != Some(self.horizon_ns);
        self.codes[code as usize] = Some(other);
        Ok(other)
    }
}
