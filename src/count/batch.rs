//! Counts of many rows at once, in terms of classes of rows that are alike.
//!
//! In: from each thread [`BatchCounts`], one batch for each chunk in the order of the file. Out: what its [`Merger`] enters
//! into a [`Tally`]. A batch describes only the classes and devices that are new, so that the next ones are short.

use super::coverage::Coverage;
use super::tally::{RowClass, Tally, TimeSpan, widen};

/// Counts of some rows, in terms of what earlier batches said.
#[derive(Debug, Default)]
pub struct BatchCounts {
    /// What earlier batches said of rows is forgotten.
    pub(crate) afresh: bool,
    /// What rows have in common that were not seen before.
    pub(crate) classes: Vec<RowClass>,
    /// Devices that were not seen before.
    pub(crate) devices: Vec<Box<str>>,
    /// Class, rows and span, in the order in which they were seen first.
    pub(crate) rows: Vec<(usize, u64, Option<TimeSpan>)>,
    /// Class and device of suppressed rows.
    pub(crate) seen_on: Vec<(usize, usize)>,
    pub(crate) malformed: u64,
    pub(crate) repeats: u64,
}

/// The batches of one thread.
#[derive(Debug, Default)]
pub struct Merger {
    classes: Vec<RowClass>,
    /// The tally's numbers of the devices.
    devices: Vec<u32>,
}

impl BatchCounts {
    /// How many rows were counted.
    pub fn row_count(&self) -> u64 {
        self.rows.iter().map(|(_, rows, _)| rows).sum::<u64>() + self.malformed + self.repeats
    }

    /// Nothing but what later batches take as said.
    #[must_use]
    pub fn without_rows(self) -> Self {
        Self { afresh: self.afresh, classes: self.classes, devices: self.devices, ..Self::default() }
    }
}

impl Merger {
    /// Enters the next batch.
    pub fn enter(&mut self, batch: BatchCounts, tally: &mut Tally) {
        if batch.afresh {
            self.close(tally);
        }
        self.classes.extend(batch.classes);
        self.devices.extend(batch.devices.iter().map(|name| tally.device(name)));
        for (place, rows, span) in batch.rows {
            let class = &mut self.classes[place];
            if class.rows == 0 {
                // What the tally tells apart is limited, so that the first rows in the file have to come first.
                tally.add(class);
            }
            class.rows += rows;
            if let Some((first, last)) = span {
                widen(&mut class.span, first, last);
            }
        }
        for (place, device) in batch.seen_on {
            self.classes[place].devices.insert(self.devices[device]);
        }
        (0..batch.malformed).for_each(|_| tally.add_malformed());
        (0..batch.repeats).for_each(|_| tally.add_repeat());
    }

    /// Hands over the counts of all batches.
    pub fn close(&mut self, tally: &mut Tally) {
        self.classes.drain(..).filter(|class| class.rows > 0).for_each(|class| tally.add(&class));
    }
}

/// A tally to enter batches into.
pub fn tally(coverage: bool) -> Tally {
    let mut tally = Tally::default();
    tally.coverage = coverage.then(Coverage::default);
    tally
}
