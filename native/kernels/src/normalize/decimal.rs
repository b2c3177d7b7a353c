use crate::number::says_not_finite;

/// A decimal number without rounding: digits x 10^-scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    pub digits: i128,
    pub scale: u32,
}

/// A step of an instrument: its tick or lot size. Fewer than 10^18 digits, scale at most 18.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub exact: Decimal,
    pub float: f64,
}

/// Why a value has no steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSteps {
    NotFinite,
    NotDecimal,
    NotPositive,
    Off,
    TooLarge,
}

const MAX_DIGITS: usize = 36;
const POWERS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

impl Decimal {
    /// Plain decimal text, no exponent, at most 36 digits.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = match text.iter().position(|byte| *byte == b'.') {
            Some(point) => (&text[..point], Some(&text[point + 1..])),
            None => (text, None),
        };
        let after = fraction.unwrap_or_default();
        if whole.is_empty() || fraction == Some(&[]) || whole.len() + after.len() > MAX_DIGITS {
            return None;
        }
        let mut digits = if whole.len() + after.len() <= 18 {
            let mut short = 0_i64;
            for byte in whole.iter().chain(after) {
                short = short * 10 + i64::from(digit(*byte)?);
            }
            i128::from(short)
        } else {
            let mut long = 0_i128;
            for byte in whole.iter().chain(after) {
                long = long * 10 + i128::from(digit(*byte)?);
            }
            long
        };
        if negative {
            digits = -digits;
        }
        Some(Self { digits, scale: after.len() as u32 })
    }

    /// The nearest Float64; `text` is what it was parsed from.
    fn float(&self, text: &[u8]) -> f64 {
        if self.digits.unsigned_abs() <= 1 << 53 && self.scale <= 22 {
            return self.digits as f64 / POWERS[self.scale as usize];
        }
        std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
    }
}

fn digit(byte: u8) -> Option<u8> {
    Some(byte.wrapping_sub(b'0')).filter(|digit| *digit < 10)
}

impl Step {
    /// A decimal text as Float64 and as a number of steps, exactly.
    #[inline]
    pub fn of_text(&self, text: &[u8]) -> Result<(f64, i64), NoSteps> {
        let Some(value) = Decimal::parse(text) else {
            return Err(if says_not_finite(text) { NoSteps::NotFinite } else { NoSteps::NotDecimal });
        };
        if value.digits <= 0 {
            return Err(NoSteps::NotPositive);
        }
        Ok((value.float(text), self.steps(value)?))
    }

    fn steps(&self, value: Decimal) -> Result<i64, NoSteps> {
        let step = self.exact;
        if let (Ok(digits), Ok(by), true) = (i64::try_from(value.digits), i64::try_from(step.digits), value.scale == step.scale) {
            return if digits % by == 0 { Ok(digits / by) } else { Err(NoSteps::Off) };
        }
        if value.scale > step.scale {
            // a step too large for 128 bits is larger than the value
            let by = 10_i128.checked_pow(value.scale - step.scale).and_then(|power| step.digits.checked_mul(power)).ok_or(NoSteps::Off)?;
            if value.digits % by != 0 {
                return Err(NoSteps::Off);
            }
            return i64::try_from(value.digits / by).map_err(|_| NoSteps::TooLarge);
        }
        let power = 10_i128.pow(step.scale - value.scale);
        if (value.digits % step.digits) * (power % step.digits) % step.digits != 0 {
            return Err(NoSteps::Off);
        }
        let scaled = value.digits.checked_mul(power).ok_or(NoSteps::TooLarge)?;
        i64::try_from(scaled / step.digits).map_err(|_| NoSteps::TooLarge)
    }

    /// A Float64 as steps: within one part in 10^9 of a multiple, and never more than a hundredth of a step away.
    #[inline]
    pub fn of_float(&self, value: f64) -> Result<i64, NoSteps> {
        if !value.is_finite() {
            return Err(NoSteps::NotFinite);
        }
        if value <= 0.0 {
            return Err(NoSteps::NotPositive);
        }
        let quotient = value / self.float;
        // truncated, not `round()`, which is a call: the two differ only where the next line refuses; from 2^52 on all are whole
        let nearest = if quotient < 4_503_599_627_370_496.0 { (quotient + 0.5) as i64 as f64 } else { quotient };
        if (quotient - nearest).abs() > f64::min(quotient * 1e-9, 0.01) {
            return Err(NoSteps::Off);
        }
        if nearest > 9_007_199_254_740_991.0 { Err(NoSteps::TooLarge) } else { Ok(nearest as i64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Step {
        Step { exact: Decimal::parse(text.as_bytes()).unwrap(), float: text.parse().unwrap() }
    }

    #[test]
    fn text_becomes_steps_without_rounding() {
        let tick = step("0.10");
        assert_eq!(tick.of_text(b"61800.30"), Ok((61800.3, 618_003)));
        assert_eq!(tick.of_text(b"61800.3"), Ok((61800.3, 618_003)));
        assert_eq!(tick.of_text(b"61800.3000000"), Ok((61800.3, 618_003)));
        assert_eq!(tick.of_text(b"61800"), Ok((61800.0, 618_000)));
        assert_eq!(tick.of_text(b"61800.31"), Err(NoSteps::Off));
        assert_eq!(tick.of_text(b"61800.300000000000000000000000001"), Err(NoSteps::Off));
        assert_eq!(step("0.5").of_text(b"10.25"), Err(NoSteps::Off));
        assert_eq!(step("25").of_text(b"100"), Ok((100.0, 4)));
        assert_eq!(step("0.000000000000000001").of_text(b"9.223372036854775807"), Ok((9.223_372_036_854_776, i64::MAX)));
        assert_eq!(step("0.000000000000000001").of_text(b"9.223372036854775808"), Err(NoSteps::TooLarge));
        assert_eq!(step("0.000000000000000003").of_text(b"999999999999999999999999999999999999"), Err(NoSteps::TooLarge));
    }

    #[test]
    fn what_is_no_price_is_told_apart() {
        let tick = step("0.1");
        for text in ["nan", "NaN", "-inf", "Infinity"] {
            assert_eq!(tick.of_text(text.as_bytes()), Err(NoSteps::NotFinite), "{text}");
        }
        for text in ["", "-", ".", "1.", ".1", "1e3", "0x1", " 1", "1 ", "1,5", "--1", "1.1.1", "9999999999999999999999999999999999999"] {
            assert_eq!(tick.of_text(text.as_bytes()), Err(NoSteps::NotDecimal), "{text}");
        }
        for text in ["0", "-0.0", "-5", "0.000"] {
            assert_eq!(tick.of_text(text.as_bytes()), Err(NoSteps::NotPositive), "{text}");
        }
    }

    #[test]
    fn floats_are_taken_within_the_stated_tolerance() {
        let tick = step("0.1");
        assert_eq!(tick.of_float(0.1 + 0.2), Ok(3));
        assert_eq!(tick.of_float(61800.3), Ok(618_003));
        assert_eq!(tick.of_float(61800.31), Err(NoSteps::Off));
        assert_eq!(tick.of_float(f64::NAN), Err(NoSteps::NotFinite));
        assert_eq!(tick.of_float(-0.1), Err(NoSteps::NotPositive));
        assert_eq!(tick.of_float(0.04), Err(NoSteps::Off));
        assert_eq!(tick.of_float(1e300), Err(NoSteps::TooLarge));
    }
}
