//! Lists as they stand in a revision of a git repository.
//!
//! In: `git:REV:PATH`. Out: the texts of the file, or of every list below the folder. git itself is asked, and only for
//! raw objects: no filter, pager or text conversion of the repository runs.

use super::texts::utf8;
use super::{Outcome, fail};
use quell::exclusions::validate::ListText;
use quell::printable::written_out;
use std::path::{MAIN_SEPARATOR, Path};
use std::process::Command;

/// How such a name begins.
pub(super) const PREFIX: &str = "git:";

/// The lists of `git:REV:PATH`. A path that the revision lacks is an empty list if it `may_be_new`.
pub(super) fn texts(name: &str, may_be_new: bool) -> Outcome<Vec<ListText>> {
    // git wants slashes, also on Windows.
    let object = name.strip_prefix(PREFIX).unwrap_or(name).replace(MAIN_SEPARATOR, "/");
    let Some((revision, path)) = object.split_once(':') else {
        let help = "for example `git:main:exclusions/mine.yaml`, or `git:HEAD~1:exclusions` for a folder";
        return fail("bad-revision", format!("{name}: a path is missing behind the revision"), help);
    };
    if revision.starts_with('-') {
        return fail("bad-revision", format!("{name}: no revision begins with a hyphen"), "");
    }
    // `HEAD:./` and `HEAD:.` are the folder that one is in; git knows it by the first.
    let path = if path == "." { "./" } else { path };
    let path = if path == "./" { path } else { path.trim_end_matches('/') };
    let object = &format!("{revision}:{path}");
    if may_be_new && lacks(name, revision, object) {
        let note = format!("{path} is not in that revision: {name} is an empty list");
        super::tell(&format!("note: {}\n", written_out(&note)));
        return Ok(Vec::new());
    }
    match git(name, &["cat-file", "-t", object])?.trim_ascii() {
        b"blob" => Ok(vec![list(name.to_owned(), object)?]),
        b"tree" => folder(name, object, path),
        other => {
            let kind = String::from_utf8_lossy(other).into_owned();
            fail("cannot-read", format!("{name}: this is a {kind}, neither a file nor a folder"), "")
        }
    }
}

fn list(file: String, object: &str) -> Outcome<ListText> {
    let bytes = git(&file, &["cat-file", "blob", object])?;
    let text = utf8(&file, bytes)?;
    Ok(ListText { file, text })
}

/// Every YAML file below a folder, in the order of their names; hidden ones and links are left out.
fn folder(name: &str, object: &str, path: &str) -> Outcome<Vec<ListText>> {
    let listing = git(name, &["ls-tree", "-r", "-z", "--full-tree", object])?;
    let entries = listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    let between = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
    let mut lists = Vec::new();
    for entry in entries {
        // Each entry is `mode type object\tpath`.
        let entry = String::from_utf8_lossy(entry);
        let Some((about, below)) = entry.split_once('\t') else { continue };
        let hidden = below.split('/').any(|part| part.starts_with('.'));
        let is_list = Path::new(below).extension().is_some_and(|end| end == "yaml" || end == "yml");
        if about.starts_with("100") && is_list && !hidden {
            lists.push(list(
                format!("{PREFIX}{object}{between}{below}"),
                &format!("{object}{between}{below}"),
            )?);
        }
    }
    if lists.is_empty() {
        let help = "lists are files ending in .yaml or .yml";
        return fail("no-list", format!("{name}: there is no list in this folder"), help);
    }
    lists.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(lists)
}

/// Whether a revision is there and has nothing at the path.
fn lacks(name: &str, revision: &str, object: &str) -> bool {
    let commit = format!("{revision}^{{commit}}");
    git(name, &["rev-parse", "--verify", "--quiet", &commit]).is_ok()
        && git(name, &["cat-file", "-e", object]).is_err()
}

fn git(name: &str, arguments: &[&str]) -> Outcome<Vec<u8>> {
    // A partial clone may have to fetch the object; it must not wait for a password.
    let output = Command::new("git").args(arguments).env("GIT_TERMINAL_PROMPT", "0").output();
    match output {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().next().unwrap_or("it did not say why").trim_start_matches("fatal: ");
            let help = "a path counts from the top of the repository, or from here if it begins with `./`; `git log --oneline` and `git ls-tree -r --name-only REV` show what there is";
            fail("cannot-read", format!("{name}: git says: {said}"), help)
        }
        Err(error) => {
            let help = "git has to be installed, or name a file instead";
            fail("no-git", format!("{name}: git could not be started: {error}"), help)
        }
    }
}
