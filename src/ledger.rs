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
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use smallvec::SmallVec;
use std::hash::{BuildHasher, Hash, Hasher};

/// Different rows that are remembered at a time.
const REMEMBERED: usize = 16_384;

/// What one thread knows about the rows that it has seen.
#[derive(Debug)]
pub struct Ledger<'m> {
    matcher: &'m Matcher,
    scratch: Scratch,
    hasher: DefaultHashBuilder,
    /// The places of outcomes, by the cells of their rows.
    known: HashTable<usize>,
    outcomes: Vec<Outcome>,
    /// Outcomes of which the page at hand has rows.
    touched: Vec<usize>,
    devices: HashMap<Box<str>, usize>,
    page: Page,
    /// Whether the tally has to tell which exclusions cover which rows.
    covers: bool,
    /// The slots that hold process and destination, which need not be compared twice.
    repeated: [Option<usize>; 2],
}

/// What rows that are alike have in common, and how many the page at hand has of them.
///
/// Keys and sets of a usual length stand in it: whoever looks at one of thousands of outcomes waits for memory once.
#[derive(Debug)]
struct Outcome {
    key: Key,
    rows: u64,
    span: Option<Span>,
    covering: SmallVec<[u32; 4]>,
}

/// The cells of a row, each with its length before it, so that none can run into the next.
type Key = SmallVec<[u8; 48]>;

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
        let slot = |name: &str| {
            let is = |slot: &FieldRef| matches!(slot, FieldRef::Field(field) if field.name() == name);
            matcher.slots().iter().position(is)
        };
        Self {
            matcher,
            scratch: Scratch::default(),
            hasher: DefaultHashBuilder::default(),
            known: HashTable::new(),
            outcomes: Vec::new(),
            touched: Vec::new(),
            devices: HashMap::new(),
            page: Page::default(),
            covers,
            repeated: [slot("process.name"), slot("destination.ip")],
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
            widen(&mut outcome.span, time, time);
        }
        if let Some(name) = facts.device
            && !outcome.covering.is_empty()
        {
            let device = if let Some(device) = self.devices.get(name) {
                *device
            } else {
                let device = self.devices.len();
                self.devices.insert(name.into(), device);
                self.page.devices.push(name.into());
                device
            };
            self.page.seen_on.push((place, device));
        }
        &outcome.covering
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
        for place in self.touched.drain(..) {
            let outcome = &mut self.outcomes[place];
            self.page.rows.push((place, std::mem::take(&mut outcome.rows), outcome.span.take()));
        }
        let page = std::mem::take(&mut self.page);
        if self.outcomes.len() >= REMEMBERED {
            self.known.clear();
            self.outcomes.clear();
            self.page.afresh = true;
        }
        page
    }

    fn outcome(&mut self, judged: &[Option<&str>], facts: &Facts<'_>) -> usize {
        let [process, destination] = self.repeated;
        let others = [(process, facts.process), (destination, facts.destination)];
        let others = others.into_iter().filter(|(slot, _)| slot.is_none()).map(|(_, cell)| cell);
        let cells = judged.iter().copied().chain(others);
        let mut hasher = self.hasher.build_hasher();
        cells.clone().for_each(|cell| bytes(cell).hash(&mut hasher));
        let hash = hasher.finish();
        let outcomes = &self.outcomes;
        if let Some(place) = self.known.find(hash, |place| is_key(&outcomes[*place].key, cells.clone())) {
            return *place;
        }
        let place = self.outcomes.len();
        let key = key(cells);
        let alike = self.judge(judged, facts);
        self.outcomes.push(Outcome { key, covering: (&*alike.covering).into(), rows: 0, span: None });
        self.page.outcomes.push(alike);
        let (outcomes, hasher) = (&self.outcomes, &self.hasher);
        self.known.insert_unique(hash, place, |place| hash_of_key(hasher, &outcomes[*place].key));
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

fn key<'c>(cells: impl Iterator<Item = Option<&'c str>>) -> Key {
    let mut key = Key::new();
    for cell in cells.map(bytes) {
        key.extend_from_slice(&length(cell));
        key.extend_from_slice(cell);
    }
    key
}

/// No cell is as long as this can say.
fn length(cell: &[u8]) -> [u8; 4] {
    u32::try_from(cell.len()).unwrap_or(u32::MAX).to_le_bytes()
}

/// The cells of a key.
fn cells_of(mut key: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = key.split_first_chunk()?;
        let (cell, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        key = rest;
        Some(cell)
    })
}

fn is_key<'c>(key: &[u8], cells: impl Iterator<Item = Option<&'c str>>) -> bool {
    cells_of(key).eq(cells.map(bytes))
}

fn hash_of_key(hasher: &DefaultHashBuilder, key: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    cells_of(key).for_each(|cell| cell.hash(&mut hasher));
    hasher.finish()
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
