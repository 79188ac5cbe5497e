//! What is known of the rows that one thread has seen, by their keys.
//!
//! In: keys. Out: the [`ClassEntry`] of each, by its number.

use super::key::{KeyHead, RowKey, hash, same};
use hashbrown::{DefaultHashBuilder, HashTable};

/// Different rows that are remembered at a time.
const REMEMBERED: usize = 16_384;
/// Numbers of their keys that are remembered beside the heads: command lines may be long, and each another.
const REMEMBERED_NUMBERS: usize = 1 << 19;

/// What rows that are alike have in common, and how many the batch at hand has of them.
#[derive(Debug, Clone)]
pub(super) struct ClassEntry {
    head: KeyHead,
    /// The earliest and the latest time; the other way round if there was none.
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) rows: u32,
    /// The place of what more there is of suppressed rows and of long keys; [`NOTHING`] for others.
    long: u32,
}

/// The place of nothing.
const NOTHING: u32 = u32::MAX;

impl ClassEntry {
    /// Counts rows for the next batch.
    pub(super) fn take(&mut self) -> (u64, Option<(i64, i64)>) {
        let span = Some((self.first, self.last)).filter(|(first, last)| first <= last);
        let rows = std::mem::take(&mut self.rows);
        (self.first, self.last) = (i64::MAX, i64::MIN);
        (u64::from(rows), span)
    }
}

/// What is known of rows that are suppressed or have a long key.
#[derive(Debug)]
struct LongEntry {
    key: Box<[u64]>,
    covering: Box<[u32]>,
}

/// Classes by key.
#[derive(Debug, Default)]
pub(super) struct ClassTable {
    hasher: DefaultHashBuilder,
    /// The numbers of the classes.
    numbers: HashTable<u32>,
    classes: Vec<ClassEntry>,
    long: Vec<LongEntry>,
    /// Numbers of keys in `long`.
    remembered: usize,
}

impl ClassTable {
    /// Whether they are so many that they had better be forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.classes.len() >= REMEMBERED || self.remembered >= REMEMBERED_NUMBERS
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.classes.clear();
        self.long.clear();
        self.remembered = 0;
    }

    /// The number of the class with this key, or the hash with which it can be added.
    #[inline]
    pub(super) fn find(&self, key: &RowKey) -> Result<u32, u64> {
        let hash = hash(&self.hasher, key.head(), key.rest());
        let is_it = |number: &u32| {
            let class = &self.classes[*number as usize];
            same(&class.head, key.head()) && (key.rest().is_empty() || self.rest(class) == key.rest())
        };
        self.numbers.find(hash, is_it).copied().ok_or(hash)
    }

    /// Adds a class with the hash that [`ClassTable::find`] gave, and returns its number.
    pub(super) fn add(&mut self, key_hash: u64, key: &RowKey, covering: &[u32]) -> u32 {
        let number = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
        let mut long = NOTHING;
        if !(covering.is_empty() && key.rest().is_empty()) {
            long = u32::try_from(self.long.len()).unwrap_or(u32::MAX);
            self.remembered += key.rest().len();
            self.long.push(LongEntry { key: key.rest().into(), covering: covering.into() });
        }
        self.classes.push(ClassEntry { head: *key.head(), first: i64::MAX, last: i64::MIN, rows: 0, long });
        let (classes, all, hasher) = (&self.classes, &self.long, &self.hasher);
        self.numbers.insert_unique(key_hash, number, |number| {
            let class = &classes[*number as usize];
            hash(hasher, &class.head, all.get(class.long as usize).map_or(&[], |long| &long.key))
        });
        number
    }

    /// The class with a number.
    #[inline]
    pub(super) fn class(&mut self, number: u32) -> &mut ClassEntry {
        &mut self.classes[number as usize]
    }

    /// Who covers the rows of a class.
    #[inline]
    pub(super) fn covering(&self, number: u32) -> &[u32] {
        let class = &self.classes[number as usize];
        self.long.get(class.long as usize).map_or(&[], |long| &long.covering)
    }

    fn rest(&self, class: &ClassEntry) -> &[u64] {
        self.long.get(class.long as usize).map_or(&[], |long| &long.key)
    }
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
                let number = table.find(&key).unwrap_or_else(|hash| table.add(hash, &key, &covering));
                table.class(number).rows += 1;
                let next = u32::try_from(plain.len()).unwrap();
                let (wanted, rows) = plain.entry(row).or_insert((next, 0));
                *rows += 1;
                prop_assert_eq!(number, *wanted);
                prop_assert_eq!(table.covering(number), covering);
            }
            prop_assert_eq!(table.classes.len(), plain.len());
            for (number, rows) in plain.values() {
                prop_assert_eq!(table.class(*number).take().0, *rows);
                prop_assert_eq!(table.class(*number).take().0, 0);
            }
        }
    }

    #[test]
    fn long_keys_are_too_many_sooner() {
        let mut table = ClassTable::default();
        while !table.is_full() {
            let mut key = RowKey::default();
            key.add(format!("{:08}{}", table.classes.len(), "x".repeat(8_000)).as_bytes());
            let hash = table.find(&key).unwrap_err();
            table.add(hash, &key, &[]);
        }
        assert!((500..550).contains(&table.classes.len()), "{}", table.classes.len());
        table.clear();
        assert!(!table.is_full());
    }
}
