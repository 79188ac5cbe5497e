//! One condition, ready to be asked about one cell.
//!
//! In: a [`Test`] of the model. Out: for a readable cell, met or not. Which cells are readable is
//! [`read`]'s to say: an empty, absent or unparseable cell never meets anything.

use super::pattern::Pattern;
use crate::exclusions::model::{
    Family, NumberRange, Operator, Piece, Test, TextValue, parse_number, read_address,
};
use crate::fields::Kind;
use globset::{Glob, GlobBuilder};
use regex::Regex;
use std::sync::OnceLock;

/// A readable cell, as conditions of its kind compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'c> {
    /// Text that is not empty.
    Text(&'c str),
    /// An address.
    Address(Family, u128),
    /// A whole number.
    Number(u64),
}

/// Reads a cell; `None` if it is absent, empty or not a value of that kind.
pub fn read(kind: Kind, cell: Option<&str>) -> Option<Seen<'_>> {
    let text = cell.filter(|text| !text.is_empty())?;
    match kind {
        Kind::Text => Some(Seen::Text(text)),
        Kind::Address => read_address(text).map(|(family, number)| Seen::Address(family, number)),
        Kind::Number => parse_number(text).map(Seen::Number),
    }
}

/// A condition's values.
#[derive(Debug)]
pub struct Predicate(WantedValues);

#[derive(Debug)]
enum WantedValues {
    Text(Vec<TextPredicate>),
    /// The first and the last of each.
    Address(Vec<(Family, u128, u128)>),
    Number(Vec<NumberRange>),
}

/// One text value.
#[derive(Debug)]
enum TextPredicate {
    /// The whole text, and whether letter case counts.
    Whole(Box<str>, bool),
    Pattern(Pattern),
    /// Compiled when it is first asked for, so that a long list costs nothing for what no row comes near. `None` if it
    /// does not compile; validation refuses such values, and one that slipped through matches nothing.
    Regex(Box<str>, OnceLock<Option<Regex>>),
}

impl Predicate {
    /// Makes it ready to be asked.
    pub fn new(test: &Test) -> Self {
        Self(match test {
            Test::Text(values) => WantedValues::Text(values.iter().map(TextPredicate::new).collect()),
            Test::Address(ranges) => WantedValues::Address(
                ranges.iter().map(|range| (range.family, range.first, range.last)).collect(),
            ),
            Test::Number(ranges) => WantedValues::Number(ranges.clone()),
        })
    }

    /// Whether one of the values is met.
    pub fn is_met(&self, seen: Seen<'_>) -> bool {
        match (&self.0, seen) {
            (WantedValues::Text(values), Seen::Text(text)) => values.iter().any(|value| value.is_met(text)),
            (WantedValues::Address(ranges), Seen::Address(family, number)) => {
                let holds = |(of, first, last): &_| *of == family && *first <= number && number <= *last;
                ranges.iter().any(holds)
            }
            (WantedValues::Number(ranges), Seen::Number(number)) => {
                ranges.iter().any(|range| range.contains(number))
            }
            _ => false,
        }
    }
}

impl TextPredicate {
    fn new(value: &TextValue) -> Self {
        if let Some(whole) = value.whole() {
            return Self::Whole(whole.into(), value.cased);
        }
        match Pattern::new(value) {
            Some(pattern) => Self::Pattern(pattern),
            None => Self::Regex(value.text.as_str().into(), OnceLock::new()),
        }
    }

    fn is_met(&self, text: &str) -> bool {
        match self {
            Self::Whole(whole, true) => **whole == *text,
            Self::Whole(whole, false) => whole.eq_ignore_ascii_case(text),
            Self::Pattern(pattern) => pattern.is_met(text),
            Self::Regex(regex, compiled) => {
                let compiled = compiled.get_or_init(|| Regex::new(regex).ok());
                compiled.as_ref().is_some_and(|regex| regex.is_match(text))
            }
        }
    }
}

/// Whether a text is what a pattern with `*` and `?` says, without regard to ASCII letter case.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let value = TextValue { text: pattern.to_owned(), operator: Operator::Is, cased: false };
    TextPredicate::new(&value).is_met(text)
}

/// The value as a glob in which everything but our own wildcards is literal; `None` for a regular
/// expression.
///
/// `?` becomes the class of ASCII characters, because globset's own `?` is one byte. Every option is
/// pinned, so that the operating system changes nothing.
pub(super) fn glob(value: &TextValue) -> Option<Glob> {
    let mut pattern = String::new();
    for piece in value.pieces()? {
        match piece {
            Piece::Text(text) => pattern.push_str(&globset::escape(&text)),
            Piece::One => pattern.push_str("[\u{1}-\u{7f}]"),
            Piece::Any => pattern.push('*'),
        }
    }
    GlobBuilder::new(&pattern)
        .case_insensitive(!value.cased)
        .literal_separator(false)
        .backslash_escape(false)
        .empty_alternates(false)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(text: &str, operator: Operator, cased: bool, cell: &str) -> bool {
        let value = TextValue { text: text.into(), operator, cased };
        Predicate::new(&Test::Text(vec![value])).is_met(Seen::Text(cell))
    }

    #[test]
    fn text_is_compared_whole_without_case_and_literally() {
        use Operator::{Contains, EndsWith, Is, Re, StartsWith};
        for (value, operator, cased, cell, expected) in [
            ("setup.exe", Is, false, "SETUP.EXE", true),
            ("setup.exe", Is, false, "xsetup.exe", false),
            ("setup.exe", Is, false, "setupXexe", false),
            ("setup.exe", Is, true, "Setup.exe", false),
            (r"C:\Windows\CCM\*", Is, false, r"c:\windows\ccm\CcmExec.exe", true),
            (r"C:\Windows\CCM\*", Is, false, r"c:\windows\ccmcache\a.exe", false),
            ("{GUID}[1]*", Is, false, "{guid}[1]x", true),
            ("{GUID}[1]*", Is, false, "GUID1x", false),
            ("a?c", Is, false, "aéc", false),
            ("a?c", Is, false, "a/c", true),
            ("a??c", Is, false, "aéc", false),
            ("a*c", Is, false, "a\n/é\\c", true),
            ("é.exe", Is, false, "É.exe", false),
            ("k*", Is, false, "\u{212a}x", false),
            (r"C:\Temp", StartsWith, false, r"c:\temp\x", true),
            (".exe", EndsWith, false, "A.EXE", true),
            ("ccm", Contains, true, r"C:\Windows\CCM", false),
            ("^Ccm", Re, true, "CcmExec", true),
            ("^ccm", Re, true, "CcmExec", false),
            ("[a", Contains, false, "x[A]", true),
            ("!(x", Contains, false, "a!(X", true),
        ] {
            assert_eq!(met(value, operator, cased, cell), expected, "{value} {operator:?} {cell}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_value() {
        assert_eq!(read(Kind::Address, Some("10.10.010.10")), None);
        assert_eq!(read(Kind::Address, Some("")), None);
        assert_eq!(read(Kind::Number, Some("443.0")), None);
        assert_eq!(read(Kind::Text, None), None);
        assert_eq!(read(Kind::Address, Some("::ffff:10.10.10.10")), read(Kind::Address, Some("10.10.10.10")));
    }
}
