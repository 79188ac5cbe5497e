//! Keeps workers busy and their results in order.
//!
//! In: chunks and the parts that workers made of them. Out: bytes to the sink and counts, in the order of the file. When
//! a chunk turns out to be irregular, it and everything after it goes back to be read carefully. It looks at no row.

use super::repeats::Repeats;
use super::weave::Place;
use super::{BadRow, Job, Judged, MAX_BAD_ROWS, Outcome, Part, Scanned, Sink, Source, locked};
use crate::ledger::{Book, tally};
use crate::results::chunk::Chunk;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Mutex, mpsc};

/// Buffers for each worker: one to fill, others to wait for their turn and to be written.
const BUFFERS: usize = 3;

/// Takes judged chunks in order and gives their buffers back to be filled.
pub(super) struct Conductor<'r> {
    out: Scanned,
    waiting: BTreeMap<u64, Box<Judged>>,
    next: u64,
    /// Chunks that came back from workers.
    received: u64,
    /// After so many chunks nothing is left.
    ended: Option<u64>,
    /// How often bytes were put back.
    returns: u64,
    buffers: mpsc::Sender<Vec<u8>>,
    /// Those that nobody had anything to fill with.
    idle: Vec<Vec<u8>>,
    books: Vec<Book>,
    line: u64,
    places: [Place; 2],
    repeats: Option<&'r Repeats>,
}

impl<'r> Conductor<'r> {
    /// For a file whose rows begin on this line.
    pub(super) fn new(job: &Job<'r>, line: u64, workers: usize, buffers: mpsc::Sender<Vec<u8>>) -> Self {
        Self {
            out: Scanned { tally: tally(job.covers), ..Scanned::default() },
            waiting: BTreeMap::new(),
            next: 0,
            received: 0,
            ended: None,
            returns: 0,
            buffers,
            idle: vec![Vec::new(); workers * BUFFERS],
            books: (0..workers).map(|_| Book::default()).collect(),
            line,
            places: Default::default(),
            repeats: job.repeats,
        }
    }

    /// Until every chunk was read and every part taken.
    pub(super) fn run<R: Read>(
        &mut self,
        source: &Mutex<Source<'_, R>>,
        outcomes: &mpsc::Receiver<Outcome>,
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        self.lend_idle();
        while self.ended != Some(self.next) {
            self.receive(outcomes)?;
            while let Some(judged) = self.waiting.remove(&self.next) {
                self.next += 1;
                let Judged { worker, chunk, page, part, .. } = *judged;
                if let Some(part) = part {
                    self.books[worker].enter(page, &mut self.out.tally);
                    self.take(chunk, part, sink)?;
                } else {
                    self.books[worker].enter(page.without_rows(), &mut self.out.tally);
                    self.start_over(chunk, source, outcomes)?;
                }
            }
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

    fn receive(&mut self, outcomes: &mpsc::Receiver<Outcome>) -> io::Result<()> {
        let defect = |_| io::Error::other("all workers ended early; this is a defect of quell");
        match outcomes.recv().map_err(defect)? {
            Outcome::Done(judged) => {
                self.received += 1;
                self.waiting.insert(judged.number, judged);
            }
            // It may have found nothing before bytes were put back.
            Outcome::Ended { returns, buffer, .. } if returns < self.returns => self.lend(buffer),
            Outcome::Ended { sent, buffer, .. } => {
                self.ended = Some(sent);
                self.idle.push(buffer);
            }
            Outcome::Failed(error) => return Err(error),
        }
        Ok(())
    }

    fn lend(&self, buffer: Vec<u8>) {
        // Without workers it is not needed any more.
        let _ = self.buffers.send(buffer);
    }

    fn lend_idle(&mut self) {
        for buffer in std::mem::take(&mut self.idle) {
            self.lend(buffer);
        }
    }

    fn take(&mut self, chunk: Chunk, part: Part, sink: &mut dyn Sink) -> io::Result<()> {
        sink.kept_runs(&chunk.bytes, &part.kept)?;
        if !part.suppressed.is_empty() {
            sink.suppressed(&part.suppressed)?;
        }
        if let Some([kept, suppressed]) = &part.woven {
            sink.kept(self.places[0].next(kept))?;
            sink.suppressed(self.places[1].next(suppressed))?;
        }
        let read = chunk.bytes.len();
        self.lend(chunk.bytes);
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
        sink.progress(read)
    }

    /// Puts an irregular chunk and all after it back to be read carefully. Meanwhile nobody reads.
    fn start_over<R: Read>(
        &mut self,
        chunk: Chunk,
        source: &Mutex<Source<'_, R>>,
        outcomes: &mpsc::Receiver<Outcome>,
    ) -> io::Result<()> {
        let mut source = locked(source);
        while self.received < source.sent {
            self.receive(outcomes)?;
        }
        let mut returned = chunk.bytes;
        for (_, judged) in std::mem::take(&mut self.waiting) {
            self.books[judged.worker].enter(judged.page.without_rows(), &mut self.out.tally);
            returned.extend_from_slice(&judged.chunk.bytes);
            self.idle.push(judged.chunk.bytes);
        }
        source.chunker.put_back(&returned);
        source.chunker.be_careful();
        source.returns += 1;
        self.returns = source.returns;
        self.idle.push(returned);
        self.next = source.sent;
        self.ended = None;
        drop(source);
        self.lend_idle();
        Ok(())
    }
}
