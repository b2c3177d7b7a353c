//! Kernel `normalize`: trades or quotes of a venue's payloads or of typed columns, held against an instrument table.

mod binance;
mod decimal;
mod ids;
mod judge;
mod quotes;
mod refusal;
mod trades;
mod typed;
mod updates;

use crate::column::{Batch, Column, Values};
use crate::config::{Config, ns};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::Output;
use crate::snapshot::{Reader, Writer};
use binance::{Message, Quote, Wanted, plain};
use judge::{InstrumentParams, Instruments, Level, Outcome, Side};
use quotes::Quotes;
use refusal::Refusal;
use serde::Deserialize;
use trades::{Read, Trades};
use typed::{Known, Roles};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    instruments: Vec<InstrumentParams>,
    #[serde(deserialize_with = "ns")]
    clock_skew_ns: i64,
    duplicate_window: usize,
    input: Input,
    /// Kinds of rows told apart on `ignored`, the first for all others; empty for typed rows, which name their own.
    kinds: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Input {
    /// Columns `ts_recv` and `payload`, in this order, of one venue.
    Payload { venue: String, wanted: Wanted },
    /// Columns by what they hold.
    Typed { roles: Roles, venue: Option<String> },
}

const CLOCK_SKEW: i32 = 1;
const SEQUENCE_GAP: i32 = 2;
const RECEIPT_TIME: i32 = 16;

/// Ports: `out`; `ignored` (`ts_recv`, `kind`); `refused` (`row`, `code`: index of the reason).
pub struct Normalize {
    input: Input,
    instruments: Instruments,
    clock_skew_ns: i64,
    kinds: Vec<Vec<u8>>,
    kind_table: WordTable,
    sides: WordTable,
    trades: Trades,
    quotes: Quotes,
    known: Known,
    ignored: (Vec<i64>, Vec<i32>),
    refused: (Vec<i32>, Vec<i32>),
    ports: [usize; 3],
}

impl Normalize {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let kinds: Vec<Vec<u8>> = params.kinds.iter().map(|kind| kind.as_bytes().to_vec()).collect();
        let mut kind_table = WordTable::default();
        kinds.iter().for_each(|kind| {
            kind_table.id(kind);
        });
        let mut sides = WordTable::default();
        sides.id(b"buy");
        sides.id(b"sell");
        Ok(Self {
            input: params.input,
            instruments: Instruments::new(&params.instruments, params.duplicate_window)?,
            clock_skew_ns: params.clock_skew_ns,
            kinds,
            kind_table,
            sides,
            trades: Trades::default(),
            quotes: Quotes::default(),
            known: Known::default(),
            ignored: Default::default(),
            refused: Default::default(),
            ports: [config.output("out")?, config.output("ignored")?, config.output("refused")?],
        })
    }

    fn payloads(&mut self, venue: &[u8], wanted: Wanted, columns: &[Column], rows: usize) -> Result<(), Fault> {
        let [recv, payload] = columns else { return Err(Fault::new("column-count", "payloads come in two columns")) };
        let recv = recv.i64s()?;
        let Values::Bytes { offsets, data } = payload.values else { return Err(Fault::new("column-type", "payloads are bytes")) };
        let mut room = Vec::new();
        for row in 0..rows {
            let bytes = &data[offsets[row] as usize..offsets[row + 1] as usize];
            let trade = match binance::read(bytes, &self.kinds, wanted) {
                Ok(Message::Trade(trade)) => trade,
                Ok(Message::Quote(quote)) => {
                    self.quote(row, venue, &quote, recv[row]);
                    continue;
                }
                Ok(Message::Ignored(kind)) => {
                    self.ignored.0.push(recv[row]);
                    self.ignored.1.push(kind as i32);
                    continue;
                }
                Err(refusal) => {
                    self.refuse(row, refusal);
                    continue;
                }
            };
            let symbol = plain(trade.symbol, &mut room);
            let read = Read {
                ts_event: trade.ts_event,
                ts_recv: recv[row],
                sequence: None,
                trade_id: Some(trade.trade_id),
                sell: Some(trade.buyer_is_maker),
            };
            let index = self.instruments.find(venue, symbol);
            let outcome = self.instruments.judge(
                index,
                read.trade_id,
                |tick| binance::steps(trade.price, tick),
                |lot| binance::steps(trade.size, lot),
            );
            self.settle(row, read, outcome);
        }
        Ok(())
    }

    fn typed(&mut self, roles: &Roles, venue: Option<&[u8]>, columns: &[Column], rows: usize) -> Result<(), Fault> {
        let columns = roles.bind(columns)?;
        self.known.forget();
        for row in 0..rows {
            if let Some(kind) = columns.other_kind(row, &mut self.known)? {
                self.ignored.0.push(columns.ts_recv(row));
                self.ignored.1.push(self.kind_table.id(kind) as i32);
                continue;
            }
            if columns.lacks_value(row) {
                self.refuse(row, Refusal::FieldMissing);
                continue;
            }
            let Ok(sell) = columns.sell(row, &mut self.known)? else {
                self.refuse(row, Refusal::SideUnknown);
                continue;
            };
            let read = Read {
                ts_event: columns.ts_event(row),
                ts_recv: columns.ts_recv(row),
                sequence: columns.sequence(row),
                trade_id: columns.trade_id(row),
                sell,
            };
            let (price, size) = columns.price_and_size(row);
            let index = self.known.instrument(&columns, row, venue, |venue, symbol| self.instruments.find(venue, symbol))?;
            let outcome = self.instruments.judge(
                index,
                read.trade_id,
                |tick| tick.of_float(price).map(|ticks| (price, ticks)),
                |lot| lot.of_float(size).map(|lots| (size, lots)),
            );
            self.settle(row, read, outcome);
        }
        Ok(())
    }

    fn reads_quotes(&self) -> bool {
        matches!(self.input, Input::Payload { wanted: Wanted::Quotes { .. }, .. })
    }

    fn refuse(&mut self, row: usize, refusal: Refusal) {
        self.refused.0.push(row as i32);
        self.refused.1.push(refusal as i32);
    }

    #[inline]
    fn settle(&mut self, row: usize, read: Read, outcome: Result<Outcome, Refusal>) {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(refusal) => return self.refuse(row, refusal),
        };
        let flags = self.skew(read.ts_event, read.ts_recv) | if outcome.gap { SEQUENCE_GAP } else { 0 };
        self.trades.push(&read, &outcome, flags);
    }

    #[inline]
    fn skew(&self, ts_event: i64, ts_recv: i64) -> i32 {
        if ts_recv.saturating_add(self.clock_skew_ns) < ts_event { CLOCK_SKEW } else { 0 }
    }

    fn quote(&mut self, row: usize, venue: &[u8], quote: &Quote, ts_recv: i64) {
        let mut room = Vec::new();
        let index = self.instruments.find(venue, plain(quote.symbol, &mut room));
        let outcome = self.instruments.judge_quote(index, quote.update, |side, tick, lot| {
            let (price, size) = match side {
                Side::Bid => (quote.bid, quote.bid_size),
                Side::Ask => (quote.ask, quote.ask_size),
            };
            let (price, ticks) = binance::steps(price, tick).map_err(Refusal::of_price)?;
            let (size, lots) = binance::steps(size, lot).map_err(Refusal::of_size)?;
            Ok(Level { price, size, ticks, lots })
        });
        match outcome {
            Ok(outcome) => {
                let ts_event = quote.ts_event.unwrap_or(ts_recv);
                let untimed = if quote.ts_event.is_none() { RECEIPT_TIME } else { 0 };
                let renumbered = if outcome.renumbered { SEQUENCE_GAP } else { 0 };
                let flags = self.skew(ts_event, ts_recv) | renumbered | untimed;
                self.quotes.push([ts_event, ts_recv], quote.update, &outcome, flags);
            }
            Err(refusal) => self.refuse(row, refusal),
        }
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        let [out, ignored, refused] = self.ports;
        self.trades.flush(out, &self.instruments.symbols, &self.instruments.venues, &self.sides, output)?;
        self.quotes.flush(out, &self.instruments.symbols, &self.instruments.venues, output)?;
        if !self.ignored.0.is_empty() {
            let mut block = output.block(ignored, self.ignored.0.len())?;
            block.i64s(&self.ignored.0, None)?;
            block.words(&self.ignored.1, None, &self.kind_table)?;
            block.end()?;
            self.ignored.0.clear();
            self.ignored.1.clear();
        }
        if !self.refused.0.is_empty() {
            let mut block = output.block(refused, self.refused.0.len())?;
            block.i32s(&self.refused.0, None)?;
            block.i32s(&self.refused.1, None)?;
            block.end()?;
            self.refused.0.clear();
            self.refused.1.clear();
        }
        Ok(())
    }
}

impl Kernel for Normalize {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        // taken out for the call, so that it can be read while the rest changes; a fault leaves the kernel dead anyway
        let input = std::mem::replace(&mut self.input, Input::Payload { venue: String::new(), wanted: Wanted::Trades });
        match &input {
            Input::Payload { venue, wanted } => self.payloads(venue.as_bytes(), *wanted, batch.columns, batch.rows)?,
            Input::Typed { roles, venue } => self.typed(roles, venue.as_deref().map(str::as_bytes), batch.columns, batch.rows)?,
        }
        self.input = input;
        self.flush(output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        if self.reads_quotes() {
            self.instruments.write_updates(into)
        } else {
            self.instruments.write(into)
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        if self.reads_quotes() { self.instruments.read_updates(from) } else { self.instruments.read(from) }
    }
}
