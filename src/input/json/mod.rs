//! The records of JSON Lines and of JSON documents.
//!
//! In: bytes that begin at a record. Out: the wanted cells of each record that is one JSON object, or its
//! [`Fault`]. A string is its text, a number its digits, `true` and `false` words; null, arrays and
//! objects hold no text and are absent.
//!
//! Plain records are read by `fast`, all others by `serde_json` in `visit`; both put what they find into `cells`. [`shape`]
//! finds out from its first bytes what a text is, [`mod@format`] lists the known documents, [`document`] finds the records of
//! one, and [`table`] reads records that are arrays under a list of columns.

mod cells;
pub mod document;
mod fast;
pub mod format;
pub mod shape;
mod skip;
pub mod table;
mod visit;

use super::csv::walk::blank_line;
use super::duplicate::{self, DuplicateKey};
use super::projection::Projection;
use super::{Cells, Fault, Row, last_segment};
use cells::RecordCells;
use fast::FastReader;
use memchr::memchr;
use serde::de::Deserializer;
use std::ops::Range;
use visit::{WantedKeys, row_text};

/// Reads the records of one chunk: plain ones quickly, others with `serde_json`.
pub(crate) struct Records<'r> {
    reader: &'r JsonReader,
    fast: FastReader<'r>,
    chunk: &'r [u8],
    /// The chunk, if it is UTF-8.
    text: Option<&'r str>,
    record: RecordCells,
}

impl<'r> Records<'r> {
    pub(in crate::input) fn new(reader: &'r JsonReader, chunk: &'r [u8]) -> Self {
        Self {
            reader,
            fast: FastReader::new(&reader.projection.keys),
            chunk,
            text: simdutf8::basic::from_utf8(chunk).ok(),
            record: RecordCells::default(),
        }
    }

    /// Calls `take` with the row that stands in this part of the chunk.
    pub(in crate::input) fn row(
        &mut self,
        range: Range<usize>,
        seen_keys: &mut [bool],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        let Self { reader, fast, record, .. } = self;
        record.clear(reader.projection.wanted.len());
        let is_plain = |_: &&str| fast.read(self.chunk, range.start, range.end, record).is_some();
        let text = self.text.filter(is_plain).filter(|_| !record.duplicate);
        let (start, bytes) = (range.start, &self.chunk[range]);
        match text {
            Some(text) => reader.hand_over(bytes, start, text, record, seen_keys, take),
            None => reader.row(bytes, start, record, seen_keys, take),
        }
    }
}

/// Reads the records of one file.
#[derive(Debug)]
pub struct JsonReader {
    projection: Projection,
}

impl JsonReader {
    /// A reader that finds these cells.
    pub fn new(projection: Projection) -> Self {
        Self { projection }
    }

    /// Calls `take` with each row of a chunk, in order. `seen_keys` is set to true for each wanted cell whose key occurs; a
    /// caller that does not need that passes an empty slice. Returns the
    /// number of line feeds.
    pub fn rows(&self, chunk: &[u8], seen_keys: &mut [bool], mut take: impl FnMut(&Row<'_>)) -> u64 {
        let mut records = Records::new(self, chunk);
        each_line(chunk, |start, bytes| {
            records.row(start..start + bytes.len(), seen_keys, &mut take);
        })
    }

    /// The same with `serde_json` alone. Tests compare [`JsonReader::rows`] with it.
    pub fn slow_rows(&self, chunk: &[u8], seen_keys: &mut [bool], mut take: impl FnMut(&Row<'_>)) -> u64 {
        let mut record = RecordCells::default();
        each_line(chunk, |start, bytes| self.row(bytes, start, &mut record, seen_keys, &mut take))
    }

    /// Calls `take` with one row, read by `serde_json`.
    fn row(
        &self,
        bytes: &[u8],
        start: usize,
        record: &mut RecordCells,
        seen_keys: &mut [bool],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        match self.read(bytes, record) {
            Err(fault) => take(&Row { bytes, start, cells: Err(fault) }),
            Ok(()) => self.hand_over(bytes, start, "", record, seen_keys, take),
        }
    }

    /// Calls `take` with a row whose cells were found. Cells that were not copied stand in `text`.
    fn hand_over(
        &self,
        bytes: &[u8],
        start: usize,
        text: &str,
        record: &RecordCells,
        seen_keys: &mut [bool],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        let mut cells = Cells::new();
        for (cell, found) in record.found.iter().enumerate() {
            let text = record.text(cell, text);
            let is_path = found.source.is_some_and(|place| self.projection.wanted[cell][place].path);
            if let Some(seen) = seen_keys.get_mut(self.projection.wanted_cell(cell)) {
                *seen |= found.source.is_some();
            }
            cells.push(if is_path { text.map(last_segment) } else { text });
        }
        take(&Row { bytes, start, cells: Ok(self.projection.fall_back(&mut cells)) });
    }

    fn read(&self, bytes: &[u8], record: &mut RecordCells) -> Result<(), Fault> {
        record.clear(self.projection.wanted.len());
        let text = row_text(bytes)?;
        let mut json = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
        let object = WantedKeys { keys: &self.projection.keys, cells: record };
        json.deserialize_map(object).map_err(|_| Fault::NotJson)?;
        json.end().map_err(|_| Fault::NotJson)?;
        if record.duplicate && record.found.iter().any(|found| found.twice) {
            return Err(Fault::DuplicateKey);
        }
        Ok(())
    }

    /// The wanted key that occurs twice in a record. `line` is the line of the record.
    pub(in crate::input) fn duplicate_key(&self, bytes: &[u8], line: u64) -> Option<DuplicateKey> {
        let mut record = RecordCells::default();
        self.read(bytes, &mut record).err().filter(|fault| *fault == Fault::DuplicateKey)?;
        let (cell, found) = record.found.iter().enumerate().find(|(_, found)| found.twice)?;
        let key = self.projection.wanted[cell].get(found.source?)?.column.clone();
        let places = duplicate::places(std::str::from_utf8(bytes).ok()?, &key);
        Some(DuplicateKey { line, key, places })
    }
}

/// Calls `take` with each line that is not empty, and returns the number of line feeds.
fn each_line(chunk: &[u8], mut take: impl FnMut(usize, &[u8])) -> u64 {
    let (mut start, mut line_feeds) = (0, 0);
    while start < chunk.len() {
        let found = memchr(b'\n', &chunk[start..]);
        line_feeds += u64::from(found.is_some());
        let end = found.map_or(chunk.len(), |found| start + found + 1);
        let bytes = &chunk[start..end];
        if blank_line(bytes).is_none() {
            take(start, bytes);
        }
        start = end;
    }
    line_feeds
}
