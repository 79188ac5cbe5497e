//! Texts that have numbers.
//!
//! In: texts. Out: the number of each, the same for equal texts, from 0 on in the order in which they came first. They stand
//! one after the other in one piece of memory, so that a new one is no allocation.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hasher};

/// A list of texts in one piece of memory.
#[derive(Debug, Clone, Default)]
pub struct TextList {
    bytes: String,
    ends: Vec<usize>,
}

impl TextList {
    /// Adds a text and returns its place.
    pub fn push(&mut self, text: &str) -> u32 {
        let place = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        place
    }

    /// Adds a text in ASCII lower case and returns its place.
    pub fn push_lower(&mut self, text: &str) -> u32 {
        let begin = self.bytes.len();
        let place = self.push(text);
        self.bytes[begin..].make_ascii_lowercase();
        place
    }

    /// The text at a place.
    #[inline]
    pub fn get(&self, place: u32) -> &str {
        let place = place as usize;
        let begin = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.bytes[begin..self.ends[place]]
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.bytes[begin..*end])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many bytes they have together.
    pub fn byte_count(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets all, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// Different texts, each with its number.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    list: TextList,
    numbers: HashTable<Place>,
    hasher: DefaultHashBuilder,
}

/// The number of a text beside its hash, so that neither a table that grows nor a look in vain reads texts.
#[derive(Debug, Clone, Copy)]
struct Place {
    hash: u32,
    number: u32,
}

impl Place {
    /// What the table sorts by: the hash twice, because it takes bits from both ends.
    #[inline]
    fn spread(hash: u32) -> u64 {
        u64::from(hash) << 32 | u64::from(hash)
    }
}

impl Texts {
    /// The number of a text, which it gets if it is new.
    #[inline]
    pub fn number(&mut self, text: &str) -> u32 {
        let hash = self.hash(text);
        match self.place(hash, text) {
            Some(number) => number,
            None => self.add(hash, text),
        }
    }

    fn add(&mut self, hash: u32, text: &str) -> u32 {
        let number = self.list.push(text);
        let place = Place { hash, number };
        self.numbers.insert_unique(Place::spread(hash), place, |place| Place::spread(place.hash));
        number
    }

    /// The number of a text that is there.
    #[inline]
    pub fn find(&self, text: &str) -> Option<u32> {
        self.place(self.hash(text), text)
    }

    #[inline]
    fn place(&self, hash: u32, text: &str) -> Option<u32> {
        let is_it = |place: &Place| place.hash == hash && self.list.get(place.number) == text;
        self.numbers.find(Place::spread(hash), is_it).map(|place| place.number)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    fn hash(&self, text: &str) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(text.as_bytes());
        let hash = hasher.finish();
        (hash >> 32 ^ hash) as u32
    }

    /// The texts by number.
    pub fn list(&self) -> &TextList {
        &self.list
    }

    /// Forgets all, and keeps the memory.
    pub fn clear(&mut self) {
        self.list.clear();
        self.numbers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_texts_have_one_number(written in proptest::collection::vec("[aB]{0,3}|[ab]{40}", 0..200)) {
            let (mut texts, mut plain) = (Texts::default(), indexmap::IndexSet::new());
            for text in &written {
                let number = texts.number(text);
                prop_assert_eq!(number as usize, plain.insert_full(text.clone()).0);
                prop_assert_eq!(texts.find(text), Some(number));
                prop_assert_eq!(texts.list().get(number), text);
            }
            prop_assert_eq!(texts.list().iter().collect::<Vec<_>>(), plain.iter().collect::<Vec<_>>());
            prop_assert_eq!(texts.list().len(), plain.len());
            texts.clear();
            prop_assert!(texts.list().is_empty() && texts.find("").is_none());
        }
    }

    #[test]
    fn only_ascii_letters_become_small() {
        let mut list = TextList::default();
        list.push("A");
        let place = list.push_lower("ÉCM.EXE");
        assert_eq!((list.get(0), list.get(place)), ("A", "Écm.exe"));
    }
}
