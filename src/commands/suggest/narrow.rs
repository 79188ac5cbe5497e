//! `quell suggest --narrow ID`: what would take the place of a broad exclusion.
//!
//! In: the exclusion, and drafts for the rows that it covers. Out: the difference that they make to its list.

use super::Found;
use super::show::summary;
use crate::commands::lists::Loaded;
use crate::commands::{End, Outcome, World, fail, print_text, tell};
use quell::exclusions::edit::add::with_when;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::load;
use quell::fields::did_you_mean;
use quell::report::{fitted, printable};
use quell::suggest::list::when;

/// The exclusion of an id.
pub(super) fn named<'l>(lists: &'l Loaded, id: &str) -> Outcome<&'l Exclusion> {
    if let Some(found) = lists.exclusions.iter().find(|known| known.id == id) {
        return Ok(found);
    }
    let near = did_you_mean(id, lists.exclusions.iter().map(|known| known.id.as_str()), 1);
    let help = format!("{near}the lists are those of --exclusions");
    fail("unknown-id", format!("--narrow {id}: no loaded list has this exclusion"), &help)
}

/// What was taken for noise without anybody having said so.
fn note(id: &str, found: &Found<'_>) -> String {
    let id = printable(id);
    let assumed = match found.left_out.assumed {
        0 => return String::new(),
        1 => format!("1 row is taken for noise only because {id} covers it"),
        rows => format!("{rows} rows are taken for noise only because {id} covers them"),
    };
    let knows_none = found.rows[1..3].iter().sum::<u64>() == 0;
    let help = if knows_none { "; --malicious and --labels say which rows must stay" } else { "" };
    format!("{assumed}: read each entry, and take out those that are none{help}.\n")
}

/// Prints the difference.
pub(super) fn print_diff(world: &World, lists: &Loaded, exclusion: &Exclusion, found: &Found<'_>) -> Outcome {
    tell(&fitted(&format!("{}{}", summary(found), note(&exclusion.id, found)), world.message_width));
    if found.prepared.is_empty() {
        return Ok(End::LookAtIt);
    }
    let drafts: Vec<_> = found.prepared.iter().map(|each| &each.draft).collect();
    let file = &*exclusion.origin.file;
    let list = lists.texts.iter().find(|list| list.file == file);
    let Some((list, new)) =
        list.and_then(|list| Some((list, with_when(list, &exclusion.id, &when(&drafts), &lists.schemas)?)))
    else {
        let message = format!(
            "{file}: `{}` is not written as a block with its `when` on a line of its own",
            exclusion.id
        );
        return fail(
            "cannot-edit",
            message,
            "`quell suggest` with --where or --benign prints the new exclusions instead",
        );
    };
    let diff = similar::TextDiff::from_lines(list.text.as_str(), &new);
    let diff = diff.unified_diff().header(&format!("a/{file}"), &format!("b/{file}")).to_string();
    print_text(&diff)?;
    let edited = quell::exclusions::validate::ListText { file: list.file.clone(), text: new };
    let after = load(&[edited], &lists.schemas)?;
    let failing = after
        .iter()
        .filter(|known| known.id == exclusion.id)
        .flat_map(quell::cases::run)
        .filter(|case| !case.passed)
        .count();
    if failing > 0 {
        tell(&format!(
            "{failing} of its cases would fail then: each is a row that it suppressed and that these results do not have.\n"
        ));
    }
    Ok(End::Clean)
}
