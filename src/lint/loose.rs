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
    meaning: "one field is enough to suppress, and it pins no file",
    why: "whatever that account, device or address does is suppressed, and what an intruder can choose he gives that value",
    fix: "add conditions from the other side of the story: process, path, parent, destination, port",
    check: single_field,
};

/// Fields of which a value belongs to one file, so that it may stand alone. Names have a lint of their own.
const MAY_STAND_ALONE: &[&str] = &[
    "process.sha256",
    "process.sha1",
    "file.sha256",
    "file.sha1",
    "dll.sha256",
    "dll.sha1",
    "process.name",
    "process.original_file_name",
    "process.parent.name",
];

fn single_field(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, entry) in context.entries() {
        let names: HashSet<&str> = entry.conditions.iter().map(|condition| context.name(condition)).collect();
        if names.len() == 1 && names.iter().all(|name| !MAY_STAND_ALONE.contains(name)) {
            found.push(one_field(at, &names.into_iter().collect::<Vec<_>>()));
        }
    }
}

/// An entry of fields that an intruder chooses all together.
pub(super) const FREELY_CHOSEN: Lint = Lint {
    code: "freely-chosen",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "all fields of the entry are chosen by whoever starts the program",
    why: "name, port, protocol and action are an intruder's own choice: a renamed tool that uses that port is not seen",
    fix: "add where the program lies (`process.path`), its hash (`process.sha256`) or what it may reach (`destination.ip`)",
    check: freely_chosen,
};

/// Fields that whoever starts a program chooses.
const CHOSEN: &[&str] = &[
    "process.name",
    "process.original_file_name",
    "process.command_line",
    "process.parent.name",
    "process.parent.command_line",
    "file.name",
    "file.extension",
    "file.size",
    "registry.value",
    "registry.data",
    "url.path",
    "url.query",
    "http.request.method",
    "http.request.referrer",
    "user_agent.original",
    "dns.question.type",
    "email.to.address",
    "email.subject",
    "network.protocol",
    "network.direction",
    "source.port",
    "destination.port",
    "network.transport",
    "event.action",
    "RemoteIPType",
    "LocalIPType",
];

fn freely_chosen(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, entry) in context.entries() {
        let mut names: Vec<&str> = Vec::new();
        for name in entry.conditions.iter().map(|condition| context.name(condition)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        // Names without anything else have a lint of their own.
        let beside_names = names.iter().any(|name| !name.ends_with("name"));
        if names.len() > 1 && beside_names && names.iter().all(|name| CHOSEN.contains(name)) {
            let message = format!(
                "{} together suppress a row, and an intruder chooses all of them",
                listed(&names, "and")
            );
            found.push(Finding::new(FREELY_CHOSEN.code, at.exclusion, at.condition(0), message));
        }
    }
}

fn one_field(at: At, names: &[&str]) -> Finding {
    let message = format!("{} alone suppresses a row", listed(names, "or"));
    Finding::new(SINGLE_FIELD.code, at.exclusion, at.condition(0), message)
}
