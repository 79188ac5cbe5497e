//! Where workers put judged chunks, and get empty buffers.
//!
//! In: chunks in any order, used buffers. Out: the chunk whose turn it is, empty buffers, and the end. Nobody holds on to
//! it for long; who has nothing to do waits here. It looks into no chunk.

use super::locked;
use super::worker::Judged;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Buffers for each worker: one to fill, others to wait for their turn and to be written.
const BUFFERS: usize = 3;

/// What workers share.
pub(super) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: BTreeMap<u64, Judged>,
    /// The chunk whose turn it is.
    next: u64,
    /// Chunks that were put here.
    received: u64,
    /// After so many chunks nothing is left.
    ended: Option<u64>,
    /// How often bytes were put back.
    returns: u64,
    buffers: Vec<Vec<u8>>,
    failed: Option<io::Error>,
}

impl State {
    fn is_over(&self) -> bool {
        self.failed.is_some() || self.ended == Some(self.next)
    }
}

impl Desk {
    pub(super) fn new(workers: usize) -> Self {
        let state = State {
            waiting: BTreeMap::new(),
            next: 0,
            received: 0,
            ended: None,
            returns: 0,
            buffers: vec![Vec::new(); workers * BUFFERS],
            failed: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// An empty buffer, as soon as there is one and something to fill it with; `None` if all is done.
    pub(super) fn buffer(&self) -> Option<Vec<u8>> {
        let mut state = locked(&self.state);
        while !state.is_over() {
            if state.ended.is_none()
                && let Some(buffer) = state.buffers.pop()
            {
                return Some(buffer);
            }
            state = self.wait(state);
        }
        None
    }

    /// Puts a judged chunk down.
    pub(super) fn put(&self, judged: Judged) {
        let mut state = locked(&self.state);
        state.received += 1;
        state.waiting.insert(judged.number, judged);
        drop(state);
        self.changed.notify_all();
    }

    /// Nothing was left after so many chunks and returns, and the buffer was not used.
    pub(super) fn end(&self, sent: u64, returns: u64, buffer: Vec<u8>) {
        let mut state = locked(&self.state);
        state.buffers.push(buffer);
        // It may have found nothing before bytes were put back.
        if returns == state.returns {
            state.ended = Some(sent);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Somebody cannot go on, so that nobody needs to.
    pub(super) fn fail(&self, error: io::Error) {
        locked(&self.state).failed.get_or_insert(error);
        self.changed.notify_all();
    }

    /// The error with which it ended, if it did.
    pub(super) fn failure(self) -> Option<io::Error> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).failed
    }

    /// The chunk whose turn it is, if it is here.
    pub(super) fn take(&self) -> Option<Judged> {
        let mut state = locked(&self.state);
        let next = state.next;
        if state.failed.is_some() { None } else { state.waiting.remove(&next) }
    }

    /// Whether the chunk whose turn it is is here.
    pub(super) fn is_ready(&self) -> bool {
        let state = locked(&self.state);
        state.failed.is_none() && state.waiting.contains_key(&state.next)
    }

    /// The chunk whose turn it was is done with.
    pub(super) fn done(&self, buffer: Vec<u8>) {
        let mut state = locked(&self.state);
        state.next += 1;
        state.buffers.push(buffer);
        drop(state);
        self.changed.notify_all();
    }

    /// Every chunk that waits, once all of so many were put down; nobody may read meanwhile.
    pub(super) fn take_back(&self, sent: u64) -> Vec<Judged> {
        let mut state = locked(&self.state);
        while state.received < sent && state.failed.is_none() {
            state = self.wait(state);
        }
        std::mem::take(&mut state.waiting).into_values().collect()
    }

    /// Bytes were put back for the so-manieth time; the next chunk has this number.
    pub(super) fn start_over(&self, returns: u64, next: u64, buffers: impl Iterator<Item = Vec<u8>>) {
        let mut state = locked(&self.state);
        state.returns = returns;
        state.next = next;
        state.ended = None;
        state.buffers.extend(buffers);
        drop(state);
        self.changed.notify_all();
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}
