//! Reads, judges and counts the rows of one chunk, and sorts their bytes by where they go.
//!
//! In: a chunk. Out: a [`JudgedChunk`], which a writer takes in the order of the file. The counts stay with the worker
//! until the caller takes them. It writes nothing.
//!
//! The verdict itself is found in `judge`: [`Job::judge_chunk`] calls [`Worker::judge_and_count`] for each row.

use super::attribution::{COLUMN, attribute, split_line_end};
use super::envelope::{EnvelopePart, each_piece};
use super::repeats::{Repeats, RowIdentity, parts};
use crate::input::chunk::Chunk;
use crate::input::csv::ChunkOutcome;
use crate::input::duplicate::DuplicateKey;
use crate::input::json::document::PieceKind;
use crate::input::rows::Rows;
use crate::input::{BYTE_ORDER_MARK, Fault, Format, Row, time};
use crate::judge::Matcher;
use crate::judge::row::{self, RowCells};
use crate::judge::row_tables::{OwnCells, RowTable, TableCells};
use crate::judge::worker::Worker;
use memchr::memchr_iter;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::ops::Range;

/// What to do with the rows of a file.
#[derive(Debug)]
pub(crate) struct Job<'m> {
    /// The compiled exclusions.
    pub matcher: &'m Matcher,
    /// Their ids, in the same order.
    pub ids: &'m [&'m str],
    /// Reads the rows, with the cells of [`row::wanted`].
    pub rows: Rows,
    /// The format of the rows.
    pub format: Format,
    /// Whether the sink wants kept rows.
    pub kept: bool,
    /// Whether the sink wants suppressed rows.
    pub suppressed: bool,
    /// Whether the tally records which exclusions cover which rows.
    pub coverage: bool,
    /// The order of day and month in times that are not ISO 8601, if it is known.
    pub date_order: Option<time::DateOrder>,
    /// Finds rows that repeat an earlier one.
    pub repeats: &'m Repeats,
    /// The header of CSV without its line end and spaces around it; empty if there is none.
    pub header: Vec<u8>,
    /// Whether some of these names are known as columns, so that a row of them is a header.
    pub are_columns: fn(&[String]) -> bool,
    /// Where the cells stand if rows are of several tables.
    pub tables: Option<TableCells>,
}

/// A row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnreadableRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// Why.
    pub fault: Fault,
}

/// How many unreadable rows of a file are named by line.
pub(crate) const MAX_NAMED: usize = 100;

/// Where a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disposition {
    Kept,
    Suppressed,
    /// Nowhere: it repeats an earlier row.
    Dropped,
}

/// What came of judging a chunk.
#[derive(Debug)]
pub(crate) enum Judged {
    /// All its rows were judged.
    Rows(Box<JudgedChunk>),
    /// A quotation mark stands where none may, so the chunk may begin or end inside a cell. It must be read again.
    Irregular,
}

/// What is to be written of a chunk, and what was noticed while its rows were read.
#[derive(Debug, Default)]
pub(crate) struct JudgedChunk {
    time_parser: time::TimeParser,
    /// The first rows that cannot be read. Their lines count from the first line of the chunk, which is 0.
    pub(super) unreadable: Vec<UnreadableRow>,
    /// For each wanted cell of JSON objects, whether its key occurred.
    pub(super) seen_keys: Vec<bool>,
    /// The line of the first row that repeats the header, counted in the same way.
    pub(super) header_again: Option<u64>,
    /// Whether the time of the row that was judged last cannot be read and begins as a name does.
    time_is_a_name: bool,
    /// The first row that may be the header of another table, and its line.
    pub(super) other_header: Option<(u64, Vec<String>)>,
    /// How many line feeds the chunk has.
    pub(super) lines: u64,
    /// Where kept rows stand in the chunk.
    pub(super) kept: Vec<Range<usize>>,
    /// The suppressed rows with their attribution.
    pub(super) suppressed: Vec<u8>,
    /// For a JSON document, the bytes of the kept and of the suppressed output, instead of the two fields above.
    pub(super) documents: Option<[EnvelopePart; 2]>,
    /// Whether the file ends inside the last row.
    pub(super) cut_off: bool,
    /// What identifies each row, to find later rows that repeat it.
    pub(super) identities: Vec<RowIdentity>,
    /// The first wanted key that occurs twice in a row.
    pub(super) duplicate_key: Option<DuplicateKey>,
    /// How many rows are of which table.
    pub(super) tables: TableCounts,
}

/// How many rows are of which table.
#[derive(Debug, Default)]
pub(crate) struct TableCounts {
    /// By the number of the table.
    pub known: Vec<u64>,
    /// By what a row says of its table, where that is not known.
    pub unknown: BTreeMap<String, u64>,
}

/// Unknown tables that are told apart.
const MAX_UNKNOWN: usize = 100;

impl TableCounts {
    fn add(&mut self, table: RowTable<'_>) {
        match table.number {
            Some(number) => self.add_known(number, 1),
            None => self.add_unknown(table.said.unwrap_or_default(), 1),
        }
    }

    fn add_known(&mut self, number: usize, rows: u64) {
        if self.known.len() <= number {
            self.known.resize(number + 1, 0);
        }
        self.known[number] += rows;
    }

    fn add_unknown(&mut self, name: &str, rows: u64) {
        if let Some(known) = self.unknown.get_mut(name) {
            *known += rows;
        } else {
            let name = if self.unknown.len() < MAX_UNKNOWN { name } else { "others" };
            *self.unknown.entry(name.to_owned()).or_default() += rows;
        }
    }

    /// Adds the rows of another part.
    pub(super) fn merge(&mut self, other: &Self) {
        other.known.iter().enumerate().for_each(|(number, rows)| self.add_known(number, *rows));
        other.unknown.iter().for_each(|(name, rows)| self.add_unknown(name, *rows));
    }
}

impl Job<'_> {
    /// Judges the rows of a chunk.
    pub(crate) fn judge_chunk(&self, chunk: &Chunk, worker: &mut Worker<'_>) -> Judged {
        if self.repeats.must_wait(chunk.cut) {
            return Judged::Irregular;
        }
        let mut judged = JudgedChunk::default();
        let bytes = chunk.bytes.as_slice();
        let slots = self.matcher.slots().len();
        let all = self.tables.as_ref().map(|tables| tables.wanted().len());
        let mut seen_keys = vec![false; all.unwrap_or_else(|| row::cell_count(slots, true))];
        if chunk.pieces.is_empty() {
            let mut kept_from = 0;
            let cells = row::cell_count(slots, self.repeats.wants_identities());
            let cells = all.unwrap_or(cells);
            let chunked = self.rows.each(cells, chunk, &mut seen_keys, |row| {
                if self.judge_row(row, chunk, &mut judged, worker) != Disposition::Kept && self.kept {
                    push_run(&mut judged.kept, kept_from..row.start);
                    kept_from = row.start + row.bytes.len();
                }
            });
            let ChunkOutcome::Regular { lines } = chunked else {
                self.repeats.take_back(&judged.identities, worker.repeats());
                return Judged::Irregular;
            };
            judged.lines = lines;
            if self.kept {
                push_run(&mut judged.kept, kept_from..bytes.len());
            }
        } else {
            self.judge_document(chunk, &mut seen_keys, &mut judged, worker);
            judged.lines = memchr_iter(b'\n', bytes).count() as u64;
        }
        judged.seen_keys = seen_keys;
        Judged::Rows(Box::new(judged))
    }

    /// Judges the records of a chunk of a document.
    fn judge_document(
        &self,
        chunk: &Chunk,
        seen_keys: &mut [bool],
        judged: &mut JudgedChunk,
        worker: &mut Worker<'_>,
    ) {
        let [mut kept, mut gone] = [EnvelopePart::new(self.kept), EnvelopePart::new(self.suppressed)];
        let mut pieces = self.rows.pieces(&chunk.bytes);
        let mut attributed = Vec::new();
        each_piece(chunk, |kind, before, range| {
            let bytes = &chunk.bytes[range.clone()];
            match kind {
                PieceKind::Frame => {
                    kept.frame(bytes);
                    gone.frame(bytes);
                }
                PieceKind::Columns => gone.raw(COLUMN.as_bytes()),
                PieceKind::Between | PieceKind::Record | PieceKind::Lost => {
                    let mut disposition = Disposition::Kept;
                    pieces.rows(kind, range, seen_keys, &mut |row| {
                        disposition = self.judge_row(row, chunk, judged, worker);
                    });
                    attributed.append(&mut judged.suppressed);
                    match (disposition, kind) {
                        (Disposition::Dropped, _) => {}
                        (Disposition::Suppressed, _) => {
                            gone.record(before, |out| out.append(&mut attributed));
                        }
                        (Disposition::Kept, PieceKind::Lost) => kept.raw(bytes),
                        (Disposition::Kept, _) => kept.record(before, |out| out.extend_from_slice(bytes)),
                    }
                }
            }
        });
        judged.documents = Some([kept, gone]);
    }

    /// Judges and counts a row, whether it can be read or not.
    fn judge_row(
        &self,
        row: &Row<'_>,
        chunk: &Chunk,
        judged: &mut JudgedChunk,
        worker: &mut Worker<'_>,
    ) -> Disposition {
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(fault) => {
                if fault == Fault::DuplicateKey && judged.duplicate_key.is_none() {
                    judged.duplicate_key = self.rows.duplicate_key(row.bytes, lines_before(row, chunk));
                }
                // If the last row of a file cannot be read and has no line feed, it was probably cut off.
                let end = row.start + row.bytes.len();
                judged.cut_off |= chunk.last && end == chunk.bytes.len() && row.bytes.last() != Some(&b'\n');
                if judged.unreadable.len() < MAX_NAMED {
                    judged.unreadable.push(UnreadableRow { line: lines_before(row, chunk), fault });
                }
                // A byte order mark before a quoted cell makes its quotation mark a stray one.
                if matches!(fault, Fault::Ragged { .. } | Fault::StrayQuote) {
                    self.note_header_again(row, chunk, judged);
                    self.note_other_header(row, chunk, judged);
                }
                worker.malformed();
                return Disposition::Kept;
            }
        };
        let line = split_line_end(row.bytes).0;
        self.note_header_again(row, chunk, judged);
        let Some(covering) = self.judge_cells(cells, Some(line), judged, worker) else {
            return Disposition::Dropped;
        };
        if std::mem::take(&mut judged.time_is_a_name) {
            self.note_other_header(row, chunk, judged);
        }
        if covering.is_empty() {
            return Disposition::Kept;
        }
        if self.suppressed {
            let ids = covering.iter().map(|place| self.ids[*place as usize]);
            attribute(row.bytes, self.format, ids, &mut judged.suppressed);
        }
        Disposition::Suppressed
    }

    /// Notes a row that repeats the header.
    fn note_header_again(&self, row: &Row<'_>, chunk: &Chunk, judged: &mut JudgedChunk) {
        // The first byte tells most rows from a header: it is the same, or one that is left out of the comparison.
        let (Some(first), Some(wanted)) = (row.bytes.first(), self.header.first()) else { return };
        let may_be = first == wanted || first.is_ascii_whitespace() || *first == BYTE_ORDER_MARK[0];
        if may_be && judged.header_again.is_none() && bare(row.bytes) == self.header {
            judged.header_again = Some(lines_before(row, chunk));
        }
    }

    /// Notes a row of CSV in which every cell may be the name of a column, and some are known as such.
    fn note_other_header(&self, row: &Row<'_>, chunk: &Chunk, judged: &mut JudgedChunk) {
        let Format::Csv { delimiter } = self.format else { return };
        let line = bare(row.bytes);
        if judged.other_header.is_some() || line == self.header {
            return;
        }
        let names = line.split(|byte| *byte == delimiter).map(name).collect::<Option<Vec<String>>>();
        if let Some(names) = names.filter(|names| (self.are_columns)(names)) {
            judged.other_header = Some((lines_before(row, chunk), names));
        }
    }

    /// Judges and counts a readable row: returns which exclusions cover it, or `None` if it is dropped as a repeat. `whole` is
    /// the whole row, to compare it with others; `None` if it cannot be compared.
    pub(super) fn judge_cells<'l>(
        &self,
        cells: &[Option<&str>],
        whole: Option<impl Hash>,
        judged: &mut JudgedChunk,
        worker: &'l mut Worker<'_>,
    ) -> Option<&'l [u32]> {
        let mut own = OwnCells::new();
        let cells = match &self.tables {
            None => RowCells::of(cells, self.matcher.slots().len()),
            Some(tables) => {
                let table = tables.table(cells);
                judged.tables.add(table);
                tables.of(&table, cells, &mut own)
            }
        };
        let identity = self.repeats.identity(parts(&cells), whole);
        if self.repeats.must_drop(identity, &mut judged.identities) {
            worker.repeat();
            return None;
        }
        let time = cells.time.and_then(|text| self.time(text, &mut judged.time_parser));
        // Only few times begin as a name does, and those are read.
        judged.time_is_a_name = time.is_none()
            && cells.time.is_some_and(|text| {
                bare(text.as_bytes())
                    .first()
                    .is_some_and(|first| first.is_ascii_alphabetic() || *first == b'"')
            });
        Some(worker.judge_and_count(&cells, time))
    }

    fn time(&self, text: &str, parser: &mut time::TimeParser) -> Option<i64> {
        parser.parse(text).or_else(|| time::parse_in_locale(text, self.date_order?))
    }
}

/// A line as it is compared with headers. A file that was put behind another brought its byte order mark along.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    line.strip_prefix(BYTE_ORDER_MARK).map_or(line, <[u8]>::trim_ascii_start)
}

/// The name of a column, if a cell may be one.
fn name(cell: &[u8]) -> Option<String> {
    let cell = cell.trim_ascii();
    let cell = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.@[] ".contains(byte);
    let is_name = cell.first().is_some_and(|first| first.is_ascii_alphabetic() || b"_@".contains(first));
    (is_name && cell.iter().all(is_sign)).then(|| String::from_utf8_lossy(cell).into_owned())
}

/// How many lines of a chunk end before a row.
fn lines_before(row: &Row<'_>, chunk: &Chunk) -> u64 {
    memchr_iter(b'\n', &chunk.bytes[..row.start]).count() as u64
}

/// Adds a run of bytes unless it is empty.
fn push_run(runs: &mut Vec<Range<usize>>, run: Range<usize>) {
    if !run.is_empty() {
        runs.push(run);
    }
}
