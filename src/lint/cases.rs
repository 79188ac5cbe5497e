//! Exclusions that nothing proves.

use super::{Context, Finding, Level, Lint, Needs};
use crate::exclusions::edit::ExclusionPart;

/// An exclusion without cases of both kinds.
pub(super) const MISSING_CASES: Lint = Lint {
    code: "missing-cases",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the exclusion has no case to suppress, or none to keep",
    why: "nothing notices when a change makes it miss its rows, or cover others",
    fix: "add `cases:` with rows to `suppress` and near misses to `keep`; `quell test` runs them",
    check: missing_cases,
};

fn missing_cases(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (place, exclusion) in context.exclusions.iter().enumerate() {
        let missing = match (exclusion.cases.suppress.len(), exclusion.cases.keep.len()) {
            (0, 0) => "no cases",
            (0, _) => "no case to suppress",
            (_, 0) => "no case to keep",
            _ => continue,
        };
        let message = format!("`{}` has {missing}", exclusion.id);
        found.push(Finding::new(MISSING_CASES.code, place, ExclusionPart::Exclusion, message));
    }
}
