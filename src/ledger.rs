//! Judges rows that are alike once.
//!
//! In: the cells of rows. Out: for each row who covers it; for many rows a [`Page`] of counts, and from the pages of one
//! thread, in the order of their rows, what its [`Book`] enters into a [`Tally`]. Rows are alike if the cells that are
//! judged and grouped by are the same bytes; hunt results are full of such rows. A page says what is new only, so that
//! the next ones are short. It knows neither formats nor files.

use crate::covers::Covers;
use crate::exclusions::model::FieldRef;
use crate::matcher::{Matcher, Scratch};
use crate::tally::{Alike, Destination, Span, Tally, widen};
use key::Key;
use known::Known;

mod key;
mod known;

/// What one thread knows about the rows that it has seen.
#[derive(Debug)]
pub struct Ledger<'m> {
    matcher: &'m Matcher,
    scratch: Scratch,
    key: Key,
    known: Known,
    /// Outcomes of which the page at hand has rows.
    touched: Vec<u32>,
    devices: Known,
    page: Page,
    /// Whether the tally has to tell which exclusions cover which rows.
    covers: bool,
    /// Whether process and destination are not among the cells that are judged.
    besides: [bool; 2],
}

/// Counts of some rows, in terms of what earlier pages said.
#[derive(Debug, Default)]
pub struct Page {
    /// What earlier pages said of rows is forgotten.
    afresh: bool,
    /// What rows have in common that were not seen before.
    outcomes: Vec<Alike>,
    /// Devices that were not seen before.
    devices: Vec<Box<str>>,
    /// Outcome, rows and span, in the order in which they were seen first.
    rows: Vec<(usize, u64, Option<Span>)>,
    /// Outcome and device of suppressed rows.
    seen_on: Vec<(usize, usize)>,
    malformed: u64,
    repeats: u64,
}

/// The pages of one thread.
#[derive(Debug, Default)]
pub struct Book {
    outcomes: Vec<Alike>,
    /// The tally's numbers of the devices.
    devices: Vec<u32>,
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
    /// An empty one. With `covers` its pages tell which exclusions cover which rows.
    pub fn new(matcher: &'m Matcher, covers: bool) -> Self {
        let is_besides = |name: &str| {
            let is = |slot: &FieldRef| matches!(slot, FieldRef::Field(field) if field.name() == name);
            !matcher.slots().iter().any(is)
        };
        Self {
            matcher,
            scratch: Scratch::default(),
            key: Key::default(),
            known: Known::default(),
            touched: Vec::new(),
            devices: Known::default(),
            page: Page::default(),
            covers,
            besides: ["process.name", "destination.ip"].map(is_besides),
        }
    }

    /// Counts a row and says who covers it; nobody if it is kept.
    #[inline]
    pub fn row(&mut self, judged: &[Option<&str>], facts: &Facts<'_>) -> &[u32] {
        self.key.clear();
        for cell in judged {
            self.key.add(bytes(*cell));
        }
        for (cell, _) in [facts.process, facts.destination].iter().zip(self.besides).filter(|(_, is)| *is) {
            self.key.add(bytes(*cell));
        }
        let place = match self.known.find(&self.key) {
            Ok(place) => place,
            Err(free) => self.add(free, judged, facts),
        };
        let outcome = self.known.at(place);
        let number = outcome.number();
        if outcome.rows == 0 {
            self.touched.push(number);
        }
        outcome.rows += 1;
        if let Some(time) = facts.time {
            outcome.first = outcome.first.min(time);
            outcome.last = outcome.last.max(time);
        }
        let covering = self.known.covering(place);
        if let Some(name) = facts.device
            && !covering.is_empty()
        {
            self.key.clear();
            self.key.add(name.as_bytes());
            let place = self.devices.find(&self.key).unwrap_or_else(|free| {
                self.page.devices.push(name.into());
                self.devices.add(free, &self.key, &[])
            });
            let device = self.devices.at(place).number();
            self.page.seen_on.push((number as usize, device as usize));
        }
        covering
    }

    /// Counts a row that could not be read; it is kept.
    pub fn malformed(&mut self) {
        self.page.malformed += 1;
    }

    /// Counts a row that is dropped because it repeats another.
    pub fn repeat(&mut self) {
        self.page.repeats += 1;
    }

    /// Rows that the page at hand says were dropped.
    pub fn repeats(&self) -> u64 {
        self.page.repeats
    }

    /// The page of the rows since the last time.
    pub fn take(&mut self) -> Page {
        for number in self.touched.drain(..) {
            let (rows, span) = self.known.numbered(number).take();
            self.page.rows.push((number as usize, rows, span));
        }
        let page = std::mem::take(&mut self.page);
        if self.known.is_full() {
            self.known.clear();
            self.page.afresh = true;
        }
        page
    }

    /// Adds an outcome that was not known, with the key at hand.
    #[cold]
    fn add(&mut self, free: usize, judged: &[Option<&str>], facts: &Facts<'_>) -> usize {
        let alike = self.judge(judged, facts);
        let place = self.known.add(free, &self.key, &alike.covering);
        self.page.outcomes.push(alike);
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
}

impl Page {
    /// Nothing but what later pages take as said.
    #[must_use]
    pub fn without_rows(self) -> Self {
        Self { afresh: self.afresh, outcomes: self.outcomes, devices: self.devices, ..Self::default() }
    }
}

impl Book {
    /// Enters the next page.
    pub fn enter(&mut self, page: Page, tally: &mut Tally) {
        if page.afresh {
            self.close(tally);
        }
        self.outcomes.extend(page.outcomes);
        self.devices.extend(page.devices.iter().map(|name| tally.device(name)));
        for (place, rows, span) in page.rows {
            let outcome = &mut self.outcomes[place];
            if outcome.rows == 0 {
                // What the tally tells apart is limited, so that the first rows in the file have to come first.
                tally.add(outcome);
            }
            outcome.rows += rows;
            if let Some((first, last)) = span {
                widen(&mut outcome.span, first, last);
            }
        }
        for (place, device) in page.seen_on {
            self.outcomes[place].devices.insert(self.devices[device]);
        }
        (0..page.malformed).for_each(|_| tally.add_malformed());
        (0..page.repeats).for_each(|_| tally.add_repeat());
    }

    /// Hands over the counts of all pages.
    pub fn close(&mut self, tally: &mut Tally) {
        self.outcomes.drain(..).filter(|outcome| outcome.rows > 0).for_each(|outcome| tally.add(&outcome));
    }
}

/// A tally to enter pages into.
pub fn tally(covers: bool) -> Tally {
    let mut tally = Tally::default();
    tally.covers = covers.then(Covers::default);
    tally
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
        let mut tally = tally(false);
        let mut book = Book::default();
        book.enter(ledger.take(), &mut tally);
        book.close(&mut tally);
        assert_eq!(tally.totals.read, 3);
    }
}
