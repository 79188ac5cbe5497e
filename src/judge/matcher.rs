//! Compiles a list once and gives a verdict for each row.
//!
//! In: exclusions, and for each row one cell for each of [`Matcher::slots`]. Out: a [`Verdict`]. It has
//! never heard of CSV, JSON or KQL.
//!
//! How it stays fast with long lists: a row looks its cells up in the index of each slot, and only entries
//! whose anchor is met are examined at all (`plan`). A row in which some slots cannot be read is judged by a
//! plan of its own, whose anchors stand in the other slots.

use super::compile::{CompiledEntry, CompiledList, MAX_SLOTS, Mask};
use super::index::{Buffers, ConditionId};
use super::memory::{MetByText, UNKNOWN};
use super::plan::Plan;
use super::predicate::{Seen, read};
use super::verdict::{ConditionOutcome, Verdict};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::exclusions::model::{Condition, Entry, Exclusion, FieldRef};
use crate::fields::Kind;
use crate::schema::Schema;
use hashbrown::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Plans that are kept at a time.
const MAX_PLANS: usize = 64;

/// A compiled list.
#[derive(Debug)]
pub struct Matcher {
    list: CompiledList,
    plans: Mutex<HashMap<Mask, Arc<Plan>>>,
}

/// Most lists look at no more fields than this; clearing room for [`MAX_SLOTS`] would cost more than the rest.
pub(super) const FEW_SLOTS: usize = 8;

/// What one thread needs while it asks one matcher; reused from row to row.
#[derive(Debug, Default)]
pub struct Scratch {
    buffers: Buffers,
    met: Vec<ConditionId>,
    /// The exclusions whose entries are met, each with the slots that the entry names.
    found: Vec<(u32, Mask)>,
    covering: Vec<u32>,
    plans: Vec<KnownPlan>,
    /// The place of the plan of the last row.
    last: usize,
}

/// A plan that the thread has used, and what it remembers with it.
#[derive(Debug)]
struct KnownPlan {
    mask: Mask,
    plan: Arc<Plan>,
    /// One for each index of the plan.
    met: Vec<MetByText>,
}

impl Scratch {
    /// Who covers the row of the last verdict.
    pub(super) fn covering(&self) -> &[u32] {
        &self.covering
    }

    /// Forgets what texts meet, since they lose their numbers.
    pub(super) fn forget(&mut self) {
        self.plans.iter_mut().flat_map(|plan| &mut plan.met).for_each(MetByText::forget);
    }
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
        let list = CompiledList::new(exclusions, fits);
        if list.slots.len() > MAX_SLOTS {
            let message = format!("the lists look at more than {MAX_SLOTS} different fields");
            let help = "split the lists, and apply one after the other";
            return Err(Diagnostic::error("too-many-fields", message).help(help).into());
        }
        Ok(Self { list, plans: Mutex::default() })
    }

    /// The fields that it looks at; a row is one cell for each, in this order.
    pub fn slots(&self) -> &[FieldRef] {
        &self.list.slots
    }

    /// The verdict on a row. A cell is `None` if it is absent or holds no text.
    pub fn judge<'s>(&self, cells: &[Option<&str>], scratch: &'s mut Scratch) -> Verdict<'s> {
        let mut seen = [None; MAX_SLOTS];
        let seen = &mut seen[..self.list.slots.len()];
        let known = self.read(cells, seen, read);
        self.judge_seen(seen, known, &[], scratch)
    }

    /// Reads the cells of a row, and returns which of them hold a value.
    #[inline]
    pub(super) fn read<'c>(
        &self,
        cells: &[Option<&'c str>],
        seen: &mut [Option<Seen<'c>>],
        mut read: impl FnMut(Kind, Option<&'c str>) -> Option<Seen<'c>>,
    ) -> Mask {
        let mut known = 0;
        for (slot, ((seen, kind), cell)) in seen.iter_mut().zip(&self.list.kinds).zip(cells).enumerate() {
            *seen = read(*kind, *cell);
            known |= Mask::from(seen.is_some()) << slot;
        }
        known
    }

    /// The verdict on a row of which the cells of the slots in `known` hold a value. `numbers` are those of its texts for this
    /// thread; it may be empty.
    pub(super) fn judge_seen<'s>(
        &self,
        seen: &[Option<Seen<'_>>],
        known: Mask,
        numbers: &[u32],
        scratch: &'s mut Scratch,
    ) -> Verdict<'s> {
        let place = self.plan(known, scratch);
        let Scratch { buffers, met, found, covering, plans, .. } = scratch;
        met.clear();
        found.clear();
        covering.clear();
        let KnownPlan { plan, met: met_by_text, .. } = &mut plans[place];
        for ((slot, index), met_by_text) in plan.indexes.iter().zip(met_by_text) {
            match (seen[*slot], numbers.get(*slot)) {
                (Some(seen @ Seen::Text(_)), Some(number)) if *number != UNKNOWN => {
                    met_by_text.find(*number, index, seen, buffers, met);
                }
                (Some(seen), _) => index.find(seen, buffers, |id| met.push(id)),
                (None, _) => {}
            }
        }
        let mut undecidable = plan.undecidable;
        for anchor in met {
            for &entry in plan.waiting.behind(*anchor) {
                let entry = &self.list.entries[entry as usize];
                if self.is_met(entry, *anchor, seen) {
                    if entry.mask & !known == 0 {
                        found.push((entry.exclusion, entry.mask));
                    } else {
                        undecidable = true;
                    }
                }
            }
        }
        if !found.is_empty() {
            found.sort_unstable_by_key(|(exclusion, _)| *exclusion);
            found.dedup_by(|later, first| {
                let same = later.0 == first.0;
                first.1 |= if same { later.1 } else { 0 };
                same
            });
            covering.extend(found.iter().map(|(exclusion, _)| *exclusion));
        }
        Verdict { suppressed_by: covering, undecidable: undecidable && covering.is_empty() }
    }

    /// For the row of the last verdict: calls `unmet` with each exclusion that covers it and each field that the exclusion
    /// names without any of its conditions on it being met. An exclusion of one entry has none.
    pub(super) fn each_unmet(
        &self,
        seen: &[Option<Seen<'_>>],
        scratch: &Scratch,
        mut unmet: impl FnMut(u32, usize),
    ) {
        for (exclusion, named) in &scratch.found {
            for (slot, ids) in &self.list.exclusions[*exclusion as usize].by_slot {
                let is_met = |id: &ConditionId| {
                    seen[*slot].is_some_and(|seen| self.list.conditions[*id as usize].predicate.is_met(seen))
                };
                if named >> slot & 1 == 0 && !ids.iter().any(is_met) {
                    unmet(*exclusion, *slot);
                }
            }
        }
    }

    /// Whether every condition of an entry whose cell can be read is met.
    fn is_met(&self, entry: &CompiledEntry, anchor: ConditionId, seen: &[Option<Seen<'_>>]) -> bool {
        entry.conditions.iter().all(|&id| {
            let condition = &self.list.conditions[id as usize];
            id == anchor || seen[condition.slot].is_none_or(|seen| condition.predicate.is_met(seen))
        })
    }

    /// The exclusions that a row meets in part and for the rest cannot be decided: in one of their entries some condition
    /// is met, none is not, and some hang on cells that hold no value. Ascending.
    pub fn undecided(&self, cells: &[Option<&str>]) -> Vec<u32> {
        let seen: Vec<Option<Seen<'_>>> =
            self.list.slots.iter().zip(cells).map(|(field, cell)| read(field.kind(), *cell)).collect();
        let known = seen.iter().enumerate().filter(|(_, seen)| seen.is_some());
        let known: Mask = known.fold(0, |mask, (slot, _)| mask | 1 << slot);
        let is_met = |id: &ConditionId| {
            let condition = &self.list.conditions[*id as usize];
            seen[condition.slot].is_none_or(|seen| condition.predicate.is_met(seen))
        };
        let hangs = |entry: &CompiledEntry| {
            entry.mask & !known != 0 && entry.mask & known != 0 && entry.conditions.iter().all(is_met)
        };
        let hanging = self.list.entries.iter().filter(|entry| hangs(entry));
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
        let entries = self.list.exclusions[exclusion as usize].entries.clone();
        self.list.entries[entries]
            .iter()
            .map(|entry| {
                let conditions = entry.conditions.iter().map(|&id| &self.list.conditions[id as usize]);
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

    /// The place of the plan for rows with just these slots readable.
    #[inline]
    fn plan(&self, known: Mask, scratch: &mut Scratch) -> usize {
        if scratch.plans.get(scratch.last).is_none_or(|plan| plan.mask != known) {
            scratch.last = self.find_plan(known, scratch);
        }
        scratch.last
    }

    fn find_plan(&self, known: Mask, scratch: &mut Scratch) -> usize {
        if let Some(place) = scratch.plans.iter().position(|plan| plan.mask == known) {
            return place;
        }
        if scratch.plans.len() >= MAX_PLANS {
            scratch.plans.clear();
        }
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= MAX_PLANS && !plans.contains_key(&known) {
            plans.clear();
        }
        let plan = Arc::clone(plans.entry(known).or_insert_with(|| Arc::new(Plan::new(&self.list, known))));
        let met = plan.indexes.iter().map(|_| MetByText::default()).collect();
        scratch.plans.push(KnownPlan { mask: known, plan, met });
        scratch.plans.len() - 1
    }
}
