//! The cells of a row as a few numbers, which are compared and hashed faster than texts.
//!
//! In: cells, one after the other. Out: a [`RowKey`]: numbers that are the same for two rows only if all of their cells are.
//! The first of a cell's numbers tells its length, so that no cell can run into the next, and no key is the beginning of
//! another of as many cells.

use std::hash::{BuildHasher, Hasher};

/// Numbers of a key that stand in its head. Most keys have no more.
const HEAD: usize = 5;

/// The beginning of a key; what it does not need is 0.
pub(super) type KeyHead = [u64; HEAD];

/// The cells of a row; its memory is used again for the next.
#[derive(Debug)]
pub(super) struct RowKey {
    /// At least as many as a head has.
    numbers: Vec<u64>,
    length: usize,
}

impl Default for RowKey {
    fn default() -> Self {
        Self { numbers: vec![0; HEAD * 2], length: 0 }
    }
}

impl RowKey {
    /// Forgets the last row.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.numbers[..HEAD].fill(0);
        self.length = 0;
    }

    /// Adds a cell.
    #[inline]
    pub(super) fn add(&mut self, cell: &[u8]) {
        let Some(first) = cell.first_chunk() else { return self.push(short(cell) << 8 | cell.len() as u64) };
        let first = u64::from_le_bytes(*first) << 8;
        if cell.len() < LONG {
            self.push(first | cell.len() as u64);
        } else {
            self.push(first | LONG as u64);
            self.push(cell.len() as u64);
        }
        // Seven bytes went in with the length. The last eight may have some of those before again.
        let mut rest = &cell[7..];
        while let Some((eight, after)) = rest.split_first_chunk() {
            self.push(u64::from_le_bytes(*eight));
            rest = after;
        }
        if let Some(last) = cell.last_chunk().filter(|_| !rest.is_empty()) {
            self.push(u64::from_le_bytes(*last));
        }
    }

    #[inline]
    fn push(&mut self, number: u64) {
        if let Some(place) = self.numbers.get_mut(self.length) {
            *place = number;
        } else {
            self.numbers.push(number);
        }
        self.length += 1;
    }

    /// Its beginning.
    #[inline]
    pub(super) fn head(&self) -> &KeyHead {
        // There are always as many.
        self.numbers.first_chunk().unwrap_or(&[0; HEAD])
    }

    /// What does not go into the head.
    #[inline]
    pub(super) fn rest(&self) -> &[u64] {
        self.numbers.get(HEAD..self.length).unwrap_or_default()
    }
}

/// The hash of a key.
#[inline]
pub(super) fn hash(hasher: &impl BuildHasher, head: &KeyHead, rest: &[u64]) -> u64 {
    let mut hasher = hasher.build_hasher();
    head.iter().chain(rest).for_each(|number| hasher.write_u64(*number));
    hasher.finish()
}

/// Whether two heads are the same. One number after the other, since they were just written one after the other: to read
/// several at once the processor would have to wait.
#[inline]
pub(super) fn same(one: &KeyHead, head: &KeyHead) -> bool {
    let at = |place: usize| one[place] == head[place];
    at(0) && at(1) && at(2) && at(3) && at(4)
}

/// Lengths from here on have a number of their own.
const LONG: usize = 255;

/// Fewer than eight bytes.
#[inline]
fn short(cell: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (cell.first_chunk(), cell.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << ((cell.len() - 4) * 8);
    }
    cell.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn key(cells: &[Vec<u8>], used: &mut RowKey) -> (KeyHead, Vec<u64>) {
        used.clear();
        for cell in cells {
            used.add(cell);
        }
        (*used.head(), used.rest().to_vec())
    }

    /// The cells of a key, read back.
    fn cells(head: &KeyHead, rest: &[u64], count: usize) -> Vec<Vec<u8>> {
        let mut numbers = head.iter().chain(rest).copied();
        let mut next = || numbers.next().unwrap();
        let mut cell = || {
            let first = next();
            let length = usize::try_from(first & 0xff).unwrap();
            let length = if length == LONG { usize::try_from(next()).unwrap() } else { length };
            let mut bytes = first.to_le_bytes()[1..].to_vec();
            while bytes.len() < length {
                let left = (length - bytes.len()).min(8);
                bytes.extend_from_slice(&next().to_le_bytes()[8 - left..]);
            }
            bytes.truncate(length);
            bytes
        };
        (0..count).map(|_| cell()).collect()
    }

    proptest! {
        #[test]
        fn a_key_holds_its_cells(
            rows in vec(vec(prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 240..300)], 0..5), 1..4),
        ) {
            let mut used = RowKey::default();
            for row in rows {
                let (head, rest) = key(&row, &mut used);
                prop_assert_eq!(cells(&head, &rest, row.len()), row);
            }
        }
    }
}
