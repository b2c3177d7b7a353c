use super::limits::MessageRate;
use super::order::{Side, Type};
use super::snapshots::{read_option, write_option};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// What makes two new orders of an account equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    pub symbol: u32,
    pub side: Side,
    pub kind: Type,
    pub price: Option<i64>,
    pub stop: Option<i64>,
    pub size: i64,
}

/// What an account was let through of late. Times never go back: a row behind the account's time counts at that time.
#[derive(Debug, Default)]
pub struct Recent {
    /// Largest `ts_event` of its accepted new orders and amends.
    time: Option<i64>,
    /// Times of the last messages, as many as the limit asks for.
    messages: VecDeque<i64>,
    /// Fingerprints by time, and the last time of each.
    prints: VecDeque<(i64, Fingerprint)>,
    last: FxHashMap<Fingerprint, i64>,
}

impl Recent {
    /// The account's time at a row.
    #[inline]
    pub fn at(&self, ts_ns: i64) -> i64 {
        self.time.map_or(ts_ns, |time| time.max(ts_ns))
    }

    /// How long before `now` an equal order was accepted, when that is less than `window` ago.
    #[inline]
    pub fn duplicate(&self, print: &Fingerprint, now: i64, window: i64) -> Option<i64> {
        let age = now.saturating_sub(*self.last.get(print)?);
        (age < window).then_some(age)
    }

    /// Whether as many messages as allowed were let through less than `per` before `now`.
    #[inline]
    pub fn is_full(&self, now: i64, rate: MessageRate) -> bool {
        let Some(at) = self.messages.len().checked_sub(rate.messages) else { return false };
        self.messages.get(at).is_none_or(|then| now.saturating_sub(*then) < rate.per)
    }

    /// A message was let through.
    pub fn message(&mut self, now: i64, rate: Option<MessageRate>) {
        self.time = Some(now);
        let Some(rate) = rate else { return self.messages.clear() };
        self.messages.push_back(now);
        while self.messages.len() > rate.messages {
            self.messages.pop_front();
        }
    }

    /// A new order was let through; what is older than `window` is forgotten.
    pub fn order(&mut self, print: Fingerprint, now: i64, window: Option<i64>) {
        let Some(window) = window else {
            self.prints.clear();
            return self.last.clear();
        };
        self.prints.push_back((now, print));
        self.last.insert(print, now);
        while let Some((then, old)) = self.prints.front().filter(|(then, _)| now.saturating_sub(*then) >= window) {
            if self.last.get(old) == Some(then) {
                self.last.remove(old);
            }
            self.prints.pop_front();
        }
    }

    pub fn snapshot(&self, into: &mut Writer) {
        write_option(self.time, into);
        into.count(self.messages.len());
        self.messages.iter().for_each(|time| into.i64(*time));
        into.count(self.prints.len());
        for (time, print) in &self.prints {
            into.i64(*time);
            into.u32(print.symbol);
            into.u32(print.side as u32);
            into.u32(print.kind as u32);
            write_option(print.price, into);
            write_option(print.stop, into);
            into.i64(print.size);
        }
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let mut recent = Self { time: read_option(from)?, ..Self::default() };
        for _ in 0..from.count()? {
            recent.messages.push_back(from.i64()?);
        }
        for _ in 0..from.count()? {
            let time = from.i64()?;
            let print = Fingerprint {
                symbol: from.u32()?,
                side: Side::of(from.u32()? as u8),
                kind: Type::of(from.u32()? as u8),
                price: read_option(from)?,
                stop: read_option(from)?,
                size: from.i64()?,
            };
            recent.prints.push_back((time, print));
            recent.last.insert(print, time);
        }
        Ok(recent)
    }
}
