//! The report for a terminal.

use super::words::{count, days, left_out, loose, number, percent, safe, totals, value};
use super::{Layout, Report};
use std::fmt::Write;
use std::ops::Range;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Rows that could not be read and are named.
const BAD_ROWS: usize = 10;

pub(super) fn render(report: &Report, layout: Layout) -> String {
    let mut out = String::new();
    headline(&mut out, report, layout);
    for warning in &report.warnings {
        wrapped(&mut out, &format!("WARNING: {}", safe(&warning.message)), "", layout.width);
    }
    if !report.exclusions.is_empty() {
        let _ = writeln!(out, "\n{}", exclusions(report, layout));
    }
    loose_readings(&mut out, report, layout);
    if !report.kept_groups.is_empty() {
        let _ = writeln!(
            out,
            "\nLeft to look at, by process and destination network:\n{}",
            groups(report, layout)
        );
        rest_of_groups(&mut out, report, layout);
    }
    let bad: Vec<String> =
        report.malformed.iter().map(|row| format!("{}:{}: {}", safe(&row.file), row.line, row.why)).collect();
    list(&mut out, "Left out:", &left_out(report), layout);
    list(&mut out, "Rows that could not be read (kept):", &bad[..bad.len().min(BAD_ROWS)], layout);
    if report.totals.malformed > BAD_ROWS as u64 {
        let _ = writeln!(out, "  and {} more", number(report.totals.malformed - BAD_ROWS as u64));
    }
    list(&mut out, "Note:", &report.notes, layout);
    out
}

fn headline(out: &mut String, report: &Report, layout: Layout) {
    wrapped(out, &totals(report), "", layout.width);
    let span = match (&report.first, &report.last) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    // The span is that of the whole run.
    let one = report.results.len() == 1;
    for file in &report.results {
        let span = if one { span.as_str() } else { "" };
        let rows = count(file.rows, "row", "rows");
        wrapped(
            out,
            &format!("{} ({}, schema {}, {rows}{span})", safe(&file.file), file.format, file.schema),
            "",
            layout.width,
        );
    }
    if !one && !span.is_empty() {
        wrapped(out, &format!("All rows{span}"), "", layout.width);
    }
    if let Some(rule) = &report.rule {
        let name = rule.name.as_deref().or(rule.id.as_deref()).unwrap_or_default();
        wrapped(out, &format!("Rule: {}", safe(name)), "", layout.width);
    }
}

fn exclusions(report: &Report, layout: Layout) -> String {
    let header = ["exclusion", "matches", "sole", "share", "devices", "seen", "status"];
    let mut rows = vec![header.map(str::to_owned)];
    for exclusion in &report.exclusions {
        rows.push([
            safe(&exclusion.id),
            number(exclusion.matches),
            number(exclusion.sole),
            percent(exclusion.matches, report.totals.read),
            number(exclusion.devices),
            days(exclusion.first.as_ref(), exclusion.last.as_ref()),
            exclusion.status.word().to_owned(),
        ]);
    }
    laid_out(rows, 1..5, layout.width)
}

fn groups(report: &Report, layout: Layout) -> String {
    let header = ["process", "destination", "rows", "share of kept"];
    let mut rows = vec![header.map(str::to_owned)];
    for group in report.kept_groups.iter().take(layout.groups) {
        rows.push([
            value(&group.process),
            safe(&group.destination),
            number(group.rows),
            percent(group.rows, report.totals.kept),
        ]);
    }
    laid_out(rows, 2..4, layout.width)
}

/// A table within the width: what does not fit is wrapped in the first column, at hyphens where it has some.
pub(crate) fn laid_out<const N: usize>(
    mut rows: Vec<[String; N]>,
    numbers: Range<usize>,
    width: usize,
) -> String {
    let others: usize =
        (1..N).map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0) + 2).sum();
    let room = width.saturating_sub(others).max(12);
    for row in &mut rows {
        row[0] = broken(&row[0], room);
    }
    let mut table = Builder::from_iter(rows).build();
    table.with(Style::empty());
    table.with(Padding::new(0, 2, 0, 0));
    table.modify(Columns::new(numbers), Alignment::right());
    let text = table.to_string();
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let rule = "─".repeat(lines.iter().map(|line| line.width()).max().unwrap_or(0));
    lines.insert(1, &rule);
    lines.join("\n")
}

/// Breaks a word into lines of at most `room`, after hyphens if it can.
fn broken(text: &str, room: usize) -> String {
    let mut out = String::new();
    let mut line = 0;
    for part in text.split_inclusive(['-', '.', ' ', '_']) {
        if line > 0 && line + part.width() > room {
            out.push('\n');
            line = 0;
        }
        for character in part.chars() {
            let width = character.width().unwrap_or(0);
            if line + width > room {
                out.push('\n');
                line = 0;
            }
            out.push(character);
            line += width;
        }
    }
    out
}

fn rest_of_groups(out: &mut String, report: &Report, layout: Layout) {
    let hidden = report.kept_groups.iter().skip(layout.groups);
    let rows: u64 = hidden.clone().map(|group| group.rows).sum::<u64>() + report.kept_in_other_groups;
    if rows > 0 {
        let groups = count(hidden.count() as u64, "more group", "more groups");
        let _ = writeln!(out, "{groups} with {} (--groups shows more)", count(rows, "row", "rows"));
    }
}

fn loose_readings(out: &mut String, report: &Report, layout: Layout) {
    let mut first = true;
    for exclusion in &report.exclusions {
        let Some((sentence, details)) = loose(exclusion) else { continue };
        if first {
            out.push_str("\nHidden only by the loose reading (one part of the exclusion is enough):\n");
            first = false;
        }
        wrapped(out, &format!("{}: {sentence}", exclusion.id), "  ", layout.width);
        for detail in details {
            wrapped(out, &detail, "    ", layout.width);
        }
    }
}

fn list(out: &mut String, title: &str, items: &[String], layout: Layout) {
    if !items.is_empty() {
        let _ = writeln!(out, "\n{title}");
        for item in items {
            wrapped(out, &safe(item), "  ", layout.width);
        }
    }
}

/// Writes a paragraph within the width; what follows its first line is indented by two more.
pub(crate) fn wrapped(out: &mut String, text: &str, indent: &str, width: usize) {
    let mut line = indent.to_owned();
    let mut empty = true;
    for word in text.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            let _ = writeln!(out, "{line}");
            line = format!("{indent}  {word}");
            continue;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(out, "{line}");
}
