//! Adds to a suppressed row the ids of the exclusions that cover it.
//!
//! In: the bytes of a row and the ids. Out: the row with one more cell or key at its end. It decides nothing.

use crate::input::Format;
use crate::input::json::format::Document;
use memchr::memrchr;

/// The column or key that is added to suppressed rows.
pub const ATTRIBUTION: &str = "quell_suppressed_by";

/// The same as a column in the envelope of Log Analytics.
pub(super) const COLUMN: &str = ",{\"name\":\"quell_suppressed_by\",\"type\":\"string\"}";

/// Appends a row with the ids of the exclusions that cover it.
pub(super) fn attribute<'i>(
    row: &[u8],
    format: Format,
    ids: impl Iterator<Item = &'i str>,
    out: &mut Vec<u8>,
) {
    match format {
        Format::Csv { delimiter } => {
            let (row, end) = split_line_end(row);
            out.extend_from_slice(row);
            out.push(delimiter);
            join(out, ids, separator(delimiter), "");
            out.extend_from_slice(end);
        }
        Format::Document(Document::Tables) => {
            let bracket = memrchr(b']', row).unwrap_or(row.len());
            out.extend_from_slice(&row[..bracket]);
            out.extend_from_slice(b",\"");
            join(out, ids, b";", "");
            out.push(b'"');
            out.extend_from_slice(&row[bracket..]);
        }
        Format::JsonLines | Format::Document(_) | Format::Parquet => {
            let brace = memrchr(b'}', row).unwrap_or(row.len());
            out.extend_from_slice(&row[..brace]);
            out.extend_from_slice(format!(",\"{ATTRIBUTION}\":[").as_bytes());
            join(out, ids, b",", "\"");
            out.push(b']');
            out.extend_from_slice(&row[brace..]);
        }
    }
}

/// A row without its end of line, and the end of line.
pub(super) fn split_line_end(row: &[u8]) -> (&[u8], &[u8]) {
    let length = match row {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    };
    row.split_at(row.len() - length)
}

/// What stands between two ids in a cell of CSV: never the delimiter.
fn separator(delimiter: u8) -> &'static [u8] {
    if delimiter == b';' { b"," } else { b";" }
}

fn join<'i>(out: &mut Vec<u8>, ids: impl Iterator<Item = &'i str>, between: &[u8], around: &str) {
    for (place, id) in ids.enumerate() {
        if place > 0 {
            out.extend_from_slice(between);
        }
        out.extend_from_slice(around.as_bytes());
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(around.as_bytes());
    }
}
