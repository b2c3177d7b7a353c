//! The last row of the right side at or before each row of the left. The rules are those of `operators/as_of/README.md`.

mod expiry;
mod held;
mod keys;
mod params;
mod place;

use crate::column::Batch;
use crate::config::{Config, Kind};
use crate::fault::Fault;
use crate::kernel::{Kernel, MergedPart};
use crate::output::{Cells, Output};
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer, corrupt};
use expiry::Expiry;
use held::Held;
use keys::Keys;
use params::Params;
use place::{HELD, NONE, Place};
use std::ops::Range;

struct Ports {
    left: usize,
    right: usize,
    out: usize,
    unmatched: usize,
    rejected: usize,
}

/// What becomes of a left row.
enum Found {
    Row(Place),
    Nothing,
    /// The right side is ahead: what was its last row then is forgotten.
    Behind,
}

pub struct AsOf {
    params: Params,
    ports: Ports,
    /// Index of `ts_event` by port.
    left_ts: usize,
    right_ts: usize,
    by_right: Vec<usize>,
    keys: Keys,
    /// By key, its last right row.
    last: Vec<Place>,
    /// By key, the last of an earlier time, where that is needed: apart, so that more of the others is near.
    before: Vec<Place>,
    held: Held,
    expiry: Expiry,
    /// Greatest time that a row, or the floor it came with, has told.
    now_ns: i64,
    /// Keys whose rows of the right batch are not held yet.
    touched: Vec<u32>,
    taken: Vec<i32>,
    picks: Vec<u32>,
    staleness: Cells<i64>,
    unmatched: Vec<i32>,
    rejects: Rejects,
}

const LEFT: usize = 0;
const RIGHT: usize = 1;

impl AsOf {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let ports = Ports {
            left: config.input("left")?,
            right: config.input("right")?,
            out: config.output("out")?,
            unmatched: config.output("unmatched")?,
            rejected: config.output("rejected")?,
        };
        let (left, right) = (&config.inputs[ports.left], &config.inputs[ports.right]);
        if params.max_keys == 0 || params.max_keys >= HELD / 2 {
            return Err(Fault::new("kernel-config", "a number of keys is at least 1 and below 2^30"));
        }
        let keys = Keys::new([left, right], &params.by)?;
        Ok(Self {
            left_ts: left.column("ts_event", Kind::I64)?,
            right_ts: right.column("ts_event", Kind::I64)?,
            by_right: keys.columns(RIGHT).to_vec(),
            held: Held::new(right, &params.columns)?,
            keys,
            last: Vec::new(),
            before: Vec::new(),
            expiry: Expiry::default(),
            now_ns: i64::MIN,
            touched: Vec::new(),
            taken: Vec::new(),
            picks: Vec::new(),
            staleness: Cells::default(),
            unmatched: Vec::new(),
            rejects: Rejects::default(),
            ports,
            params,
        })
    }

    /// Whether a row of the right side is too old at a time.
    fn expired(&self, ts: i64, now_ns: i64) -> bool {
        self.params.tolerance.is_some_and(|tolerance| i128::from(now_ns) - i128::from(ts) > i128::from(tolerance))
    }

    /// Forgets keys whose last row is too old at a time.
    fn forget(&mut self, now_ns: i64) {
        let Some(tolerance) = self.params.tolerance else { return };
        let oldest = now_ns.saturating_sub(tolerance);
        let (last, before, keys) = (&mut self.last, &mut self.before, &mut self.keys);
        self.expiry.due(oldest, |slot| {
            let place = &mut last[slot as usize];
            if place.ts >= oldest {
                return Some(place.ts);
            }
            *place = Place::NOWHERE;
            if let Some(place) = before.get_mut(slot as usize) {
                *place = Place::NOWHERE;
            }
            keys.release(slot);
            None
        });
        self.keys.settle();
    }

    fn take_right(&mut self, batch: &Batch, rows: Range<usize>, floor_ns: i64) -> Result<(), Fault> {
        let ts = &batch.columns[self.right_ts];
        let times = ts.i64s()?;
        for row in rows {
            if !ts.is_valid(row) {
                self.rejects.push(row, "ts-missing", "ts_event is null")?;
                continue;
            }
            if let Some(at) = self.by_right.iter().position(|column| !batch.columns[*column].is_valid(row)) {
                self.rejects.push(row, "key-missing", &format!("{} is null", self.params.by[at]))?;
                continue;
            }
            let time = times[row];
            self.now_ns = self.now_ns.max(time).max(floor_ns);
            let mut slot = self.keys.find(RIGHT, batch, row)?;
            if slot.is_some_and(|slot| self.expired(self.last[slot as usize].ts, self.now_ns)) {
                self.forget(self.now_ns); // as if the watermark had been told by now: what is forgotten does not hang on epochs
                slot = self.keys.find(RIGHT, batch, row)?; // no more
            }
            match slot {
                None => self.first(row, time)?,
                Some(slot) => self.update(slot, row, time),
            }
        }
        Ok(())
    }

    /// A row of a key that has none.
    fn first(&mut self, row: usize, ts: i64) -> Result<(), Fault> {
        if self.keys.len() >= self.params.max_keys as usize {
            self.forget(self.now_ns);
        }
        if self.keys.len() >= self.params.max_keys as usize {
            return self.rejects.push(row, "keys-full", &format!("there are {} keys already", self.params.max_keys));
        }
        let slot = self.keys.insert();
        self.grow(slot as usize + 1);
        self.last[slot as usize] = Place { ts, at: row as u32 };
        self.touched.push(slot);
        if self.params.tolerance.is_some() {
            self.expiry.push(slot, ts);
        }
        Ok(())
    }

    /// Of equal times the row that comes last counts; one that is older than the last is passed over.
    #[inline]
    fn update(&mut self, slot: u32, row: usize, ts: i64) {
        let last = &mut self.last[slot as usize];
        if ts < last.ts {
            return;
        }
        if !last.in_batch() {
            self.touched.push(slot);
        }
        if ts > last.ts && self.params.exclude {
            self.before[slot as usize] = *last;
        }
        *last = Place { ts, at: row as u32 };
    }

    fn find(&mut self, batch: &Batch, row: usize, ts: i64, floor_ns: i64) -> Result<Found, Fault> {
        if self.keys.has_null(LEFT, batch, row) {
            return Ok(Found::Nothing);
        }
        let Some(slot) = self.keys.find(LEFT, batch, row)? else { return Ok(Found::Nothing) };
        let last = self.last[slot as usize];
        let now_ns = ts.max(floor_ns);
        if self.expired(last.ts, now_ns) {
            return Ok(Found::Nothing);
        }
        if ts < last.ts {
            return Ok(Found::Behind);
        }
        if ts > last.ts || !self.params.exclude {
            return Ok(Found::Row(last));
        }
        let before = self.before[slot as usize];
        let none = before.at == NONE || self.expired(before.ts, now_ns);
        Ok(if none { Found::Nothing } else { Found::Row(before) })
    }

    fn take_left(&mut self, batch: &Batch, rows: Range<usize>, floor_ns: i64) -> Result<(), Fault> {
        let ts = &batch.columns[self.left_ts];
        let times = ts.i64s()?;
        for row in rows {
            let found = if ts.is_valid(row) {
                self.now_ns = self.now_ns.max(times[row]).max(floor_ns);
                self.find(batch, row, times[row], floor_ns)?
            } else {
                Found::Nothing
            };
            match found {
                Found::Row(place) => {
                    self.taken.push(row as i32);
                    self.picks.push(place.at);
                    self.staleness.push(times[row].saturating_sub(place.ts));
                }
                Found::Nothing if self.params.keep => {
                    self.taken.push(row as i32);
                    self.picks.push(NONE);
                    self.staleness.push_option(None);
                }
                Found::Nothing | Found::Behind => self.unmatched.push(row as i32),
            }
        }
        Ok(())
    }

    /// Writes what was taken of the left side; picks may be rows of the right batch.
    fn write(&mut self, right: Option<&Batch>, output: &mut Output) -> Result<(), Fault> {
        if !self.taken.is_empty() {
            let mut block = output.block(self.ports.out, self.taken.len())?;
            block.i32s(&self.taken, None)?;
            self.held.write(&self.picks, right, &mut block)?;
            block.i64s(&self.staleness.values, Some(&self.staleness.valid))?;
            block.end()?;
            self.taken.clear();
            self.picks.clear();
            self.staleness.clear();
        }
        output.rows(self.ports.unmatched, &mut self.unmatched)
    }

    fn grow(&mut self, keys: usize) {
        self.last.resize(keys.max(self.last.len()), Place::NOWHERE);
        if self.params.exclude {
            self.before.resize(self.last.len(), Place::NOWHERE);
        }
    }

    /// Where a key's rows are held: one place, or two where the one before is needed.
    fn places(&self, slot: u32) -> (u32, u32) {
        if self.params.exclude { (2 * slot, 2 * slot + 1) } else { (slot, slot) }
    }

    /// Holds what is still needed of the right batch, whose rows then may go.
    fn settle(&mut self, right: &Batch) -> Result<(), Fault> {
        let mut moves = Vec::with_capacity(self.touched.len());
        for slot in std::mem::take(&mut self.touched) {
            let (first, second) = self.places(slot);
            let last = &mut self.last[slot as usize];
            if !last.in_batch() {
                continue; // forgotten meanwhile, or held by now
            }
            let mut nowhere = Place::NOWHERE;
            let before = self.before.get_mut(slot as usize).unwrap_or(&mut nowhere);
            let at = if before.at == HELD | first { second } else { first };
            moves.push((at, last.at));
            last.at = HELD | at;
            if before.in_batch() {
                moves.push((second, before.at));
                before.at = HELD | second;
            }
        }
        let places = self.last.len() * if self.params.exclude { 2 } else { 1 };
        self.held.keep(&moves, places, right)
    }
}

impl Kernel for AsOf {
    fn push(&mut self, port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        if port == self.ports.left {
            self.keys.follow(LEFT, batch);
            self.take_left(batch, 0..batch.rows, floor_ns)?;
            return self.write(None, output);
        }
        self.keys.follow(RIGHT, batch);
        self.take_right(batch, 0..batch.rows, floor_ns)?;
        self.settle(batch)?;
        self.rejects.flush(self.ports.rejected, output)
    }

    /// Both sides in their order: a right row that the next replaces is never copied.
    fn push_merged(&mut self, parts: &[MergedPart], runs: &[(usize, usize)], floor_ns: i64, output: &mut Output) -> Result<bool, Fault> {
        let [a, b] = parts else { return Ok(false) };
        if a.port == b.port {
            return Ok(false);
        }
        let (left, right) = if a.port == self.ports.left { (a, b) } else { (b, a) };
        self.keys.follow(LEFT, &left.batch);
        self.keys.follow(RIGHT, &right.batch);
        let mut next = [0, 0];
        for (part, count) in runs {
            let rows = next[*part]..next[*part] + count;
            next[*part] = rows.end;
            if parts[*part].port == self.ports.left {
                self.take_left(&left.batch, rows, floor_ns)?;
            } else {
                self.take_right(&right.batch, rows, floor_ns)?;
            }
        }
        output.of_input(Some(left.port));
        self.write(Some(&right.batch), output)?;
        self.settle(&right.batch)?;
        output.of_input(Some(right.port));
        self.rejects.flush(self.ports.rejected, output)?;
        Ok(true)
    }

    fn advance(&mut self, watermark_ns: i64, _clock_ns: i64, _output: &mut Output) -> Result<(), Fault> {
        self.forget(watermark_ns);
        Ok(())
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        into.u32(u32::from(self.params.exclude));
        into.u32(self.held.signature());
        into.i64(self.now_ns);
        into.count(self.keys.len());
        for (slot, last) in self.last.iter().enumerate().filter(|(_, last)| last.at != NONE) {
            into.bytes(self.keys.text(slot));
            into.i64(last.ts);
            self.held.snapshot((last.at & !HELD) as usize, into);
            let before = self.before.get(slot).filter(|before| before.at != NONE);
            into.u32(u32::from(before.is_some()));
            if let Some(before) = before {
                into.i64(before.ts);
                self.held.snapshot((before.at & !HELD) as usize, into);
            }
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        if from.u32()? != u32::from(self.params.exclude) || from.u32()? != self.held.signature() {
            return Err(Fault::new("snapshot-foreign", "the snapshot is of another join"));
        }
        self.now_ns = from.i64()?;
        let count = from.count()?;
        if count > self.params.max_keys as usize {
            return Err(corrupt());
        }
        for slot in 0..count as u32 {
            let (first, second) = self.places(slot);
            self.held.grow(second as usize + 1);
            self.keys.restore(from.bytes()?)?;
            self.grow(slot as usize + 1);
            let last = Place { ts: from.i64()?, at: HELD | first };
            self.held.restore(first as usize, from)?;
            if from.u32()? != 0 {
                let before = Place { ts: from.i64()?, at: HELD | second };
                self.held.restore(second as usize, from)?;
                let place = self.before.get_mut(slot as usize).filter(|_| before.ts < last.ts).ok_or_else(corrupt)?;
                *place = before;
            }
            self.last[slot as usize] = last;
            if self.params.tolerance.is_some() {
                self.expiry.push(slot, last.ts);
            }
        }
        Ok(())
    }
}
