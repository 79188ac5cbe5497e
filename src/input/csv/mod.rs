//! Finds the rows and cells of delimiter-separated text.
//!
//! In: a chunk that begins at a row. Out: each row with its wanted cells. The rules are those of RFC 4180; a row that breaks
//! them has a [`Fault`] and is kept.
//!
//! There are two ways to read. `fast` reads chunks that follow RFC 4180 and gives up at the first byte that does not. This
//! file walks such chunks cell by cell, which is slower and reads everything. Neither allocates for a row, and
//! neither looks into columns that are not wanted.

mod fast;
pub mod header;
mod structure;
pub(super) mod walk;

use super::chunk::Cut;
use super::projection::Projection;
use super::{Cells, Fault, Row, last_segment};
use fast::STRETCH;
use memchr::{memchr, memchr_iter};
use std::ops::Range;
use structure::IndexedRow;
use walk::{CellSpan, blank_line, cell, line_end, unquoted};

/// Reads the rows of one file.
#[derive(Debug)]
pub struct CsvReader {
    delimiter: u8,
    projection: Projection,
    paths: Vec<bool>,
}

/// What came of reading a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkOutcome {
    /// Every row was found.
    Regular {
        /// How many line feeds the chunk has.
        lines: u64,
    },
    /// A quotation mark stands where none may, so the chunk may begin or end inside a cell. It must be read again.
    Irregular,
}

impl CsvReader {
    /// A reader of rows under this header.
    pub fn new(delimiter: u8, projection: Projection, header: &[String]) -> Self {
        let paths = (0..projection.wanted.len()).map(|cell| projection.is_path(cell, header)).collect();
        Self { delimiter, projection, paths }
    }

    /// Calls `take` with each row of a chunk, in order. The caller needs the first `cells` wanted cells, so others may be left
    /// out. `last` says that no byte follows the chunk.
    ///
    /// After a careful cut, a fault of quoting concerns its row only. After a fast cut it makes the chunk irregular, since
    /// the cut may be wrong.
    pub fn rows(
        &self,
        cells: usize,
        chunk: &[u8],
        cut: Cut,
        last: bool,
        mut take: impl FnMut(&Row<'_>),
    ) -> ChunkOutcome {
        match cut {
            Cut::Lost { continues } => {
                let begun = if continues { line_end(chunk, 0) } else { 0 };
                lost_lines(chunk, begun, &mut take);
            }
            Cut::TooLong { continues } => too_long(chunk, continues, &mut take),
            Cut::Fast => return self.fast_rows(cells, chunk, &mut take),
            Cut::Careful { .. } | Cut::Lines | Cut::Records => self.careful_rows(chunk, last, &mut take),
        }
        ChunkOutcome::Regular { lines: memchr_iter(b'\n', chunk).count() as u64 }
    }

    fn fast_rows(&self, wanted: usize, chunk: &[u8], take: &mut impl FnMut(&Row<'_>)) -> ChunkOutcome {
        let all = self.projection.wanted.len();
        // Fallbacks stand behind all wanted cells, so none of those may be left out.
        let wanted = if self.projection.has_fallbacks() { all } else { wanted.min(all) };
        let mut cells = vec![None; wanted];
        let mut spans = vec![None; self.projection.wanted.len()];
        let width = self.projection.width;
        let found = fast::rows(chunk, self.delimiter, STRETCH, |stretch, row| {
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
                return take(&Row { bytes, start, cells: Ok(self.projection.fall_back(&mut cells)) });
            }
            for (span, column) in spans.iter_mut().zip(&self.projection.columns) {
                *span = column.map(|column| {
                    let (from, to) = row.cell(column);
                    unquoted(bytes, from - row.start, to - row.start)
                });
            }
            self.hand_over(bytes, start, None, &spans, take);
        });
        found.map_or(ChunkOutcome::Irregular, |lines| ChunkOutcome::Regular { lines })
    }

    /// Finds the wanted cells of a row; false if one of them holds an escaped quotation mark.
    #[inline]
    fn plain_cells<'t>(&self, text: &'t str, row: &IndexedRow<'_>, cells: &mut [Option<&'t str>]) -> bool {
        for (cell, (column, is_path)) in cells.iter_mut().zip(self.projection.columns.iter().zip(&self.paths))
        {
            let Some(column) = *column else { continue };
            let (start, end) = row.cell(column);
            let span = unquoted(text.as_bytes(), start, end);
            if span.doubled {
                return false;
            }
            let found = text.get(span.start..span.end);
            *cell = if *is_path { found.map(last_segment) } else { found };
        }
        true
    }

    fn careful_rows(&self, chunk: &[u8], last: bool, take: &mut impl FnMut(&Row<'_>)) {
        let mut spans = vec![None; self.projection.wanted.len()];
        let mut start = 0;
        while start < chunk.len() {
            if let Some(length) = blank_line(&chunk[start..]) {
                start += length;
                continue;
            }
            let Some((end, fault)) = self.walk(&chunk[start..], last, &mut spans) else {
                return lost_lines(chunk, start, take);
            };
            let bytes = &chunk[start..start + end];
            self.hand_over(bytes, start, fault.or_else(|| byte_fault(bytes)), &spans, take);
            start += end;
        }
    }

    fn hand_over(
        &self,
        bytes: &[u8],
        start: usize,
        fault: Option<Fault>,
        spans: &[Option<CellSpan>],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        match (fault, std::str::from_utf8(bytes)) {
            (None, Ok(text)) => self.hand_over_text(text, start, spans, take),
            (fault, _) => take(&Row { bytes, start, cells: Err(fault.unwrap_or(Fault::NotUtf8)) }),
        }
    }

    fn hand_over_text(
        &self,
        text: &str,
        start: usize,
        spans: &[Option<CellSpan>],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        let mut unescaped = String::new();
        let moved = unescape_all(text, spans, &mut unescaped);
        let texts = spans.iter().zip(&self.paths).enumerate().map(|(cell, (span, is_path))| {
            let text = span.and_then(|span| match &moved {
                Some(ranges) if span.doubled => Some(&unescaped[ranges[cell].clone()]),
                _ => text.get(span.start..span.end),
            });
            if *is_path { text.map(last_segment) } else { text }
        });
        let mut cells: Cells<'_> = texts.collect();
        take(&Row { bytes: text.as_bytes(), start, cells: Ok(self.projection.fall_back(&mut cells)) });
    }

    /// Walks one row, and returns its end and what is wrong with it; `None` if it does not end in the text. With `last` the
    /// end of the text ends the row.
    fn walk(
        &self,
        text: &[u8],
        last: bool,
        spans: &mut [Option<CellSpan>],
    ) -> Option<(usize, Option<Fault>)> {
        let mut at = 0;
        let mut column = 0;
        let mut fault = None;
        loop {
            let cell = cell(text, at, self.delimiter)?;
            let ends_text = cell.next >= text.len();
            if ends_text && !last && !cell.ends_row {
                return None;
            }
            if cell.stray {
                fault = Some(Fault::StrayQuote);
            }
            if let Some(wanted) = self.projection.by_column.get(column) {
                for &slot in wanted {
                    spans[slot] = Some(cell.span);
                }
            }
            column += 1;
            at = cell.next;
            // If a delimiter is the last byte, one more cell follows it, which is empty.
            if cell.ends_row || (ends_text && !cell.delimited) {
                break;
            }
        }
        let header = self.projection.width;
        if fault.is_none() && column != header {
            fault = Some(Fault::Ragged { cells: column, header });
        }
        Some((at, fault))
    }
}

/// Appends the cells that hold escaped quotation marks to `out` without the escapes, and returns the place of each; `None`
/// if no cell holds one.
#[inline]
fn unescape_all(text: &str, spans: &[Option<CellSpan>], out: &mut String) -> Option<Vec<Range<usize>>> {
    let doubled = |span: &Option<CellSpan>| span.is_some_and(|span| span.doubled);
    spans.iter().any(doubled).then(|| spans.iter().map(|span| unescape(text, *span, out)).collect())
}

fn unescape(text: &str, span: Option<CellSpan>, out: &mut String) -> Range<usize> {
    let start = out.len();
    if let Some(span) = span.filter(|span| span.doubled) {
        let mut parts = text[span.start..span.end].split("\"\"");
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

/// Calls `take` with every line from `start` on as a row that cannot be read.
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

/// Calls `take` once for a row that is too long: with its first part.
pub(in crate::input) fn too_long(chunk: &[u8], continues: bool, take: &mut impl FnMut(&Row<'_>)) {
    if !continues {
        take(&Row { bytes: chunk, start: 0, cells: Err(Fault::TooLong) });
    }
}
