//! Entries that no row meets.

use super::algebra::contradiction;
use super::{Context, Finding, Level, Lint, Needs};

/// An entry with conditions that no value meets together.
pub(super) const CONTRADICTORY_ENTRY: Lint = Lint {
    code: "contradictory-entry",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "no value meets all conditions of the entry on one field",
    why: "the entry can never suppress a row, so what it was written for still comes up",
    fix: "put alternatives into one list of values or into entries of their own",
    check: contradictory_entry,
};

fn contradictory_entry(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, entry) in context.entries() {
        if let Some(field) = contradiction(entry) {
            let last = entry.conditions.iter().rposition(|condition| condition.field == *field);
            let message = format!("no value of `{}` meets all conditions of this entry", field.name());
            let spot = at.condition(last.unwrap_or_default());
            found.push(Finding::new(CONTRADICTORY_ENTRY.code, at.exclusion, spot, message));
        }
    }
}
