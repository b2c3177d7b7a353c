//! Kernel `normalize`: trades of a venue's payloads or of typed columns, held against an instrument table.

mod binance;
mod decimal;
mod ids;
mod judge;
mod refusal;
mod typed;

use crate::column::{Batch, Column, Values};
use crate::config::{Config, ns};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::json::unescape;
use crate::kernel::Kernel;
use crate::output::{Bits, Output};
use crate::snapshot::{Reader, Writer};
use binance::Message;
use judge::{InstrumentParams, Instruments, Outcome};
use refusal::Refusal;
use serde::Deserialize;
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
    Payload { venue: String },
    /// Columns by what they hold.
    Typed { roles: Roles, venue: Option<String> },
}

const CLOCK_SKEW: i32 = 1;
const SEQUENCE_GAP: i32 = 2;

/// Output columns, in the order of port `out`.
#[derive(Default)]
struct Trades {
    ts_event: Vec<i64>,
    ts_recv: Vec<i64>,
    symbol: Vec<i32>,
    venue: Vec<i32>,
    sequence: (Vec<i64>, Bits),
    trade_id: (Vec<i64>, Bits),
    price: Vec<f64>,
    size: Vec<f64>,
    price_ticks: Vec<i64>,
    size_lots: Vec<i64>,
    side: (Vec<i32>, Bits),
    flags: Vec<i32>,
}

/// One trade as it was read, before it is judged.
struct Read {
    ts_event: i64,
    ts_recv: i64,
    sequence: Option<i64>,
    trade_id: Option<i64>,
    sell: Option<bool>,
}

/// Ports: `out`; `ignored` (`ts_recv`, `kind`); `refused` (`row`, `code`: index of the reason).
pub struct Normalize {
    input: Input,
    instruments: Instruments,
    clock_skew_ns: i64,
    kinds: Vec<Vec<u8>>,
    kind_table: WordTable,
    sides: WordTable,
    trades: Trades,
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
            known: Known::default(),
            ignored: Default::default(),
            refused: Default::default(),
            ports: [config.output("out")?, config.output("ignored")?, config.output("refused")?],
        })
    }

    fn payloads(&mut self, venue: &[u8], columns: &[Column], rows: usize) -> Result<(), Fault> {
        let [recv, payload] = columns else { return Err(Fault::new("column-count", "payloads come in two columns")) };
        let recv = recv.i64s()?;
        let Values::Bytes { offsets, data } = payload.values else { return Err(Fault::new("column-type", "payloads are bytes")) };
        let mut plain = Vec::new();
        for row in 0..rows {
            let bytes = &data[offsets[row] as usize..offsets[row + 1] as usize];
            let trade = match binance::read(bytes, &self.kinds) {
                Ok(Message::Trade(trade)) => trade,
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
            let symbol = if trade.symbol.escaped {
                plain.clear();
                unescape(trade.symbol.raw, &mut plain);
                &plain
            } else {
                trade.symbol.raw
            };
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

    fn refuse(&mut self, row: usize, refusal: Refusal) {
        self.refused.0.push(row as i32);
        self.refused.1.push(refusal as i32);
    }

    #[inline]
    fn settle(&mut self, row: usize, read: Read, outcome: Result<Outcome, Refusal>) {
        let Outcome { symbol, venue, price, size, price_ticks, size_lots, gap } = match outcome {
            Ok(outcome) => outcome,
            Err(refusal) => return self.refuse(row, refusal),
        };
        let skewed = read.ts_recv.saturating_add(self.clock_skew_ns) < read.ts_event;
        let trades = &mut self.trades;
        trades.ts_event.push(read.ts_event);
        trades.ts_recv.push(read.ts_recv);
        trades.symbol.push(symbol);
        trades.venue.push(venue);
        option(&mut trades.sequence, read.sequence);
        option(&mut trades.trade_id, read.trade_id);
        trades.price.push(price);
        trades.size.push(size);
        trades.price_ticks.push(price_ticks);
        trades.size_lots.push(size_lots);
        option(&mut trades.side, read.sell.map(i32::from));
        trades.flags.push(if skewed { CLOCK_SKEW } else { 0 } | if gap { SEQUENCE_GAP } else { 0 });
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        let [out, ignored, refused] = self.ports;
        let rows = self.trades.ts_event.len();
        if rows > 0 {
            let trades = &mut self.trades;
            let mut block = output.block(out, rows)?;
            block.i64s(&trades.ts_event, None)?;
            block.i64s(&trades.ts_recv, None)?;
            block.words(&trades.symbol, None, &self.instruments.symbols)?;
            block.words(&trades.venue, None, &self.instruments.venues)?;
            block.i64s(&trades.sequence.0, Some(&trades.sequence.1))?;
            block.i64s(&trades.trade_id.0, Some(&trades.trade_id.1))?;
            block.f64s(&trades.price, None)?;
            block.f64s(&trades.size, None)?;
            block.i64s(&trades.price_ticks, None)?;
            block.i64s(&trades.size_lots, None)?;
            block.words(&trades.side.0, Some(&trades.side.1), &self.sides)?;
            block.i32s(&trades.flags, None)?;
            block.end()?;
            trades.clear();
        }
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

fn option<T: Default>(column: &mut (Vec<T>, Bits), value: Option<T>) {
    column.1.push(value.is_some());
    column.0.push(value.unwrap_or_default());
}

impl Trades {
    fn clear(&mut self) {
        self.ts_event.clear();
        self.ts_recv.clear();
        self.symbol.clear();
        self.venue.clear();
        for (values, valid) in [&mut self.sequence, &mut self.trade_id] {
            values.clear();
            valid.clear();
        }
        self.price.clear();
        self.size.clear();
        self.price_ticks.clear();
        self.size_lots.clear();
        self.side.0.clear();
        self.side.1.clear();
        self.flags.clear();
    }
}

impl Kernel for Normalize {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        // taken out for the call, so that it can be read while the rest changes; a fault leaves the kernel dead anyway
        let input = std::mem::replace(&mut self.input, Input::Payload { venue: String::new() });
        match &input {
            Input::Payload { venue } => self.payloads(venue.as_bytes(), batch.columns, batch.rows)?,
            Input::Typed { roles, venue } => self.typed(roles, venue.as_deref().map(str::as_bytes), batch.columns, batch.rows)?,
        }
        self.input = input;
        self.flush(output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.instruments.write(into);
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.instruments.read(from)
    }
}
