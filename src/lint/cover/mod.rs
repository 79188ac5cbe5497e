//! Which entries are covered by others, found without comparing every pair.
//!
//! In: exclusions. Out: for each entry the first one that means the same, or one that covers it.
//!
//! How it stays near-linear: entries that mean the same are treated as one. For each remaining entry a *witness*
//! is made, which is a row that meets it. Whatever covers the entry also covers its witness, and [`candidates`]
//! looks up what may cover a row. Only those are compared. If there are more than [`MOST`] candidates, some covers
//! are missed; those that are found are certain.

mod candidates;

use super::At;
use super::algebra::{canonical_entry, contradiction, fields, implies, on, witness};
use crate::exclusions::model::{Condition, Entry, Exclusion, Test};
use candidates::{Candidates, row};
use hashbrown::{HashMap, HashSet};

/// Candidates that are compared for one entry.
const MOST: usize = 512;
/// How many entries of one meaning, each with another scope or expiry, are remembered.
const MOST_SCOPES: usize = 64;

/// Who covers whom.
#[derive(Debug, Default)]
pub(super) struct CoveredEntries {
    /// For an entry, an earlier one that means the same.
    pub(super) same: HashMap<At, At>,
    /// For an entry, another that covers it and more, or the same in other words.
    pub(super) wider: HashMap<At, At>,
}

impl CoveredEntries {
    pub(super) fn new(exclusions: &[Exclusion]) -> Self {
        let mut covers = Self::default();
        let distinct = covers.distinct(exclusions);
        covers.look(exclusions, &distinct);
        covers
    }

    /// The first of all entries that mean the same and hold as long and as far.
    fn distinct(&mut self, exclusions: &[Exclusion]) -> Vec<At> {
        let mut known: HashMap<Vec<Condition>, Vec<At>> = HashMap::new();
        let mut distinct = Vec::new();
        for (exclusion, value) in exclusions.iter().enumerate() {
            for (entry, conditions) in value.entries.iter().enumerate() {
                let at = At { exclusion, entry };
                let same = known.entry(canonical_entry(conditions)).or_default();
                let first = same.iter().find(|first| outlives(&exclusions[first.exclusion], value));
                match first {
                    Some(first) => drop(self.same.insert(at, *first)),
                    // Few scopes and expiry dates occur with one meaning. Beyond the limit they are not remembered.
                    None if same.len() < MOST_SCOPES => {
                        same.push(at);
                        distinct.push(at);
                    }
                    None => {}
                }
            }
        }
        distinct
    }

    fn look(&mut self, exclusions: &[Exclusion], distinct: &[At]) {
        let entries: Vec<&Entry> =
            distinct.iter().map(|at| &exclusions[at.exclusion].entries[at.entry]).collect();
        let candidates = Candidates::new(&entries);
        for (place, entry) in entries.iter().enumerate() {
            if contradiction(entry).is_some() {
                continue;
            }
            let mine = &exclusions[distinct[place].exclusion];
            let found = candidates.of(&row(entry, witness), MOST).into_iter();
            let wider = found.filter(|other| *other != place).find(|other| {
                let (wide, theirs) = (entries[*other], &exclusions[distinct[*other].exclusion]);
                outlives(theirs, mine)
                    && implies(entry, wide)
                    // If two cover each other, the first one counts as the one that stays.
                    && (*other < place || !implies(wide, entry) || !outlives(mine, theirs))
            });
            if let Some(other) = wider {
                self.wider.insert(distinct[place], distinct[other]);
            }
        }
    }
}

/// The values of a condition that others of it cover: their place and that of the other.
pub(super) fn covered_values(condition: &Condition) -> Vec<(usize, usize)> {
    let parts = parts(condition);
    let entries: Vec<&Entry> = parts.iter().collect();
    let candidates = Candidates::new(&entries);
    let mut covered = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let found = candidates.of(&row(entry, witness), MOST).into_iter();
        let wider = found.filter(|other| *other != place).find(|other| {
            // Values that mean the same are reported by the lint for duplicates.
            implies(entry, entries[*other]) && !implies(entries[*other], entry)
        });
        covered.extend(wider.map(|other| (place, other)));
    }
    covered
}

/// The values one by one. Empty if none of them can be part of another.
fn parts(condition: &Condition) -> Vec<Entry> {
    let tests: Vec<Test> = match &condition.test {
        Test::Text(values) if values.iter().any(|value| value.whole().is_none()) => {
            values.iter().map(|value| Test::Text(vec![value.clone()])).collect()
        }
        Test::Address(ranges) if ranges.iter().any(|range| range.first < range.last) => {
            ranges.iter().map(|range| Test::Address(vec![range.clone()])).collect()
        }
        Test::Number(ranges) if ranges.iter().any(|range| range.first < range.last) => {
            ranges.iter().map(|range| Test::Number(vec![*range])).collect()
        }
        _ => Vec::new(),
    };
    let alone = tests.len() < 2;
    let tests = tests.into_iter().filter(|_| !alone);
    tests
        .map(|test| Entry { conditions: vec![Condition { field: condition.field.clone(), test }.into()] })
        .collect()
}

/// Whether an exclusion holds wherever and as long as another does.
fn outlives(this: &Exclusion, other: &Exclusion) -> bool {
    let as_long = match (this.expires, other.expires) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(mine), Some(theirs)) => mine >= theirs,
    };
    let named: HashSet<&String> = this.rules.iter().collect();
    let as_far = this.rules.is_empty()
        || (!other.rules.is_empty() && other.rules.iter().all(|rule| named.contains(rule)));
    as_long && as_far
}
