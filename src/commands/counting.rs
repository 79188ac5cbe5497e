//! Results through the matcher for commands that only need what exclusions did.
//!
//! In: names of results or opened ones. Out: counts; rows go nowhere.

use super::lists::Loaded;
use super::open::{Opened, open_all};
use super::pass::{Pass, Passed, one_schema};
use super::{Outcome, World, fail};
use crate::cli::{Apply, Input};
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::matcher::Matcher;
use quell::report::ResultsFile;
use quell::schema::Schema;
use quell::tally::Tally;

/// Applies exclusions and only counts: those that were applied, for the schema of the results, the fields that
/// the matcher looks at, and the counts by the places of the exclusions.
pub(super) fn counted<'e>(
    results: &[String],
    input: &Input,
    world: &World,
    lists: &'e Loaded,
    applied: impl FnOnce(&str) -> Vec<&'e Exclusion>,
) -> Outcome<(Vec<&'e Exclusion>, Vec<FieldRef>, Tally)> {
    let mut opened = open_all(results, input)?;
    let schema = one_schema(&opened, lists)?;
    let applied = applied(&schema.name);
    let matcher = match Matcher::new(&applied, &schema.name) {
        Ok(matcher) => matcher,
        Err(cause) => return fail("too-many-fields", cause, "split the lists"),
    };
    let args = Apply::counting(input.clone());
    let mut pass = Pass::new(&args, world, schema, &applied, &matcher, &opened)?;
    for results in &mut opened {
        pass.file(results)?;
    }
    let passed = pass.finish()?;
    passed.warn();
    let slots = matcher.slots().to_vec();
    Ok((applied, slots, passed.tally))
}

/// What a pass found about who covers which rows.
pub(super) struct Covered {
    /// The counts, with the sets of exclusions.
    pub(super) tally: Tally,
    /// The names of the fields that were looked at.
    pub(super) slots: Vec<String>,
    pub(super) files: Vec<ResultsFile>,
    /// Fields whose columns some file lacks, which was allowed.
    pub(super) absent: Vec<String>,
}

/// Finds out which of the applied exclusions cover which rows.
pub(super) fn covered(
    opened: &mut [Opened],
    input: &Input,
    world: &World,
    schema: &Schema,
    applied: &[&Exclusion],
) -> Outcome<Covered> {
    let matcher = match Matcher::new(applied, &schema.name) {
        Ok(matcher) => matcher,
        Err(cause) => return fail("too-many-fields", cause, "split the lists"),
    };
    let args = Apply { quiet: false, ..Apply::counting(input.clone()) };
    let mut pass = Pass::new(&args, world, schema, applied, &matcher, opened)?;
    pass.covers = true;
    for results in opened {
        pass.file(results)?;
    }
    let passed = pass.finish()?;
    passed.warn();
    let Passed { tally, files, absent, .. } = passed;
    let slots = matcher.slots().iter().map(|slot| slot.name().to_owned()).collect();
    Ok(Covered { tally, slots, files, absent })
}
