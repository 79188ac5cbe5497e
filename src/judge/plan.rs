//! How rows of which just some slots can be read are judged.
//!
//! In: a compiled list, and the slots that hold a value. Out: a [`Plan`]: each entry waits behind one of its conditions, its
//! *anchor*, the one that the fewest entries share; and an index for each slot in which an anchor stands.

use super::compile::{CompiledEntry, CompiledList, Mask};
use super::index::{ConditionId, Index, is_indexable};
use super::waiting::Waiting;

/// How rows with just these slots readable are judged.
#[derive(Debug)]
pub(super) struct Plan {
    /// Some entry hangs on unreadable slots alone.
    pub(super) undecidable: bool,
    pub(super) indexes: Vec<(usize, Index)>,
    pub(super) waiting: Waiting,
}

impl Plan {
    /// The plan of a list for rows of which just these slots can be read.
    pub(super) fn new(list: &CompiledList, known: Mask) -> Self {
        let undecidable = list.entries.iter().any(|entry| entry.mask & known == 0);
        // Once a row is undecidable anyway, only entries that can be met still matter.
        let matters = |entry: &CompiledEntry| {
            if undecidable { entry.mask & !known == 0 } else { entry.mask & known != 0 }
        };
        let usable = |id: &ConditionId| known >> list.conditions[*id as usize].slot & 1 == 1;
        let mut popularity = vec![0_u32; list.conditions.len()];
        let entries = || list.entries.iter().enumerate().filter(|(_, entry)| matters(entry));
        for (_, entry) in entries() {
            entry.conditions.iter().for_each(|id| popularity[*id as usize] += 1);
        }
        let mut anchored = Vec::with_capacity(list.entries.len());
        for (number, entry) in entries() {
            let cost = |id: &ConditionId| {
                let condition = &list.conditions[*id as usize].condition;
                (!is_indexable(condition), popularity[*id as usize])
            };
            let anchor = entry.conditions.iter().copied().filter(usable).min_by_key(cost);
            if let (Some(anchor), Ok(number)) = (anchor, u32::try_from(number)) {
                anchored.push((anchor, number));
            }
        }
        let waiting = Waiting::new(&anchored, list.conditions.len());
        Self { undecidable, indexes: indexes(list, waiting.anchors()), waiting }
    }
}

fn indexes(list: &CompiledList, mut anchors: Vec<ConditionId>) -> Vec<(usize, Index)> {
    anchors.sort_unstable_by_key(|id| (list.conditions[*id as usize].slot, *id));
    anchors
        .chunk_by(|a, b| list.conditions[*a as usize].slot == list.conditions[*b as usize].slot)
        .map(|ids| {
            let conditions = ids.iter().map(|id| (*id, &*list.conditions[*id as usize].condition));
            (list.conditions[ids[0] as usize].slot, Index::new(conditions))
        })
        .collect()
}
