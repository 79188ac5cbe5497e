//! What is known of the rows that one thread has seen, by their keys.
//!
//! In: keys. Out: the [`ClassEntry`] of each, which has a number. Among thousands of classes most are far from the processor,
//! so that finding one must not take more than one look: a class stands with its key in the place that the key's hash
//! names, or in the next that is free.

use super::key::{KeyHead, RowKey, hash, same};
use hashbrown::DefaultHashBuilder;

/// Different rows that are remembered at a time.
const REMEMBERED: usize = 16_384;
/// Numbers of their keys that are remembered beside the heads: command lines may be long, and each another.
const REMEMBERED_NUMBERS: usize = 1 << 19;

/// What rows that are alike have in common, and how many the batch at hand has of them. As long as what a processor
/// fetches at a time.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct ClassEntry {
    key: KeyHead,
    /// The earliest and the latest time; the other way round if there was none.
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) rows: u32,
    /// Its number with [`LONG`], or [`FREE`].
    name: u32,
}

/// The name of a place where no class stands.
const FREE: u32 = u32::MAX;
/// Set in the name of a class that has [`LongEntry`].
const LONG: u32 = 1 << 31;
const EMPTY: ClassEntry = ClassEntry { key: [0; 5], first: i64::MAX, last: i64::MIN, rows: 0, name: FREE };

impl ClassEntry {
    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.name & !LONG
    }

    /// Counts rows for the next batch.
    pub(super) fn take(&mut self) -> (u64, Option<(i64, i64)>) {
        let taken =
            (u64::from(self.rows), Some((self.first, self.last)).filter(|(first, last)| first <= last));
        (self.rows, self.first, self.last) = (0, EMPTY.first, EMPTY.last);
        taken
    }
}

/// What is known of rows that are suppressed or have a long key.
#[derive(Debug)]
struct LongEntry {
    key: Box<[u64]>,
    covering: Box<[u32]>,
}

/// Classes by key.
#[derive(Debug)]
pub(super) struct ClassTable {
    hasher: DefaultHashBuilder,
    /// A power of two, at most half of them taken.
    places: Vec<ClassEntry>,
    /// The places of classes, and for those that have it the place of what more there is, by their numbers.
    place_of: Vec<(u32, u32)>,
    more: Vec<LongEntry>,
    /// Numbers of keys in `more`.
    numbers: usize,
}

impl Default for ClassTable {
    fn default() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            places: vec![EMPTY; 256],
            place_of: Vec::new(),
            more: Vec::new(),
            numbers: 0,
        }
    }
}

impl ClassTable {
    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.place_of.len()
    }

    /// Whether they are so many that they had better be forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= REMEMBERED || self.numbers >= REMEMBERED_NUMBERS
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        self.places.fill(EMPTY);
        self.place_of.clear();
        self.more.clear();
        self.numbers = 0;
    }

    /// The place of the class with this key, or the one where it would stand.
    #[inline]
    pub(super) fn find(&self, key: &RowKey) -> Result<usize, usize> {
        let mut at = self.first_place(key.head(), key.rest());
        loop {
            let class = &self.places[at];
            if class.name == FREE {
                return Err(at);
            }
            if same(&class.key, key.head()) && (key.rest().is_empty() || self.rest(class) == key.rest()) {
                return Ok(at);
            }
            at = self.after(at);
        }
    }

    /// Adds a class in the place that [`ClassTable::find`] named, and returns its place.
    pub(super) fn add(&mut self, mut at: usize, key: &RowKey, covering: &[u32]) -> usize {
        if (self.len() + 1) * 2 > self.places.len() {
            self.grow();
            at = self.find(key).unwrap_or_else(|free| free);
        }
        let mut name = number(self.len());
        let more = number(self.more.len());
        if !(covering.is_empty() && key.rest().is_empty()) {
            name |= LONG;
            self.numbers += key.rest().len();
            self.more.push(LongEntry { key: key.rest().into(), covering: covering.into() });
        }
        self.places[at] = ClassEntry { key: *key.head(), name, ..EMPTY };
        self.place_of.push((number(at), more));
        at
    }

    /// The class in a place.
    #[inline]
    pub(super) fn at(&mut self, place: usize) -> &mut ClassEntry {
        &mut self.places[place]
    }

    /// The class with a number.
    #[inline]
    pub(super) fn numbered(&mut self, number: u32) -> &mut ClassEntry {
        &mut self.places[self.place_of[number as usize].0 as usize]
    }

    /// Who covers the rows of the class in a place.
    #[inline]
    pub(super) fn covering(&self, place: usize) -> &[u32] {
        self.more(&self.places[place]).map_or(&[], |more| &more.covering)
    }

    fn rest(&self, class: &ClassEntry) -> &[u64] {
        self.more(class).map_or(&[], |more| &more.key)
    }

    #[inline]
    fn more(&self, class: &ClassEntry) -> Option<&LongEntry> {
        let has = class.name & LONG != 0;
        has.then(|| &self.more[self.place_of[class.number() as usize].1 as usize])
    }

    #[inline]
    fn first_place(&self, head: &KeyHead, rest: &[u64]) -> usize {
        // Only the last bits count.
        let hash = hash(&self.hasher, head, rest) & (self.places.len() as u64 - 1);
        usize::try_from(hash).unwrap_or(0)
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }

    fn grow(&mut self) {
        let double = vec![EMPTY; self.places.len() * 2];
        let before = std::mem::replace(&mut self.places, double);
        for class in before.into_iter().filter(|class| class.name != FREE) {
            let mut at = self.first_place(&class.key, self.rest(&class));
            while self.places[at].name != FREE {
                at = self.after(at);
            }
            self.place_of[class.number() as usize].0 = number(at);
            self.places[at] = class;
        }
    }
}

/// There are never many more classes than are remembered.
fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn each_key_has_its_outcome(
            cells in proptest::collection::vec(proptest::collection::vec("[ab]{0,3}|[ab]{60}", 2), 0..400),
        ) {
            let (mut table, mut plain) = (ClassTable::default(), HashMap::new());
            for row in &cells {
                let mut key = RowKey::default();
                for cell in row {
                    key.add(cell.as_bytes());
                }
                let covering: Vec<u32> = row[0].bytes().map(u32::from).collect();
                let place = table.find(&key).unwrap_or_else(|free| table.add(free, &key, &covering));
                table.at(place).rows += 1;
                let next = u32::try_from(plain.len()).unwrap();
                let (number, rows) = plain.entry(row).or_insert((next, 0));
                *rows += 1;
                prop_assert_eq!(table.at(place).number(), *number);
                prop_assert_eq!(table.covering(place), covering);
            }
            prop_assert_eq!(table.len(), plain.len());
            for (number, rows) in plain.values() {
                prop_assert_eq!(table.numbered(*number).take().0, *rows);
                prop_assert_eq!(table.numbered(*number).take().0, 0);
            }
        }
    }

    #[test]
    fn long_keys_are_too_many_sooner() {
        let mut table = ClassTable::default();
        while !table.is_full() {
            let mut key = RowKey::default();
            key.add(format!("{:08}{}", table.len(), "x".repeat(8_000)).as_bytes());
            let free = table.find(&key).unwrap_err();
            table.add(free, &key, &[]);
        }
        assert!((500..550).contains(&table.len()), "{}", table.len());
        table.clear();
        assert!(!table.is_full());
    }
}
