//! Which entries are covered by others, without asking each pair.
//!
//! In: exclusions. Out: for each entry the first one that means the same, or one that covers it.
//!
//! How it stays near-linear: entries that mean the same are one. For each that is left, a *witness* is
//! made: a row that meets it. Whatever covers the entry covers its witness, and the matcher finds what
//! covers a row by looking it up. Only those are compared.

use super::At;
use super::algebra::{canonical_entry, contradiction, fields, implies, on, witness};
use crate::exclusions::model::{Cases, Condition, Entry, Exclusion, FieldRef};
use crate::matcher::{Matcher, Scratch};
use hashbrown::{HashMap, HashSet};

/// Candidates that are compared for one entry.
const MOST: usize = 64;

/// Who covers whom.
#[derive(Debug, Default)]
pub(super) struct Covers {
    /// For an entry, an earlier one that means the same.
    pub(super) same: HashMap<At, At>,
    /// For an entry, another that covers it and more, or the same in other words.
    pub(super) wider: HashMap<At, At>,
}

impl Covers {
    pub(super) fn new(exclusions: &[Exclusion]) -> Self {
        let mut covers = Self::default();
        let distinct = covers.distinct(exclusions);
        let singles: Vec<Exclusion> = distinct
            .iter()
            .map(|at| single(&exclusions[at.exclusion], &exclusions[at.exclusion].entries[at.entry]))
            .collect();
        for schema in schemas(&singles) {
            covers.look(exclusions, &distinct, &singles, &schema);
        }
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
                    // Few different scopes and days occur with one meaning; beyond that they are not told.
                    None if same.len() < MOST => {
                        same.push(at);
                        distinct.push(at);
                    }
                    None => {}
                }
            }
        }
        distinct
    }

    fn look(&mut self, exclusions: &[Exclusion], distinct: &[At], singles: &[Exclusion], schema: &str) {
        let references: Vec<&Exclusion> = singles.iter().collect();
        // A list that looks at too many fields for the matcher has other troubles.
        let Ok(matcher) = Matcher::new(&references, schema) else { return };
        let slots: HashMap<&FieldRef, usize> =
            matcher.slots().iter().enumerate().map(|(slot, field)| (field, slot)).collect();
        let mut scratch = Scratch::default();
        for (place, at) in distinct.iter().enumerate() {
            let entry = &singles[place].entries[0];
            if !entry.fits(schema) || home(entry) != schema || contradiction(entry).is_some() {
                continue;
            }
            let cells = cells(entry, &slots, matcher.slots().len());
            let cells: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
            let verdict = matcher.judge(&cells, &mut scratch);
            let candidates = verdict.suppressed_by.iter().map(|other| *other as usize);
            let wider = candidates.filter(|other| *other != place).take(MOST).find(|other| {
                let (mine, theirs) = (&exclusions[at.exclusion], &exclusions[distinct[*other].exclusion]);
                let wide = &singles[*other].entries[0];
                outlives(theirs, mine)
                    && implies(entry, wide)
                    // Of two that cover each other the first stays.
                    && (*other < place || !implies(wide, entry) || !outlives(mine, theirs))
            });
            if let Some(other) = wider {
                self.wider.insert(*at, distinct[other]);
            }
        }
    }
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

/// An entry as an exclusion of its own, for the matcher.
fn single(exclusion: &Exclusion, entry: &Entry) -> Exclusion {
    Exclusion {
        id: String::new(),
        scenario: None,
        entries: vec![entry.clone()],
        documented: None,
        rules: Vec::new(),
        owner: None,
        reason: None,
        reference: None,
        created: None,
        expires: None,
        cases: Cases::default(),
        origin: exclusion.origin.clone(),
    }
}

/// The schema in which an entry is looked at: the first that has its columns, any if it names none.
fn home(entry: &Entry) -> &str {
    let column = entry.conditions.iter().find_map(|condition| match &condition.field {
        FieldRef::Column(column) => Some(column),
        FieldRef::Field(_) => None,
    });
    let schemas = column.map_or(&[][..], |column| column.schemas.as_slice());
    schemas.iter().find(|schema| entry.fits(schema)).map_or("", String::as_str)
}

fn schemas(singles: &[Exclusion]) -> Vec<String> {
    let mut homes: Vec<&str> = singles.iter().map(|single| home(&single.entries[0])).collect();
    homes.sort_unstable();
    homes.dedup();
    homes.into_iter().map(str::to_owned).collect()
}

/// A row that meets an entry. A field for which no value is found stays empty.
fn cells(entry: &Entry, slots: &HashMap<&FieldRef, usize>, width: usize) -> Vec<Option<String>> {
    let mut cells = vec![None; width];
    for field in fields(entry) {
        if let Some(slot) = slots.get(field) {
            cells[*slot] = witness(&on(entry, field));
        }
    }
    cells
}
