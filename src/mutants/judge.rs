//! The verdict of an exclusion on a row, before and after a change.
//!
//! In: an exclusion, rows. Out: for a row a [`RowMatch`], which says which values it meets; for that and a change, whether
//! the verdict changes. It follows by counting: no changed exclusion is compiled.

use super::change::{Change, Mutation, count, only};
use crate::cases::cell;
use crate::exclusions::model::{Case, Exclusion, FieldRef};
use crate::judge::{Predicate, read};

/// An exclusion compiled value by value.
#[derive(Debug)]
pub struct Judge {
    entries: Vec<MutantEntry>,
}

#[derive(Debug)]
struct MutantEntry {
    /// Some schema has all its columns; otherwise it is never met.
    fits: bool,
    conditions: Vec<CompiledCondition>,
}

#[derive(Debug)]
struct CompiledCondition {
    field: FieldRef,
    values: Vec<Predicate>,
}

/// Which values of each condition a row meets.
#[derive(Debug)]
pub struct RowMatch<'c> {
    entries: Vec<EntryMatch<'c>>,
    /// How many entries it meets.
    met: usize,
}

#[derive(Debug)]
struct EntryMatch<'c> {
    conditions: Vec<ConditionMatch<'c>>,
    unmet: usize,
    met: bool,
}

#[derive(Debug)]
struct ConditionMatch<'c> {
    cell: Option<&'c str>,
    values: Vec<bool>,
    met: usize,
}

impl Judge {
    /// Compiles an exclusion.
    pub fn new(exclusion: &Exclusion) -> Self {
        let entries = exclusion.entries.iter().map(|entry| MutantEntry {
            fits: has_a_schema(entry.conditions.iter().map(|condition| &condition.field)),
            conditions: entry.conditions.iter().map(|condition| CompiledCondition::new(condition)).collect(),
        });
        Self { entries: entries.collect() }
    }

    /// What a row meets.
    pub fn match_row<'c>(&self, case: &'c Case) -> RowMatch<'c> {
        let entries: Vec<EntryMatch<'c>> = self.entries.iter().map(|entry| entry.match_row(case)).collect();
        RowMatch { met: entries.iter().filter(|entry| entry.met).count(), entries }
    }

    /// Whether the exclusion as it is suppresses the row.
    pub fn suppresses(&self, row_match: &RowMatch<'_>) -> bool {
        row_match.met > 0
    }

    /// Whether the changed exclusion suppresses the row.
    pub fn suppresses_after(&self, row_match: &RowMatch<'_>, mutation: &Mutation) -> bool {
        let entry = &row_match.entries[mutation.entry];
        let others = row_match.met - usize::from(entry.met);
        others > 0 || (self.entries[mutation.entry].fits && self.is_met_after(entry, mutation))
    }

    /// Whether the change turns the verdict on the row.
    pub fn changes_verdict(&self, row_match: &RowMatch<'_>, mutation: &Mutation) -> bool {
        self.suppresses(row_match) != self.suppresses_after(row_match, mutation)
    }

    fn is_met_after(&self, entry: &EntryMatch<'_>, mutation: &Mutation) -> bool {
        let place = match &mutation.change {
            Change::DropEntry => return false,
            Change::DropCondition(place)
            | Change::AnyValue(place)
            | Change::DropValue(place, _)
            | Change::Widen(place, ..) => *place,
        };
        let row_match = &entry.conditions[place];
        let others_are_met = entry.unmet == usize::from(row_match.met == 0);
        let seen = || read(self.entries[mutation.entry].conditions[place].field.kind(), row_match.cell);
        let is_met = || match &mutation.change {
            Change::DropEntry => false,
            Change::DropCondition(_) => true,
            Change::AnyValue(_) => seen().is_some(),
            Change::DropValue(_, value) => row_match.met > usize::from(row_match.values[*value]),
            Change::Widen(_, value, wider) => {
                row_match.met > usize::from(row_match.values[*value])
                    || seen().is_some_and(|seen| Predicate::new(wider).is_met(seen))
            }
        };
        others_are_met && is_met()
    }
}

/// Whether some schema has all the raw columns among these fields.
fn has_a_schema<'f>(fields: impl Iterator<Item = &'f FieldRef>) -> bool {
    let mut columns = fields.filter_map(|field| match field {
        FieldRef::Column(column) => Some(&column.schemas),
        FieldRef::Field(_) => None,
    });
    let Some(first) = columns.next() else { return true };
    let rest: Vec<_> = columns.collect();
    first.iter().any(|schema| rest.iter().all(|schemas| schemas.contains(schema)))
}

impl MutantEntry {
    fn match_row<'c>(&self, case: &'c Case) -> EntryMatch<'c> {
        let conditions: Vec<ConditionMatch<'c>> =
            self.conditions.iter().map(|known| known.match_row(case)).collect();
        let unmet = conditions.iter().filter(|row_match| row_match.met == 0).count();
        EntryMatch { conditions, unmet, met: unmet == 0 && self.fits }
    }
}

impl CompiledCondition {
    fn new(condition: &crate::exclusions::model::Condition) -> Self {
        let test = &condition.test;
        let values = (0..count(test)).map(|value| Predicate::new(&only(test, value))).collect();
        Self { field: condition.field.clone(), values }
    }

    fn match_row<'c>(&self, case: &'c Case) -> ConditionMatch<'c> {
        let cell = cell(case, &self.field);
        let seen = read(self.field.kind(), cell);
        let values: Vec<bool> =
            self.values.iter().map(|value| seen.is_some_and(|seen| value.is_met(seen))).collect();
        ConditionMatch { cell, met: values.iter().filter(|met| **met).count(), values }
    }
}
