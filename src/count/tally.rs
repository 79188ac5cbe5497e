//! What each exclusion did, and what is left.
//!
//! In: rows that are alike, with their verdict. Out: counts that add up, whatever the order in which
//! parts of a file were read: tallies of parts [`merge`](Tally::merge) into the tally of the whole. It
//! knows neither files nor reports.
//!
//! Memory depends on how many different things occur, never on how many rows: the number of groups and
//! of examples is bounded, and what goes beyond is counted as such.

use super::coverage::{Coverage, ExampleRow};
use crate::exclusions::model::{Family, address_number};
use hashbrown::{Equivalent, HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Different groups of kept rows that are told apart.
pub const MAX_GROUPS: usize = 50_000;
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

/// Rows that are alike: the same verdict for the same reasons, the same group.
#[derive(Debug, Clone, Default)]
pub struct RowClass {
    /// The exclusions that cover them, ascending; empty if they are kept.
    pub covering: Box<[u32]>,
    /// Kept, and some exclusion hung on an absent, empty or unreadable field.
    pub undecidable: bool,
    /// For each of `covering` the slots that none of its conditions meet, with what stands there in lower case.
    pub unmet: Vec<Vec<(usize, Box<str>)>>,
    /// The process in ASCII lower case.
    pub process: Box<str>,
    /// Where they went.
    pub destination: Destination,
    /// How many they are.
    pub rows: u64,
    /// Earliest and latest time.
    pub span: Option<TimeSpan>,
    /// Devices, by the number that the tally gave them.
    pub devices: HashSet<u32>,
    /// One of them; empty where nobody asked for sets.
    pub example: ExampleRow,
    /// The exclusions that they met in part and for the rest could not be decided; empty where nobody asked for sets.
    pub undecided: Box<[u32]>,
}

impl RowClass {
    /// Whether an exclusion covers them.
    pub fn is_suppressed(&self) -> bool {
        !self.covering.is_empty()
    }
}

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
    devices: HashSet<u32>,
    /// Earliest and latest time of its rows.
    pub span: Option<TimeSpan>,
    /// For rows that only the loose reading covers: by slot whose conditions they do not meet, the values
    /// seen there.
    pub loose: Vec<(usize, Examples)>,
}

impl ExclusionCounts {
    /// How many devices its rows come from.
    pub fn devices(&self) -> u64 {
        self.devices.len() as u64
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

/// A process and the network that it reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// Its file name in ASCII lower case; empty if the row has none.
    pub process: Box<str>,
    /// Where it went.
    pub destination: Destination,
}

/// The network of an address: /24 of IPv4, /64 of IPv6.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Destination {
    /// The row could not be read.
    Malformed,
    /// The cell is empty or absent.
    #[default]
    Empty,
    /// The cell holds no address.
    Unreadable,
    /// The first address of a /24.
    V4(u32),
    /// The first 64 bits of a /64.
    V6(u64),
}

impl Destination {
    /// The network of a cell.
    pub fn of(cell: Option<&str>) -> Self {
        let Some(text) = cell.filter(|text| !text.is_empty()) else {
            return Self::Empty;
        };
        match text.parse::<IpAddr>().map(address_number) {
            Ok((Family::V4, number)) => Self::V4(u32::try_from(number).unwrap_or(0) & 0xffff_ff00),
            Ok((Family::V6, number)) => Self::V6(u64::try_from(number >> 64).unwrap_or(0)),
            Err(_) => Self::Unreadable,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("(row cannot be read)"),
            Self::Empty => f.write_str("(empty)"),
            Self::Unreadable => f.write_str("(not an address)"),
            Self::V4(network) => write!(f, "{}/24", Ipv4Addr::from(*network)),
            Self::V6(network) => write!(f, "{}/64", Ipv6Addr::from(u128::from(*network) << 64)),
        }
    }
}

struct GroupRef<'c> {
    process: &'c str,
    destination: Destination,
}

impl Hash for GroupRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.process.hash(state);
        self.destination.hash(state);
    }
}

impl Equivalent<Group> for GroupRef<'_> {
    fn equivalent(&self, group: &Group) -> bool {
        *self.process == *group.process && self.destination == group.destination
    }
}

/// The counts of some rows.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// By verdict.
    pub totals: Totals,
    /// By place of the exclusion in the matcher's list; only those that matched.
    pub exclusions: HashMap<u32, ExclusionCounts>,
    /// Kept rows by group.
    pub groups: HashMap<Group, u64>,
    /// Kept rows of groups beyond [`MAX_GROUPS`].
    pub other_groups: u64,
    /// Earliest and latest time of all rows.
    pub span: Option<TimeSpan>,
    /// Which exclusions cover which rows, if somebody asked for it.
    pub coverage: Option<Coverage>,
    devices: HashMap<Box<str>, u32>,
}

impl Tally {
    /// Counts a row that could not be read; it is kept.
    pub fn add_malformed(&mut self) {
        self.totals.read += 1;
        self.totals.kept += 1;
        self.totals.malformed += 1;
        self.add_group("", Destination::Malformed, 1);
    }

    /// Counts a row that is dropped because it repeats another.
    pub fn add_repeat(&mut self) {
        self.totals.read += 1;
        self.totals.duplicates += 1;
    }

    /// Counts rows that are class. Their devices have this tally's numbers.
    pub fn add(&mut self, class: &RowClass) {
        self.totals.read += class.rows;
        if let Some((first, last)) = class.span {
            widen(&mut self.span, first, last);
        }
        if !class.is_suppressed() {
            self.totals.kept += class.rows;
            self.totals.undecidable += if class.undecidable { class.rows } else { 0 };
            self.add_group(&class.process, class.destination, class.rows);
            if let Some(coverage) = &mut self.coverage {
                coverage.undecided(&class.undecided, class.rows);
            }
            return;
        }
        self.totals.suppressed += class.rows;
        if let Some(coverage) = &mut self.coverage {
            coverage.suppressed(&class.covering, class.rows, &class.example);
        }
        for (exclusion, unmet) in class.covering.iter().zip(&class.unmet) {
            let each = self.exclusions.entry(*exclusion).or_default();
            each.matches += class.rows;
            each.sole += if class.covering.len() == 1 { class.rows } else { 0 };
            each.scoped += if unmet.is_empty() { class.rows } else { 0 };
            each.devices.extend(&class.devices);
            if let Some((first, last)) = class.span {
                widen(&mut each.span, first, last);
            }
            for (slot, value) in unmet {
                each.examples(*slot).add_rows(value, class.rows);
            }
        }
    }

    fn add_group(&mut self, process: &str, destination: Destination, rows: u64) {
        if let Some(count) = self.groups.get_mut(&GroupRef { process, destination }) {
            *count += rows;
        } else if self.groups.len() < MAX_GROUPS {
            self.groups.insert(Group { process: process.into(), destination }, rows);
        } else {
            self.other_groups += rows;
        }
    }

    /// The number of a device.
    pub fn device(&mut self, name: &str) -> u32 {
        if let Some(number) = self.devices.get(name) {
            return *number;
        }
        let number = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        self.devices.insert(name.into(), number);
        number
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: Self) {
        self.totals.read += other.totals.read;
        self.totals.kept += other.totals.kept;
        self.totals.suppressed += other.totals.suppressed;
        self.totals.undecidable += other.totals.undecidable;
        self.totals.malformed += other.totals.malformed;
        self.totals.duplicates += other.totals.duplicates;
        self.other_groups += other.other_groups;
        if let Some((first, last)) = other.span {
            widen(&mut self.span, first, last);
        }
        if let Some(coverage) = other.coverage {
            self.coverage.get_or_insert_default().merge(coverage);
        }
        for (group, rows) in other.groups {
            self.add_group(&group.process, group.destination, rows);
        }
        let mut numbers = vec![0; other.devices.len()];
        for (name, number) in &other.devices {
            numbers[*number as usize] = self.device(name);
        }
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
        self.devices.extend(other.devices.iter().map(|number| numbers[*number as usize]));
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
