//! What was found, in every format.
//!
//! In: exclusions with what they do, and what is left. Out: a list, a table, or a value for machines.

use super::Found;
use super::prepare::{Dropped, Prepared};
use jiff::civil::Date;
use quell::report::printable;
use quell::report::style::{Ink, Style};
use quell::suggest::list::{Written, list};
use quell::suggest::{CaseRow, Label, LeftAlone, RowPlace, UNREAD};
use serde_json::{Value, json};
use std::fmt::Write;

const INK: Ink = Ink::On;
/// Devices that are named.
const DEVICES: usize = 3;
/// Families of noise that is left that are named.
const NAMED: usize = 5;

/// The list.
pub(super) fn yaml(found: &Found<'_>) -> String {
    let written: Vec<Written<'_>> = found
        .prepared
        .iter()
        .map(|each| Written {
            draft: &each.draft,
            id: each.id.clone(),
            facts: facts(found, each),
            rule: each.rule.clone(),
            proposed: each.proposed.clone(),
        })
        .collect();
    let list = list(&written, |row: &CaseRow| place(found, row.place));
    let groups: String = found.groups.iter().map(|group| format!("# {}\n", printable(group))).collect();
    groups + &list
}

/// Where a row stands.
fn place(found: &Found<'_>, place: Option<RowPlace>) -> String {
    let Some(RowPlace { file, row }) = place else { return "a row".to_owned() };
    let name = found.files.get(file as usize).map_or("", String::as_str);
    format!("row {row} of {name}")
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{} rows", grouped(count)) }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn day(number: i64) -> String {
    let epoch = Date::constant(1970, 1, 1);
    epoch.saturating_add(jiff::Span::new().try_days(number).unwrap_or_default()).to_string()
}

/// What an exclusion does, a line each.
fn facts(found: &Found<'_>, each: &Prepared) -> Vec<String> {
    let did = &each.did;
    let noise = did.rows[Label::Benign as usize];
    let sole = match did.sole {
        sole if sole == noise => "all only by it".to_owned(),
        sole => format!("{} only by it", grouped(sole)),
    };
    let devices = match did.devices() {
        0 => String::new(),
        count => {
            let names: Vec<&str> = did.device_names().take(DEVICES).collect();
            let more = if count > names.len() { " ..." } else { "" };
            let word = if count == 1 { "device" } else { "devices" };
            format!(", {count} {word} ({}{more})", names.join(", "))
        }
    };
    let days = match did.days() {
        None => String::new(),
        Some((first, _, 1)) => format!(", {}", day(first)),
        Some((first, last, days)) => format!(", {days} days from {} to {}", day(first), day(last)),
    };
    let mut lines = vec![format!("{} of noise, {sole}{devices}{days}", rows(noise))];
    if let Some(days) = found.holdout {
        let held = did.held[Label::Benign as usize];
        lines.push(format!("of the last {days} days, which were kept back, {} of noise", rows(held)));
    }
    for (counts, named, of) in
        [(&did.rows, &did.taken_in[0], ""), (&did.held, &did.taken_in[1], " of the days that were kept back")]
    {
        let taken = counts[Label::Unlabelled as usize];
        if taken > 0 {
            let more = if taken > named.len() as u64 { " ..." } else { "" };
            let named: Vec<String> = named.iter().map(|row| row.row.to_string()).collect();
            let (taken, named) = (rows(taken), named.join(", "));
            lines.push(format!("TAKES IN {taken}{of} that nobody labelled: {named}{more}"));
        }
    }
    lines.push(grade(found, each));
    let changes = &each.changes;
    if changes.missed > 0 {
        lines.push(format!("its cases miss {} changes to it", changes.missed));
    }
    lines.extend(each.denied.iter().cloned());
    lines
}

fn grade(found: &Found<'_>, each: &Prepared) -> String {
    let way = each.probed.as_ref().and_then(|probed| probed.way_in.as_ref());
    let whom = if found.has_malicious {
        "the nearest malicious row"
    } else {
        "an intruder of whom nothing is known"
    };
    let Some(way) = way else { return format!("grade {}: no way in was found for {whom}", each.grade()) };
    let mut moves: Vec<&str> = way.moves.iter().map(|made| made.what.as_str()).collect();
    moves.dedup();
    // A row that has most of it already says less of the exclusion than of what was known of that intruder.
    let stranger = match each.stranger {
        Some((grade, Some(cost))) if grade != each.grade() => {
            format!("; grade {grade} for one of whom nothing is known, who pays {cost}")
        }
        _ => String::new(),
    };
    format!("grade {}: {whom} pays {}: {}{stranger}", each.grade(), way.cost, moves.join(", "))
}

/// What was found, in a few lines for a person.
pub(super) fn summary(found: &Found<'_>) -> String {
    let [noise, malicious, unsure, unlabelled] = found.rows;
    let mut out = String::new();
    for group in &found.groups {
        let _ = writeln!(out, "{}", printable(group));
    }
    let covered = match found.prepared.len() {
        0 => format!("NOTHING IS SUGGESTED for {} of noise", rows(noise)),
        1 => format!("1 exclusion covers {} of {} of noise", grouped(found.covered[0]), rows(noise)),
        many => format!("{many} exclusions cover {} of {} of noise", grouped(found.covered[0]), rows(noise)),
    };
    let unsure = if unsure > 0 { format!(" and {} unsure", grouped(unsure)) } else { String::new() };
    let _ = writeln!(
        out,
        "{covered}. Beside them stand {} malicious{unsure}, and {} that nobody labelled.",
        grouped(malicious),
        grouped(unlabelled)
    );
    if let Some(days) = found.holdout {
        let _ = writeln!(
            out,
            "Of the last {days} days, whose noise was kept back, they cover {} of {}. Rows of these days that are malicious or unsure were known.",
            grouped(found.covered[1]),
            rows(found.held)
        );
    }
    for Dropped { id, label, place: at } in &found.dropped {
        let word = if *label == Label::Malicious { "malicious" } else { "unsure" };
        let (id, row) = (printable(id), place(found, Some(*at)));
        let _ = writeln!(out, "{id} was DROPPED: it would have hidden {}, which is {word}.", printable(&row));
    }
    if !found.has_malicious {
        out.push_str("NO ROW IS KNOWN TO BE MALICIOUS, so nothing shows what these exclusions would hide; --malicious FILE gives such rows.\n");
    }
    for (count, why) in [
        (found.left_out.suppressed, "that the lists suppress already were left out"),
        (found.left_out.malformed, "cannot be read, and are always kept"),
        (found.beyond, "are of more kinds than are told apart; they were counted and not chosen by"),
    ] {
        if count > 0 {
            let _ = writeln!(out, "{} {why}.", rows(count));
        }
    }
    if found.suggested.gap > 0.0 {
        let _ = writeln!(
            out,
            "There are too many candidates to try all; another choice may be better by at most {:.0} %.",
            (found.suggested.gap * 100.0).ceil()
        );
    }
    unread(&mut out, found);
    left_alone(&mut out, found);
    out
}

/// Fields that would have narrowed an exclusion, had their cells been readable.
fn unread(out: &mut String, found: &Found<'_>) {
    for each in &found.prepared {
        for (field, why) in each.draft.left_out.iter().filter(|(_, why)| why.starts_with(UNREAD)) {
            let (id, why) = (printable(&each.id), printable(why));
            let _ = writeln!(out, "{id} may be WIDER than you think: it has no {field}, for {why}.");
        }
    }
}

fn left_alone(out: &mut String, found: &Found<'_>) {
    let all = &found.suggested.left_alone;
    if all.is_empty() {
        return;
    }
    let total: u64 = all.iter().map(|left| left.rows).sum();
    let _ = writeln!(out, "\nLeft alone, {}:", rows(total));
    for left in all.iter().take(NAMED) {
        let _ = writeln!(out, "  {}: {}", rows(left.rows), printable(&left.what));
        let _ = writeln!(out, "    {}", printable(&left.why));
        nearest(out, found, left);
    }
    if all.len() > NAMED {
        let more: u64 = all.iter().skip(NAMED).map(|left| left.rows).sum();
        let _ = writeln!(
            out,
            "  {} in {} more families (--format json names them)",
            rows(more),
            all.len() - NAMED
        );
    }
}

/// The two rows that cannot be told apart: where they stand, and what is other in them.
fn nearest(out: &mut String, found: &Found<'_>, left: &LeftAlone) {
    let Some([noise, other]) = &left.nearest else { return };
    let word = if other.label == Label::Malicious { "malicious" } else { "unsure" };
    let (a, b) = (place(found, noise.place), place(found, other.place));
    let _ = writeln!(out, "    noise: {}; {word}: {}", printable(&a), printable(&b));
    let text = |row: &CaseRow, field: &str| {
        let cell = row.cells.iter().find(|(known, _)| known == field);
        cell.map_or_else(|| "(empty)".to_owned(), |(_, text)| printable(text))
    };
    let mut fields: Vec<&str> =
        noise.cells.iter().chain(&other.cells).map(|(field, _)| field.as_str()).collect();
    fields.sort_unstable();
    fields.dedup();
    for field in fields.into_iter().filter(|field| text(noise, field) != text(other, field)).take(NAMED) {
        let _ = writeln!(out, "      {field}: {} and {}", text(noise, field), text(other, field));
    }
}

/// For a terminal.
pub(super) fn table(found: &Found<'_>) -> String {
    let mut out = String::new();
    for (number, each) in found.prepared.iter().enumerate() {
        let _ = writeln!(out, "{} {}", number + 1, INK.paint(Style::Strong, printable(&each.id)));
        for fact in facts(found, each).iter().chain(&each.draft.cautions) {
            let _ = writeln!(out, "  {}", printable(fact));
        }
        for condition in &each.draft.conditions {
            let values: Vec<String> = condition.values.iter().map(|value| printable(value)).collect();
            let field = condition.condition.field.name();
            let _ = writeln!(out, "    {field}: {} ({})", values.join(", "), printable(&condition.why));
        }
        out.push('\n');
    }
    out += &summary(found);
    if !found.prepared.is_empty() {
        out.push_str("\nNext: the same command with `| quell accept -e LIST.yaml --owner YOU --reason WHY --expires 90d`\n");
    }
    out
}

/// For machines.
pub(super) fn json(found: &Found<'_>) -> Value {
    let row = |row: &CaseRow| {
        let cells: serde_json::Map<String, Value> =
            row.cells.iter().map(|(field, text)| (field.clone(), Value::from(text.clone()))).collect();
        let file = row.place.and_then(|place| found.files.get(place.file as usize));
        json!({"file": file, "row": row.place.map(|place| place.row), "cells": cells})
    };
    let exclusions: Vec<Value> = found.prepared.iter().map(|each| exclusion(found, each)).collect();
    let left: Vec<Value> = found
        .suggested
        .left_alone
        .iter()
        .map(|left| {
            json!({
                "rows": left.rows,
                "what": left.what,
                "why": left.why,
                "nearest": left.nearest.as_ref().map(|pair| pair.each_ref().map(row)),
            })
        })
        .collect();
    let [benign, malicious, unsure, unlabelled] = found.rows;
    json!({
        "totals": {
            "benign": benign,
            "malicious": malicious,
            "unsure": unsure,
            "unlabelled": unlabelled,
            "covered": found.covered[0],
            "suppressed_already": found.left_out.suppressed,
            "malicious_suppressed_already": found.left_out.hidden,
            "malformed": found.left_out.malformed,
            "beyond": found.beyond,
        },
        "holdout": found.holdout.map(|days| json!({
            "days": days,
            "benign": found.held,
            "covered": found.covered[1],
        })),
        "gap": found.suggested.gap,
        "dropped": found.dropped.iter().map(|dropped| &dropped.id).collect::<Vec<_>>(),
        "exclusions": exclusions,
        "left_alone": left,
        "list": if found.prepared.is_empty() { Value::Null } else { Value::from(yaml(found)) },
    })
}

fn exclusion(found: &Found<'_>, each: &Prepared) -> Value {
    let did = &each.did;
    let when: serde_json::Map<String, Value> = each
        .draft
        .conditions
        .iter()
        .map(|condition| (condition.condition.field.name().to_owned(), Value::from(condition.values.clone())))
        .collect();
    let by_label = |rows: [u64; 4]| {
        let [benign, malicious, unsure, unlabelled] = rows;
        json!({"benign": benign, "malicious": malicious, "unsure": unsure, "unlabelled": unlabelled})
    };
    let days = did.days();
    json!({
        "id": each.id,
        "when": when,
        "rows": by_label(did.rows),
        "held_back": found.holdout.map(|_| by_label(did.held)),
        "sole": did.sole,
        "devices": did.devices(),
        "first": days.map(|(first, ..)| day(first)),
        "last": days.map(|(_, last, _)| day(last)),
        "days": days.map(|(.., days)| days),
        "grade": each.grade(),
        "grade_of_a_stranger": each.stranger.map(|(grade, _)| grade),
        "cost": each.probed.as_ref().and_then(|probed| probed.way_in.as_ref()).map(|way| way.cost),
        "cautions": each.draft.cautions.iter().chain(&each.denied).collect::<Vec<_>>(),
        "changes_missed": each.changes.missed,
        "unlabelled_rows": did.taken_in.iter().flatten().map(|row| row.row).collect::<Vec<_>>(),
    })
}
