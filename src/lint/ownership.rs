//! Whose word an exclusion is, and why.

use super::{Context, Finding, Level, Lint, Needs};
use crate::exclusions::edit::ExclusionPart;
use crate::exclusions::model::Exclusion;

/// An exclusion without an owner.
pub(super) const NO_OWNER: Lint = Lint {
    code: "no-owner",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the exclusion has no `owner`",
    why: "nobody can be asked whether the story still holds",
    fix: "add `owner:` with a team or a person",
    check: |context, found| without(context, found, NO_OWNER.code, "owner", |e| e.owner.as_ref()),
};

/// An exclusion without a reason.
pub(super) const NO_REASON: Lint = Lint {
    code: "no-reason",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the exclusion has no `reason`",
    why: "who reads it later cannot tell whether the rows are benign or only many",
    fix: "add `reason:` and say why these rows are benign",
    check: |context, found| without(context, found, NO_REASON.code, "reason", |e| e.reason.as_ref()),
};

fn without(
    context: &Context<'_>,
    found: &mut Vec<Finding>,
    code: &'static str,
    key: &str,
    value: impl Fn(&Exclusion) -> Option<&String>,
) {
    for (place, exclusion) in context.exclusions.iter().enumerate() {
        if value(exclusion).is_none_or(|text| text.trim().is_empty()) {
            let message = format!("`{}` has no {key}", exclusion.id);
            found.push(Finding::new(code, place, ExclusionPart::Exclusion, message));
        }
    }
}
