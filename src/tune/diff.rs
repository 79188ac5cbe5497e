//! What changes from one state to another: two lists on the same results, or one list on two results.
//!
//! In: the exclusions of both sides and the sets in which they cover rows. Out: a [`Diff`], which is also the JSON
//! format. Both lists are judged by one matcher in one pass: the exclusions of the new list stand behind those of the
//! old one, so that one set says for each row what both lists make of it.

use crate::count::coverage::{CoverSet, Coverage, ExampleRow};
use crate::exclusions::model::Exclusion;
use crate::report::{KeptGroup, ResultsFile};
use indexmap::IndexMap;
use serde::Serialize;

/// The outcome of `quell diff`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// What was compared.
    pub compared: Compared,
    /// The old state.
    pub old: Side,
    /// The new state.
    pub new: Side,
    /// Rows that the new state suppresses and the old one does not. For two results: new rows that only exclusions without
    /// a match in the old results suppress.
    pub newly_suppressed: u64,
    /// Rows that the new state shows and the old one does not. For two results: kept new rows of a process and destination
    /// network of which the old results have no kept row.
    pub newly_shown: u64,
    /// One for each exclusion of either side, those that move most rows first.
    pub exclusions: Vec<ExclusionDiff>,
    /// For two results: the groups of the rows that are newly shown, most rows first.
    pub shown_groups: Vec<KeptGroup>,
    /// What somebody who acts on these figures has to know.
    pub notes: Vec<String>,
}

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compared {
    /// Two lists on the same results.
    Lists,
    /// One list on two results.
    Results,
}

/// One state.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Side {
    /// The list as the user named it.
    pub list: String,
    /// The files that were read.
    pub results: Vec<ResultsFile>,
    /// Exclusions that were applied.
    pub applied: usize,
    /// Rows read.
    pub read: u64,
    /// Rows suppressed.
    pub suppressed: u64,
    /// Rows that could not be read; they are kept.
    pub malformed: u64,
}

/// What changes for one exclusion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExclusionDiff {
    /// Its id.
    pub id: String,
    /// What was done to it.
    pub change: ListChange,
    /// What it does in the old state.
    pub old: MatchCounts,
    /// What it does in the new state.
    pub new: MatchCounts,
    /// Rows newly suppressed that it covers. Rows that several cover are counted for each of them.
    pub newly_suppressed: Moved,
    /// Rows newly shown that it covered. Rows that several covered are counted for each of them.
    pub newly_shown: Moved,
}

/// What was done to an exclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ListChange {
    /// Only the new list has it, or only there it is in force.
    Added,
    /// Only the old list has it, or only there it is in force.
    Removed,
    /// Its conditions are others.
    Changed,
    /// It means the same.
    Same,
}

impl ListChange {
    /// The word in every format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Same => "same",
        }
    }
}

/// What an exclusion does in one state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MatchCounts {
    /// Rows that it covers.
    pub matches: u64,
    /// Rows that only it covers.
    pub sole: u64,
}

impl MatchCounts {
    pub(super) fn add(&mut self, rows: u64, alone: bool) {
        self.matches += rows;
        self.sole += if alone { rows } else { 0 };
    }
}

/// Rows that move, and a few of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// How many.
    pub rows: u64,
    /// The first different ones of the biggest sets: field and cell, empty cells left out.
    pub examples: Vec<IndexMap<String, String>>,
}

impl Moved {
    pub(super) fn add(&mut self, cover: &CoverSet, slots: &[String], most: usize) {
        self.rows += cover.rows;
        for example in &cover.examples {
            let named = named(example, slots);
            if self.examples.len() < most && !self.examples.contains(&named) {
                self.examples.push(named);
            }
        }
    }
}

/// The cells of an example by field; process and destination only where no slot has them.
fn named(example: &ExampleRow, slots: &[String]) -> IndexMap<String, String> {
    let names = slots.iter().map(String::as_str).chain(["process.name", "destination.ip"]);
    let mut cells = IndexMap::new();
    for (name, cell) in names.zip(example).filter(|(_, cell)| !cell.is_empty()) {
        cells.entry(name.to_owned()).or_insert_with(|| cell.to_string());
    }
    cells
}

/// Two lists on the same results. `covers` are those of the old exclusions followed by the new ones.
#[derive(Debug)]
pub struct TwoLists<'e> {
    /// The exclusions of the old list that are in force.
    pub old: &'e [&'e Exclusion],
    /// Those of the new one.
    pub new: &'e [&'e Exclusion],
    /// The sets in which both cover rows.
    pub covers: &'e Coverage,
    /// The names of the fields that were looked at.
    pub slots: &'e [String],
    /// Examples for each exclusion and direction.
    pub examples: usize,
}

/// Compares two lists. The names, files and read rows of the sides are the caller's to know.
pub fn lists(given: &TwoLists<'_>, mut old: Side, mut new: Side) -> Diff {
    let mut exclusions = paired(given.old, given.new);
    let places = |exclusions: &IndexMap<&str, ExclusionDiff>, side: &[&Exclusion]| -> Vec<usize> {
        side.iter().filter_map(|exclusion| exclusions.get_index_of(exclusion.id.as_str())).collect()
    };
    let (of_old, of_new) = (places(&exclusions, given.old), places(&exclusions, given.new));
    let (mut suppressed, mut shown) = (0, 0);
    for (set, cover) in given.covers.sorted() {
        let (before, after) = set.split_at(set.partition_point(|place| (*place as usize) < of_old.len()));
        let before: Vec<usize> = before.iter().map(|place| of_old[*place as usize]).collect();
        let after: Vec<usize> = after.iter().map(|place| of_new[*place as usize - of_old.len()]).collect();
        old.suppressed += if before.is_empty() { 0 } else { cover.rows };
        new.suppressed += if after.is_empty() { 0 } else { cover.rows };
        suppressed += if before.is_empty() { cover.rows } else { 0 };
        shown += if after.is_empty() { cover.rows } else { 0 };
        for place in &before {
            exclusions[*place].old.add(cover.rows, before.len() == 1);
            if after.is_empty() {
                exclusions[*place].newly_shown.add(cover, given.slots, given.examples);
            }
        }
        for place in &after {
            exclusions[*place].new.add(cover.rows, after.len() == 1);
            if before.is_empty() {
                exclusions[*place].newly_suppressed.add(cover, given.slots, given.examples);
            }
        }
    }
    (old.applied, new.applied) = (given.old.len(), given.new.len());
    Diff {
        compared: Compared::Lists,
        old,
        new,
        newly_suppressed: suppressed,
        newly_shown: shown,
        exclusions: ordered(exclusions.into_values().collect()),
        shown_groups: Vec::new(),
        notes: Vec::new(),
    }
}

/// The exclusions of both sides by id, without counts.
fn paired<'e>(old: &[&'e Exclusion], new: &[&'e Exclusion]) -> IndexMap<&'e str, ExclusionDiff> {
    let before: IndexMap<&str, &Exclusion> = old.iter().map(|known| (known.id.as_str(), *known)).collect();
    let mut exclusions: IndexMap<&str, ExclusionDiff> =
        before.keys().map(|id| (*id, ExclusionDiff::new(id, ListChange::Removed))).collect();
    for exclusion in new {
        let change = match before.get(exclusion.id.as_str()) {
            None => ListChange::Added,
            Some(before) if before.entries == exclusion.entries => ListChange::Same,
            Some(_) => ListChange::Changed,
        };
        exclusions.insert(&exclusion.id, ExclusionDiff::new(&exclusion.id, change));
    }
    exclusions
}

pub(super) fn ordered(mut exclusions: Vec<ExclusionDiff>) -> Vec<ExclusionDiff> {
    let moved = |exclusion: &ExclusionDiff| exclusion.newly_suppressed.rows + exclusion.newly_shown.rows;
    exclusions.sort_by(|a, b| moved(b).cmp(&moved(a)).then_with(|| a.id.cmp(&b.id)));
    exclusions
}

impl ExclusionDiff {
    pub(super) fn new(id: &str, change: ListChange) -> Self {
        Self {
            id: id.to_owned(),
            change,
            old: MatchCounts::default(),
            new: MatchCounts::default(),
            newly_suppressed: Moved::default(),
            newly_shown: Moved::default(),
        }
    }

    /// Whether anything about it is not as it was.
    pub fn differs(&self) -> bool {
        self.change != ListChange::Same
            || self.old != self.new
            || self.newly_suppressed.rows + self.newly_shown.rows > 0
    }
}

impl Diff {}
