//! Colours for a terminal.
//!
//! In: a text and what it is. Out: the text between ANSI styles. Whoever prints it strips them where nobody wants colours
//! ([`Ink::Off`] never makes any), so that the words alone must say everything. Texts from rows hold no styles of their
//! own: [`super::printable`] has written out what could begin one.

use std::fmt::Display;
use unicode_width::UnicodeWidthStr;

/// Whether styles are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// For a stream that strips them if nobody wants them.
    On,
    /// For a file.
    Off,
}

/// What a text is. One thing has one colour in every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Kept rows: what is left to look at.
    Kept,
    /// Suppressed rows.
    Suppressed,
    /// Rows that only the loose reading hides, and what is redundant.
    Loose,
    /// What matches nothing or is worst.
    Dead,
    /// What is met, and good grades.
    Good,
    /// What cannot be decided.
    Undecidable,
    /// What is said besides.
    Faint,
    /// What stands out.
    Strong,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Kept => "1;34",
            Self::Suppressed => "90",
            Self::Loose => "33",
            Self::Dead => "31",
            Self::Good => "32",
            Self::Undecidable => "36",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

impl Ink {
    /// A text in a style.
    pub fn paint(self, style: Style, text: impl Display) -> String {
        match self {
            Self::On => format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()),
            Self::Off => text.to_string(),
        }
    }
}

/// The columns that a text takes, styles not counted.
pub(crate) fn columns_of(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().width();
    // What follows an escape up to `m` is a style.
    first + parts.map(|part| part.split_once('m').map_or(0, |(_, rest)| rest.width())).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_take_no_columns() {
        let text = format!("a{}é{}", Ink::On.paint(Style::Dead, "bc"), Ink::On.paint(Style::Kept, "漢"));
        assert_eq!(columns_of(&text), 6);
        assert_eq!(Ink::Off.paint(Style::Dead, "bc"), "bc");
    }
}
