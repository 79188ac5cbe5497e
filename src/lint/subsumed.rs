//! Entries that another entry covers completely.

use super::cover::covered_values;
use super::duplicate::named;
use super::{Context, Finding, Level, Lint, Needs};
use crate::exclusions::edit::ExclusionPart;

/// An entry or exclusion that another one covers.
pub(super) const SUBSUMED: Lint = Lint {
    code: "subsumed",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "whatever the entry or value covers, another one covers too",
    why: "it changes nothing, and it looks as if the rows were judged by it",
    fix: "remove it, or make the other one as narrow as its story",
    check: subsumed,
};

fn subsumed(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, place, condition) in context.conditions() {
        for (value, by) in covered_values(condition) {
            let wanted = condition.wanted();
            let message = format!("`{}` is part of `{}`", wanted[value], wanted[by]);
            found.push(Finding::new(SUBSUMED.code, at.exclusion, at.value(place, value), message));
        }
    }
    subsumed_entries(context, found);
}

fn subsumed_entries(context: &Context<'_>, found: &mut Vec<Finding>) {
    let covers = context.covers();
    for (place, exclusion) in context.exclusions.iter().enumerate() {
        let by = |entry: usize| covers.wider.get(&super::At { exclusion: place, entry });
        let all: Vec<_> =
            (0..exclusion.entries.len()).filter_map(|entry| Some((entry, *by(entry)?))).collect();
        let others = all.iter().filter(|(_, by)| by.exclusion != place).count();
        if others == exclusion.entries.len() && others > 1 {
            let mut names: Vec<String> = all
                .iter()
                .map(|(entry, by)| {
                    named(context.exclusions, super::At { exclusion: place, entry: *entry }, *by)
                })
                .collect();
            names.dedup();
            let message = format!("the whole exclusion is covered by {}", names.join(", "));
            found.push(Finding::new(SUBSUMED.code, place, ExclusionPart::Exclusion, message));
            continue;
        }
        for (entry, by) in all {
            let at = super::At { exclusion: place, entry };
            let what = if exclusion.entries.len() == 1 { "the exclusion" } else { "this entry" };
            let message = format!("{what} is covered by {}", named(context.exclusions, at, by));
            found.push(Finding::new(SUBSUMED.code, place, at.part(), message));
        }
    }
}
