use super::limits::{Limits, State, scope_of};
use super::names::{Names, name};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use rustc_hash::FxHashMap;

/// What a kill, a state or a limit is about, in the order of the vocabulary `SCOPES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    All,
    Account,
    Strategy,
    Venue,
    Symbol,
    Defaults,
    AccountSymbol,
}

pub const SCOPES: &[&str] = &["all", "account", "strategy", "venue", "symbol"];

/// Who an order is of: the ids of its names, `NONE` where it has none.
#[derive(Debug, Clone, Copy)]
pub struct Party {
    pub account: u32,
    pub symbol: u32,
    pub strategy: u32,
    pub venue: u32,
}

impl Scope {
    pub fn of(place: u8) -> Self {
        [Self::All, Self::Account, Self::Strategy, Self::Venue, Self::Symbol].get(place as usize).copied().unwrap_or(Self::All)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Account => "account",
            Self::Strategy => "strategy",
            Self::Venue => "venue",
            Self::Symbol => "symbol",
            Self::Defaults => "defaults",
            Self::AccountSymbol => "account_symbol",
        }
    }

    /// The scope in words: `account "alpha"`.
    pub fn text(self, party: Party, names: &Names) -> String {
        let account = || format!("account \"{}\"", name(&names.accounts, party.account));
        match self {
            Self::All => "everything".into(),
            Self::Defaults => "the defaults".into(),
            Self::Account => account(),
            Self::Strategy => format!("strategy \"{}\"", name(&names.strategies, party.strategy)),
            Self::Venue => format!("venue \"{}\"", name(&names.venues, party.venue)),
            Self::Symbol => format!("symbol \"{}\"", name(&names.symbols, party.symbol)),
            Self::AccountSymbol => format!("{} in \"{}\"", account(), name(&names.symbols, party.symbol)),
        }
    }
}

impl Party {
    /// Scopes that it falls under, widest first, each with the id of its name.
    #[inline]
    pub fn scopes(self) -> [(Scope, u32); 5] {
        [
            (Scope::All, 0),
            (Scope::Account, self.account),
            (Scope::Strategy, self.strategy),
            (Scope::Venue, self.venue),
            (Scope::Symbol, self.symbol),
        ]
    }
}

/// What control rows said: who is killed and why, and the trading states.
#[derive(Debug, Default)]
pub struct Control {
    killed: FxHashMap<(Scope, u32), String>,
    states: FxHashMap<(Scope, u32), State>,
}

impl Control {
    pub fn kill(&mut self, scope: Scope, id: u32, reason: String) {
        self.killed.insert((scope, id), reason);
    }

    pub fn resume(&mut self, scope: Scope, id: u32) {
        self.killed.remove(&(scope, id));
    }

    pub fn set(&mut self, scope: Scope, id: u32, state: State) {
        self.states.insert((scope, id), state);
    }

    /// The widest kill that a party falls under.
    #[inline]
    pub fn kill_of(&self, party: Party) -> Option<(Scope, &str)> {
        if self.killed.is_empty() {
            return None;
        }
        party.scopes().into_iter().find_map(|key| self.killed.get(&key).map(|reason| (key.0, reason.as_str())))
    }

    /// The widest scope of a party that is in at least that state.
    #[inline]
    pub fn in_state(&self, least: State, party: Party, limits: &Limits) -> Option<Scope> {
        if self.states.is_empty() && !limits.states {
            return None;
        }
        let told = |(scope, id): (Scope, u32)| match scope {
            Scope::Account => limits.account(id).and_then(|account| account.state),
            Scope::Strategy => scope_of(&limits.strategies, id).and_then(|strategy| strategy.state),
            Scope::Venue => scope_of(&limits.venues, id).and_then(|venue| venue.state),
            Scope::Symbol => limits.symbol(id).and_then(|symbol| symbol.state),
            _ => limits.state,
        };
        let state = |key: (Scope, u32)| self.states.get(&key).copied().or_else(|| told(key)).unwrap_or(State::Active);
        party.scopes().into_iter().find(|key| state(*key) >= least).map(|(scope, _)| scope)
    }

    pub fn snapshot(&self, into: &mut Writer) {
        let mut killed: Vec<_> = self.killed.iter().collect();
        killed.sort_unstable_by_key(|((scope, id), _)| (*scope as u32, *id));
        into.count(killed.len());
        for ((scope, id), reason) in killed {
            into.u32(*scope as u32);
            into.u32(*id);
            into.bytes(reason.as_bytes());
        }
        let mut states: Vec<_> = self.states.iter().collect();
        states.sort_unstable_by_key(|((scope, id), _)| (*scope as u32, *id));
        into.count(states.len());
        for ((scope, id), state) in states {
            into.u32(*scope as u32);
            into.u32(*id);
            into.u32(*state as u32);
        }
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let mut control = Self::default();
        for _ in 0..from.count()? {
            let key = (Scope::of(from.u32()? as u8), from.u32()?);
            control.killed.insert(key, String::from_utf8_lossy(from.bytes()?).into_owned());
        }
        for _ in 0..from.count()? {
            let key = (Scope::of(from.u32()? as u8), from.u32()?);
            control.states.insert(key, state_of(from.u32()? as u8));
        }
        Ok(control)
    }
}

pub const STATES: &[&str] = &["active", "reducing", "halted"];

pub fn state_of(place: u8) -> State {
    match place {
        0 => State::Active,
        1 => State::Reducing,
        _ => State::Halted,
    }
}
