//! Which conditions the texts of a field meet, remembered.
//!
//! In: the cells of text fields, one row after the other. Out: a number for each text that has been seen, by which
//! [`MetByText`] remembers the conditions that it meets. A process name is looked up among all names and patterns of a list
//! once, and later by its number. Fields whose texts never come again, such as command lines, are not remembered.

use super::index::{Buffers, ConditionId, Index};
use super::predicate::Seen;
use crate::count::texts::Texts;
use crate::exclusions::model::{Family, read_address};
use smallvec::SmallVec;

/// Different texts of one field that are remembered at a time.
const REMEMBERED: usize = 16_384;
/// Their bytes.
const REMEMBERED_BYTES: usize = 4 << 20;
/// After so many cells it is decided anew whether remembering helps.
const TRIAL: u32 = 1_024;
/// So many trials are left out once it does not.
const TRIALS_LEFT_OUT: u32 = 31;

/// The number of a text that is not remembered.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// What one thread remembers of the texts of one field.
#[derive(Debug, Default)]
pub(super) struct TextMemory {
    texts: Texts,
    /// Cells since the trial began, and how many of them were new.
    asked: u32,
    new: u32,
    /// Cells for which nothing is remembered.
    pause: u32,
}

impl TextMemory {
    /// The number of a text, or [`UNKNOWN`] if it is not worth remembering.
    #[inline]
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if self.pause > 0 {
            self.pause -= 1;
            return UNKNOWN;
        }
        let known = self.texts.list().len();
        let number = self.texts.number(text);
        self.asked += 1;
        self.new += u32::from(number as usize == known);
        if self.asked == TRIAL {
            if self.new > TRIAL / 8 * 7 {
                self.pause = TRIAL * TRIALS_LEFT_OUT;
            }
            (self.asked, self.new) = (0, 0);
        }
        number
    }

    /// The number of a text, whether it comes again or not.
    #[inline]
    pub(super) fn number_always(&mut self, text: &str) -> u32 {
        self.texts.number(text)
    }

    /// Whether the texts had better be forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.texts.list().len() >= REMEMBERED || self.texts.list().byte_count() >= REMEMBERED_BYTES
    }

    /// Forgets the texts.
    pub(super) fn forget(&mut self) {
        self.texts.clear();
    }
}

/// The conditions that the texts of one field meet, by the number of the text.
#[derive(Debug, Default)]
pub(super) struct MetByText {
    /// 0 for a text that was not looked up yet, 1 for one that meets nothing, else the place of a set and 2.
    known: Vec<u32>,
    sets: Vec<SmallVec<[ConditionId; 4]>>,
}

impl MetByText {
    /// Adds the conditions that a text meets to `met`.
    #[inline]
    pub(super) fn find(
        &mut self,
        number: u32,
        index: &Index,
        seen: Seen<'_>,
        buffers: &mut Buffers,
        met: &mut Vec<ConditionId>,
    ) {
        match self.known.get(number as usize) {
            Some(1) => {}
            None | Some(0) => self.look_up(number, index, seen, buffers, met),
            Some(set) => met.extend_from_slice(&self.sets[*set as usize - 2]),
        }
    }

    fn look_up(
        &mut self,
        number: u32,
        index: &Index,
        seen: Seen<'_>,
        buffers: &mut Buffers,
        met: &mut Vec<ConditionId>,
    ) {
        let before = met.len();
        index.find(seen, buffers, |id| met.push(id));
        if number == UNKNOWN {
            return;
        }
        if self.known.len() <= number as usize {
            self.known.resize(number as usize + 1, 0);
        }
        self.known[number as usize] = 1;
        if met.len() > before {
            self.sets.push(met[before..].into());
            self.known[number as usize] = u32::try_from(self.sets.len() + 1).unwrap_or(0);
        }
    }

    /// Forgets what texts meet.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.sets.clear();
    }
}

/// Addresses that are remembered at a time; a power of two.
const ADDRESSES: usize = 2_048;

/// What the last addresses were as numbers.
#[derive(Debug)]
pub(super) struct AddressMemory(Box<[KnownAddress]>);

#[derive(Debug, Clone, Copy, Default)]
struct KnownAddress {
    /// Its length, its first and its last eight bytes; nothing for no address.
    text: (usize, u64, u64),
    address: Option<(Family, u128)>,
}

impl Default for AddressMemory {
    fn default() -> Self {
        Self(vec![KnownAddress::default(); ADDRESSES].into())
    }
}

impl AddressMemory {
    /// Reads an address.
    #[inline]
    pub(super) fn read<'c>(&mut self, text: &str) -> Option<Seen<'c>> {
        let address = match (text.as_bytes().first_chunk(), text.as_bytes().last_chunk()) {
            (Some(first), Some(last)) if text.len() <= 16 => {
                let text_key = (text.len(), u64::from_le_bytes(*first), u64::from_le_bytes(*last));
                let mixed = (text_key.1 ^ text_key.2.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let place = usize::try_from(mixed >> 53).unwrap_or(0);
                let known = &mut self.0[place];
                if known.text != text_key {
                    *known = KnownAddress { text: text_key, address: read_address(text) };
                }
                known.address
            }
            _ => read_address(text),
        };
        address.map(|(family, number)| Seen::Address(family, number))
    }
}
