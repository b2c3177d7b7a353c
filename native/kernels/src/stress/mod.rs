//! Profit of accounts under scenarios. The rules are those of `operators/stress/README.md`.

use crate::column::Batch;
use crate::config::Config;
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::lexicon::Lexicon;
use crate::money::{amount, mul_div, read_wide, write_wide};
use crate::output::{Cells, Output};
use crate::snapshot::{Reader, Writer, corrupt};
use crate::valued::{Valued, Values};
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// A shock is counted in 10^-8: a millionth of a percent.
const SHOCK_ONE: i128 = 100_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    scenarios: Vec<Scenario>,
    /// Of the instrument table, in its order.
    symbols: Vec<String>,
    /// By symbol: its sector, empty where it has none.
    sectors: Vec<String>,
}

/// Shocks by what they are about, 10^-8.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    all: Option<i64>,
    symbol: FxHashMap<String, i64>,
    sector: FxHashMap<String, i64>,
    currency: FxHashMap<String, i64>,
}

impl Scenario {
    /// The most specific shock of its price, and that of its currency.
    fn shock(&self, symbol: &str, sector: &str, currency: &str) -> i128 {
        let sector = (!sector.is_empty()).then(|| self.sector.get(sector)).flatten();
        let price = self.symbol.get(symbol).or(sector).copied().or(self.all).unwrap_or_default();
        i128::from(price) + i128::from(self.currency.get(currency).copied().unwrap_or_default())
    }
}

/// Profit of an account in a scenario.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    /// 10^-18 of the base currency.
    profit: i128,
    /// Positions that are shocked and whose value is not known.
    unknown: i64,
}

impl Sum {
    fn add(&mut self, value: Option<i128>, shock: i128, sign: i64) {
        match value.and_then(|units| mul_div(units, shock, SHOCK_ONE)) {
            Some(profit) => self.profit += profit * i128::from(sign),
            None if shock != 0 => self.unknown += sign,
            None => {}
        }
    }
}

/// The last that was told of a position.
#[derive(Debug, Clone, Copy)]
struct Held {
    currency: u32,
    value: Option<i128>,
}

#[derive(Default)]
struct Rows {
    ts: Vec<i64>,
    accounts: Vec<i32>,
    scenarios: Vec<i32>,
    profit: Cells<f64>,
}

pub struct Stress {
    params: Params,
    out: usize,
    values: Values,
    listed: Lexicon,
    names: WordTable,
    /// By symbol and currency: the shock of every scenario.
    shocks: FxHashMap<(u32, u32), Vec<i128>>,
    held: FxHashMap<(u32, u32), Held>,
    /// By account and scenario.
    sums: Vec<Vec<Sum>>,
    rows: Rows,
}

impl Stress {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let listed = Lexicon::new(params.symbols.iter().map(String::as_str));
        let mut names = WordTable::default();
        params.scenarios.iter().for_each(|scenario| {
            names.id(scenario.name.as_bytes());
        });
        if listed.len() != params.sectors.len() || names.len() != params.scenarios.len() {
            return Err(Fault::new("kernel-config", "a symbol or a scenario is listed twice, or a symbol has no sector"));
        }
        Ok(Self {
            out: config.output("out")?,
            values: Values::new(config)?,
            listed,
            names,
            shocks: FxHashMap::default(),
            held: FxHashMap::default(),
            sums: Vec::new(),
            rows: Rows::default(),
            params,
        })
    }

    /// Works the shocks of a symbol in a currency out, when they are met for the first time.
    fn learn(&mut self, symbol: u32, currency: u32) {
        let Self { params, values, listed, shocks, .. } = self;
        shocks.entry((symbol, currency)).or_insert_with(|| {
            let word = &values.symbols.words()[symbol as usize];
            let sector = listed.id(word).map(|id| params.sectors[id as usize].as_str()).unwrap_or_default();
            let (symbol, currency) =
                (String::from_utf8_lossy(word), String::from_utf8_lossy(&values.currencies.words()[currency as usize]));
            params.scenarios.iter().map(|scenario| scenario.shock(&symbol, sector, &currency)).collect()
        });
    }

    fn take(&mut self, row: Valued) {
        self.learn(row.symbol, row.currency);
        let before = self.held.insert((row.account, row.symbol), Held { currency: row.currency, value: row.value });
        let scenarios = self.params.scenarios.len();
        while self.sums.len() <= row.account as usize {
            self.sums.push(vec![Sum::default(); scenarios]);
        }
        let new = &self.shocks[&(row.symbol, row.currency)];
        let old = before.map(|held| (held.value, &self.shocks[&(row.symbol, held.currency)]));
        for (at, sum) in self.sums[row.account as usize].iter_mut().enumerate() {
            let was = *sum;
            if let Some((value, shocks)) = old {
                sum.add(value, shocks[at], -1);
            }
            sum.add(row.value, new[at], 1);
            if *sum != was {
                self.rows.ts.push(row.ts_ns);
                self.rows.accounts.push(row.account as i32);
                self.rows.scenarios.push(at as i32);
                self.rows.profit.push_option((sum.unknown == 0).then(|| amount(sum.profit)));
            }
        }
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        let rows = &mut self.rows;
        if !rows.ts.is_empty() {
            let mut block = output.block(self.out, rows.ts.len())?;
            block.i64s(&rows.ts, None)?;
            block.words(&rows.accounts, None, &self.values.accounts)?;
            block.words(&rows.scenarios, None, &self.names)?;
            block.f64s(&rows.profit.values, Some(&rows.profit.valid))?;
            block.end()?;
            rows.ts.clear();
            rows.accounts.clear();
            rows.scenarios.clear();
            rows.profit.clear();
        }
        self.values.flush(output)
    }
}

impl Kernel for Stress {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.values.follow(batch)?;
        for row in 0..batch.rows {
            if let Some(valued) = self.values.read(batch, row)? {
                self.take(valued);
            }
        }
        self.flush(output)
    }

    /// Only positions are kept: profits follow from them and the scenarios of the day.
    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.values.write(into);
        let mut all: Vec<_> = self.held.iter().collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        into.count(all.len());
        for ((account, symbol), held) in all {
            [*account, *symbol, held.currency, u32::from(held.value.is_some())].iter().for_each(|value| into.u32(*value));
            write_wide(held.value.unwrap_or_default(), into);
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.values.restore(from)?;
        let limits = [&self.values.accounts, &self.values.symbols, &self.values.currencies].map(WordTable::len);
        for _ in 0..from.count()? {
            let (account, symbol, currency, known) = (from.u32()?, from.u32()?, from.u32()?, from.u32()? != 0);
            let value = Some(read_wide(from)?).filter(|_| known);
            if [account, symbol, currency].iter().zip(limits).any(|(id, limit)| *id as usize >= limit) {
                return Err(corrupt());
            }
            self.take(Valued { ts_ns: 0, account, symbol, currency, value });
        }
        self.rows = Rows::default();
        Ok(())
    }
}
