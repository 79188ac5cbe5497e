//! Looks at 64 bytes at a time and says where the bytes stand that give CSV its structure.
//!
//! In: text that begins at a row. Out: an [`StructuralIndex`]: where delimiters and line feeds stand outside quoted cells, and which
//! of them end a row; and what was [`Met`] on the way. It knows nothing of columns.
//!
//! Sixty-four bytes become bit sets, in which bit n is byte n. An odd number of quotation marks before a byte means that
//! it is inside a quoted cell. `fearless_simd` compares as many bytes in one instruction as the processor can, chosen
//! when quell runs; a test holds every way that the processor at hand has against a plain loop.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined does not get the instructions that were chosen"
)]

use fearless_simd::prelude::*;
#[cfg(target_arch = "x86_64")]
use fearless_simd::u32x16;
use fearless_simd::{Level, Simd, dispatch, u8x64};

/// Bytes of a block.
const BLOCK: usize = 64;
/// Structure that most blocks do not have more of.
const FEW: usize = 8;
/// Bytes of a group of blocks.
const GROUP: usize = 32 * BLOCK;

/// Where a text has its structure; its memory is used again for the next.
#[derive(Debug, Default)]
pub(super) struct StructuralIndex {
    /// Delimiters and line feeds outside quoted cells. Beyond those that were found stands anything.
    places: Vec<u32>,
    found: usize,
    /// For each row the number, among `places`, of the line feed that ends it.
    ends: Vec<usize>,
    rows: usize,
}

/// What a text holds besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Met {
    /// A quotation mark or a carriage return stands where RFC 4180 lets none stand.
    pub(super) out_of_place: bool,
    /// The text ends inside a quoted cell.
    pub(super) inside: bool,
    /// A NUL byte.
    pub(super) nul: bool,
    /// Line feeds up to the end of the last row, those inside cells too.
    pub(super) lines: u64,
}

/// A row: where it begins and ends, and the bytes that end its cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexedRow<'i> {
    pub(super) start: usize,
    /// With its end of line.
    pub(super) end: usize,
    /// Without it.
    content: usize,
    separators: &'i [u32],
}

impl IndexedRow<'_> {
    /// How many cells it has.
    #[inline]
    pub(super) fn cells(&self) -> usize {
        self.separators.len()
    }

    /// The bounds of a cell that it has.
    #[inline]
    pub(super) fn cell(&self, column: usize) -> (usize, usize) {
        let start = column.checked_sub(1).map_or(self.start, |before| self.separators[before] as usize + 1);
        // Only the last cell can reach into the end of line.
        (start, (self.separators[column] as usize).min(self.content))
    }
}

impl StructuralIndex {
    /// Looks through a text that begins at a row and is shorter than 4 GiB. If it is `last`, its end is the end of a row too.
    pub(super) fn read(&mut self, text: &[u8], delimiter: u8, last: bool) -> Met {
        self.read_at(Level::new(), text, delimiter, last)
    }

    fn read_at(&mut self, level: Level, text: &[u8], delimiter: u8, last: bool) -> Met {
        self.found = 0;
        self.rows = 0;
        let state = dispatch!(level, simd => read(simd, text, delimiter, self));
        if last && self.end(text) < text.len() && state.inside == 0 {
            self.room();
            self.places[self.found] = u32::try_from(text.len()).unwrap_or(u32::MAX);
            self.ends[self.rows] = self.found;
            self.found += 1;
            self.rows += 1;
        }
        Met {
            out_of_place: state.wrong != 0,
            inside: state.inside != 0,
            nul: state.nul,
            lines: state.lines_of_rows,
        }
    }

    /// The end of the last whole row; 0 if there is none.
    pub(super) fn end(&self, text: &[u8]) -> usize {
        let last = self.ends[..self.rows].last();
        last.map_or(0, |end| (self.places[*end] as usize + 1).min(text.len()))
    }

    /// Calls `take` with each row that is not an empty line.
    #[inline]
    pub(super) fn rows(&self, text: &[u8], mut take: impl FnMut(IndexedRow<'_>)) {
        let (mut first, mut start) = (0, 0);
        for &last in &self.ends[..self.rows] {
            let separators = &self.places[first..=last];
            let line_end = separators[separators.len() - 1] as usize;
            let content = match text[start..line_end].last() {
                Some(b'\r') => line_end - 1,
                _ => line_end,
            };
            let end = (line_end + 1).min(text.len());
            if content > start {
                take(IndexedRow { start, end, content, separators });
            }
            (first, start) = (last + 1, end);
        }
    }

    /// Room for the places of a group of blocks and one more.
    fn room(&mut self) {
        if self.places.len() < self.found + GROUP + 1 {
            self.places.resize((self.found + GROUP) * 2, 0);
        }
        if self.ends.len() < self.rows + GROUP + 1 {
            self.ends.resize((self.rows + GROUP) * 2, 0);
        }
    }
}

/// What goes over from one block to the next.
#[derive(Debug, Default)]
struct BlockState {
    /// All ones inside a quoted cell.
    inside: u64,
    /// Bit 0: the byte before was a delimiter or line feed outside quotes, or the start, or it closed a cell.
    may_open: u64,
    /// Bit 0: the byte before closed a quoted cell, or half of a doubled mark.
    after_closing: u64,
    /// Bit 0: the byte before was a carriage return outside quotes.
    after_return: u64,
    /// Bytes that are out of place.
    wrong: u64,
    nul: bool,
    lines: u64,
    lines_of_rows: u64,
}

#[inline(always)]
fn read<S: Simd>(simd: S, text: &[u8], delimiter: u8, index: &mut StructuralIndex) -> BlockState {
    let mut state = BlockState { may_open: 1, ..BlockState::default() };
    // The least of the bytes at each place of a block.
    let mut least = u8x64::splat(simd, !0);
    let mut base = 0;
    for group in text.chunks(GROUP) {
        index.room();
        let mut found = GroupFound {
            places: &mut index.places[index.found..],
            ends: &mut index.ends[index.rows..],
            before: index.found,
            count: 0,
            rows: 0,
        };
        let (blocks, rest) = group.as_chunks::<BLOCK>();
        for block in blocks {
            let bytes = u8x64::from_slice(simd, block);
            least = least.min(bytes);
            step(bytes, delimiter, !0, base, &mut found, &mut state);
            base += 64;
        }
        if !rest.is_empty() {
            // A filler of no kind.
            let mut filled = [b'x'; BLOCK];
            filled[..rest.len()].copy_from_slice(rest);
            let bytes = u8x64::from_slice(simd, &filled);
            least = least.min(bytes);
            step(bytes, delimiter, (1 << rest.len()) - 1, base, &mut found, &mut state);
        }
        let GroupFound { count, rows, .. } = found;
        index.found += count;
        index.rows += rows;
    }
    state.nul = least.simd_eq(0).any_true();
    state
}

/// What is found in a group.
struct GroupFound<'i> {
    places: &'i mut [u32],
    ends: &'i mut [usize],
    /// Places before the group.
    before: usize,
    count: usize,
    rows: usize,
}

impl GroupFound<'_> {
    /// Adds the bits of a block.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, bits: u64, base: u32) {
        let count = bits.count_ones() as usize;
        // Most blocks have few. Places beyond the count are written over by the next block.
        let written = write_first(simd, bits, base, &mut self.places[self.count..]);
        if count > written {
            let mut rest = (0..written).fold(bits, |bits, _| bits & (bits - 1));
            for place in &mut self.places[self.count + written..self.count + count] {
                *place = base + rest.trailing_zeros();
                rest &= rest - 1;
            }
        }
        self.count += count;
    }

    /// Adds rows, before the bits of the block in which they end.
    #[inline(always)]
    fn add_ends(&mut self, structure: u64, mut ends: u64) {
        while ends != 0 {
            let before = (1 << ends.trailing_zeros()) - 1;
            self.ends[self.rows] = self.before + self.count + (structure & before).count_ones() as usize;
            self.rows += 1;
            ends &= ends - 1;
        }
    }
}

/// The numbers of the bytes of a block.
#[cfg(target_arch = "x86_64")]
const ALL: [u8; BLOCK] = {
    let mut all = [0; BLOCK];
    let mut number = 0;
    while number < BLOCK {
        all[number] = number.to_le_bytes()[0];
        number += 1;
    }
    all
};

/// Writes the places of the first bits that are set, and returns how many it has written at most.
#[inline(always)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(unused_variables, reason = "only AVX-512 has a way of its own")
)]
fn write_first<S: Simd>(simd: S, mut bits: u64, base: u32, places: &mut [u32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = simd.level().as_avx512() {
        let first: u32x16<_> = first_places(avx512, bits, base).simd_into(avx512);
        first.store_slice(&mut places[..16]);
        return 16;
    }
    for place in &mut places[..FEW] {
        *place = base + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
    }
    FEW
}

#[cfg(target_arch = "x86_64")]
fearless_simd::kernel!(
    /// The places of the first sixteen bits that are set. The compiler would find each of eight by itself, and then make
    /// one vector of them, which takes twice as long.
    #[inline]
    fn first_places(avx512: Avx512, bits: u64, base: u32) -> std::arch::x86_64::__m512i {
        use std::arch::x86_64::{
            _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cvtepu8_epi32, _mm512_maskz_compress_epi8,
            _mm512_set1_epi32,
        };
        let all: u8x64<_> = ALL.simd_into(avx512);
        let set = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(bits, all.into()));
        _mm512_add_epi32(_mm512_cvtepu8_epi32(set), _mm512_set1_epi32(base.cast_signed()))
    }
);

/// Takes a block of which the bytes in `valid` count.
#[inline(always)]
fn step<S: Simd>(
    bytes: u8x64<S>,
    delimiter: u8,
    valid: u64,
    base: u32,
    found: &mut GroupFound<'_>,
    state: &mut BlockState,
) {
    let quotes = bytes.simd_eq(b'"').to_bitmask();
    let quoting = quotes | state.after_closing != 0;
    let inside = if quoting { parity(quotes) ^ state.inside } else { state.inside };
    let outside = !inside & valid;
    let mut structure = bytes.simd_eq(delimiter).to_bitmask() & outside;
    let mut returns = 0;
    let (line_feeds, carriage) = (bytes.simd_eq(b'\n'), bytes.simd_eq(b'\r'));
    if (line_feeds | carriage).any_true() {
        let line_feeds = line_feeds.to_bitmask();
        let ends = line_feeds & outside;
        structure |= ends;
        returns = carriage.to_bitmask() & outside;
        state.wrong |= (returns << 1 | state.after_return) & valid & !ends;
        state.after_return = returns >> 63;
        if ends != 0 {
            let last = !0 >> ends.leading_zeros();
            state.lines_of_rows = state.lines + u64::from((line_feeds & last).count_ones());
        }
        state.lines += u64::from(line_feeds.count_ones());
        found.add_ends(structure, ends);
    } else {
        state.wrong |= state.after_return;
        state.after_return = 0;
    }
    if quoting {
        let (opening, closing) = (quotes & inside, quotes & outside);
        state.wrong |= opening & !((structure | closing) << 1 | state.may_open);
        state.wrong |= (closing << 1 | state.after_closing) & valid & !(structure | returns | opening);
        state.may_open = (structure | closing) >> 63;
        state.after_closing = closing >> 63;
    } else {
        state.may_open = structure >> 63;
    }
    state.inside = 0_u64.wrapping_sub(inside >> 63);
    found.add(bytes.simd, structure, base);
}

/// For each bit, whether an odd number of bits up to and including it is set.
#[inline(always)]
fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The ways that this processor has.
    fn levels() -> Vec<Level> {
        let best = Level::new();
        #[cfg(target_arch = "x86_64")]
        let lower = [
            best.as_avx2().map(Simd::level),
            best.as_sse4_2().map(Simd::level),
            best.as_sse2().map(Simd::level),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let lower: [Option<Level>; 0] = [];
        [best].into_iter().chain(lower.into_iter().flatten()).collect()
    }

    /// The same by looking at one byte after the other.
    fn plain(text: &[u8], delimiter: u8, last: bool) -> (Met, Vec<Vec<u32>>) {
        let (mut met, mut lines) = (Met::default(), 0);
        let (mut rows, mut row) = (Vec::new(), Vec::new());
        // The start is like the end of a row.
        let mut before = b'\n';
        let mut closed = false;
        for (place, &byte) in text.iter().enumerate() {
            met.nul |= byte == 0;
            lines += u64::from(byte == b'\n');
            let quote = byte == b'"';
            if met.inside {
                (closed, met.inside) = (quote, !quote);
                before = b'x';
                continue;
            }
            let ends_cell = byte == delimiter || byte == b'\n';
            met.out_of_place |= closed && !(ends_cell || quote || byte == b'\r');
            met.out_of_place |= before == b'\r' && byte != b'\n';
            met.out_of_place |= quote && !(closed || before == delimiter || before == b'\n');
            if ends_cell {
                row.push(u32::try_from(place).unwrap());
            }
            if byte == b'\n' {
                rows.push(std::mem::take(&mut row));
                met.lines = lines;
            }
            (closed, met.inside, before) = (false, quote, byte);
        }
        if last && !met.inside && text.last().is_some_and(|byte| *byte != b'\n' || !row.is_empty()) {
            row.push(u32::try_from(text.len()).unwrap());
            rows.push(row);
        }
        (met, rows)
    }

    proptest! {
        #[test]
        fn the_fast_way_sees_what_the_plain_way_sees(
            bytes in proptest::collection::vec(proptest::sample::select(b"\"\"\"\",,,;\n\n\r\0ab\x80\xff\x7f".to_vec()), 0..400),
            filler in 0..3_usize,
            delimiter in proptest::sample::select(b",;\t".to_vec()),
            last in any::<bool>(),
        ) {
            // Groups are told from each other, too.
            let text = [&b"a,\"b\n\"\n".repeat(filler * 300), bytes.as_slice()].concat();
            let (wanted, rows) = plain(&text, delimiter, last);
            for level in levels() {
                let mut index = StructuralIndex::default();
                let met = index.read_at(level, &text, delimiter, last);
                prop_assert_eq!(met.out_of_place, wanted.out_of_place);
                if !met.out_of_place {
                    prop_assert_eq!(met, wanted);
                    let mut first = 0;
                    let found = index.ends[..index.rows].iter().map(|last| {
                        let row = index.places[first..=*last].to_vec();
                        first = *last + 1;
                        row
                    });
                    prop_assert_eq!(found.collect::<Vec<_>>(), &*rows);
                }
            }
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
