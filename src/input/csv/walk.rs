//! Walks delimiter-separated text from cell to cell.
//!
//! In: bytes that begin at a cell. Out: where the cell ends and what follows it, by the rules of RFC 4180. It knows no
//! header and allocates nothing.

use memchr::{memchr, memchr3};

/// Where one cell stands.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::input) struct CellSpan {
    pub(in crate::input) start: usize,
    pub(in crate::input) end: usize,
    /// Whether it is quoted and holds doubled quotation marks, each of which stands for one.
    pub(in crate::input) doubled: bool,
}

/// A cell and what follows it.
pub(in crate::input) struct Cell {
    pub(in crate::input) span: CellSpan,
    /// Where the next cell or row begins.
    pub(in crate::input) next: usize,
    /// Whether a line feed follows it.
    pub(in crate::input) ends_row: bool,
    /// Whether a delimiter follows it.
    pub(in crate::input) delimited: bool,
    /// Whether a quotation mark or a carriage return stands where none may.
    pub(in crate::input) stray: bool,
}

/// The content of a cell from `start` to `end`, without the quotation marks around it.
#[inline]
pub(in crate::input) fn unquoted(bytes: &[u8], start: usize, end: usize) -> CellSpan {
    if bytes.get(start) == Some(&b'"') && end >= start + 2 {
        let (start, end) = (start + 1, end - 1);
        return CellSpan { start, end, doubled: memchr(b'"', &bytes[start..end]).is_some() };
    }
    CellSpan { start, end, doubled: false }
}

/// The cell that begins at `at`; `None` if it is quoted and never closed.
pub(in crate::input) fn cell(text: &[u8], at: usize, delimiter: u8) -> Option<Cell> {
    if text.get(at) == Some(&b'"') {
        return quoted_cell(text, at + 1, delimiter);
    }
    Some(plain_cell(text, at, at, delimiter))
}

fn quoted_cell(text: &[u8], start: usize, delimiter: u8) -> Option<Cell> {
    let mut at = start;
    let mut doubled = false;
    loop {
        let end = at + memchr(b'"', &text[at..])?;
        if text.get(end + 1) == Some(&b'"') {
            doubled = true;
            at = end + 2;
            continue;
        }
        let mut cell = plain_cell(text, end + 1, end + 1, delimiter);
        // Nothing may stand between the closing quotation mark and the delimiter.
        cell.stray |= cell.span.end > end + 1;
        cell.span = CellSpan { start, end, doubled };
        return Some(cell);
    }
}

fn plain_cell(text: &[u8], start: usize, from: usize, delimiter: u8) -> Cell {
    let mut at = from;
    let mut stray = false;
    loop {
        let Some(found) = memchr3(delimiter, b'\n', b'"', &text[at..]) else {
            let end = text.len();
            return last_cell(text, start, end, end, stray);
        };
        let end = at + found;
        match text[end] {
            b'"' => {
                stray = true;
                at = end + 1;
            }
            b'\n' => return last_cell(text, start, end, end + 1, stray),
            _ => {
                stray |= memchr(b'\r', &text[start..end]).is_some();
                let span = CellSpan { start, end, doubled: false };
                return Cell { span, next: end + 1, ends_row: false, delimited: true, stray };
            }
        }
    }
}

/// A cell at the end of a row or of the text. A carriage return at its end belongs to the end of the line.
fn last_cell(text: &[u8], start: usize, end: usize, next: usize, stray: bool) -> Cell {
    let ends_row = next > end;
    let end = if end > start && text[end - 1] == b'\r' { end - 1 } else { end };
    Cell {
        span: CellSpan { start, end, doubled: false },
        next,
        ends_row,
        delimited: false,
        stray: stray || memchr(b'\r', &text[start..end]).is_some(),
    }
}

/// The length of the empty line that a text begins with, if it does. An empty line is no row.
pub(in crate::input) fn blank_line(text: &[u8]) -> Option<usize> {
    match text {
        [b'\r', b'\n', ..] => Some(2),
        [b'\n', ..] | [b'\r'] => Some(1),
        _ => None,
    }
}

/// Where the line that begins at `start` ends, with its line feed.
pub(in crate::input) fn line_end(text: &[u8], start: usize) -> usize {
    memchr(b'\n', &text[start..]).map_or(text.len(), |found| start + found + 1)
}

/// Whether a text that begins at a row ends inside a quoted cell.
pub(in crate::input) fn ends_in_quotes(text: &[u8], delimiter: u8) -> bool {
    let mut at = 0;
    while at < text.len() {
        let Some(cell) = cell(text, at, delimiter) else { return true };
        at = cell.next;
    }
    false
}

/// Where the last whole row of a text ends; `None` if no row ends in it.
pub(in crate::input) fn last_row_end(text: &[u8], delimiter: u8) -> Option<usize> {
    let mut at = 0;
    let mut ended = None;
    while let Some(cell) = cell(text, at, delimiter) {
        at = cell.next;
        if cell.ends_row {
            ended = Some(at);
        }
        if at >= text.len() {
            break;
        }
    }
    ended
}
