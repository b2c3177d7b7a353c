//! A snapshot is the whole state, and damage to it is seen or harmless, never a panic.

use crate::draw::{Draw, Step};
use crate::recorder::{Recorder, bench, buy, change, iceberg, sell};
use millrace_match::{Book, Damaged, SelfTrade, Settings, Side, Terms};

const SETTINGS: Settings = Settings { depth: 3, auction: true, self_trade: SelfTrade::Allow };

/// A book in the middle of a random run.
fn busy() -> Book {
    let (mut book, mut draw) = (Book::new(SETTINGS), Draw::new(5));
    for time in 0..3_000 {
        if let Step::Order(instruction) = draw.any(40, time) {
            _ = book.submit(time, &instruction, &mut Recorder::default());
        }
    }
    book
}

#[test]
fn what_is_cut_short_or_too_long_is_damaged() {
    let (book, mut bytes) = (busy(), Vec::new());
    book.snapshot(&mut bytes);
    assert!(book.len() > 5, "{}", book.len());
    for end in 0..bytes.len() {
        assert_eq!(Book::restore(SETTINGS, &bytes[..end]).err(), Some(Damaged), "{end} bytes");
    }
    bytes.push(0);
    assert_eq!(Book::restore(SETTINGS, &bytes).err(), Some(Damaged));
}

#[test]
fn no_damage_makes_the_book_panic() {
    let (book, mut bytes) = (busy(), Vec::new());
    book.snapshot(&mut bytes);
    for at in 0..bytes.len() {
        for flip in [1, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            if let Ok(mut other) = Book::restore(SETTINGS, &damaged) {
                let mut draw = Draw::new(9);
                for _ in 0..20 {
                    if let Step::Order(instruction) = draw.any(40, 3_000) {
                        _ = other.submit(3_000, &instruction, &mut Recorder::default());
                    }
                }
            }
        }
    }
}

#[test]
fn queues_parts_shown_and_numbers_come_back() {
    let mut b = bench();
    b.enter(iceberg(3, sell(1, 100, 9)));
    b.enter(sell(2, 100, 2));
    b.enter(Terms::market(3, 3, Side::Buy, 4));
    b.enter(buy(4, 99, 1));
    b.trades();
    let mut bytes = Vec::new();
    b.book.snapshot(&mut bytes);
    let settings = Settings { depth: 5, auction: true, ..Settings::default() };
    b.book = Book::restore(settings, &bytes).unwrap();
    // 2 of order 1 had shown again behind order 2, which has 1 left
    assert_eq!(b.side(Side::Sell), [(100, 4, 2)]);
    b.enter(Terms::market(5, 5, Side::Buy, 4));
    assert_eq!(b.trades(), [(2, 5, 100, 1), (1, 5, 100, 3)]);
    assert_eq!(b.heard.levels.last().unwrap().sequence, 5);
    assert_eq!(b.amend(Terms { size: Some(9), ..change(4) }), "");
}

#[test]
fn another_depth_tells_the_book_anew() {
    let mut b = bench();
    b.enter(buy(1, 100, 5));
    b.enter(buy(2, 99, 5));
    let mut bytes = Vec::new();
    b.book.snapshot(&mut bytes);
    b.book = Book::restore(Settings { depth: 1, ..Settings::default() }, &bytes).unwrap();
    b.heard.levels.clear();
    b.enter(buy(3, 100, 1));
    let told: Vec<_> = b.heard.levels.iter().map(|level| (level.price, level.size, level.sequence)).collect();
    assert_eq!(told, [(100, 6, 3)]);
}
