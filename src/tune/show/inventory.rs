//! An [`Inventory`] in a terminal and in an issue.

use crate::report::markdown::{code, escape};
use crate::report::table::{laid_out_evenly, wrapped};
use crate::report::words::{count, number, safe};
use crate::tune::inventory::{Inventory, Listed};
use std::fmt::Write;

/// Rules that are named of one exclusion.
const NAMED: usize = 2;

/// The table, with a final line feed. With `seen` it says what each did in results.
pub fn inventory(inventory: &Inventory, seen: bool, width: usize) -> String {
    let mut out = String::new();
    if !inventory.exclusions.is_empty() {
        let header = ["exclusion", "owner", "age", "expires", "scope", "last seen", "place"];
        let mut rows = vec![header.map(str::to_owned)];
        rows.extend(inventory.exclusions.iter().map(|each| cells(each, seen).map(|cell| safe(&cell))));
        let table = if seen {
            laid_out_evenly(rows, 2..3, width)
        } else {
            let without = |[a, b, c, d, e, _, g]: [String; 7]| [a, b, c, d, e, g];
            laid_out_evenly(rows.into_iter().map(without).collect(), 2..3, width)
        };
        let _ = writeln!(out, "{table}\n");
    }
    wrapped(&mut out, &summary(inventory), "", width);
    out
}

/// The same for an issue or a pull request.
pub fn inventory_markdown(inventory: &Inventory, seen: bool) -> String {
    let mut out = format!("{}\n", escape(&summary(inventory)));
    if !inventory.exclusions.is_empty() {
        let last = if seen { (" last seen |", "---|") } else { ("", "") };
        let _ = writeln!(
            out,
            "\n| exclusion | owner | age | expires | scope |{} place |\n|---|---|--:|---|---|{}---|",
            last.0, last.1
        );
        for each in &inventory.exclusions {
            let [id, owner, age, expires, scope, last, place] = cells(each, seen);
            let last = if seen { format!(" {} |", escape(&last)) } else { String::new() };
            let (id, place) = (code(&id), code(&place));
            let _ = writeln!(
                out,
                "| {id} | {} | {age} | {expires} | {} |{last} {place} |",
                escape(&owner),
                escape(&scope)
            );
        }
    }
    out
}

fn cells(each: &Listed, seen: bool) -> [String; 7] {
    let nobody = || "-".to_owned();
    [
        each.id.clone(),
        each.owner.clone().unwrap_or_else(nobody),
        each.age.map_or_else(nobody, |days| format!("{days} d")),
        expires(each),
        scope(&each.rules),
        if seen { last_seen(each) } else { String::new() },
        format!("{}:{}", each.file, each.line),
    ]
}

fn days(days: i32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn expires(each: &Listed) -> String {
    let (Some(day), Some(left)) = (&each.expires, each.days_left) else { return "never".to_owned() };
    match left {
        ..0 => format!("{day}, expired"),
        0 => format!("{day}, today"),
        left => format!("{day}, {}", days(left)),
    }
}

fn scope(rules: &[String]) -> String {
    match rules.len() {
        0 => "every hunt".to_owned(),
        many if many > NAMED => format!("{} and {} more", rules[..NAMED].join(", "), many - NAMED),
        _ => rules.join(", "),
    }
}

fn last_seen(each: &Listed) -> String {
    match &each.seen {
        None => "not applied".to_owned(),
        Some(seen) if seen.matches == 0 => "in no row".to_owned(),
        Some(seen) => {
            let rows = count(seen.matches, "row", "rows");
            match &seen.last {
                Some(day) => format!("{day}, {rows}"),
                None => rows,
            }
        }
    }
}

fn summary(inventory: &Inventory) -> String {
    let all = count(inventory.all as u64, "exclusion", "exclusions");
    let Some(within) = inventory.expiring_within else {
        let owned = inventory.exclusions.iter().filter(|each| each.owner.is_none()).count() as u64;
        let endless = inventory.exclusions.iter().filter(|each| each.expires.is_none()).count() as u64;
        let expired = inventory.exclusions.iter().filter(|each| each.days_left.is_some_and(|left| left < 0));
        return format!(
            "{all}: {} without an owner, {} without an end, {} expired",
            number(owned),
            number(endless),
            number(expired.count() as u64)
        );
    };
    format!(
        "{} of {all} expired, or expire by {} days from {}",
        number(inventory.exclusions.len() as u64),
        number(within.into()),
        inventory.today
    )
}
