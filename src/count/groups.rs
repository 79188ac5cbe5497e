//! Kept rows by process and network.
//!
//! In: the process and the destination of kept rows. Out: how many rows each pair has. Only the pairs that come first in the
//! file are told apart, so that memory has a limit; rows of others are counted together.

use super::destination::Destination;
use super::texts::Texts;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hasher};

/// Different groups of kept rows that are told apart.
pub const MAX_GROUPS: usize = 50_000;

/// A process by its number in [`Groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessNumber(u32);

/// No group has this process, and none can be added any more.
const IN_NO_GROUP: ProcessNumber = ProcessNumber(u32::MAX);

/// Groups and their rows, in the order in which they came first.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    processes: Texts,
    found: Vec<Group>,
    places: GroupTable,
    others: u64,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    process: u32,
    destination: Destination,
    rows: u64,
}

impl Groups {
    /// The number of a process, which is given in ASCII lower case.
    pub fn process(&mut self, name: &str) -> ProcessNumber {
        if self.found.len() < MAX_GROUPS {
            return ProcessNumber(self.processes.number(name));
        }
        self.processes.find(name).map_or(IN_NO_GROUP, ProcessNumber)
    }

    /// Adds rows to a group.
    #[inline]
    pub fn add(&mut self, process: ProcessNumber, destination: Destination, rows: u64) {
        if process == IN_NO_GROUP {
            self.others += rows;
            return;
        }
        let key = (process.0, destination);
        let found = &self.found;
        let known = self.places.find(key, |place| found[place as usize].key());
        if let Some(place) = known {
            self.found[place as usize].rows += rows;
        } else if self.found.len() < MAX_GROUPS {
            let place = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
            self.found.push(Group { process: process.0, destination, rows });
            let found = &self.found;
            self.places.insert(key, place, |place| found[place as usize].key());
        } else {
            self.others += rows;
        }
    }

    /// Rows of groups that are not told apart.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// The groups with their rows, in the order in which they came first. Processes are in ASCII lower case; a row without
    /// one has the empty text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Destination, u64)> {
        self.found
            .iter()
            .map(|group| (self.processes.list().get(group.process), group.destination, group.rows))
    }

    /// Whether a group is told apart.
    pub fn contains(&self, process: &str, destination: Destination) -> bool {
        let found = self.processes.find(process).map(|process| (process, destination));
        found.is_some_and(|key| self.places.find(key, |place| self.found[place as usize].key()).is_some())
    }

    /// Adds the groups of a later part.
    pub fn merge(&mut self, later: Self) {
        if self.found.is_empty() && self.others == 0 {
            *self = later;
            return;
        }
        self.others += later.others;
        for (process, destination, rows) in later.iter() {
            let process = self.process(process);
            self.add(process, destination, rows);
        }
    }
}

impl Group {
    fn key(&self) -> GroupKey {
        (self.process, self.destination)
    }
}

/// A process by some number, and a destination.
pub(super) type GroupKey = (u32, Destination);

/// Where groups stand in a list, which the caller keeps.
#[derive(Debug, Clone, Default)]
pub(super) struct GroupTable {
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl GroupTable {
    /// The place of a group. `key` tells the group at a place.
    #[inline]
    pub(super) fn find(&self, key: GroupKey, key_at: impl Fn(u32) -> GroupKey) -> Option<u32> {
        self.places.find(hash(&self.hasher, key), |place| key_at(*place) == key).copied()
    }

    /// Adds the place of a new group.
    #[inline]
    pub(super) fn insert(&mut self, key: GroupKey, place: u32, key_at: impl Fn(u32) -> GroupKey) {
        let hasher = &self.hasher;
        self.places.insert_unique(hash(hasher, key), place, |place| hash(hasher, key_at(*place)));
    }

    /// Forgets all, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }
}

#[inline]
fn hash(hasher: &DefaultHashBuilder, (process, destination): GroupKey) -> u64 {
    let (kind, network) = match destination {
        Destination::Malformed => (0, 0),
        Destination::Empty => (1, 0),
        Destination::Unreadable => (2, 0),
        Destination::V4(network) => (3, network.into()),
        Destination::V6(network) => (4, network),
    };
    let mut hasher = hasher.build_hasher();
    hasher.write_u64(network);
    hasher.write_u64(u64::from(process) << 3 | kind);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_groups_are_told_apart() {
        let mut groups = Groups::default();
        for number in 0..MAX_GROUPS + 10 {
            let process = groups.process(&format!("p{}.exe", number % 300));
            groups.add(process, Destination::V4(u32::try_from(number).unwrap() << 8), 1);
        }
        let known = groups.process("p0.exe");
        groups.add(known, Destination::V4(0), 5);
        let unknown = groups.process("new.exe");
        assert_eq!(unknown, IN_NO_GROUP);
        groups.add(unknown, Destination::Empty, 7);
        assert_eq!((groups.iter().count(), groups.others()), (MAX_GROUPS, 17));
        assert_eq!(groups.iter().next(), Some(("p0.exe", Destination::V4(0), 6)));
        assert!(groups.contains("p1.exe", Destination::V4(1 << 8)));
        assert!(!groups.contains("new.exe", Destination::Empty));
    }

    #[test]
    fn the_groups_of_parts_are_those_of_the_whole() {
        let part = |rows: &[(&str, u32)]| {
            let mut groups = Groups::default();
            for (name, network) in rows {
                let process = groups.process(name);
                groups.add(process, Destination::V4(*network), 1);
            }
            groups
        };
        let rows = [("b", 1), ("a", 1), ("b", 1), ("b", 2), ("a", 1)];
        let mut parts = part(&rows[..2]);
        parts.merge(part(&rows[2..]));
        assert_eq!(parts.iter().collect::<Vec<_>>(), part(&rows).iter().collect::<Vec<_>>());
    }
}
