//! Texts with wildcards as regular expressions of KQL.
//!
//! In: the pieces of a value. Out: one regular expression, and values whose runs of `?` differ only in length as one.
//! It follows Microsoft's page on the syntax of regular expressions: without `^` and `$` a part of the cell is enough.
//!
//! Letter case is ignored by `(?i)`, and only around ASCII: nothing is documented that folds other letters as quell
//! compares them, so those stay outside of it.

use crate::exclusions::model::{Operator, Piece, TextValue};
use std::fmt::Write;

/// What `?` becomes: one printable ASCII character.
pub(super) const ONE: &str = "[ -~]";

/// A value with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    cased: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// That many characters, at least and at most.
    Ones(usize, usize),
    Any,
}

impl Pattern {
    /// The pattern of a value; `None` for a regular expression.
    pub(super) fn new(value: &TextValue) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        for piece in value.pieces()? {
            match (piece, parts.last_mut()) {
                (Piece::One, Some(Part::Ones(least, most))) => {
                    *least += 1;
                    *most += 1;
                }
                (Piece::One, _) => parts.push(Part::Ones(1, 1)),
                (Piece::Any, _) => parts.push(Part::Any),
                (Piece::Text(text), _) => parts.push(Part::Text(text)),
            }
        }
        Some(Self { parts, cased: value.cased })
    }

    /// The one pattern of all these values; `None` if they do not become one.
    pub(super) fn of_values(values: &[String], cased: bool) -> Option<Self> {
        let value = |text: &String| TextValue { text: text.clone(), operator: Operator::Is, cased };
        let mut patterns = values.iter().map(|text| Self::new(&value(text)));
        let mut first = patterns.next()??;
        for other in patterns {
            first.take_in(&other?).then_some(())?;
        }
        Some(first)
    }

    /// Takes in another pattern that only differs in the length of one run of `?`, one more or one less.
    pub(super) fn take_in(&mut self, other: &Self) -> bool {
        let alike = self.cased == other.cased && self.parts.len() == other.parts.len();
        let pairs = || self.parts.iter().zip(&other.parts).enumerate();
        let mut different = pairs().filter(|(_, (mine, others))| mine != others);
        let (Some((place, (Part::Ones(least, most), Part::Ones(shorter, longer)))), None) =
            (different.next(), different.next())
        else {
            return false;
        };
        if !alike || (*shorter != most + 1 && longer + 1 != *least) {
            return false;
        }
        let both = Part::Ones(*least.min(shorter), *most.max(longer));
        self.parts[place] = both;
        true
    }

    /// The regular expression.
    pub(super) fn regex(&self) -> String {
        let mut parts = &self.parts[..];
        let (mut start, mut end) = ("^", "$");
        if let [Part::Any, inner @ ..] = parts {
            (parts, start) = (inner, "");
        }
        if let [inner @ .., Part::Any] = parts {
            (parts, end) = (inner, "");
        }
        let letters = |part: &Part| matches!(part, Part::Text(text) if text.contains(|c: char| c.is_ascii_alphabetic()));
        let ascii = |part: &Part| !matches!(part, Part::Text(text) if !text.is_ascii());
        let folds = !self.cased && parts.iter().any(letters);
        let whole = folds && parts.iter().all(ascii);
        // A `.` does not take an end of line by itself.
        let flags = match (whole, parts.contains(&Part::Any)) {
            (true, true) => "(?is)",
            (true, false) => "(?i)",
            (false, true) => "(?s)",
            (false, false) => "",
        };
        let mut out = format!("{flags}{start}");
        for part in parts {
            match part {
                Part::Any => out += ".*",
                Part::Ones(1, 1) => out += ONE,
                Part::Ones(least, most) if least == most => drop(write!(out, "{ONE}{{{least}}}")),
                Part::Ones(least, most) => drop(write!(out, "{ONE}{{{least},{most}}}")),
                Part::Text(text) if whole || !folds => out += &escaped(text),
                Part::Text(text) => out += &folded(text),
            }
        }
        out + end
    }
}

/// The text with `(?i:...)` around its ASCII letters and what stands between them.
fn folded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len());
        let (run, after) = rest.split_at(ascii);
        let letters = run.contains(|c: char| c.is_ascii_alphabetic());
        out += &if letters { format!("(?i:{})", escaped(run)) } else { escaped(run) };
        let beyond = after.find(|c: char| c.is_ascii()).unwrap_or(after.len());
        out += &after[..beyond];
        rest = &after[beyond..];
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(text: &str, cased: bool) -> String {
        let value = TextValue { text: text.to_owned(), operator: Operator::Is, cased };
        Pattern::new(&value).unwrap().regex()
    }

    #[test]
    fn wildcards_become_one_regular_expression() {
        for (text, cased, wanted) in [
            (r"C:\a?.exe", false, r"(?i)^C:\\a[ -~]\.exe$"),
            ("a*b", false, "(?is)^a.*b$"),
            ("a*b*", false, "(?is)^a.*b"),
            ("*a?b", true, "a[ -~]b$"),
            ("a*b", true, "(?s)^a.*b$"),
            ("1.?", false, r"^1\.[ -~]$"),
            ("é.exe", false, r"^é(?i:\.exe)$"),
            ("*éa*", false, "é(?i:a)"),
        ] {
            assert_eq!(regex(text, cased), wanted, "{text}");
        }
    }

    #[test]
    fn runs_of_one_character_that_follow_each_other_become_one() {
        let of = |text: &str| {
            Pattern::new(&TextValue { text: text.into(), operator: Operator::Is, cased: false }).unwrap()
        };
        let mut pattern = of("Volume??x");
        assert!(!pattern.take_in(&of("Volume????x")) && !pattern.take_in(&of("Volume?y")));
        assert!(pattern.take_in(&of("Volume?x")) && pattern.take_in(&of("Volume???x")));
        assert_eq!(pattern.regex(), "(?i)^Volume[ -~]{1,3}x$");
    }
}
