//! Random runs: what has to hold after every instruction, whatever it was.

use crate::draw::{Draw, Step, seed};
use crate::ledger::Ledger;
use crate::recorder::Recorder;
use millrace_match::{Action, Book, Instruction, SelfTrade, Settings, Side};
use std::collections::BTreeMap;

const SETTINGS: Settings = Settings { depth: 3, auction: true, self_trade: SelfTrade::Allow };

/// Moves the time as a step does.
fn advance(book: &mut Book, time: i64, step: &Step, heard: &mut Recorder) {
    match step {
        Step::Order(_) | Step::Set(_) => book.advance(time, heard),
        Step::Reach(watermark) => book.reach(*watermark, heard),
    }
}

/// Does a step at the time that is reached; whether it was refused.
fn act(book: &mut Book, step: &Step, heard: &mut Recorder) -> bool {
    match step {
        Step::Set(conditions) => book.set(conditions, heard).is_err(),
        Step::Reach(_) => false,
        Step::Order(Instruction { action, terms }) => match action {
            Action::New => book.enter(terms, heard).is_err(),
            Action::Amend => book.amend(terms, heard).is_err(),
            Action::Cancel => book.cancel(terms.order_id, terms.account, heard).is_err(),
        },
    }
}

#[test]
fn events_add_up_and_a_restored_book_has_the_same_future() {
    for round in 0..20 {
        let seed = seed(1_000 + round);
        let mut draw = Draw::new(seed);
        let (mut book, mut twin, mut ledger) = (Book::new(SETTINGS), Book::new(SETTINGS), Ledger::default());
        let (mut time, mut done) = (0, 0);
        for number in 0..6_000 {
            time += i64::from(draw.below(3) == 0);
            let next = draw.any(30, time);
            let (mut heard, mut echo) = (Recorder::default(), Recorder::default());
            advance(&mut book, time, &next, &mut heard);
            ledger.follow(&std::mem::take(&mut heard));
            let before = book.checksum();
            let refused = act(&mut book, &next, &mut heard);
            assert!(!refused || (book.checksum() == before && heard == Recorder::default()), "seed {seed}, step {number}: {next:?}");
            advance(&mut twin, time, &next, &mut Recorder::default());
            assert_eq!(act(&mut twin, &next, &mut echo), refused, "seed {seed}, step {number}: {next:?}");
            assert_eq!(heard, echo, "seed {seed}, step {number}: {next:?}");
            done += usize::from(!refused);
            ledger.follow(&heard);
            ledger.check(&book, SETTINGS.depth);
            if number % 50 == 0 {
                let mut bytes = Vec::new();
                book.snapshot(&mut bytes);
                twin = Book::restore(SETTINGS, &bytes).unwrap();
                assert_eq!(twin.checksum(), book.checksum(), "seed {seed}, step {number}");
            }
        }
        assert!(done > 1_500, "seed {seed}: only {done} instructions were taken");
    }
}

/// The place of a plain order: side, price, when it came there, its size.
type Place = (Side, i64, usize, i64);

#[test]
fn makers_are_met_by_price_then_by_time() {
    for round in 0..10 {
        let seed = seed(2_000 + round);
        let mut draw = Draw::new(seed);
        let mut book = Book::new(SETTINGS);
        let mut places: BTreeMap<i64, Place> = BTreeMap::new();
        for number in 0..10_000 {
            let next = draw.plain(40);
            let Step::Order(Instruction { action, terms }) = &next else { unreachable!() };
            let mut heard = Recorder::default();
            if act(&mut book, &next, &mut heard) {
                continue;
            }
            let taker = terms.order_id;
            let before = places.remove(&taker);
            for fill in heard.fills.iter().step_by(2) {
                let (side, price, since, _) = places[&fill.order_id];
                let better = |(of, at, when, _): &Place| {
                    *of == side && (if side == Side::Buy { *at > price } else { *at < price } || (*at == price && *when < since))
                };
                assert_eq!(fill.price, price);
                assert!(!places.values().any(better), "seed {seed}, step {number}: {fill:?} was not first");
                if fill.leaves == 0 {
                    places.remove(&fill.order_id);
                }
            }
            let last = heard.changes.iter().rfind(|row| row.order_id == taker);
            if let Some(row) = last.filter(|row| row.leaves > 0) {
                let price = row.price.unwrap();
                let kept = before.filter(|(_, at, _, size)| *action == Action::Amend && *at == price && row.size <= *size);
                places.insert(taker, (row.side, price, kept.map_or(number, |(_, _, since, _)| since), row.size));
            }
            check_levels(&book, &places);
        }
    }
}

/// Each price where an order rests is a level with that many orders, and no other is.
fn check_levels(book: &Book, places: &BTreeMap<i64, Place>) {
    for side in [Side::Buy, Side::Sell] {
        let mut prices: BTreeMap<i64, u32> = BTreeMap::new();
        places.values().filter(|(of, ..)| *of == side).for_each(|(_, price, ..)| *prices.entry(*price).or_default() += 1);
        let levels: BTreeMap<i64, u32> = book.levels(side).map(|(price, _, orders)| (price, orders)).collect();
        assert_eq!(levels, prices);
    }
}
