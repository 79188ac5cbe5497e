//! Opens the files of results.
//!
//! In: names of files and patterns as they were given; `-` is standard input. Out: [`Input`]s, whose rows are still to come.

use super::{Outcome, fail};
use crate::cli::{self, InputFormat};
use quell::input::{Input, InputOptions, TextFormat};
use quell::report::printable;
use std::io::{self, Read};
use std::path::Path;
use std::sync::OnceLock;

/// The files that names and patterns stand for. Unix shells expand patterns themselves unless they are quoted; those of
/// Windows do not.
pub(super) fn files(names: &[String]) -> Outcome<Vec<String>> {
    let mut files = Vec::new();
    let streams = names.iter().filter(|name| *name == "-").count();
    if streams > 1 {
        let message = format!("standard input is named {streams} times, and can be read once");
        return fail("same-file", message, "write `-` once");
    }
    for name in names {
        if name == "-" || Path::new(name).exists() || !name.contains(['*', '?', '[']) {
            files.push(name.clone());
            continue;
        }
        let found = match glob::glob_with(name, super::files::pattern_options()) {
            Ok(found) => found,
            Err(error) => return fail("bad-pattern", format!("{name}: {error}"), "quote `[` as `[[]`"),
        };
        let before = files.len();
        for path in found {
            match path {
                Ok(path) if path.is_dir() => {}
                Ok(path) => files.push(path.display().to_string()),
                Err(error) => return fail("cannot-read", error.to_string(), ""),
            }
        }
        if files.len() == before {
            let message = format!("{name}: no file matches this pattern");
            return fail("no-such-file", message, super::texts::NO_SUCH_FILE);
        }
    }
    Ok(files)
}

/// Opens all results that names and patterns stand for.
pub(super) fn open_all(names: &[String], options: &cli::InputArgs) -> Outcome<Vec<Input>> {
    files(names)?.iter().map(|name| open(name, options)).collect()
}

/// What standard input held, where it is read more than once.
static KEPT: OnceLock<Vec<u8>> = OnceLock::new();

/// Reads standard input to its end, so that it can be opened several times.
pub(super) fn keep_standard_input() -> Outcome<()> {
    if KEPT.get().is_some() {
        return Ok(());
    }
    let mut bytes = Vec::new();
    let read = super::files::reads_standard_input().and_then(|()| io::stdin().read_to_end(&mut bytes));
    match read {
        Ok(_) => {
            KEPT.get_or_init(|| bytes);
            Ok(())
        }
        Err(error) => cannot_read("-", &error),
    }
}

/// Opens results; `-` is standard input.
pub(super) fn open(name: &str, options: &cli::InputArgs) -> Outcome<Input> {
    #[cfg(feature = "parquet")]
    if let Some(input) = parquet(name)? {
        return Ok(input);
    }
    let kept = KEPT.get().filter(|_| name == "-");
    let (stream, size): (Box<dyn Read + Send>, Option<u64>) = if let Some(kept) = kept {
        (Box::new(kept.as_slice()), Some(kept.len() as u64))
    } else if name == "-" {
        if let Err(error) = super::files::reads_standard_input() {
            return cannot_read(name, &error);
        }
        (Box::new(io::stdin()), None)
    } else {
        let file = super::files::open(Path::new(name)).and_then(|file| Ok((file.metadata()?, file)));
        match file {
            Ok((about, _)) if about.is_dir() => {
                return fail("cannot-read", format!("{name} is a folder"), &files_in(Path::new(name)));
            }
            Ok((about, file)) => (Box::new(file), about.is_file().then_some(about.len())),
            Err(error) => return cannot_read(name, &error),
        }
    };
    let format = options.format_of.map(|format| match format {
        InputFormat::Csv => TextFormat::Csv,
        InputFormat::Jsonl => TextFormat::JsonLines,
        InputFormat::Json => TextFormat::Json,
    });
    let input = Input::read(name, stream, &InputOptions { format, delimiter: options.delimiter, size })?;
    let is_yaml = Path::new(name).extension().is_some_and(|end| end == "yaml" || end == "yml");
    if is_yaml && input.names.len() < 2 {
        let shown = printable(name);
        let help = format!("if it is a list, name it with -e: `-e {shown}`; if it is a rule, with --rule");
        return fail("no-results", format!("{name}: YAML is no results of a hunt"), &help);
    }
    Ok(input)
}

/// The files of a folder, for somebody who has named that.
fn files_in(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| path.is_file());
    let mut names: Vec<String> =
        paths.map(|path| printable(&path.display().to_string())).take(1_000).collect();
    let ends =
        |name: &str, end: &str| Path::new(name).extension().is_some_and(|is| is.eq_ignore_ascii_case(end));
    let rank = |name: &str| ["csv", "json", "jsonl"].iter().position(|end| ends(name, end)).unwrap_or(9);
    names.sort_by_key(|name| (rank(name), name.clone()));
    match names.as_slice() {
        [] => "name files of results; there is no file in it".to_owned(),
        [only] => format!("name the file in it: {only}"),
        [first, ..] => format!("name the files in it, such as {first}"),
    }
}

/// Opens a file if it is Parquet.
#[cfg(feature = "parquet")]
fn parquet(name: &str) -> Outcome<Option<Input>> {
    use std::io::Seek;
    // If the file cannot be opened, opening it as text fails too and reports why.
    let Ok(mut file) = super::files::open(Path::new(name)) else { return Ok(None) };
    let mut first = [0; 4];
    let regular = file.metadata().is_ok_and(|about| about.is_file());
    if !regular || file.read_exact(&mut first).is_err() || first != *b"PAR1" || file.rewind().is_err() {
        return Ok(None);
    }
    match quell::input::parquet::Columns::open(file) {
        Ok(columns) => Ok(Some(Input::of_columns(name, columns))),
        Err(error) => fail("cannot-read", format!("{name}: {error}"), "it may be cut off"),
    }
}

fn cannot_read<T>(name: &str, error: &io::Error) -> Outcome<T> {
    fail("cannot-read", format!("{name}: {error}"), &super::texts::remedy(Path::new(name), error))
}
