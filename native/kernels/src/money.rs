//! Amounts of money as integers: no sum drifts, and every rounding has a place of its own.

use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};

/// Money is counted in 10^-18 of a currency.
pub const UNIT: i128 = 1_000_000_000_000_000_000;
/// Rates are counted in 10^-15.
pub const RATE_ONE: i128 = 1_000_000_000_000_000;
/// A part of a notional is counted in 10^-10: a millionth of a basis point.
pub const SHARE_ONE: i128 = 10_000_000_000;
/// Largest amount taken in, in currency units.
pub const MOST: f64 = 1e19;

const POWERS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

/// `a * b / d` to the nearest integer, halves away from zero; `d` is positive and below 2^64. None beyond int128.
pub fn mul_div(a: i128, b: i128, d: i128) -> Option<i128> {
    if b == d {
        return Some(a);
    }
    if let Some(product) = a.checked_mul(b) {
        let quotient = product / d;
        let rest = (product - quotient * d).unsigned_abs(); // one division, not two
        let up = rest >= d.unsigned_abs() - rest;
        return Some(if up { quotient + product.signum() } else { quotient });
    }
    let magnitude = wide_mul_div(a.unsigned_abs(), b.unsigned_abs(), u64::try_from(d).ok()?)?;
    let magnitude = i128::try_from(magnitude).ok()?;
    Some(if (a < 0) == (b < 0) { magnitude } else { -magnitude })
}

/// The same of magnitudes whose product passes 128 bits: schoolbook multiplication and division in limbs of 64 bits.
fn wide_mul_div(a: u128, b: u128, d: u64) -> Option<u128> {
    const LOW: u128 = u64::MAX as u128;
    let ([a0, a1], [b0, b1]) = ([a & LOW, a >> 64], [b & LOW, b >> 64]);
    let (low, high) = (a0 * b0, a1 * b1);
    let (left, right) = (a1 * b0, a0 * b1);
    let second = (low >> 64) + (left & LOW) + (right & LOW);
    let third = (second >> 64) + (left >> 64) + (right >> 64) + (high & LOW);
    let limbs = [(third >> 64) + (high >> 64), third & LOW, second & LOW, low & LOW];
    let (mut rest, mut quotient) = (0_u128, 0_u128);
    for limb in limbs {
        let part = (rest << 64) | limb;
        if quotient >> 64 != 0 {
            return None;
        }
        quotient = (quotient << 64) | (part / u128::from(d));
        rest = part % u128::from(d);
    }
    if rest >= u128::from(d) - rest { quotient.checked_add(1) } else { Some(quotient) }
}

/// A Float64 amount to the nearest 10^-12; None when it is not finite or not below `MOST`.
pub fn units_of(value: f64) -> Option<i128> {
    if value.is_nan() || value.abs() >= MOST {
        return None;
    }
    let whole = value.trunc();
    Some(whole as i128 * UNIT + ((value - whole) * 1e12).round() as i128 * 1_000_000)
}

/// A rate or its inverse as an integer; None when it is not positive or beyond 10^12.
pub fn rate_of(price: f64, inverse: bool) -> Option<i128> {
    let rate = if inverse { 1.0 / price } else { price };
    let scaled = (rate * 1e15).round();
    (1.0..=1e27).contains(&scaled).then_some(scaled as i128)
}

/// An amount of money as the nearest Float64.
///
/// The quotient by 5^18 of the amount, shifted so far that it has more than 80 bits, with its last bit set when there is a rest, is rounded
/// to 53 bits as the quotient itself would be; the powers of two that are left are exact.
pub fn amount(units: i128) -> f64 {
    const FIVES: u128 = 3_814_697_265_625;
    if units == 0 {
        return 0.0;
    }
    let magnitude = units.unsigned_abs();
    let shift = magnitude.leading_zeros();
    let shifted = magnitude << shift;
    let whole = shifted / FIVES;
    let quotient = whole | u128::from(whole * FIVES != shifted);
    let scale = f64::from_bits(u64::from(1023 - 18 - shift) << 52);
    let value = quotient as f64 * scale;
    if units < 0 { -value } else { value }
}

/// `digits * 10^-scale`, correctly rounded up to 2^53 digits; `scale` is at most 22.
pub fn decimal(digits: i128, scale: usize) -> f64 {
    digits as f64 / POWERS.get(scale).copied().unwrap_or(f64::NAN)
}

pub fn write_wide(value: i128, into: &mut Writer) {
    into.i64((value >> 64) as i64);
    into.i64(value as i64);
}

pub fn read_wide(from: &mut Reader) -> Result<i128, Fault> {
    let (high, low) = (from.i64()?, from.i64()?);
    Ok(i128::from(high) << 64 | i128::from(low as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_is_rounded_half_away_from_zero() {
        for (a, b, d, wanted) in
            [(1, 1, 2, 1), (-1, 1, 2, -1), (1, 1, 3, 0), (2, 1, 3, 1), (-2, 1, 3, -1), (7, 3, 3, 7), (5, 1, 10, 1), (4, 1, 10, 0)]
        {
            assert_eq!(mul_div(a, b, d), Some(wanted), "{a} * {b} / {d}");
        }
    }

    #[test]
    fn products_beyond_128_bits_are_divided_whole() {
        let huge = i128::MAX / 3;
        assert_eq!(mul_div(huge, 9, 9), Some(huge));
        assert_eq!(mul_div(huge, -RATE_ONE, RATE_ONE), Some(-huge));
        assert_eq!(mul_div(10_i128.pow(37), 10_i128.pow(19), 10_i128.pow(18)), Some(10_i128.pow(38)));
        assert_eq!(mul_div(-(10_i128.pow(37)), 10_i128.pow(20), 10_i128.pow(18)), None);
        assert_eq!(mul_div(i128::MAX, i128::MAX, 1), None);
        // (2^126 + 1) * 3 / 6 = 2^125 + 1/2: up
        assert_eq!(mul_div((1 << 126) + 1, 3, 6), Some((1 << 125) + 1));
        assert_eq!(mul_div(i128::MIN, 1, 1), Some(i128::MIN));
    }

    #[test]
    fn narrow_and_wide_agree() {
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state
        };
        for _ in 0..10_000 {
            let (a, b, d) = (u128::from(draw()) >> 2, u128::from(draw()) >> 2, (draw() >> 3) + 1);
            let narrow = mul_div(a as i128, b as i128, i128::from(d));
            assert_eq!(narrow, wide_mul_div(a, b, d).map(|wide| wide as i128), "{a} * {b} / {d}");
        }
    }

    #[test]
    fn short_decimals_survive_the_way_in_and_out() {
        for value in [0.1, 61_800.3, 12_345.67, -0.000_000_000_001, 999_999_999.999, 1e18, -37.63] {
            assert_eq!(units_of(value).map(amount), Some(value));
        }
        assert_eq!(units_of(0.1), Some(UNIT / 10));
        for (units, text) in [
            (1, "1e-18"),
            (-4_499_800_000_000_000_000, "-4.4998"),
            (123_456_789_012_345_678_901_234_567, "123456789.012345678901234567"),
            (i128::MAX, "170141183460469231731.687303715884105727"),
            (i128::MIN, "-170141183460469231731.687303715884105728"),
            (9_007_199_254_740_993 * UNIT, "9007199254740993"),
            (9_007_199_254_740_993 * UNIT + 1, "9007199254740993.000000000000000001"),
        ] {
            assert_eq!(text.parse(), Ok(amount(units)), "{units}");
        }
        assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e19, -1e19].map(units_of), [None; 5]);
    }
}
