//! Takes the rows of a run for the page.
//!
//! In: each row in order, with all its cells, its time and its group. Out: exact counts of every row, by
//! set and span and by set and group; and the rows themselves, all of them if they are few enough, else a sample in
//! which every set and every group has a row as far as there is room. It says what it does not hold.

use super::outcomes::{Outcomes, number};
use super::times::Times;
use crate::count::destination::Destination;
use crate::fields::Kind;
use crate::judge::Matcher;
use hashbrown::HashMap;
use indexmap::IndexSet;

/// Rows that a page holds if nobody says otherwise.
pub const HELD: usize = 100_000;
/// Columns that a page holds.
pub const MOST_COLUMNS: usize = 150;
/// Bytes of text after which only rows that must be there are held.
const MOST_TEXT: usize = 256 << 20;
/// A row has no time.
const UNTIMED: u32 = u32::MAX;

/// A row of results.
#[derive(Debug, Clone, Copy)]
pub struct PageRow<'r> {
    /// The file, by its place in the run.
    pub file: u32,
    /// Its number in the file, from 1.
    pub number: u64,
    /// Its line in the file, from 1.
    pub line: u64,
    /// The cells that are judged, one for each slot of the matcher.
    pub judged: &'r [Option<&'r str>],
    /// The cells of the columns and then of the fields that were named.
    pub shown: &'r [Option<&'r str>],
    /// Nanoseconds since 1970.
    pub time: Option<i64>,
    /// The process of its group.
    pub process: Option<&'r str>,
    /// Where it went.
    pub destination: Option<&'r str>,
}

/// A column or a field whose cells the page shows.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// How conditions on it compare, if it is a field.
    pub(super) kind: Option<Kind>,
    /// Different texts; a code is the place of one, from 1, and 0 is a cell that is absent.
    pub(super) texts: IndexSet<Box<str>>,
    pub(super) codes: Vec<u32>,
}

/// The rows that are held, column by column.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) files: Vec<u32>,
    pub(super) numbers: Vec<u32>,
    pub(super) lines: Vec<u32>,
    pub(super) sets: Vec<u32>,
    pub(super) groups: Vec<u32>,
    pub(super) near: Vec<u32>,
    /// Why a row cannot be read, from 1.
    pub(super) faults: Vec<u32>,
    /// Nanoseconds since 1970.
    pub(super) times: Vec<Option<i64>>,
}

/// The rows of a run, on their way into a page.
#[derive(Debug)]
pub struct Collector<'m> {
    pub(super) outcomes: Outcomes<'m>,
    pub(super) columns: Vec<Column>,
    pub(super) held: Held,
    pub(super) times: Times,
    /// Rows by set and group.
    pub(super) grouped: HashMap<(u32, u32), u32>,
    pub(super) groups: IndexSet<(Box<str>, Destination)>,
    pub(super) faults: IndexSet<String>,
    /// All rows.
    pub(super) read: u64,
    /// Rows that cannot be read.
    pub(super) malformed: u64,
    sample: Sample,
    text: usize,
}

/// Which rows are held.
#[derive(Debug)]
struct Sample {
    /// Rows that may be held.
    most: usize,
    /// Out of 2^32 rows so many are held by chance.
    chance: u64,
    /// Rows that are held because nothing like them was.
    firsts: usize,
}

impl Sample {
    fn new(most: usize, all: u64) -> Self {
        let most = most.max(1);
        // A quarter of the room is for what nothing like it was; the rest is for chance, so that common rows are there as
        // often as they are common.
        let chance = if all <= most as u64 { 1 << 32 } else { (((most - most / 4) as u64) << 32) / all };
        Self { most, chance, firsts: 0 }
    }

    fn takes(&mut self, row: u64, is_new: bool, held: usize) -> bool {
        if held >= self.most {
            return false;
        }
        if is_new {
            self.firsts += 1;
            return true;
        }
        let is_chosen = scattered(row) >> 32 < self.chance;
        is_chosen && (self.chance == 1 << 32 || held - self.firsts < self.most - self.most / 4)
    }
}

/// A number that looks random and is the same in every run (the last step of `MurmurHash3`).
fn scattered(mut number: u64) -> u64 {
    number = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    number = (number ^ (number >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}

impl<'m> Collector<'m> {
    /// Of rows that are judged by `matcher`, made from so many exclusions. `columns` and `fields` name the shown cells;
    /// `all` is how many rows will come, of which at most `most` are held.
    pub fn new(
        matcher: &'m Matcher,
        exclusions: usize,
        columns: &[String],
        fields: &[(String, Kind)],
        all: u64,
        most: usize,
    ) -> Self {
        let column = |name: &String, kind: Option<Kind>| Column {
            name: name.clone(),
            kind,
            texts: IndexSet::new(),
            codes: Vec::new(),
        };
        let plain = columns.iter().map(|name| column(name, None));
        let named = fields.iter().map(|(name, kind)| column(name, Some(*kind)));
        Self {
            outcomes: Outcomes::new(matcher, exclusions),
            columns: plain.chain(named).collect(),
            held: Held::default(),
            times: Times::default(),
            grouped: HashMap::new(),
            groups: IndexSet::new(),
            faults: IndexSet::new(),
            read: 0,
            malformed: 0,
            sample: Sample::new(most, all),
            text: 0,
        }
    }

    /// Takes a row.
    pub fn row(&mut self, row: &PageRow<'_>) {
        let process = row.process.unwrap_or_default().to_ascii_lowercase();
        let (set, _) = self.outcomes.of(row.judged, false);
        let group = self.group(process.into(), Destination::of(row.destination));
        if !self.count(set, group, row.time) {
            return;
        }
        let (_, near) = self.outcomes.of(row.judged, true);
        self.hold([row.file, narrow(row.number), narrow(row.line), set, group, near, 0], row.time);
        for (column, cell) in self.columns.iter_mut().zip(row.shown) {
            self.text += column.add(*cell);
        }
    }

    /// Takes a row that cannot be read.
    pub fn malformed(&mut self, file: u32, number: u64, line: u64, why: &str) {
        self.malformed += 1;
        let group = self.group("".into(), Destination::Malformed);
        if !self.count(0, group, None) {
            return;
        }
        let fault = 1 + self::number(self.faults.insert_full(why.to_owned()).0);
        self.hold([file, narrow(number), narrow(line), 0, group, 0, fault], None);
        self.columns.iter_mut().for_each(|column| column.codes.push(0));
    }

    fn group(&mut self, process: Box<str>, destination: Destination) -> u32 {
        number(self.groups.insert_full((process, destination)).0)
    }

    /// Counts a row, and says whether it is held.
    fn count(&mut self, set: u32, group: u32, time: Option<i64>) -> bool {
        let rows = self.grouped.entry((set, group)).or_default();
        let is_new = *rows == 0;
        *rows += 1;
        self.times.add(set, time);
        self.read += 1;
        let held = self.held.sets.len();
        (is_new || self.text < MOST_TEXT) && self.sample.takes(self.read, is_new, held)
    }

    fn hold(&mut self, [file, number, line, set, group, near, fault]: [u32; 7], time: Option<i64>) {
        let held = &mut self.held;
        held.files.push(file);
        held.numbers.push(number);
        held.lines.push(line);
        held.sets.push(set);
        held.groups.push(group);
        held.near.push(near);
        held.faults.push(fault);
        held.times.push(time);
    }
}

impl Column {
    /// Adds a cell and says how much more text that is.
    fn add(&mut self, cell: Option<&str>) -> usize {
        let Some(text) = cell else {
            self.codes.push(0);
            return 0;
        };
        if let Some(known) = self.texts.get_index_of(text) {
            self.codes.push(1 + number(known));
            return 0;
        }
        self.codes.push(1 + number(self.texts.insert_full(text.into()).0));
        text.len()
    }

    /// Whether the cells of two columns are the same, row by row. Codes are given in the order in which texts come.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.codes == other.codes && self.texts.as_slice() == other.texts.as_slice()
    }
}

impl Held {
    /// Times in units of so many milliseconds since `first` second, and the unit: as fine as 32 bits allow.
    pub(super) fn since(&self, first: i64, last: i64) -> (i64, Vec<u32>) {
        let unit = if (last - first + 1) * 1_000 < i64::from(UNTIMED) { 1 } else { 1_000_000 };
        let of = |time: &Option<i64>| {
            let past = time.map(|time| (time.div_euclid(1_000_000) - first * 1_000) / unit);
            past.and_then(|past| u32::try_from(past).ok()).unwrap_or(UNTIMED)
        };
        (unit, self.times.iter().map(of).collect())
    }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of so many rows are held, every hundredth of them of a new kind.
    fn held(most: usize, all: u64) -> Vec<u64> {
        let mut sample = Sample::new(most, all);
        let mut held = Vec::new();
        for row in 1..=all {
            if sample.takes(row, row % 100 == 0, held.len()) {
                held.push(row);
            }
        }
        held
    }

    #[test]
    fn few_rows_are_all_held_and_many_fill_the_room_with_every_kind() {
        assert_eq!(held(500, 500).len(), 500);
        let some = held(2_000, 20_000);
        assert!(some.len() > 1_600 && some.len() <= 2_000, "{}", some.len());
        assert!((100..=20_000).step_by(100).all(|row| some.contains(&row)));
        assert_eq!(some, held(2_000, 20_000), "the same rows each time");
        assert!(held(10, 1_000_000).len() <= 10);
    }
}
