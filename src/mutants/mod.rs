//! Small changes to exclusions, and whether their cases notice them.
//!
//! In: exclusions with cases that pass. Out: for every [`Mutation`] a [`Detection`]: noticed by a case; missed, with a case
//! that would notice it; or equivalent, when no row was found on which it makes a difference. If the cases notice every
//! change, they say all that the list means. It opens no files and does not know how the outcome is shown.
//!
//! Changed exclusions are not compiled. [`Judge`] knows which values each case meets, and a change touches one entry, so
//! the changed verdict follows by counting; a test checks that against the matcher.

mod change;
mod judge;
pub mod report;
mod witness;

pub use change::{Change, Mutation, mutations};
pub use judge::Judge;

use crate::cases::{Expected, of};
use crate::exclusions::model::{Case, Exclusion};

/// Whether the cases of an exclusion notice a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Detection {
    /// Some case gets another verdict.
    Noticed,
    /// None does; this row would, as a case that must get this verdict.
    Missed(Expected, Case),
    /// None does, and no row was found that would.
    Equivalent,
}

/// Tries every change to an exclusion.
pub fn run(exclusion: &Exclusion) -> Vec<(Mutation, Detection)> {
    let judge = Judge::new(exclusion);
    let matched: Vec<_> = of(exclusion).map(|(case, _)| judge.match_row(case)).collect();
    let mutations = mutations(exclusion).into_iter();
    let tried = mutations.map(|mutation| {
        let noticed = matched.iter().any(|row_match| judge.changes_verdict(row_match, &mutation));
        let word = if noticed { Detection::Noticed } else { witness::missed(exclusion, &judge, &mutation) };
        (mutation, word)
    });
    tried.collect()
}
