//! One test or more a section of the rules. Expected values are worked out by hand from the rules.

use crate::recorder::{bench, buy, change, iceberg, lasting, of, sell, whole};
use millrace_match::{Conditions, Given, Kind, PostOnly, SelfTrade, Side, Terms, TimeInForce};

fn hidden(terms: Terms) -> Terms {
    Terms { hidden: true, ..terms }
}

fn stop(id: i64, side: Side, stop: i64, size: i64) -> Terms {
    Terms { kind: Kind::Stop.into(), stop: Some(stop), price: None, ..Terms::limit(id, id as u32, side, 0, size) }
}

fn trailing(id: i64, side: Side, trail: i64, size: i64) -> Terms {
    Terms { kind: Kind::TrailingStop.into(), trail: Some(trail), stop: None, ..stop(id, side, 0, size) }
}

fn reduce(terms: Terms) -> Terms {
    Terms { reduce_only: true, ..terms }
}

fn paired(with: i64, terms: Terms) -> Terms {
    Terms { oco: Some(with), ..terms }
}

fn guarded(mode: SelfTrade, terms: Terms) -> Terms {
    Terms { self_trade: mode.into(), ..terms }
}

#[test]
fn at_one_price_displayed_then_hidden_then_all_or_none() {
    let mut b = bench();
    b.enter(whole(sell(1, 100, 2)));
    b.enter(hidden(sell(2, 100, 2)));
    b.enter(sell(3, 100, 2));
    b.enter(sell(4, 101, 2));
    b.enter(hidden(sell(5, 99, 1)));
    assert_eq!(b.side(Side::Sell), [(100, 2, 1), (101, 2, 1)]);
    b.enter(Terms::market(9, 9, Side::Buy, 9));
    assert_eq!(b.trades(), [(5, 9, 99, 1), (3, 9, 100, 2), (2, 9, 100, 2), (1, 9, 100, 2), (4, 9, 101, 2)]);
}

#[test]
fn an_iceberg_shows_its_next_part_at_the_tail() {
    let mut b = bench();
    b.enter(iceberg(3, sell(1, 100, 8)));
    b.enter(sell(2, 100, 4));
    assert_eq!(b.side(Side::Sell), [(100, 7, 2)]);
    b.enter(Terms::market(9, 9, Side::Buy, 9));
    // 3 of what is shown, then order 2, then the next part
    assert_eq!(b.trades(), [(1, 9, 100, 3), (2, 9, 100, 4), (1, 9, 100, 2)]);
    assert_eq!(b.side(Side::Sell), [(100, 1, 1)]);
    b.enter(Terms::market(10, 10, Side::Buy, 3));
    assert_eq!(b.trades(), [(1, 10, 100, 1), (1, 10, 100, 2)]);
    assert_eq!(b.book.len(), 0);
}

#[test]
fn an_all_or_none_maker_is_passed_over_by_what_is_too_small() {
    let mut b = bench();
    b.enter(whole(sell(1, 100, 5)));
    b.enter(sell(2, 101, 3));
    b.enter(buy(3, 101, 4));
    assert_eq!(b.trades(), [(2, 3, 101, 3)]);
    // 1 is left of 3 and rests through the all-or-none offer
    assert_eq!(b.side(Side::Buy), [(101, 1, 1)]);
    b.enter(of(4, buy(4, 101, 4)));
    // now 5 lots rest at 101: the offer of 5 at 100 takes them at their price
    assert_eq!(b.trades(), [(3, 1, 101, 1), (4, 1, 101, 4)]);
    assert_eq!(b.book.len(), 0);
}

#[test]
fn an_all_or_none_order_rests_untouched_until_it_fills_whole() {
    let mut b = bench();
    b.enter(sell(1, 100, 3));
    b.enter(whole(buy(2, 100, 5)));
    assert_eq!((b.trades(), b.changes()), (vec![], vec![(1, "new", "", 3), (2, "new", "", 5)]));
    b.enter(sell(3, 100, 2));
    assert_eq!(b.trades(), [(1, 2, 100, 3), (3, 2, 100, 2)]);
}

#[test]
fn a_played_through_take_counts_reserves_hidden_orders_pairs_and_positions() {
    let mut b = bench();
    b.enter(iceberg(1, sell(1, 100, 4)));
    b.enter(hidden(sell(2, 100, 2)));
    b.enter(lasting(TimeInForce::Fok, buy(9, 100, 6)));
    assert_eq!(b.trades().iter().map(|trade| trade.3).sum::<i64>(), 6);
    // a pair of offers: the first to trade cancels the second, so that 4 cannot be had
    b.enter(of(5, sell(3, 100, 2)));
    b.enter(paired(3, of(5, sell(4, 100, 2))));
    b.enter(lasting(TimeInForce::Fok, buy(10, 100, 4)));
    assert_eq!(b.trades(), []);
    b.enter(lasting(TimeInForce::Fok, buy(11, 100, 2)));
    assert_eq!(b.trades(), [(3, 11, 100, 2)]);
    assert_eq!(b.book.len(), 0);
    // account 11 has bought 2: of its reduce-only offers of 2 and 2 only 2 can trade
    b.enter(reduce(of(11, sell(12, 101, 2))));
    b.enter(reduce(of(11, sell(13, 101, 2))));
    b.enter(lasting(TimeInForce::Fok, buy(14, 101, 3)));
    assert_eq!(b.trades(), []);
    b.enter(lasting(TimeInForce::Fok, buy(15, 101, 2)));
    assert_eq!(b.trades(), [(12, 15, 101, 2)]);
}

#[test]
fn reduce_only_never_turns_a_position() {
    let mut b = bench();
    b.refused("reduce-only", |b| b.enter(reduce(of(7, sell(1, 100, 5)))));
    b.enter(sell(2, 100, 3));
    b.enter(of(7, buy(3, 100, 3)));
    b.enter(buy(4, 99, 9));
    b.trades();
    b.enter(reduce(of(7, sell(5, 99, 5))));
    assert_eq!(b.trades(), [(4, 5, 99, 3)]);
    assert_eq!(b.changes().last().copied(), Some((5, "canceled", "reduce_only", 0)));
    assert_eq!(b.book.position(7), 0);
    assert_eq!((b.book.position(2), b.book.position(4)), (-3, 3));
}

#[test]
fn a_reduce_only_order_trades_with_itself_and_keeps_its_position() {
    let mut b = bench();
    b.enter(sell(1, 100, 2));
    b.enter(of(7, buy(2, 100, 2)));
    b.enter(of(7, buy(3, 99, 9)));
    b.trades();
    // a position of 2: 2 with itself leave it at 2, so that 2 more can trade
    b.enter(reduce(whole(of(7, sell(4, 99, 4)))));
    assert_eq!(b.trades(), [(3, 4, 99, 2), (3, 4, 99, 2)]);
}

#[test]
fn self_trade_prevention_in_every_mode() {
    let cases = [
        (SelfTrade::Allow, vec![(1, 2, 100, 3)], vec![(1, "filled", "", 0), (2, "filled", "", 0)]),
        (SelfTrade::CancelNewest, vec![], vec![(2, "canceled", "self_trade", 0)]),
        (SelfTrade::CancelOldest, vec![], vec![(1, "canceled", "self_trade", 0)]),
        (SelfTrade::CancelBoth, vec![], vec![(1, "canceled", "self_trade", 0), (2, "canceled", "self_trade", 0)]),
        (SelfTrade::Decrement, vec![], vec![(1, "canceled", "self_trade", 0), (2, "canceled", "self_trade", 0)]),
    ];
    for (mode, trades, told) in cases {
        let mut b = bench();
        b.enter(of(7, sell(1, 100, 3)));
        b.enter(guarded(mode, of(7, buy(2, 100, 3))));
        assert_eq!(b.trades(), trades, "{mode:?}");
        assert_eq!(b.changes()[2..], told, "{mode:?}");
    }
}

#[test]
fn a_decrement_shrinks_both_and_is_no_fill() {
    let mut b = bench();
    b.enter(iceberg(2, of(7, sell(1, 100, 5))));
    b.enter(guarded(SelfTrade::Decrement, of(7, buy(2, 100, 3))));
    assert_eq!(b.trades(), []);
    let told: Vec<_> =
        b.heard.changes.iter().skip(2).map(|row| (row.order_id, row.status.word(), row.size, row.leaves, row.filled)).collect();
    // 2 shown, then 1 of the next part
    let expected = [(1, "replaced", 3, 3, 0), (2, "replaced", 1, 1, 0), (1, "replaced", 2, 2, 0), (2, "canceled", 0, 0, 0)];
    assert_eq!(told, expected);
    assert_eq!(b.side(Side::Sell), [(100, 1, 1)]);
}

#[test]
fn post_only_is_refused_or_slides() {
    let mut b = bench();
    b.enter(sell(1, 105, 1));
    b.enter(hidden(sell(2, 103, 1)));
    let post = |mode: PostOnly, terms: Terms| Terms { post_only: mode.into(), ..terms };
    b.refused("post-only-would-trade", |b| b.enter(post(PostOnly::Reject, buy(3, 103, 1))));
    assert_eq!(b.enter(post(PostOnly::Reject, buy(4, 102, 1))), "");
    b.enter(post(PostOnly::Slide, buy(5, 110, 1)));
    assert_eq!(b.changes().last().copied(), Some((5, "new", "slide", 1)));
    assert_eq!(b.side(Side::Buy), [(102, 2, 2)]);
    b.amend(Terms { price: Some(104), ..change(5) });
    // slid back to its own price: keeps its place
    assert_eq!(b.changes().last().copied(), Some((5, "replaced", "slide", 1)));
    // an all-or-none offer does not count
    b.enter(whole(sell(6, 100, 50)));
    assert_eq!(b.enter(post(PostOnly::Reject, buy(7, 101, 1))), "");
    assert_eq!(b.trades(), []);
}

#[test]
fn stops_are_elected_by_entry_and_trigger_in_turn() {
    let mut b = bench();
    b.enter(buy(1, 99, 1));
    b.enter(buy(2, 98, 5));
    b.enter(stop(3, Side::Sell, 99, 1));
    b.enter(stop(4, Side::Sell, 100, 1));
    b.enter(stop(5, Side::Sell, 97, 1));
    b.changes();
    b.enter(Terms::market(9, 9, Side::Sell, 1));
    // the trade at 99 elects 3 and 4; both trade at 98, which does not meet 97
    assert_eq!(b.trades(), [(1, 9, 99, 1), (2, 3, 98, 1), (2, 4, 98, 1)]);
    let order: Vec<_> = b.changes().into_iter().filter(|row| row.1 == "triggered").map(|row| row.0).collect();
    assert_eq!(order, [3, 4]);
    assert_eq!(b.book.len(), 2);
}

#[test]
fn a_stop_that_the_last_trade_meets_is_elected_at_once() {
    let mut b = bench();
    b.enter(sell(1, 100, 1));
    b.enter(buy(2, 100, 1));
    b.enter(sell(3, 101, 2));
    b.trades();
    b.enter(stop(4, Side::Buy, 100, 1));
    assert_eq!(b.trades(), [(3, 4, 101, 1)]);
    let told: Vec<_> = b.heard.changes.iter().filter(|row| row.order_id == 4).map(|row| (row.status.word(), row.stop)).collect();
    assert_eq!(told, [("pending", Some(100)), ("triggered", None), ("filled", None)]);
}

#[test]
fn a_trailing_stop_follows_and_never_retreats() {
    let mut b = bench();
    b.refused("reference-missing", |b| b.enter(trailing(1, Side::Sell, 3, 1)));
    let trade = |b: &mut crate::recorder::Bench, price: i64| {
        b.enter(of(50, sell(100, price, 1)));
        b.enter(of(51, buy(101, price, 1)));
    };
    trade(&mut b, 100);
    b.enter(trailing(1, Side::Sell, 3, 1)); // at 97
    trade(&mut b, 105); // at 102
    trade(&mut b, 103); // stays at 102
    b.trades();
    b.enter(of(60, buy(7, 90, 1)));
    b.enter(of(61, buy(8, 102, 1)));
    b.enter(Terms::market(9, 62, Side::Sell, 1));
    assert_eq!(b.trades(), [(8, 9, 102, 1), (7, 1, 90, 1)]);
}

#[test]
fn one_of_a_pair_cancels_the_other() {
    let mut b = bench();
    b.enter(of(7, sell(1, 110, 5)));
    b.enter(paired(1, of(7, stop(2, Side::Sell, 95, 5))));
    b.refused("oco-taken", |b| b.enter(paired(1, of(7, sell(3, 111, 1)))));
    b.refused("oco-unknown", |b| b.enter(paired(1, of(8, sell(3, 111, 1)))));
    b.changes();
    b.enter(buy(4, 110, 1));
    let told = b.changes();
    assert_eq!(told[1..], [(1, "partially_filled", "", 4), (4, "filled", "", 0), (2, "canceled", "oco", 0)]);
    // alone again, it may be paired again; a trigger cancels the other
    b.enter(paired(1, of(7, stop(5, Side::Sell, 95, 5))));
    b.enter(buy(6, 95, 9));
    b.enter(of(9, Terms::market(8, 9, Side::Sell, 1)));
    let told: Vec<_> = b.changes().into_iter().map(|row| (row.0, row.1, row.2)).collect();
    assert!(told.windows(2).any(|rows| rows == [(5, "triggered", ""), (1, "canceled", "oco")]), "{told:?}");
}

#[test]
fn an_amend_keeps_or_loses_the_place() {
    let mut b = bench();
    b.enter(sell(1, 100, 5));
    b.enter(sell(2, 100, 5));
    b.amend(Terms { size: Some(4), ..change(1) });
    b.amend(Terms { ..change(1) });
    b.enter(Terms::market(8, 8, Side::Buy, 1));
    assert_eq!(b.trades(), [(1, 8, 100, 1)]);
    b.amend(Terms { size: Some(6), ..change(1) });
    b.enter(Terms::market(9, 9, Side::Buy, 6));
    assert_eq!(b.trades(), [(2, 9, 100, 5), (1, 9, 100, 1)]);
    b.amend(Terms { size: Some(2), ..change(1) });
    assert_eq!(b.changes().last().copied(), Some((1, "canceled", "amended", 0)));
}

#[test]
fn an_iceberg_that_shrinks_loses_from_its_reserve_first() {
    let mut b = bench();
    b.enter(iceberg(3, sell(1, 100, 8)));
    b.amend(Terms { size: Some(4), ..change(1) });
    assert_eq!(b.side(Side::Sell), [(100, 3, 1)]);
    b.amend(Terms { size: Some(2), ..change(1) });
    assert_eq!(b.side(Side::Sell), [(100, 2, 1)]);
}

#[test]
fn refusals_of_new_orders_in_their_order() {
    let mut b = bench();
    b.set(Conditions { lower: Some(50), upper: Some(150), increment_ticks: Some(5), increment_lots: Some(2), ..Conditions::default() });
    b.at(100);
    b.enter(buy(1, 100, 2));
    let big = 1 << 53;
    let base = || buy(2, 100, 2);
    let cases: Vec<(&str, Terms)> = vec![
        ("side-missing", Terms { side: Given::Null, ..base() }),
        ("side-unknown", Terms { side: Given::Unknown, kind: Given::Null, ..base() }),
        ("type-missing", Terms { kind: Given::Null, ..base() }),
        ("type-unknown", Terms { kind: Given::Unknown, ..base() }),
        ("time-in-force-unknown", Terms { time_in_force: Given::Unknown, ..base() }),
        ("self-trade-unknown", Terms { self_trade: Given::Unknown, ..base() }),
        ("post-only-unknown", Terms { post_only: Given::Unknown, ..base() }),
        ("order-duplicate", Terms { size: None, ..buy(1, 100, 2) }),
        ("size-missing", Terms { size: None, price: None, ..base() }),
        ("size-not-positive", buy(2, 100, 0)),
        ("size-not-positive", buy(2, 100, i64::MIN)),
        ("size-too-large", buy(2, 100, i64::MAX)),
        ("size-too-large", buy(2, 100, big + 1)),
        ("size-off-lot", buy(2, 100, 3)),
        ("price-missing", Terms { price: None, ..base() }),
        ("field-not-allowed", Terms { price: Some(100), ..Terms::market(2, 2, Side::Buy, 2) }),
        ("price-out-of-range", buy(2, i64::MIN, 2)),
        ("price-out-of-range", buy(2, big + 1, 2)),
        ("price-off-tick", buy(2, 101, 2)),
        ("price-band", buy(2, 155, 2)),
        ("stop-missing", Terms { stop: None, ..stop(2, Side::Buy, 0, 2) }),
        ("field-not-allowed", Terms { stop: Some(100), ..base() }),
        ("stop-out-of-range", stop(2, Side::Buy, i64::MAX, 2)),
        ("stop-off-tick", stop(2, Side::Buy, 101, 2)),
        ("trail-missing", Terms { trail: None, ..trailing(2, Side::Buy, 5, 2) }),
        ("field-not-allowed", Terms { trail: Some(5), ..base() }),
        ("trail-not-positive", trailing(2, Side::Buy, -5, 2)),
        ("trail-out-of-range", trailing(2, Side::Buy, big + 5, 2)),
        ("trail-off-tick", trailing(2, Side::Buy, 6, 2)),
        ("expire-missing", lasting(TimeInForce::Gtd, base())),
        ("field-not-allowed", Terms { expire_at: Some(500), ..base() }),
        ("expired", Terms { expire_at: Some(100), ..lasting(TimeInForce::Gtd, base()) }),
        ("field-not-allowed", hidden(Terms::market(2, 2, Side::Buy, 2))),
        ("field-not-allowed", Terms { post_only: PostOnly::Slide.into(), ..lasting(TimeInForce::Ioc, base()) }),
        ("field-not-allowed", hidden(iceberg(2, base()))),
        ("field-not-allowed", whole(iceberg(2, base()))),
        ("display-not-positive", iceberg(0, base())),
        ("display-too-large", iceberg(4, base())),
        ("display-off-lot", iceberg(1, base())),
        ("display-too-small", iceberg(2, buy(2, 100, 2_002))),
        ("oco-unknown", paired(77, base())),
        ("reference-missing", trailing(2, Side::Buy, 5, 2)),
        ("reduce-only", reduce(base())),
    ];
    for (code, terms) in cases {
        b.refused(code, |b| b.enter(terms));
    }
}

#[test]
fn a_side_holds_at_most_2_to_the_62() {
    let mut b = bench();
    for id in 0..512 {
        assert_eq!(b.enter(of(7, buy(id, id, 1 << 53))), "");
    }
    b.refused("book-full", |b| b.enter(of(7, buy(999, 1, 1))));
    b.amend(Terms { size: Some((1 << 53) - 1), account: 7, ..change(0) });
    assert_eq!(b.enter(of(7, buy(999, 1, 1))), "");
    b.refused("book-full", |b| b.amend(Terms { size: Some(2), account: 7, ..change(999) }));
}

#[test]
fn refusals_of_amends() {
    let mut b = bench();
    b.enter(buy(1, 100, 5));
    b.enter(stop(2, Side::Buy, 120, 5));
    b.enter(Terms { post_only: PostOnly::Reject.into(), ..buy(3, 99, 5) });
    b.enter(sell(4, 110, 5));
    let cases: Vec<(&str, Terms)> = vec![
        ("order-unknown", change(9)),
        ("order-unknown", Terms { account: 5, ..change(1) }),
        ("amend-not-allowed", Terms { side: Side::Sell.into(), ..change(1) }),
        ("amend-not-allowed", Terms { kind: Given::Unknown, ..change(1) }),
        ("amend-not-allowed", Terms { time_in_force: TimeInForce::Day.into(), ..change(1) }),
        ("amend-not-allowed", Terms { hidden: true, ..change(1) }),
        ("amend-not-allowed", Terms { oco: Some(2), ..change(1) }),
        ("amend-not-allowed", Terms { stop: Some(5), ..change(1) }),
        ("amend-not-allowed", Terms { display: Some(5), ..change(1) }),
        ("amend-not-allowed", Terms { price: Some(5), ..change(2) }),
        ("size-not-positive", Terms { size: Some(0), ..change(1) }),
        ("price-out-of-range", Terms { price: Some(i64::MIN), ..change(1) }),
        ("stop-out-of-range", Terms { stop: Some(i64::MAX), ..change(2) }),
        ("post-only-would-trade", Terms { price: Some(110), ..change(3) }),
    ];
    for (code, terms) in cases {
        b.refused(code, |b| b.amend(terms));
    }
    assert_eq!(b.amend(Terms { side: Side::Buy.into(), size: Some(6), ..change(1) }), "");
}
