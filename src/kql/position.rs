//! Where something stands in a text, for a person.
//!
//! In: a text and bytes of it. Out: [`Position`]s with line and column. It reads no KQL.

use std::cell::Cell;

/// A position in a query or in a rule file. Line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Its byte.
    pub offset: usize,
    /// Its line.
    pub line: usize,
    /// Its column. A byte order mark takes none.
    pub column: usize,
}

impl Position {
    const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The same position, seen from the text in which this one's text begins at `base`.
    #[must_use]
    pub fn behind(self, base: Self) -> Self {
        let column = if self.line == 1 { self.column + base.column - 1 } else { self.column };
        Self { offset: self.offset + base.offset, line: self.line + base.line - 1, column }
    }
}

/// Finds positions in a text. Each search goes on from the last one, so that positions in order cost one pass.
#[derive(Debug)]
pub struct Positions<'t> {
    text: &'t str,
    last: Cell<Position>,
}

impl<'t> Positions<'t> {
    /// Positions of this text.
    pub fn new(text: &'t str) -> Self {
        Self { text, last: Cell::new(Position::START) }
    }

    /// The position of a byte, which must begin a character.
    pub fn at(&self, offset: usize) -> Position {
        let mut position = self.last.get();
        if offset < position.offset {
            position = Position::START;
        }
        let passed = self.text.get(position.offset..offset).unwrap_or_default();
        position.offset = offset;
        position.line += memchr::memchr_iter(b'\n', passed.as_bytes()).count();
        let of_line = passed.rfind('\n').map_or(passed, |newline| &passed[newline + 1..]);
        let seen = of_line.chars().filter(|character| *character != '\u{feff}').count();
        position.column = if of_line.len() < passed.len() { seen + 1 } else { position.column + seen };
        self.last.set(position);
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_any_order() {
        let positions = Positions::new("\u{feff}é\nab\r\nc");
        for (offset, line, column) in [(7, 2, 2), (3, 1, 1), (5, 1, 2), (6, 2, 1), (10, 3, 1)] {
            let found = positions.at(offset);
            assert_eq!((found.line, found.column), (line, column), "{offset}");
        }
    }
}
