//! The same list on two results: which exclusions began or stopped to match, and which kept rows are of a new kind.
//!
//! In: the exclusions in force and what they did in both results. Out: a [`Diff`]. The rows of two exports cannot be
//! paired. A suppressed row counts as new if none of its exclusions had a match before, a kept row if no kept row of the
//! same process and destination network was there before.

use super::diff::{Compared, Diff, ExclusionDiff, ListChange, Side, ordered};
use crate::count::coverage::Coverage;
use crate::count::destination::Destination;
use crate::count::tally::Tally;
use crate::exclusions::model::Exclusion;
use crate::report::KeptGroup;

/// Groups of newly shown rows that are listed.
const LISTED_GROUPS: usize = 1_000;

/// One list on two results.
#[derive(Debug)]
pub struct TwoResults<'e> {
    /// The exclusions in force, in the order of the matcher.
    pub applied: &'e [&'e Exclusion],
    /// What they did in the old results; with sets.
    pub old: &'e Tally,
    /// What they did in the new results; with sets.
    pub new: &'e Tally,
    /// The names of the fields that were looked at.
    pub slots: &'e [String],
    /// Examples for each exclusion.
    pub examples: usize,
}

/// Compares two results. The names and files of the sides are the caller's to know.
pub fn results(given: &TwoResults<'_>, mut old: Side, mut new: Side) -> Diff {
    let mut exclusions: Vec<ExclusionDiff> =
        given.applied.iter().map(|exclusion| ExclusionDiff::new(&exclusion.id, ListChange::Same)).collect();
    let none = Coverage::default();
    for (set, cover) in given.old.coverage.as_ref().unwrap_or(&none).sorted() {
        for place in set {
            exclusions[*place as usize].old.add(cover.rows, set.len() == 1);
        }
    }
    let mut suppressed = 0;
    for (set, cover) in given.new.coverage.as_ref().unwrap_or(&none).sorted() {
        let awoke = set.iter().all(|place| exclusions[*place as usize].old.matches == 0);
        suppressed += if awoke { cover.rows } else { 0 };
        for place in set {
            let exclusion = &mut exclusions[*place as usize];
            exclusion.new.add(cover.rows, set.len() == 1);
            if awoke {
                exclusion.newly_suppressed.add(cover, given.slots, given.examples);
            }
        }
    }
    (old.applied, new.applied) = (given.applied.len(), given.applied.len());
    (old.suppressed, new.suppressed) = (given.old.totals.suppressed, given.new.totals.suppressed);
    let (shown_groups, newly_shown) = groups(given.old, given.new);
    let mut notes = Vec::new();
    if given.old.groups.others() + given.new.groups.others() > 0 {
        notes.push("There are too many groups of kept rows to tell all of them apart; some rows may be newly shown without being counted.".to_owned());
    }
    Diff {
        compared: Compared::Results,
        old,
        new,
        newly_suppressed: suppressed,
        newly_shown,
        exclusions: ordered(exclusions),
        shown_groups,
        notes,
    }
}

/// The groups of kept rows that only the new results have, and the rows in all of them.
fn groups(old: &Tally, new: &Tally) -> (Vec<KeptGroup>, u64) {
    let is_new =
        |(process, destination, _): &(&str, Destination, u64)| !old.groups.contains(process, *destination);
    let mut found: Vec<_> = new.groups.iter().filter(is_new).collect();
    let rows = found.iter().map(|(.., rows)| rows).sum();
    found.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (a.0, a.1).cmp(&(b.0, b.1))));
    let listed = found.into_iter().take(LISTED_GROUPS).map(|(process, destination, rows)| KeptGroup {
        process: process.to_owned(),
        destination: destination.to_string(),
        rows,
    });
    (listed.collect(), rows)
}
