//! The settings of a repository, and the lists that a command works on if it is given none.
//!
//! In: the working folder. Out: its `quell.yaml`, or the one of the nearest folder above it, up to the top of the
//! repository.

use super::lists::read_text;
use super::{Outcome, fail};
use crate::cli::ListArgs;
use quell::lint::settings::ProjectSettings;
use std::fs;
use std::path::{Path, PathBuf};

/// The name of the settings file.
pub(super) const FILE: &str = "quell.yaml";
/// A settings file larger than this is refused before it is read.
const MAX_SETTINGS: u64 = 1 << 20;

/// A settings file that was found.
pub(super) struct Project {
    /// As it is shown, from the working folder.
    pub(super) file: PathBuf,
    pub(super) settings: ProjectSettings,
}

/// Finds the settings of the working folder.
pub(super) fn project() -> Outcome<Option<Project>> {
    let Ok(here) = fs::canonicalize(".") else { return Ok(None) };
    let mut way = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(FILE).is_file() {
            return read(&way.join(FILE)).map(Some);
        }
        // What lies above a repository is not its own.
        if folder.join(".git").exists() {
            break;
        }
        way.push("..");
    }
    Ok(None)
}

/// Reads a settings file.
pub(super) fn read(file: &Path) -> Outcome<Project> {
    let text = read_text(file, MAX_SETTINGS)?;
    match ProjectSettings::parse(&text) {
        Ok(settings) => Ok(Project { file: file.to_owned(), settings }),
        Err(cause) => {
            let message = format!("{}: {cause}", file.display());
            fail("bad-settings", message, "docs/lints.md shows a settings file")
        }
    }
}

/// Whether it is no matter that there is no exclusion: the lists were not named, so they are those of the settings, and a
/// repository of them may have just begun. Whoever names a list expects something in it.
pub(super) fn may_be_new(lists: &ListArgs) -> bool {
    lists.exclusions.is_empty()
}

/// The lists that were named, or those of the settings. A command that examines lists has nothing to say about none.
pub(super) fn with_lists(lists: &ListArgs, project: Option<&Project>, command: &str) -> Outcome<ListArgs> {
    let mut lists = lists.clone();
    if !lists.exclusions.is_empty() {
        return Ok(lists);
    }
    if let Some(project) = project {
        let folder = project.file.parent().unwrap_or(Path::new(""));
        lists.exclusions = project.settings.exclusions.iter().map(|list| folder.join(list)).collect();
    }
    if lists.exclusions.is_empty() {
        let settings = match project {
            Some(project) => format!("{} names none under `exclusions`", project.file.display()),
            None => format!("there is no {FILE} from here upwards that names any"),
        };
        let help = format!(
            "name your lists: `quell {command} -e exclusions/`; `-e documented` and `-e field` are the built-in packs; `quell init` begins a repository"
        );
        return fail("no-lists", format!("no list was named, and {settings}"), &help);
    }
    Ok(lists)
}
