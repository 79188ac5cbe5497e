//! Kept rows by the values of some fields, and what is constant in each group.
//!
//! In: kept rows one after the other, with the cells that they are grouped by and the cells of every field. Out: groups,
//! biggest first, and for each of its fields the [`Values`]: one that all rows share, or the different ones with their
//! rows. It judges nothing, opens nothing, and does not know which file a row comes from.
//!
//! Memory is bounded: groups, different values of one field, and the text of all values together. What goes beyond is
//! counted, and said.

mod key;
mod values;

pub use key::{GroupKey, KeyOf, KeyPart};
pub use values::{Caseless, Values};

use crate::count::groups::MAX_GROUPS;
use crate::count::tally::{TimeSpan, widen};
use hashbrown::{DefaultHashBuilder, HashMap, HashSet};
use std::cmp::Reverse;
use std::hash::BuildHasher;

/// Different values of one field that are told apart in one group.
pub const VALUES_IN_A_GROUP: usize = 100;
/// What all values together may take, in bytes.
const MOST_BYTES: usize = 256 << 20;
/// What a device takes in the set of a group, in bytes.
const DEVICE: usize = 16;

/// A kept row that can be read.
#[derive(Debug, Clone, Copy)]
pub struct KeptRow<'r> {
    /// The name of its device.
    pub device: Option<&'r str>,
    /// Nanoseconds since 1970.
    pub time: Option<i64>,
    /// The cells of the fields whose values are counted, in their order.
    pub cells: &'r [Option<&'r str>],
}

/// Rows that have the same in all fields by which they are grouped.
#[derive(Debug, Default)]
pub struct Group {
    /// How many they are.
    pub rows: u64,
    /// Rows that cannot be read. They have no values.
    pub malformed: u64,
    /// Earliest and latest time.
    pub span: Option<TimeSpan>,
    /// One for each field whose values are counted.
    pub values: Vec<Values>,
    devices: HashSet<u64>,
    devices_left_out: bool,
}

impl Group {
    /// How many devices its rows come from, and whether there may be more.
    pub fn devices(&self) -> (u64, bool) {
        (self.devices.len() as u64, self.devices_left_out)
    }
}

/// Groups of kept rows.
#[derive(Debug)]
pub struct Groups {
    fields: usize,
    most_values: usize,
    by_key: HashMap<GroupKey, Group>,
    /// Rows of groups beyond those that are told apart.
    other_rows: u64,
    room: usize,
    hasher: DefaultHashBuilder,
}

impl Groups {
    /// Of rows of which the values of so many fields are counted, at most `most_values` different ones of each field.
    pub fn new(fields: usize, most_values: usize) -> Self {
        Self {
            fields,
            most_values,
            by_key: HashMap::new(),
            other_rows: 0,
            room: MOST_BYTES,
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Adds a row to the group of its key; `None` for one that cannot be read.
    pub fn add(&mut self, key: &GroupKey, row: Option<&KeptRow<'_>>) {
        if !self.by_key.contains_key(key) {
            if self.by_key.len() >= MAX_GROUPS {
                self.other_rows += 1;
                return;
            }
            let values = std::iter::repeat_with(Values::default).take(self.fields).collect();
            self.by_key.insert(key.clone(), Group { values, ..Group::default() });
        }
        let Some(group) = self.by_key.get_mut(key) else { return };
        group.rows += 1;
        let Some(row) = row else {
            group.malformed += 1;
            return;
        };
        if let Some(time) = row.time {
            widen(&mut group.span, time, time);
        }
        for (values, cell) in group.values.iter_mut().zip(row.cells) {
            values.add(cell.unwrap_or_default(), self.most_values, &mut self.room);
        }
        if let Some(device) = row.device.filter(|device| !device.is_empty()) {
            let device = self.hasher.hash_one(device.to_ascii_lowercase());
            match self.room.checked_sub(DEVICE) {
                _ if group.devices.contains(&device) => {}
                Some(room) => {
                    self.room = room;
                    group.devices.insert(device);
                }
                None => group.devices_left_out = true,
            }
        }
    }

    /// The groups with most rows first, and the rows of those that were not told apart. Their order is that of the report.
    pub fn finish(self) -> (Vec<(GroupKey, Group)>, u64) {
        let mut groups: Vec<(GroupKey, Group)> = self.by_key.into_iter().collect();
        groups.sort_by(|(a, left), (b, right)| (Reverse(left.rows), a).cmp(&(Reverse(right.rows), b)));
        (groups, self.other_rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> GroupKey {
        GroupKey::of(&[(KeyPart::text as KeyOf, Some(text))])
    }

    #[test]
    fn groups_come_biggest_first_with_what_is_constant_in_them() {
        let mut groups = Groups::new(2, 10);
        for (name, device, cells) in [
            ("a.exe", "PC-1", [Some("443"), Some(r"C:\A")]),
            ("B.exe", "pc-2", [Some("80"), None]),
            ("b.EXE", "PC-2", [Some("443"), None]),
            ("b.exe", "pc-3", [Some("443"), Some("")]),
        ] {
            let row = KeptRow { device: Some(device), time: None, cells: &cells };
            groups.add(&key(name), Some(&row));
        }
        groups.add(&key("a.exe"), None);
        let (groups, others) = groups.finish();
        assert_eq!(others, 0);
        let [(_, b), (_, a)] = groups.as_slice() else { panic!("{groups:?}") };
        assert_eq!((b.rows, b.devices(), a.rows, a.malformed), (3, (2, false), 2, 1));
        assert_eq!((b.values[0].constant(), b.values[0].distinct()), (None, (2, false)));
        assert_eq!((b.values[1].constant(), a.values[1].constant()), (Some(""), Some(r"C:\A")));
    }
}
