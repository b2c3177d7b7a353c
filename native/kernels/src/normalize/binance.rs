use super::decimal::{NoSteps, Step};
use super::refusal::Refusal;
use crate::json::{Scanner, Text, Token, unescape};
use serde::Deserialize;

/// A trade as Binance writes it; see `operators/normalize/venues`.
pub struct Trade<'a> {
    pub ts_event: i64,
    pub trade_id: i64,
    pub symbol: Text<'a>,
    pub price: Text<'a>,
    pub size: Text<'a>,
    pub buyer_is_maker: bool,
}

/// The best bid and ask as Binance writes them.
pub struct Quote<'a> {
    /// None: the venue gives no time.
    pub ts_event: Option<i64>,
    pub update: i64,
    pub symbol: Text<'a>,
    pub bid: Text<'a>,
    pub bid_size: Text<'a>,
    pub ask: Text<'a>,
    pub ask_size: Text<'a>,
}

/// What is read of a venue's messages; all others are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Wanted {
    Trades,
    /// `timed`: the venue says when a quote came to be.
    Quotes {
        timed: bool,
    },
}

pub enum Message<'a> {
    Trade(Trade<'a>),
    Quote(Quote<'a>),
    /// Index of its kind in the list of kinds.
    Ignored(usize),
}

/// The keys that are read, each at most once in the message and in its `data`.
#[derive(Clone, Copy)]
enum Key {
    Stream,
    Data,
    LastUpdateId,
    Event,
    Time,
    Symbol,
    TradeId,
    Price,
    Quantity,
    Maker,
    AskSize,
}

/// A message is read as a trade or as a quote: their keys share places.
impl Key {
    const UPDATE: Self = Self::TradeId;
    const BID: Self = Self::Price;
    const BID_SIZE: Self = Self::Quantity;
    const ASK: Self = Self::Maker;
}

const KEYS: usize = 11;

/// First tokens of the values of the keys that are read, of one object.
#[derive(Clone, Copy)]
struct Fields<'a> {
    /// Bit `key`: it was met.
    met: u32,
    tokens: [Token<'a>; KEYS],
}

impl<'a> Fields<'a> {
    const NONE: Self = Self { met: 0, tokens: [Token::Null; KEYS] };

    /// False: the key stands twice.
    #[inline]
    fn put(&mut self, key: Key, token: Token<'a>) -> bool {
        let fresh = self.met & 1 << key as u32 == 0;
        self.met |= 1 << key as u32;
        self.tokens[key as usize] = token;
        fresh
    }

    fn get(&self, key: Key) -> Option<Token<'a>> {
        (self.met & 1 << key as u32 != 0).then(|| self.tokens[key as usize])
    }

    /// Whether this has what only a quote has: spot's own stream names no kind.
    fn is_bare_quote(&self) -> bool {
        [Key::UPDATE, Key::BID, Key::BID_SIZE, Key::ASK, Key::AskSize].iter().all(|key| self.get(*key).is_some())
    }

    fn text(&self, key: Key) -> Option<Text<'a>> {
        if let Some(Token::Text(text)) = self.get(key) { Some(text) } else { None }
    }

    /// A field that may be neither absent nor null.
    fn needed(&self, key: Key) -> Result<Token<'a>, Refusal> {
        self.get(key).filter(|token| !matches!(token, Token::Null)).ok_or(Refusal::FieldMissing)
    }
}

/// Reads a payload of any Binance market stream, raw or combined. All of it is checked, also of a message that is no trade: half of one
/// is to be refused, not ignored.
pub fn read<'a>(payload: &'a [u8], kinds: &[Vec<u8>], wanted: Wanted) -> Result<Message<'a>, Refusal> {
    if !payload.is_ascii() && std::str::from_utf8(payload).is_err() {
        return Err(Refusal::PayloadUnparsable);
    }
    let (mut message, mut data) = (Fields::NONE, Fields::NONE);
    let mut scanner = Scanner::new(payload);
    let unparsable = |_| Refusal::PayloadUnparsable;
    if !matches!(scanner.value().map_err(unparsable)?, Token::Object) {
        return Err(Refusal::PayloadUnparsable);
    }
    let combined = match wanted {
        Wanted::Trades => object(&mut scanner, trade_key, &mut message, Some(&mut data))?,
        Wanted::Quotes { .. } => object(&mut scanner, quote_key, &mut message, Some(&mut data))?,
    };
    scanner.end().map_err(unparsable)?;
    let fields = if combined { &data } else { &message };
    let mut room = Vec::new();
    let event = fields.text(Key::Event).map(|event| plain(event, &mut room));
    if wanted == Wanted::Trades && event == Some(b"trade") {
        return trade(fields).map(Message::Trade);
    }
    if fields.get(Key::LastUpdateId).is_some() {
        return Ok(Message::Ignored(position(kinds, b"snapshot")));
    }
    let word = match (event, message.text(Key::Stream)) {
        (Some(event), _) => event,
        (None, Some(stream)) => plain(stream, &mut room).split(|byte| *byte == b'@').nth(1).unwrap_or_default(),
        (None, None) if fields.is_bare_quote() => b"bookTicker",
        (None, None) => b"",
    };
    if let (Wanted::Quotes { timed }, b"bookTicker") = (wanted, word) {
        return quote(fields, timed).map(Message::Quote);
    }
    Ok(Message::Ignored(position(kinds, word)))
}

/// Reads an open object to its end. `keys`: which names are read; `data`: where the fields of its `data` go; true when that is an object.
fn object<'a>(
    scanner: &mut Scanner<'a>,
    keys: impl Fn(&[u8]) -> Option<Key> + Copy,
    into: &mut Fields<'a>,
    mut data: Option<&mut Fields<'a>>,
) -> Result<bool, Refusal> {
    let unparsable = |_| Refusal::PayloadUnparsable;
    let mut combined = false;
    let mut first = true;
    while let Some(name) = scanner.key(first).map_err(unparsable)? {
        first = false;
        let token = scanner.value().map_err(unparsable)?;
        let key = key_of(name, keys);
        if key.is_some_and(|key| !into.put(key, token)) {
            return Err(Refusal::PayloadUnparsable);
        }
        match (key, token, &mut data) {
            (Some(Key::Data), Token::Object, Some(data)) => {
                object(scanner, keys, data, None)?;
                combined = true;
            }
            (_, Token::Object | Token::Array, _) => scanner.skip(token).map_err(unparsable)?,
            _ => {}
        }
    }
    Ok(combined)
}

#[inline]
fn key_of(name: Text, keys: impl Fn(&[u8]) -> Option<Key>) -> Option<Key> {
    if name.escaped { keys(plain(name, &mut Vec::new())) } else { keys(name.raw) }
}

/// The text that a string stands for; `room` is where an escaped one is written.
#[inline]
pub fn plain<'t>(text: Text<'t>, room: &'t mut Vec<u8>) -> &'t [u8] {
    if !text.escaped {
        return text.raw;
    }
    room.clear();
    unescape(text.raw, room);
    room
}

#[inline]
fn trade_key(name: &[u8]) -> Option<Key> {
    Some(match name {
        b"e" => Key::Event,
        b"T" => Key::Time,
        b"s" => Key::Symbol,
        b"t" => Key::TradeId,
        b"p" => Key::Price,
        b"q" => Key::Quantity,
        b"m" => Key::Maker,
        b"data" => Key::Data,
        b"stream" => Key::Stream,
        b"lastUpdateId" => Key::LastUpdateId,
        _ => return None,
    })
}

#[inline]
fn quote_key(name: &[u8]) -> Option<Key> {
    Some(match name {
        b"e" => Key::Event,
        b"T" => Key::Time,
        b"s" => Key::Symbol,
        b"u" => Key::UPDATE,
        b"b" => Key::BID,
        b"B" => Key::BID_SIZE,
        b"a" => Key::ASK,
        b"A" => Key::AskSize,
        b"data" => Key::Data,
        b"stream" => Key::Stream,
        b"lastUpdateId" => Key::LastUpdateId,
        _ => return None,
    })
}

fn quote<'a>(fields: &Fields<'a>, timed: bool) -> Result<Quote<'a>, Refusal> {
    let time = if timed { Some(fields.needed(Key::Time)?) } else { None };
    let [symbol, update, bid, bid_size, ask, ask_size] = [Key::Symbol, Key::UPDATE, Key::BID, Key::BID_SIZE, Key::ASK, Key::AskSize];
    let (symbol, update, bid) = (fields.needed(symbol)?, fields.needed(update)?, fields.needed(bid)?);
    let (bid_size, ask, ask_size) = (fields.needed(bid_size)?, fields.needed(ask)?, fields.needed(ask_size)?);
    let (Token::Text(symbol), Token::Number(update), Token::Text(bid), Token::Text(bid_size), Token::Text(ask), Token::Text(ask_size)) =
        (symbol, update, bid, bid_size, ask, ask_size)
    else {
        return Err(Refusal::FieldType);
    };
    let ts_event = match time {
        Some(Token::Number(time)) => Some(time.i64().and_then(|ms| ms.checked_mul(1_000_000)).ok_or(Refusal::FieldType)?),
        Some(_) => return Err(Refusal::FieldType),
        None => None,
    };
    let update = update.i64().ok_or(Refusal::FieldType)?;
    Ok(Quote { ts_event, update, symbol, bid, bid_size, ask, ask_size })
}

fn trade<'a>(fields: &Fields<'a>) -> Result<Trade<'a>, Refusal> {
    let time = fields.needed(Key::Time)?;
    let symbol = fields.needed(Key::Symbol)?;
    let id = fields.needed(Key::TradeId)?;
    let price = fields.needed(Key::Price)?;
    let size = fields.needed(Key::Quantity)?;
    let maker = fields.needed(Key::Maker)?;
    let (Token::Number(time), Token::Text(symbol), Token::Number(id), Token::Text(price), Token::Text(size), Token::Bool(buyer_is_maker)) =
        (time, symbol, id, price, size, maker)
    else {
        return Err(Refusal::FieldType);
    };
    let ts_event = time.i64().and_then(|ms| ms.checked_mul(1_000_000)).ok_or(Refusal::FieldType)?;
    let trade_id = id.i64().ok_or(Refusal::FieldType)?;
    Ok(Trade { ts_event, trade_id, symbol, price, size, buyer_is_maker })
}

fn position(kinds: &[Vec<u8>], word: &[u8]) -> usize {
    kinds.iter().position(|kind| kind == word).unwrap_or(0)
}

/// A decimal in a JSON string, as steps.
#[inline]
pub fn steps(text: Text, step: &Step) -> Result<(f64, i64), NoSteps> {
    step.of_text(plain(text, &mut Vec::new()))
}
