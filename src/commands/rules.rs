//! Opens rule files and folders of them.

use super::lists::read_text;
use super::{Outcome, fail};
use quell::diagnostic::Diagnostic;
use quell::rule::Rule;
use quell::rule::queries::FileKind;
use std::fs;
use std::path::{Path, PathBuf};

/// A rule file larger than this is refused before it is read.
const MAX_RULE: u64 = 16 << 20;

/// A file with queries.
pub(super) struct RuleFile {
    pub(super) path: PathBuf,
    /// Its path below the folder that was named; its name, if it was named itself.
    pub(super) below: PathBuf,
    pub(super) kind: FileKind,
    pub(super) text: String,
    /// Whether it was named itself, not found in a folder.
    pub(super) named: bool,
}

impl RuleFile {
    /// The rule that it is. A query in a file of its own has the name of the file.
    pub(super) fn rule(&self) -> Rule {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        Rule::parse(&self.text).unwrap_or(Rule { name, ..Rule::default() })
    }
}

/// The files of the paths in the order of their names, and those of folders that cannot be read.
pub(super) fn opened(paths: &[PathBuf]) -> Outcome<(Vec<RuleFile>, Vec<Diagnostic>)> {
    let mut files = Vec::new();
    let mut unreadable = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len() + unreadable.len();
            in_folder(path, path, &mut files, &mut unreadable);
            if files.len() + unreadable.len() == before {
                let message = format!("{}: there is no rule in this folder", path.display());
                return fail(
                    "no-rule",
                    message,
                    "rules are files ending in .yaml .yml .json .tf .bicep .kql .csl .kusto .txt .md",
                );
            }
        } else {
            let text = read_text(path, MAX_RULE).map_err(|mistake| vec![mistake])?;
            let kind = FileKind::of(path).unwrap_or(FileKind::Kql).of_content(&text);
            let below = path.file_name().map(PathBuf::from).unwrap_or_default();
            files.push(RuleFile { path: path.clone(), below, kind, text, named: true });
        }
    }
    Ok((files, unreadable))
}

fn in_folder(top: &Path, folder: &Path, files: &mut Vec<RuleFile>, unreadable: &mut Vec<Diagnostic>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            return unreadable
                .push(Diagnostic::error("cannot-read", format!("{}: {error}", folder.display())));
        }
    };
    let mut entries: Vec<fs::DirEntry> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // A link to a folder may lead back up.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            in_folder(top, &path, files, unreadable);
        } else if let Some(kind) = FileKind::of(&path).filter(|_| path.is_file()) {
            let below = path.strip_prefix(top).unwrap_or(&path).to_owned();
            match read_text(&path, MAX_RULE) {
                Ok(text) => {
                    let kind = kind.of_content(&text);
                    files.push(RuleFile { path, below, kind, text, named: false });
                }
                Err(mistake) => unreadable.push(mistake),
            }
        }
    }
}
