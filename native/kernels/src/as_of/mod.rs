//! The last row of the right side at or before each row of the left. The rules are those of `operators/as_of/README.md`.

mod expiry;
mod held;
mod keys;

use crate::column::Batch;
use crate::config::{Config, Kind, ns};
use crate::fault::Fault;
use crate::kernel::{Kernel, MergedPart};
use crate::output::{Cells, Output};
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer, corrupt};
use expiry::Expiry;
use held::Held;
use keys::Keys;
use serde::{Deserialize, Deserializer};
use std::ops::Range;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    by: Vec<String>,
    /// Columns of the right side that are taken.
    columns: Vec<String>,
    /// Greatest age of a partner, ns.
    #[serde(deserialize_with = "maybe_ns")]
    tolerance: Option<i64>,
    /// A partner is strictly before.
    exclude: bool,
    /// Rows without a partner stay on `out`.
    keep: bool,
    max_keys: u32,
}

fn maybe_ns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Ns(#[serde(deserialize_with = "ns")] i64);
    Ok(Option::<Ns>::deserialize(deserializer)?.map(|ns| ns.0))
}

struct Ports {
    left: usize,
    right: usize,
    out: usize,
    unmatched: usize,
    rejected: usize,
}

/// No row.
const NONE: u32 = u32::MAX;
/// Set: a place among the held rows; else a row of the right batch that is being taken.
const HELD: u32 = 1 << 31;

#[derive(Clone, Copy)]
struct Place {
    ts: i64,
    at: u32,
}

impl Place {
    const NOWHERE: Self = Self { ts: i64::MIN, at: NONE };

    fn in_batch(self) -> bool {
        self.at & HELD == 0
    }
}

/// The last right row of a key, and the last of an earlier time.
#[derive(Clone, Copy)]
struct Partner {
    last: Place,
    before: Place,
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
    partners: Vec<Partner>,
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
            partners: Vec::new(),
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
        let (partners, keys) = (&mut self.partners, &mut self.keys);
        self.expiry.due(oldest, |slot| {
            let partner = &mut partners[slot as usize];
            if partner.last.ts >= oldest {
                return Some(partner.last.ts);
            }
            *partner = Partner { last: Place::NOWHERE, before: Place::NOWHERE };
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
            if slot.is_some_and(|slot| self.expired(self.partners[slot as usize].last.ts, self.now_ns)) {
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
        if self.partners.len() <= slot as usize {
            self.partners.resize(slot as usize + 1, Partner { last: Place::NOWHERE, before: Place::NOWHERE });
        }
        self.partners[slot as usize] = Partner { last: Place { ts, at: row as u32 }, before: Place::NOWHERE };
        self.touched.push(slot);
        if self.params.tolerance.is_some() {
            self.expiry.push(slot, ts);
        }
        Ok(())
    }

    /// Of equal times the row that comes last counts; one that is older than the last is passed over.
    #[inline]
    fn update(&mut self, slot: u32, row: usize, ts: i64) {
        let partner = &mut self.partners[slot as usize];
        if ts < partner.last.ts {
            return;
        }
        if !partner.last.in_batch() {
            self.touched.push(slot);
        }
        if ts > partner.last.ts && self.params.exclude {
            partner.before = partner.last;
        }
        partner.last = Place { ts, at: row as u32 };
    }

    fn find(&mut self, batch: &Batch, row: usize, ts: i64, floor_ns: i64) -> Result<Found, Fault> {
        if self.keys.has_null(LEFT, batch, row) {
            return Ok(Found::Nothing);
        }
        let Some(slot) = self.keys.find(LEFT, batch, row)? else { return Ok(Found::Nothing) };
        let Partner { last, before } = self.partners[slot as usize];
        let now_ns = ts.max(floor_ns);
        Ok(if self.expired(last.ts, now_ns) {
            Found::Nothing
        } else if ts < last.ts {
            Found::Behind
        } else if ts > last.ts || !self.params.exclude {
            Found::Row(last)
        } else if before.at == NONE || self.expired(before.ts, now_ns) {
            Found::Nothing
        } else {
            Found::Row(before)
        })
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
        if !self.unmatched.is_empty() {
            let mut block = output.block(self.ports.unmatched, self.unmatched.len())?;
            block.i32s(&self.unmatched, None)?;
            block.end()?;
            self.unmatched.clear();
        }
        Ok(())
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
            let partner = &mut self.partners[slot as usize];
            if !partner.last.in_batch() {
                continue; // forgotten meanwhile, or held by now
            }
            let at = if partner.before.at == HELD | first { second } else { first };
            moves.push((at, partner.last.at));
            partner.last.at = HELD | at;
            if partner.before.in_batch() {
                moves.push((second, partner.before.at));
                partner.before.at = HELD | second;
            }
        }
        let places = self.partners.len() * if self.params.exclude { 2 } else { 1 };
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
        for (slot, partner) in self.partners.iter().enumerate().filter(|(_, partner)| partner.last.at != NONE) {
            into.bytes(self.keys.text(slot));
            into.i64(partner.last.ts);
            self.held.snapshot((partner.last.at & !HELD) as usize, into);
            into.u32(u32::from(partner.before.at != NONE));
            if partner.before.at != NONE {
                into.i64(partner.before.ts);
                self.held.snapshot((partner.before.at & !HELD) as usize, into);
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
            let last = Place { ts: from.i64()?, at: HELD | first };
            self.held.restore(first as usize, from)?;
            let mut before = Place::NOWHERE;
            if from.u32()? != 0 {
                before = Place { ts: from.i64()?, at: HELD | second };
                self.held.restore(second as usize, from)?;
                if !self.params.exclude || before.ts >= last.ts {
                    return Err(corrupt());
                }
            }
            self.partners.push(Partner { last, before });
            if self.params.tolerance.is_some() {
                self.expiry.push(slot, last.ts);
            }
        }
        Ok(())
    }
}
