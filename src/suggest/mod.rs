//! Exclusions for rows that somebody has called noise.
//!
//! In: rows with labels, as a [`Sample`]. Out: a [`Suggested`]: [`Draft`]s of exclusions, and for the noise that they leave
//! the reason. It opens nothing, reads no row twice, and never covers a row that must stay. docs/suggest.md says what is
//! chosen and why.
//!
//! 1. `families` finds rows that may belong together, by every choice of the fields that say what acted.
//! 2. `candidates` makes of each family, and of each of its `parts`, the exclusion in which every stable field is a
//!    condition ([`roles`] says what a field is good for; `wants`, `shape` and `networks` find the values), and refuses
//!    what cannot be told apart.
//! 3. [`mod@choose`] picks the few and narrow ones that silence most.
//! 4. `drafts` adds cases and comments; [`list`] writes the list.

mod bits;
mod candidates;
pub mod choose;
mod drafts;
mod families;
mod generality;
pub mod list;
mod networks;
mod parts;
pub mod roles;
mod sample;
mod shape;
mod wants;

pub use drafts::{CaseRow, Draft, DraftCondition, LeftAlone, UNREAD};
pub use sample::{Label, LabelledRow, MAX_COMBINATIONS, RowPlace, Sample};

use crate::probe::Moves;
use candidates::{Candidate, Maker, Why};
use choose::{Offer, choose};
use families::families;
use hashbrown::HashMap;
use wants::MOST_LOST;

/// The share of the noise that an exclusion without any generality has to silence to be worth it, and the least number.
const WORTH: f64 = 1.0 / 2_000.0;
const LEAST_WORTH: f64 = 2.0;
/// Bits of generality that cost as much as one more exclusion.
const BITS: f64 = 4.0;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many exclusions there may be.
    pub most: usize,
    /// The least number of rows that one must cover.
    pub min_rows: u64,
    /// Whether one may say nothing of where rows go that say it.
    pub any_destination: bool,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Suggested {
    /// The exclusions, those with most rows first.
    pub drafts: Vec<Draft>,
    /// Noise that none of them covers, with the reason, most rows first.
    pub left_alone: Vec<LeftAlone>,
    /// How much better another choice could at most be, as a share; 0 if there is none.
    pub gap: f64,
}

/// Suggests exclusions for the rows that are noise.
pub fn suggest(sample: &Sample, moves: &Moves, options: &Options) -> Suggested {
    let noise = sample.rows(Label::Benign);
    let maker = Maker::new(sample, moves, options);
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut causes: Vec<(Vec<usize>, Option<Why>)> = Vec::new();
    for family in families(sample, options.min_rows) {
        let made = maker.of(&family);
        if family.finest {
            causes.push((family.members.clone(), made.as_ref().err().cloned()));
        }
        candidates.extend(made.unwrap_or_default());
        for part in maker.parts(&family) {
            candidates.extend(maker.of(&part).unwrap_or_default());
        }
    }
    let unit = (noise as f64 * WORTH).max(LEAST_WORTH);
    let candidates = without_hashes(sample, distinct(candidates, unit));
    let (offers, weights) = offers(sample, &candidates, unit);
    let choice = choose(&offers, &weights, options.most);
    let mut chosen: Vec<&Candidate> = choice.chosen.iter().map(|at| &candidates[*at]).collect();
    chosen.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.key().cmp(&b.key())));
    let gap = if choice.is_best() { 0.0 } else { (choice.value - choice.bound) / choice.bound.max(1e-9) };
    Suggested {
        drafts: drafts::drafts(sample, &maker, &chosen),
        left_alone: drafts::left_alone(sample, &chosen, causes),
        gap,
    }
}

/// What a candidate costs, in rows.
fn cost(candidate: &Candidate, unit: f64) -> f64 {
    unit * (1.0 + candidate.bits / BITS) + candidate.unlabelled as f64
}

/// The candidates without those that cover no more than a cheaper one.
fn distinct(mut all: Vec<Candidate>, unit: f64) -> Vec<Candidate> {
    all.sort_by(|a, b| {
        cost(a, unit)
            .total_cmp(&cost(b, unit))
            .then_with(|| b.rows.cmp(&a.rows))
            .then_with(|| a.key().cmp(&b.key()))
    });
    let mut by_cover: HashMap<Vec<usize>, ()> = HashMap::new();
    all.retain(|candidate| by_cover.insert(candidate.covers.clone(), ()).is_none());
    all
}

/// The candidates without those that rest on a hash where one that does not silences nearly the same.
fn without_hashes(sample: &Sample, all: Vec<Candidate>) -> Vec<Candidate> {
    let rows = |place: &usize| sample.at(*place).1.benign;
    let is_enough = |rows: u64, of: &Candidate| rows as f64 >= (1.0 - MOST_LOST) * of.rows as f64;
    let is_last_resort = |hashed: &Candidate| {
        let lasting = all.iter().filter(|each| !each.has_hash() && is_enough(each.rows, hashed));
        let both = |each: &Candidate| -> u64 {
            hashed.covers.iter().filter(|place| each.covers.binary_search(place).is_ok()).map(rows).sum()
        };
        !lasting.map(both).any(|rows| is_enough(rows, hashed))
    };
    let keep: Vec<bool> = all.iter().map(|each| !each.has_hash() || is_last_resort(each)).collect();
    all.into_iter().zip(keep).filter_map(|(each, keep)| keep.then_some(each)).collect()
}

/// The candidates as the choice sees them. Combinations that the same candidates cover are one element.
fn offers(sample: &Sample, candidates: &[Candidate], unit: f64) -> (Vec<Offer>, Vec<f64>) {
    let mut by: Vec<Vec<usize>> = vec![Vec::new(); sample.combinations()];
    for (at, candidate) in candidates.iter().enumerate() {
        candidate.covers.iter().for_each(|place| by[*place].push(at));
    }
    let mut elements: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut weights: Vec<f64> = Vec::new();
    let mut offers: Vec<Offer> = candidates
        .iter()
        .map(|candidate| Offer { cost: cost(candidate, unit), covers: Vec::new() })
        .collect();
    for (place, of) in by.into_iter().enumerate().filter(|(_, of)| !of.is_empty()) {
        let rows = sample.at(place).1.benign as f64;
        if let Some(known) = elements.get(&of) {
            weights[*known] += rows;
            continue;
        }
        let next = weights.len();
        weights.push(rows);
        for at in &of {
            offers[*at].covers.push(next);
        }
        elements.insert(of, next);
    }
    (offers, weights)
}
