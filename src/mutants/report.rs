//! Which changes the cases of lists miss.
//!
//! In: exclusions and the texts of their lists. Out: a [`MutationReport`], which is also the JSON format, and text for a
//! person: each change with its place, and the case that would notice it, ready for the list.

use super::{Change, Detection, Mutation, run};
use crate::cases::{Expected, cell};
use crate::exclusions::edit::{ExclusionPart, ExclusionPlaces};
use crate::exclusions::model::{Case, Exclusion, FieldRef};
use crate::exclusions::validate::ListText;
use crate::report::printable;
use crate::yaml::flow_scalar;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write;

/// The outcome of `quell test --mutate`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MutationReport {
    /// Counts over all lists.
    pub totals: MutationTotals,
    /// Noticed changes as a share of all that make a difference, in per cent, rounded down to one decimal; absent if none
    /// does.
    pub score: Option<f64>,
    /// The changes that no case notices, in the order of the lists.
    pub missed: Vec<Missed>,
    /// The changes for which no row was found on which they make a difference: what they touch may say nothing.
    pub equivalent: Vec<Changed>,
}

/// Counts over all lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MutationTotals {
    /// Changes that were tried.
    pub changes: usize,
    /// Changes that some case notices.
    pub noticed: usize,
    /// Changes that no case notices.
    pub missed: usize,
    /// Changes for which no row was found on which they make a difference.
    pub equivalent: usize,
}

/// A change and where it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The exclusion.
    pub exclusion: String,
    /// Its list.
    pub file: String,
    /// The line of what was changed, from 1.
    pub line: usize,
    /// What was changed.
    pub change: String,
}

/// A change that no case notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// The change.
    #[serde(flatten)]
    pub changed: Changed,
    /// The key of `cases` under which `case` would notice it.
    pub expected: Expected,
    /// A row as a YAML flow mapping: what is other than in the base of the cases.
    pub case: String,
}

impl MutationReport {
    /// Tries every change to every exclusion.
    pub fn new(exclusions: &[Exclusion], texts: &[ListText]) -> Self {
        let mut report = Self {
            totals: MutationTotals::default(),
            score: None,
            missed: Vec::new(),
            equivalent: Vec::new(),
        };
        let texts: HashMap<&str, &ListText> = texts.iter().map(|list| (list.file.as_str(), list)).collect();
        let mut places: HashMap<&str, Option<ExclusionPlaces<'_>>> = HashMap::new();
        for exclusion in exclusions {
            let file = &*exclusion.origin.file;
            for (mutation, word) in run(exclusion) {
                if word == Detection::Noticed {
                    report.totals.noticed += 1;
                    continue;
                }
                let known = places
                    .entry(file)
                    .or_insert_with(|| texts.get(file).map(|list| ExclusionPlaces::new(list)));
                report.add(changed(exclusion, &mutation, known.as_ref()), word, &exclusion.cases.base);
            }
        }
        let MutationTotals { noticed, missed, equivalent, .. } = report.totals;
        report.totals.changes = noticed + missed + equivalent;
        report.score =
            (noticed * 1_000).checked_div(noticed + missed).map(|per_mille| per_mille as f64 / 10.0);
        report
    }

    fn add(&mut self, changed: Changed, word: Detection, base: &[(FieldRef, String)]) {
        match word {
            Detection::Noticed => {}
            Detection::Equivalent => {
                self.totals.equivalent += 1;
                self.equivalent.push(changed);
            }
            Detection::Missed(expected, case) => {
                self.totals.missed += 1;
                self.missed.push(Missed { changed, expected, case: flow(&case, base) });
            }
        }
    }

    /// Whether so many per cent of the changes are noticed; of none, no share is.
    pub fn reaches(&self, per_cent: u8) -> bool {
        let MutationTotals { noticed, missed, .. } = self.totals;
        noticed + missed > 0 && noticed * 100 >= usize::from(per_cent) * (noticed + missed)
    }

    /// What is missed, and the score.
    pub fn human(&self) -> String {
        let mut out = String::new();
        let alike = |a: &Missed, b: &Missed| {
            a.changed.exclusion == b.changed.exclusion && a.expected == b.expected && a.case == b.case
        };
        for missed in self.missed.chunk_by(alike) {
            for Missed { changed, .. } in missed {
                let _ = writeln!(out, "{}: no case notices", place(changed));
            }
            let _ =
                writeln!(out, "    add to `{}`:\n        - {}", missed[0].expected.word(), missed[0].case);
        }
        for changed in &self.equivalent {
            let _ = writeln!(out, "{}: no row was found that shows it; is this needed?", place(changed));
        }
        let MutationTotals { noticed, missed, equivalent, .. } = self.totals;
        let Some(score) = self.score else {
            out.push_str("NO CHANGE THAT MAKES A DIFFERENCE was tried.\n");
            return out;
        };
        let _ = write!(out, "{noticed} of {} changes are noticed: score {score} %", noticed + missed);
        if equivalent > 0 {
            let _ = write!(out, "; {equivalent} more make no difference");
        }
        out.push('\n');
        out
    }
}

fn place(changed: &Changed) -> String {
    let Changed { exclusion, file, line, change } = changed;
    format!("{}:{line}: {exclusion}: {}", printable(file), printable(change))
}

fn changed(exclusion: &Exclusion, mutation: &Mutation, places: Option<&ExclusionPlaces<'_>>) -> Changed {
    let spot = match mutation.change {
        Change::DropEntry => ExclusionPart::Entry(mutation.entry),
        Change::DropCondition(place) | Change::AnyValue(place) => {
            ExclusionPart::Condition(mutation.entry, place)
        }
        Change::DropValue(place, value) | Change::Widen(place, value, _) => {
            ExclusionPart::Value(mutation.entry, place, value)
        }
    };
    let span = places.and_then(|places| places.span(&exclusion.id, spot));
    Changed {
        exclusion: exclusion.id.clone(),
        file: exclusion.origin.file.to_string(),
        line: span.map_or(exclusion.origin.line, |span| span.line),
        change: mutation.words(exclusion),
    }
}

/// A case as it is written below this base.
fn flow(case: &Case, base: &[(FieldRef, String)]) -> String {
    let changed = case.cells.iter().filter(|cell| !base.contains(cell));
    let changed = changed.map(|(field, text)| (field, text.as_str()));
    let absent = base.iter().filter(|(field, _)| cell(case, field).is_none());
    let cells = changed
        .chain(absent.map(|(field, _)| (field, "")))
        .map(|(field, text)| format!("{}: {}", flow_scalar(field.name()), flow_scalar(text)));
    format!("{{{}}}", cells.collect::<Vec<_>>().join(", "))
}
