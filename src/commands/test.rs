//! `quell test`: the cases of the lists.

use super::lists::loaded;
use super::{End, Outcome, print};
use crate::cli::{Test, TestFormat};
use quell::cases::junit;
use quell::cases::report::Report;

/// Runs every case; a failed one, or a list without cases of both kinds, is something to look at.
pub(crate) fn run(args: &Test) -> Outcome {
    let lists = loaded(&args.lists)?;
    let report = Report::new(lists.texts.iter().map(|list| list.file.as_str()), &lists.exclusions);
    print(&match args.format {
        TestFormat::Human => report.human(),
        TestFormat::Json => report.json(),
        TestFormat::Junit => junit::document(&report),
    })?;
    Ok(if report.is_clean() { End::Clean } else { End::LookAtIt })
}
