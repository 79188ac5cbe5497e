//! Finds the rows and cells of delimiter-separated text.
//!
//! In: bytes that begin at a row. Out: the end of each row, and the cells that are wanted. The rules are
//! RFC 4180's; what they do not allow is a [`Fault`] of that row, and the row is kept.
//!
//! It allocates nothing for a row and looks into no column that nobody asked for. Regular chunks are read by
//! `fast`; what stands here walks byte by byte and knows what to do with everything else.

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

/// Whether every row of a chunk could be told apart without doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkOutcome {
    /// Yes.
    Regular {
        /// Its line feeds.
        lines: u64,
    },
    /// No: quotation marks stand where none may, so the cut between chunks is in doubt.
    Irregular,
}

impl CsvReader {
    /// A reader of rows under this header.
    pub fn new(delimiter: u8, projection: Projection, header: &[String]) -> Self {
        let paths = (0..projection.wanted.len()).map(|cell| projection.is_path(cell, header)).collect();
        Self { delimiter, projection, paths }
    }

    /// Calls `take` with each row of a chunk, in order.
    ///
    /// In a chunk from a careful cut faults are faults of their row. In one from a fast cut the first fault of
    /// quoting ends the reading, since the cut itself is in doubt.
    /// `last` says that no byte follows the chunk.
    pub fn rows(&self, chunk: &[u8], cut: Cut, last: bool, take: impl FnMut(&Row<'_>)) -> ChunkOutcome {
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
        // What stands in for another cell comes last.
        let wanted = if self.projection.has_stand_ins() { all } else { wanted.min(all) };
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
                return take(&Row { bytes, start, cells: Ok(self.projection.without_stand_ins(&mut cells)) });
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

    /// Puts the wanted cells of a row in their spans; false if one of them holds doubled quotation marks.
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
        take(&Row {
            bytes: text.as_bytes(),
            start,
            cells: Ok(self.projection.without_stand_ins(&mut cells)),
        });
    }

    /// Walks one row, and says where it ends and what is wrong with it; `None` if it does not end in the text. `last` says
    /// that the end of the text is the end of the row.
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
            // A delimiter as the very last byte is followed by one more, empty cell.
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

/// The cells in which quotation marks are doubled, with single ones; `None` if there are none.
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

/// A part of a row that is too long is a row where it begins.
pub(in crate::input) fn too_long(chunk: &[u8], continues: bool, take: &mut impl FnMut(&Row<'_>)) {
    if !continues {
        take(&Row { bytes: chunk, start: 0, cells: Err(Fault::TooLong) });
    }
}
