//! Finds the delimiters and line feeds that give CSV its structure, 64 bytes at a time.
//!
//! In: text that begins at a row. Out: a [`StructuralIndex`], which says where delimiters and line feeds stand outside
//! quotes, and [`Scanned`], which says what else the text holds. It knows nothing of columns.
//!
//! A block of 64 bytes becomes bit sets, in which bit n stands for byte n. A byte is inside quotes if an odd number of
//! quotation marks stands before it. `fearless_simd` compares as many bytes in one instruction as the processor can, which
//! is found out when quell runs. A test compares every instruction set of the processor at hand with a plain loop.

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
/// Most blocks have no more delimiters and line feeds than this.
const USUAL: usize = 8;
/// Bytes of a group of blocks.
const GROUP: usize = 32 * BLOCK;

/// Where the delimiters and line feeds of a text stand. Its memory is used again for the next text.
#[derive(Debug, Default)]
pub(super) struct StructuralIndex {
    /// Where delimiters and line feeds stand outside quotes. Only the first `found` are valid.
    places: Vec<u32>,
    found: usize,
    /// For each row, which of `places` is the line feed that ends it. Only the first `rows` are valid.
    ends: Vec<usize>,
    rows: usize,
}

/// What else a scan found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    /// Whether a quotation mark or a carriage return stands where RFC 4180 allows none.
    pub(super) out_of_place: bool,
    /// Whether the text ends inside quotes.
    pub(super) ends_in_quotes: bool,
    /// Whether the text holds a NUL byte.
    pub(super) nul: bool,
    /// How many line feeds stand before the end of the last row, those inside cells included.
    pub(super) lines: u64,
}

/// Where a row and its cells begin and end.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexedRow<'i> {
    pub(super) start: usize,
    /// Its end, after the line feed.
    pub(super) end: usize,
    /// The end of its last cell, before the end of the line.
    content_end: usize,
    /// Where the byte stands that ends each cell.
    separators: &'i [u32],
}

impl IndexedRow<'_> {
    /// How many cells it has.
    #[inline]
    pub(super) fn cells(&self) -> usize {
        self.separators.len()
    }

    /// Where the cell in a column begins and ends. The row must have that column.
    #[inline]
    pub(super) fn cell(&self, column: usize) -> (usize, usize) {
        let start = column.checked_sub(1).map_or(self.start, |before| self.separators[before] as usize + 1);
        // The line feed after the last cell may have a carriage return before it, which is no part of the cell.
        (start, (self.separators[column] as usize).min(self.content_end))
    }
}

impl StructuralIndex {
    /// Scans a text that begins at a row and is shorter than 4 GiB. With `last` the end of the text ends a row too.
    pub(super) fn scan(&mut self, text: &[u8], delimiter: u8, last: bool) -> Scanned {
        self.scan_with(Level::new(), text, delimiter, last)
    }

    fn scan_with(&mut self, level: Level, text: &[u8], delimiter: u8, last: bool) -> Scanned {
        self.found = 0;
        self.rows = 0;
        let state = dispatch!(level, simd => scan_blocks(simd, text, delimiter, self));
        if last && self.end(text) < text.len() && state.in_quotes == 0 {
            self.reserve_group();
            self.places[self.found] = u32::try_from(text.len()).unwrap_or(u32::MAX);
            self.ends[self.rows] = self.found;
            self.found += 1;
            self.rows += 1;
        }
        Scanned {
            out_of_place: state.wrong != 0,
            ends_in_quotes: state.in_quotes != 0,
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
            let content_end = match text[start..line_end].last() {
                Some(b'\r') => line_end - 1,
                _ => line_end,
            };
            let end = (line_end + 1).min(text.len());
            if content_end > start {
                take(IndexedRow { start, end, content_end, separators });
            }
            (first, start) = (last + 1, end);
        }
    }

    /// Makes room for all places in one more group of blocks, and one place more.
    fn reserve_group(&mut self) {
        if self.places.len() < self.found + GROUP + 1 {
            self.places.resize((self.found + GROUP) * 2, 0);
        }
        if self.ends.len() < self.rows + GROUP + 1 {
            self.ends.resize((self.rows + GROUP) * 2, 0);
        }
    }
}

/// What one block hands on to the next, and what was found so far.
#[derive(Debug, Default)]
struct BlockState {
    /// All bits are set if the block ended inside quotes, else none.
    in_quotes: u64,
    /// Bit 0: an opening quotation mark may follow. The last byte was a delimiter or line feed outside quotes, or a
    /// quotation mark that may be half of an escaped one; or the text begins.
    may_open: u64,
    /// Bit 0: the last byte was a quotation mark that closes a cell or is half of an escaped one.
    after_closing: u64,
    /// Bit 0: the last byte was a carriage return outside quotes.
    after_return: u64,
    /// Not zero if a byte is out of place.
    wrong: u64,
    nul: bool,
    /// Line feeds so far.
    lines: u64,
    /// Line feeds up to the end of the last row.
    lines_of_rows: u64,
}

#[inline(always)]
fn scan_blocks<S: Simd>(simd: S, text: &[u8], delimiter: u8, index: &mut StructuralIndex) -> BlockState {
    let mut state = BlockState { may_open: 1, ..BlockState::default() };
    // The smallest byte at each place of a block: zero if there is a NUL byte.
    let mut least = u8x64::splat(simd, !0);
    let mut base = 0;
    for group in text.chunks(GROUP) {
        index.reserve_group();
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
            scan_block(bytes, delimiter, !0, base, &mut found, &mut state);
            base += 64;
        }
        if !rest.is_empty() {
            // The text ends inside this block, which is filled up with a byte that means nothing.
            let mut filled = [b'x'; BLOCK];
            filled[..rest.len()].copy_from_slice(rest);
            let bytes = u8x64::from_slice(simd, &filled);
            least = least.min(bytes);
            scan_block(bytes, delimiter, (1 << rest.len()) - 1, base, &mut found, &mut state);
        }
        let GroupFound { count, rows, .. } = found;
        index.found += count;
        index.rows += rows;
    }
    state.nul = least.simd_eq(0).any_true();
    state
}

/// What is found in one group of blocks: the free parts of the index, and how much of them is used.
struct GroupFound<'i> {
    places: &'i mut [u32],
    ends: &'i mut [usize],
    /// How many places stand in the index before those of the group.
    before: usize,
    count: usize,
    rows: usize,
}

impl GroupFound<'_> {
    /// Adds the places of a block.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, bits: u64, base: u32) {
        let count = bits.count_ones() as usize;
        // A fixed number of places is written without a branch, which is enough for most blocks. The next block overwrites
        // those beyond `count`.
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

    /// Adds the rows that end in a block. It is called before [`GroupFound::add`] for the same block.
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

/// The numbers from 0 to 63, one for each byte of a block.
#[cfg(target_arch = "x86_64")]
const PLACES: [u8; BLOCK] = {
    let mut all = [0; BLOCK];
    let mut number = 0;
    while number < BLOCK {
        all[number] = number.to_le_bytes()[0];
        number += 1;
    }
    all
};

/// Writes the places of the first set bits, and returns how many places it writes. If fewer bits are set, the rest is
/// meaningless.
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
    for place in &mut places[..USUAL] {
        *place = base + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
    }
    USUAL
}

#[cfg(target_arch = "x86_64")]
fearless_simd::kernel!(
    /// The places of the first sixteen set bits. The compiler would compute places one by one and then join
    /// them to a vector, which takes twice as long.
    #[inline]
    fn first_places(avx512: Avx512, bits: u64, base: u32) -> std::arch::x86_64::__m512i {
        use std::arch::x86_64::{
            _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cvtepu8_epi32, _mm512_maskz_compress_epi8,
            _mm512_set1_epi32,
        };
        let all: u8x64<_> = PLACES.simd_into(avx512);
        let set = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(bits, all.into()));
        _mm512_add_epi32(_mm512_cvtepu8_epi32(set), _mm512_set1_epi32(base.cast_signed()))
    }
);

/// Scans one block, of which only the bytes in `valid` belong to the text.
#[inline(always)]
fn scan_block<S: Simd>(
    bytes: u8x64<S>,
    delimiter: u8,
    valid: u64,
    base: u32,
    found: &mut GroupFound<'_>,
    state: &mut BlockState,
) {
    let quotes = bytes.simd_eq(b'"').to_bitmask();
    let quoting = quotes | state.after_closing != 0;
    let inside = if quoting { parity(quotes) ^ state.in_quotes } else { state.in_quotes };
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
    state.in_quotes = 0_u64.wrapping_sub(inside >> 63);
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

    /// The instruction sets that this processor has.
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

    /// Scans one byte after the other.
    fn plain(text: &[u8], delimiter: u8, last: bool) -> (Scanned, Vec<Vec<u32>>) {
        let (mut scanned, mut lines) = (Scanned::default(), 0);
        let (mut rows, mut row) = (Vec::new(), Vec::new());
        // The start is like the end of a row.
        let mut before = b'\n';
        let mut closed = false;
        for (place, &byte) in text.iter().enumerate() {
            scanned.nul |= byte == 0;
            lines += u64::from(byte == b'\n');
            let quote = byte == b'"';
            if scanned.ends_in_quotes {
                (closed, scanned.ends_in_quotes) = (quote, !quote);
                before = b'x';
                continue;
            }
            let ends_cell = byte == delimiter || byte == b'\n';
            scanned.out_of_place |= closed && !(ends_cell || quote || byte == b'\r');
            scanned.out_of_place |= before == b'\r' && byte != b'\n';
            scanned.out_of_place |= quote && !(closed || before == delimiter || before == b'\n');
            if ends_cell {
                row.push(u32::try_from(place).unwrap());
            }
            if byte == b'\n' {
                rows.push(std::mem::take(&mut row));
                scanned.lines = lines;
            }
            (closed, scanned.ends_in_quotes, before) = (false, quote, byte);
        }
        if last
            && !scanned.ends_in_quotes
            && text.last().is_some_and(|byte| *byte != b'\n' || !row.is_empty())
        {
            row.push(u32::try_from(text.len()).unwrap());
            rows.push(row);
        }
        (scanned, rows)
    }

    proptest! {
        #[test]
        fn the_fast_way_sees_what_the_plain_way_sees(
            bytes in proptest::collection::vec(proptest::sample::select(b"\"\"\"\",,,;\n\n\r\0ab\x80\xff\x7f".to_vec()), 0..400),
            filler in 0..3_usize,
            delimiter in proptest::sample::select(b",;\t".to_vec()),
            last in any::<bool>(),
        ) {
            // Long enough for several groups of blocks.
            let text = [&b"a,\"b\n\"\n".repeat(filler * 300), bytes.as_slice()].concat();
            let (wanted, rows) = plain(&text, delimiter, last);
            for level in levels() {
                let mut index = StructuralIndex::default();
                let scanned = index.scan_with(level, &text, delimiter, last);
                prop_assert_eq!(scanned.out_of_place, wanted.out_of_place);
                if !scanned.out_of_place {
                    prop_assert_eq!(scanned, wanted);
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
