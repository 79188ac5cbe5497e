//! Entries that demand too little: only one field, which an intruder can choose; or one part of a story where the
//! story means all parts together.

use super::{At, Context, Finding, Level, Lint, Needs, listed};
use crate::exclusions::edit::ExclusionPart;
use crate::exclusions::model::Entry;
use hashbrown::HashSet;

/// An exclusion whose entries are the parts of one story.
pub(super) const LOOSE_READING: Lint = Lint {
    code: "loose-reading",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "a process alone or a destination alone is enough to suppress",
    why: "entries are alternatives: whatever the process does anywhere is suppressed, and whatever anybody sends to the destination",
    fix: "put the fields into one entry, so that a row must meet all of them",
    check: loose_reading,
};

/// How the names of the fields of each side of a connection begin.
const PROCESS: &str = "process.";
const DESTINATION: &str = "destination.";

fn loose_reading(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (place, exclusion) in context.exclusions.iter().enumerate() {
        let only = |side: &str| {
            exclusion.entries.iter().find(|entry| {
                entry.conditions.iter().all(|condition| context.name(condition).starts_with(side))
            })
        };
        if let (Some(process), Some(destination)) = (only(PROCESS), only(DESTINATION)) {
            let names = [first_field(process), first_field(destination)];
            let message = format!("`{}` or `{}` alone suppresses a row", names[0], names[1]);
            let help = format!(
                "if the scenario means both, write one entry: `when: {{{}: ..., {}: ...}}`",
                names[0], names[1]
            );
            found.push(Finding::new(LOOSE_READING.code, place, ExclusionPart::Entry(0), message).help(help));
        }
    }
}

fn first_field(entry: &Entry) -> &str {
    entry.conditions.first().map_or("", |condition| condition.field.name())
}

/// An entry that looks at one field only.
pub(super) const SINGLE_FIELD: Lint = Lint {
    code: "single-field",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "one field, and one that an intruder chooses, is enough to suppress",
    why: "an intruder who learns of the exclusion gives that field the value and is not seen",
    fix: "add conditions from the other side of the story: process, path, parent, destination, port",
    check: single_field,
};

/// Fields whose value an intruder on the device chooses freely. Names have a lint of their own.
const CHOSEN: &[&str] = &[
    "process.path",
    "process.command_line",
    "process.company",
    "process.product",
    "process.parent.path",
    "source.port",
    "destination.ip",
    "destination.port",
    "destination.domain",
    "network.transport",
    "event.action",
];

fn single_field(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, entry) in context.entries() {
        let names: HashSet<&str> = entry.conditions.iter().map(|condition| context.name(condition)).collect();
        if names.len() == 1 && names.iter().all(|name| CHOSEN.contains(name)) {
            found.push(one_field(at, &names.into_iter().collect::<Vec<_>>()));
        }
    }
}

fn one_field(at: At, names: &[&str]) -> Finding {
    let message = format!("{} alone suppresses a row", listed(names, "or"));
    Finding::new(SINGLE_FIELD.code, at.exclusion, at.condition(0), message)
}
