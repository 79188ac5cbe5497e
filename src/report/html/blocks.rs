//! The numbers and texts of the page as one packed text.
//!
//! In: arrays of whole numbers, lists of texts, each under a name. Out: a directory that says where each of them
//! stands, and all of them together as gzip in base64. The page reads them back with `decode.js`.
//!
//! Numbers are little-endian and as narrow as the largest of them allows. A block begins at a multiple of four, so
//! that the page can look at it without a copy. A list of texts is one text and the length of each part in UTF-16
//! code units, which is how JavaScript counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Place {
    /// The byte at which it begins.
    pub(super) at: usize,
    /// How many numbers it holds, or how many bytes of text.
    pub(super) n: usize,
    /// Bytes of one number; 0 for text.
    pub(super) width: u8,
    /// Each number is the difference to the one before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) delta: bool,
}

/// Blocks that are being collected.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    bytes: Vec<u8>,
    /// The directory.
    pub(super) places: BTreeMap<String, Place>,
}

impl Blocks {
    /// Adds numbers.
    pub(super) fn numbers(&mut self, name: &str, numbers: &[u32]) {
        self.add_numbers(name, numbers, false);
    }

    /// Adds numbers that mostly grow by the same, which packs well as differences.
    pub(super) fn growing(&mut self, name: &str, numbers: &[u32]) {
        let mut before = 0_u32;
        let deltas: Vec<u32> = numbers
            .iter()
            .map(|number| {
                let delta = number.wrapping_sub(before);
                before = *number;
                delta
            })
            .collect();
        self.add_numbers(name, &deltas, true);
    }

    fn add_numbers(&mut self, name: &str, numbers: &[u32], delta: bool) {
        let largest = numbers.iter().copied().max().unwrap_or(0);
        let width: u8 = match largest {
            0..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 4,
        };
        self.align();
        let at = self.bytes.len();
        for number in numbers {
            self.bytes.extend_from_slice(&number.to_le_bytes()[..usize::from(width)]);
        }
        self.places.insert(name.to_owned(), Place { at, n: numbers.len(), width, delta });
    }

    /// Adds a list of texts under two names: `name` and `name.length`.
    pub(super) fn texts<'t>(&mut self, name: &str, texts: impl Iterator<Item = &'t str>) {
        self.align();
        let at = self.bytes.len();
        let lengths: Vec<u32> = texts
            .map(|text| {
                self.bytes.extend_from_slice(text.as_bytes());
                u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
            })
            .collect();
        self.places.insert(name.to_owned(), Place { at, n: self.bytes.len() - at, width: 0, delta: false });
        self.numbers(&format!("{name}.length"), &lengths);
    }

    fn align(&mut self) {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
    }

    /// All blocks, packed.
    pub(super) fn packed(&self) -> String {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
        // Memory takes everything.
        let packed = gzip.write_all(&self.bytes).and_then(|()| gzip.finish()).unwrap_or_default();
        STANDARD.encode(packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn numbers_are_as_narrow_as_they_can_be_and_stand_aligned() {
        let mut blocks = Blocks::default();
        blocks.numbers("a", &[1, 2, 255]);
        blocks.numbers("b", &[256]);
        blocks.growing("c", &[70_000, 70_001, 70_002, 3]);
        let expected = [(0, 3, 1, false), (4, 1, 2, false), (8, 4, 4, true)];
        for (name, (at, n, width, delta)) in ["a", "b", "c"].into_iter().zip(expected) {
            assert_eq!(blocks.places[name], Place { at, n, width, delta }, "{name}");
        }
        let packed = STANDARD.decode(blocks.packed()).unwrap();
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes[..6], [1, 2, 255, 0, 0, 1]);
        assert_eq!(bytes[8..12], 70_000_u32.to_le_bytes());
        assert_eq!(bytes[12..16], [1, 0, 0, 0]);
    }

    #[test]
    fn lengths_of_texts_count_as_javascript_does() {
        let mut blocks = Blocks::default();
        blocks.texts("t", ["é", "", "\u{1f600}x"].into_iter());
        assert_eq!(blocks.places["t"].n, 7);
        assert_eq!(blocks.bytes[blocks.places["t.length"].at..][..3], [1, 0, 3]);
    }
}
