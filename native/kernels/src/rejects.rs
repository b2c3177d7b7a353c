use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::{Output, Texts};

/// Rows of the pushed batch that a kernel refuses: columns `row`, `code`, `reason` of a port with `carry: rejected`.
#[derive(Debug, Default)]
pub struct Rejects {
    rows: Vec<i32>,
    codes: Vec<i32>,
    reasons: Texts,
    table: WordTable,
}

impl Rejects {
    pub fn push(&mut self, row: usize, code: &str, reason: &str) -> Result<(), Fault> {
        self.rows.push(row as i32);
        self.codes.push(self.table.id(code.as_bytes()) as i32);
        self.reasons.push(Some(reason.as_bytes()))
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Hands the rows to the port, if there are any, and forgets them.
    pub fn flush(&mut self, port: usize, output: &mut Output) -> Result<(), Fault> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut block = output.block(port, self.rows.len())?;
        block.i32s(&self.rows, None)?;
        block.words(&self.codes, None, &self.table)?;
        block.texts(&self.reasons)?;
        block.end()?;
        self.rows.clear();
        self.codes.clear();
        self.reasons.clear();
        Ok(())
    }
}
