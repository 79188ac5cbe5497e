//! Looks at 64 bytes at a time and says where the bytes stand that give CSV its structure.
//!
//! In: a block of text. Out: [`Masks`], bit sets in which bit n is byte n. It knows nothing of rows.
//!
//! `wide` compares sixteen bytes in one instruction wherever the processor can; a test holds it against a
//! plain loop.

use wide::u8x16;

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;

/// Where bytes of each kind stand in a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Masks {
    pub(super) quotes: u64,
    pub(super) delimiters: u64,
    pub(super) line_feeds: u64,
    pub(super) returns: u64,
}

/// The masks of a block.
#[inline]
pub(super) fn masks(block: &[u8; BLOCK], delimiter: u8) -> Masks {
    let parts = [part(block, 0), part(block, 16), part(block, 32), part(block, 48)];
    Masks {
        quotes: equal(&parts, b'"'),
        delimiters: equal(&parts, delimiter),
        line_feeds: equal(&parts, b'\n'),
        returns: equal(&parts, b'\r'),
    }
}

#[inline]
fn part(block: &[u8; BLOCK], from: usize) -> u8x16 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&block[from..from + 16]);
    u8x16::new(bytes)
}

#[inline]
fn equal(parts: &[u8x16; 4], byte: u8) -> u64 {
    let wanted = u8x16::splat(byte);
    let [a, b, c, d] = parts.map(|part| u64::from(part.cmp_eq(wanted).move_mask().cast_unsigned()));
    a | b << 16 | c << 32 | d << 48
}

/// For each bit, whether an odd number of bits up to and including it is set.
#[inline]
pub(super) fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(block: &[u8; BLOCK], delimiter: u8) -> Masks {
        let mask = |wanted: u8| {
            let bits = block.iter().enumerate().map(|(place, byte)| u64::from(*byte == wanted) << place);
            bits.fold(0, |mask, bit| mask | bit)
        };
        Masks {
            quotes: mask(b'"'),
            delimiters: mask(delimiter),
            line_feeds: mask(b'\n'),
            returns: mask(b'\r'),
        }
    }

    proptest! {
        #[test]
        fn the_fast_way_sees_what_the_plain_way_sees(
            bytes in proptest::collection::vec(proptest::sample::select(b"\",;\n\r\0ab\x80\xff\x7f".to_vec()), BLOCK),
            delimiter in proptest::sample::select(b",;\t".to_vec()),
        ) {
            let block: [u8; BLOCK] = bytes.try_into().unwrap();
            prop_assert_eq!(masks(&block, delimiter), plain(&block, delimiter));
        }

        #[test]
        fn parity_counts_bits(bits in any::<u64>()) {
            for place in 0..64 {
                let below = bits << (63 - place);
                prop_assert_eq!(parity(bits) >> place & 1, u64::from(below.count_ones() % 2));
            }
        }
    }
}
