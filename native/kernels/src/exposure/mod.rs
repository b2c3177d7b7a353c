//! Exposure of accounts from their positions. The rules are those of `operators/exposure/README.md`.

use crate::column::Batch;
use crate::config::Config;
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::lexicon::Lexicon;
use crate::money::{amount, read_wide, write_wide};
use crate::output::{Cells, Output};
use crate::snapshot::{Reader, Writer, corrupt};
use crate::valued::{Valued, Values, read_words, write_words};
use rustc_hash::FxHashMap;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    by: Vec<By>,
    /// Of the instrument table, in its order.
    symbols: Vec<String>,
    /// By symbol: its sector, empty where it has none.
    sectors: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Account,
    Symbol,
    Sector,
    Currency,
}

/// Number of the name of a group without one.
const NAMELESS: u32 = u32::MAX;

/// What an account has in one group, 10^-18 of the base currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    long: i128,
    /// Without sign.
    short: i128,
    /// Positions whose value is not known.
    unknown: i64,
}

impl Sums {
    fn add(&mut self, value: Option<i128>, sign: i64) {
        match value {
            None => self.unknown += sign,
            Some(units) if units > 0 => self.long += units * i128::from(sign),
            Some(units) => self.short -= units * i128::from(sign),
        }
    }
}

/// The last that was told of a position.
#[derive(Debug, Clone, Copy)]
struct Held {
    currency: u32,
    value: Option<i128>,
}

/// A group of an account: which of `by`, and the number of its name.
type Group = (u32, u32, u32);

#[derive(Default)]
struct Rows {
    ts: Vec<i64>,
    accounts: Vec<i32>,
    by: Vec<i32>,
    names: Cells<i32>,
    sums: [Cells<f64>; 4],
}

pub struct Exposure {
    params: Params,
    out: usize,
    values: Values,
    listed: Lexicon,
    /// By symbol of `values`: number of its sector.
    sector_of: Vec<u32>,
    by_words: WordTable,
    /// Of all groups: accounts, symbols, sectors and currencies.
    names: WordTable,
    held: FxHashMap<(u32, u32), Held>,
    groups: FxHashMap<Group, Sums>,
    rows: Rows,
}

impl Exposure {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let listed = Lexicon::new(params.symbols.iter().map(String::as_str));
        if listed.len() != params.sectors.len() {
            return Err(Fault::new("kernel-config", "a symbol is listed twice, or has no sector"));
        }
        let mut by_words = WordTable::default();
        for by in &params.by {
            by_words.id(match by {
                By::Account => b"account",
                By::Symbol => b"symbol",
                By::Sector => b"sector",
                By::Currency => b"currency",
            });
        }
        let mut names = WordTable::default();
        names.id(b"");
        Ok(Self {
            out: config.output("out")?,
            values: Values::new(config)?,
            listed,
            sector_of: Vec::new(),
            by_words,
            names,
            held: FxHashMap::default(),
            groups: FxHashMap::default(),
            rows: Rows::default(),
            params,
        })
    }

    fn take(&mut self, row: Valued) {
        let now = Held { currency: row.currency, value: row.value };
        let before = self.held.insert((row.account, row.symbol), now);
        for at in 0..self.params.by.len() {
            let (old, new) = (before.map(|held| self.name(at, &row, held.currency)), self.name(at, &row, row.currency));
            if let (Some(held), Some(name)) = (before, old)
                && name != new
            {
                self.change((row.account, at as u32, name), row.ts_ns, [(held.value, -1)]);
            }
            let left = before.filter(|_| old == Some(new)).map(|held| held.value);
            match left {
                Some(value) => self.change((row.account, at as u32, new), row.ts_ns, [(value, -1), (row.value, 1)]),
                None => self.change((row.account, at as u32, new), row.ts_ns, [(row.value, 1)]),
            }
        }
    }

    /// Number of the name of a position's group.
    fn name(&mut self, at: usize, row: &Valued, currency: u32) -> u32 {
        match self.params.by[at] {
            By::Account => self.names.id(&self.values.accounts.words()[row.account as usize]),
            By::Symbol => self.names.id(&self.values.symbols.words()[row.symbol as usize]),
            By::Currency => self.names.id(&self.values.currencies.words()[currency as usize]),
            By::Sector => self.sector(row.symbol),
        }
    }

    fn sector(&mut self, symbol: u32) -> u32 {
        for known in self.sector_of.len()..=symbol as usize {
            let listed = self.listed.id(&self.values.symbols.words()[known]);
            let sector = listed.map(|id| self.params.sectors[id as usize].as_str()).unwrap_or_default();
            self.sector_of.push(if sector.is_empty() { NAMELESS } else { self.names.id(sector.as_bytes()) });
        }
        self.sector_of[symbol as usize]
    }

    /// Counts values in and out of a group; a row when it is new or has changed.
    fn change<const N: usize>(&mut self, group: Group, ts_ns: i64, values: [(Option<i128>, i64); N]) {
        let before = self.groups.get(&group).copied();
        let mut sums = before.unwrap_or_default();
        values.iter().for_each(|(value, sign)| sums.add(*value, *sign));
        if before == Some(sums) {
            return;
        }
        self.groups.insert(group, sums);
        let (account, by, name) = group;
        let Rows { ts, accounts, by: words, names, sums: columns } = &mut self.rows;
        ts.push(ts_ns);
        accounts.push(account as i32);
        words.push(by as i32);
        names.push_option((name != NAMELESS).then_some(name as i32));
        let Sums { long, short, unknown } = sums;
        for (column, units) in columns.iter_mut().zip([long, short, long + short, long - short]) {
            column.push_option((unknown == 0).then(|| amount(units)));
        }
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        let rows = &mut self.rows;
        if !rows.ts.is_empty() {
            let mut block = output.block(self.out, rows.ts.len())?;
            block.i64s(&rows.ts, None)?;
            block.words(&rows.accounts, None, &self.values.accounts)?;
            block.words(&rows.by, None, &self.by_words)?;
            block.words(&rows.names.values, Some(&rows.names.valid), &self.names)?;
            for column in &rows.sums {
                block.f64s(&column.values, Some(&column.valid))?;
            }
            block.end()?;
            rows.ts.clear();
            rows.accounts.clear();
            rows.by.clear();
            rows.names.clear();
            rows.sums.iter_mut().for_each(Cells::clear);
        }
        self.values.flush(output)
    }
}

impl Kernel for Exposure {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.values.follow(batch)?;
        for row in 0..batch.rows {
            if let Some(valued) = self.values.read(batch, row)? {
                self.take(valued);
            }
        }
        self.flush(output)
    }

    /// Only positions are kept: what groups sum to follows from them and the instrument table of the day.
    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.values.write(into);
        write_words(&self.names, into);
        let mut all: Vec<_> = self.held.iter().collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        into.count(all.len());
        for ((account, symbol), held) in all {
            [*account, *symbol, held.currency, u32::from(held.value.is_some())].iter().for_each(|value| into.u32(*value));
            write_wide(held.value.unwrap_or_default(), into);
        }
        let mut seen: Vec<_> = self.groups.keys().filter(|(_, by, _)| self.params.by[*by as usize] == By::Currency).collect();
        seen.sort_unstable();
        into.count(seen.len());
        seen.iter().for_each(|(account, by, name)| [*account, *by, *name].iter().for_each(|value| into.u32(*value)));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.values.restore(from)?;
        read_words(&mut self.names, from)?;
        let Values { accounts, symbols, currencies, .. } = &self.values;
        let limits = [accounts.len(), symbols.len(), currencies.len()];
        for _ in 0..from.count()? {
            let (account, symbol, currency, known) = (from.u32()?, from.u32()?, from.u32()?, from.u32()? != 0);
            let value = Some(read_wide(from)?).filter(|_| known);
            if [account, symbol, currency].iter().zip(limits).any(|(id, limit)| *id as usize >= limit) {
                return Err(corrupt());
            }
            self.take(Valued { ts_ns: 0, account, symbol, currency, value });
        }
        for _ in 0..from.count()? {
            let group = (from.u32()?, from.u32()?, from.u32()?);
            self.groups.entry(group).or_default();
        }
        self.rows = Rows::default();
        Ok(())
    }
}
