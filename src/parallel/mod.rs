//! The loop of [`crate::apply`] on several threads.
//!
//! In: the chunks of a file, a job, a writer. Out: the same that one thread gives. Whoever is free reads the next chunk,
//! judges it and puts it into a reorder buffer; whoever finds the writer free writes those whose turn it is. So there is no
//! thread that only writes, and none waits for another to write. A panic ends the run with an error, never with a part of
//! the output.

mod reorder;

use crate::input::chunk::{Chunk, Chunker};
use crate::judge::cache::VerdictCache;
use crate::output::Job;
use crate::output::job::Judged;
use crate::output::writer::Writer;
use reorder::{JudgedInTurn, ReorderBuffer};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is still to be read. Who holds its lock reads.
struct ChunkSource<'c, R> {
    chunks: &'c mut Chunker<R>,
    /// Chunks that were given to threads.
    sent: u64,
    /// How often chunks were put back after they had been given to threads.
    restarts: u64,
}

/// What the threads share.
struct Shared<'a, 'm, 'w, 'r, 's, R> {
    job: &'a Job<'m>,
    source: Mutex<ChunkSource<'a, R>>,
    writer: Mutex<&'w mut Writer<'r, 's>>,
    buffer: ReorderBuffer,
}

/// Reads, judges, counts and writes the rows of a file on so many threads.
pub(crate) fn run<R: Read + Send>(
    job: &Job<'_>,
    chunks: &mut Chunker<R>,
    threads: usize,
    writer: &mut Writer<'_, '_>,
) -> io::Result<()> {
    let shared = Shared {
        job,
        source: Mutex::new(ChunkSource { chunks, sent: 0, restarts: 0 }),
        writer: Mutex::new(writer),
        buffer: ReorderBuffer::new(threads),
    };
    std::thread::scope(|scope| {
        let shared = &shared;
        for thread in 1..threads {
            let builder = std::thread::Builder::new().name(format!("judge {thread}"));
            // Where the system gives no more threads, those that are there do the work.
            if builder.spawn_scoped(scope, move || shared.work(thread)).is_err() {
                break;
            }
        }
        shared.work(0);
    });
    shared.buffer.failure().map_or(Ok(()), Err)
}

impl<R: Read> Shared<'_, '_, '_, '_, '_, R> {
    /// What one thread does until all is done.
    fn work(&self, thread: usize) {
        let mut cache = VerdictCache::new(self.job.matcher, self.job.coverage);
        while let Some(memory) = self.buffer.memory() {
            // After a panic the others would wait for this chunk for ever.
            let done = catch_unwind(AssertUnwindSafe(|| {
                self.judge_next(thread, memory, &mut cache)?;
                self.write_in_turn()
            }));
            let defect = "the judging of a row failed; this is a defect of quell";
            if let Err(error) = done.unwrap_or_else(|_| Err(io::Error::other(defect))) {
                self.buffer.fail(error);
            }
        }
    }

    /// Reads a chunk, while no other thread reads, and judges it, while others do too.
    fn judge_next(&self, thread: usize, memory: Vec<u8>, cache: &mut VerdictCache<'_>) -> io::Result<()> {
        let mut source = locked(&self.source);
        source.chunks.reuse(memory);
        let Some(chunk) = source.chunks.next_chunk()? else {
            self.buffer.end(source.sent, source.restarts);
            return Ok(());
        };
        let number = source.sent;
        source.sent += 1;
        drop(source);
        let judged = self.job.judge(&chunk, cache);
        self.buffer.put(JudgedInTurn { number, thread, batch: cache.take_batch(), judged, chunk });
        Ok(())
    }

    /// Writes every chunk whose turn it is, unless another thread does so.
    fn write_in_turn(&self) -> io::Result<()> {
        // A chunk that is put down just before another thread stops writing is not to be left lying.
        while self.buffer.is_ready() {
            let Ok(mut writer) = self.writer.try_lock() else { return Ok(()) };
            while let Some(JudgedInTurn { thread, chunk, batch, judged, .. }) = self.buffer.take() {
                match judged {
                    Judged::Rows(rows) => {
                        writer.count(thread, batch);
                        writer.write(&chunk, rows)?;
                        self.buffer.done(chunk.bytes);
                    }
                    Judged::Irregular => {
                        writer.count(thread, batch.without_rows());
                        self.read_again(chunk, &mut writer);
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts an irregular chunk and all after it back, to be read row by row. Meanwhile nobody reads.
    fn read_again(&self, mut chunk: Chunk, writer: &mut Writer<'_, '_>) {
        let mut source = locked(&self.source);
        let mut memory = Vec::new();
        for later in self.buffer.take_all(source.sent) {
            writer.count(later.thread, later.batch.without_rows());
            chunk.bytes.extend_from_slice(&later.chunk.bytes);
            memory.push(later.chunk.bytes);
        }
        source.chunks.put_back_irregular(chunk);
        source.restarts += 1;
        self.buffer.start_over(source.restarts, source.sent, memory);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
