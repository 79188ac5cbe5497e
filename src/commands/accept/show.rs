//! What was found of exclusions that are to be added, and what became of them: for a person and for machines.

use super::Edit;
use super::checks::{Checked, CheckedExclusion};
use crate::cli::AcceptArgs;
use crate::commands::World;
use indexmap::IndexMap;
use quell::report::printable;
use quell::report::style::{Ink, Style};
use quell::tune::show::{self, Shown};
use serde_json::{Value, json};
use std::fmt::Write;

/// Groups and examples of the effect that are shown.
const SHOWN: usize = 3;

/// For a person.
pub(super) fn text(args: &AcceptArgs, world: &World, edit: &Edit, checked: &Checked, writes: bool) -> String {
    let mut out = String::new();
    for group in &edit.groups {
        let _ = writeln!(out, "{}", printable(group));
    }
    for each in &checked.exclusions {
        exclusion(&mut out, each);
    }
    if let Some(effect) = &checked.effect {
        let shown = Shown { width: world.width, markdown: false, groups: SHOWN, ink: Ink::On };
        out.push('\n');
        out += &show::diff(effect, shown);
    }
    if !checked.short.is_empty() {
        let _ = writeln!(out, "\n{}", Ink::On.paint(Style::Strong, "Falls short:"));
        for short in &checked.short {
            let _ = writeln!(out, "  {}", printable(short));
        }
    }
    ending(&mut out, args, edit, writes);
    out
}

fn exclusion(out: &mut String, each: &CheckedExclusion) {
    let _ = writeln!(out, "{}", Ink::On.paint(Style::Strong, printable(&each.id)));
    let _ = writeln!(out, "  {}", printable(&tuple(&each.when)));
    for fact in &each.suggested {
        let _ = writeln!(out, "  as suggested: {}", printable(fact));
    }
    for line in &each.replaced {
        let _ = writeln!(out, "  {}", printable(line));
    }
    for found in &each.lint {
        let _ = writeln!(out, "  lint {}: {}", found.code, printable(&found.message));
    }
    if each.lint.is_empty() {
        out.push_str("  lint: nothing\n");
    }
    let _ = writeln!(
        out,
        "  cases: {} of {} pass; they notice {} of {} changes to it",
        each.cases.passed,
        each.cases.all,
        each.noticed,
        each.noticed + each.missed
    );
    let _ = match &each.grade {
        Some(graded) => writeln!(out, "  blind spots: grade {}: {}", graded.grade, printable(&graded.way)),
        None => writeln!(out, "  blind spots: not graded: no schema has columns for it"),
    };
    if let Some(line) = each.grade.as_ref().and_then(|graded| graded.suggested.as_ref()) {
        let _ = writeln!(out, "  worse as suggested: {}", printable(line));
        out.push_str("    (--malicious with the rows of that time shows what it is now)\n");
    }
}

/// What an exclusion suppresses, in one line.
fn tuple(when: &[IndexMap<String, Vec<String>>]) -> String {
    let entry = |entry: &IndexMap<String, Vec<String>>| {
        let conditions = entry.iter().map(|(field, values)| format!("{field}={}", values.join("|")));
        conditions.collect::<Vec<_>>().join(", ")
    };
    when.iter().map(entry).collect::<Vec<_>>().join(" or ")
}

/// What became of them.
fn ending(out: &mut String, args: &AcceptArgs, edit: &Edit, writes: bool) {
    let file = printable(&edit.after.file);
    let ids = edit.added.iter().map(|id| format!(" --id {id}")).collect::<String>();
    let count = if edit.added.len() == 1 {
        "1 exclusion".to_owned()
    } else {
        format!("{} exclusions", edit.added.len())
    };
    let new = if edit.exists { "" } else { "new list, " };
    let _ = match (writes, args.dry_run) {
        (true, _) => writeln!(out, "\n{file}: {new}{count} added. As KQL: quell kql -e {file}{ids}"),
        (false, true) => {
            writeln!(out, "\n{file}: {new}not written, because of --dry-run. {count} would be added.")
        }
        (false, false) => {
            writeln!(
                out,
                "\n{file}: NOT WRITTEN. Correct what falls short, or say --anyway to add it all the same."
            )
        }
    };
}

/// For machines.
pub(super) fn json(edit: &Edit, checked: &Checked, writes: bool) -> Value {
    json!({
        "list": edit.after.file,
        "new_list": !edit.exists,
        "written": writes,
        "groups": edit.groups,
        "exclusions": checked.exclusions,
        "effect": checked.effect,
        "falls_short": checked.short,
    })
}
