//! The header of delimiter-separated text.
//!
//! In: the beginning of a text. Out: the names of its columns, or why there are none. It does not know which of them
//! somebody wants.

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
        /// Its bytes, with the end of the line.
        length: usize,
    },
    /// The text ends inside of it.
    Open,
    /// It has more than [`MAX_COLUMNS`].
    TooWide,
    /// A carriage return stands alone in it, outside of quotation marks.
    LoneCarriageReturn,
}

/// The header that a text begins with. `last` says that nothing follows the text.
pub fn header(text: &[u8], delimiter: u8, last: bool) -> Header {
    let mut names = Vec::new();
    let mut at = 0;
    loop {
        let Some(cell) = cell(text, at, delimiter) else { return Header::Open };
        let raw = &text[cell.span.start..cell.span.end];
        // Between quotation marks it is a part of the name; before a line feed, which may still come, it ends the line.
        let bare = if text[at..].starts_with(b"\"") { cell.span.end + 1 } else { cell.span.start };
        let bare = &text[bare..cell.next];
        let bare = bare.strip_suffix(b"\r\n").or(bare.strip_suffix(b"\r")).unwrap_or(bare);
        if memchr(b'\r', bare).is_some() {
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
