//! Collects the wanted cells of one JSON record.
//!
//! In: the wanted keys of a record, as they are found, and their values. Out: for each wanted cell its text, and whether a
//! key occurred twice.

use super::super::projection::KeyUse;
use std::ops::Range;

/// What was found for one wanted cell so far.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundCell {
    /// Which of the cell's sources it is; `None` if none was found.
    pub(super) source: Option<usize>,
    pub(super) text: Option<CellText>,
    /// Whether that source occurred twice.
    pub(super) twice: bool,
}

/// Where the text of a cell stands.
#[derive(Debug, Clone)]
pub(super) struct CellText {
    pub(super) range: Range<usize>,
    /// Whether it stands in [`RecordCells::copies`], not in the row.
    pub(super) copied: bool,
}

impl CellText {
    /// A text that stands in the row.
    #[inline]
    pub(super) fn of_row(range: Range<usize>) -> Self {
        Self { range, copied: false }
    }
}

/// What was found in one row. Its memory is used again for the next row.
#[derive(Debug, Default)]
pub(crate) struct RecordCells {
    pub(super) found: Vec<FoundCell>,
    /// Texts that do not stand in the row as they are, for example because they held escapes.
    pub(super) copies: String,
    /// Whether a key occurred twice. It matters only if no better source of the cell is found later.
    pub(super) duplicate: bool,
}

impl RecordCells {
    /// Forgets the last row.
    pub(super) fn clear(&mut self, cells: usize) {
        self.copies.clear();
        self.duplicate = false;
        self.found.clear();
        self.found.resize(cells, FoundCell::default());
    }

    /// The text of a cell. Those that were not copied stand in `text`.
    #[inline]
    pub(super) fn text<'t>(&'t self, cell: usize, text: &'t str) -> Option<&'t str> {
        let found = self.found[cell].text.as_ref()?;
        if found.copied { &self.copies } else { text }.get(found.range.clone())
    }

    /// Notes the value of a key.
    #[inline]
    pub(super) fn put(&mut self, key: &KeyUse, text: Option<&CellText>) {
        for (cell, source) in &key.cells {
            let found = &mut self.found[*cell];
            if found.source == Some(*source) {
                found.twice = true;
                self.duplicate = true;
            }
            if found.source.is_none_or(|known| *source < known) {
                *found = FoundCell { source: Some(*source), text: text.cloned(), twice: false };
            }
        }
    }

    /// Copies a text.
    pub(super) fn copy(&mut self, text: &str) -> CellText {
        let start = self.copies.len();
        self.copies.push_str(text);
        CellText { range: start..self.copies.len(), copied: true }
    }

    /// Copies a text and resolves its escapes; `None` if one of them is `\u`.
    pub(super) fn copy_unescaped(&mut self, text: &[u8]) -> Option<CellText> {
        let start = self.copies.len();
        let mut parts = std::str::from_utf8(text).ok()?.split('\\');
        self.copies.push_str(parts.next()?);
        while let Some(part) = parts.next() {
            let (plain, rest) = match part.as_bytes().first() {
                // Nothing stands between two backslashes: an escaped backslash.
                None => {
                    self.copies.push('\\');
                    self.copies.push_str(parts.next()?);
                    continue;
                }
                Some(b'b') => ('\u{8}', &part[1..]),
                Some(b'f') => ('\u{c}', &part[1..]),
                Some(b'n') => ('\n', &part[1..]),
                Some(b'r') => ('\r', &part[1..]),
                Some(b't') => ('\t', &part[1..]),
                Some(b'"' | b'/') => (char::from(part.as_bytes()[0]), &part[1..]),
                Some(_) => return None,
            };
            self.copies.push(plain);
            self.copies.push_str(rest);
        }
        Some(CellText { range: start..self.copies.len(), copied: true })
    }
}
