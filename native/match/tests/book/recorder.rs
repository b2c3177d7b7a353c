use millrace_match::{
    AuctionChange, Book, Conditions, Fill, Given, LevelChange, OrderChange, Phase, Settings, Side, Sink, Terms, TimeInForce,
};

/// Hears everything, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    pub fills: Vec<Fill>,
    pub changes: Vec<OrderChange>,
    pub levels: Vec<LevelChange>,
    pub auctions: Vec<AuctionChange>,
}

impl Sink for Recorder {
    fn fill(&mut self, fill: &Fill) {
        self.fills.push(*fill);
    }

    fn order(&mut self, change: &OrderChange) {
        self.changes.push(*change);
    }

    fn level(&mut self, change: &LevelChange) {
        self.levels.push(*change);
    }

    fn auction(&mut self, change: &AuctionChange) {
        self.auctions.push(*change);
    }
}

/// A book and what it told since it was asked last.
pub struct Bench {
    pub book: Book,
    pub heard: Recorder,
}

pub fn bench() -> Bench {
    Bench { book: Book::new(Settings { depth: 5, auction: true, ..Settings::default() }), heard: Recorder::default() }
}

pub fn buy(id: i64, price: i64, size: i64) -> Terms {
    Terms::limit(id, id as u32, Side::Buy, price, size)
}

pub fn sell(id: i64, price: i64, size: i64) -> Terms {
    Terms::limit(id, id as u32, Side::Sell, price, size)
}

pub fn of(account: u32, terms: Terms) -> Terms {
    Terms { account, ..terms }
}

pub fn lasting(time_in_force: TimeInForce, terms: Terms) -> Terms {
    Terms { time_in_force: time_in_force.into(), ..terms }
}

pub fn whole(terms: Terms) -> Terms {
    Terms { all_or_none: true, ..terms }
}

pub fn iceberg(display: i64, terms: Terms) -> Terms {
    Terms { display: Some(display), ..terms }
}

/// An amend of the order `id` of account `id`.
pub fn change(id: i64) -> Terms {
    Terms { order_id: id, account: id as u32, ..Terms::default() }
}

impl Bench {
    /// Enters an order; the code of its refusal, or an empty text.
    pub fn enter(&mut self, terms: Terms) -> &'static str {
        self.book.enter(&terms, &mut self.heard).err().map_or("", |refusal| refusal.code.word())
    }

    pub fn amend(&mut self, terms: Terms) -> &'static str {
        self.book.amend(&terms, &mut self.heard).err().map_or("", |refusal| refusal.code.word())
    }

    pub fn cancel(&mut self, id: i64) -> &'static str {
        self.book.cancel(id, id as u32, &mut self.heard).err().map_or("", |refusal| refusal.code.word())
    }

    pub fn at(&mut self, time: i64) {
        self.book.advance(time, &mut self.heard);
    }

    pub fn phase(&mut self, phase: Phase) {
        self.set(Conditions { phase: Given::Is(phase), ..Conditions::default() });
    }

    pub fn set(&mut self, conditions: Conditions) -> &'static str {
        self.book.set(&conditions, &mut self.heard).err().map_or("", |refusal| refusal.code.word())
    }

    /// Executions since the last call: maker (or buy in an uncross), taker, price, size.
    pub fn trades(&mut self) -> Vec<(i64, i64, i64, i64)> {
        let fills = std::mem::take(&mut self.heard.fills);
        let pair = |pair: &[Fill]| {
            assert_eq!((pair[0].execution_id, pair[0].price, pair[0].size), (pair[1].execution_id, pair[1].price, pair[1].size));
            (pair[0].order_id, pair[1].order_id, pair[0].price, pair[0].size)
        };
        fills.chunks(2).map(pair).collect()
    }

    /// Changes of orders since the last call: id, status, reason, leaves.
    pub fn changes(&mut self) -> Vec<(i64, &'static str, &'static str, i64)> {
        let word = |change: &OrderChange| change.reason.map_or("", |reason| reason.word());
        let changes = std::mem::take(&mut self.heard.changes);
        changes.iter().map(|change| (change.order_id, change.status.word(), word(change), change.leaves)).collect()
    }

    /// Displayed levels of a side: price, size, orders.
    pub fn side(&self, side: Side) -> Vec<(i64, i64, u32)> {
        self.book.levels(side).collect()
    }

    /// Checks that a refused instruction changed nothing.
    pub fn refused(&mut self, code: &str, act: impl FnOnce(&mut Self) -> &'static str) {
        let before = self.book.checksum();
        let heard = (self.heard.fills.len(), self.heard.changes.len(), self.heard.levels.len(), self.heard.auctions.len());
        assert_eq!(act(self), code);
        assert_eq!(self.book.checksum(), before, "{code} changed the book");
        let after = (self.heard.fills.len(), self.heard.changes.len(), self.heard.levels.len(), self.heard.auctions.len());
        assert_eq!(after, heard, "{code} told something");
    }
}
