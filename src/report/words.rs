//! The sentences of a report, the same in every format for people.

use super::style::{Ink, Style};
use super::{ExclusionReport, LooseField, Report, ResultsFile, Status};
use crate::printable::written_out;
use std::fmt::Write;

/// Text from rows, lists and file names on one line, in which nothing deceives: see [`crate::printable`].
pub(crate) fn safe(text: &str) -> String {
    written_out(text).into_owned()
}

/// A value for people; an empty one is named.
pub(crate) fn value(text: &str) -> String {
    if text.is_empty() { "(empty)".to_owned() } else { safe(text) }
}

/// A number with a comma at every thousand.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun.
pub(crate) fn count(rows: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(rows), if rows == 1 { one } else { many })
}

/// A share of a total in per cent; what is not nothing never reads as 0.
pub(super) fn percent(part: u64, total: u64) -> String {
    if total == 0 {
        return "-".to_owned();
    }
    let share = 100.0 * part as f64 / total as f64;
    if part > 0 && share < 0.1 {
        return "<0.1%".to_owned();
    }
    if part < total && share > 99.9 {
        return ">99.9%".to_owned();
    }
    format!("{share:.1}%")
}

/// The totals in one sentence.
pub(super) fn totals(report: &Report) -> String {
    totals_in(report, Ink::Off)
}

/// The same for a terminal.
pub(super) fn totals_in(report: &Report, ink: Ink) -> String {
    let totals = &report.totals;
    let part = |style: Style, rows: u64, word: &str| {
        ink.paint(style, format!("{} {word} ({})", number(rows), percent(rows, totals.read)))
    };
    let mut text = format!(
        "{} read: {}, {}.",
        count(totals.read, "row", "rows"),
        part(Style::Kept, totals.kept, "kept"),
        part(Style::Suppressed, totals.suppressed, "suppressed")
    );
    if totals.undecidable > 0 {
        let _ = write!(
            text,
            " {} kept undecidable: a field that an exclusion needs is empty or unreadable.",
            number(totals.undecidable)
        );
    }
    if totals.duplicates > 0 {
        let _ = write!(text, " {} dropped as duplicates.", number(totals.duplicates));
    }
    if totals.malformed > 0 {
        let _ = write!(text, " {} kept although unreadable.", number(totals.malformed));
    }
    text
}

/// What only the loose reading of an exclusion hides: a sentence and its details; nothing if there is nothing.
pub fn loose(exclusion: &ExclusionReport) -> Option<(String, Vec<String>)> {
    let loose = exclusion.matches - exclusion.scoped_matches;
    if loose == 0 {
        return None;
    }
    let sentence = format!(
        "{} of {} meet only part of what it names",
        number(loose),
        count(exclusion.matches, "row", "rows")
    );
    Some((sentence, exclusion.loose.iter().map(loose_field).collect()))
}

fn loose_field(field: &LooseField) -> String {
    let what = match field.field.as_str() {
        "process.name" => "from other processes".to_owned(),
        "destination.ip" => "to other addresses".to_owned(),
        name => format!("with another {name}"),
    };
    let shown: Vec<String> = field
        .examples
        .iter()
        .map(|example| format!("{} ({})", value(&example.value), number(example.rows)))
        .collect();
    let rest = field.distinct.saturating_sub(shown.len() as u64);
    let more = if rest > 0 { format!(", and {} more", number(rest)) } else { String::new() };
    format!("{what}: {}{more}", shown.join(", "))
}

/// The exclusions that were left out, in one sentence each.
pub(super) fn left_out(report: &Report) -> Vec<String> {
    let left = |status| matches!(status, Status::Expired | Status::OtherRule | Status::OtherSchema);
    let exclusions = report.exclusions.iter().filter(|exclusion| left(exclusion.status));
    exclusions
        .map(|exclusion| format!("{}: {}", exclusion.id, exclusion.why.as_deref().unwrap_or_default()))
        .collect()
}

/// First and last day as an ISO 8601 interval, which leaves out what the two have in common.
pub(super) fn days(first: Option<&String>, last: Option<&String>) -> String {
    let (first, last) = (day(first), day(last));
    if first == last {
        return first.to_owned();
    }
    let last = if first.get(..5) == last.get(..5) { &last[5..] } else { last };
    format!("{first}/{last}")
}

/// The day of a time.
pub(super) fn day(time: Option<&String>) -> &str {
    time.and_then(|time| time.get(..10)).unwrap_or("-")
}

/// How the columns of a file were read.
pub(super) fn read_by(file: &ResultsFile) -> String {
    match file.tables.len() {
        0 => format!("schema {}", file.schema),
        tables => format!("{tables} tables"),
    }
}
