//! Reads text files, and finds those below a folder.
//!
//! In: a path. Out: its text, or why it cannot be read; or the wanted paths below it, in the order of their names.

use super::{Outcome, fail};
use quell::diagnostic::Diagnostic;
use quell::fields::{did_you_mean, nearest};
use quell::input::is_query;
use quell::report::printable;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// What to do if nothing near the name is there.
pub(super) const NO_SUCH_FILE: &str = "there is no such file; is this the right folder?";

/// Files of a folder that are looked at for a name that is near.
const MOST_NAMES: usize = 10_000;

/// The wanted files below a folder, and the folders that cannot be read. Hidden files are left out, and so are links to
/// folders, which may form a loop.
pub(super) fn below(folder: &Path, is_wanted: impl Fn(&Path) -> bool) -> (Vec<PathBuf>, Vec<Diagnostic>) {
    let is_shown =
        |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(is_shown) {
        match entry {
            Ok(entry) if is_wanted(entry.path()) && entry.path().is_file() => found.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).display().to_string();
                let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                unreadable.push(Diagnostic::error("cannot-read", format!("{path}: {cause}")));
            }
        }
    }
    (found, unreadable)
}

/// What to do if a file is not there: the files beside it whose names are nearest; nothing to say of another error.
pub(super) fn remedy(path: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound if path == Path::new("-") => {
            return "standard input is read as results, not as this; name a file".to_owned();
        }
        ErrorKind::NotFound => {}
        ErrorKind::PermissionDenied => {
            return "you may not read it: ask its owner, or take a copy that you may read".to_owned();
        }
        _ => return String::new(),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return format!("there is no folder {}", printable(&folder.display().to_string()));
    };
    let names: Vec<String> = entries
        .flatten()
        .take(MOST_NAMES)
        .filter(|entry| !entry.path().is_dir())
        .map(|entry| printable(&entry.file_name().to_string_lossy()))
        .collect();
    let wrong = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // A slip is in the name or in its end, not in both.
    let parts = |name: &str| name.rsplit_once('.').map(|(stem, end)| (stem.to_owned(), end.to_lowercase()));
    let is_near = |name: &&String| match (parts(&wrong), parts(name)) {
        (Some((stem, end)), Some((other, ending))) => {
            stem == other || (end == ending && !nearest(&stem, [other.as_str()]).is_empty())
        }
        _ => true,
    };
    let near = did_you_mean(&wrong, names.iter().filter(is_near).map(String::as_str), 1);
    if near.is_empty() { NO_SUCH_FILE.to_owned() } else { near.trim_end().to_owned() }
}

/// Whether a text is results as CSV: a header of three names or more, and a row of as many cells below it.
pub(super) fn is_csv(text: &str) -> bool {
    let is_sign = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '$' | '"');
    let is_name = |name: &str| {
        let name = name.trim_end_matches(" [UTC]");
        !name.is_empty() && name.chars().all(is_sign)
    };
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let (Some(header), Some(row)) = (lines.next(), lines.next()) else { return false };
    [',', ';', '\t'].into_iter().any(|delimiter| {
        let names = header.split(delimiter).count();
        names > 2 && header.split(delimiter).all(is_name) && row.split(delimiter).count() >= names
    })
}

/// Whether a text is an exclusion list: that is the first key in it.
pub(super) fn is_list(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let first = lines.find(|line| !line.trim().is_empty() && !line.starts_with(['#', '-']));
    first.is_some_and(|line| line.starts_with("exclusions:"))
}

/// What a file is that was named as a list and is none, and where it belongs.
pub(super) fn no_list(path: &Path, text: &str) -> Option<Diagnostic> {
    let shown = printable(&path.display().to_string());
    let (what, help) = if is_csv(text) {
        ("CSV", format!("results stand without -e: `quell apply {shown}`"))
    } else if is_query(text.as_bytes()) {
        let help = format!(
            "`quell import {shown}` makes a list of the exclusions that stand in it, and `quell splice {shown}` puts those of a list into it"
        );
        ("a query in KQL", help)
    } else {
        return None;
    };
    let message = format!("{}: this is {what}, and no exclusion list", path.display());
    Some(Diagnostic::error("no-list", message).help(help))
}

/// Refuses a file that was named as a rule and is results or a list.
pub(super) fn must_be_rule(path: &Path, text: &str) -> Outcome<()> {
    let shown = printable(&path.display().to_string());
    let (what, help) = if is_csv(text) {
        ("CSV", format!("results are named without an option: `quell apply {shown}`"))
    } else if is_list(text) {
        ("an exclusion list", format!("lists are named with -e: `-e {shown}`"))
    } else {
        return Ok(());
    };
    fail("no-rule", format!("{}: this is {what}, and no rule", path.display()), &help)
}

/// Reads a text file of at most `limit` bytes.
pub(super) fn read_text(path: &Path, limit: u64) -> Outcome<String> {
    let name = path.display();
    let cannot_read = |error: std::io::Error| {
        let found = Diagnostic::error("cannot-read", format!("{name}: {error}"));
        let help = remedy(path, &error);
        vec![if help.is_empty() { found } else { found.help(help) }]
    };
    let too_large = || {
        let message = format!("{name}: larger than {} MiB, which no list or rule is", limit >> 20);
        fail("too-large", message, "did you mean to give it as results?")
    };
    if path.is_dir() {
        return fail("cannot-read", format!("{name} is a folder"), "name a file in it");
    }
    let file = super::files::open(path).map_err(cannot_read)?;
    if file.metadata().map_err(cannot_read)?.len() > limit {
        return too_large();
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(cannot_read)?;
    if bytes.len() as u64 > limit {
        return too_large();
    }
    utf8(&name.to_string(), bytes)
}

/// The bytes of a file as text.
pub(super) fn utf8(name: &str, bytes: Vec<u8>) -> Outcome<String> {
    let is_utf16 = bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || bytes.iter().take(2).any(|byte| *byte == 0);
    if is_utf16 {
        let message = format!("{name}: this is UTF-16, as PowerShell's `>` writes it");
        let help = "save it as UTF-8: `Get-Content FILE | Set-Content -Encoding utf8 NEW`, or `iconv -f UTF-16 -t UTF-8 FILE > NEW`";
        return fail("not-utf8", message, help);
    }
    String::from_utf8(bytes).or_else(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = memchr::memchr_iter(b'\n', &error.as_bytes()[..at]).count() + 1;
        fail("not-utf8", format!("{name}: line {line} is not UTF-8"), "save the file as UTF-8")
    })
}
