//! Judges rows that are alike once.
//!
//! In: the cells of rows. Out: for each row who covers it, and for many rows a [`Tally`]. Rows are alike if the
//! cells that are judged and grouped by are the same bytes; hunt results are full of such rows. It knows
//! neither formats nor files.

use crate::covers::Covers;
use crate::matcher::{Matcher, Scratch};
use crate::tally::{Alike, Destination, Tally};
use hashbrown::HashMap;

/// Different rows that are remembered at a time.
const REMEMBERED: usize = 8_192;

/// What one thread knows about the rows that it has seen.
#[derive(Debug)]
pub struct Ledger<'m> {
    matcher: &'m Matcher,
    scratch: Scratch,
    /// The outcome of each different row, by its cells.
    known: HashMap<Box<[u8]>, usize>,
    outcomes: Vec<Alike>,
    /// Outcomes that have rows which the tally has not.
    touched: Vec<usize>,
    key: Vec<u8>,
    tally: Tally,
    /// Whether the tally tells which exclusions cover which rows.
    covers: bool,
}

/// The cells of a row beside those that are judged.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'c> {
    /// The device.
    pub device: Option<&'c str>,
    /// The time in nanoseconds since 1970.
    pub time: Option<i64>,
    /// The file name of the process.
    pub process: Option<&'c str>,
    /// The remote address.
    pub destination: Option<&'c str>,
}

impl<'m> Ledger<'m> {
    /// An empty one. With `covers` its tallies tell which exclusions cover which rows.
    pub fn new(matcher: &'m Matcher, covers: bool) -> Self {
        Self {
            matcher,
            scratch: Scratch::default(),
            known: HashMap::new(),
            outcomes: Vec::new(),
            touched: Vec::new(),
            key: Vec::new(),
            tally: empty(covers),
            covers,
        }
    }

    /// Counts a row and says who covers it; nobody if it is kept.
    pub fn row(&mut self, judged: &[Option<&str>], facts: &Facts<'_>) -> &[u32] {
        let place = self.outcome(judged, facts);
        let outcome = &mut self.outcomes[place];
        if outcome.rows == 0 {
            self.touched.push(place);
        }
        outcome.rows += 1;
        if let Some(time) = facts.time {
            outcome.widen(time);
        }
        if let Some(device) = facts.device
            && outcome.is_suppressed()
        {
            let device = self.tally.device(device);
            outcome.devices.insert(device);
        }
        &outcome.covering
    }

    /// Counts a row that could not be read; it is kept.
    pub fn malformed(&mut self) {
        self.tally.add_malformed();
    }

    /// Counts a row that is dropped because it repeats another.
    pub fn repeat(&mut self) {
        self.tally.add_repeat();
    }

    /// The tally of the rows since the last time.
    pub fn take(&mut self) -> Tally {
        for place in self.touched.drain(..) {
            self.tally.add(&self.outcomes[place]);
            self.outcomes[place].forget_rows();
        }
        std::mem::replace(&mut self.tally, empty(self.covers))
    }

    fn outcome(&mut self, judged: &[Option<&str>], facts: &Facts<'_>) -> usize {
        self.key.clear();
        for cell in judged.iter().chain([&facts.process, &facts.destination]) {
            // Absent and empty are one to every condition. With its length no cell can run into the next.
            let cell = cell.unwrap_or_default().as_bytes();
            self.key.extend_from_slice(&cell.len().to_le_bytes());
            self.key.extend_from_slice(cell);
        }
        if let Some(place) = self.known.get(self.key.as_slice()) {
            return *place;
        }
        if self.outcomes.len() >= REMEMBERED {
            self.start_afresh();
        }
        let place = self.outcomes.len();
        let alike = self.judge(judged, facts);
        self.outcomes.push(alike);
        self.known.insert(self.key.as_slice().into(), place);
        place
    }

    fn judge(&mut self, judged: &[Option<&str>], facts: &Facts<'_>) -> Alike {
        let verdict = self.matcher.judge(judged, &mut self.scratch);
        let unmet = |exclusion: u32| {
            let scope = self.matcher.scope(exclusion, judged).into_iter();
            let unmet = scope.filter(|(_, met)| !met);
            unmet.map(|(slot, _)| (slot, lower(judged[slot]))).collect()
        };
        let cells = judged.iter().chain([&facts.process, &facts.destination]);
        let suppressed = verdict.is_suppressed();
        Alike {
            example: if self.covers && suppressed {
                cells.map(|cell| cell.unwrap_or_default().into()).collect()
            } else {
                Box::default()
            },
            undecided: if self.covers && verdict.undecidable {
                self.matcher.undecided(judged).into()
            } else {
                Box::default()
            },
            covering: verdict.suppressed_by.into(),
            undecidable: verdict.undecidable,
            unmet: verdict.suppressed_by.iter().map(|exclusion| unmet(*exclusion)).collect(),
            process: lower(facts.process),
            destination: Destination::of(facts.destination),
            ..Alike::default()
        }
    }

    fn start_afresh(&mut self) {
        for place in self.touched.drain(..) {
            self.tally.add(&self.outcomes[place]);
        }
        self.outcomes.clear();
        self.known.clear();
    }
}

fn empty(covers: bool) -> Tally {
    let mut tally = Tally::default();
    tally.covers = covers.then(Covers::default);
    tally
}

fn lower(cell: Option<&str>) -> Box<str> {
    cell.unwrap_or_default().to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exclusions::validate::{ListText, load};
    use crate::schema::Schemas;

    #[test]
    fn cells_that_join_to_the_same_bytes_are_not_alike() {
        let text = "exclusions:\n- id: a\n  when: {process.name: \"x\\0\", process.path: y}\n";
        let list = ListText { file: "a".into(), text: text.into() };
        let exclusions = load(&[list], &Schemas::built_in()).unwrap();
        let applied: Vec<_> = exclusions.iter().collect();
        let matcher = Matcher::new(&applied, "defender").unwrap();
        let mut ledger = Ledger::new(&matcher, false);
        let facts = Facts::default();
        assert_eq!(ledger.row(&[Some("x\0"), Some("y")], &facts), [0]);
        assert!(ledger.row(&[Some("x"), Some("\0y")], &facts).is_empty());
        assert!(ledger.row(&[Some("x"), Some("y")], &facts).is_empty());
        assert_eq!(ledger.take().totals.read, 3);
    }
}
