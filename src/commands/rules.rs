//! Opens rule files and folders of them.

use super::texts::{self, must_be_rule, read_text};
use super::{Outcome, fail};
use quell::diagnostic::Diagnostic;
use quell::report::printable;
use quell::rule::Rule;
use quell::rule::queries::FileKind;
use std::path::PathBuf;

/// A rule file larger than this is refused before it is read.
const MAX_RULE: u64 = 16 << 20;

/// A file with queries.
pub(super) struct RuleFile {
    pub(super) path: PathBuf,
    /// Its path below the folder that the user named, or its file name if the user named it.
    pub(super) below: PathBuf,
    pub(super) kind: FileKind,
    pub(super) text: String,
    /// Whether the user named it, so that it was not found in a folder.
    pub(super) named: bool,
}

impl RuleFile {
    /// Its path as it may be shown.
    pub(super) fn shown(&self) -> String {
        printable(&self.path.display().to_string())
    }

    /// The rule that it is. A query in a file of its own has the name of the file.
    pub(super) fn rule(&self) -> Rule {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        Rule::parse(&self.text).unwrap_or(Rule { name, ..Rule::default() })
    }
}

/// The rule files of the paths in the order of their names, and what below a folder cannot be read. A file that the user
/// named must be readable.
pub(super) fn opened(paths: &[PathBuf]) -> Outcome<(Vec<RuleFile>, Vec<Diagnostic>)> {
    let mut files = Vec::new();
    let mut unreadable = Vec::new();
    for path in paths {
        if !path.is_dir() {
            let text = read_text(path, MAX_RULE)?;
            must_be_rule(path, &text)?;
            let kind = FileKind::of(path).unwrap_or(FileKind::Kql).of_content(&text);
            let below = path.file_name().map(PathBuf::from).unwrap_or_default();
            files.push(RuleFile { path: path.clone(), below, kind, text, named: true });
            continue;
        }
        let (found, broken) = texts::below(path, |file| FileKind::of(file).is_some());
        if found.is_empty() && broken.is_empty() {
            let message = format!("{}: there is no rule in this folder", path.display());
            let help = "rules are files ending in .yaml .yml .json .tf .bicep .kql .csl .kusto .txt .md";
            return fail("no-rule", message, help);
        }
        unreadable.extend(broken);
        for file in found {
            let below = file.strip_prefix(path).unwrap_or(&file).to_owned();
            let kind = FileKind::of(&file).unwrap_or(FileKind::Kql);
            match read_text(&file, MAX_RULE) {
                Ok(text) => {
                    let kind = kind.of_content(&text);
                    files.push(RuleFile { path: file, below, kind, text, named: false });
                }
                Err(found) => unreadable.extend(found),
            }
        }
    }
    Ok((files, unreadable))
}
