//! The book held against its rules, against bugs that others have had, and against itself.

#![allow(clippy::expect_used, clippy::panic, reason = "in what tests share, not only in tests themselves")]

mod draw;
mod faults_of_others;
mod invariants;
mod ledger;
mod phases;
mod recorder;
mod rules;
mod snapshots;
