//! Colours for a terminal.
//!
//! In: a text and what it is. Out: the text between ANSI styles. Whoever prints it strips them where nobody wants colours
//! ([`Ink::Off`] never makes any), so that the words alone must say everything. Texts from rows hold no styles of their
//! own: [`super::printable`] has written out what could begin one.

use crate::printable::lines_written_out;
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

/// Ends every style.
const PLAIN: &str = "\u{1b}[0m";

/// Text of several lines with styles. Whatever else in it could deceive is written out, so is a style that hides text.
pub fn written_out(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(escape) = rest.find('\u{1b}') {
        out += &lines_written_out(&rest[..escape]);
        rest = &rest[escape..];
        let length = style_length(rest);
        out += &length.map_or_else(|| lines_written_out("\u{1b}"), |length| rest[..length].to_owned());
        rest = &rest[length.unwrap_or(1)..];
    }
    out + &lines_written_out(rest)
}

/// The length of the style that a text begins with: bold, faint, or a colour of letters, as [`Ink`] and the renderer of
/// findings use them.
fn style_length(text: &str) -> Option<usize> {
    let codes = text.strip_prefix("\u{1b}[")?.split('m').next()?;
    let is_known = |code: &str| matches!(code.parse(), Ok(0..=2 | 31..=37 | 90..=97));
    let whole = "\u{1b}[".len() + codes.len() + "m".len();
    (codes.split(';').all(is_known) && text.len() >= whole).then_some(whole)
}

impl Ink {
    /// A text in a style.
    pub fn paint(self, style: Style, text: impl Display) -> String {
        match self {
            Self::On => format!("\u{1b}[{}m{text}{PLAIN}", style.code()),
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
    fn no_escape_passes_but_those_of_the_styles() {
        let painted = Ink::On.paint(Style::Dead, "a");
        assert_eq!(written_out(&painted), painted);
        assert_eq!(written_out("\u{1b}[2Jb\u{200b}\n\u{1b}"), "\\u{1b}[2Jb\\u{200b}\n\\u{1b}");
        assert_eq!(written_out("\u{1b}[8ma\u{1b}[1"), "\\u{1b}[8ma\\u{1b}[1");
    }

    #[test]
    fn styles_take_no_columns() {
        let text = format!("a{}é{}", Ink::On.paint(Style::Dead, "bc"), Ink::On.paint(Style::Kept, "漢"));
        assert_eq!(columns_of(&text), 6);
        assert_eq!(Ink::Off.paint(Style::Dead, "bc"), "bc");
    }
}
