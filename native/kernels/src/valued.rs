use crate::column::Batch;
use crate::config::{Config, Kind};
use crate::dictionary::{Remap, WordTable};
use crate::fault::Fault;
use crate::money::{RATE_ONE, mul_div, rate_of, units_of};
use crate::output::Output;
use crate::snapshot::{Reader, Writer};

/// Largest value of a position that is counted, 10^-18 of the base currency: a sum of a hundred thousand, tenfold, fits int128.
const MOST: i128 = 10_i128.pow(32);

/// Why a row is refused; `operators/money/valued.ts` has the same order and the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Refusal {
    TsMissing,
    AccountMissing,
    SymbolMissing,
    CurrencyMissing,
    ValueNotFinite,
    ValueOutOfRange,
    RateNotPositive,
}

/// What a row says of a position, words by number.
#[derive(Debug, Clone, Copy)]
pub struct Valued {
    pub ts_ns: i64,
    pub account: u32,
    pub symbol: u32,
    pub currency: u32,
    /// In base currency, 10^-18; None where the row does not know it.
    pub value: Option<i128>,
}

/// Reads rows of positions with their market value and rate, and keeps the words they hold.
pub struct Values {
    columns: [usize; 6],
    remaps: [Remap; 3],
    pub accounts: WordTable,
    pub symbols: WordTable,
    pub currencies: WordTable,
    refused_port: usize,
    refused: Vec<(i32, Refusal)>,
}

impl Values {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let port = &config.inputs[config.input("in")?];
        let word = |name| port.column(name, Kind::Word);
        Ok(Self {
            columns: [
                port.column("ts_event", Kind::I64)?,
                word("account")?,
                word("symbol")?,
                word("currency")?,
                port.column("market_value", Kind::F64)?,
                port.column("rate", Kind::F64)?,
            ],
            remaps: Default::default(),
            accounts: WordTable::default(),
            symbols: WordTable::default(),
            currencies: WordTable::default(),
            refused_port: config.output("refused")?,
            refused: Vec::new(),
        })
    }

    /// To be called once a batch.
    pub fn follow(&mut self, batch: &Batch) -> Result<(), Fault> {
        for (remap, at) in self.remaps.iter_mut().zip(&self.columns[1..4]) {
            remap.follow(batch.columns[*at].words()?.1);
        }
        Ok(())
    }

    /// What a row says; None when it is refused.
    pub fn read(&mut self, batch: &Batch, row: usize) -> Result<Option<Valued>, Fault> {
        let [ts, account, symbol, currency, value, rate] = self.columns.map(|at| &batch.columns[at]);
        let absent = [
            (ts, Refusal::TsMissing),
            (account, Refusal::AccountMissing),
            (symbol, Refusal::SymbolMissing),
            (currency, Refusal::CurrencyMissing),
        ];
        if let Some((_, refusal)) = absent.iter().find(|(column, _)| !column.is_valid(row)) {
            return Ok(self.refuse(row, *refusal));
        }
        let known = |column: &crate::column::Column| Ok::<_, Fault>(Some(column.f64s()?[row]).filter(|_| column.is_valid(row)));
        let based = match (known(value)?, known(rate)?) {
            (Some(value), _) if !value.is_finite() => Err(Refusal::ValueNotFinite),
            (_, Some(rate)) if rate_of(rate, false).is_none() => Err(Refusal::RateNotPositive),
            (Some(value), Some(rate)) => {
                let based = units_of(value).zip(rate_of(rate, false)).and_then(|(units, rate)| mul_div(units, rate, RATE_ONE));
                based.filter(|units| units.abs() <= MOST).map(Some).ok_or(Refusal::ValueOutOfRange)
            }
            _ => Ok(None),
        };
        let value = match based {
            Ok(value) => value,
            Err(refusal) => return Ok(self.refuse(row, refusal)),
        };
        let [accounts, symbols, currencies] = &mut self.remaps;
        let (codes, dictionary) = account.words()?;
        let account = accounts.id(codes[row], dictionary, &mut self.accounts)?;
        let (codes, dictionary) = symbol.words()?;
        let symbol = symbols.id(codes[row], dictionary, &mut self.symbols)?;
        let (codes, dictionary) = currency.words()?;
        let currency = currencies.id(codes[row], dictionary, &mut self.currencies)?;
        Ok(Some(Valued { ts_ns: ts.i64s()?[row], account, symbol, currency, value }))
    }

    fn refuse(&mut self, row: usize, refusal: Refusal) -> Option<Valued> {
        self.refused.push((row as i32, refusal));
        None
    }

    /// Hands over the refused rows, if there are any, and forgets them.
    pub fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        if self.refused.is_empty() {
            return Ok(());
        }
        let mut block = output.block(self.refused_port, self.refused.len())?;
        block.i32s(&self.refused.iter().map(|(row, _)| *row).collect::<Vec<_>>(), None)?;
        block.i32s(&self.refused.iter().map(|(_, refusal)| *refusal as i32).collect::<Vec<_>>(), None)?;
        block.end()?;
        self.refused.clear();
        Ok(())
    }

    pub fn write(&self, into: &mut Writer) {
        for table in [&self.accounts, &self.symbols, &self.currencies] {
            write_words(table, into);
        }
    }

    pub fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        for table in [&mut self.accounts, &mut self.symbols, &mut self.currencies] {
            read_words(table, from)?;
        }
        Ok(())
    }
}

pub fn write_words(table: &WordTable, into: &mut Writer) {
    into.count(table.len());
    table.words().iter().for_each(|word| into.bytes(word));
}

pub fn read_words(table: &mut WordTable, from: &mut Reader) -> Result<(), Fault> {
    for _ in 0..from.count()? {
        table.id(from.bytes()?);
    }
    Ok(())
}
