//! Finds rows and cells fast, as long as quotation marks stand only where RFC 4180 lets them.
//!
//! In: a chunk that begins and ends at a row. Out: its rows, stretch by stretch, and the places of their cells. It gives
//! up at the first byte that is out of place; the careful reader reads such a chunk by walking, and a property test holds the
//! two against each other.

use super::structure::{IndexedRow, StructuralIndex};

/// Bytes that are looked through at a time, so few that they are at hand still when their rows are read.
pub(super) const STRETCH: usize = 1 << 16;

/// The chunk has a byte out of place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfPlace;

/// Whole rows of a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch<'t> {
    pub(super) bytes: &'t [u8],
    /// Where they stand in the chunk.
    pub(super) start: usize,
    /// The same as text, if it is.
    pub(super) text: Option<&'t str>,
    /// It is text, and no NUL byte is in it.
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
        let met = index.read(text, delimiter, last);
        if met.out_of_place || last && met.inside {
            return Err(OutOfPlace);
        }
        let end = index.end(text);
        if end == 0 {
            // A row that is longer than the stretch.
            reach *= 2;
            continue;
        }
        let bytes = &text[..end];
        let text = simdutf8::basic::from_utf8(bytes).ok();
        let stretch = Stretch { bytes, start, text, clean: text.is_some() && !met.nul };
        index.rows(bytes, |row| take(&stretch, row));
        lines += met.lines;
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
