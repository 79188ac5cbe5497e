//! The lines of a text, for places in it.
//!
//! In: a text; lines and columns from 1, columns in characters. Out: bytes of the text, or a [`Place`] to show. The only
//! part that counts lines for lists.

use crate::diagnostic::Place;
use crate::yaml::Span;
use std::ops::Range;

/// A text and where its lines begin.
#[derive(Debug)]
pub(crate) struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    /// Finds the lines.
    pub(crate) fn new(text: &'t str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The bytes of a line with its end.
    pub(crate) fn range(&self, line: usize) -> Option<Range<usize>> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        Some(start..self.starts.get(line).copied().unwrap_or(self.text.len()))
    }

    /// A line without its end; empty if there is none.
    pub(crate) fn line(&self, line: usize) -> &'t str {
        self.range(line).and_then(|range| self.text[range].lines().next()).unwrap_or_default()
    }

    /// How many lines there are. What stands behind the last line end is one of them, if anything does.
    pub(crate) fn count(&self) -> usize {
        self.starts.len() - usize::from(self.text.is_empty() || self.text.ends_with('\n'))
    }

    /// The byte of a character.
    pub(crate) fn offset(&self, line: usize, column: usize) -> Option<usize> {
        let range = self.range(line)?;
        let (inside, _) = self.text.get(range.clone())?.char_indices().nth(column.checked_sub(1)?)?;
        Some(range.start + inside)
    }

    /// The bytes of what stands on one line.
    pub(crate) fn bytes(&self, span: Span) -> Option<Range<usize>> {
        let start = self.offset(span.line, span.column)?;
        let length: usize = self.text.get(start..)?.chars().take(span.width).map(char::len_utf8).sum();
        (span.width > 0).then_some(start..start + length)
    }

    /// The place of what stands there, with the text of its first line.
    pub(crate) fn place(&self, file: &str, span: Span) -> Place {
        let text = self.line(span.line);
        let rest = text.trim_end().chars().count().saturating_sub(span.column - 1);
        Place {
            file: file.to_owned(),
            line: span.line,
            column: span.column,
            width: if span.width == 0 { rest.max(1) } else { span.width },
            text: text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Lines are those of the standard library, and a column is a character.
        #[test]
        fn lines_and_columns_are_those_of_a_reader(text in "[a\u{e9}\u{1f600}\r\n ]{0,40}") {
            let lines = LineIndex::new(&text);
            let all: Vec<&str> = text.lines().collect();
            prop_assert_eq!(lines.count(), all.len());
            for (place, line) in all.iter().enumerate() {
                prop_assert_eq!(lines.line(place + 1), *line);
                for (column, character) in line.chars().enumerate() {
                    let span = Span { line: place + 1, column: column + 1, width: 1 };
                    prop_assert_eq!(&text[lines.bytes(span).unwrap()], character.to_string());
                }
            }
            prop_assert!(lines.offset(0, 1).is_none() && lines.range(all.len() + 2).is_none());
        }
    }
}
