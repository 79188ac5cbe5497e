//! Judges rows that are alike once.
//!
//! In: the cells of rows. Out: for each row who covers it, and for all rows since the last time a batch of counts. Rows are
//! alike if the cells that are judged and grouped by are the same bytes; hunt results are full of such rows. It knows
//! neither formats nor files.

mod key;
mod table;

use super::matcher::{Matcher, Scratch};
use super::row::RowCells;
use crate::count::batch::BatchCounts;
use crate::count::tally::{Destination, RowClass};
use crate::exclusions::model::FieldRef;
use key::RowKey;
use table::ClassTable;

/// What one thread knows about the rows that it has seen.
#[derive(Debug)]
pub struct VerdictCache<'m> {
    matcher: &'m Matcher,
    scratch: Scratch,
    key: RowKey,
    classes: ClassTable,
    /// Classes of which the batch at hand has rows.
    touched: Vec<u32>,
    devices: ClassTable,
    batch: BatchCounts,
    /// Whether the tally has to tell which exclusions cover which rows.
    coverage: bool,
    /// Whether process and destination have to go into the key besides the cells that are judged.
    extra_key_cells: [bool; 2],
}

impl<'m> VerdictCache<'m> {
    /// An empty one. With `coverage` its batches tell which exclusions cover which rows.
    pub fn new(matcher: &'m Matcher, coverage: bool) -> Self {
        let is_judged = |name: &str| {
            let is = |slot: &FieldRef| matches!(slot, FieldRef::Field(field) if field.name() == name);
            matcher.slots().iter().any(is)
        };
        Self {
            matcher,
            scratch: Scratch::default(),
            key: RowKey::default(),
            classes: ClassTable::default(),
            touched: Vec::new(),
            devices: ClassTable::default(),
            batch: BatchCounts::default(),
            coverage,
            extra_key_cells: ["process.name", "destination.ip"].map(|name| !is_judged(name)),
        }
    }

    /// Counts a row with its time in nanoseconds since 1970, and says who covers it; nobody if it is kept.
    #[inline]
    pub fn row(&mut self, cells: &RowCells<'_, '_>, time: Option<i64>) -> &[u32] {
        self.key.clear();
        for cell in cells.judged {
            self.key.add(bytes(*cell));
        }
        let extra = [cells.process, cells.destination].into_iter().zip(self.extra_key_cells);
        for (cell, _) in extra.filter(|(_, wanted)| *wanted) {
            self.key.add(bytes(cell));
        }
        let number = match self.classes.find(&self.key) {
            Ok(number) => number,
            Err(hash) => self.add(hash, cells),
        };
        let class = self.classes.class(number);
        if class.rows == 0 {
            self.touched.push(number);
        }
        class.rows += 1;
        if let Some(time) = time {
            class.first = class.first.min(time);
            class.last = class.last.max(time);
        }
        let covering = self.classes.covering(number);
        if let Some(name) = cells.device.filter(|name| !name.is_empty())
            && !covering.is_empty()
        {
            self.key.clear();
            self.key.add(name.as_bytes());
            let device = self.devices.find(&self.key).unwrap_or_else(|hash| {
                self.batch.devices.push(name.into());
                self.devices.add(hash, &self.key, &[])
            });
            self.batch.seen_on.push((number as usize, device as usize));
        }
        covering
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
        for number in self.touched.drain(..) {
            let (rows, span) = self.classes.class(number).take();
            self.batch.rows.push((number as usize, rows, span));
        }
        let batch = std::mem::take(&mut self.batch);
        if self.classes.is_full() {
            self.classes.clear();
            self.batch.afresh = true;
        }
        batch
    }

    /// Adds the class of a row that is like none before, with the key at hand.
    #[cold]
    fn add(&mut self, hash: u64, cells: &RowCells<'_, '_>) -> u32 {
        let class = self.judge(cells);
        let number = self.classes.add(hash, &self.key, &class.covering);
        self.batch.classes.push(class);
        number
    }

    fn judge(&mut self, cells: &RowCells<'_, '_>) -> RowClass {
        let verdict = self.matcher.judge(cells.judged, &mut self.scratch);
        let unmet = |exclusion: u32| {
            let scope = self.matcher.scope(exclusion, cells.judged).into_iter();
            let unmet = scope.filter(|(_, met)| !met);
            unmet.map(|(slot, _)| (slot, lower(cells.judged[slot]))).collect()
        };
        let example = cells.judged.iter().chain([&cells.process, &cells.destination]);
        RowClass {
            example: if self.coverage && verdict.is_suppressed() {
                example.map(|cell| cell.unwrap_or_default().into()).collect()
            } else {
                Box::default()
            },
            undecided: if self.coverage && verdict.undecidable {
                self.matcher.undecided(cells.judged).into()
            } else {
                Box::default()
            },
            covering: verdict.suppressed_by.into(),
            undecidable: verdict.undecidable,
            unmet: verdict.suppressed_by.iter().map(|exclusion| unmet(*exclusion)).collect(),
            process: lower(cells.process),
            destination: Destination::of(cells.destination),
            ..RowClass::default()
        }
    }
}

/// Absent and empty are one to every condition.
fn bytes(cell: Option<&str>) -> &[u8] {
    cell.unwrap_or_default().as_bytes()
}

fn lower(cell: Option<&str>) -> Box<str> {
    cell.unwrap_or_default().to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::batch::{Merger, tally};
    use crate::exclusions::validate::{ListText, load};
    use crate::schema::Schemas;

    #[test]
    fn cells_that_join_to_the_same_bytes_are_not_alike() {
        let text = "exclusions:\n- id: a\n  when: {process.name: \"x\\0\", process.path: y}\n";
        let list = ListText { file: "a".into(), text: text.into() };
        let exclusions = load(&[list], &Schemas::built_in()).unwrap();
        let applied: Vec<_> = exclusions.iter().collect();
        let matcher = Matcher::new(&applied, "defender").unwrap();
        let mut cache = VerdictCache::new(&matcher, false);
        let mut row = |cells: &[Option<&str>]| cache.row(&RowCells::of(cells, 2), None).to_vec();
        assert_eq!(row(&[Some("x\0"), Some("y")]), [0]);
        assert!(row(&[Some("x"), Some("\0y")]).is_empty());
        assert!(row(&[Some("x"), Some("y")]).is_empty());
        let (mut tally, mut merger) = (tally(false), Merger::default());
        merger.enter(cache.take_batch(), &mut tally);
        merger.close(&mut tally);
        assert_eq!(tally.totals.read, 3);
    }
}
