//! A test for each class of bug that has been published of matching engines.

use crate::recorder::{bench, buy, change, lasting, sell};
use millrace_match::{Side, Terms, TimeInForce};

#[test]
fn a_trade_is_at_the_price_of_the_maker() {
    let mut b = bench();
    b.enter(sell(1, 100, 5));
    b.enter(buy(2, 110, 5));
    assert_eq!(b.trades(), [(1, 2, 100, 5)]);
    b.enter(buy(3, 90, 5));
    b.enter(sell(4, 80, 5));
    assert_eq!(b.trades(), [(3, 4, 90, 5)]);
}

#[test]
fn a_cancel_in_the_middle_keeps_the_queue() {
    let mut b = bench();
    for id in 1..=5 {
        b.enter(sell(id, 100, 1));
    }
    b.cancel(2);
    b.enter(Terms::market(9, 9, Side::Buy, 4));
    assert_eq!(b.trades(), [(1, 9, 100, 1), (3, 9, 100, 1), (4, 9, 100, 1), (5, 9, 100, 1)]);
}

#[test]
fn no_best_price_is_left_behind_by_a_cancel() {
    let mut b = bench();
    b.enter(buy(1, 100, 1));
    b.enter(buy(2, 99, 1));
    b.cancel(1);
    assert_eq!(b.book.best(Side::Buy), Some((99, 1)));
    b.enter(sell(3, 100, 1));
    assert_eq!(b.trades(), []);
    b.cancel(2);
    assert_eq!(b.book.best(Side::Buy), None);
    assert_eq!(b.heard.levels.last().map(|level| (level.price, level.size, level.bid)), Some((99, 0, None)));
}

#[test]
fn the_id_of_a_filled_order_is_gone() {
    let mut b = bench();
    b.enter(sell(1, 100, 5));
    b.enter(buy(2, 100, 5));
    for id in [1, 2] {
        b.refused("order-unknown", |b| b.cancel(id));
        b.refused("order-unknown", |b| b.amend(Terms { size: Some(9), ..change(id) }));
    }
    assert_eq!(b.enter(sell(1, 105, 1)), "", "a dead order's id may come again");
}

#[test]
fn an_amend_through_the_other_side_takes() {
    let mut b = bench();
    b.enter(sell(1, 100, 3));
    b.enter(buy(2, 95, 5));
    b.amend(Terms { price: Some(101), ..change(2) });
    assert_eq!(b.trades(), [(1, 2, 100, 3)]);
    assert_eq!((b.side(Side::Buy), b.side(Side::Sell)), (vec![(101, 2, 1)], vec![]));
}

#[test]
fn fill_or_kill_looks_at_all_levels() {
    let mut b = bench();
    b.enter(sell(1, 100, 3));
    b.enter(sell(2, 101, 3));
    b.enter(sell(3, 103, 3));
    b.enter(lasting(TimeInForce::Fok, buy(4, 102, 7)));
    assert_eq!((b.trades(), b.changes().last().copied()), (vec![], Some((4, "canceled", "fok", 0))));
    b.enter(lasting(TimeInForce::Fok, buy(5, 102, 6)));
    assert_eq!(b.trades(), [(1, 5, 100, 3), (2, 5, 101, 3)]);
}

#[test]
fn the_rest_of_immediate_or_cancel_does_not_rest() {
    let mut b = bench();
    b.enter(sell(1, 100, 3));
    b.enter(lasting(TimeInForce::Ioc, buy(2, 100, 5)));
    assert_eq!(b.trades(), [(1, 2, 100, 3)]);
    assert_eq!(b.changes().last().copied(), Some((2, "canceled", "ioc", 0)));
    assert_eq!((b.book.len(), b.side(Side::Buy)), (0, vec![]));
}

#[test]
fn an_empty_side_ends_a_market_order() {
    let mut b = bench();
    b.enter(Terms::market(1, 1, Side::Buy, 5));
    b.enter(lasting(TimeInForce::Fok, Terms::market(2, 2, Side::Sell, 5)));
    let told = [(1, "new", "", 5), (1, "canceled", "no_liquidity", 0), (2, "new", "", 5), (2, "canceled", "fok", 0)];
    assert_eq!(b.changes(), told);
    assert_eq!(b.book.len(), 0);
}

#[test]
fn an_order_is_over_at_the_very_time_of_its_expiry() {
    let mut b = bench();
    b.at(10);
    b.enter(Terms { expire_at: Some(20), ..lasting(TimeInForce::Gtd, sell(1, 100, 1)) });
    b.at(19);
    b.enter(lasting(TimeInForce::Ioc, buy(2, 99, 1)));
    assert_eq!(b.book.len(), 1);
    b.at(20);
    b.enter(lasting(TimeInForce::Ioc, buy(3, 100, 1)));
    assert_eq!(b.trades(), []);
    let over = b.heard.changes.iter().find(|change| change.order_id == 1 && change.status.word() == "expired").unwrap();
    assert_eq!((over.ts_event, over.reason.unwrap().word(), over.leaves), (20, "gtd", 0));
    b.refused("expired", |b| b.enter(Terms { expire_at: Some(20), ..lasting(TimeInForce::Gtd, sell(4, 100, 1)) }));
}
