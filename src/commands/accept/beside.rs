//! The ids of the lists that are loaded together with the one that is added to.
//!
//! In: that list, and the ids that are added. Out: which of them another list has: those that `quell.yaml` names, if the list is
//! among them, else the lists in its folder. Two lists with the same id cannot be loaded together.

use super::MAX_LIST;
use crate::commands::project::project;
use crate::commands::texts::{below, is_list, read_text};
use crate::commands::{Outcome, fail, tell};
use quell::exclusions::edit::add::ExclusionBlock;
use quell::exclusions::edit::{ExclusionPart, ExclusionPlaces};
use quell::exclusions::validate::ListText;
use quell::report::printable;
use quell::suggest::list::SCENARIO;
use std::fs;
use std::path::{Path, PathBuf};

/// Files of a folder that are looked at.
const MOST_FILES: usize = 1_000;

/// The ids that other lists have, a line each. The files of `drafts` are where the exclusions come from.
pub(super) fn taken(target: &Path, drafts: &[ListText], ids: &[String]) -> Outcome<Vec<String>> {
    let from: Vec<PathBuf> = drafts.iter().filter_map(|list| fs::canonicalize(&list.file).ok()).collect();
    let here = fs::canonicalize(target).ok();
    let mut taken = Vec::new();
    for file in others(target)? {
        let real = fs::canonicalize(&file).ok();
        if real.is_none() || real == here || real.is_some_and(|real| from.contains(&real)) {
            continue;
        }
        let shown = printable(&file.display().to_string());
        let Some(text) = read_text(&file, MAX_LIST).ok().filter(|text| quell::yaml::parse(text).is_ok())
        else {
            tell(&format!("quell: {shown} cannot be read as a list, so nobody knows which ids it has\n"));
            continue;
        };
        if !is_list(&text) {
            continue;
        }
        let list = ListText { file: shown, text };
        let places = ExclusionPlaces::new(&list);
        for id in ids {
            let Some(span) = places.span(id, ExclusionPart::Exclusion) else { continue };
            // A draft that lies beside it is not loaded with it yet.
            if ExclusionBlock::of(&list, id).is_some_and(|block| block.text.contains(SCENARIO)) {
                continue;
            }
            taken.push(format!(
                "{id}: {}:{} has an exclusion of this id, too, and the two lists could not be loaded together; change the id in the draft, or give that list to `quell suggest` as well (-e {})",
                list.file, span.line, list.file
            ));
        }
    }
    Ok(taken)
}

/// The lists that are loaded together with one that may not be there yet, perhaps with itself.
fn others(target: &Path) -> Outcome<Vec<PathBuf>> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Some(project) = project()? {
        let top = project.file.parent().unwrap_or(Path::new(""));
        let named: Vec<PathBuf> = project.settings.exclusions.iter().map(|list| top.join(list)).collect();
        let (real, file) = (fs::canonicalize(folder).ok(), fs::canonicalize(target).ok());
        let holds = |list: &PathBuf| {
            let list = fs::canonicalize(list).ok();
            list.is_some() && list == file
                || list.zip(real.as_ref()).is_some_and(|(list, real)| real.starts_with(list))
        };
        if named.iter().any(holds) {
            return Ok(named.iter().flat_map(|list| below(list, ends_like_a_list).0).collect());
        }
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_FILES);
    let mut files: Vec<PathBuf> =
        entries.map(|entry| folder.join(entry.file_name())).filter(|file| is_shown_list(file)).collect();
    files.sort();
    Ok(files)
}

/// An error for a new list that nobody would load with the lists in its folder, for want of an ending.
pub(super) fn is_found_in_its_folder(target: &Path) -> Outcome<()> {
    if ends_like_a_list(target) || target == Path::new("-") {
        return Ok(());
    }
    let is_one = |file: &PathBuf| read_text(file, MAX_LIST).is_ok_and(|text| is_list(&text));
    let Some(other) = others(target)?.into_iter().find(is_one) else { return Ok(()) };
    let (shown, other) = (target.display(), other.display());
    let message =
        format!("{shown}: with {other} and the others, only files ending in .yaml or .yml are loaded");
    fail("cannot-write", message, &format!("name it {shown}.yaml, or name a list that is there"))
}

/// Whether a folder of lists is loaded with a file of this name.
fn ends_like_a_list(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

fn is_shown_list(file: &Path) -> bool {
    let is_hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    ends_like_a_list(file) && !is_hidden && file.is_file()
}
