//! Compiles a list once and gives a verdict for each row.
//!
//! In: exclusions, and for each row one cell for each of [`Matcher::slots`]. Out: a [`Verdict`]. It has
//! never heard of CSV, JSON or KQL.
//!
//! How it stays fast with long lists: equal conditions are one condition. Each entry waits behind one
//! of its conditions, its *anchor*: the one that the fewest entries share. A row looks its cells up in
//! the index of each slot, and only entries whose anchor is met are examined at all. A row in
//! which some slots cannot be read is judged by a plan of its own, whose anchors stand in the other
//! slots; there is one plan for each combination of readable slots that occurs.

use super::index::{Buffers, ConditionId, Index, is_indexable};
use super::predicate::{Predicate, Seen, read};
use super::verdict::{ConditionOutcome, Verdict};
use super::waiting::Waiting;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::exclusions::model::{Condition, Entry, Exclusion, FieldRef};
use crate::schema::Schema;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::sync::{Arc, Mutex, PoisonError};

/// A set of slots.
type Mask = u128;

/// A list may look at no more different fields than this.
pub const MAX_SLOTS: usize = 128;
/// Plans that are kept at a time.
const MAX_PLANS: usize = 64;

/// A compiled list.
#[derive(Debug)]
pub struct Matcher {
    slots: Vec<FieldRef>,
    conditions: Vec<Compiled>,
    entries: Vec<CompiledEntry>,
    exclusions: Vec<CompiledExclusion>,
    plans: Mutex<HashMap<Mask, Arc<Plan>>>,
}

#[derive(Debug)]
struct Compiled {
    slot: usize,
    condition: Arc<Condition>,
    predicate: Predicate,
}

#[derive(Debug)]
struct CompiledEntry {
    conditions: SmallVec<[ConditionId; 4]>,
    mask: Mask,
    exclusion: u32,
}

#[derive(Debug, Default)]
struct CompiledExclusion {
    /// Its conditions by slot, only if it has several entries.
    by_slot: Vec<(usize, Vec<ConditionId>)>,
    entries: std::ops::Range<usize>,
}

/// How rows with just these slots readable are judged.
#[derive(Debug)]
struct Plan {
    /// Some entry hangs on unreadable slots alone.
    undecidable: bool,
    indexes: Vec<(usize, Index)>,
    waiting: Waiting,
}

/// What one thread needs while it asks; reused from row to row.
#[derive(Debug, Default)]
pub struct Scratch {
    buffers: Buffers,
    met: Vec<ConditionId>,
    covering: Vec<u32>,
    plan: Option<(Mask, Arc<Plan>)>,
}

impl Matcher {
    /// Compiles exclusions for rows of one schema. Entries that name columns of other schemas are left out.
    ///
    /// Fails if the list looks at more than [`MAX_SLOTS`] different fields.
    pub fn new(exclusions: &[&Exclusion], schema: &str) -> Result<Self, Diagnostics> {
        Self::with_entries(exclusions, |entry| entry.fits(schema))
    }

    /// The same without the entries that name a field for which the schema has no column.
    pub fn of_schema(exclusions: &[&Exclusion], schema: &Schema) -> Result<Self, Diagnostics> {
        Self::with_entries(exclusions, |entry| entry.is_in(schema))
    }

    /// The same with every entry.
    pub fn of_all(exclusions: &[&Exclusion]) -> Result<Self, Diagnostics> {
        Self::with_entries(exclusions, |_| true)
    }

    fn with_entries(exclusions: &[&Exclusion], fits: impl Fn(&Entry) -> bool) -> Result<Self, Diagnostics> {
        let mut builder = Builder::default();
        for (place, exclusion) in exclusions.iter().enumerate() {
            builder.add(place, exclusion, &fits);
        }
        if builder.slots.len() > MAX_SLOTS {
            let message = format!("the lists look at more than {MAX_SLOTS} different fields");
            let help = "split the lists, and apply one after the other";
            return Err(Diagnostic::error("too-many-fields", message).help(help).into());
        }
        Ok(builder.finish())
    }

    /// The fields that it looks at; a row is one cell for each, in this order.
    pub fn slots(&self) -> &[FieldRef] {
        &self.slots
    }

    /// The verdict on a row. A cell is `None` if it is absent or holds no text.
    pub fn judge<'s>(&self, cells: &[Option<&str>], scratch: &'s mut Scratch) -> Verdict<'s> {
        // Most lists look at a few fields only; clearing room for all of them would cost more than the rest.
        if self.slots.len() <= 8 {
            self.judge_in(cells, &mut [None; 8], scratch)
        } else {
            self.judge_in(cells, &mut [None; MAX_SLOTS], scratch)
        }
    }

    fn judge_in<'s, 'c>(
        &self,
        cells: &[Option<&'c str>],
        seen: &mut [Option<Seen<'c>>],
        scratch: &'s mut Scratch,
    ) -> Verdict<'s> {
        let mut known: Mask = 0;
        for (slot, field) in self.slots.iter().enumerate() {
            seen[slot] = read(field.kind(), cells[slot]);
            known |= Mask::from(seen[slot].is_some()) << slot;
        }
        let plan = self.plan(known, scratch);
        scratch.met.clear();
        scratch.covering.clear();
        for (slot, index) in &plan.indexes {
            if let Some(seen) = seen[*slot] {
                let met = &mut scratch.met;
                index.find(seen, &mut scratch.buffers, |id| met.push(id));
            }
        }
        let mut undecidable = plan.undecidable;
        for anchor in &scratch.met {
            for &entry in plan.waiting.behind(*anchor) {
                let entry = &self.entries[entry as usize];
                if self.is_met(entry, *anchor, seen) {
                    if entry.mask & !known == 0 {
                        scratch.covering.push(entry.exclusion);
                    } else {
                        undecidable = true;
                    }
                }
            }
        }
        scratch.covering.sort_unstable();
        scratch.covering.dedup();
        Verdict { suppressed_by: &scratch.covering, undecidable: undecidable && scratch.covering.is_empty() }
    }

    /// Whether every condition of an entry whose cell can be read is met.
    fn is_met(&self, entry: &CompiledEntry, anchor: ConditionId, seen: &[Option<Seen<'_>>]) -> bool {
        entry.conditions.iter().all(|&id| {
            let condition = &self.conditions[id as usize];
            id == anchor || seen[condition.slot].is_none_or(|seen| condition.predicate.is_met(seen))
        })
    }

    /// For an exclusion of several entries: each field that it names, and whether one of its conditions on
    /// that field is met. Empty for an exclusion of one entry, whose readings are one.
    pub fn scope(&self, exclusion: u32, cells: &[Option<&str>]) -> Vec<(usize, bool)> {
        let by_slot = &self.exclusions[exclusion as usize].by_slot;
        by_slot
            .iter()
            .map(|(slot, ids)| {
                let seen = read(self.slots[*slot].kind(), cells[*slot]);
                let met = seen.is_some_and(|seen| {
                    ids.iter().any(|id| self.conditions[*id as usize].predicate.is_met(seen))
                });
                (*slot, met)
            })
            .collect()
    }

    /// The exclusions that a row meets in part and for the rest cannot be decided: in one of their entries some condition
    /// is met, none is not, and some hang on cells that hold no value. Ascending.
    pub fn undecided(&self, cells: &[Option<&str>]) -> Vec<u32> {
        let seen: Vec<Option<Seen<'_>>> =
            self.slots.iter().zip(cells).map(|(field, cell)| read(field.kind(), *cell)).collect();
        let known = seen.iter().enumerate().filter(|(_, seen)| seen.is_some());
        let known: Mask = known.fold(0, |mask, (slot, _)| mask | 1 << slot);
        let is_met = |id: &ConditionId| {
            let condition = &self.conditions[*id as usize];
            seen[condition.slot].is_none_or(|seen| condition.predicate.is_met(seen))
        };
        let hangs = |entry: &CompiledEntry| {
            entry.mask & !known != 0 && entry.mask & known != 0 && entry.conditions.iter().all(is_met)
        };
        let hanging = self.entries.iter().filter(|entry| hangs(entry));
        let mut exclusions: Vec<u32> = hanging.map(|entry| entry.exclusion).collect();
        exclusions.dedup();
        exclusions
    }

    /// How each condition of each entry of an exclusion stands with a row, in the order of the list;
    /// entries of other schemas are left out.
    pub fn explain(
        &self,
        exclusion: u32,
        cells: &[Option<&str>],
    ) -> Vec<Vec<(&Condition, usize, ConditionOutcome)>> {
        let entries = self.exclusions[exclusion as usize].entries.clone();
        self.entries[entries]
            .iter()
            .map(|entry| {
                let conditions = entry.conditions.iter().map(|&id| &self.conditions[id as usize]);
                conditions
                    .map(|compiled| {
                        let seen = read(compiled.condition.field.kind(), cells[compiled.slot]);
                        let outcome = match seen {
                            None => ConditionOutcome::Undecidable,
                            Some(seen) if compiled.predicate.is_met(seen) => ConditionOutcome::Met,
                            Some(_) => ConditionOutcome::NotMet,
                        };
                        (&*compiled.condition, compiled.slot, outcome)
                    })
                    .collect()
            })
            .collect()
    }

    fn plan(&self, known: Mask, scratch: &mut Scratch) -> Arc<Plan> {
        if let Some((mask, plan)) = &scratch.plan
            && *mask == known
        {
            return Arc::clone(plan);
        }
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= MAX_PLANS && !plans.contains_key(&known) {
            plans.clear();
        }
        let plan = plans.entry(known).or_insert_with(|| Arc::new(self.make_plan(known)));
        scratch.plan = Some((known, Arc::clone(plan)));
        Arc::clone(plan)
    }

    fn make_plan(&self, known: Mask) -> Plan {
        let undecidable = self.entries.iter().any(|entry| entry.mask & known == 0);
        // Once a row is undecidable anyway, only entries that can be met still matter.
        let matters = |entry: &CompiledEntry| {
            if undecidable { entry.mask & !known == 0 } else { entry.mask & known != 0 }
        };
        let usable = |id: &ConditionId| known >> self.conditions[*id as usize].slot & 1 == 1;
        let mut popularity = vec![0_u32; self.conditions.len()];
        let entries = || self.entries.iter().enumerate().filter(|(_, entry)| matters(entry));
        for (_, entry) in entries() {
            entry.conditions.iter().for_each(|id| popularity[*id as usize] += 1);
        }
        let mut anchored = Vec::with_capacity(self.entries.len());
        for (number, entry) in entries() {
            let cost = |id: &ConditionId| {
                let condition = &self.conditions[*id as usize].condition;
                (!is_indexable(condition), popularity[*id as usize])
            };
            let anchor = entry.conditions.iter().copied().filter(usable).min_by_key(cost);
            if let (Some(anchor), Ok(number)) = (anchor, u32::try_from(number)) {
                anchored.push((anchor, number));
            }
        }
        let waiting = Waiting::new(&anchored, self.conditions.len());
        Plan { undecidable, indexes: self.indexes(waiting.anchors()), waiting }
    }

    fn indexes(&self, mut anchors: Vec<ConditionId>) -> Vec<(usize, Index)> {
        anchors.sort_unstable_by_key(|id| (self.conditions[*id as usize].slot, *id));
        anchors
            .chunk_by(|a, b| self.conditions[*a as usize].slot == self.conditions[*b as usize].slot)
            .map(|ids| {
                let conditions = ids.iter().map(|id| (*id, &*self.conditions[*id as usize].condition));
                (self.conditions[ids[0] as usize].slot, Index::new(conditions))
            })
            .collect()
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

    fn finish(mut self) -> Matcher {
        self.conditions.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.exclusions.shrink_to_fit();
        Matcher {
            slots: self.slots,
            conditions: self.conditions,
            entries: self.entries,
            exclusions: self.exclusions,
            plans: Mutex::default(),
        }
    }
}
