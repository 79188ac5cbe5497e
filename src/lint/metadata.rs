//! Metadata that a file declares of itself.

use super::{Context, Finding, Level, Lint, Needs};

/// An entry that only forgeable fields narrow down.
pub(super) const FORGEABLE_METADATA: Lint = Lint {
    code: "forgeable-metadata",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the entry relies on a company or product that the file declares of itself",
    why: "whoever builds a file writes any company into it; no column of network events says who signed it",
    fix: "pin the file with `process.sha256`, or say where it lies and what it reaches",
    check: forgeable_metadata,
};

const DECLARED: &[&str] = &["process.company", "process.product", "process.original_file_name"];
/// Fields that an intruder chooses together with the metadata.
const CHOSEN: &[&str] = &[
    "process.company",
    "process.product",
    "process.original_file_name",
    "process.name",
    "process.command_line",
];

fn forgeable_metadata(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, entry) in context.entries() {
        let declared = entry.conditions.iter().position(|condition| context.looks_at(condition, DECLARED));
        if let Some(place) = declared
            && entry.conditions.iter().all(|condition| context.looks_at(condition, CHOSEN))
        {
            let field = entry.conditions[place].field.name();
            let message =
                format!("nothing but `{field}` and what else can be forged stands against an intruder");
            found.push(Finding::new(FORGEABLE_METADATA.code, at.exclusion, at.condition(place), message));
        }
    }
}
