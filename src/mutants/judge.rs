//! The verdict of an exclusion on a row, before and after a change, by counting.
//!
//! In: an exclusion, rows. Out: for a row a [`Look`]; for a look and a change, whether the verdict turns.

use super::change::{Change, Mutation, count, only};
use crate::cases::cell;
use crate::exclusions::model::{Case, Exclusion, FieldRef};
use crate::judge::{Predicate, read};

/// An exclusion, ready to be asked value by value.
#[derive(Debug)]
pub struct Judge {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Some schema has all its columns; otherwise it is never met.
    fits: bool,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    field: FieldRef,
    values: Vec<Predicate>,
}

/// Which values of each condition a row meets.
#[derive(Debug)]
pub struct Look<'c> {
    entries: Vec<EntryLook<'c>>,
    /// How many entries it meets.
    met: usize,
}

#[derive(Debug)]
struct EntryLook<'c> {
    conditions: Vec<ConditionLook<'c>>,
    unmet: usize,
    met: bool,
}

#[derive(Debug)]
struct ConditionLook<'c> {
    cell: Option<&'c str>,
    values: Vec<bool>,
    met: usize,
}

impl Judge {
    /// Compiles an exclusion.
    pub fn new(exclusion: &Exclusion) -> Self {
        let entries = exclusion.entries.iter().map(|entry| Entry {
            fits: has_a_schema(entry.conditions.iter().map(|condition| &condition.field)),
            conditions: entry.conditions.iter().map(|condition| Condition::new(condition)).collect(),
        });
        Self { entries: entries.collect() }
    }

    /// What a row meets.
    pub fn look<'c>(&self, case: &'c Case) -> Look<'c> {
        let entries: Vec<EntryLook<'c>> = self.entries.iter().map(|entry| entry.look(case)).collect();
        Look { met: entries.iter().filter(|entry| entry.met).count(), entries }
    }

    /// Whether the exclusion as it is suppresses the row.
    pub fn suppresses(&self, look: &Look<'_>) -> bool {
        look.met > 0
    }

    /// Whether the changed exclusion suppresses the row.
    pub fn suppresses_after(&self, look: &Look<'_>, mutation: &Mutation) -> bool {
        let entry = &look.entries[mutation.entry];
        let others = look.met - usize::from(entry.met);
        others > 0 || (self.entries[mutation.entry].fits && self.is_met_after(entry, mutation))
    }

    /// Whether the change turns the verdict on the row.
    pub fn tells(&self, look: &Look<'_>, mutation: &Mutation) -> bool {
        self.suppresses(look) != self.suppresses_after(look, mutation)
    }

    fn is_met_after(&self, entry: &EntryLook<'_>, mutation: &Mutation) -> bool {
        let place = match &mutation.change {
            Change::DropEntry => return false,
            Change::DropCondition(place)
            | Change::AnyValue(place)
            | Change::DropValue(place, _)
            | Change::Widen(place, ..) => *place,
        };
        let look = &entry.conditions[place];
        let others_are_met = entry.unmet == usize::from(look.met == 0);
        let seen = || read(self.entries[mutation.entry].conditions[place].field.kind(), look.cell);
        let is_met = || match &mutation.change {
            Change::DropEntry => false,
            Change::DropCondition(_) => true,
            Change::AnyValue(_) => seen().is_some(),
            Change::DropValue(_, value) => look.met > usize::from(look.values[*value]),
            Change::Widen(_, value, wider) => {
                look.met > usize::from(look.values[*value])
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

impl Entry {
    fn look<'c>(&self, case: &'c Case) -> EntryLook<'c> {
        let conditions: Vec<ConditionLook<'c>> =
            self.conditions.iter().map(|known| known.look(case)).collect();
        let unmet = conditions.iter().filter(|look| look.met == 0).count();
        EntryLook { conditions, unmet, met: unmet == 0 && self.fits }
    }
}

impl Condition {
    fn new(condition: &crate::exclusions::model::Condition) -> Self {
        let test = &condition.test;
        let values = (0..count(test)).map(|value| Predicate::new(&only(test, value))).collect();
        Self { field: condition.field.clone(), values }
    }

    fn look<'c>(&self, case: &'c Case) -> ConditionLook<'c> {
        let cell = cell(case, &self.field);
        let seen = read(self.field.kind(), cell);
        let values: Vec<bool> =
            self.values.iter().map(|value| seen.is_some_and(|seen| value.is_met(seen))).collect();
        ConditionLook { cell, met: values.iter().filter(|met| **met).count(), values }
    }
}
