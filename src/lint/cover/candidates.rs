//! Which entries may cover a row, without asking each of them.
//!
//! In: entries; then rows, with a cell for each field. Out: for a row, the entries that may cover it: all that do,
//! and some that do not. The matcher has an index for few patterns and many rows. This one stays quick when there
//! are as many rows as patterns.
//!
//! Each value is found by a [`ValueKey`] that every cell which meets it has: the text itself, the literal at its
//! beginning or end, three characters from its middle, or the block of numbers that a range is part of.
//! An entry waits behind one of its conditions: the one whose keys the fewest values share.

use crate::exclusions::model::{Condition, Entry, Family, FieldRef, Piece, Test, TextValue};
use crate::judge::{Seen, read};
use hashbrown::{HashMap, HashSet};

/// Literals are compared up to this many bytes.
const LONGEST: usize = 64;

type Slot = u32;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum ValueKey {
    Whole(Slot, Box<str>),
    Prefix(Slot, Box<str>),
    Suffix(Slot, Box<str>),
    /// Three bytes in a row.
    Middle(Slot, [u8; 3]),
    /// Numbers that differ only in their lowest bits, and the count of those bits.
    Block(Slot, Family, u8, u128),
    /// Whatever the cell holds.
    Any(Slot),
}

/// The entries behind their keys.
#[derive(Debug, Default)]
pub(super) struct Candidates<'e> {
    slots: HashMap<&'e FieldRef, Slot>,
    waiting: HashMap<ValueKey, Vec<usize>>,
    /// By slot: the lengths of prefixes, suffixes and blocks that occur.
    lengths: HashMap<Slot, [HashSet<usize>; 3]>,
}

impl<'e> Candidates<'e> {
    pub(super) fn new(entries: &[&'e Entry]) -> Self {
        let mut candidates = Self::default();
        let mut popularity: HashMap<ValueKey, usize> = HashMap::new();
        for condition in entries.iter().flat_map(|entry| &entry.conditions) {
            let next = u32::try_from(candidates.slots.len()).unwrap_or(u32::MAX);
            let slot = *candidates.slots.entry(&condition.field).or_insert(next);
            for key in keys(slot, &condition.test).into_iter().flatten() {
                *popularity.entry(key).or_default() += 1;
            }
        }
        for (place, entry) in entries.iter().enumerate() {
            candidates.add(place, entry, &popularity);
        }
        candidates
    }

    fn add(&mut self, place: usize, entry: &Entry, popularity: &HashMap<ValueKey, usize>) {
        let cost = |keys: &[ValueKey]| keys.iter().map(|key| popularity[key]).max().unwrap_or_default();
        let anchor = entry.conditions.iter().map(|condition| {
            let options = keys(self.slots[&condition.field], &condition.test).into_iter();
            // One key of a value is enough to find it, so the rarest is taken. All values of a condition need one.
            options
                .filter_map(|all| all.into_iter().min_by_key(|key| popularity[key]))
                .collect::<Vec<ValueKey>>()
        });
        for key in anchor.min_by_key(|keys| cost(keys)).unwrap_or_default() {
            self.note_length(&key);
            let waiting = self.waiting.entry(key).or_default();
            if waiting.last() != Some(&place) {
                waiting.push(place);
            }
        }
    }

    fn note_length(&mut self, key: &ValueKey) {
        let (slot, kind, length) = match key {
            ValueKey::Prefix(slot, text) => (*slot, 0, text.len()),
            ValueKey::Suffix(slot, text) => (*slot, 1, text.len()),
            ValueKey::Block(slot, _, bits, _) => (*slot, 2, usize::from(*bits)),
            ValueKey::Whole(..) | ValueKey::Middle(..) | ValueKey::Any(_) => return,
        };
        self.lengths.entry(slot).or_default()[kind].insert(length);
    }

    /// The entries that may cover a row, ascending, at most `most`.
    pub(super) fn of(&self, row: &[(&FieldRef, String)], most: usize) -> Vec<usize> {
        let mut found = Vec::new();
        for (field, cell) in row {
            if let (Some(slot), Some(seen)) = (self.slots.get(field), read(field.kind(), Some(cell))) {
                self.look(*slot, seen, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(most);
        found
    }

    fn look(&self, slot: Slot, seen: Seen<'_>, found: &mut Vec<usize>) {
        let mut take = |key: ValueKey| found.extend(self.waiting.get(&key).into_iter().flatten());
        take(ValueKey::Any(slot));
        let none = Default::default();
        let [prefixes, suffixes, blocks] = self.lengths.get(&slot).unwrap_or(&none);
        match seen {
            Seen::Text(text) => {
                let text = text.to_ascii_lowercase();
                let starts = prefixes.iter().filter_map(|length| text.get(..*length));
                starts.for_each(|start| take(ValueKey::Prefix(slot, start.into())));
                let ends = suffixes.iter().filter_map(|length| text.get(text.len().checked_sub(*length)?..));
                ends.for_each(|end| take(ValueKey::Suffix(slot, end.into())));
                let middles: HashSet<&[u8]> = text.as_bytes().windows(3).collect();
                middles.into_iter().filter_map(middle).for_each(|three| take(ValueKey::Middle(slot, three)));
                take(ValueKey::Whole(slot, text.into()));
            }
            Seen::Address(family, number) => {
                blocks.iter().for_each(|bits| take(block(slot, family, *bits, number)));
            }
            Seen::Number(number) => {
                blocks.iter().for_each(|bits| take(block(slot, Family::V4, *bits, number.into())));
            }
        }
    }
}

/// The keys of each value. Any one of them finds it.
fn keys(slot: Slot, test: &Test) -> Vec<Vec<ValueKey>> {
    match test {
        Test::Text(values) => values.iter().map(|value| text_keys(slot, value)).collect(),
        Test::Address(ranges) => {
            let blocks = ranges.iter().map(|r| block_of(slot, r.family, r.first, r.last));
            blocks.map(|key| vec![key]).collect()
        }
        Test::Number(ranges) => {
            let blocks = ranges.iter().map(|r| block_of(slot, Family::V4, r.first.into(), r.last.into()));
            blocks.map(|key| vec![key]).collect()
        }
    }
}

fn text_keys(slot: Slot, value: &TextValue) -> Vec<ValueKey> {
    if let Some(whole) = value.whole() {
        return vec![ValueKey::Whole(slot, whole.to_ascii_lowercase().into())];
    }
    let pieces = value.pieces().unwrap_or_default();
    let literal = |piece: Option<&Piece>| match piece {
        Some(Piece::Text(text)) => Some(text.to_ascii_lowercase()),
        _ => None,
    };
    let mut keys = Vec::new();
    if let Some(text) = literal(pieces.first()) {
        let end = (0..=text.len().min(LONGEST)).rev().find(|end| text.is_char_boundary(*end));
        keys.push(ValueKey::Prefix(slot, text[..end.unwrap_or_default()].into()));
    }
    if let Some(text) = literal(pieces.last()) {
        let least = text.len().saturating_sub(LONGEST);
        let start = (least..=text.len()).find(|start| text.is_char_boundary(*start));
        keys.push(ValueKey::Suffix(slot, text[start.unwrap_or_default()..].into()));
    }
    if keys.is_empty() {
        for text in pieces.iter().filter_map(|piece| literal(Some(piece))) {
            keys.extend(
                text.as_bytes().windows(3).filter_map(middle).map(|three| ValueKey::Middle(slot, three)),
            );
        }
    }
    if keys.is_empty() { vec![ValueKey::Any(slot)] } else { keys }
}

fn middle(bytes: &[u8]) -> Option<[u8; 3]> {
    bytes.try_into().ok()
}

/// The smallest block that holds a range.
fn block_of(slot: Slot, family: Family, first: u128, last: u128) -> ValueKey {
    let bits = u128::BITS - (first ^ last).leading_zeros();
    block(slot, family, usize::try_from(bits).unwrap_or_default(), first)
}

fn block(slot: Slot, family: Family, bits: usize, number: u128) -> ValueKey {
    let high = u32::try_from(bits).ok().and_then(|bits| number.checked_shr(bits)).unwrap_or_default();
    ValueKey::Block(slot, family, u8::try_from(bits).unwrap_or(u8::MAX), high)
}

/// A row that meets an entry. A field is missing in it if no value was found that meets its conditions.
pub(super) fn row(
    entry: &Entry,
    witness: impl Fn(&[&Condition]) -> Option<String>,
) -> Vec<(&FieldRef, String)> {
    let fields = super::fields(entry).into_iter();
    fields.filter_map(|field| Some((field, witness(&super::on(entry, field))?))).collect()
}
