use crate::json::word_at;

/// A number by the grammar of JSON, cut from the front of some bytes.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a> {
    pub raw: &'a [u8],
    pub negative: bool,
    /// All digits before the exponent, where they are at most 19.
    mantissa: u64,
    digits: u32,
    /// Digits behind the point.
    pub fraction: u32,
    exponent: bool,
}

/// Powers of ten that a Float64 holds exactly.
const POWERS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

impl<'a> Number<'a> {
    /// The number that `bytes` begin with; None when there is none.
    #[inline(always)]
    pub fn front(bytes: &'a [u8]) -> Option<Self> {
        let mut at = 0;
        let negative = bytes.first() == Some(&b'-');
        at += usize::from(negative);
        let (mut mantissa, whole) = (0_u64, at);
        at = digits_from(bytes, at, &mut mantissa);
        if at == whole || (bytes[whole] == b'0' && at > whole + 1) {
            return None;
        }
        let mut digits = at - whole;
        let mut fraction = 0;
        if bytes.get(at) == Some(&b'.') {
            let from = at + 1;
            at = digits_from(bytes, from, &mut mantissa);
            fraction = at - from;
            digits += fraction;
            if fraction == 0 {
                return None;
            }
        }
        let exponent = matches!(bytes.get(at), Some(b'e' | b'E'));
        if exponent {
            at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let from = at;
            while digit(bytes, at).is_some() {
                at += 1;
            }
            if at == from {
                return None;
            }
        }
        Some(Self { raw: &bytes[..at], negative, mantissa, digits: digits as u32, fraction: fraction as u32, exponent })
    }

    /// The number that `bytes` are, whole.
    pub fn whole(bytes: &'a [u8]) -> Option<Self> {
        Self::front(bytes).filter(|number| number.raw.len() == bytes.len())
    }

    /// The nearest Float64; infinite when it is too large.
    #[inline(always)]
    pub fn f64(&self) -> f64 {
        if self.digits <= 19 && !self.exponent && self.mantissa <= 1 << 53 && self.fraction <= 22 {
            // both exact, so the quotient is rounded once (W. D. Clinger, How to read floating point numbers accurately, 1990)
            let magnitude = self.mantissa as f64 / POWERS[self.fraction as usize];
            return if self.negative { -magnitude } else { magnitude };
        }
        self.f64_of_any_length()
    }

    #[cold]
    fn f64_of_any_length(&self) -> f64 {
        std::str::from_utf8(self.raw).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
    }

    /// Whether it is written as an integer: digits only.
    pub fn is_integer(&self) -> bool {
        self.fraction == 0 && !self.exponent
    }

    /// The integer, where it is written as one and fits.
    #[inline(always)]
    pub fn i64(&self) -> Option<i64> {
        if !self.is_integer() {
            return None;
        }
        if self.digits > 19 {
            return std::str::from_utf8(self.raw).ok()?.parse().ok();
        }
        // 19 digits fit 64 bits without a sign
        if self.negative { 0_i64.checked_sub_unsigned(self.mantissa) } else { i64::try_from(self.mantissa).ok() }
    }

    /// `number * scale` where that is an integer, exactly; `Err(true)` when it does not fit, `Err(false)` when it is none.
    pub fn scaled(&self, scale: i64) -> Result<i64, bool> {
        if self.exponent {
            return Err(false);
        }
        let point = self.raw.iter().position(|byte| *byte == b'.').unwrap_or(self.raw.len());
        let from = usize::from(self.negative);
        let mut value = 0_i128;
        for byte in &self.raw[from..point] {
            value = value * 10 + i128::from(byte - b'0');
            if value > 1 << 64 {
                return Err(true);
            }
        }
        value *= i128::from(scale);
        let mut rest = i128::from(scale);
        for byte in self.raw.get(point + 1..).unwrap_or_default() {
            let digit = i128::from(byte - b'0');
            if digit != 0 && rest % 10 != 0 {
                return Err(false);
            }
            rest /= 10;
            value += digit * rest;
        }
        i64::try_from(if self.negative { -value } else { value }).map_err(|_| true)
    }
}

/// Reads digits from `at` on into `value`, wrapping; where they end.
#[inline(always)]
fn digits_from(bytes: &[u8], mut at: usize, value: &mut u64) -> usize {
    while let Some(word) = word_at(bytes, at) {
        let (count, eight) = front_digits(word);
        *value = value.wrapping_mul(TENS[count]).wrapping_add(eight);
        at += count;
        if count < 8 {
            return at;
        }
    }
    while let Some(digit) = digit(bytes, at) {
        *value = value.wrapping_mul(10).wrapping_add(digit);
        at += 1;
    }
    at
}

/// How many digits eight bytes begin with, and the number these are. Source of the sum: D. Lemire, *Quickly parsing eight digits* (2018).
#[inline(always)]
fn front_digits(word: u64) -> (usize, u64) {
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let digits = word ^ 0x3030_3030_3030_3030;
    // a byte above 9 reaches its top bit when 0x76 is added
    let others = (((digits & !TOPS) + 0x7676_7676_7676_7676) | digits) & TOPS;
    let count = others.trailing_zeros() / 8;
    // the digits move to the end, zeros in front of them
    let digits = digits.checked_shl(64 - 8 * count).unwrap_or_default();
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    (count as usize, low.wrapping_add(high) >> 32)
}

#[inline]
fn digit(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10).map(u64::from)
}

/// Whether a text says of itself that it is no finite number.
pub fn says_not_finite(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    [&b"nan"[..], b"inf", b"infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_that_of_json() {
        for good in ["0", "-0", "12", "1.5", "-1.25e-3", "1E+5", "0.0"] {
            assert!(Number::whole(good.as_bytes()).is_some(), "{good}");
        }
        for bad in ["", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x10", "nan", "1_0", " 1"] {
            assert!(Number::whole(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn integers_of_any_length_are_exact() {
        let mut state = 3_u64;
        for _ in 0..100_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (state as i64) >> (state >> 58);
            assert_eq!(Number::whole(value.to_string().as_bytes()).unwrap().i64(), Some(value));
        }
        for (text, value) in
            [("9223372036854775808", None), ("-9223372036854775808", Some(i64::MIN)), ("-0", Some(0)), ("99999999999999999999", None)]
        {
            assert_eq!(Number::whole(text.as_bytes()).unwrap().i64(), value, "{text}");
        }
        for length in 1..=19 {
            for other in [0, b'/', b':', b'.', b'"', 0x7f, 0x80, 0xb0, 0xff] {
                let digits = &"9123456789012345678"[..length];
                let text = [digits.as_bytes(), &[other; 9]].concat();
                let number = Number::front(&text).filter(|_| other != b'.');
                assert_eq!(number.and_then(|number| number.i64()), digits.parse().ok().filter(|_| other != b'.'), "{text:?}");
            }
        }
        for text in ["1234567:", "1234567/", "12345678x"] {
            assert!(Number::whole(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn floats_round_as_the_standard_library_does() {
        let mut state = 7_u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let text = format!("{}.{:0width$}", state >> 40, (state >> 8) & 0xffff_ffff, width = 10 + (state & 7) as usize);
            assert_eq!(Number::whole(text.as_bytes()).unwrap().f64().to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }

    #[test]
    fn scaled_is_exact_or_says_why_not() {
        let scaled = |text: &str, scale| Number::whole(text.as_bytes()).unwrap().scaled(scale);
        assert_eq!(scaled("1514887281.479000092", 1_000_000_000), Ok(1_514_887_281_479_000_092));
        assert_eq!(scaled("-1.5", 1_000), Ok(-1_500));
        assert_eq!(scaled("1.5000", 10), Ok(15));
        assert_eq!(scaled("1.55", 10), Err(false));
        assert_eq!(scaled("9223372036854775807", 1), Ok(i64::MAX));
        assert_eq!(scaled("-9223372036854775808", 1), Ok(i64::MIN));
        assert_eq!(scaled("9223372036854775808", 1), Err(true));
        assert_eq!(scaled("99999999999999999999999999999999999999999999999999", 1), Err(true));
        assert_eq!(scaled("1e3", 1), Err(false));
    }
}
