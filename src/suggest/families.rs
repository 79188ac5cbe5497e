//! Which rows may belong together.
//!
//! In: a [`Sample`]. Out: sets of combinations that agree in some of the fields that say what acted, but for parts of their
//! texts that change. Every choice of these fields is tried, so that a family is found whichever of its names are volatile.

use super::roles::Role;
use super::sample::Sample;
use super::shape::shape;
use hashbrown::{HashMap, HashSet};
use indexmap::IndexMap;

/// Fields by which rows are put together, at most.
const KEYS: usize = 6;
/// With more of the finest families than this, only few choices of fields are tried.
const MANY: usize = 5_000;
/// Sets that are looked at, those with most rows first.
const MAX_FAMILIES: usize = 8_000;

/// Combinations that may belong together, by their places, ascending.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) members: Vec<usize>,
    /// Rows that are noise.
    pub(super) rows: u64,
    /// Whether they agree in every field.
    pub(super) finest: bool,
}

/// The sets of combinations with noise. Each combination is in one of the finest.
pub(super) fn families(sample: &Sample, min_rows: u64) -> Vec<Family> {
    let what = |at: &usize| sample.fields[*at].role == Role::What;
    let keys: Vec<usize> = (0..sample.fields.len()).filter(what).take(KEYS).collect();
    let atoms = atoms(sample, &keys);
    let whole = (1_u32 << keys.len()) - 1;
    let few = |mask: &u32| (whole & !mask).count_ones() <= 1 || mask.count_ones() <= 1;
    let mut masks: Vec<u32> = (0..=whole).filter(|mask| atoms.len() <= MANY || few(mask)).collect();
    masks.sort_by_key(|mask| (std::cmp::Reverse(mask.count_ones()), *mask));
    let mut seen: HashSet<Vec<u32>> = HashSet::new();
    let mut found = Vec::new();
    for mask in masks {
        let mut groups: IndexMap<Vec<u32>, Vec<u32>> = IndexMap::new();
        for (number, (key, _)) in (0..).zip(&atoms) {
            let masked = (0..).zip(key).map(|(at, shape)| if mask >> at & 1 == 1 { *shape } else { 0 });
            groups.entry(masked.collect()).or_default().push(number);
        }
        for set in groups.into_values() {
            let finest = mask == whole;
            let mut members: Vec<usize> =
                set.iter().flat_map(|atom| &atoms[*atom as usize].1).copied().collect();
            let rows = members.iter().map(|at| sample.at(*at).1.benign).sum();
            if (finest || rows >= min_rows) && !seen.contains(&set) {
                members.sort_unstable();
                found.push(Family { members, rows, finest });
                seen.insert(set);
            }
        }
    }
    // The finest stay, because each row needs a reason.
    found.sort_by(|a, b| b.finest.cmp(&a.finest).then(b.rows.cmp(&a.rows)));
    let finest = found.iter().take_while(|family| family.finest).count();
    found.truncate(finest + MAX_FAMILIES);
    found
}

type Atoms = Vec<(Vec<u32>, Vec<usize>)>;

/// The combinations with noise, by the shapes of their names.
fn atoms(sample: &Sample, keys: &[usize]) -> Atoms {
    let mut shapes: Vec<HashMap<String, u32>> = vec![HashMap::new(); keys.len()];
    let mut of_value: Vec<HashMap<u32, u32>> = vec![HashMap::new(); keys.len()];
    let mut atoms: IndexMap<Vec<u32>, Vec<usize>> = IndexMap::new();
    for (place, (values, each)) in sample.combinations.iter().enumerate() {
        if each.benign == 0 {
            continue;
        }
        let key = keys.iter().enumerate().map(|(at, field)| {
            let value = values[*field];
            *of_value[at].entry(value).or_insert_with(|| {
                let Some(text) = sample.text(*field, value) else { return 1 };
                let next = u32::try_from(shapes[at].len()).unwrap_or(u32::MAX - 2) + 2;
                *shapes[at].entry(shape(text)).or_insert(next)
            })
        });
        atoms.entry(key.collect()).or_default().push(place);
    }
    atoms.into_iter().collect()
}
