//! Warnings about results that lack rows of the hunt, or have some twice.
//!
//! In: what was found while a file was read. Out: [`Warning`]s. It reads nothing.

use super::outcome::{Warning, WarningCode};
use crate::count::tally::{Totals, UnreadableCells};
use crate::exclusions::model::FieldRef;
use crate::fields::{Field, Kind};
use crate::input::Fault;
use crate::output::repeats::REMEMBERED;
use crate::output::writer::FileCounts;
use crate::schema::{Schemas, column_name};

/// So many cells that cannot be read are said, if they are more than one in a hundred.
const MANY_UNREADABLE: u64 = 10;

/// The numbers of rows at which portals and APIs cut off.
const CAPS: [u64; 4] = [10_000, 30_000, 100_000, 500_000];

/// Warnings about what one file lacks.
pub(super) fn warnings(file: &str, counts: &FileCounts) -> Vec<Warning> {
    let mut found = Vec::new();
    let rows = counts.tally.totals.read;
    if CAPS.contains(&rows) {
        let message = format!(
            "{file} has exactly {rows} rows, which is where a portal or an API cuts off: it is probably incomplete."
        );
        found.push((WarningCode::RowCap, Some(rows), message));
    }
    if let Some(line) = counts.header_again {
        let message = format!(
            "{file}:{line} REPEATS THE HEADER, as files do that were put one behind the other: such lines are kept and counted as rows, and if another file's columns are in another order, its rows are misread; give quell the files as they are: quell apply a.csv b.csv."
        );
        found.push((WarningCode::HeaderAgain, None, message));
    }
    if let Some((line, names)) = &counts.other_header {
        let shown = names[..names.len().min(3)].join(", ");
        let message = format!(
            "{file}:{line} IS THE HEADER OF ANOTHER TABLE ({shown}...): rows below it with as many cells as the first header has are MISREAD by that one, so that what is suppressed of them proves nothing, and others are kept unread; cut the file in two above this line and run quell once for each."
        );
        found.push((WarningCode::OtherHeader, None, message));
    }
    if let Some(row) = counts.unreadable.iter().find(|row| row.fault == Fault::NotUtf8) {
        let message = format!(
            "{file}:{} HAS BYTES THAT ARE NOT UTF-8, as files in Windows-1252 (Latin-1) have: such rows are kept unread; save it as UTF-8 (in Excel: CSV UTF-8), or turn it: iconv -f WINDOWS-1252 -t UTF-8 FILE > utf8.csv.",
            row.line
        );
        found.push((WarningCode::Encoding, None, message));
    }
    if let Some(error) = &counts.service_error {
        let message = format!("{file} says itself that it is NOT COMPLETE: {error}");
        found.push((WarningCode::Partial, None, message));
    }
    if counts.cut_off {
        let message =
            format!("{file} ENDS INSIDE A ROW OR A DOCUMENT: it is cut off, and what followed is missing.");
        found.push((WarningCode::CutOff, None, message));
    }
    if counts.document_broke {
        let message = format!(
            "{file} BREAKS as a JSON document: what follows the break could not be read, and is kept."
        );
        found.push((WarningCode::Broken, None, message));
    }
    if counts.without_records > 0 {
        let message = format!(
            "{file} has {} JSON values WITHOUT RECORDS where records should be: they are in both outputs and in no figure.",
            counts.without_records
        );
        found.push((WarningCode::Broken, Some(counts.without_records), message));
    }
    found
        .into_iter()
        .map(|(code, rows, message)| Warning { code, file: Some(file.to_owned()), rows, message })
        .collect()
}

/// Whether two of these names at least are columns of some product, or fields.
pub(super) fn are_columns(names: &[String]) -> bool {
    let schemas = Schemas::built_in();
    let is_known = |name: &&String| {
        let name = column_name(name);
        schemas.owners(name).is_some() || (name.contains('.') && Field::named(name).is_some())
    };
    names.iter().filter(is_known).count() > 1
}

/// What is said of a file in whose column of times no time could be read.
pub(super) fn no_time(file: &str, column: &str, totals: Totals) -> Option<Warning> {
    let rows = totals.read.saturating_sub(totals.malformed);
    let message = format!(
        "{file}: NO TIME in the column {column} could be read, so its rows have none here: times are read in ISO 8601, and in others' forms if the header says `[UTC]`; export them as 2026-11-16T13:02:00Z."
    );
    (rows > 0).then(|| Warning {
        code: WarningCode::NoTime,
        file: Some(file.to_owned()),
        rows: Some(rows),
        message,
    })
}

/// What is said of a file in which no cell of an address or a number could be read, or many could not: whatever names it
/// is undecidable there. A few are as usual as empty ones.
pub(super) fn unreadable(
    file: &str,
    (field, column): (&FieldRef, Option<&str>),
    (found, others_can): (&UnreadableCells, bool),
    totals: Totals,
) -> Option<Warning> {
    let rows = totals.read.saturating_sub(totals.malformed);
    if others_can && (found.cells < MANY_UNREADABLE || found.cells.saturating_mul(100) <= rows) {
        return None;
    }
    let text = &*found.text;
    let (field, kind) = (field.name(), field.kind());
    let column = column.unwrap_or(field);
    let is_whole = text.parse().is_ok_and(|number: f64| number.fract() == 0.0);
    let (what, remedy) = match kind {
        Kind::Number if is_whole => (
            "a number",
            "some program has turned whole numbers into fractions; export the results again, and with pandas read the column as `Int64`",
        ),
        Kind::Number | Kind::Text => ("a number", "a number is written in digits, such as 443"),
        Kind::Address if text.contains(char::is_alphabetic) && !text.contains(':') => (
            "an address",
            "a host name is no address; it belongs into a column of its own, such as RemoteUrl, which destination.domain reads",
        ),
        Kind::Address => ("an address", "an address stands alone in its cell, such as 10.0.0.1"),
    };
    let shown: String = text.chars().take(40).collect();
    let (which, here) = if others_can {
        (format!("{} CELLS of {column} COULD NOT BE READ as {what}", found.cells), "there")
    } else {
        (format!("NO CELL of {column} could be read as {what}"), "here")
    };
    let message =
        format!("{file}: {which}, e.g. `{shown}`: whatever names {field} is undecidable {here}; {remedy}.");
    let rows = if others_can { found.cells } else { rows };
    Some(Warning { code: WarningCode::Unreadable, file: Some(file.to_owned()), rows: Some(rows), message })
}

/// The warning that `rows` rows repeat others; `more` says that not all rows were compared.
pub(super) fn duplicates((rows, more): (u64, bool), dropped: bool) -> Option<Warning> {
    let message = match dropped {
        _ if rows == 0 => return None,
        true => {
            let are = if rows == 1 { "row is" } else { "rows are" };
            format!("{rows} {are} DROPPED (--dedupe): the same to the last byte as an earlier one.")
        }
        false => {
            let have = if rows == 1 { "row has" } else { "rows have" };
            let among =
                if more { format!(" among the first {REMEMBERED} different ones") } else { String::new() };
            format!(
                "{rows} {have} the device, time and ReportId of an earlier one{among}: every figure counts such rows again (--dedupe drops those that are the same throughout)."
            )
        }
    };
    Some(Warning { code: WarningCode::Duplicates, file: None, rows: Some(rows), message })
}
