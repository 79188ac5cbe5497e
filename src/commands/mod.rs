//! One file a command: open files, call the library, hand over to the report.

pub(crate) mod apply;
mod counting;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod files;
mod git;
mod impact;
pub(crate) mod import;
mod inputs;
pub(crate) mod kql;
pub(crate) mod lint;
mod lists;
pub(crate) mod probe;
pub(crate) mod prune;
mod query;
mod rules;
pub(crate) mod schema;
mod sink;
pub(crate) mod splice;
pub(crate) mod test;
mod texts;

use jiff::civil::Date;
use quell::diagnostic::Diagnostic;
use quell::printable::{json_written_out, lines_written_out};
use std::io::{self, BufWriter, ErrorKind, Write};

/// What the process knows and no command asks for itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    /// The day of the clock.
    pub(crate) today: Date,
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// Whether standard error is a terminal.
    pub(crate) terminal: bool,
    /// Processors.
    pub(crate) processors: usize,
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Exit 0.
    Clean,
    /// Exit 1.
    LookAtIt,
    /// Exit 2 under `--strict`: so many rows could not be read.
    Unreadable(u64),
}

/// A command that could not run, and why.
pub(crate) type Outcome<T = End> = Result<T, Vec<Diagnostic>>;

/// A failure of one file.
pub(crate) fn fail<T>(code: &'static str, message: impl Into<String>, help: &str) -> Outcome<T> {
    let diagnostic = Diagnostic::error(code, message);
    Err(vec![if help.is_empty() { diagnostic } else { diagnostic.help(help) }])
}

/// Says something to the person at standard error. With nobody left to tell, the exit code still says it.
pub(crate) fn tell(text: &str) {
    tell_styled(&lines_written_out(text));
}

/// The same for findings, which [`quell::diagnostic::render`] has written out and coloured.
pub(crate) fn tell_styled(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Prints for a person to standard output: nothing in the text deceives.
pub(crate) fn print_text(text: &str) -> Outcome<()> {
    print(&lines_written_out(text))
}

/// Prints a document of a language that has its own rules, as it is; a reader that has gone away is no error.
pub(crate) fn print(text: &str) -> Outcome<()> {
    print_by(|out| out.write_all(text.as_bytes()))
}

/// Prints a value as indented JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Outcome<()> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&(json_written_out(&text).into_owned() + "\n")),
        Err(error) => fail("cannot-write", error.to_string(), ""),
    }
}

/// Prints what `write` writes, in parts of any size.
pub(crate) fn print_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail("cannot-write", format!("standard output: {error}"), "")
        }
        _ => Ok(()),
    }
}
