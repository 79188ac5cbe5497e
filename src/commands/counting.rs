//! Applies exclusions for commands that need only the counts.
//!
//! In: open results, exclusions. Out: counts; rows go nowhere.

use super::inputs::open_all;
use super::lists::Loaded;
use super::results::{ReadBy, read_by};
use super::sink::{RowFiles, bar_of};
use super::{Outcome, World, tell};
use crate::cli;
use quell::exclusions::model::Exclusion;
use quell::input::Input;
use quell::report::WarningCode;
use quell::rule::Rule;
use quell::{Options, Run};

/// Opens results, applies the exclusions that `applied` chooses for their schema, and counts. Returns those exclusions and
/// the counts.
pub(super) fn counted<'e>(
    results: &[String],
    options: &cli::InputArgs,
    world: &World,
    lists: &'e Loaded,
    rule: Option<&Rule>,
    applied: impl FnOnce(&ReadBy<'_>, &[Input]) -> Vec<&'e Exclusion>,
) -> Outcome<(Vec<&'e Exclusion>, Run)> {
    let mut inputs = open_all(results, options)?;
    let read = read_by(&inputs, lists, rule)?;
    let applied = applied(&read, &inputs);
    let mut counting = only_counts(&read, &applied);
    counting.allow_missing_columns = options.allow_missing_columns;
    let run = count(&mut inputs, world, counting, false)?;
    Ok((applied, run))
}

/// Finds out which of the applied exclusions cover which rows.
pub(super) fn covered(
    inputs: &mut [Input],
    options: &cli::InputArgs,
    world: &World,
    read: &ReadBy<'_>,
    applied: &[&Exclusion],
) -> Outcome<Run> {
    let mut counting = only_counts(read, applied);
    counting.allow_missing_columns = options.allow_missing_columns;
    counting.coverage = true;
    count(inputs, world, counting, world.terminal)
}

fn only_counts<'a>(read: &'a ReadBy<'a>, applied: &'a [&'a Exclusion]) -> Options<'a> {
    let mut options = Options::new(read.schema, applied);
    options.tables = read.tables.as_ref();
    (options.kept, options.suppressed) = (false, false);
    options
}

/// Counts, and prints warnings about the results, because the reports of these commands have no place for them.
fn count(inputs: &mut [Input], world: &World, mut options: Options<'_>, progress: bool) -> Outcome<Run> {
    options.threads = world.processors;
    let mut sink = RowFiles::none(bar_of(inputs, progress));
    let run = quell::apply(&options, inputs, &mut sink)?;
    sink.finish()?;
    for warning in run.warnings.iter().filter(|warning| warning.code != WarningCode::Duplicates) {
        tell(&format!("warning: {}\n", warning.message));
    }
    Ok(run)
}
