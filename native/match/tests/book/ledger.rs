use crate::recorder::Recorder;
use millrace_match::{Book, Fill, Liquidity, OrderChange, Phase, Side, Status};
use std::collections::BTreeMap;

/// What a follower of the events knows of an order.
#[derive(Debug, Clone)]
pub struct Known {
    pub side: Side,
    pub account: u32,
    pub price: Option<i64>,
    pub size: i64,
    pub leaves: i64,
    /// Sum of its fills.
    pub traded: i64,
    /// Sizes of its fills that no order row has told of yet.
    pub untold: i64,
}

/// Follows the events of a book and checks that they add up.
#[derive(Debug, Default)]
pub struct Ledger {
    pub live: BTreeMap<i64, Known>,
    positions: BTreeMap<u32, i128>,
    executions: i64,
    levels: [BTreeMap<i64, (i64, i64)>; 2],
    sequence: i64,
    time: i64,
}

impl Ledger {
    pub fn follow(&mut self, heard: &Recorder) {
        self.follow_orders(heard);
        self.follow_levels(heard);
    }

    /// Fills and order rows are told on two ports: within a trade the fills come first.
    fn follow_orders(&mut self, heard: &Recorder) {
        let mut fills = heard.fills.chunks(2);
        for change in &heard.changes {
            if matches!(change.status, Status::PartiallyFilled | Status::Filled) {
                if self.live.get(&change.order_id).is_none_or(|order| order.untold == 0) {
                    self.trade(fills.next().expect("an order row of a fill without a fill"));
                }
                let order = &self.live[&change.order_id];
                assert!(order.untold > 0, "{change:?} without a fill");
            }
            self.change(change);
        }
        assert!(fills.next().is_none(), "fills without order rows");
    }

    fn trade(&mut self, fills: &[Fill]) {
        let [one, two] = fills else { panic!("an execution has two fills") };
        self.executions += 1;
        assert_eq!((one.execution_id, two.execution_id), (self.executions, self.executions));
        assert_eq!((one.price, one.size, one.ts_event), (two.price, two.size, two.ts_event));
        assert_ne!(one.side, two.side);
        assert!(one.size > 0);
        if one.liquidity == Liquidity::Auction {
            assert_eq!((one.side, two.liquidity), (Side::Buy, Liquidity::Auction));
        } else {
            assert_eq!((one.liquidity, two.liquidity), (Liquidity::Maker, Liquidity::Taker));
            assert_eq!(self.live[&one.order_id].price, Some(one.price), "a trade is at the maker's price");
        }
        for fill in [one, two] {
            let order = self.live.get_mut(&fill.order_id).expect("a fill of an order that is not live");
            assert_eq!((order.side, order.account), (fill.side, fill.account));
            order.traded += fill.size;
            order.untold += fill.size;
            order.leaves -= fill.size;
            assert_eq!(order.leaves, fill.leaves);
            assert!(order.leaves >= 0);
            let within = order.price.is_none_or(|limit| if fill.side == Side::Buy { fill.price <= limit } else { fill.price >= limit });
            assert!(within, "{fill:?} is beyond its limit");
            *self.positions.entry(fill.account).or_default() += i128::from(if fill.side == Side::Buy { fill.size } else { -fill.size });
        }
    }

    fn change(&mut self, change: &OrderChange) {
        assert!(change.ts_event >= self.time, "time went back");
        self.time = change.ts_event;
        let OrderChange { order_id, side, account, price, size, leaves, filled, .. } = *change;
        if matches!(change.status, Status::New | Status::Pending) {
            assert_eq!((leaves, filled), (size, 0));
            let known = Known { side, account, price, size, leaves, traded: 0, untold: 0 };
            assert!(self.live.insert(order_id, known).is_none(), "two live orders {order_id}");
            return;
        }
        let order = self.live.get_mut(&order_id).expect("a change of an order that is not live");
        order.untold = 0;
        assert_eq!((order.side, order.account, filled), (side, account, order.traded), "{change:?}");
        (order.price, order.size) = (price, size);
        if change.status == Status::Replaced {
            order.leaves = leaves;
            assert!(leaves > 0);
        }
        if matches!(change.status, Status::Canceled | Status::Expired) {
            assert_eq!(leaves, 0);
            self.live.remove(&order_id);
            return;
        }
        assert_eq!((leaves, leaves + filled), (order.leaves, size), "{change:?}");
        assert_eq!(leaves == 0, change.status == Status::Filled, "{change:?}");
        if leaves == 0 {
            self.live.remove(&order_id);
        }
    }

    fn follow_levels(&mut self, heard: &Recorder) {
        let mut rows = heard.levels.iter().peekable();
        while let Some(row) = rows.next() {
            self.sequence = if row.sequence == self.sequence { row.sequence } else { self.sequence + 1 };
            assert_eq!(row.sequence, self.sequence);
            let levels = &mut self.levels[row.side as usize];
            if row.size == 0 {
                assert!(levels.remove(&row.price).is_some(), "a level went that was not there");
            } else {
                assert_ne!(levels.insert(row.price, (row.size, row.orders)), Some((row.size, row.orders)), "nothing changed");
            }
            assert_eq!(row.last, rows.peek().is_none_or(|next| next.sequence != row.sequence));
            if row.last {
                let [bids, asks] = &self.levels;
                assert_eq!(row.bid, bids.last_key_value().map(|(price, (size, _))| (*price, *size)));
                assert_eq!(row.ask, asks.first_key_value().map(|(price, (size, _))| (*price, *size)));
                let best_first = bids.iter().rev().chain(asks);
                let bytes: Vec<u8> = best_first.flat_map(|(price, (size, _))| [price.to_le_bytes(), size.to_le_bytes()].concat()).collect();
                assert_eq!(row.checksum, crc32(&bytes));
            }
        }
    }

    /// What the book says of itself is what its events add up to.
    pub fn check(&self, book: &Book, depth: usize) {
        assert_eq!(book.len(), self.live.len());
        for side in [Side::Buy, Side::Sell] {
            let leaves: i64 = self.live.values().filter(|order| order.side == side).map(|order| order.leaves).sum();
            assert_eq!(book.leaves(side), leaves);
            let levels: Vec<_> = book.levels(side).take(depth).map(|(price, size, orders)| (price, (size, i64::from(orders)))).collect();
            let told = self.levels[side as usize].iter().map(|(price, level)| (*price, *level));
            let told: Vec<_> = if side == Side::Buy { told.rev().collect() } else { told.collect() };
            assert_eq!(levels, told, "what was told adds up to the book");
            for (price, shown, orders) in book.levels(side) {
                let there = self.live.values().filter(|order| order.side == side && order.price == Some(price));
                let (count, sum) = there.fold((0, 0), |(count, sum), order| (count + 1, sum + order.leaves));
                assert!(0 < shown && shown <= sum && 0 < orders && orders <= count, "{price}: {shown} of {sum}, {orders} of {count}");
            }
        }
        if book.phase() == Phase::Continuous
            && let (Some((bid, _)), Some((ask, _))) = (book.best(Side::Buy), book.best(Side::Sell))
        {
            assert!(bid < ask, "crossed: {bid} {ask}");
        }
        assert_eq!(self.positions.values().sum::<i128>(), 0);
        assert!(self.positions.iter().all(|(account, position)| book.position(*account) == *position));
    }
}

/// CRC-32 (IEEE 802.3), bit by bit.
pub fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}

#[test]
fn the_checksum_is_the_one_of_the_standard() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926); // the check value of CRC-32/ISO-HDLC
}
