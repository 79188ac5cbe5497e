//! What exclusions did in results.

use super::expiry::days_between;
use super::{Context, Finding, Level, Lint, Needs, Observed};
use crate::exclusions::edit::ExclusionPart;

/// An exclusion without a match.
pub(super) const DEAD: Lint = Lint {
    code: "dead",
    level: Level::Warn,
    needs: Needs::Results,
    meaning: "the exclusion matches no row of the results",
    why: "either its story does not happen any more, or it is written so that it misses it",
    fix: "correct it (`quell explain` shows the nearest miss), or remove it",
    check: |context, found| {
        each(context, found, DEAD.code, |effect| {
            (effect.matches == 0).then(|| "it matches no row of these results".to_owned())
        });
    },
};

/// An exclusion without a match of its own.
pub(super) const REDUNDANT: Lint = Lint {
    code: "redundant",
    level: Level::Warn,
    needs: Needs::Results,
    meaning: "the exclusion matches only rows that others match too",
    why: "without it the same rows are suppressed",
    fix: "remove it, or one of those that cover its rows",
    check: |context, found| {
        each(context, found, REDUNDANT.code, |effect| {
            let rows = if effect.matches == 1 { "row" } else { "rows" };
            (effect.matches > 0 && effect.sole == 0)
                .then(|| format!("other exclusions match each of its {} {rows} too", effect.matches))
        });
    },
};

/// An exclusion whose rows are long past.
pub(super) const STALE: Lint = Lint {
    code: "stale",
    level: Level::Warn,
    needs: Needs::Results,
    meaning: "its latest row is older than the limit (`--stale-after`, setting `stale-after`, in days)",
    why: "the story seems to have ended, and the exclusion is left open for others",
    fix: "ask its owner, and remove it",
    check: |context, found| {
        let most = i64::from(context.settings.stale_after);
        each(context, found, STALE.code, |effect| {
            let last = effect.last?;
            let days = days_between(last, context.today);
            (days > most).then(|| format!("not seen since {last}, {days} days ago"))
        });
    },
};

fn each(
    context: &Context<'_>,
    found: &mut Vec<Finding>,
    code: &'static str,
    says: impl Fn(&Observed) -> Option<String>,
) {
    for (place, effect) in context.effects.iter().enumerate() {
        if let Some(message) = effect.as_ref().and_then(&says) {
            found.push(Finding::new(code, place, ExclusionPart::Exclusion, message));
        }
    }
}
