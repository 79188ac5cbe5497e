//! `quell test`: the cases of the lists.

use super::lists::loaded_or_examples;
use super::{End, Outcome, print};
use crate::cli::Test;
use quell::cases;
use std::fmt::Write;

/// Runs every case; a failed one, or a list without cases of both kinds, is something to look at.
pub(crate) fn run(args: &Test) -> Outcome {
    let lists = loaded_or_examples(&args.lists)?;
    let mut out = String::new();
    let mut total = 0;
    let mut failed = 0;
    let mut untested = 0;
    for exclusion in &lists.exclusions {
        let (suppress, keep) = (exclusion.cases.suppress.len(), exclusion.cases.keep.len());
        total += suppress + keep;
        if suppress == 0 || keep == 0 {
            untested += 1;
            let missing = if suppress == 0 { "suppress" } else { "keep" };
            let _ = writeln!(
                out,
                "{}: {}:{}: no case to {missing}",
                exclusion.id, exclusion.origin.file, exclusion.origin.line
            );
        }
        for case in cases::run(exclusion) {
            failed += 1;
            let (must, was) = if case.must_suppress { ("suppress", "kept") } else { ("keep", "suppressed") };
            let _ = writeln!(
                out,
                "{}: {}:{}: must {must}, was {was}: {}",
                case.id, case.file, case.line, case.row
            );
        }
    }
    let _ = writeln!(
        out,
        "{} exclusions, {total} cases, {failed} failed, {untested} without cases of both kinds",
        lists.exclusions.len()
    );
    print(&out)?;
    let clean = failed == 0 && untested == 0 && !lists.exclusions.is_empty();
    Ok(if clean { End::Clean } else { End::LookAtIt })
}
