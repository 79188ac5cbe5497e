//! What one thread does: it reads chunks, judges them, and writes those whose turn it is.
//!
//! In: a source, which one worker at a time reads. Out: judged chunks to the desk; the conductor writes them, in the hands
//! of whichever worker finds it free. A panic ends the run with an error, never with a part of the output.

use super::conductor::Conductor;
use super::desk::Desk;
use super::{Job, Part, locked};
use crate::ledger::{Ledger, Page};
use crate::results::chunk::{Chunk, Chunker};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// What is still to be read.
pub(super) struct Source<'c, R> {
    pub(super) chunker: &'c mut Chunker<R>,
    /// Chunks that were given to workers.
    pub(super) sent: u64,
    /// How often bytes were put back after they had been given to workers.
    pub(super) returns: u64,
}

/// A chunk with what became of it.
pub(super) struct Judged {
    pub(super) number: u64,
    pub(super) worker: usize,
    pub(super) chunk: Chunk,
    pub(super) page: Page,
    /// `None` if the chunk is irregular.
    pub(super) part: Option<Part>,
}

/// Reads and judges chunks, and writes those whose turn it is unless somebody else does.
pub(super) fn work<R: Read>(
    job: &Job<'_>,
    worker: usize,
    source: &Mutex<Source<'_, R>>,
    conductor: &Mutex<Conductor<'_, '_>>,
    desk: &Desk,
) {
    let mut ledger = Ledger::new(job.matcher, job.covers);
    while let Some(buffer) = desk.buffer() {
        // After a panic the others would wait for this chunk for ever.
        let done = catch_unwind(AssertUnwindSafe(|| {
            next(job, worker, source, desk, buffer, &mut ledger)?;
            conduct(source, conductor, desk)
        }));
        let defect = "the judging of a row failed; this is a defect of quell";
        if let Err(error) = done.unwrap_or_else(|_| Err(io::Error::other(defect))) {
            desk.fail(error);
        }
    }
}

/// Reads a chunk, while no other worker reads, and judges it, while others do too.
fn next<R: Read>(
    job: &Job<'_>,
    worker: usize,
    source: &Mutex<Source<'_, R>>,
    desk: &Desk,
    buffer: Vec<u8>,
    ledger: &mut Ledger<'_>,
) -> io::Result<()> {
    let mut source = locked(source);
    let chunk = match source.chunker.next(buffer)? {
        Ok(chunk) => chunk,
        Err(buffer) => {
            desk.end(source.sent, source.returns, buffer);
            return Ok(());
        }
    };
    let number = source.sent;
    source.sent += 1;
    drop(source);
    let part = job.part(&chunk, ledger);
    desk.put(Judged { number, worker, page: ledger.take(), part, chunk });
    Ok(())
}

/// Takes every chunk whose turn it is, unless another worker does so.
fn conduct<R: Read>(
    source: &Mutex<Source<'_, R>>,
    conductor: &Mutex<Conductor<'_, '_>>,
    desk: &Desk,
) -> io::Result<()> {
    // A chunk that is put down just before another worker stops is not to be left lying.
    while desk.is_ready() {
        let Ok(mut conductor) = conductor.try_lock() else { return Ok(()) };
        while let Some(judged) = desk.take() {
            conductor.take(judged, source, desk)?;
        }
    }
    Ok(())
}
