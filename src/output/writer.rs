//! Writes judged chunks in the order of the file, and adds up their counts.
//!
//! In: the next chunk, what is to be written of it, and the counts of the thread that judged it. Out: bytes to the sink, and
//! [`FileCounts`]. It looks at no row.

use super::envelope::ArrayState;
use super::job::{JudgedChunk, MAX_NAMED, TableCounts, UnreadableRow};
use super::repeats::Repeats;
use super::{Job, Sink};
use crate::count::batch::{BatchCounts, Merger, tally};
use crate::count::tally::Tally;
use crate::input::chunk::{Chunk, Chunker};
use crate::input::duplicate::DuplicateKey;
use std::io;

/// What was found in a file.
#[derive(Debug, Default)]
pub(crate) struct FileCounts {
    /// The counts.
    pub tally: Tally,
    /// The first rows that cannot be read; the tally has the number of all.
    pub unreadable: Vec<UnreadableRow>,
    /// For each wanted cell of JSON objects, whether its key occurred in any row.
    pub seen_keys: Vec<bool>,
    /// The line of the first row that repeats the header.
    pub header_again: Option<u64>,
    /// The first row that may be the header of another table, and its line.
    pub other_header: Option<(u64, Vec<String>)>,
    /// Whether the text ends inside a row or a document.
    pub cut_off: bool,
    /// Whether the structure of a JSON document broke, so that what follows could not be read.
    pub document_broke: bool,
    /// How many values of JSON documents have no records where some should be.
    pub without_records: u64,
    /// The error that a service reports beside its results, which are then incomplete.
    pub service_error: Option<String>,
    /// How many rows are of which table, where a column says it.
    pub tables: TableCounts,
}

/// Writes one file.
pub(crate) struct Writer<'r, 's> {
    counts: FileCounts,
    sink: &'s mut (dyn Sink + Send),
    /// One for each thread.
    mergers: Vec<Merger>,
    /// The line on which the next chunk begins.
    line: u64,
    /// The state of the kept and of the suppressed document.
    arrays: [ArrayState; 2],
    repeats: &'r Repeats,
}

impl<'r, 's> Writer<'r, 's> {
    /// A writer for a file whose rows begin on `line`.
    pub(crate) fn new(job: &Job<'r>, line: u64, threads: usize, sink: &'s mut (dyn Sink + Send)) -> Self {
        Self {
            counts: FileCounts { tally: tally(job.coverage), ..FileCounts::default() },
            sink,
            mergers: (0..threads).map(|_| Merger::default()).collect(),
            line,
            arrays: Default::default(),
            repeats: job.repeats,
        }
    }

    /// Adds what a thread has counted in its next chunk.
    pub(crate) fn add_counts(&mut self, thread: usize, mut batch: BatchCounts) {
        self.sink.counted(batch.row_count());
        self.mergers[thread].enter(&mut batch, &mut self.counts.tally);
    }

    /// Writes the rows of the next chunk.
    pub(crate) fn write(&mut self, chunk: &Chunk, judged: Box<JudgedChunk>) -> io::Result<()> {
        if let Some(duplicate) = judged.duplicate_key {
            let line = duplicate.line + self.line;
            return Err(io::Error::other(DuplicateKey { line, ..duplicate }));
        }
        self.sink.kept_runs(&chunk.bytes, &judged.kept)?;
        if !judged.suppressed.is_empty() {
            self.sink.suppressed(&judged.suppressed)?;
        }
        if let Some([kept, suppressed]) = &judged.documents {
            self.sink.kept(self.arrays[0].next(kept))?;
            self.sink.suppressed(self.arrays[1].next(suppressed))?;
        }
        self.counts.cut_off |= judged.cut_off;
        self.counts.tables.merge(&judged.tables);
        self.repeats.count(&judged.identities);
        let (line, room) = (self.line, MAX_NAMED - self.counts.unreadable.len());
        let unreadable = judged.unreadable.into_iter().take(room);
        self.counts.unreadable.extend(unreadable.map(|row| UnreadableRow { line: row.line + line, ..row }));
        self.counts.header_again = self.counts.header_again.or(judged.header_again.map(|at| at + line));
        if self.counts.other_header.is_none() {
            self.counts.other_header = judged.other_header.map(|(at, names)| (at + line, names));
        }
        self.line += judged.lines;
        self.counts.seen_keys.resize(judged.seen_keys.len(), false);
        self.counts.seen_keys.iter_mut().zip(&judged.seen_keys).for_each(|(all, one)| *all |= one);
        self.sink.progress(chunk.bytes.len())
    }

    /// What was found in the file, after its last chunk.
    pub(crate) fn finish<R: io::Read>(mut self, chunks: &Chunker<R>) -> FileCounts {
        if let Some(document) = chunks.walker() {
            self.counts.cut_off |= document.is_cut_off();
            self.counts.document_broke = document.is_lost();
            self.counts.without_records = document.without_records();
            self.counts.service_error = document.error().map(str::to_owned);
        }
        self.counts
    }
}
