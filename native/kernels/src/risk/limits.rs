use super::names::Names;
use crate::config::ns;
use crate::fault::Fault;
use serde::{Deserialize, Deserializer, de::Error as _};

/// Whether an account, strategy, venue, symbol or all may trade; the strictest that applies holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Active,
    Reducing,
    Halted,
}

/// Open orders of an account where neither it nor the defaults say.
pub const OPEN_ORDERS: i64 = 10_000;

/// Limits of one order. Money is in 10^-18 base units, distances in thousandths of a basis point.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct OrderLimits {
    #[serde(default, deserialize_with = "some_i64")]
    pub size: Option<i64>,
    #[serde(default, deserialize_with = "some_i128")]
    pub notional: Option<i128>,
    pub collar: Option<i64>,
    pub through: Option<i64>,
}

/// A size is suspicious above `times` / 1000 times the mean, from `after` orders on.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct FatFinger {
    pub times: i64,
    pub after: i64,
}

/// Limits of an account in a symbol.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct LineLimits {
    #[serde(flatten)]
    pub order: OrderLimits,
    pub fat: Option<FatFinger>,
    #[serde(default, deserialize_with = "some_i64")]
    pub position: Option<i64>,
    pub open_orders: Option<i64>,
}

/// At most `messages` in any interval of `per` ns.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct MessageRate {
    pub messages: usize,
    #[serde(deserialize_with = "ns")]
    pub per: i64,
}

/// Limits of an account, or the defaults of all. `line.open_orders` is over all symbols.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AccountLimits {
    #[serde(flatten)]
    pub line: LineLimits,
    #[serde(default, deserialize_with = "some_i128")]
    pub gross: Option<i128>,
    #[serde(default, deserialize_with = "some_i128")]
    pub net: Option<i128>,
    #[serde(default, deserialize_with = "some_i128")]
    pub credit: Option<i128>,
    pub rate: Option<MessageRate>,
    #[serde(default, deserialize_with = "some_i64")]
    pub duplicate: Option<i64>,
    #[serde(default, deserialize_with = "some_i64")]
    pub max_age: Option<i64>,
    pub state: Option<State>,
    #[serde(default)]
    restricted: Vec<String>,
    #[serde(default)]
    symbols: Vec<(String, LineLimits)>,
    /// Symbols it may not trade, by id.
    #[serde(skip)]
    pub barred: Vec<u32>,
    /// Its own limits in some symbols, by id.
    #[serde(skip)]
    lines: Vec<(u32, LineLimits)>,
}

impl AccountLimits {
    /// Its own limits in a symbol.
    #[inline]
    pub fn in_symbol(&self, symbol: u32) -> Option<&LineLimits> {
        self.lines.iter().find(|(id, _)| *id == symbol).map(|(_, limits)| limits)
    }
}

/// A symbol: what a tick-lot is worth in 10^-18 base units, and its limits for every account.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct SymbolLimits {
    #[serde(deserialize_with = "i128_text")]
    pub unit: i128,
    #[serde(flatten)]
    pub line: LineLimits,
    #[serde(default, deserialize_with = "some_i64")]
    pub max_age: Option<i64>,
    pub state: Option<State>,
}

/// A strategy or venue.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ScopeLimits {
    #[serde(flatten)]
    pub order: OrderLimits,
    pub state: Option<State>,
}

/// The limits file as TypeScript hands it over, checked there.
#[derive(Debug, Clone, Deserialize)]
struct File {
    currency: String,
    state: Option<State>,
    restricted: Vec<String>,
    defaults: AccountLimits,
    accounts: Vec<(String, AccountLimits)>,
    symbols: Vec<(String, SymbolLimits)>,
    strategies: Option<Vec<(String, ScopeLimits)>>,
    venues: Option<Vec<(String, ScopeLimits)>>,
}

/// Limits by id of the gate's names.
#[derive(Debug)]
pub struct Limits {
    pub currency: String,
    pub state: Option<State>,
    pub defaults: AccountLimits,
    accounts: Vec<Option<Box<AccountLimits>>>,
    symbols: Vec<Option<SymbolLimits>>,
    restricted: Vec<u32>,
    /// None: an order may name any, or none.
    pub strategies: Option<Vec<Option<ScopeLimits>>>,
    pub venues: Option<Vec<Option<ScopeLimits>>>,
    /// Whether the file gives any trading state.
    pub states: bool,
}

impl Limits {
    /// Reads the JSON that `operators/risk/limits` makes of a file.
    pub fn read(json: &[u8], names: &mut Names) -> Result<Self, Fault> {
        let file: File = serde_json::from_slice(json).map_err(|error| Fault::new("kernel-config", format!("limits: {error}")))?;
        let mut states = file.state.is_some();
        let mut symbols = Vec::new();
        for (name, limits) in file.symbols {
            states |= limits.state.is_some();
            put(&mut symbols, names.symbols.id(name.as_bytes()), limits);
        }
        let mut accounts = Vec::new();
        for (name, mut limits) in file.accounts {
            states |= limits.state.is_some();
            limits.barred = limits.restricted.drain(..).map(|symbol| names.symbols.id(symbol.as_bytes())).collect();
            limits.lines = limits.symbols.drain(..).map(|(symbol, line)| (names.symbols.id(symbol.as_bytes()), line)).collect();
            put(&mut accounts, names.accounts.id(name.as_bytes()), Box::new(limits));
        }
        let mut scoped = |given: Option<Vec<(String, ScopeLimits)>>, table: &mut crate::dictionary::WordTable| {
            given.map(|given| {
                let mut found = Vec::new();
                for (name, limits) in given {
                    states |= limits.state.is_some();
                    put(&mut found, table.id(name.as_bytes()), limits);
                }
                found
            })
        };
        let strategies = scoped(file.strategies, &mut names.strategies);
        let venues = scoped(file.venues, &mut names.venues);
        let restricted = file.restricted.iter().map(|symbol| names.symbols.id(symbol.as_bytes())).collect();
        Ok(Self {
            currency: file.currency,
            state: file.state,
            defaults: file.defaults,
            accounts,
            symbols,
            restricted,
            strategies,
            venues,
            states,
        })
    }

    #[inline]
    pub fn account(&self, id: u32) -> Option<&AccountLimits> {
        self.accounts.get(id as usize).and_then(Option::as_deref)
    }

    #[inline]
    pub fn symbol(&self, id: u32) -> Option<&SymbolLimits> {
        self.symbols.get(id as usize).and_then(Option::as_ref)
    }

    pub fn is_restricted(&self, symbol: u32) -> bool {
        self.restricted.contains(&symbol)
    }
}

/// The limits of a strategy or venue, where the file has such and it is one of them.
#[inline]
pub fn scope_of(limits: &Option<Vec<Option<ScopeLimits>>>, id: u32) -> Option<&ScopeLimits> {
    limits.as_ref()?.get(id as usize)?.as_ref()
}

fn put<T>(table: &mut Vec<Option<T>>, id: u32, limits: T) {
    let at = id as usize;
    if table.len() <= at {
        table.resize_with(at + 1, || None);
    }
    table[at] = Some(limits);
}

fn i128_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("\"{text}\" is not an integer of 128 bits")))
}

fn some_i128<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i128>, D::Error> {
    i128_text(deserializer).map(Some)
}

fn some_i64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    ns(deserializer).map(Some)
}
