//! Process names that stand alone, that many programs have, or that no program has.

use super::{At, Context, Finding, Level, Lint, Needs, listed, text_values};
use crate::exclusions::model::{Condition, Entry};

/// Fields with the name of a program.
const NAMES: &[&str] = &["process.name", "process.original_file_name", "process.parent.name"];

/// An entry that looks at names only.
pub(super) const NAME_ONLY: Lint = Lint {
    code: "name-only",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "the name of a program is enough to suppress",
    why: "anybody can give a program any name: a renamed tool is suppressed wherever it runs and whatever it reaches",
    fix: "add where the program lies (`process.path`), its hash (`process.sha256`) or what it may reach (`destination.ip`)",
    check: name_only,
};

fn name_only(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, entry) in context.entries() {
        if entry.conditions.iter().all(|condition| context.looks_at(condition, NAMES)) {
            let mut names: Vec<&str> = entry.conditions.iter().map(|c| c.field.name()).collect();
            names.dedup();
            let verb = if names.len() == 1 { "suppresses" } else { "suppress" };
            let message = format!("{} alone {verb} a row", listed(&names, "and"));
            found.push(Finding::new(NAME_ONLY.code, at.exclusion, at.condition(0), message));
        }
    }
}

/// A name that many programs have.
pub(super) const GENERIC_NAME: Lint = Lint {
    code: "generic-name",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "the name belongs to programs of anybody, and nothing says which of them is meant",
    why: "the story is about one program, and the exclusion is about all programs of that name",
    fix: "add `process.path`, `process.sha256` or `process.parent.name`, or name the product's own process",
    check: generic_name,
};

/// Fields that say which program of a name is meant.
const PINS: &[&str] = &["process.path", "process.sha256", "process.parent.name", "process.parent.path"];

fn generic_name(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, entry) in context.entries() {
        if entry.conditions.iter().any(|condition| context.looks_at(condition, PINS)) {
            continue;
        }
        each_name(context, entry, |condition, value, name| {
            if let Some(fact) = context.facts.generic(name) {
                let about = fact.about.as_ref().map(|about| format!(": {about}")).unwrap_or_default();
                let message = format!("`{name}` is a name of many programs{about}");
                let help = format!("source: {}", context.facts.source_of_generic(fact));
                let spot = at.value(condition, value);
                found.push(Finding::new(GENERIC_NAME.code, at.exclusion, spot, message).help(help));
            }
        });
    }
}

/// A name that no process has.
pub(super) const DEAD_NAME: Lint = Lint {
    code: "dead-name",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "no process of the product has this name",
    why: "the condition suppresses nothing that it is meant to, and whatever an intruder names so",
    fix: "use the names that the product's processes have",
    check: dead_name,
};

fn dead_name(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, entry) in context.entries() {
        each_name(context, entry, |condition, value, name| {
            if let Some(fact) = context.facts.dead(name) {
                found.push(dead(context, at, (condition, value), name, fact));
            }
        });
    }
}

fn dead(
    context: &Context<'_>,
    at: At,
    (condition, value): (usize, usize),
    name: &str,
    fact: &super::facts::DeadName,
) -> Finding {
    let about = fact.about.as_ref().map(|about| format!("; {about}")).unwrap_or_default();
    let message = format!("no process of {} is called `{name}`{about}", fact.product);
    let real: Vec<&str> = fact.real.iter().map(String::as_str).collect();
    let help =
        format!("did you mean {}? (source: {})", listed(&real, "or"), context.facts.source_of_dead(fact));
    Finding::new(DEAD_NAME.code, at.exclusion, at.value(condition, value), message).help(help)
}

/// Calls `found` with every whole name: condition, value and text.
fn each_name<'e>(context: &Context<'e>, entry: &'e Entry, mut found: impl FnMut(usize, usize, &'e str)) {
    let is_name =
        |condition: &'e Condition| context.looks_at(condition, &["process.name", "process.parent.name"]);
    for (place, condition) in entry.conditions.iter().enumerate().filter(|(_, c)| is_name(c)) {
        for (value, text) in text_values(condition).iter().enumerate() {
            if let Some(name) = text.whole() {
                found(place, value, name);
            }
        }
    }
}
