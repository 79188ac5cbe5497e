//! Small changes to exclusions, and whether their cases notice them.
//!
//! In: exclusions with cases that pass. Out: every [`Mutation`] with the cases' word on it: noticed, missed with a case
//! that would notice it, or equivalent, when no row was found on which it makes a difference. A list whose cases
//! notice every change says in its cases what it means. It opens no files and does not know how it is shown.
//!
//! No mutant is compiled as a list of its own. [`judge::Judge`] knows for each case which values it meets, and a change
//! touches one entry, so that its verdict follows by counting; a test holds that against the matcher.

mod change;
mod judge;
pub mod report;
mod witness;

pub use change::{Change, Mutation, mutations};
pub use judge::Judge;

use crate::cases::{Expected, of};
use crate::exclusions::model::{Case, Exclusion};

/// What the cases of an exclusion say about a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// Some case gets another verdict.
    Noticed,
    /// None does; this row would, as a case that must get this verdict.
    Missed(Expected, Case),
    /// None does, and no row was found that would.
    Equivalent,
}

/// Tries every change to an exclusion.
pub fn run(exclusion: &Exclusion) -> Vec<(Mutation, Word)> {
    let judge = Judge::new(exclusion);
    let looks: Vec<_> = of(exclusion).map(|(case, _)| judge.look(case)).collect();
    let mutations = mutations(exclusion).into_iter();
    let tried = mutations.map(|mutation| {
        let noticed = looks.iter().any(|look| judge.tells(look, &mutation));
        let word = if noticed { Word::Noticed } else { witness::missed(exclusion, &judge, &mutation) };
        (mutation, word)
    });
    tried.collect()
}
