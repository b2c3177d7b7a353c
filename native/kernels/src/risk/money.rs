//! Exact money: integers of 10^-18 base units. None stands for more than can be counted, which is above every limit.

/// Decimal places of an amount.
const PLACES: usize = 18;
/// Largest amount that is counted of one symbol or order: 10^15 base units.
pub const MOST: i128 = 1_000_000_000_000_000_000_000_000_000_000_000;

/// `lots x ticks x unit`; None beyond `MOST` in size.
#[inline]
pub fn amount(lots: i128, ticks: i128, unit: i128) -> Option<i128> {
    lots.checked_mul(ticks)?.checked_mul(unit).filter(|amount| amount.unsigned_abs() <= MOST.unsigned_abs())
}

/// Whether a row takes a sum above its limit: above it, and above what the sum was before.
#[inline]
pub fn passes(after: Option<i128>, before: Option<i128>, limit: i128) -> bool {
    after.is_none_or(|after| after > limit && before.is_none_or(|before| after > before))
}

/// An amount as the shortest decimal, `1500.5`; what is beyond counting as `more than 10^15`.
pub fn text(amount: Option<i128>) -> String {
    let Some(amount) = amount else { return "more than 10^15".into() };
    let digits = format!("{:0>width$}", amount.unsigned_abs(), width = PLACES + 1);
    let (whole, fraction) = digits.split_at(digits.len() - PLACES);
    let sign = if amount < 0 { "-" } else { "" };
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// An amount in base units, as near as a Float64 comes to it.
pub fn units(amount: i128) -> f64 {
    amount as f64 / 1e18
}

/// Thousandths as the shortest decimal: `12.5`.
pub fn thousandths(value: i128) -> String {
    let (whole, rest) = (value / 1000, value % 1000);
    let fraction = format!("{rest:03}");
    match fraction.trim_end_matches('0') {
        "" => whole.to_string(),
        fraction => format!("{whole}.{fraction}"),
    }
}

/// `|price - reference|` in thousandths of a basis point of `|reference|`, rounded down; None where the reference is 0.
pub fn distance(price: i64, reference: i64) -> Option<i128> {
    let moved = (i128::from(price) - i128::from(reference)).abs();
    let milli = moved * PARTS / i128::from(reference.unsigned_abs()).max(1);
    (reference != 0).then_some(milli)
}

/// Thousandths of a basis point in a whole.
pub const PARTS: i128 = 10_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_up_to_the_most_and_none_beyond() {
        assert_eq!(amount(3, -7, 10_i128.pow(17)), Some(-21 * 10_i128.pow(17)));
        assert_eq!(amount(1, 1, MOST), Some(MOST));
        assert_eq!(amount(1, -1, MOST), Some(-MOST));
        assert_eq!(amount(1, 1, MOST + 1), None);
        assert_eq!(amount(1 << 53, 1 << 53, 10_i128.pow(27)), None);
    }

    #[test]
    fn texts_are_the_shortest_decimals() {
        assert_eq!(text(Some(0)), "0");
        assert_eq!(text(Some(-1_500_500_000_000_000_000_000)), "-1500.5");
        assert_eq!(text(Some(1)), "0.000000000000000001");
        assert_eq!(text(None), "more than 10^15");
        assert_eq!((thousandths(12_500), thousandths(1), thousandths(100_000)), ("12.5".into(), "0.001".into(), "100".into()));
    }

    #[test]
    fn a_sum_that_does_not_grow_is_not_held_up() {
        assert!(!passes(Some(12), Some(12), 10) && passes(Some(12), Some(11), 10) && !passes(Some(10), Some(0), 10));
        assert!(passes(None, None, 10) && passes(None, Some(0), 10));
    }

    #[test]
    fn distances_hold_at_the_edges() {
        assert_eq!(distance(105, 100), Some(500_000));
        assert_eq!(distance(-105, -100), Some(500_000));
        assert_eq!(distance(1, 0), None);
        assert_eq!(distance(i64::MAX, i64::MIN), Some(20_000_000 - 1));
        assert_eq!(distance(i64::MAX, 1), Some((i128::from(i64::MAX) - 1) * PARTS));
    }
}
