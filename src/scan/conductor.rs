//! Takes judged chunks in the order of the file.
//!
//! In: the chunk whose turn it is, with what a worker made of it. Out: bytes to the sink, and counts. When a chunk turns
//! out to be irregular, it and everything after it goes back to be read carefully. It looks at no row.

use super::desk::Desk;
use super::repeats::Repeats;
use super::weave::Place;
use super::worker::{Judged, Source};
use super::{BadRow, Job, MAX_BAD_ROWS, Part, Scanned, Sink, locked};
use crate::ledger::{Book, tally};
use crate::results::chunk::Chunk;
use crate::results::duplicate::DuplicateKey;
use std::io::{self, Read};
use std::sync::Mutex;

/// What was made of the file so far, and where its bytes go.
pub(super) struct Conductor<'r, 's> {
    out: Scanned,
    sink: &'s mut (dyn Sink + Send),
    books: Vec<Book>,
    line: u64,
    places: [Place; 2],
    repeats: Option<&'r Repeats>,
}

impl<'r, 's> Conductor<'r, 's> {
    /// For a file whose rows begin on this line.
    pub(super) fn new(job: &Job<'r>, line: u64, workers: usize, sink: &'s mut (dyn Sink + Send)) -> Self {
        Self {
            out: Scanned { tally: tally(job.covers), ..Scanned::default() },
            sink,
            books: (0..workers).map(|_| Book::default()).collect(),
            line,
            places: Default::default(),
            repeats: job.repeats,
        }
    }

    /// Takes the next chunk.
    pub(super) fn take<R: Read>(
        &mut self,
        judged: Judged,
        source: &Mutex<Source<'_, R>>,
        desk: &Desk,
    ) -> io::Result<()> {
        let Judged { worker, chunk, page, part, .. } = judged;
        if let Some(part) = part {
            self.books[worker].enter(page, &mut self.out.tally);
            self.write(&chunk, part)?;
            desk.done(chunk.bytes);
        } else {
            self.books[worker].enter(page.without_rows(), &mut self.out.tally);
            self.start_over(chunk, source, desk);
        }
        Ok(())
    }

    /// The outcome, as far as it went.
    pub(super) fn finish(mut self) -> Scanned {
        for book in &mut self.books {
            book.close(&mut self.out.tally);
        }
        self.out
    }

    fn write(&mut self, chunk: &Chunk, part: Part) -> io::Result<()> {
        if let Some(duplicate) = part.duplicate_key {
            let line = duplicate.line + self.line;
            return Err(io::Error::other(DuplicateKey { line, ..duplicate }));
        }
        self.sink.kept_runs(&chunk.bytes, &part.kept)?;
        if !part.suppressed.is_empty() {
            self.sink.suppressed(&part.suppressed)?;
        }
        if let Some([kept, suppressed]) = &part.woven {
            self.sink.kept(self.places[0].next(kept))?;
            self.sink.suppressed(self.places[1].next(suppressed))?;
        }
        self.out.cut_off |= part.cut_off;
        if let Some(repeats) = self.repeats {
            repeats.count(&part.identities);
        }
        let line = self.line;
        let room = MAX_BAD_ROWS - self.out.bad_rows.len();
        let bad_rows = part.bad_rows.into_iter().take(room);
        self.out.bad_rows.extend(bad_rows.map(|bad| BadRow { line: bad.line + line, ..bad }));
        self.line += part.lines;
        self.out.seen.resize(part.seen.len(), false);
        self.out.seen.iter_mut().zip(&part.seen).for_each(|(all, one)| *all |= one);
        self.sink.progress(chunk.bytes.len())
    }

    /// Puts an irregular chunk and all after it back to be read carefully. Meanwhile nobody reads.
    fn start_over<R: Read>(&mut self, chunk: Chunk, source: &Mutex<Source<'_, R>>, desk: &Desk) {
        let mut source = locked(source);
        let mut returned = chunk.bytes;
        let mut buffers = Vec::new();
        for judged in desk.take_back(source.sent) {
            self.books[judged.worker].enter(judged.page.without_rows(), &mut self.out.tally);
            returned.extend_from_slice(&judged.chunk.bytes);
            buffers.push(judged.chunk.bytes);
        }
        source.chunker.put_back(&returned);
        source.chunker.be_careful();
        source.returns += 1;
        buffers.push(returned);
        desk.start_over(source.returns, source.sent, buffers.into_iter());
    }
}
