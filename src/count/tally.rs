//! What each exclusion did, and what is left.
//!
//! In: batches of counts. Out: counts that add up, whatever the order in which
//! parts of a file were read: tallies of parts [`merge`](Tally::merge) into the tally of the whole. It
//! knows neither files nor reports.
//!
//! Memory depends on how many different things occur, never on how many rows: the number of groups and
//! of examples is bounded, and what goes beyond is counted as such.

use super::coverage::Coverage;
use super::destination::Destination;
use super::groups::Groups;
use super::texts::Texts;
use hashbrown::HashMap;
use roaring::RoaringBitmap;

/// Different examples of one field that are told apart for one exclusion.
pub const MAX_EXAMPLES: usize = 1_000;

/// Rows by verdict. `read` is `kept`, `suppressed` and `duplicates` together.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Totals {
    /// Rows read.
    pub read: u64,
    /// Rows kept.
    pub kept: u64,
    /// Rows suppressed.
    pub suppressed: u64,
    /// Kept rows for which some exclusion hung on an absent, empty or unreadable field.
    pub undecidable: u64,
    /// Kept rows that could not be read.
    pub malformed: u64,
    /// Rows that were dropped because they repeat an earlier one; none unless that was asked for.
    pub duplicates: u64,
}

/// The earliest and the latest time of some rows.
pub type TimeSpan = (i64, i64);

/// What one exclusion did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExclusionCounts {
    /// Rows that it covers.
    pub matches: u64,
    /// Rows that only it covers.
    pub sole: u64,
    /// Rows that meet every field it names at once.
    pub scoped: u64,
    /// Devices of its rows.
    devices: RoaringBitmap,
    /// Earliest and latest time of its rows.
    pub span: Option<TimeSpan>,
    /// For rows that only the loose reading covers: by slot whose conditions they do not meet, the values
    /// seen there.
    pub loose: Vec<(usize, Examples)>,
}

impl ExclusionCounts {
    /// How many devices its rows come from.
    pub fn devices(&self) -> u64 {
        self.devices.len()
    }
}

/// Values and how many rows had them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examples {
    /// Rows by value, in ASCII lower case.
    pub rows: HashMap<Box<str>, u64>,
    /// Rows with values beyond [`MAX_EXAMPLES`].
    pub others: u64,
}

/// The counts of some rows.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// By verdict.
    pub totals: Totals,
    /// By place of the exclusion in the matcher's list; only those that matched.
    pub exclusions: HashMap<u32, ExclusionCounts>,
    /// Kept rows by group.
    pub groups: Groups,
    /// Earliest and latest time of all rows.
    pub span: Option<TimeSpan>,
    /// Which exclusions cover which rows, if somebody asked for it.
    pub coverage: Option<Coverage>,
    devices: Texts,
    /// The slots in which a value could be read, as bits.
    readable: u128,
    /// The slots in which some could not.
    unreadable: Vec<UnreadableCells>,
}

/// Cells of one slot that are neither empty nor can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableCells {
    /// The slot.
    pub slot: usize,
    /// The first such text.
    pub text: Box<str>,
    /// How many there are.
    pub cells: u64,
}

impl Tally {
    /// Counts a row that could not be read; it is kept.
    pub fn add_malformed(&mut self) {
        self.totals.read += 1;
        self.totals.kept += 1;
        self.totals.malformed += 1;
        let nameless = self.groups.process("");
        self.groups.add(nameless, Destination::Malformed, 1);
    }

    /// Counts rows that are dropped because they repeat another.
    pub(super) fn add_repeats(&mut self, rows: u64) {
        self.totals.read += rows;
        self.totals.duplicates += rows;
    }

    /// Counts kept rows, `undecidable` ones among them. Their groups are entered by themselves.
    pub(super) fn add_kept(&mut self, rows: u64, undecidable: u64, span: Option<TimeSpan>) {
        self.totals.read += rows;
        self.totals.kept += rows;
        self.totals.undecidable += undecidable;
        if let Some((first, last)) = span {
            widen(&mut self.span, first, last);
        }
    }

    /// Counts suppressed rows with those who cover them.
    pub(super) fn add_suppressed(&mut self, covering: &[u32], rows: u64, span: Option<TimeSpan>) {
        self.totals.read += rows;
        self.totals.suppressed += rows;
        if let Some((first, last)) = span {
            widen(&mut self.span, first, last);
        }
        for exclusion in covering {
            let each = self.exclusions.entry(*exclusion).or_default();
            each.matches += rows;
            each.scoped += rows;
            each.sole += if covering.len() == 1 { rows } else { 0 };
            if let Some((first, last)) = span {
                widen(&mut each.span, first, last);
            }
        }
    }

    /// Says that a device, by its number, has rows that these cover.
    #[inline]
    pub(super) fn add_device(&mut self, covering: &[u32], device: u32) {
        for exclusion in covering {
            self.exclusions.entry(*exclusion).or_default().devices.insert(device);
        }
    }

    /// Says of rows that were counted that they do not meet every field that the exclusion names.
    pub(super) fn add_unscoped(&mut self, exclusion: u32, rows: u64) {
        self.exclusions.entry(exclusion).or_default().scoped -= rows;
    }

    /// Says what stands in a field whose conditions they do not meet, in ASCII lower case.
    pub(super) fn add_loose(&mut self, exclusion: u32, slot: usize, value: &str, rows: u64) {
        self.exclusions.entry(exclusion).or_default().examples(slot).add_rows(value, rows);
    }

    /// Says in which slots a value could be read, and of others what stands there.
    pub(super) fn add_readable(&mut self, slots: u128, others: impl Iterator<Item = UnreadableCells>) {
        self.readable |= slots;
        for other in others {
            if let Some(known) = self.unreadable.iter_mut().find(|known| known.slot == other.slot) {
                known.cells += other.cells;
            } else {
                self.unreadable.push(other);
            }
        }
    }

    /// The slots in which some rows have a text that could not be read, and whether other rows have one that could.
    pub fn unreadable(&self) -> impl Iterator<Item = (&UnreadableCells, bool)> {
        self.unreadable.iter().map(|cells| (cells, self.readable >> cells.slot & 1 == 1))
    }

    /// The number of a device.
    pub(super) fn device(&mut self, name: &str) -> u32 {
        self.devices.number(name)
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: Self) {
        self.totals.read += other.totals.read;
        self.totals.kept += other.totals.kept;
        self.totals.suppressed += other.totals.suppressed;
        self.totals.undecidable += other.totals.undecidable;
        self.totals.malformed += other.totals.malformed;
        self.totals.duplicates += other.totals.duplicates;
        if let Some((first, last)) = other.span {
            widen(&mut self.span, first, last);
        }
        if let Some(coverage) = other.coverage {
            self.coverage.get_or_insert_default().merge(coverage);
        }
        self.groups.merge(other.groups);
        self.add_readable(other.readable, other.unreadable.into_iter());
        let numbers: Vec<u32> = other.devices.list().iter().map(|name| self.devices.number(name)).collect();
        for (place, each) in other.exclusions {
            self.exclusions.entry(place).or_default().merge(each, &numbers);
        }
    }
}

impl ExclusionCounts {
    fn examples(&mut self, slot: usize) -> &mut Examples {
        let place = self.loose.iter().position(|(known, _)| *known == slot).unwrap_or_else(|| {
            self.loose.push((slot, Examples::default()));
            self.loose.len() - 1
        });
        &mut self.loose[place].1
    }

    fn merge(&mut self, other: Self, numbers: &[u32]) {
        self.matches += other.matches;
        self.sole += other.sole;
        self.scoped += other.scoped;
        self.devices.extend(other.devices.iter().map(|number| numbers[number as usize]));
        if let Some((first, last)) = other.span {
            widen(&mut self.span, first, last);
        }
        for (slot, examples) in other.loose {
            let mine = self.examples(slot);
            mine.others += examples.others;
            for (value, rows) in examples.rows {
                mine.add_rows(&value, rows);
            }
        }
    }
}

impl Examples {
    fn add_rows(&mut self, value: &str, rows: u64) {
        if let Some(count) = self.rows.get_mut(value) {
            *count += rows;
        } else if self.rows.len() < MAX_EXAMPLES {
            self.rows.insert(value.into(), rows);
        } else {
            self.others += rows;
        }
    }
}

/// Takes a span into another.
pub fn widen(span: &mut Option<TimeSpan>, first: i64, last: i64) {
    let (from, to) = span.unwrap_or((first, last));
    *span = Some((from.min(first), to.max(last)));
}
