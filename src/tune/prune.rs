//! The fewest exclusions that suppress the same rows.
//!
//! In: the exclusions in force, the sets in which they cover rows, and which of them have to stay. Out: a [`Pruned`],
//! which is also the JSON format. What goes brings no row back: every set keeps one of its exclusions.
//!
//! Results say nothing about exclusions that were not applied to them, so those are never removed, nor is one that
//! belongs to further rules: the results are those of one. Nor, unless that is
//! asked for, is one that some kept row met in part while the rest of it hung on an empty cell: with the cell filled it
//! may have covered the row.

use super::cover::{ALWAYS_PROVED, smallest};
use super::diff::Effect;
use crate::count::coverage::Coverage;
use crate::exclusions::model::Exclusion;
use crate::report::ResultsFile;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The outcome of `quell prune`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pruned {
    /// The files that were read.
    pub results: Vec<ResultsFile>,
    /// Rows read.
    pub read: u64,
    /// Rows suppressed, before and after.
    pub suppressed: u64,
    /// Rows that could not be read; they are kept.
    pub malformed: u64,
    /// Whether no smaller list suppresses the same rows and has what must stay.
    pub proved: bool,
    /// Whether the exclusions that go are gone from their files.
    pub written: bool,
    /// Exclusions that go.
    pub removed: Vec<Removed>,
    /// Exclusions that stay.
    pub kept: Vec<Kept>,
    /// Exclusions that were not applied to these results, so that nothing is said about them. They stay.
    pub left_out: Vec<LeftOut>,
    /// What somebody who acts on this has to know.
    pub notes: Vec<String>,
}

/// An exclusion that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Its id.
    pub id: String,
    /// Its list.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// Rows that it covers.
    pub matches: u64,
    /// Rows that come back without it: none.
    pub comes_back: u64,
    /// The exclusions that stay and cover its rows.
    pub covered_by: Vec<String>,
}

/// An exclusion that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// Its list.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// What it does in the whole list.
    pub before: Effect,
    /// What it does in the list that is left: `sole` rows come back if it goes too.
    pub after: Effect,
    /// Why it stays whatever it does, if it does so.
    pub must_stay: Option<String>,
}

/// An exclusion that was not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its id.
    pub id: String,
    /// Its list.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// Why it was not applied.
    pub why: String,
}

/// What is to be pruned.
#[derive(Debug)]
pub struct Given<'e> {
    /// The exclusions in force, in the order of the matcher.
    pub applied: &'e [&'e Exclusion],
    /// The sets in which they cover rows.
    pub covers: &'e Coverage,
    /// Ids that have to stay.
    pub keep: &'e [String],
    /// Fields that no column of the results holds.
    pub absent: &'e [String],
    /// Whether exclusions may go that kept rows met in part, with the rest of them empty.
    pub undecided_too: bool,
}

/// Chooses what stays. Names, files and counts of rows are the caller's to fill in.
pub fn pruned(given: &Given<'_>) -> Pruned {
    let must_stay: BTreeMap<usize, String> =
        (0..given.applied.len()).filter_map(|place| Some((place, must_stay(given, place)?))).collect();
    let order = preferred(given);
    let mut number = vec![0; order.len()];
    for (rank, place) in order.iter().enumerate() {
        number[*place] = rank;
    }
    let open = given
        .covers
        .sets
        .keys()
        .filter(|set| !set.iter().any(|place| must_stay.contains_key(&(*place as usize))));
    let choice = smallest(open.map(|set| set.iter().map(|place| number[*place as usize]).collect()));
    let stays: BTreeSet<usize> =
        choice.chosen.iter().map(|rank| order[*rank]).chain(must_stay.keys().copied()).collect();
    let mut pruned = Pruned { proved: choice.proved, ..Pruned::default() };
    if !choice.proved {
        pruned.notes.push(format!(
            "{} exclusions hang together by their rows. Up to {ALWAYS_PROVED} the smallest list is always proved to be so; here no smaller one was found, which is no proof.",
            choice.largest_part
        ));
    }
    pruned.suppressed = given.covers.sets.values().map(|cover| cover.rows).sum();
    tell(given, &stays, &must_stay, &mut pruned);
    pruned
}

/// Fills in what each exclusion does.
fn tell(
    given: &Given<'_>,
    stays: &BTreeSet<usize>,
    must_stay: &BTreeMap<usize, String>,
    pruned: &mut Pruned,
) {
    let mut before = vec![Effect::default(); given.applied.len()];
    let mut after = before.clone();
    let mut covered_by = vec![BTreeSet::new(); before.len()];
    for (set, cover) in &given.covers.sets {
        let left: Vec<usize> =
            set.iter().map(|place| *place as usize).filter(|place| stays.contains(place)).collect();
        for place in set.iter().map(|place| *place as usize) {
            before[place].add(cover.rows, set.len() == 1);
            covered_by[place].extend(left.iter().copied());
        }
        for place in &left {
            after[*place].add(cover.rows, left.len() == 1);
        }
    }
    for (place, exclusion) in given.applied.iter().enumerate() {
        let (id, file, line) =
            (exclusion.id.clone(), exclusion.origin.file.to_string(), exclusion.origin.line);
        if stays.contains(&place) {
            let must_stay = must_stay.get(&place).cloned();
            pruned.kept.push(Kept { id, file, line, before: before[place], after: after[place], must_stay });
        } else {
            let covered_by = covered_by[place].iter().map(|other| given.applied[*other].id.clone()).collect();
            pruned.removed.push(Removed {
                id,
                file,
                line,
                matches: before[place].matches,
                comes_back: 0,
                covered_by,
            });
        }
    }
}

/// Why an exclusion stays whatever it does.
fn must_stay(given: &Given<'_>, place: usize) -> Option<String> {
    let exclusion = given.applied[place];
    if given.keep.contains(&exclusion.id) {
        return Some("kept by --keep".to_owned());
    }
    // A scope that was applied has this rule in it; whether it has others too, its own words say.
    if exclusion.rules.len() > 1 || exclusion.rules.iter().any(|rule| rule.contains(['*', '?'])) {
        let rules = exclusion.rules.join(", ");
        return Some(format!("it belongs to {rules}, and these are the results of one rule"));
    }
    let absent =
        exclusion.fields().into_iter().find(|field| given.absent.iter().any(|name| name == field.name()));
    if let Some(field) = absent {
        return Some(format!("no column holds {}, so these results cannot judge it", field.name()));
    }
    let place = u32::try_from(place).ok()?;
    let rows = given.covers.undecided.get(&place).filter(|_| !given.undecided_too)?;
    let rows = if *rows == 1 { "1 kept row meets".to_owned() } else { format!("{rows} kept rows meet") };
    Some(format!("{rows} part of it and have nothing to read in the rest; --undecided-too lets it go"))
}

/// The exclusions in the order in which they are preferred where several would do: most rows first, then by id.
fn preferred(given: &Given<'_>) -> Vec<usize> {
    let mut matches = vec![0_u64; given.applied.len()];
    for (set, cover) in &given.covers.sets {
        set.iter().for_each(|place| matches[*place as usize] += cover.rows);
    }
    let mut order: Vec<usize> = (0..given.applied.len()).collect();
    order.sort_by(|a, b| {
        matches[*b].cmp(&matches[*a]).then_with(|| given.applied[*a].id.cmp(&given.applied[*b].id))
    });
    order
}

impl Pruned {
    /// The outcome as indented JSON.
    pub fn json(&self) -> String {
        // It holds only strings and numbers; serialising it cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
