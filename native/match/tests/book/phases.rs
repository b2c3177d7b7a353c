//! Sections 10 and 11 of the rules. Expected values are worked out by hand from the rules.

use crate::recorder::{Bench, bench, buy, change, iceberg, lasting, of, sell, whole};
use millrace_match::{Conditions, Kind, Phase, Side, Terms, TimeInForce};

fn auction() -> Bench {
    let mut b = bench();
    b.phase(Phase::Auction);
    b
}

/// Price, lots, surplus, final of the auction rows since the last call.
fn told(b: &mut Bench) -> Vec<(Option<i64>, i64, Option<i64>, bool)> {
    std::mem::take(&mut b.heard.auctions).iter().map(|row| (row.price, row.size, row.surplus, row.done)).collect()
}

fn market(id: i64, side: Side, size: i64) -> Terms {
    Terms::market(id, id as u32, side, size)
}

#[test]
fn the_largest_volume_then_the_smallest_surplus() {
    let mut b = auction();
    b.enter(buy(1, 102, 10));
    b.enter(buy(2, 101, 5));
    b.enter(sell(3, 100, 8));
    b.enter(sell(4, 101, 7));
    // at 101: D 15, S 15; elsewhere less
    assert_eq!(told(&mut b).last().copied(), Some((Some(101), 15, Some(0), false)));
    b.phase(Phase::Continuous);
    assert_eq!(b.trades(), [(1, 3, 101, 8), (1, 4, 101, 2), (2, 4, 101, 5)]);
    assert_eq!(told(&mut b), [(Some(101), 15, Some(0), true)]);
    assert_eq!(b.book.len(), 0);
}

#[test]
fn pressure_decides_between_equal_volumes() {
    // between 100 and 105 demand 10 exceeds supply 4 everywhere: the highest
    let mut b = auction();
    b.enter(buy(1, 105, 10));
    b.enter(sell(2, 100, 4));
    assert_eq!(told(&mut b).last().copied(), Some((Some(105), 4, Some(6), false)));
    // the other way round: the lowest
    let mut b = auction();
    b.enter(buy(1, 105, 4));
    b.enter(sell(2, 100, 10));
    assert_eq!(told(&mut b).last().copied(), Some((Some(100), 4, Some(-6), false)));
}

#[test]
fn without_pressure_the_reference_decides() {
    for (reference, increment, price) in [(None, 1, 102), (Some(104), 1, 104), (Some(90), 1, 100), (Some(900), 1, 105), (Some(104), 3, 102)]
    {
        let mut b = auction();
        b.enter(buy(1, 105, 4));
        b.enter(sell(2, 100, 4));
        b.set(Conditions { reference, increment_ticks: Some(increment), ..Conditions::default() });
        assert_eq!(told(&mut b).last().map(|row| row.0), Some(Some(price)), "{reference:?} {increment}");
    }
}

#[test]
fn market_orders_come_first_and_what_is_left_is_cancelled() {
    let mut b = auction();
    b.enter(buy(1, 101, 5));
    b.enter(market(2, Side::Buy, 5));
    b.enter(sell(3, 100, 7));
    b.enter(market(4, Side::Buy, 3));
    b.phase(Phase::Continuous);
    // D 13 at 100 and 101, S 7: pressure up, 101; market orders by their queue
    assert_eq!(b.trades(), [(2, 3, 101, 5), (4, 3, 101, 2)]);
    assert_eq!(b.changes().last().copied(), Some((4, "canceled", "no_liquidity", 0)));
    assert_eq!(b.side(Side::Buy), [(101, 5, 1)]);
}

#[test]
fn market_orders_alone_need_a_reference() {
    let mut b = auction();
    b.enter(market(1, Side::Buy, 5));
    b.enter(market(2, Side::Sell, 3));
    assert_eq!(told(&mut b), []);
    b.set(Conditions { reference: Some(77), ..Conditions::default() });
    assert_eq!(told(&mut b), [(Some(77), 3, Some(2), false)]);
    b.phase(Phase::Closed);
    assert_eq!(b.trades(), [(1, 2, 77, 3)]);
    assert_eq!(b.book.len(), 0);
}

#[test]
fn an_iceberg_trades_whole_and_keeps_its_place() {
    let mut b = auction();
    b.enter(iceberg(2, sell(1, 100, 10)));
    b.enter(sell(2, 100, 5));
    b.enter(buy(3, 100, 7));
    b.phase(Phase::Continuous);
    assert_eq!(b.trades(), [(3, 1, 100, 7)]);
    assert_eq!(b.side(Side::Sell), [(100, 7, 2)]);
    b.enter(market(9, Side::Buy, 3));
    assert_eq!(b.trades(), [(1, 9, 100, 2), (2, 9, 100, 1)]);
}

#[test]
fn the_auction_takes_no_order_that_cannot_wait() {
    let mut b = auction();
    for terms in [lasting(TimeInForce::Ioc, buy(1, 100, 1)), lasting(TimeInForce::Fok, buy(1, 100, 1)), whole(buy(1, 100, 1))] {
        b.refused("wrong-phase", |b| b.enter(terms));
    }
    b.enter(buy(1, 100, 5));
    b.refused("amend-not-allowed", |b| b.amend(Terms { price: Some(101), ..change(1) }));
    assert_eq!(b.amend(Terms { price: Some(100), size: Some(4), ..change(1) }), "");
}

#[test]
fn halt_and_closed_take_cancels_only() {
    for phase in [Phase::Halt, Phase::Closed] {
        let mut b = bench();
        b.enter(buy(1, 100, 5));
        b.phase(phase);
        b.refused("wrong-phase", |b| b.enter(buy(2, 100, 5)));
        b.refused("wrong-phase", |b| b.amend(Terms { size: Some(1), ..change(1) }));
        assert_eq!(b.cancel(1), "");
    }
}

#[test]
fn day_orders_end_with_the_day() {
    let mut b = bench();
    b.enter(lasting(TimeInForce::Day, buy(1, 100, 5)));
    b.enter(buy(2, 100, 5));
    b.enter(lasting(TimeInForce::Day, buy(3, 99, 5)));
    b.changes();
    b.phase(Phase::Closed);
    assert_eq!(b.changes(), [(1, "expired", "day", 0), (3, "expired", "day", 0)]);
}

#[test]
fn bands_cancel_what_is_outside_them() {
    let mut b = bench();
    b.enter(buy(1, 90, 1));
    b.enter(sell(2, 110, 1));
    b.enter(Terms { kind: Kind::StopLimit.into(), stop: Some(120), ..buy(3, 130, 1) });
    b.enter(buy(4, 99, 1));
    b.changes();
    b.set(Conditions { lower: Some(95), upper: Some(105), ..Conditions::default() });
    assert_eq!(b.changes(), [(1, "canceled", "price_band", 0), (2, "canceled", "price_band", 0), (3, "canceled", "price_band", 0)]);
    b.refused("price-band", |b| b.enter(buy(5, 94, 1)));
    b.refused("band-empty", |b| b.set(Conditions { lower: Some(2), upper: Some(1), ..Conditions::default() }));
}

#[test]
fn an_auction_cancels_all_or_none_and_a_halt_keeps_it() {
    let mut b = bench();
    b.enter(whole(sell(1, 100, 5)));
    b.phase(Phase::Halt);
    assert_eq!(b.book.len(), 1);
    b.phase(Phase::Auction);
    assert_eq!(b.changes().last().copied(), Some((1, "canceled", "phase", 0)));
}

#[test]
fn stops_look_at_the_uncross_when_trading_begins() {
    let mut b = auction();
    b.enter(Terms { kind: Kind::Stop.into(), stop: Some(100), price: None, ..of(7, buy(1, 0, 2)) });
    b.enter(sell(2, 100, 5));
    b.enter(sell(3, 104, 5));
    b.enter(buy(4, 101, 5));
    b.phase(Phase::Continuous);
    // D 5 = S 5 from 100 to 101: the middle, rounded down
    assert_eq!(b.trades(), [(4, 2, 100, 5), (3, 1, 104, 2)]);
}
