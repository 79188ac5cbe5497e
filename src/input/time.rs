//! The time of a row as a number.
//!
//! In: the text of a time column. Out: nanoseconds since 1970 in UTC, or nothing if it is not a date and time of ISO 8601.
//! Portals also export times in the notation of the user's locale, such as `11/24/2026, 1:02 PM`. Those are read only if
//! the file itself shows whether the day or the month stands first; quell never guesses.

use jiff::Timestamp;

/// Reads `2026-11-16T08:30:00.1234567Z`, with a space for the `T`, without a fraction, or with an offset.
/// A time without a zone is UTC.
pub fn parse(text: &str) -> Option<i64> {
    TimeParser::default().parse(text)
}

/// Bytes of `2026-11-16T08`.
const HOUR: usize = 13;

/// Reads times, and remembers the last hour: the rows of an export mostly stand in the same hour as the row before.
#[derive(Debug, Default, Clone, Copy)]
pub struct TimeParser {
    /// The date and hour of the last time, as text and in seconds since 1970.
    hour: [u8; HOUR],
    seconds: i64,
}

impl TimeParser {
    /// Reads what [`parse`] reads.
    #[inline]
    pub fn parse(&mut self, text: &str) -> Option<i64> {
        let (hour, rest) = text.as_bytes().split_first_chunk()?;
        if self.hour != *hour {
            self.seconds = seconds_of_hour(hour)?;
            self.hour = *hour;
        }
        let (past, fraction) = past_hour(rest)?;
        (self.seconds + past).checked_mul(1_000_000_000)?.checked_add(fraction)
    }
}

/// Seconds since 1970 of `2026-11-16T08`.
fn seconds_of_hour(text: &[u8; HOUR]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' ', h1, h2] = *text else { return None };
    let days = days_from_civil(digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?)?;
    let hour = digits(&[h1, h2])?;
    (hour < 24).then_some(days * 86_400 + hour * 3_600)
}

/// Seconds and nanoseconds after the full hour, from `:30:00.1234567Z`. An offset from UTC is subtracted.
#[inline]
fn past_hour(text: &[u8]) -> Option<(i64, i64)> {
    let ([b':', m1, m2, b':', s1, s2], rest) = text.split_first_chunk()? else { return None };
    let (minute, second) = (digits(&[*m1, *m2])?, digits(&[*s1, *s2])?);
    let (fraction, rest) = fraction(rest)?;
    let seconds = minute * 60 + second - offset(rest)?;
    (minute < 60 && second <= 60).then_some((seconds, fraction))
}

/// Whether day or month stands first in dates that are not ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `11/24/2026`.
    MonthFirst,
    /// `24/11/2026` or `24.11.2026`.
    DayFirst,
}

/// How the times of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// No time is in the notation of a locale.
    Iso,
    /// Some are, but none shows whether the day or the month stands first, or they contradict each other.
    Unclear,
    /// Some are, and a number above 12 or a dot shows the order.
    Locale(DateOrder),
}

impl Dates {
    /// How these times are written.
    pub fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut any = false;
        let mut told = None;
        for time in texts.filter_map(LocaleTime::read) {
            any = true;
            let order = match (time.first, time.second) {
                _ if time.dots => DateOrder::DayFirst,
                (13.., _) => DateOrder::DayFirst,
                (_, 13..) => DateOrder::MonthFirst,
                _ => continue,
            };
            if told.is_some_and(|told| told != order) {
                return Self::Unclear;
            }
            told = Some(order);
        }
        match told {
            Some(order) => Self::Locale(order),
            None if any => Self::Unclear,
            None => Self::Iso,
        }
    }
}

/// Reads `11/24/2026, 1:02:03.456 PM` and `24.11.2026, 13:02:03` as UTC.
pub fn parse_in_locale(text: &str, order: DateOrder) -> Option<i64> {
    let time = LocaleTime::read(text)?;
    let (month, day) = match order {
        DateOrder::MonthFirst => (time.first, time.second),
        DateOrder::DayFirst => (time.second, time.first),
    };
    let seconds = days_from_civil(time.year, month, day)? * 86_400 + time.second_of_day;
    seconds.checked_mul(1_000_000_000)?.checked_add(time.fraction)
}

/// A date and time in the notation of a locale. Which of its first two numbers is the day is not known yet.
struct LocaleTime {
    first: i64,
    second: i64,
    year: i64,
    dots: bool,
    second_of_day: i64,
    fraction: i64,
}

impl LocaleTime {
    fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once([',', ' '])?;
        let dots = date.contains('.');
        let mut numbers = date.split(if dots { '.' } else { '/' });
        let mut number = |length: usize| {
            let text = numbers.next()?;
            (!text.is_empty() && text.len() <= length).then(|| digits(text.as_bytes()))?
        };
        let (first, second, year) = (number(2)?, number(2)?, number(4)?);
        if numbers.next().is_some() || year < 1_000 {
            return None;
        }
        // Newer browsers write a narrow no-break space (U+202F) before AM and PM.
        let time = time.trim_start_matches([',', ' ']);
        let (time, half) = time.split_once([' ', '\u{202f}']).unwrap_or((time, ""));
        let (hour, rest) = time.split_once(':')?;
        let (minute, rest) = rest.split_at_checked(2)?;
        let (last, rest) =
            rest.strip_prefix(':').map_or(Some(("0", rest)), |rest| rest.split_at_checked(2))?;
        let (fraction, b"") = fraction(rest.as_bytes())? else { return None };
        let (hour, minute, last) =
            (digits(hour.as_bytes())?, digits(minute.as_bytes())?, digits(last.as_bytes())?);
        let hour = match half.to_ascii_uppercase().as_str() {
            "" if hour < 24 => hour,
            "AM" if (1..=12).contains(&hour) => hour % 12,
            "PM" if (1..=12).contains(&hour) => hour % 12 + 12,
            _ => return None,
        };
        let right = minute < 60 && last <= 60;
        let second_of_day = hour * 3_600 + minute * 60 + last;
        right.then_some(Self { first, second, year, dots, second_of_day, fraction })
    }
}

/// A time in ISO 8601, to the second.
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

/// The nanoseconds of a fraction of a second, and what follows it.
#[inline]
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    if let Some((ticks, rest)) = bytes.split_first_chunk()
        && !rest.first().is_some_and(u8::is_ascii_digit)
        && let Some(nanoseconds) = ticks_of(*ticks)
    {
        return Some((nanoseconds, rest));
    }
    let [b'.' | b',', rest @ ..] = bytes else { return Some((0, bytes)) };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || length > 9 {
        return None;
    }
    let scale = 10_i64.pow(u32::try_from(9 - length).ok()?);
    Some((digits(&rest[..length])? * scale, &rest[length..]))
}

/// The nanoseconds of `.1234567`, which is how Microsoft's services write fractions. All digits are converted at once.
#[inline]
fn ticks_of(text: [u8; 8]) -> Option<i64> {
    if !matches!(text[0], b'.' | b',') {
        return None;
    }
    // The upper half of a digit's byte is 3, and it still is after adding 6. No other byte has both.
    let text = u64::from_le_bytes(text) & !0xff | u64::from(b'0');
    let halves = 0xf0f0_f0f0_f0f0_f0f0;
    let zeros = 0x3030_3030_3030_3030;
    if text & halves != zeros || text.wrapping_add(0x0606_0606_0606_0606) & halves != zeros {
        return None;
    }
    let pairs = (text - zeros).wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    let eight = fours.wrapping_mul(10_000 << 32 | 1) >> 32;
    i64::try_from(eight).ok()?.checked_mul(100)
}

/// The offset from UTC in seconds, positive to the east.
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
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn any_fraction_is_what_a_calendar_library_says(fraction in "[0-9]{1,9}", end in "[0-9:/]?(Z|\\+02:00)") {
            let text = format!("2026-11-16T08:30:00.{fraction}{end}");
            let wanted = text.parse::<Timestamp>().ok().and_then(|time| i64::try_from(time.as_nanosecond()).ok());
            prop_assert_eq!(parse(&text), wanted);
        }
    }

    #[test]
    fn dates_of_a_locale_are_read_only_if_their_order_is_clear() {
        use DateOrder::{DayFirst, MonthFirst};
        let wanted = parse("2026-11-24T13:02:03.456Z");
        assert!(wanted.is_some());
        for (text, order) in [
            ("11/24/2026, 1:02:03.456 PM", MonthFirst),
            ("11/24/2026, 1:02:03.456\u{202f}PM", MonthFirst),
            ("24/11/2026, 13:02:03.456", DayFirst),
            ("24.11.2026, 13:02:03,456", DayFirst),
            ("24.11.2026 13:02:03.456", DayFirst),
        ] {
            assert_eq!(Dates::of([text].into_iter()), Dates::Locale(order), "{text}");
            assert_eq!(parse_in_locale(text, order), wanted, "{text}");
        }
        assert_eq!(parse_in_locale("11/24/2026, 12:00:00 AM", MonthFirst), parse("2026-11-24T00:00:00Z"));
        assert_eq!(parse_in_locale("11/24/2026, 12:00 PM", MonthFirst), parse("2026-11-24T12:00:00Z"));
        assert_eq!(
            Dates::of(["11/10/2026, 1:02:03.456 PM", "1/1/2026, 1:00:00 AM"].into_iter()),
            Dates::Unclear
        );
        assert_eq!(
            Dates::of(["11/24/2026, 1:02:03 PM", "24/11/2026, 1:02:03 PM"].into_iter()),
            Dates::Unclear
        );
        assert_eq!(Dates::of(["2026-11-24T13:02:03Z", "", "x"].into_iter()), Dates::Iso);
        for text in [
            "11/24/2026",
            "13/24/2026, 1:02:03 PM",
            "11/24/2026, 13:02:03 PM",
            "11/24/26, 1:02:03 PM",
            "11/24/2026, 1:02:03 PM x",
        ] {
            assert_eq!(parse_in_locale(text, MonthFirst), None, "{text}");
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
