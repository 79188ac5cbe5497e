//! The wanted cells of one JSON record, as they are found.
//!
//! In: keys of a record and the texts that they hold. Out: for each wanted cell its text, and whether a key stood twice.
//! Its memory is used again for the next record.

use super::super::projection::KeyUse;
use std::ops::Range;

/// What was found for one wanted cell so far: which of its sources, and its text.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundCell {
    pub(super) source: Option<usize>,
    pub(super) text: Option<CellText>,
    /// That source has been there before.
    pub(super) twice: bool,
}

/// Where the text of a cell stands.
#[derive(Debug, Clone)]
pub(super) struct CellText {
    pub(super) range: Range<usize>,
    /// In the memory of the [`RecordCells`], not in the row.
    pub(super) copied: bool,
}

impl CellText {
    /// In the text of the row.
    #[inline]
    pub(super) fn of_row(range: Range<usize>) -> Self {
        Self { range, copied: false }
    }
}

/// What was found in one row; its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct RecordCells {
    pub(super) found: Vec<FoundCell>,
    /// What was copied.
    pub(super) text: String,
    /// Something stood twice; whether it counts is known only at the end.
    pub(super) duplicate: bool,
}

impl RecordCells {
    /// Forgets the last row.
    pub(super) fn clear(&mut self, cells: usize) {
        self.text.clear();
        self.duplicate = false;
        self.found.clear();
        self.found.resize(cells, FoundCell::default());
    }

    /// The text of a cell of a row that was read whole.
    pub(super) fn text(&self, cell: usize) -> Option<&str> {
        self.found[cell].text.as_ref().map(|text| &self.text[text.range.clone()])
    }

    /// Takes what a key holds.
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
    pub(super) fn copied(&mut self, text: &str) -> CellText {
        let start = self.text.len();
        self.text.push_str(text);
        CellText { range: start..self.text.len(), copied: true }
    }

    /// Copies a text without its escapes; `None` if one of them is a number.
    pub(super) fn unescaped(&mut self, text: &[u8]) -> Option<CellText> {
        let start = self.text.len();
        let mut parts = std::str::from_utf8(text).ok()?.split('\\');
        self.text.push_str(parts.next()?);
        while let Some(part) = parts.next() {
            let (plain, rest) = match part.as_bytes().first() {
                // What follows is a backslash that is escaped.
                None => {
                    self.text.push('\\');
                    self.text.push_str(parts.next()?);
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
            self.text.push(plain);
            self.text.push_str(rest);
        }
        Some(CellText { range: start..self.text.len(), copied: true })
    }
}
