//! The reorder buffer: judged chunks come in any order and go out in that of the file.
//!
//! In: judged chunks, used memory. Out: the chunk whose turn it is, memory for the next one, and the end. Nobody holds its
//! lock for long; who has nothing to do waits here. It looks into no chunk.

use super::locked;
use crate::count::batch::BatchCounts;
use crate::input::chunk::Chunk;
use crate::output::job::Judged;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Chunks in memory for each thread: one to fill, others to wait for their turn and to be written.
const CHUNKS: usize = 3;

/// A chunk with what became of it.
pub(super) struct JudgedInTurn {
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
    waiting: BTreeMap<u64, JudgedInTurn>,
    /// The chunk whose turn it is.
    next: u64,
    /// Chunks that were put here.
    received: u64,
    /// After so many chunks nothing is left.
    ended: Option<u64>,
    /// How often chunks were put back to be read again.
    restarts: u64,
    /// Memory that is free. A chunk is read only into memory from here, so that there are never too many.
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
            free: vec![Vec::new(); threads * CHUNKS],
            failed: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Memory for a chunk, as soon as there is some and something to read into it; `None` if all is done.
    pub(super) fn memory(&self) -> Option<Vec<u8>> {
        let mut state = locked(&self.state);
        while !state.is_over() {
            if state.ended.is_none()
                && let Some(memory) = state.free.pop()
            {
                return Some(memory);
            }
            state = self.wait(state);
        }
        None
    }

    /// Puts a judged chunk down.
    pub(super) fn put(&self, judged: JudgedInTurn) {
        let mut state = locked(&self.state);
        state.received += 1;
        state.waiting.insert(judged.number, judged);
        drop(state);
        self.changed.notify_all();
    }

    /// A thread found nothing to read after so many chunks and restarts.
    pub(super) fn end(&self, sent: u64, restarts: u64) {
        let mut state = locked(&self.state);
        // The memory was not used.
        state.free.push(Vec::new());
        // It may have found nothing before chunks were put back.
        if restarts == state.restarts {
            state.ended = Some(sent);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A thread cannot go on, so that none needs to.
    pub(super) fn fail(&self, error: io::Error) {
        locked(&self.state).failed.get_or_insert(error);
        self.changed.notify_all();
    }

    /// The error with which it ended, if it did.
    pub(super) fn failure(self) -> Option<io::Error> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).failed
    }

    /// The chunk whose turn it is, if it is here.
    pub(super) fn take(&self) -> Option<JudgedInTurn> {
        let mut state = locked(&self.state);
        let next = state.next;
        if state.failed.is_some() { None } else { state.waiting.remove(&next) }
    }

    /// Whether the chunk whose turn it is is here.
    pub(super) fn is_ready(&self) -> bool {
        let state = locked(&self.state);
        state.failed.is_none() && state.waiting.contains_key(&state.next)
    }

    /// The chunk whose turn it was is written, and its memory is free.
    pub(super) fn done(&self, memory: Vec<u8>) {
        let mut state = locked(&self.state);
        state.next += 1;
        state.free.push(memory);
        drop(state);
        self.changed.notify_all();
    }

    /// Every chunk that waits, once all that were read are here. The caller holds the lock of the source.
    pub(super) fn take_all(&self, sent: u64) -> Vec<JudgedInTurn> {
        let mut state = locked(&self.state);
        while state.received < sent && state.failed.is_none() {
            state = self.wait(state);
        }
        std::mem::take(&mut state.waiting).into_values().collect()
    }

    /// Chunks were put back for this number of times, and the next one to be read has the number `next`. The memory of
    /// those that were put back is free, and so is that of the first of them, which the source has.
    pub(super) fn start_over(&self, restarts: u64, next: u64, memory: Vec<Vec<u8>>) {
        let mut state = locked(&self.state);
        state.restarts = restarts;
        state.next = next;
        state.ended = None;
        state.free.extend(memory);
        state.free.push(Vec::new());
        drop(state);
        self.changed.notify_all();
    }

    fn wait<'s>(&self, state: MutexGuard<'s, BufferState>) -> MutexGuard<'s, BufferState> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}
