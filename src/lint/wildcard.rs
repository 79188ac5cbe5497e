//! Values that nearly any cell meets.

use super::{Context, Finding, Level, Lint, Needs, text_values};
use crate::exclusions::model::{Family, Operator, Piece, Test, TextValue};

/// A value that any cell meets, or nearly any.
pub(super) const MATCHES_EVERYTHING: Lint = Lint {
    code: "matches-everything",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "the value is met by every cell, or nearly every one",
    why: "the condition limits nothing; if it stands alone, every row is suppressed",
    fix: "write what is really meant, or remove the condition if the others are enough",
    check: matches_everything,
};

/// Texts that so many paths and names contain that they narrow nothing down: file extensions, roots, separators.
const COMMON: &[&str] = &[
    ".",
    ".exe",
    ".dll",
    "exe",
    "\\",
    "/",
    ":\\",
    "c:\\",
    "c:",
    "\\device\\",
    "c:\\windows\\",
    "c:\\users\\",
];

fn matches_everything(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, place, condition) in context.conditions() {
        let everything: Vec<usize> = match &condition.test {
            Test::Text(values) => places(values, is_everything),
            Test::Address(ranges) => places(ranges, |range| {
                let last = if range.family == Family::V4 { u32::MAX.into() } else { u128::MAX };
                range.first == 0 && range.last == last
            }),
            Test::Number(ranges) => places(ranges, |range| range.first <= 1 && range.last >= 65_535),
        };
        for value in everything {
            let wanted = condition.wanted();
            let message =
                format!("`{}: {}` is met by nearly every row", condition.field.name(), wanted[value]);
            let spot = at.value(place, value);
            found.push(Finding::new(MATCHES_EVERYTHING.code, at.exclusion, spot, message));
        }
    }
}

fn places<T>(values: &[T], is: impl Fn(&T) -> bool) -> Vec<usize> {
    values.iter().enumerate().filter(|(_, value)| is(value)).map(|(place, _)| place).collect()
}

/// Sample texts of many different kinds. A pattern that matches all of them matches nearly everything.
const PROBES: &[&str] = &["\u{1}", "a", "Zq9 ~", "C:\\x\\y.exe", "\u{e9}\u{4e2d}", "10.0.0.1"];

fn is_everything(value: &TextValue) -> bool {
    let Some(pieces) = value.pieces() else {
        let regex = regex::Regex::new(&value.text);
        return regex.is_ok_and(|regex| PROBES.iter().all(|probe| regex.is_match(probe)));
    };
    let literals: Vec<String> = literals(&pieces).map(str::to_ascii_lowercase).collect();
    let open = pieces.contains(&Piece::Any);
    // `*a*e*` has letters, but nearly every text matches it.
    open && literals.iter().all(|text| text.chars().count() < 2 || COMMON.contains(&text.as_str()))
}

fn literals(pieces: &[Piece]) -> impl Iterator<Item = &str> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        Piece::One | Piece::Any => None,
    })
}

/// A `contains` that is too short to mean something.
pub(super) const SHORT_CONTAINS: Lint = Lint {
    code: "short-contains",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the text that may stand anywhere is shorter than the limit (setting `shortest-contains`)",
    why: "short texts occur in many cells that have nothing to do with the story",
    fix: "write the whole value, or its beginning with `|startswith`",
    check: short_contains,
};

fn short_contains(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, place, condition) in context.conditions() {
        for (value, text) in text_values(condition).iter().enumerate() {
            if let Some(short) = floating(text)
                && short.chars().count() < context.settings.shortest_contains
                && !is_everything(text)
            {
                let message =
                    format!("`{short}` may stand anywhere in `{}` and is short", condition.field.name());
                let spot = at.value(place, value);
                found.push(Finding::new(SHORT_CONTAINS.code, at.exclusion, spot, message));
            }
        }
    }
}

/// The longest literal of a value that begins and ends with a wildcard.
fn floating(value: &TextValue) -> Option<String> {
    if value.operator == Operator::Re {
        return None;
    }
    let pieces = value.pieces()?;
    let open = pieces.len() > 1 && pieces.first() == Some(&Piece::Any) && pieces.last() == Some(&Piece::Any);
    open.then(|| literals(&pieces).max_by_key(|text| text.chars().count()).map(str::to_owned)).flatten()
}
