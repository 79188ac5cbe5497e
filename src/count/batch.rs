//! What one thread has counted in one chunk.
//!
//! In: from a [`Recorder`](super::recorder::Recorder) [`BatchCounts`], one batch for each chunk in the order of the file. Out:
//! what its [`Merger`] enters into a [`Tally`]. A batch describes only the names, devices and sets of exclusions that its
//! thread had not seen before, so that the next ones are short.

use super::coverage::{Coverage, ExampleRow};
use super::groups::{GroupKey, ProcessNumber};
use super::tally::{Tally, TimeSpan, UnreadableCells};
use super::texts::TextList;

/// Counts of some rows. Names, devices and sets are numbered through all batches of a thread.
#[derive(Debug, Default)]
pub struct BatchCounts {
    /// What earlier batches said of names, devices and sets is forgotten.
    pub(super) afresh: bool,
    /// Processes of kept rows that were not seen before, in ASCII lower case.
    pub(super) processes: TextList,
    /// Devices that were not seen before.
    pub(super) devices: TextList,
    /// Sets of exclusions that cover a row and were not seen before, each ascending.
    pub(super) sets: Vec<Box<[u32]>>,

    pub(super) kept: u64,
    /// Kept rows for which some exclusion hung on a field without a value.
    pub(super) undecidable: u64,
    pub(super) malformed: u64,
    pub(super) repeats: u64,
    /// Earliest and latest time of kept rows.
    pub(super) span: Option<TimeSpan>,
    /// Kept rows by group, in the order in which they were seen first.
    pub(super) groups: Vec<(GroupKey, u64)>,
    /// Suppressed rows by set, in the order in which they were seen first.
    pub(super) suppressed: Vec<SetRows>,
    /// Set and device of suppressed rows.
    pub(super) seen_on: Vec<(u32, u32)>,
    /// Rows of an exclusion that do not meet every field it names.
    pub(super) unscoped: Vec<(u32, u64)>,
    /// Values of those fields, in ASCII lower case.
    pub(super) loose_values: TextList,
    pub(super) loose: Vec<LooseRows>,
    /// The slots in which a value could be read, as bits.
    pub(super) readable: u128,
    /// The slots in which a text could not be read.
    pub(super) unreadable: Vec<UnreadableCells>,
    /// Kept rows that hung on an exclusion; none unless somebody asked for sets.
    pub(super) undecided: Vec<(u32, u64)>,
}

/// Suppressed rows that the same exclusions cover.
#[derive(Debug)]
pub(super) struct SetRows {
    /// The number of the set.
    pub(super) set: u32,
    pub(super) rows: u64,
    pub(super) span: Option<TimeSpan>,
    /// The first different ones of this batch; none unless somebody asked for sets.
    pub(super) examples: Vec<ExampleRow>,
}

/// Rows that an exclusion covers though they do not meet its conditions on one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LooseRows {
    pub(super) exclusion: u32,
    pub(super) slot: usize,
    /// The place of what stands there instead.
    pub(super) value: u32,
    pub(super) rows: u64,
}

/// The batches of one thread.
#[derive(Debug, Default)]
pub struct Merger {
    processes: Vec<ProcessNumber>,
    /// The tally's numbers of the devices.
    devices: Vec<u32>,
    sets: Vec<Box<[u32]>>,
}

impl BatchCounts {
    /// How many rows were counted.
    pub fn row_count(&self) -> u64 {
        self.kept + self.suppressed_rows() + self.malformed + self.repeats
    }

    pub(super) fn suppressed_rows(&self) -> u64 {
        self.suppressed.iter().map(|set| set.rows).sum()
    }

    /// Nothing but what later batches take as said.
    #[must_use]
    pub fn without_rows(self) -> Self {
        let Self { afresh, processes, devices, sets, .. } = self;
        Self { afresh, processes, devices, sets, ..Self::default() }
    }
}

impl Merger {
    /// Enters the next batch.
    pub fn enter(&mut self, batch: &mut BatchCounts, tally: &mut Tally) {
        if batch.afresh {
            *self = Self::default();
        }
        self.processes.extend(batch.processes.iter().map(|name| tally.groups.process(name)));
        self.devices.extend(batch.devices.iter().map(|name| tally.device(name)));
        self.sets.append(&mut batch.sets);
        tally.add_kept(batch.kept, batch.undecidable, batch.span);
        for ((process, destination), rows) in &batch.groups {
            tally.groups.add(self.processes[*process as usize], *destination, *rows);
        }
        self.enter_suppressed(batch, tally);
        (0..batch.malformed).for_each(|_| tally.add_malformed());
        tally.add_repeats(batch.repeats);
        tally.add_readable(batch.readable, batch.unreadable.drain(..));
    }

    fn enter_suppressed(&self, batch: &mut BatchCounts, tally: &mut Tally) {
        for SetRows { set, rows, span, examples } in batch.suppressed.drain(..) {
            let covering = &self.sets[set as usize];
            tally.add_suppressed(covering, rows, span);
            if let Some(coverage) = &mut tally.coverage {
                coverage.suppressed(covering, rows, examples);
            }
        }
        for (set, device) in &batch.seen_on {
            tally.add_device(&self.sets[*set as usize], self.devices[*device as usize]);
        }
        for (exclusion, rows) in &batch.unscoped {
            tally.add_unscoped(*exclusion, *rows);
        }
        for loose in &batch.loose {
            let value = batch.loose_values.get(loose.value);
            tally.add_loose(loose.exclusion, loose.slot, value, loose.rows);
        }
        if let Some(coverage) = &mut tally.coverage {
            for (exclusion, rows) in &batch.undecided {
                coverage.undecided(*exclusion, *rows);
            }
        }
    }
}

/// A tally to enter batches into.
pub fn tally(coverage: bool) -> Tally {
    let mut tally = Tally::default();
    tally.coverage = coverage.then(Coverage::default);
    tally
}
