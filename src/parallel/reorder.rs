//! The reorder buffer: judged chunks come in any order and leave in the order of the file.
//!
//! In: judged chunks and used buffers. Out: the chunk whose turn it is, free buffers, and the end of the file. No thread holds
//! its lock for long; a thread that has nothing to do waits here. It does not look into chunks.

use super::locked;
use crate::count::batch::BatchCounts;
use crate::input::chunk::Chunk;
use crate::output::job::Judged;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many buffers there are for each thread: one is filled, others wait for their turn or are being written.
const BUFFERS_PER_THREAD: usize = 3;

/// A judged chunk and its place in the file.
pub(super) struct NumberedChunk {
    pub(super) number: u64,
    /// The thread that judged it.
    pub(super) thread: usize,
    pub(super) chunk: Chunk,
    pub(super) batch: BatchCounts,
    pub(super) judged: Judged,
}

/// Judged chunks that wait for their turn.
pub(super) struct ReorderBuffer {
    state: Mutex<BufferState>,
    changed: Condvar,
}

struct BufferState {
    waiting: BTreeMap<u64, NumberedChunk>,
    /// The number of the chunk whose turn it is.
    next: u64,
    /// How many chunks were put here.
    received: u64,
    /// How many chunks the file has, once its end was read.
    ended: Option<u64>,
    /// How often chunks were put back to be read again.
    restarts: u64,
    /// Buffers that are free. Chunks are read only into these, which limits how many are in memory.
    free: Vec<Vec<u8>>,
    failed: Option<io::Error>,
}

impl BufferState {
    fn is_over(&self) -> bool {
        self.failed.is_some() || self.ended == Some(self.next)
    }
}

impl ReorderBuffer {
    pub(super) fn new(threads: usize) -> Self {
        let state = BufferState {
            waiting: BTreeMap::new(),
            next: 0,
            received: 0,
            ended: None,
            restarts: 0,
            free: vec![Vec::new(); threads * BUFFERS_PER_THREAD],
            failed: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits for a free buffer and something to read into it; `None` when the file is written or the run has failed.
    pub(super) fn free_buffer(&self) -> Option<Vec<u8>> {
        let mut state = locked(&self.state);
        while !state.is_over() {
            if state.ended.is_none()
                && let Some(buffer) = state.free.pop()
            {
                return Some(buffer);
            }
            state = self.wait(state);
        }
        None
    }

    /// Adds a judged chunk.
    pub(super) fn put(&self, judged: NumberedChunk) {
        let mut state = locked(&self.state);
        state.received += 1;
        state.waiting.insert(judged.number, judged);
        drop(state);
        self.changed.notify_all();
    }

    /// Notes that a thread found the end of the file after `sent` chunks. `restarts` is what it knew of restarts then.
    pub(super) fn end(&self, sent: u64, restarts: u64) {
        let mut state = locked(&self.state);
        // The thread did not use its buffer, which is free again.
        state.free.push(Vec::new());
        // If chunks were put back since, the end of the file has yet to be found.
        if restarts == state.restarts {
            state.ended = Some(sent);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the run for all threads because one of them cannot go on.
    pub(super) fn fail(&self, error: io::Error) {
        locked(&self.state).failed.get_or_insert(error);
        self.changed.notify_all();
    }

    /// The error with which the run ended, if it failed.
    pub(super) fn failure(self) -> Option<io::Error> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).failed
    }

    /// The chunk whose turn it is, if it is here.
    pub(super) fn take(&self) -> Option<NumberedChunk> {
        let mut state = locked(&self.state);
        let next = state.next;
        if state.failed.is_some() { None } else { state.waiting.remove(&next) }
    }

    /// Whether the next chunk is here.
    pub(super) fn is_ready(&self) -> bool {
        let state = locked(&self.state);
        state.failed.is_none() && state.waiting.contains_key(&state.next)
    }

    /// Notes that the chunk whose turn it was is written, so its buffer is free.
    pub(super) fn written(&self, buffer: Vec<u8>) {
        let mut state = locked(&self.state);
        state.next += 1;
        state.free.push(buffer);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until every chunk that was read is here, and takes them all. The caller holds the lock of the source, so no
    /// other chunk is read meanwhile.
    pub(super) fn take_all(&self, sent: u64) -> Vec<NumberedChunk> {
        let mut state = locked(&self.state);
        while state.received < sent && state.failed.is_none() {
            state = self.wait(state);
        }
        std::mem::take(&mut state.waiting).into_values().collect()
    }

    /// Notes that chunks were put back, and that the next chunk has the number `next`. The buffers of all chunks that were put
    /// back are free: `buffers`, and one more that the source has kept.
    pub(super) fn start_over(&self, restarts: u64, next: u64, buffers: Vec<Vec<u8>>) {
        let mut state = locked(&self.state);
        state.restarts = restarts;
        state.next = next;
        state.ended = None;
        state.free.extend(buffers);
        state.free.push(Vec::new());
        drop(state);
        self.changed.notify_all();
    }

    fn wait<'s>(&self, state: MutexGuard<'s, BufferState>) -> MutexGuard<'s, BufferState> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}
