//! The commands, one file each: it opens files, calls the library, and prints.

pub(crate) mod accept;
pub(crate) mod apply;
mod cells;
mod clause;
mod counting;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod files;
pub(crate) mod fmt;
mod git;
mod host_bits;
mod idle;
mod impact;
pub(crate) mod import;
pub(crate) mod init;
mod inputs;
pub(crate) mod inventory;
mod kept;
pub(crate) mod kql;
mod labels;
pub(crate) mod lint;
mod lists;
mod page;
pub(crate) mod probe;
mod project;
pub(crate) mod prune;
mod query;
mod results;
mod review;
pub(crate) mod rows;
mod rules;
pub(crate) mod schema;
mod sink;
pub(crate) mod splice;
pub(crate) mod suggest;
mod table_clauses;
pub(crate) mod test;
mod texts;

use jiff::civil::Date;
use quell::diagnostic::Diagnostic;
use quell::printable::{json_written_out, lines_written_out};
use quell::report::style;
use std::io::{self, BufWriter, ErrorKind, Write};

/// What commands need to know about the process, so that they do not ask the system themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    /// Today, in the time zone of the machine.
    pub(crate) today: Date,
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// Columns that messages are broken into, if there is a terminal or somebody named its width.
    pub(crate) message_width: Option<usize>,
    /// Whether standard output is a terminal.
    pub(crate) shown: bool,
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
    /// Exit 2 because of `--strict`: this many rows could not be read.
    Unreadable(u64),
}

/// What a command returns: how it ends, or why it could not run.
pub(crate) type Outcome<T = End> = Result<T, Vec<Diagnostic>>;

/// An error with one diagnostic; an empty `help` is left out.
pub(crate) fn fail<T>(code: &'static str, message: impl Into<String>, help: &str) -> Outcome<T> {
    let diagnostic = Diagnostic::error(code, message);
    Err(vec![if help.is_empty() { diagnostic } else { diagnostic.help(help) }])
}

/// Prints to standard error. A failure is ignored, since the exit code tells the rest.
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

/// Prints a document of a language that has its own rules, as it is. That the reader has gone away (a closed pipe) is no
/// error.
pub(crate) fn print(text: &str) -> Outcome<()> {
    print_by(|out| out.write_all(text.as_bytes()))
}

/// Prints a value as indented JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Outcome<()> {
    print(&json_text(value)?)
}

/// A value as indented JSON, in which nothing deceives.
pub(crate) fn json_text(value: &impl serde::Serialize) -> Outcome<String> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => Ok(json_written_out(&text).into_owned() + "\n"),
        Err(error) => fail("cannot-write", error.to_string(), ""),
    }
}

/// Prints text with styles. Colours are left out if standard output does not take them.
pub(crate) fn print_styled(text: &str) -> Outcome<()> {
    print_styled_by(|out| out.write_all(style::written_out(text).as_bytes()))
}

/// The same for what `write` writes.
pub(crate) fn print_styled_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome<()> {
    printed(BufWriter::new(anstream::stdout().lock()), write)
}

/// Prints what `write` writes to standard output as it is, through a buffer.
pub(crate) fn print_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome<()> {
    printed(BufWriter::new(io::stdout().lock()), write)
}

fn printed(mut out: impl Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome<()> {
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail("cannot-write", format!("standard output: {error}"), "")
        }
        _ => Ok(()),
    }
}
