//! One chunk of a file: its rows are read, judged and counted, and told apart by where they go.
//!
//! In: a chunk. Out: a [`JudgedChunk`], whose bytes a writer takes in the order of the file; the counts stay in the verdict
//! cache. It writes nothing.

use super::attribution::{COLUMN, attribute, split_line_end};
use super::envelope::{EnvelopePart, each_piece};
use super::repeats::{Repeats, RowIdentity};
use crate::input::chunk::Chunk;
use crate::input::csv::ChunkOutcome;
use crate::input::duplicate::DuplicateKey;
use crate::input::json::RecordCells;
use crate::input::json::document::PieceKind;
use crate::input::rows::Rows;
use crate::input::{Fault, Format, Row, time};
use crate::judge::Matcher;
use crate::judge::cache::VerdictCache;
use crate::judge::row::{self, RowCells};
use memchr::memchr_iter;
use std::hash::Hash;
use std::ops::Range;

/// What is to be done with each row of a file.
#[derive(Debug)]
pub(crate) struct Job<'m> {
    /// The compiled list.
    pub matcher: &'m Matcher,
    /// The ids of its exclusions.
    pub ids: &'m [&'m str],
    /// How rows are found, with the cells of [`row::wanted`].
    pub rows: Rows,
    /// Their format.
    pub format: Format,
    /// Whether kept bytes are wanted.
    pub kept: bool,
    /// Whether suppressed bytes are wanted.
    pub suppressed: bool,
    /// Whether the tally has to tell which exclusions cover which rows.
    pub coverage: bool,
    /// How times are written that are not ISO 8601, if that is known.
    pub order: Option<time::Order>,
    /// Where rows are looked for that repeat another.
    pub repeats: Option<&'m Repeats>,
}

/// A row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnreadableRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// Why.
    pub fault: Fault,
}

/// Rows that cannot be read and are named by line.
pub(crate) const MAX_NAMED: usize = 100;

/// Where a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disposition {
    Kept,
    Suppressed,
    /// It repeats another.
    Dropped,
}

/// What became of a chunk.
#[derive(Debug)]
pub(crate) enum Judged {
    /// Its rows were told apart without doubt.
    Rows(Box<JudgedChunk>),
    /// Quotation marks stand where none may, so that the cut before or behind it is in doubt: it has to be read again.
    Irregular,
}

/// The rows of a chunk, by where they go.
#[derive(Debug, Default)]
pub(crate) struct JudgedChunk {
    clock: time::Clock,
    /// Lines count from the chunk's own first, which is 0.
    pub(super) unreadable: Vec<UnreadableRow>,
    /// JSON objects: the wanted cells whose key occurred.
    pub(super) seen: Vec<bool>,
    /// Its line feeds.
    pub(super) lines: u64,
    /// The places of kept rows in the chunk.
    pub(super) kept: Vec<Range<usize>>,
    /// The suppressed rows with their attribution.
    pub(super) suppressed: Vec<u8>,
    /// JSON documents: the bytes of the kept and of the suppressed output.
    pub(super) documents: Option<[EnvelopePart; 2]>,
    /// The text ends inside its last row.
    pub(super) cut_off: bool,
    /// Rows that a later one might repeat.
    pub(super) identities: Vec<RowIdentity>,
    /// The first row in which a key that is looked at stands twice.
    pub(super) duplicate_key: Option<DuplicateKey>,
}

impl Job<'_> {
    /// Judges the rows of a chunk.
    pub(crate) fn judge(&self, chunk: &Chunk, cache: &mut VerdictCache<'_>) -> Judged {
        if self.repeats.is_some_and(|repeats| repeats.must_wait(chunk.cut)) {
            return Judged::Irregular;
        }
        let mut part = JudgedChunk::default();
        let bytes = chunk.bytes.as_slice();
        let judged = self.matcher.slots().len();
        let mut seen = vec![false; row::count(judged, true)];
        if chunk.pieces.is_empty() {
            let mut kept_to = 0;
            let cells = row::count(judged, self.repeats.is_some_and(Repeats::looks));
            let chunked = self.rows.each(cells, chunk, &mut seen, |row| {
                if self.judge_row(row, chunk, &mut part, cache) != Disposition::Kept && self.kept {
                    push_run(&mut part.kept, kept_to..row.start);
                    kept_to = row.start + row.bytes.len();
                }
            });
            let ChunkOutcome::Regular { lines } = chunked else {
                if let Some(repeats) = self.repeats {
                    repeats.take_back(&part.identities, cache.repeats());
                }
                return Judged::Irregular;
            };
            part.lines = lines;
            if self.kept {
                push_run(&mut part.kept, kept_to..bytes.len());
            }
        } else {
            self.judge_document(chunk, &mut seen, &mut part, cache);
            part.lines = memchr_iter(b'\n', bytes).count() as u64;
        }
        part.seen = seen;
        Judged::Rows(Box::new(part))
    }

    /// Judges the records of a chunk of a document.
    fn judge_document(
        &self,
        chunk: &Chunk,
        seen: &mut [bool],
        part: &mut JudgedChunk,
        cache: &mut VerdictCache<'_>,
    ) {
        let [mut kept, mut gone] = [EnvelopePart::new(self.kept), EnvelopePart::new(self.suppressed)];
        let mut found = RecordCells::default();
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
                    self.rows.piece(kind, bytes, range.start, &mut found, seen, &mut |row| {
                        disposition = self.judge_row(row, chunk, part, cache);
                    });
                    attributed.append(&mut part.suppressed);
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
        part.documents = Some([kept, gone]);
    }

    /// Judges and counts a row.
    fn judge_row(
        &self,
        row: &Row<'_>,
        chunk: &Chunk,
        part: &mut JudgedChunk,
        cache: &mut VerdictCache<'_>,
    ) -> Disposition {
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(fault) => {
                if fault == Fault::DuplicateKey && part.duplicate_key.is_none() {
                    part.duplicate_key = self.rows.duplicate_key(row.bytes, lines_before(row, chunk));
                }
                // A row that cannot be read and has no line feed behind it was probably cut off.
                let end = row.start + row.bytes.len();
                part.cut_off |= chunk.last && end == chunk.bytes.len() && row.bytes.last() != Some(&b'\n');
                if part.unreadable.len() < MAX_NAMED {
                    part.unreadable.push(UnreadableRow { line: lines_before(row, chunk), fault });
                }
                cache.malformed();
                return Disposition::Kept;
            }
        };
        let Some(covering) = self.count(cells, Some(split_line_end(row.bytes).0), part, cache) else {
            return Disposition::Dropped;
        };
        if covering.is_empty() {
            return Disposition::Kept;
        }
        if self.suppressed {
            let ids = covering.iter().map(|place| self.ids[*place as usize]);
            attribute(row.bytes, self.format, ids, &mut part.suppressed);
        }
        Disposition::Suppressed
    }

    /// Counts a row that can be read, and says who covers it; `None` if it is dropped. `whole` is all of it,
    /// if two rows can be compared.
    pub(super) fn count<'l>(
        &self,
        cells: &[Option<&str>],
        whole: Option<impl Hash>,
        part: &mut JudgedChunk,
        cache: &'l mut VerdictCache<'_>,
    ) -> Option<&'l [u32]> {
        let cells = RowCells::of(cells, self.matcher.slots().len());
        if let Some(repeats) = self.repeats {
            let device = cells.device_id.filter(|id| !id.is_empty()).or(cells.device);
            let identity = repeats.identity([device, cells.time, cells.report_id], whole);
            if repeats.is_repeat(identity, &mut part.identities) {
                cache.repeat();
                return None;
            }
        }
        let time = cells.time.and_then(|text| self.time(text, &mut part.clock));
        Some(cache.row(&cells, time))
    }

    fn time(&self, text: &str, clock: &mut time::Clock) -> Option<i64> {
        clock.parse(text).or_else(|| time::parse_local(text, self.order?))
    }
}

/// Lines of a chunk that end before a row.
fn lines_before(row: &Row<'_>, chunk: &Chunk) -> u64 {
    memchr_iter(b'\n', &chunk.bytes[..row.start]).count() as u64
}

/// Adds a run of bytes, empty ones not.
fn push_run(runs: &mut Vec<Range<usize>>, run: Range<usize>) {
    if !run.is_empty() {
        runs.push(run);
    }
}
