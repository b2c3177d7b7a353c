use crate::book::{Book, Settings};
use crate::instruction::{MAX_PRICE, MAX_SIDE, MAX_SIZE, out_of_range};
use crate::order::{Order, Place, Rare, Traits};
use crate::slab::NONE;
use crate::words::{Phase, TimeInForce};

/// Bytes that are no snapshot of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the snapshot of the book is damaged")
    }
}

impl std::error::Error for Damaged {}

const VERSION: u8 = 1;
/// More than any counter can have reached.
const MOST: i64 = 1 << 62;

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn option(&mut self, value: Option<i64>) {
        self.u8(u8::from(value.is_some()));
        self.i64(value.unwrap_or_default());
    }

    fn count(&mut self, value: usize) {
        self.i64(value as i64);
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*head)
    }

    fn u8(&mut self) -> Result<u8, Damaged> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Damaged> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn i64(&mut self) -> Result<i64, Damaged> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    fn price(&mut self) -> Result<i64, Damaged> {
        self.i64().and_then(|price| if out_of_range(price) { Err(Damaged) } else { Ok(price) })
    }

    fn between(&mut self, least: i64, most: i64) -> Result<i64, Damaged> {
        self.i64().and_then(|value| if (least..=most).contains(&value) { Ok(value) } else { Err(Damaged) })
    }

    fn option(&mut self) -> Result<Option<i64>, Damaged> {
        let there = self.u8()?;
        let value = self.i64()?;
        Ok((there == 1).then_some(value))
    }

    fn optional_price(&mut self) -> Result<Option<i64>, Damaged> {
        self.option().and_then(|price| if price.is_some_and(out_of_range) { Err(Damaged) } else { Ok(price) })
    }

    /// A count of things that take at least a byte each.
    fn count(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.i64()?).ok().filter(|count| *count <= self.0.len()).ok_or(Damaged)
    }
}

impl Book {
    /// Appends the whole state: equal books give equal bytes, whatever way they came about.
    pub fn snapshot(&self, into: &mut Vec<u8>) {
        let mut to = Writer(into);
        to.u8(VERSION);
        to.count(self.settings.depth);
        to.u8(self.phase as u8);
        for value in [self.lower, self.upper, self.increment_ticks, self.increment_lots, self.time, self.executions] {
            to.i64(value);
        }
        for value in [self.reference, self.last, self.indicative.price, Some(self.indicative.size), self.indicative.surplus] {
            to.option(value);
        }
        to.i64(self.entries as i64);
        to.i64(self.depth.sequence);
        for told in &self.depth.told {
            to.count(told.len());
            for (price, size, orders) in told {
                to.i64(*price);
                to.i64(*size);
                to.u32(*orders);
            }
        }
        let mut positions: Vec<(u32, i128)> = self.positions.iter().map(|(account, position)| (*account, *position)).collect();
        positions.sort_unstable();
        to.count(positions.len());
        for (account, position) in positions {
            to.u32(account);
            to.0.extend_from_slice(&position.to_le_bytes());
        }
        to.count(self.ids.len());
        for at in self.in_order() {
            self.write_order(at, &mut to);
        }
    }

    /// All live orders, so that entering them in this order makes the same queues.
    fn in_order(&self) -> impl Iterator<Item = u32> {
        let resting = self.sides.iter().flat_map(|side| {
            let mut orders = Vec::new();
            let mut level = side.ladder.best();
            let mut walk = |head: u32| {
                let mut at = head;
                while at != NONE {
                    orders.push(at);
                    at = self.orders[at].next;
                }
            };
            while level != NONE {
                walk(side.ladder.level(level).queue.head);
                level = side.ladder.after(level);
            }
            walk(side.market.head);
            orders.extend(side.hidden.values().chain(side.all_or_none.values()));
            orders
        });
        resting.chain(self.stops.iter())
    }

    fn write_order(&self, at: u32, to: &mut Writer) {
        let order = &self.orders[at];
        to.u8(u8::from(order.place == Place::Waiting));
        for value in [order.id, order.price, order.size, order.leaves, order.entry as i64] {
            to.i64(value);
        }
        to.u32(order.account);
        to.u32(u32::from(order.traits.0));
        to.u8(u8::from(order.rare != NONE));
        if let Some(rare) = self.rare(at) {
            for value in [rare.stop, rare.trail, rare.display, rare.shown, rare.expire_at] {
                to.i64(value);
            }
            to.option((rare.pair != NONE).then(|| self.orders[rare.pair].id));
        }
    }

    /// The book that `snapshot` wrote. Under another depth all of the book is told anew with its next change. Errors: `Damaged`.
    pub fn restore(settings: Settings, bytes: &[u8]) -> Result<Self, Damaged> {
        let mut from = Reader(bytes);
        if from.u8()? != VERSION {
            return Err(Damaged);
        }
        let depth = from.i64()?;
        let mut book = Self::new(settings);
        book.phase = Phase::from_code(from.u8()?).ok_or(Damaged)?;
        (book.lower, book.upper) = (from.price()?, from.price()?);
        (book.increment_ticks, book.increment_lots) = (from.between(1, i64::MAX)?, from.between(1, i64::MAX)?);
        (book.time, book.executions) = (from.i64()?, from.between(0, MOST)?);
        (book.reference, book.last) = (from.optional_price()?, from.optional_price()?);
        book.indicative.price = from.option()?;
        book.indicative.size = from.option()?.ok_or(Damaged)?;
        book.indicative.surplus = from.option()?;
        book.entries = from.between(0, MOST)? as u64;
        book.depth.sequence = from.between(0, MOST)?;
        for side in 0..2 {
            for _ in 0..from.count()? {
                book.depth.told[side].push((from.price()?, from.between(1, i64::MAX)?, from.u32()?));
            }
        }
        for _ in 0..from.count()? {
            let account = from.u32()?;
            let position = i128::from_le_bytes(from.array()?);
            if position.unsigned_abs() > 1 << 120 {
                return Err(Damaged);
            }
            book.positions.insert(account, position);
        }
        let mut pairs = Vec::new();
        for _ in 0..from.count()? {
            book.read_order(&mut from, &mut pairs)?;
        }
        for (at, other) in pairs {
            let other = book.ids.get(other, &book.orders).ok_or(Damaged)?;
            if other == at || book.orders[other].account != book.orders[at].account {
                return Err(Damaged);
            }
            book.rare_mut(at).pair = other;
            book.pairs += 1;
        }
        let mutual = |at: u32| book.pair(at) == NONE || book.pair(book.pair(at)) == at;
        if !from.0.is_empty() || !book.ids.values().all(mutual) {
            return Err(Damaged);
        }
        book.pairs /= 2;
        if depth != settings.depth as i64 {
            book.depth.told.iter_mut().for_each(Vec::clear);
        }
        book.depth.watch();
        Ok(book)
    }

    fn read_order(&mut self, from: &mut Reader, pairs: &mut Vec<(u32, i64)>) -> Result<(), Damaged> {
        let waits = from.u8()? == 1;
        let (id, price, size) = (from.i64()?, from.price()?, from.between(1, MAX_SIZE)?);
        let leaves = from.between(1, size)?;
        let (entry, account) = (from.between(0, MOST)? as u64, from.u32()?);
        let traits = Traits(u16::try_from(from.u32()?).map_err(|_| Damaged)?);
        let rare = match from.u8()? {
            0 => None,
            _ => Some(Rare {
                stop: from.between(-2 * MAX_PRICE, 2 * MAX_PRICE)?,
                trail: from.between(0, MAX_PRICE)?,
                display: from.between(0, MAX_SIZE)?,
                shown: from.between(0, MAX_SIZE)?,
                expire_at: from.i64()?,
                ..Rare::default()
            }),
        };
        let pair = if rare.is_some() { from.option()? } else { None };
        let needs_rare = waits || traits.time_in_force() == TimeInForce::Gtd;
        let total = self.sides[traits.side() as usize].leaves.checked_add(leaves);
        if (needs_rare && rare.is_none()) || self.ids.get(id, &self.orders).is_some() || total.is_none_or(|total| total > MAX_SIDE) {
            return Err(Damaged);
        }
        self.sides[traits.side() as usize].leaves += leaves;
        let shown = rare.as_ref().map(|rare| rare.shown.min(leaves));
        let (rare, expire_at) = match rare {
            None => (NONE, None),
            Some(rare) => {
                let expire_at = (traits.time_in_force() == TimeInForce::Gtd).then_some(rare.expire_at);
                (self.rares.insert(rare), expire_at)
            }
        };
        let order = Order {
            id,
            price,
            size,
            leaves,
            entry,
            next: NONE,
            prev: NONE,
            account,
            level: NONE,
            rare,
            traits,
            place: Place::Taking,
            listed: true,
        };
        let at = self.orders.insert(order);
        self.ids.insert(id, at);
        if let Some(expire_at) = expire_at {
            self.expiries.insert((expire_at, entry), at);
            self.next_expiry = self.next_expiry.min(expire_at);
        }
        if waits {
            self.orders[at].place = Place::Waiting;
            self.stops.insert(at, &self.orders[at], &self.rares[rare]);
        } else {
            self.rest_showing(at, shown);
        }
        if let Some(pair) = pair {
            pairs.push((at, pair));
        }
        Ok(())
    }

    /// A number of the whole state (FNV-1a, 64 bits, of the snapshot): equal for equal books. For tests; takes as long as a snapshot.
    pub fn checksum(&self) -> u64 {
        let mut bytes = Vec::new();
        self.snapshot(&mut bytes);
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
    }
}
