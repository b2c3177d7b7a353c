use crate::column::{Batch, Values};
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::number::Number;
use crate::output::{Output, Texts};
use crate::rejects::Rejects;

/// `<receive ns> <payload>` a line into `ts_recv` and `payload`. Ports as `DecodeJson`.
pub struct DecodeCapture {
    stamps: Vec<i64>,
    payloads: Texts,
    lines: Vec<i32>,
    rejects: Rejects,
    out: usize,
    origin: usize,
    rejected: usize,
}

impl DecodeCapture {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        Ok(Self {
            stamps: Vec::new(),
            payloads: Texts::default(),
            lines: Vec::new(),
            rejects: Rejects::default(),
            out: config.output("out")?,
            origin: config.output("origin")?,
            rejected: config.output("rejected")?,
        })
    }
}

impl Kernel for DecodeCapture {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(Values::Bytes { offsets, data }) = batch.columns.first().map(|column| column.values) else {
            return Err(Fault::new("column-type", "payloads are bytes"));
        };
        for row in 0..batch.rows {
            let line = &data[offsets[row] as usize..offsets[row + 1] as usize];
            match split(line) {
                Ok((stamp, payload)) => {
                    self.stamps.push(stamp);
                    self.payloads.push(Some(payload))?;
                    self.lines.push(row as i32);
                }
                Err((code, reason)) => self.rejects.push(row, code, reason)?,
            }
        }
        if !self.stamps.is_empty() {
            let mut block = output.block(self.out, self.stamps.len())?;
            block.i64s(&self.stamps, None)?;
            block.texts(&self.payloads)?;
            block.end()?;
            if self.lines.len() != batch.rows {
                let mut block = output.block(self.origin, self.lines.len())?;
                block.i32s(&self.lines, None)?;
                block.end()?;
            }
            self.stamps.clear();
            self.payloads.clear();
            self.lines.clear();
        }
        self.rejects.flush(self.rejected, output)
    }
}

fn split(line: &[u8]) -> Result<(i64, &[u8]), (&'static str, &'static str)> {
    if !line.is_ascii() && std::str::from_utf8(line).is_err() {
        return Err(("text-encoding", "the line is not UTF-8"));
    }
    let number = Number::front(line).filter(|number| line.get(number.raw.len()) == Some(&b' '));
    let number = number.ok_or(("capture-stamp", "the line does not begin with its receive time in ns and a space"))?;
    let stamp = number.i64().ok_or(("capture-stamp", "the receive time is not an integer of 64 bits"))?;
    let payload = &line[number.raw.len() + 1..];
    let payload = payload.strip_suffix(b"\n").unwrap_or(payload);
    let payload = payload.strip_suffix(b"\r").unwrap_or(payload);
    if payload.is_empty() { Err(("capture-empty", "there is nothing after the receive time")) } else { Ok((stamp, payload)) }
}
