//! A [`Pruned`] in a terminal.

use crate::report::table::{laid_out, wrapped};
use crate::report::words::{count, number, safe};
use crate::tune::prune::{Pruned, RemovedExclusion};
use std::fmt::Write;

/// Exclusions that are named as covering the rows of one.
const NAMED: usize = 3;

/// The text, with a final line feed.
pub fn pruned(pruned: &Pruned, width: usize) -> String {
    let mut out = String::new();
    headline(&mut out, pruned, width);
    let title =
        if pruned.written { "Removed; no row comes back:" } else { "Would be removed; no row comes back:" };
    list(&mut out, title, pruned.removed.iter().map(removed), width);
    if !pruned.kept.is_empty() {
        out.push_str("\nStays, with the rows that only it would cover:\n");
        let rows = pruned.kept.iter().map(|kept| {
            let place = place(&kept.file, kept.line);
            [
                safe(&kept.id),
                place,
                number(kept.before.matches),
                number(kept.before.sole),
                number(kept.after.sole),
            ]
        });
        table(&mut out, ["exclusion", "place", "matches", "sole", "sole then"], rows, 2..5, width);
    }
    let must_stay = pruned.kept.iter().filter_map(|kept| Some((kept, kept.must_stay.as_ref()?)));
    let must_stay = must_stay.map(|(kept, why)| format!("{}: {why}", kept.id));
    list(&mut out, "Stays whatever it does:", must_stay, width);
    let left_out = pruned.left_out.iter();
    let left_out =
        left_out.map(|left| format!("{} ({}): {}", left.id, place(&left.file, left.line), left.why));
    list(&mut out, "Not applied to these results, so left as it is:", left_out, width);
    list(&mut out, "Note:", pruned.notes.iter().cloned(), width);
    out
}

fn headline(out: &mut String, pruned: &Pruned, width: usize) {
    let files: Vec<String> = pruned.results.iter().map(|file| safe(&file.file)).collect();
    let (kept, removed) = (pruned.kept.len() as u64, pruned.removed.len() as u64);
    let first = format!(
        "{} in {}, {} suppressed by {}.",
        count(pruned.read, "row", "rows"),
        files.join(", "),
        number(pruned.suppressed),
        count(kept + removed, "exclusion", "exclusions")
    );
    wrapped(out, &first, "", width);
    let must_stay = pruned.kept.iter().any(|kept| kept.must_stay.is_some());
    let fewer = match (pruned.proved, must_stay) {
        (true, false) => "no fewer would",
        (true, true) => "no fewer would that have among them what must stay",
        (false, _) => "perhaps fewer would, too",
    };
    let second = match (kept, removed) {
        (0, 0) => return,
        (_, 0) if must_stay => "Each of them must stay or covers rows that no other covers.".to_owned(),
        (_, 0) => "Each of them covers rows that no other covers, so none can go.".to_owned(),
        _ => format!("{kept} of them would suppress the same rows; {fewer}."),
    };
    wrapped(out, &second, "", width);
}

fn place(file: &str, line: usize) -> String {
    format!("{}:{line}", safe(file))
}

/// An exclusion that goes, and who covers its rows.
fn removed(removed: &RemovedExclusion) -> String {
    let place = format!("{}:{}: {}", removed.file, removed.line, removed.id);
    if removed.matches == 0 {
        return format!("{place}: no row");
    }
    let rows = count(removed.matches, "row", "rows");
    let shown = removed.covered_by.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match removed.covered_by.len().saturating_sub(NAMED) {
        0 => format!("{place}: {rows}, covered by {shown}"),
        more => format!("{place}: {rows}, covered by {shown} and {more} more"),
    }
}

fn table<const N: usize>(
    out: &mut String,
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    numbers: std::ops::Range<usize>,
    width: usize,
) {
    let rows = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
    let _ = writeln!(out, "{}", laid_out(rows, numbers, width));
}

fn list(out: &mut String, title: &str, items: impl Iterator<Item = String>, width: usize) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        let _ = writeln!(out, "\n{title}");
        for item in items {
            wrapped(out, &safe(&item), "  ", width);
        }
    }
}
