/// `250ms`, `1s`, `5m` as ns; none when it is no duration or does not fit.
pub fn duration_ns(text: &[u8]) -> Option<i64> {
    let digits = text.iter().position(|byte| !byte.is_ascii_digit())?;
    let unit: i64 = match &text[digits..] {
        b"ns" => 1,
        b"us" => 1_000,
        b"ms" => 1_000_000,
        b"s" => 1_000_000_000,
        b"m" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        b"d" => 86_400_000_000_000,
        _ => return None,
    };
    std::str::from_utf8(&text[..digits]).ok()?.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::duration_ns;

    #[test]
    fn durations_are_those_of_pipeline_files() {
        assert_eq!(duration_ns(b"250ms"), Some(250_000_000));
        assert_eq!(duration_ns(b"60s"), duration_ns(b"1m"));
        assert_eq!(duration_ns(b"0001d"), Some(86_400_000_000_000));
        for text in ["", "s", "1", "+1s", "-1s", "1 s", "1.5s", "1S", "9223372036854775807us", "99999999999999999999ns"] {
            assert_eq!(duration_ns(text.as_bytes()), None, "{text}");
        }
    }
}
