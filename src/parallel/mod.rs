//! The main job on several threads.
//!
//! In: the chunks of a file, a job, a writer. Out: what one thread would write and count. Each thread reads the next chunk,
//! judges it and puts it into a reorder buffer. Then, unless another thread is writing, it writes the chunks whose turn it
//! is. So no thread only writes, and none waits for another to write. A panic ends the run with an error, never with a part
//! of the output.

mod reorder;

use crate::input::chunk::{Chunk, Chunker};
use crate::judge::worker::Worker;
use crate::output::Job;
use crate::output::job::Judged;
use crate::output::writer::Writer;
use reorder::{NumberedChunk, ReorderBuffer};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is still to be read. A thread reads while it holds the lock.
struct ChunkSource<'c, R> {
    chunks: &'c mut Chunker<R>,
    /// How many chunks were given to threads.
    sent: u64,
    /// How often an irregular chunk, and all after it, were put back to be read again.
    restarts: u64,
}

/// What the threads share.
struct Shared<'a, 'm, 'w, 'r, 's, R> {
    job: &'a Job<'m>,
    source: Mutex<ChunkSource<'a, R>>,
    writer: Mutex<&'w mut Writer<'r, 's>>,
    reorder: ReorderBuffer,
}

/// Reads, judges, counts and writes the rows of a file.
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
        reorder: ReorderBuffer::new(threads),
    };
    std::thread::scope(|scope| {
        let shared = &shared;
        for thread in 1..threads {
            let builder = std::thread::Builder::new().name(format!("judge {thread}"));
            // If the system refuses a thread, those that were started do the work.
            if builder.spawn_scoped(scope, move || shared.work(thread)).is_err() {
                break;
            }
        }
        shared.work(0);
    });
    shared.reorder.failure().map_or(Ok(()), Err)
}

impl<R: Read> Shared<'_, '_, '_, '_, '_, R> {
    /// What one thread does until the file is written.
    fn work(&self, thread: usize) {
        let mut worker = Worker::new(self.job.matcher, self.job.coverage);
        while let Some(buffer) = self.reorder.free_buffer() {
            // Without this the other threads would wait for ever for the chunk of a thread that panicked.
            let done = catch_unwind(AssertUnwindSafe(|| {
                self.judge_next(thread, buffer, &mut worker)?;
                self.write_in_turn()
            }));
            let defect = "the judging of a row failed; this is a defect of quell";
            if let Err(error) = done.unwrap_or_else(|_| Err(io::Error::other(defect))) {
                self.reorder.fail(error);
            }
        }
    }

    /// Reads a chunk while no other thread reads, and judges it while others judge theirs.
    fn judge_next(&self, thread: usize, buffer: Vec<u8>, worker: &mut Worker<'_>) -> io::Result<()> {
        let mut source = locked(&self.source);
        source.chunks.reuse(buffer);
        let Some(chunk) = source.chunks.next_chunk()? else {
            self.reorder.end(source.sent, source.restarts);
            return Ok(());
        };
        let number = source.sent;
        source.sent += 1;
        drop(source);
        let judged = self.job.judge_chunk(&chunk, worker);
        self.reorder.put(NumberedChunk { number, thread, batch: worker.take_batch(), judged, chunk });
        Ok(())
    }

    /// Writes every chunk whose turn it is, unless another thread does so.
    fn write_in_turn(&self) -> io::Result<()> {
        // This is asked again after writing: meanwhile another thread may have added a chunk and found the writer taken.
        while self.reorder.is_ready() {
            let Ok(mut writer) = self.writer.try_lock() else { return Ok(()) };
            while let Some(NumberedChunk { thread, chunk, batch, judged, .. }) = self.reorder.take() {
                match judged {
                    Judged::Rows(judged) => {
                        writer.add_counts(thread, batch);
                        writer.write(&chunk, judged)?;
                        self.reorder.written(chunk.bytes);
                    }
                    Judged::Irregular => {
                        writer.add_counts(thread, batch.without_rows());
                        self.read_again(chunk, &mut writer);
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts back an irregular chunk and all chunks after it, to be read again by walking every row. Meanwhile no thread reads.
    fn read_again(&self, mut chunk: Chunk, writer: &mut Writer<'_, '_>) {
        let mut source = locked(&self.source);
        let mut buffers = Vec::new();
        for later in self.reorder.take_all(source.sent) {
            writer.add_counts(later.thread, later.batch.without_rows());
            chunk.bytes.extend_from_slice(&later.chunk.bytes);
            buffers.push(later.chunk.bytes);
        }
        source.chunks.put_back_irregular(chunk);
        source.restarts += 1;
        self.reorder.start_over(source.restarts, source.sent, buffers);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
