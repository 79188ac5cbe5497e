//! Rows that an export holds twice.
//!
//! In: device, time and report id of each row, which Defender promises to be one event together, and all of it. Out: how
//! many rows repeat an earlier one; or, where repeats are dropped, for each row whether it is one. A row is dropped only
//! if the earlier one is the same to the last byte: one event that was expanded into several rows keeps all of them. It
//! keeps a number for each row, not the row, and knows neither verdicts nor files.

use crate::input::chunk::Cut;
use hashbrown::{DefaultHashBuilder, HashSet};
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Different rows that are remembered where repeats are only counted: as many as any portal exports, and few enough for
/// the counting to cost nothing.
pub(crate) const REMEMBERED: usize = 100_000;

/// The rows of a run, of all its files together.
#[derive(Debug)]
pub(crate) struct Repeats {
    hashers: [DefaultHashBuilder; 2],
    drops: bool,
    counted: Mutex<Counted>,
    full: AtomicBool,
    /// What was seen after a chunk that has to be read again does not count.
    astray: AtomicBool,
}

#[derive(Debug, Default)]
struct Counted {
    known: HashSet<u64>,
    /// Both halves, where a row would be lost if two different ones had one number.
    exactly: HashSet<(u64, u64)>,
    repeats: u64,
}

/// Numbers that stand for one row.
pub(super) type RowIdentity = (u64, u64);

impl Repeats {
    /// Counts repeats among the first [`REMEMBERED`] different rows, or drops every repeat.
    pub(crate) fn new(drops: bool) -> Self {
        Self {
            hashers: Default::default(),
            drops,
            counted: Mutex::default(),
            full: AtomicBool::new(false),
            astray: AtomicBool::new(false),
        }
    }

    /// Whether repeats are dropped; rows then have to be judged in order.
    pub(crate) fn drops(&self) -> bool {
        self.drops
    }

    /// Whether anybody still wants to know what a row is.
    pub(super) fn looks(&self) -> bool {
        !self.full.load(Ordering::Relaxed)
    }

    /// Rows that repeat an earlier one, and whether later rows were not looked at.
    pub(crate) fn found(&self) -> (u64, bool) {
        (self.counted().repeats, self.full.load(Ordering::Relaxed))
    }

    /// What stands for a row; `None` if it lacks a part, or nobody wants to know any more. `whole` is all of the row,
    /// which counts where repeats are dropped; of a row that cannot be compared there is no repeat.
    #[inline]
    pub(super) fn identity(&self, parts: [Option<&str>; 3], whole: Option<impl Hash>) -> Option<RowIdentity> {
        if !self.looks() {
            return None;
        }
        let [Some(device), Some(time), Some(report)] = parts else { return None };
        if device.is_empty() || time.is_empty() || report.is_empty() {
            return None;
        }
        let [first, second] = &self.hashers;
        if !self.drops {
            return Some((first.hash_one(parts), 0));
        }
        let row = (parts, whole?);
        Some((first.hash_one(&row), second.hash_one(&row)))
    }

    /// Counts the rows of a chunk.
    pub(super) fn count(&self, rows: &[RowIdentity]) {
        if self.drops || rows.is_empty() {
            return;
        }
        let mut counted = self.counted();
        for (row, _) in rows {
            if counted.known.len() == REMEMBERED {
                self.full.store(true, Ordering::Relaxed);
                return;
            }
            counted.repeats += u64::from(!counted.known.insert(*row));
        }
    }

    /// Whether a row is to be dropped; if not it is known from now on and goes to `added`.
    pub(super) fn is_repeat(&self, row: Option<RowIdentity>, added: &mut Vec<RowIdentity>) -> bool {
        let Some(row) = row else { return false };
        if self.drops {
            let mut counted = self.counted();
            if !counted.exactly.insert(row) {
                counted.repeats += 1;
                return true;
            }
        }
        added.push(row);
        false
    }

    /// Whether a chunk has to wait until one before it was read again.
    pub(super) fn must_wait(&self, cut: Cut) -> bool {
        if cut != Cut::Fast {
            self.astray.store(false, Ordering::Relaxed);
        }
        self.drops && self.astray.load(Ordering::Relaxed)
    }

    /// Forgets the rows of a chunk that has to be read again, of which so many were dropped.
    pub(super) fn take_back(&self, added: &[RowIdentity], dropped: u64) {
        if self.drops {
            let mut counted = self.counted();
            for row in added {
                counted.exactly.remove(row);
            }
            counted.repeats -= dropped;
            self.astray.store(true, Ordering::Relaxed);
        }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
