//! Finds rows and cells fast, as long as quotation marks stand only where RFC 4180 lets them.
//!
//! In: a chunk that begins and ends at a row. Out: its rows, stretch by stretch, and the places of their cells. It gives
//! up at the first byte that is out of place; [`super::csv`] reads such a chunk by walking, and a property test holds the
//! two against each other.

use super::blocks::{FoundRow, Index};

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
pub(super) fn rows(
    chunk: &[u8],
    delimiter: u8,
    size: usize,
    mut take: impl FnMut(&Stretch<'_>, FoundRow<'_>),
) -> Result<u64, OutOfPlace> {
    let mut index = Index::default();
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
