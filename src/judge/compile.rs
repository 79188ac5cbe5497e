//! A list, compiled for the rows of some results.
//!
//! In: exclusions. Out: a [`CompiledList`], in which equal conditions are one condition and each field that is looked at is
//! one slot. It has never seen a row.

use super::index::ConditionId;
use super::predicate::Predicate;
use crate::exclusions::model::{Condition, Entry, Exclusion, FieldRef};
use crate::fields::Kind;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::sync::Arc;

/// A set of slots.
pub(super) type Mask = u128;

/// A list may look at no more different fields than this.
pub const MAX_SLOTS: usize = 128;
/// What exclusions are made of.
#[derive(Debug)]
pub(super) struct CompiledList {
    pub(super) slots: Vec<FieldRef>,
    /// How the cell of each slot is read.
    pub(super) kinds: Vec<Kind>,
    pub(super) conditions: Vec<Compiled>,
    pub(super) entries: Vec<CompiledEntry>,
    pub(super) exclusions: Vec<CompiledExclusion>,
}

#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) slot: usize,
    pub(super) condition: Arc<Condition>,
    pub(super) predicate: Predicate,
}

#[derive(Debug)]
pub(super) struct CompiledEntry {
    pub(super) conditions: SmallVec<[ConditionId; 4]>,
    pub(super) mask: Mask,
    pub(super) exclusion: u32,
}

#[derive(Debug, Default)]
pub(super) struct CompiledExclusion {
    /// Its conditions by slot, only if it has several entries.
    pub(super) by_slot: Vec<(usize, Vec<ConditionId>)>,
    pub(super) entries: std::ops::Range<usize>,
}

impl CompiledList {
    /// Compiles the entries of exclusions that fit the rows.
    pub(super) fn new(exclusions: &[&Exclusion], fits: impl Fn(&Entry) -> bool) -> Self {
        let mut builder = Builder::default();
        for (place, exclusion) in exclusions.iter().enumerate() {
            builder.add(place, exclusion, &fits);
        }
        builder.finish()
    }
}

#[derive(Default)]
struct Builder {
    slots: Vec<FieldRef>,
    slot_of: HashMap<FieldRef, usize>,
    ids: HashMap<Arc<Condition>, ConditionId>,
    /// The same by where a condition stands in memory, since most are shared.
    ids_of_shared: HashMap<*const Condition, ConditionId>,
    conditions: Vec<Compiled>,
    entries: Vec<CompiledEntry>,
    exclusions: Vec<CompiledExclusion>,
}

impl Builder {
    fn add(&mut self, place: usize, exclusion: &Exclusion, fits: impl Fn(&Entry) -> bool) {
        let first = self.entries.len();
        for entry in exclusion.entries.iter().filter(|entry| fits(entry)) {
            let compiled = self.entry(place, entry);
            self.entries.push(compiled);
        }
        let entries = first..self.entries.len();
        let mut by_slot: Vec<(usize, Vec<ConditionId>)> = Vec::new();
        if entries.len() > 1 {
            for &id in self.entries[entries.clone()].iter().flat_map(|entry| &entry.conditions) {
                let slot = self.conditions[id as usize].slot;
                match by_slot.iter_mut().find(|(known, _)| *known == slot) {
                    Some((_, ids)) => ids.push(id),
                    None => by_slot.push((slot, vec![id])),
                }
            }
        }
        self.exclusions.push(CompiledExclusion { by_slot, entries });
    }

    fn entry(&mut self, place: usize, entry: &Entry) -> CompiledEntry {
        let conditions: SmallVec<[ConditionId; 4]> =
            entry.conditions.iter().map(|c| self.condition(c)).collect();
        let slots = conditions.iter().map(|id| self.conditions[*id as usize].slot);
        CompiledEntry {
            // A slot beyond the last that a mask holds makes the whole list refused in the end.
            mask: slots.filter(|slot| *slot < MAX_SLOTS).fold(0, |mask, slot| mask | 1 << slot),
            conditions,
            exclusion: u32::try_from(place).unwrap_or(u32::MAX),
        }
    }

    fn condition(&mut self, condition: &Arc<Condition>) -> ConditionId {
        let shared = Arc::as_ptr(condition);
        if let Some(id) = self.ids_of_shared.get(&shared) {
            return *id;
        }
        let id = self.new_condition(condition);
        self.ids_of_shared.insert(shared, id);
        id
    }

    fn new_condition(&mut self, condition: &Arc<Condition>) -> ConditionId {
        if let Some(id) = self.ids.get(condition) {
            return *id;
        }
        let slots = &mut self.slots;
        let slot = *self.slot_of.entry(condition.field.clone()).or_insert_with(|| {
            slots.push(condition.field.clone());
            slots.len() - 1
        });
        let id = u32::try_from(self.conditions.len()).unwrap_or(u32::MAX);
        self.conditions.push(Compiled {
            slot,
            condition: Arc::clone(condition),
            predicate: Predicate::new(&condition.test),
        });
        self.ids.insert(Arc::clone(condition), id);
        id
    }

    fn finish(mut self) -> CompiledList {
        self.conditions.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.exclusions.shrink_to_fit();
        CompiledList {
            kinds: self.slots.iter().map(FieldRef::kind).collect(),
            slots: self.slots,
            conditions: self.conditions,
            entries: self.entries,
            exclusions: self.exclusions,
        }
    }
}
