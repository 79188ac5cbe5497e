//! The time of a row as a number.
//!
//! In: the text of a time column. Out: nanoseconds since 1970 in UTC, or nothing if it is not an
//! ISO 8601 date and time. Formats that a portal writes for one country only are not guessed at.

use jiff::Timestamp;

/// Reads `2026-11-16T08:30:00.1234567Z`, with a space for the `T`, without a fraction, or with an offset.
/// A time without a zone is UTC.
pub fn parse(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 19 || bytes[4] != b'-' || bytes[7] != b'-' || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    if bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let number = |from: usize, to: usize| digits(&bytes[from..to]);
    let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, rest) = fraction(&bytes[19..])?;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset(rest)?;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// The time as text, to the second.
pub fn format(nanoseconds: i64) -> String {
    Timestamp::from_nanosecond(nanoseconds.into())
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes
        .iter()
        .try_fold(0, |number: i64, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let date =
        jiff::civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    date.ok()?;
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Nanoseconds of a fraction, and what follows it.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.' | b',', rest @ ..] = bytes else { return Some((0, bytes)) };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || length > 9 {
        return None;
    }
    let scale = 10_i64.pow(u32::try_from(9 - length).ok()?);
    Some((digits(&rest[..length])? * scale, &rest[length..]))
}

/// Seconds east of UTC.
fn offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [] | [b'Z' | b'z'] | [b' ', b'U', b'T', b'C'] => Some(0),
        [sign @ (b'+' | b'-'), hours @ .., b':', m1, m2] if hours.len() == 2 => {
            let seconds = digits(hours)? * 3_600 + digits(&[*m1, *m2])? * 60;
            Some(if *sign == b'+' { seconds } else { -seconds })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_in_its_spellings() {
        let wanted = parse("2026-11-16T08:30:00Z");
        assert!(wanted.is_some());
        for text in ["2026-11-16 08:30:00", "2026-11-16T09:30:00.000+01:00", "2026-11-16T08:30:00.0000000Z"] {
            assert_eq!(parse(text), wanted, "{text}");
        }
        assert_eq!(wanted.map(format).as_deref(), Some("2026-11-16T08:30:00Z"));
    }

    #[test]
    fn it_agrees_with_a_calendar_library() {
        for text in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59.5Z", "2100-03-01T00:00:00.123456789Z"] {
            let wanted: Timestamp = text.parse().unwrap();
            assert_eq!(parse(text).map(i128::from), Some(wanted.as_nanosecond()), "{text}");
        }
    }

    #[test]
    fn what_is_no_iso_time_is_no_time() {
        for text in [
            "",
            "11/16/2026, 8:30:00.000 AM",
            "2026-02-30T00:00:00Z",
            "2026-11-16T08:30",
            "2026-11-16T08:30:00+1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
