//! The fewest exclusions that suppress the same rows.
//!
//! In: the exclusions in force, the sets in which they cover rows, and which of them have to stay. Out: a [`Pruned`],
//! which is also the JSON format. No removal brings a row back: each set keeps one of its exclusions.
//!
//! Three kinds of exclusions are never removed, because the results say too little about them: those that were not
//! applied; those that belong to other rules as well, since the results are those of one; and, unless the user allows it,
//! those that a kept row met in part while the other fields were empty in it.

use super::cover::{ALWAYS_PROVED, smallest};
use super::diff::MatchCounts;
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
    pub removed: Vec<RemovedExclusion>,
    /// Exclusions that stay.
    pub kept: Vec<KeptExclusion>,
    /// Exclusions that were not applied to these results, so that nothing is said about them. They stay.
    pub left_out: Vec<NotApplied>,
    /// What somebody who acts on this has to know.
    pub notes: Vec<String>,
}

/// An exclusion that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemovedExclusion {
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
pub struct KeptExclusion {
    /// Its id.
    pub id: String,
    /// Its list.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// What it does in the whole list.
    pub before: MatchCounts,
    /// What it does in the list that is left: `sole` rows come back if it goes too.
    pub after: MatchCounts,
    /// Why it must stay; absent if only its rows decide.
    pub must_stay: Option<String>,
}

/// An exclusion that was not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotApplied {
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
pub struct PruneInput<'e> {
    /// The exclusions in force, in the order of the matcher.
    pub applied: &'e [&'e Exclusion],
    /// The sets in which they cover rows.
    pub covers: &'e Coverage,
    /// Ids that have to stay.
    pub keep: &'e [String],
    /// Fields that no column of the results holds.
    pub absent: &'e [String],
    /// Whether exclusions may be removed that kept rows met in part, with the other fields empty.
    pub undecided_too: bool,
}

/// Chooses what stays. Names, files and counts of rows are the caller's to fill in.
pub fn pruned(given: &PruneInput<'_>) -> Pruned {
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
    given: &PruneInput<'_>,
    stays: &BTreeSet<usize>,
    must_stay: &BTreeMap<usize, String>,
    pruned: &mut Pruned,
) {
    let mut before = vec![MatchCounts::default(); given.applied.len()];
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
            pruned.kept.push(KeptExclusion {
                id,
                file,
                line,
                before: before[place],
                after: after[place],
                must_stay,
            });
        } else {
            let covered_by = covered_by[place].iter().map(|other| given.applied[*other].id.clone()).collect();
            pruned.removed.push(RemovedExclusion {
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

/// Why an exclusion must stay; `None` if its rows decide.
fn must_stay(given: &PruneInput<'_>, place: usize) -> Option<String> {
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
fn preferred(given: &PruneInput<'_>) -> Vec<usize> {
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

impl Pruned {}
