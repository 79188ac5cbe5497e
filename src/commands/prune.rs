//! `quell prune`: the smallest list with the same verdicts.

use super::counting::covered;
use super::files::FileSet;
use super::inputs::open_all;
use super::lists::{Loaded, loaded, rule, today};
use super::results::read_by;
use super::{End, Outcome, World, fail, print_json, print_text};
use crate::cli::{PruneArgs, PruneFormat};
use quell::Run;
use quell::count::coverage::Coverage;
use quell::diagnostic::Diagnostic;
use quell::exclusions::edit::{Edited, without};
use quell::exclusions::validate::ListText;
use quell::fields::did_you_mean;
use quell::report::build;
use quell::tune::prune::{NotApplied, PruneInput, Pruned, pruned};
use quell::tune::show;

/// Prunes, writes the lists with `--write`, and prints what was found.
pub(crate) fn run(args: &PruneArgs, world: &World) -> Outcome {
    let lists = loaded(&args.lists)?;
    check_kept_ids(args, &lists)?;
    if args.write && !lists.on_disk {
        let help = "name your lists with --exclusions; without it the built-in pack is judged";
        return fail("built-in", "the built-in pack is part of quell and cannot be written", help);
    }
    let mut files = open_all(&args.results, &args.input)?;
    let rule = rule(&args.scope)?;
    let read = read_by(&files, &lists, rule.as_ref())?;
    let (applied, left_out) =
        read.in_force(&files, &lists.exclusions, rule.as_ref(), today(&args.scope, world));
    let covered = covered(&mut files, &args.input, world, &read, &applied)?;
    if covered.tally.totals.read == 0 {
        let help = "without rows every exclusion looks idle; give results with rows in them";
        return fail("no-rows", "there are no rows in the results, so nothing can be said about lists", help);
    }
    let none = Coverage::default();
    let mut absent = read.cannot_judge(&files, &applied);
    absent.extend(covered.absent.iter().cloned());
    let mut found = pruned(&PruneInput {
        applied: &applied,
        covers: covered.tally.coverage.as_ref().unwrap_or(&none),
        keep: &args.keep,
        absent: &absent,
        undecided_too: args.undecided_too,
    });
    fill_in(&mut found, covered, &left_out);
    let outputs = if args.write && !found.removed.is_empty() {
        edited(&mut found, &lists)?
    } else {
        FileSet::begin([])?
    };
    outputs.put(|| match args.format {
        PruneFormat::Table => print_text(&show::pruned(&found, world.width)),
        PruneFormat::Json => print_json(&found),
    })?;
    let to_do = !found.removed.is_empty() && !args.write;
    Ok(if to_do || applied.is_empty() { End::LookAtIt } else { End::Clean })
}

/// Every id of `--keep` must exist: a misspelt one would protect nothing.
fn check_kept_ids(args: &PruneArgs, lists: &Loaded) -> Outcome<()> {
    let ids: Vec<&str> = lists.exclusions.iter().map(|exclusion| exclusion.id.as_str()).collect();
    let unknown = args.keep.iter().filter(|id| !ids.contains(&id.as_str()));
    let mistakes: Vec<Diagnostic> = unknown
        .map(|id| {
            let help = format!(
                "{}`quell prune` without --keep names them all",
                did_you_mean(id, ids.iter().copied(), 1)
            );
            Diagnostic::error("unknown-id", format!("--keep {id}: no loaded list has this exclusion"))
                .help(help)
        })
        .collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

fn fill_in(found: &mut Pruned, covered: Run, left_out: &[build::LeftOut<'_>]) {
    let totals = covered.tally.totals;
    (found.read, found.malformed, found.results) = (totals.read, totals.malformed, covered.files);
    found.left_out = left_out
        .iter()
        .map(|left| NotApplied {
            id: left.exclusion.id.clone(),
            file: left.exclusion.origin.file.to_string(),
            line: left.exclusion.origin.line,
            why: left.why.clone(),
        })
        .collect();
    if found.kept.len() + found.removed.len() == 0 {
        found.notes.push("NO EXCLUSION APPLIES to these results, so there is nothing to prune.".to_owned());
    }
    if found.suppressed == 0 && !found.removed.is_empty() {
        found.notes.push(
            "NO ROW IS SUPPRESSED. Are these the results that the lists are for? --write removes nothing here."
                .to_owned(),
        );
    }
    if totals.malformed > 0 {
        let note = format!(
            "{} rows could not be read; whether an exclusion covers them is not known.",
            totals.malformed
        );
        found.notes.push(note);
    }
}

/// The edits of all lists. All are made and checked before any is written.
fn edited(found: &mut Pruned, lists: &Loaded) -> Outcome<FileSet> {
    if found.suppressed == 0 {
        return fail(
            "nothing-suppressed",
            "no exclusion covers a row of these results, and lists are not emptied on such evidence",
            "check that the results belong to these lists; `quell prune` without --write shows what it found",
        );
    }
    let mut edits: Vec<(&ListText, Edited)> = Vec::new();
    let mut mistakes = Vec::new();
    for list in &lists.texts {
        let ids: Vec<&str> =
            found.removed.iter().filter(|gone| gone.file == list.file).map(|gone| gone.id.as_str()).collect();
        if ids.is_empty() {
            continue;
        }
        match without(list, &ids, &lists.schemas) {
            Ok(edited) => edits.push((list, edited)),
            Err(why) => mistakes.push(
                Diagnostic::error("cannot-edit", format!("{}: {why}", list.file)).help(format!(
                    "remove {} by hand, or write each exclusion as a block that begins `- id:`",
                    ids.join(", ")
                )),
            ),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut outputs = FileSet::begin([])?;
    for (list, edited) in &edits {
        outputs.replace(&list.file, &list.text, &edited.text)?;
    }
    found.written = true;
    for (list, edited) in &edits {
        for (id, line) in &edited.comments {
            found
                .notes
                .push(format!("{}:{line}: the comment above {id} stayed; does it still fit?", list.file));
        }
    }
    Ok(outputs)
}
