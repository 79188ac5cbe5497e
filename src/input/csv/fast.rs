//! Finds rows and cells fast, as long as quotation marks stand only where RFC 4180 allows them.
//!
//! In: a chunk that begins and ends at a row. Out: its rows, one stretch of some 64 KiB after the other, with the places of
//! their cells. It gives up at the first byte that is out of place; the parent module then walks the chunk. A property test
//! compares the two.

use super::structure::{IndexedRow, StructuralIndex};

/// How many bytes are scanned before their rows are read: few enough to be still in the processor's cache then.
pub(super) const STRETCH: usize = 1 << 16;

/// A quotation mark or a carriage return stands where RFC 4180 allows none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfPlace;

/// Whole rows of a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch<'t> {
    pub(super) bytes: &'t [u8],
    /// Where they begin in the chunk.
    pub(super) start: usize,
    /// The bytes as text, if they are UTF-8.
    pub(super) text: Option<&'t str>,
    /// Whether they are UTF-8 without a NUL byte.
    pub(super) clean: bool,
}

/// Calls `take` with each row that is not an empty line, in stretches of about `size` bytes, and returns the number of
/// line feeds.
pub(super) fn rows<'c>(
    chunk: &'c [u8],
    delimiter: u8,
    size: usize,
    mut take: impl FnMut(&Stretch<'c>, IndexedRow<'_>),
) -> Result<u64, OutOfPlace> {
    let mut index = StructuralIndex::default();
    let (mut start, mut reach, mut lines) = (0, size, 0);
    while start < chunk.len() {
        let rest = &chunk[start..];
        let last = rest.len() <= reach;
        let text = &rest[..reach.min(rest.len())];
        let scanned = index.scan(text, delimiter, last);
        if scanned.out_of_place || last && scanned.ends_in_quotes {
            return Err(OutOfPlace);
        }
        let end = index.end(text);
        if end == 0 {
            // The row is longer than the stretch.
            reach *= 2;
            continue;
        }
        let bytes = &text[..end];
        let text = simdutf8::basic::from_utf8(bytes).ok();
        let stretch = Stretch { bytes, start, text, clean: text.is_some() && !scanned.nul };
        index.rows(bytes, |row| take(&stretch, row));
        lines += scanned.lines;
        start += end;
        reach = size;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A row's bytes, whether they are clean, and the bounds of its cells.
    type RowRead = (Vec<u8>, bool, Vec<(usize, usize)>);

    /// The rows and the number of line feeds.
    fn read(text: &[u8], size: usize) -> Option<(Vec<RowRead>, u64)> {
        let mut found = Vec::new();
        let lines = rows(text, b',', size, |stretch, row| {
            assert_eq!(stretch.bytes, &text[stretch.start..stretch.start + stretch.bytes.len()]);
            assert_eq!(
                stretch.text.map(str::as_bytes),
                std::str::from_utf8(stretch.bytes).ok().map(str::as_bytes)
            );
            let bytes = stretch.bytes[row.start..row.end].to_vec();
            let clean = std::str::from_utf8(&bytes).is_ok() && !bytes.contains(&0);
            assert!(clean || !stretch.clean);
            let bounds = (0..row.cells())
                .map(|column| row.cell(column))
                .map(|(from, to)| (from - row.start, to - row.start));
            found.push((bytes, clean, bounds.collect()));
        });
        lines.ok().map(|lines| (found, lines))
    }

    proptest! {
        #[test]
        fn rows_are_the_same_however_long_the_stretches_are(
            cells in proptest::collection::vec(proptest::sample::select(vec!["a", "", "\"b\"", "\"c,\n\"", "\"\"\"\"", "\0", "\u{e9}", "long enough for a block or so, if it is repeated"]), 0..200),
            ends in proptest::collection::vec(proptest::sample::select(vec![",", ",", "\n", "\r\n"]), 200),
            size in 1..300_usize,
        ) {
            let text: String = cells.iter().zip(&ends).flat_map(|(cell, end)| [*cell, *end]).collect();
            prop_assert_eq!(read(text.as_bytes(), size), read(text.as_bytes(), 1 << 20));
        }
    }
}
