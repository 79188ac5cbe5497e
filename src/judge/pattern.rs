//! One text with wildcards, against one cell.
//!
//! In: a [`TextValue`]. Out: whether a cell is what it says. Many at once are searched by sets of `globset`, which a
//! property test holds this against; one alone would need kilobytes there, and a list may have a hundred thousand.

use crate::exclusions::model::{Piece, TextValue};

/// What stands between two `*`: it meets as many bytes as it is long.
type LiteralRun = Box<[Unit]>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// This byte.
    Byte(u8),
    /// Any ASCII character.
    One,
}

/// A text with wildcards.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Never empty: one more than there are `*`.
    runs: Box<[LiteralRun]>,
    cased: bool,
}

impl Pattern {
    /// `None` for a regular expression.
    pub(super) fn new(value: &TextValue) -> Option<Self> {
        let mut runs = Vec::new();
        let mut run = Vec::new();
        for piece in value.pieces()? {
            match piece {
                Piece::Text(text) if value.cased => run.extend(text.bytes().map(Unit::Byte)),
                Piece::Text(text) => run.extend(text.bytes().map(|b| Unit::Byte(b.to_ascii_lowercase()))),
                Piece::One => run.push(Unit::One),
                Piece::Any => runs.push(std::mem::take(&mut run).into()),
            }
        }
        runs.push(run.into());
        Some(Self { runs: runs.into(), cased: value.cased })
    }

    /// Whether a text is what it says.
    pub(super) fn is_met(&self, text: &str) -> bool {
        let (Some((first, rest)), text) = (self.runs.split_first(), text.as_bytes()) else { return false };
        let Some((last, between)) = rest.split_last() else {
            return first.len() == text.len() && self.begins(text, first);
        };
        // No byte counts for two.
        let Some(end) = text.len().checked_sub(last.len()).filter(|end| *end >= first.len()) else {
            return false;
        };
        if !self.begins(text, first) || !self.begins(&text[end..], last) {
            return false;
        }
        let mut rest = &text[first.len()..end];
        between.iter().all(|run| {
            let found = (0..=rest.len()).find(|at| self.begins(&rest[*at..], run));
            found.map(|at| rest = &rest[at + run.len()..]).is_some()
        })
    }

    fn begins(&self, text: &[u8], run: &[Unit]) -> bool {
        text.len() >= run.len()
            && run.iter().zip(text).all(|(unit, byte)| match unit {
                Unit::Byte(wanted) if self.cased => wanted == byte,
                Unit::Byte(wanted) => *wanted == byte.to_ascii_lowercase(),
                Unit::One => (1..0x80).contains(byte),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::super::predicate::glob;
    use super::*;
    use crate::exclusions::model::Operator;
    use proptest::prelude::*;
    use proptest::sample::select;

    proptest! {
        #[test]
        fn it_means_what_globset_says(
            text in "[abAé*?\\\\\\[{!]{1,8}",
            operator in select(vec![Operator::Is, Operator::StartsWith, Operator::EndsWith, Operator::Contains]),
            cased in any::<bool>(),
            cell in "[abAÉ\\\\\\[{!\n\u{1}]{0,8}",
            stretch in 0..6_usize,
        ) {
            let value = TextValue { text: text.clone(), operator, cased };
            let pattern = Pattern::new(&value).unwrap();
            let set = glob(&value).unwrap().compile_matcher();
            // A cell of chance is seldom met; one made from the pattern often is.
            let made = text.replace('*', &"ab"[..stretch.min(2)]).replace('?', "A");
            for cell in [&cell, &made, &format!("{made}{cell}"), &format!("{cell}{made}")] {
                prop_assert_eq!(pattern.is_met(cell), set.is_match(cell), "{:?} {}", value, cell);
            }
        }
    }
}
