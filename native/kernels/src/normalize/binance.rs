use super::decimal::{NoSteps, Step};
use super::refusal::Refusal;
use crate::json::{Scanner, Text, Token, unescape};

/// A trade as Binance writes it; see `operators/normalize/venues`.
pub struct Trade<'a> {
    pub ts_event: i64,
    pub trade_id: i64,
    pub symbol: Text<'a>,
    pub price: Text<'a>,
    pub size: Text<'a>,
    pub buyer_is_maker: bool,
}

pub enum Message<'a> {
    Trade(Trade<'a>),
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
}

const KEYS: usize = 10;

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

    fn text(&self, key: Key) -> Option<Text<'a>> {
        if let Some(Token::Text(text)) = self.get(key) { Some(text) } else { None }
    }

    /// The field of a trade, which may be neither absent nor null.
    fn needed(&self, key: Key) -> Result<Token<'a>, Refusal> {
        self.get(key).filter(|token| !matches!(token, Token::Null)).ok_or(Refusal::FieldMissing)
    }
}

/// Reads a payload of any Binance market stream, raw or combined. All of it is checked, also of a message that is no trade: half of one
/// is to be refused, not ignored.
pub fn read<'a>(payload: &'a [u8], kinds: &[Vec<u8>]) -> Result<Message<'a>, Refusal> {
    if !payload.is_ascii() && std::str::from_utf8(payload).is_err() {
        return Err(Refusal::PayloadUnparsable);
    }
    let (mut message, mut data) = (Fields::NONE, Fields::NONE);
    let mut scanner = Scanner::new(payload);
    let unparsable = |_| Refusal::PayloadUnparsable;
    if !matches!(scanner.value().map_err(unparsable)?, Token::Object) {
        return Err(Refusal::PayloadUnparsable);
    }
    let combined = object(&mut scanner, &mut message, Some(&mut data))?;
    scanner.end().map_err(unparsable)?;
    let fields = if combined { &data } else { &message };
    let mut room = Vec::new();
    let event = fields.text(Key::Event).map(|event| plain(event, &mut room));
    if event == Some(b"trade") {
        return trade(fields).map(Message::Trade);
    }
    if fields.get(Key::LastUpdateId).is_some() {
        return Ok(Message::Ignored(position(kinds, b"snapshot")));
    }
    let word = match (event, message.text(Key::Stream)) {
        (Some(event), _) => event,
        (None, Some(stream)) => plain(stream, &mut room).split(|byte| *byte == b'@').nth(1).unwrap_or_default(),
        (None, None) => b"",
    };
    Ok(Message::Ignored(position(kinds, word)))
}

/// Reads an open object to its end. `data`: where the fields of its `data` go; true when that is an object.
fn object<'a>(scanner: &mut Scanner<'a>, into: &mut Fields<'a>, mut data: Option<&mut Fields<'a>>) -> Result<bool, Refusal> {
    let unparsable = |_| Refusal::PayloadUnparsable;
    let mut combined = false;
    let mut first = true;
    while let Some(name) = scanner.key(first).map_err(unparsable)? {
        first = false;
        let token = scanner.value().map_err(unparsable)?;
        let key = key_of(name);
        if key.is_some_and(|key| !into.put(key, token)) {
            return Err(Refusal::PayloadUnparsable);
        }
        match (key, token, &mut data) {
            (Some(Key::Data), Token::Object, Some(data)) => {
                object(scanner, data, None)?;
                combined = true;
            }
            (_, Token::Object | Token::Array, _) => scanner.skip(token).map_err(unparsable)?,
            _ => {}
        }
    }
    Ok(combined)
}

#[inline]
fn key_of(name: Text) -> Option<Key> {
    if name.escaped { plain_key(plain(name, &mut Vec::new())) } else { plain_key(name.raw) }
}

/// The text that a string stands for; `room` is where an escaped one is written.
#[inline]
fn plain<'t>(text: Text<'t>, room: &'t mut Vec<u8>) -> &'t [u8] {
    if !text.escaped {
        return text.raw;
    }
    room.clear();
    unescape(text.raw, room);
    room
}

#[inline]
fn plain_key(name: &[u8]) -> Option<Key> {
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
