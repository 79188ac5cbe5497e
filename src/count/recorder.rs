//! Counts the rows that one thread has judged.
//!
//! In: rows, each kept or suppressed by whom. Out: for all rows since the last time a batch of counts. It judges nothing.

use super::batch::{BatchCounts, LooseRows, SetRows};
use super::coverage::{ExampleRow, MAX_EXAMPLES};
use super::destination::Destination;
use super::groups::GroupTable;
use super::tally::{UnreadableCells, widen};
use super::texts::Texts;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// Devices and sets of exclusions that are remembered at a time.
const REMEMBERED: usize = 16_384;

/// What one thread counts.
#[derive(Debug, Default)]
pub struct Recorder {
    batch: BatchCounts,
    devices: Texts,
    sets: SetTable,
    /// How many processes earlier batches have named.
    processes: u32,
    /// Where the groups of the batch stand in it.
    groups: GroupTable,
    /// Where the sets of the batch stand in it, by number; [`NOWHERE`] for those that it has not.
    suppressed: Vec<u32>,
    loose_values: Texts,
    /// Where the loose rows of the batch stand in it.
    loose: HashTable<u32>,
    /// Rows by exclusion, for the batch.
    unscoped: HashMap<u32, u64>,
    undecided: HashMap<u32, u64>,
    /// Where the set of the last suppressed row stands in the batch.
    last: usize,
    hasher: DefaultHashBuilder,
    /// Whether names, devices and sets were forgotten since the last batch.
    afresh: bool,
}

const NOWHERE: u32 = u32::MAX;

/// Sets of exclusions by number.
#[derive(Debug, Default)]
struct SetTable {
    sets: Vec<Box<[u32]>>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// The set of the last row, which is often that of the next.
    last: u32,
}

impl SetTable {
    /// The number of a set, which it gets if it is new.
    #[inline]
    fn number(&mut self, covering: &[u32]) -> u32 {
        let is_it = |number: &u32| self.sets.get(*number as usize).is_some_and(|set| **set == *covering);
        if is_it(&self.last) {
            return self.last;
        }
        let hash = self.hasher.hash_one(covering);
        if let Some(number) = self.numbers.find(hash, is_it) {
            self.last = *number;
        } else {
            self.last = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
            self.sets.push(covering.into());
            let (sets, hasher) = (&self.sets, &self.hasher);
            self.numbers.insert_unique(hash, self.last, |number| hasher.hash_one(&*sets[*number as usize]));
        }
        self.last
    }

    fn clear(&mut self) {
        self.sets.clear();
        self.numbers.clear();
    }
}

impl Recorder {
    /// A number for a process that kept rows have, given as it is written. The caller remembers it until [`Self::is_full`].
    pub fn process(&mut self, name: &str) -> u32 {
        self.batch.processes.push_lower(name);
        self.processes += 1;
        self.processes - 1
    }

    /// Counts a kept row. `process` is a number of [`Self::process`].
    #[inline]
    pub fn kept(&mut self, process: u32, destination: Destination, undecidable: bool, time: Option<i64>) {
        let batch = &mut self.batch;
        batch.kept += 1;
        batch.undecidable += u64::from(undecidable);
        if let Some(time) = time {
            widen(&mut batch.span, time, time);
        }
        let key = (process, destination);
        if let Some(place) = self.groups.find(key, |place| batch.groups[place as usize].0) {
            batch.groups[place as usize].1 += 1;
        } else {
            let place = u32::try_from(batch.groups.len()).unwrap_or(u32::MAX);
            batch.groups.push((key, 1));
            self.groups.insert(key, place, |place| batch.groups[place as usize].0);
        }
    }

    /// Counts a suppressed row with who covers it.
    #[inline]
    pub fn suppressed(&mut self, covering: &[u32], device: Option<&str>, time: Option<i64>) {
        let place = self.set(covering);
        self.last = place;
        let batch = &mut self.batch;
        let of_set = &mut batch.suppressed[place];
        of_set.rows += 1;
        if let Some(time) = time {
            widen(&mut of_set.span, time, time);
        }
        if let Some(name) = device.filter(|name| !name.is_empty()) {
            let known = self.devices.list().len();
            let device = self.devices.number(name);
            if device as usize == known {
                batch.devices.push(name);
            }
            batch.seen_on.push((of_set.set, device));
        }
    }

    /// The number of a set, and its rows in the batch at hand.
    fn set(&mut self, covering: &[u32]) -> usize {
        let number = self.sets.number(covering);
        if number as usize == self.suppressed.len() {
            self.batch.sets.push(covering.into());
            self.suppressed.push(NOWHERE);
        }
        let place = &mut self.suppressed[number as usize];
        if *place == NOWHERE {
            *place = u32::try_from(self.batch.suppressed.len()).unwrap_or(u32::MAX);
            self.batch.suppressed.push(SetRows { set: number, rows: 0, span: None, examples: Vec::new() });
        }
        *place as usize
    }

    /// Says of the last suppressed row that one that covers it does not hold all the fields that it names.
    pub fn unscoped(&mut self, exclusion: u32) {
        *self.unscoped.entry(exclusion).or_default() += 1;
    }

    /// Says which field that is, and what stands there instead.
    pub fn loose(&mut self, exclusion: u32, slot: usize, value: &str, lower: &mut String) {
        lower.clear();
        lower.push_str(value);
        lower.make_ascii_lowercase();
        let known = self.loose_values.list().len();
        let value = self.loose_values.number(lower);
        if value as usize == known {
            self.batch.loose_values.push(lower);
        }
        let (rows, hasher) = (&mut self.batch.loose, &self.hasher);
        let hash = |loose: &LooseRows| hasher.hash_one((loose.exclusion, loose.slot, loose.value));
        let new = LooseRows { exclusion, slot, value, rows: 1 };
        let same = |place: &u32| {
            let known = &rows[*place as usize];
            (known.exclusion, known.slot, known.value) == (exclusion, slot, value)
        };
        if let Some(place) = self.loose.find(hash(&new), same) {
            rows[*place as usize].rows += 1;
        } else {
            let place = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            rows.push(new);
            self.loose.insert_unique(hash(&new), place, |place| hash(&rows[*place as usize]));
        }
    }

    /// Gives the last suppressed row as an example of its set, of which a batch has only the first different ones.
    pub fn example(&mut self, row: impl FnOnce() -> ExampleRow) {
        let examples = &mut self.batch.suppressed[self.last].examples;
        if examples.len() < MAX_EXAMPLES {
            let row = row();
            if !examples.contains(&row) {
                examples.push(row);
            }
        }
    }

    /// Says on which exclusions the last kept row hung.
    pub fn undecided(&mut self, exclusions: &[u32]) {
        for exclusion in exclusions {
            *self.undecided.entry(*exclusion).or_default() += 1;
        }
    }

    /// Says in which slots a value was read, as bits.
    pub fn readable(&mut self, slots: u128) {
        self.batch.readable |= slots;
    }

    /// Counts a text in a slot that could not be read. The first one of a batch is remembered.
    pub fn unreadable(&mut self, slot: usize, text: &str) {
        if let Some(known) = self.batch.unreadable.iter_mut().find(|known| known.slot == slot) {
            known.cells += 1;
        } else {
            self.batch.unreadable.push(UnreadableCells { slot, text: text.into(), cells: 1 });
        }
    }

    /// Counts a row that could not be read; it is kept.
    pub fn malformed(&mut self) {
        self.batch.malformed += 1;
    }

    /// Counts a row that is dropped because it repeats another.
    pub fn repeat(&mut self) {
        self.batch.repeats += 1;
    }

    /// Rows that the batch at hand says were dropped.
    pub fn repeats(&self) -> u64 {
        self.batch.repeats
    }

    /// The counts of the rows since the last time.
    pub fn take_batch(&mut self) -> BatchCounts {
        for of_set in &self.batch.suppressed {
            self.suppressed[of_set.set as usize] = NOWHERE;
        }
        self.batch.unscoped.extend(self.unscoped.drain());
        self.batch.undecided.extend(self.undecided.drain());
        self.groups.clear();
        self.loose.clear();
        self.loose_values.clear();
        let mut batch = std::mem::take(&mut self.batch);
        batch.afresh = std::mem::take(&mut self.afresh);
        batch
    }

    /// Whether what it remembers between batches had better be forgotten.
    pub fn is_full(&self) -> bool {
        self.devices.list().len().max(self.sets.sets.len()) >= REMEMBERED
    }

    /// Forgets names, devices and sets. Only between two batches.
    pub fn forget(&mut self) {
        self.devices.clear();
        self.sets.clear();
        self.suppressed.clear();
        self.processes = 0;
        self.afresh = true;
    }
}
