//! `quell diff`: what a change to lists does to rows.

use super::counting::covered;
use super::inputs::open_all;
use super::lists::{Loaded, given, loaded_from, rule, strange_settings, today};
use super::results::read_by;
use super::{End, Outcome, World, fail, print_json, print_styled, print_text};
use crate::cli::{DiffArgs, DiffFormat, FailOnDiff};
use quell::Run;
use quell::diagnostic::Diagnostic;
use quell::exclusions::model::Exclusion;
use quell::report::build::LeftOut;
use quell::report::printable;
use quell::report::style::Ink;
use quell::tune::diff::{Diff, Side, TwoLists, lists};
use quell::tune::drift::{TwoResults, results};
use quell::tune::show::{self, Shown};
use std::path::Path;

/// Groups of newly shown rows that are shown to a person.
const SHOWN_GROUPS: usize = 15;

/// Compares two lists, or two results.
pub(crate) fn run(args: &DiffArgs, world: &World) -> Outcome {
    if args.results.iter().chain(&args.against).filter(|name| *name == "-").count() > 1 {
        let message = "standard input is asked for twice, and can be read once only";
        return fail("same-file", message, "save one of the two results in a file");
    }
    let parameters = given(&args.filling)?;
    let old = loaded_from(&args.old, args.schema.as_deref(), &parameters, args.new.is_some())
        .map_err(|mistakes| of_revision(&args.old, or_two_results(args, mistakes)))?;
    let new = args.new.as_ref().map(|new| {
        loaded_from(new, args.schema.as_deref(), &parameters, false)
            .map_err(|mistakes| of_revision(new, mistakes))
    });
    let new = new.transpose()?;
    let strange = strange_settings(&args.filling, &parameters, false);
    if !strange.is_empty() {
        return Err(strange);
    }
    let mut diff = match args.new.as_deref().zip(new.as_ref()) {
        Some(new) => two_lists(args, world, &old, new)?,
        None => two_results(args, world, &old)?,
    };
    if diff.old.applied + diff.new.applied == 0 {
        diff.notes.insert(0, "NO EXCLUSION APPLIES to these results, so nothing was compared.".to_owned());
    }
    let shown = |markdown| Shown {
        width: world.width,
        markdown,
        groups: SHOWN_GROUPS,
        ink: if markdown { Ink::Off } else { Ink::On },
    };
    match args.format {
        DiffFormat::Table => print_styled(&show::diff(&diff, shown(false)))?,
        DiffFormat::Markdown => print_text(&show::diff(&diff, shown(true)))?,
        DiffFormat::Json => print_json(&diff)?,
    }
    Ok(end(args, &diff))
}

/// Says how a list of a revision is named, if it was named as git does.
fn of_revision(name: &str, mut mistakes: Vec<Diagnostic>) -> Vec<Diagnostic> {
    // A single letter is a drive.
    let is_revision = name.split_once(':').is_some_and(|(revision, path)| {
        revision.len() > 1 && revision != "git" && !path.is_empty() && !Path::new(name).exists()
    });
    if let Some(mistake) = mistakes.first_mut().filter(|_| is_revision) {
        mistake.help.insert(0, format!("a list of a revision is named `git:{}`", printable(name)));
    }
    mistakes
}

/// Says how two results are compared, if such stand in the place of lists.
fn or_two_results(args: &DiffArgs, mut mistakes: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if let Some(mistake) = mistakes.iter_mut().find(|mistake| mistake.message.contains("this is CSV")) {
        let (old, new) = (printable(&args.old), printable(args.new.as_deref().unwrap_or("NEW")));
        mistake.help = vec![format!(
            "two results are compared under one list: `quell diff LIST --results {old} --against {new}`"
        )];
    }
    mistakes
}

fn two_lists(
    args: &DiffArgs,
    world: &World,
    old: &Loaded,
    (new, new_list): (&str, &Loaded),
) -> Outcome<Diff> {
    let mut files = open_all(&args.results, &args.input)?;
    let rule = rule(&args.scope)?;
    let (rule, today) = (rule.as_ref(), today(&args.scope, world));
    let read = read_by(&files, new_list, rule)?;
    let (before, left_before) = read.in_force(&files, &old.exclusions, rule, today);
    let (after, left_after) = read.in_force(&files, &new_list.exclusions, rule, today);
    // One matcher has both lists, the new exclusions after the old ones.
    let both: Vec<&Exclusion> = before.iter().chain(&after).copied().collect();
    let covered = covered(&mut files, &args.input, world, &read, &both)?;
    let none = quell::count::coverage::Coverage::default();
    let given = TwoLists {
        old: &before,
        new: &after,
        covers: covered.tally.coverage.as_ref().unwrap_or(&none),
        slots: &covered.slot_names(),
        examples: args.examples.into(),
    };
    let mut diff = lists(&given, side(&args.old, &covered), side(new, &covered));
    diff.notes.extend(notes(&covered));
    diff.notes.extend(left_out_of_lists((&args.old, &left_before), (new, &left_after)));
    Ok(diff)
}

fn two_results(args: &DiffArgs, world: &World, list: &Loaded) -> Outcome<Diff> {
    let mut before = open_all(&args.results, &args.input)?;
    let mut after = open_all(&args.against, &args.input)?;
    let rule = rule(&args.scope)?;
    let (rule, today) = (rule.as_ref(), today(&args.scope, world));
    let (read, other) = (read_by(&before, list, rule)?, read_by(&after, list, rule)?);
    if read.schema.name != other.schema.name || read.tables.is_some() != other.tables.is_some() {
        let message = format!(
            "the old results have the columns of {}, the new ones those of {}",
            read.schema.name, other.schema.name
        );
        return fail("mixed-schemas", message, "compare results of one kind");
    }
    let (applied, left) = read.in_force(&before, &list.exclusions, rule, today);
    let old = covered(&mut before, &args.input, world, &read, &applied)?;
    let new = covered(&mut after, &args.input, world, &other, &applied)?;
    let given = TwoResults {
        applied: &applied,
        old: &old.tally,
        new: &new.tally,
        slots: &new.slot_names(),
        examples: args.examples.into(),
    };
    let mut diff = results(&given, side(&args.old, &old), side(&args.old, &new));
    diff.notes.extend(notes(&old).chain(notes(&new)));
    diff.notes.extend(left.iter().map(|left| note(&args.old, left)));
    Ok(diff)
}

fn side(list: &str, covered: &Run) -> Side {
    Side {
        list: list.to_owned(),
        results: covered.files.clone(),
        read: covered.tally.totals.read,
        malformed: covered.tally.totals.malformed,
        ..Side::default()
    }
}

fn notes(covered: &Run) -> impl Iterator<Item = String> {
    let files: Vec<&str> = covered.files.iter().map(|file| file.file.as_str()).collect();
    let files = files.join(", ");
    let totals = covered.tally.totals;
    let empty = (totals.read == 0)
        .then(|| format!("THERE ARE NO ROWS in {files}, so nothing can be said about them."));
    let malformed = (totals.malformed > 0)
        .then(|| format!("{} of {files} could not be read; they are kept.", totals.malformed));
    let absent = (!covered.absent.is_empty()).then(|| {
        let fields = covered.absent.join(", ");
        format!("No column of {files} holds {fields}: what hangs on it is undecidable.")
    });
    [empty, malformed, absent].into_iter().flatten()
}

/// Says that a list has an exclusion that was left out, and why.
fn note(list: &str, left: &LeftOut<'_>) -> String {
    format!("{} of {list}: {}.", left.exclusion.id, left.why)
}

/// The exclusions that were left out of either list. An exclusion that both leave out for the same reason is named once.
fn left_out_of_lists<'l>(
    (old, left_old): (&'l str, &'l [LeftOut<'_>]),
    (new, left_new): (&'l str, &'l [LeftOut<'_>]),
) -> Vec<String> {
    let same = |a: &LeftOut<'_>, b: &LeftOut<'_>| a.exclusion.id == b.exclusion.id && a.why == b.why;
    let in_new = |left: &&LeftOut<'_>| left_new.iter().any(|other| same(left, other));
    let in_old = |left: &&LeftOut<'_>| left_old.iter().any(|other| same(left, other));
    let both = left_old.iter().filter(in_new).map(|left| note("both lists", left));
    let only_old = left_old.iter().filter(|left| !in_new(left)).map(|left| note(old, left));
    let only_new = left_new.iter().filter(|left| !in_old(left)).map(|left| note(new, left));
    both.chain(only_old).chain(only_new).collect()
}

fn end(args: &DiffArgs, diff: &Diff) -> End {
    let moved = |what: &FailOnDiff| match what {
        FailOnDiff::NewlySuppressed => diff.newly_suppressed > 0,
        FailOnDiff::NewlyShown => diff.newly_shown > 0,
        FailOnDiff::Any => diff.newly_suppressed + diff.newly_shown > 0,
    };
    let nothing = diff.old.read == 0 || diff.new.read == 0 || diff.old.applied + diff.new.applied == 0;
    if nothing || args.fail_on.iter().any(moved) { End::LookAtIt } else { End::Clean }
}
