//! The repair of a blind spot that is least work to maintain.
//!
//! In: an exclusion and its cheapest way in. Out: whether to make its entries one, which conditions to add, and the grade
//! that this gives at least. `moves.yaml` says what an added condition costs an intruder.

use super::{Grade, Malicious, Moves, cheapest};
use crate::exclusions::model::{Condition, Entry, Exclusion};
use crate::fields::Field;
use crate::judge::Matcher;
use serde::Serialize;
use std::sync::Arc;

/// What to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Whether its entries should become one, so that all of them have to hold.
    pub one_entry: bool,
    /// Fields to add, and what with.
    pub add: Vec<(String, String)>,
    /// The cost of the cheapest way in after that.
    pub cost: u32,
    /// Its grade.
    pub grade: Grade,
}

/// The repair that reaches the second-best grade; `None` if the exclusion has it.
pub(super) fn repair(
    matcher: &Matcher,
    exclusion: &Exclusion,
    rows: &[Malicious],
    schema: &str,
    moves: &Moves,
    cost: u32,
) -> Option<Repair> {
    let target = moves.least(Grade::B);
    if cost >= target {
        return None;
    }
    let joined = joined(exclusion).and_then(|joined| {
        let alone = Matcher::new(&[&joined], schema).ok()?;
        let rows = recast(matcher, &alone, rows);
        Some(cheapest(&alone, 0, &joined, &rows, moves).map_or(target, |way| way.cost))
    });
    let base = joined.unwrap_or(cost);
    let named: Vec<&str> = exclusion.fields().iter().map(|field| field.name()).collect();
    let open: Vec<usize> = (0..moves.repairs.len())
        .filter(|place| !named.contains(&moves.repairs[*place].field.as_str()))
        .filter(|place| Field::named(&moves.repairs[*place].field).is_some())
        .collect();
    let chosen = (0u32..1 << open.len())
        .map(|set| {
            open.iter()
                .enumerate()
                .filter(move |(bit, _)| set >> bit & 1 == 1)
                .map(|(_, at)| &moves.repairs[*at])
        })
        .map(Iterator::collect::<Vec<_>>)
        .filter(|set| base + set.iter().map(|each| each.cost).sum::<u32>() >= target)
        .min_by_key(|set| (set.iter().map(|each| each.burden).sum::<u32>(), set.len()))?;
    let cost = base + chosen.iter().map(|each| each.cost).sum::<u32>();
    Some(Repair {
        one_entry: joined.is_some(),
        add: chosen.iter().map(|each| (each.field.clone(), each.add.clone())).collect(),
        cost,
        grade: moves.grade(cost),
    })
}

/// Its entries as one in which each field that it names has to be met; `None` if it has one entry.
fn joined(exclusion: &Exclusion) -> Option<Exclusion> {
    if exclusion.entries.len() < 2 {
        return None;
    }
    let mut conditions: Vec<Arc<Condition>> = Vec::new();
    for condition in exclusion.entries.iter().flat_map(|entry| &entry.conditions) {
        match conditions.iter_mut().find(|known| known.field == condition.field) {
            Some(known) => Arc::make_mut(known).test.join(&condition.test),
            None => conditions.push(Arc::clone(condition)),
        }
    }
    Some(Exclusion { entries: vec![Entry { conditions }], ..exclusion.clone() })
}

/// The rows with the cells that another matcher looks at.
fn recast(from: &Matcher, to: &Matcher, rows: &[Malicious]) -> Vec<Malicious> {
    let places: Vec<Option<usize>> =
        to.slots().iter().map(|slot| from.slots().iter().position(|other| other == slot)).collect();
    let cells =
        |row: &Malicious| places.iter().map(|place| row.cells.get((*place)?).cloned().flatten()).collect();
    rows.iter().map(|row| Malicious { number: row.number, cells: cells(row) }).collect()
}
