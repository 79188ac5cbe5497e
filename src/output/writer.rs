//! Takes judged chunks in the order of the file.
//!
//! In: the chunk whose turn it is, what became of its rows, and the counts of the thread that judged it. Out: bytes to the
//! sink, and [`FileCounts`]. It looks at no row.

use super::envelope::ArrayState;
use super::job::{JudgedChunk, MAX_NAMED, UnreadableRow};
use super::repeats::Repeats;
use super::{Job, Sink};
use crate::count::batch::{BatchCounts, Merger, tally};
use crate::count::tally::Tally;
use crate::input::chunk::{Chunk, Chunker};
use crate::input::duplicate::DuplicateKey;
use std::io;

/// The outcome of a file.
#[derive(Debug, Default)]
pub(crate) struct FileCounts {
    /// The counts.
    pub tally: Tally,
    /// The first rows that cannot be read; the tally has their number.
    pub unreadable: Vec<UnreadableRow>,
    /// JSON objects: the wanted cells whose key occurred at all.
    pub seen: Vec<bool>,
    /// The text ends inside a row or a document.
    pub cut_off: bool,
    /// A JSON document breaks somewhere, so that what follows could not be read.
    pub lost: bool,
    /// JSON documents: objects that have no records where some should be.
    pub without: u64,
    /// What the service says went wrong beside the results: they are not all.
    pub error: Option<String>,
}

/// What was made of the file so far, and where its bytes go.
pub(crate) struct Writer<'r, 's> {
    counts: FileCounts,
    sink: &'s mut (dyn Sink + Send),
    /// One for each thread.
    mergers: Vec<Merger>,
    line: u64,
    arrays: [ArrayState; 2],
    repeats: Option<&'r Repeats>,
}

impl<'r, 's> Writer<'r, 's> {
    /// For a file whose rows begin on this line.
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

    /// Takes what a thread has counted in its next chunk.
    pub(crate) fn count(&mut self, thread: usize, batch: BatchCounts) {
        self.mergers[thread].enter(batch, &mut self.counts.tally);
    }

    /// Writes the rows of the next chunk.
    pub(crate) fn write(&mut self, chunk: &Chunk, rows: Box<JudgedChunk>) -> io::Result<()> {
        if let Some(duplicate) = rows.duplicate_key {
            let line = duplicate.line + self.line;
            return Err(io::Error::other(DuplicateKey { line, ..duplicate }));
        }
        self.sink.kept_runs(&chunk.bytes, &rows.kept)?;
        if !rows.suppressed.is_empty() {
            self.sink.suppressed(&rows.suppressed)?;
        }
        if let Some([kept, suppressed]) = &rows.documents {
            self.sink.kept(self.arrays[0].next(kept))?;
            self.sink.suppressed(self.arrays[1].next(suppressed))?;
        }
        self.counts.cut_off |= rows.cut_off;
        if let Some(repeats) = self.repeats {
            repeats.count(&rows.identities);
        }
        let (line, room) = (self.line, MAX_NAMED - self.counts.unreadable.len());
        let unreadable = rows.unreadable.into_iter().take(room);
        self.counts.unreadable.extend(unreadable.map(|row| UnreadableRow { line: row.line + line, ..row }));
        self.line += rows.lines;
        self.counts.seen.resize(rows.seen.len(), false);
        self.counts.seen.iter_mut().zip(&rows.seen).for_each(|(all, one)| *all |= one);
        self.sink.progress(chunk.bytes.len())
    }

    /// The outcome of the file, whose text has ended.
    pub(crate) fn finish<R: io::Read>(mut self, chunks: &Chunker<R>) -> FileCounts {
        for merger in &mut self.mergers {
            merger.close(&mut self.counts.tally);
        }
        if let Some(document) = chunks.walker() {
            self.counts.cut_off |= document.is_cut_off();
            self.counts.lost = document.is_lost();
            self.counts.without = document.without_records();
            self.counts.error = document.error().map(str::to_owned);
        }
        self.counts
    }
}
