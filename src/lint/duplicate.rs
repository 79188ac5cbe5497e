//! Values and entries that stand twice.

use super::algebra::canonical_value;
use super::{At, Context, Finding, Level, Lint, Needs};
use crate::exclusions::model::{Condition, Exclusion, NumberRange, Test};
use hashbrown::HashMap;
use std::hash::Hash;

/// A value or an entry that means the same as one before it.
pub(super) const DUPLICATE: Lint = Lint {
    code: "duplicate",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the value or the entry says the same as one before it",
    why: "who corrects the one will not know of the other",
    fix: "remove one of the two; `--fix` does so where both stand in one exclusion",
    check: duplicate,
};

fn duplicate(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, place, condition) in context.conditions() {
        for (value, first) in doubles(condition) {
            let wanted = condition.wanted();
            let message = if wanted[value] == wanted[first] {
                format!("`{}` stands twice", wanted[value])
            } else {
                format!("`{}` means the same as `{}`", wanted[value], wanted[first])
            };
            found.push(Finding::new(DUPLICATE.code, at.exclusion, at.value(place, value), message));
        }
    }
    for (at, first) in &context.covers().same {
        let message = format!("this entry says the same as {}", named(context.exclusions, *at, *first));
        found.push(Finding::new(DUPLICATE.code, at.exclusion, at.part(), message));
    }
}

/// The values of a condition that mean the same as an earlier one: their place and that of the first.
pub(super) fn doubles(condition: &Condition) -> Vec<(usize, usize)> {
    match &condition.test {
        Test::Text(values) => repeated(values.iter().map(canonical_value)),
        Test::Address(ranges) => repeated(ranges.iter().map(|r| (r.family, r.first, r.last))),
        Test::Number(ranges) => repeated(ranges.iter().map(|NumberRange { first, last }| (*first, *last))),
    }
}

fn repeated<T: Eq + Hash>(values: impl Iterator<Item = T>) -> Vec<(usize, usize)> {
    let mut known: HashMap<T, usize> = HashMap::new();
    let mut out = Vec::new();
    for (place, value) in values.enumerate() {
        let first = *known.entry(value).or_insert(place);
        if first != place {
            out.push((place, first));
        }
    }
    out
}

/// An entry as seen from another one.
pub(super) fn named(exclusions: &[Exclusion], from: At, to: At) -> String {
    let number = to.entry + 1;
    let other = &exclusions[to.exclusion];
    if from.exclusion == to.exclusion {
        return format!("entry {number} of this exclusion");
    }
    let place = format!("({}, line {})", other.origin.file, other.origin.line);
    if other.entries.len() == 1 {
        format!("`{}` {place}", other.id)
    } else {
        format!("entry {number} of `{}` {place}", other.id)
    }
}
