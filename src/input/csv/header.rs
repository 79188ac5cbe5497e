//! The header of delimiter-separated text.
//!
//! In: the beginning of a text. Out: the names of its columns, or why there are none. It does not know which are wanted.

use super::walk::cell;
use crate::input::MAX_COLUMNS;
use memchr::memchr;

/// What stands at the beginning of CSV.
#[derive(Debug, PartialEq, Eq)]
pub enum Header {
    /// A whole header.
    Whole {
        /// The names of its columns.
        names: Vec<String>,
        /// How many bytes it has, with the end of the line.
        length: usize,
    },
    /// The text ends inside the header.
    Open,
    /// The header has more than [`MAX_COLUMNS`] columns.
    TooWide,
    /// Outside quotes stands a carriage return without a line feed.
    LoneCarriageReturn,
}

/// The header that a text begins with. `last` says that nothing follows the text.
pub fn header(text: &[u8], delimiter: u8, last: bool) -> Header {
    let mut names = Vec::new();
    let mut at = 0;
    loop {
        let Some(cell) = cell(text, at, delimiter) else { return Header::Open };
        let raw = &text[cell.span.start..cell.span.end];
        // A carriage return inside quotes is a part of the name. Before a line feed, which may still be unread, it ends the
        // line.
        let unquoted = if text[at..].starts_with(b"\"") { cell.span.end + 1 } else { cell.span.start };
        let unquoted = &text[unquoted..cell.next];
        let unquoted = unquoted.strip_suffix(b"\r\n").or(unquoted.strip_suffix(b"\r")).unwrap_or(unquoted);
        if memchr(b'\r', unquoted).is_some() {
            return Header::LoneCarriageReturn;
        }
        if cell.next >= text.len() && !cell.ends_row && !last {
            return Header::Open;
        }
        if names.len() == MAX_COLUMNS {
            return Header::TooWide;
        }
        names.push(String::from_utf8_lossy(raw).replace("\"\"", "\""));
        at = cell.next;
        if cell.ends_row || (at >= text.len() && !cell.delimited) {
            return Header::Whole { names, length: at };
        }
    }
}
