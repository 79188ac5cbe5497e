//! Finds the rows and cells of delimiter-separated text.
//!
//! In: bytes that begin at a row. Out: the end of each row, and the cells that are wanted. The rules are
//! RFC 4180's; what they do not allow is a [`Fault`] of that row, and the row is kept.
//!
//! It allocates nothing for a row and looks into no column that nobody asked for. Regular chunks are read by
//! `hasty`; what stands here walks byte by byte and knows what to do with everything else.

use super::blocks::FoundRow;
use super::chunk::Cut;
use super::hasty::{self, STRETCH};
use super::layout::Layout;
use super::{Cells, Fault, Row, last_segment};
use memchr::{memchr, memchr_iter, memchr3};
use std::ops::Range;

/// Where one cell stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    /// It stood in quotes and holds doubled quotes.
    doubled: bool,
}

/// How far one row goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// It ends here, after its end of line.
    Row { end: usize, fault: Option<Fault> },
    /// The text ends inside it.
    Open {
        /// Inside a quoted cell.
        quoted: bool,
    },
}

/// Reads rows of one layout.
#[derive(Debug)]
pub struct Splitter {
    delimiter: u8,
    layout: Layout,
    paths: Vec<bool>,
}

/// Whether every row of a chunk could be told apart without doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunked {
    /// Yes.
    Regular {
        /// Its line feeds.
        lines: u64,
    },
    /// No: quotation marks stand where none may, so the cut between chunks is in doubt.
    Irregular,
}

impl Splitter {
    /// A reader of rows under this header.
    pub fn new(delimiter: u8, layout: Layout, header: &[String]) -> Self {
        let paths = (0..layout.wanted.len()).map(|cell| layout.is_path(cell, header)).collect();
        Self { delimiter, layout, paths }
    }

    /// Calls `take` with each row of a chunk, in order.
    ///
    /// In a chunk from a careful cut faults are faults of their row. In one from a hasty cut the first fault of
    /// quoting ends the reading, since the cut itself is in doubt.
    /// `last` says that no byte follows the chunk.
    pub fn rows(&self, chunk: &[u8], cut: Cut, last: bool, take: impl FnMut(&Row<'_>)) -> Chunked {
        self.rows_up_to(usize::MAX, chunk, cut, last, take)
    }

    /// The same, but cells beyond the first so many may be left out.
    pub fn rows_up_to(
        &self,
        cells: usize,
        chunk: &[u8],
        cut: Cut,
        last: bool,
        mut take: impl FnMut(&Row<'_>),
    ) -> Chunked {
        match cut {
            Cut::Lost { continues } => {
                let begun = if continues { line_end(chunk, 0) } else { 0 };
                lost_lines(chunk, begun, &mut take);
            }
            Cut::TooLong { continues } => too_long(chunk, continues, &mut take),
            Cut::Hasty => return self.hasty_rows(cells, chunk, &mut take),
            Cut::Careful { .. } | Cut::Lines | Cut::Records => self.careful_rows(chunk, last, &mut take),
        }
        Chunked::Regular { lines: memchr_iter(b'\n', chunk).count() as u64 }
    }

    fn hasty_rows(&self, wanted: usize, chunk: &[u8], take: &mut impl FnMut(&Row<'_>)) -> Chunked {
        let all = self.layout.wanted.len();
        // What stands in for another cell comes last.
        let wanted = if self.layout.has_stand_ins() { all } else { wanted.min(all) };
        let mut cells = vec![None; wanted];
        let mut places = vec![None; self.layout.wanted.len()];
        let width = self.layout.width;
        let found = hasty::rows(chunk, self.delimiter, STRETCH, |stretch, row| {
            let bytes = &stretch.bytes[row.start..row.end];
            let start = stretch.start + row.start;
            let fault = match row.cells() {
                cells if cells != width => Some(Fault::Ragged { cells, header: width }),
                _ if stretch.clean => None,
                _ => byte_fault(bytes),
            };
            if let Some(fault) = fault {
                return take(&Row { bytes, start, cells: Err(fault) });
            }
            if let Some(text) = stretch.text
                && self.plain_cells(text, &row, &mut cells)
            {
                return take(&Row { bytes, start, cells: Ok(self.layout.settle(&mut cells)) });
            }
            for (place, column) in places.iter_mut().zip(&self.layout.columns) {
                *place = column.map(|column| {
                    let (from, to) = row.cell(column);
                    unquoted(bytes, from - row.start, to - row.start)
                });
            }
            self.hand_over(bytes, start, None, &places, take);
        });
        found.map_or(Chunked::Irregular, |lines| Chunked::Regular { lines })
    }

    /// Puts the wanted cells of a row in their places; false if one of them holds doubled quotation marks.
    #[inline]
    fn plain_cells<'t>(&self, text: &'t str, row: &FoundRow<'_>, cells: &mut [Option<&'t str>]) -> bool {
        for (cell, (column, is_path)) in cells.iter_mut().zip(self.layout.columns.iter().zip(&self.paths)) {
            let Some(column) = *column else { continue };
            let (start, end) = row.cell(column);
            let place = unquoted(text.as_bytes(), start, end);
            if place.doubled {
                return false;
            }
            let found = text.get(place.start..place.end);
            *cell = if *is_path { found.map(last_segment) } else { found };
        }
        true
    }

    fn careful_rows(&self, chunk: &[u8], last: bool, take: &mut impl FnMut(&Row<'_>)) {
        let mut places = vec![None; self.layout.wanted.len()];
        let mut start = 0;
        while start < chunk.len() {
            if let Some(length) = blank_line(&chunk[start..]) {
                start += length;
                continue;
            }
            let Walk::Row { end, fault } = self.walk(&chunk[start..], last, &mut places) else {
                return lost_lines(chunk, start, take);
            };
            let bytes = &chunk[start..start + end];
            self.hand_over(bytes, start, fault.or_else(|| byte_fault(bytes)), &places, take);
            start += end;
        }
    }

    fn hand_over(
        &self,
        bytes: &[u8],
        start: usize,
        fault: Option<Fault>,
        places: &[Option<Place>],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        match (fault, std::str::from_utf8(bytes)) {
            (None, Ok(text)) => self.hand_over_text(text, start, places, take),
            (fault, _) => take(&Row { bytes, start, cells: Err(fault.unwrap_or(Fault::NotUtf8)) }),
        }
    }

    fn hand_over_text(
        &self,
        text: &str,
        start: usize,
        places: &[Option<Place>],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        let mut unescaped = String::new();
        let moved = unescape_all(text, places, &mut unescaped);
        let texts = places.iter().zip(&self.paths).enumerate().map(|(cell, (place, is_path))| {
            let text = place.and_then(|place| match &moved {
                Some(ranges) if place.doubled => Some(&unescaped[ranges[cell].clone()]),
                _ => text.get(place.start..place.end),
            });
            if *is_path { text.map(last_segment) } else { text }
        });
        let mut cells: Cells<'_> = texts.collect();
        take(&Row { bytes: text.as_bytes(), start, cells: Ok(self.layout.settle(&mut cells)) });
    }

    /// Walks one row. `last` says that the end of the text is the end of the row.
    fn walk(&self, text: &[u8], last: bool, places: &mut [Option<Place>]) -> Walk {
        let mut at = 0;
        let mut column = 0;
        let mut fault = None;
        loop {
            let Some(cell) = cell(text, at, self.delimiter) else {
                return Walk::Open { quoted: true };
            };
            let ends_text = cell.next >= text.len();
            if ends_text && !last && !cell.ends_row {
                return Walk::Open { quoted: false };
            }
            if cell.stray {
                fault = Some(Fault::StrayQuote);
            }
            if let Some(wanted) = self.layout.by_column.get(column) {
                for &slot in wanted {
                    places[slot] = Some(cell.place);
                }
            }
            column += 1;
            at = cell.next;
            // A delimiter as the very last byte is followed by one more, empty cell.
            if cell.ends_row || (ends_text && !cell.delimited) {
                break;
            }
        }
        let header = self.layout.width;
        if fault.is_none() && column != header {
            fault = Some(Fault::Ragged { cells: column, header });
        }
        Walk::Row { end: at, fault }
    }
}

pub(super) struct Cell {
    pub(super) place: Place,
    /// Where the next cell or row begins.
    pub(super) next: usize,
    pub(super) ends_row: bool,
    pub(super) delimited: bool,
    stray: bool,
}

/// A cell without the quotation marks around it.
#[inline]
fn unquoted(bytes: &[u8], start: usize, end: usize) -> Place {
    if bytes.get(start) == Some(&b'"') && end >= start + 2 {
        let (start, end) = (start + 1, end - 1);
        return Place { start, end, doubled: memchr(b'"', &bytes[start..end]).is_some() };
    }
    Place { start, end, doubled: false }
}

/// The cell that begins at `at`; `None` if it is quoted and does not end.
pub(super) fn cell(text: &[u8], at: usize, delimiter: u8) -> Option<Cell> {
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
        // Anything between the closing quote and the delimiter does not belong there.
        cell.stray |= cell.place.end > end + 1;
        cell.place = Place { start, end, doubled };
        return Some(cell);
    }
}

fn plain_cell(text: &[u8], start: usize, from: usize, delimiter: u8) -> Cell {
    let mut at = from;
    let mut stray = false;
    loop {
        let Some(found) = memchr3(delimiter, b'\n', b'"', &text[at..]) else {
            let end = text.len();
            return finish(text, start, end, end, stray);
        };
        let end = at + found;
        match text[end] {
            b'"' => {
                stray = true;
                at = end + 1;
            }
            b'\n' => return finish(text, start, end, end + 1, stray),
            _ => {
                stray |= memchr(b'\r', &text[start..end]).is_some();
                let place = Place { start, end, doubled: false };
                return Cell { place, next: end + 1, ends_row: false, delimited: true, stray };
            }
        }
    }
}

/// A cell at the end of a row or of the text: a carriage return before the line feed is part of the end.
fn finish(text: &[u8], start: usize, end: usize, next: usize, stray: bool) -> Cell {
    let ends_row = next > end;
    let end = if end > start && text[end - 1] == b'\r' { end - 1 } else { end };
    Cell {
        place: Place { start, end, doubled: false },
        next,
        ends_row,
        delimited: false,
        stray: stray || memchr(b'\r', &text[start..end]).is_some(),
    }
}

/// The cells in which quotation marks are doubled, with single ones; `None` if there are none.
#[inline]
fn unescape_all(text: &str, places: &[Option<Place>], out: &mut String) -> Option<Vec<Range<usize>>> {
    let doubled = |place: &Option<Place>| place.is_some_and(|place| place.doubled);
    places.iter().any(doubled).then(|| places.iter().map(|place| unescape(text, *place, out)).collect())
}

fn unescape(text: &str, place: Option<Place>, out: &mut String) -> Range<usize> {
    let start = out.len();
    if let Some(place) = place.filter(|place| place.doubled) {
        let mut parts = text[place.start..place.end].split("\"\"");
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            out.push('"');
            out.push_str(part);
        }
    }
    start..out.len()
}

fn byte_fault(bytes: &[u8]) -> Option<Fault> {
    if memchr(0, bytes).is_some() {
        return Some(Fault::Nul);
    }
    std::str::from_utf8(bytes).err().map(|_| Fault::NotUtf8)
}

/// The length of an empty line at the start of the text; such a line is no row.
pub(super) fn blank_line(text: &[u8]) -> Option<usize> {
    match text {
        [b'\r', b'\n', ..] => Some(2),
        [b'\n', ..] | [b'\r'] => Some(1),
        _ => None,
    }
}

/// Every line from `start` on is a row that cannot be read.
fn lost_lines(chunk: &[u8], start: usize, take: &mut impl FnMut(&Row<'_>)) {
    let mut start = start;
    while start < chunk.len() {
        let end = line_end(chunk, start);
        if blank_line(&chunk[start..]).is_none() {
            take(&Row { bytes: &chunk[start..end], start, cells: Err(Fault::UnclosedQuote) });
        }
        start = end;
    }
}

/// Where the line that begins here ends.
fn line_end(text: &[u8], start: usize) -> usize {
    memchr(b'\n', &text[start..]).map_or(text.len(), |found| start + found + 1)
}

/// A part of a row that is too long is a row where it begins.
pub(crate) fn too_long(chunk: &[u8], continues: bool, take: &mut impl FnMut(&Row<'_>)) {
    if !continues {
        take(&Row { bytes: chunk, start: 0, cells: Err(Fault::TooLong) });
    }
}

/// Whether a text that begins at a row ends inside a quoted cell.
pub(super) fn ends_in_quotes(text: &[u8], delimiter: u8) -> bool {
    let mut at = 0;
    while at < text.len() {
        let Some(cell) = cell(text, at, delimiter) else { return true };
        at = cell.next;
    }
    false
}

/// The end of the last whole row of a text, found by walking it; `None` if no row ends in it.
pub(super) fn last_row_end(text: &[u8], delimiter: u8) -> Option<usize> {
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
