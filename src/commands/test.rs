//! `quell test`: the cases of the lists, and what they would not notice.

use super::lists::{Loaded, loaded_or_examples};
use super::{End, Outcome, fail, print};
use crate::cli::{Test, TestFormat};
use quell::cases::junit;
use quell::cases::report::Report;
use quell::mutants::report::Report as Changes;

/// Runs every case; a failed one, or a list without cases of both kinds, is something to look at.
pub(crate) fn run(args: &Test) -> Outcome {
    let lists = loaded_or_examples(&args.lists)?;
    let report = Report::new(lists.texts.iter().map(|list| list.file.as_str()), &lists.exclusions);
    if args.mutate {
        return mutate(args, &lists, &report);
    }
    print(&match args.format {
        TestFormat::Human => report.human(),
        TestFormat::Json => report.json(),
        TestFormat::Junit => junit::document(&report),
    })?;
    Ok(if report.is_clean() { End::Clean } else { End::LookAtIt })
}

/// Tries changes to lists whose cases pass.
fn mutate(args: &Test, lists: &Loaded, report: &Report) -> Outcome {
    if args.format == TestFormat::Junit {
        let help = "choose --format json, or leave --mutate out";
        return fail("no-such-format", "JUnit has no place for a score", help);
    }
    if report.totals.failed > 0 {
        eprint!("{}", report.human());
        let help = "correct the list or the cases above; then try again";
        return fail("failing-cases", "cases fail, so nothing can be said about what they notice", help);
    }
    let changes = Changes::new(&lists.exclusions, &lists.texts);
    match args.format {
        TestFormat::Human => print(&format!("{}{}", changes.human(), report.human()))?,
        TestFormat::Json | TestFormat::Junit => print(&changes.json())?,
    }
    let enough = changes.reaches(args.min_score) && report.is_clean();
    Ok(if enough { End::Clean } else { End::LookAtIt })
}
