//! Finds rows that repeat an earlier one.
//!
//! In: the device, time and report id of each row, which together identify an event of Defender, and the whole row. Out: how
//! many rows repeat an earlier one; or, if repeats are dropped, whether a row does. A row is dropped only if it equals the
//! earlier one in every byte: a query may expand one event into several rows, and those differ. It remembers a hash of each
//! row, not the row, and knows neither verdicts nor files.

use super::attribution::split_line_end;
use crate::input::chunk::Cut;
use crate::judge::row::RowCells;
use hashbrown::{DefaultHashBuilder, HashSet};
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many different rows are remembered if repeats are only counted: as many as a portal exports, and so few that
/// counting costs next to nothing.
pub(crate) const REMEMBERED: usize = 100_000;

/// The rows of a run, of all its files together.
#[derive(Debug)]
pub struct Repeats {
    hashers: [DefaultHashBuilder; 2],
    drops: bool,
    counted: Mutex<Counted>,
    /// Whether as many rows are remembered as may be.
    full: AtomicBool,
    /// Whether an irregular chunk has to be read again. Until then no later chunk may be judged.
    awaits_rereading: AtomicBool,
}

#[derive(Debug, Default)]
struct Counted {
    /// The rows that are remembered to count repeats.
    known: HashSet<u64>,
    /// The rows that are remembered to drop repeats. Two hashes, so that a collision does not lose a row.
    exactly: HashSet<(u64, u64)>,
    repeats: u64,
}

/// Two hashes of one row. The second is 0 if repeats are only counted.
pub(super) type RowIdentity = (u64, u64);

impl Repeats {
    /// With `drops` every repeat is dropped, else repeats are counted among the first `REMEMBERED` different rows.
    pub fn new(drops: bool) -> Self {
        Self {
            hashers: Default::default(),
            drops,
            counted: Mutex::default(),
            full: AtomicBool::new(false),
            awaits_rereading: AtomicBool::new(false),
        }
    }

    /// Whether repeats are dropped; rows then have to be judged in order.
    pub(crate) fn drops(&self) -> bool {
        self.drops
    }

    /// Whether the identities of rows are still needed.
    pub(super) fn wants_identities(&self) -> bool {
        !self.full.load(Ordering::Relaxed)
    }

    /// Whether a row is dropped, for a caller that takes every row once and in order. `bytes` is the whole row.
    pub fn drops_row(&self, cells: &RowCells<'_, '_>, bytes: &[u8]) -> bool {
        let whole = Some(split_line_end(bytes).0);
        self.drops && self.must_drop(self.identity(parts(cells), whole), &mut Vec::new())
    }

    /// How many rows repeat an earlier one, and whether later rows were not compared.
    pub(crate) fn found(&self) -> (u64, bool) {
        (self.counted().repeats, self.full.load(Ordering::Relaxed))
    }

    /// The identity of a row; `None` if it lacks one of `parts` (device, time and report id), or if identities are no longer
    /// needed. `whole` is the whole row, which is compared if repeats are dropped; `None` if it cannot be compared.
    #[inline]
    pub(super) fn identity(&self, parts: [Option<&str>; 3], whole: Option<impl Hash>) -> Option<RowIdentity> {
        if !self.wants_identities() {
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

    /// Counts the repeats in a chunk, in the order of the file. If repeats are dropped, they were counted before.
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

    /// Whether a row must be dropped. If not, it is remembered and added to `added`.
    pub(super) fn must_drop(&self, row: Option<RowIdentity>, added: &mut Vec<RowIdentity>) -> bool {
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

    /// Whether a chunk must not be judged yet, because an irregular one before it has to be read again.
    pub(super) fn must_wait(&self, cut: Cut) -> bool {
        if cut != Cut::Fast {
            self.awaits_rereading.store(false, Ordering::Relaxed);
        }
        self.drops && self.awaits_rereading.load(Ordering::Relaxed)
    }

    /// Forgets the rows of an irregular chunk, of which `dropped` were dropped. It is read again later.
    pub(super) fn take_back(&self, added: &[RowIdentity], dropped: u64) {
        if self.drops {
            let mut counted = self.counted();
            for row in added {
                counted.exactly.remove(row);
            }
            counted.repeats -= dropped;
            self.awaits_rereading.store(true, Ordering::Relaxed);
        }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells one row from all others: its device, by id where it has one, its time and its report.
pub(super) fn parts<'c>(cells: &RowCells<'_, 'c>) -> [Option<&'c str>; 3] {
    [cells.device_id.filter(|id| !id.is_empty()).or(cells.device), cells.time, cells.report_id]
}
