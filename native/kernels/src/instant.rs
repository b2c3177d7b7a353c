/// Why a text is not an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInstant {
    Form,
    /// Outside the years 1677 to 2262, which int64 ns can hold.
    Range,
    /// It has no zone, and none is assumed.
    Zone,
}

/// An ISO 8601 instant as ns since 1970 UTC, up to nine digits of a second: `2024-08-08T23:54:15.25Z`, with `T` or a space, seconds
/// optional. `assume_utc`: the zone may be left out, and so may the time of day.
pub fn instant_ns(text: &[u8], assume_utc: bool) -> Result<i64, NotInstant> {
    let mut reader = Reader { rest: text };
    let days = reader.date()?;
    if reader.rest.is_empty() {
        return if assume_utc { in_ns(days * 86_400, 0) } else { Err(NotInstant::Zone) };
    }
    reader.one_of(b"T ")?;
    let (hour, minute) = (reader.number(2, 23)?, reader.mark(b':').and_then(|()| reader.number(2, 59))?);
    let mut second = 0;
    let mut fraction = 0;
    if reader.rest.first() == Some(&b':') {
        reader.mark(b':')?;
        second = reader.number(2, 59)?;
        if reader.rest.first() == Some(&b'.') {
            reader.mark(b'.')?;
            fraction = reader.fraction()?;
        }
    }
    let offset = match reader.rest {
        [] if assume_utc => 0,
        [] => return Err(NotInstant::Zone),
        b"Z" => 0,
        [sign @ (b'+' | b'-'), rest @ ..] => {
            reader.rest = rest;
            let (hours, minutes) = (reader.number(2, 23)?, reader.mark(b':').and_then(|()| reader.number(2, 59))?);
            if !reader.rest.is_empty() {
                return Err(NotInstant::Form);
            }
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return Err(NotInstant::Form),
    };
    in_ns(days * 86_400 + hour * 3600 + minute * 60 + second - offset, fraction)
}

fn in_ns(seconds: i64, ns: i64) -> Result<i64, NotInstant> {
    i64::try_from(i128::from(seconds) * 1_000_000_000 + i128::from(ns)).map_err(|_| NotInstant::Range)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn number(&mut self, digits: usize, most: i64) -> Result<i64, NotInstant> {
        let (head, rest) = self.rest.split_at_checked(digits).ok_or(NotInstant::Form)?;
        self.rest = rest;
        if !head.iter().all(u8::is_ascii_digit) {
            return Err(NotInstant::Form);
        }
        let value = head.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        if value > most { Err(NotInstant::Form) } else { Ok(value) }
    }

    fn one_of(&mut self, marks: &[u8]) -> Result<(), NotInstant> {
        let (head, rest) = self.rest.split_first().ok_or(NotInstant::Form)?;
        self.rest = rest;
        if marks.contains(head) { Ok(()) } else { Err(NotInstant::Form) }
    }

    fn mark(&mut self, mark: u8) -> Result<(), NotInstant> {
        self.one_of(&[mark])
    }

    /// One to nine digits, as ns.
    fn fraction(&mut self) -> Result<i64, NotInstant> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return Err(NotInstant::Form);
        }
        Ok(self.number(digits, i64::MAX)? * 10_i64.pow(9 - digits as u32))
    }

    /// Days since 1970-01-01. Source: H. Hinnant, *chrono-compatible low-level date algorithms*, `days_from_civil`.
    fn date(&mut self) -> Result<i64, NotInstant> {
        let year = self.number(4, 9999)?;
        self.mark(b'-')?;
        let month = self.number(2, 12)?;
        self.mark(b'-')?;
        let day = self.number(2, 31)?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if month == 0 || day == 0 || day > days {
            return Err(NotInstant::Form);
        }
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let of_era = shifted - era * 400;
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Ok(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }
}

/// Appends ns since 1970 UTC as `2024-08-08T23:54:15.030314667Z`, always nine digits.
pub fn write_instant(ns: i64, into: &mut Vec<u8>) {
    let (seconds, fraction) = (ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000));
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // the inverse of `days_from_civil`, same source
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z - era * 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    digits(year, 4, into);
    into.push(b'-');
    digits(month, 2, into);
    into.push(b'-');
    digits(day, 2, into);
    into.push(b'T');
    digits(of_day / 3600, 2, into);
    into.push(b':');
    digits(of_day / 60 % 60, 2, into);
    into.push(b':');
    digits(of_day % 60, 2, into);
    into.push(b'.');
    digits(fraction, 9, into);
    into.push(b'Z');
}

fn digits(value: i64, width: usize, into: &mut Vec<u8>) {
    let at = into.len();
    into.resize(at + width, b'0');
    let mut rest = value;
    for digit in into[at..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_exactly() {
        // seconds by GNU date: date -u -d 2024-08-08T23:54:15Z +%s
        assert_eq!(instant_ns(b"2024-08-08T23:54:15.030314667Z", false), Ok(1_723_161_255_030_314_667));
        assert_eq!(instant_ns(b"2024-08-09T01:54:15.25+02:00", false), Ok(1_723_161_255_250_000_000));
        assert_eq!(instant_ns(b"2024-08-08 23:54Z", false), Ok(1_723_161_240_000_000_000));
        assert_eq!(instant_ns(b"1970-01-01T00:00:00Z", false), Ok(0));
        assert_eq!(instant_ns(b"1969-12-31T23:59:59.999999999Z", false), Ok(-1));
        assert_eq!(instant_ns(b"2000-02-29", true), Ok(951_782_400_000_000_000));
        assert_eq!(instant_ns(b"2000-02-29", false), Err(NotInstant::Zone));
        assert_eq!(instant_ns(b"2000-02-29T12:00", false), Err(NotInstant::Zone));
        assert_eq!(instant_ns(b"2300-01-01T00:00:00Z", false), Err(NotInstant::Range));
        for bad in [
            "",
            "2024",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-01T25:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.1234567890Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00Zx",
            "2024-01-01T00:00:00+2",
            "nan",
            "2024-01-01T00:00:00+02:00x",
        ] {
            assert_eq!(instant_ns(bad.as_bytes(), true), Err(NotInstant::Form), "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut state = 1_u64;
        for ns in (0..50_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state as i64
            })
            .chain([0, -1, i64::MIN, i64::MAX])
        {
            let mut text = Vec::new();
            write_instant(ns, &mut text);
            assert_eq!(instant_ns(&text, false), Ok(ns), "{}", String::from_utf8_lossy(&text));
        }
    }
}
