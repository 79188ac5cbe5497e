//! The report for a terminal.

use super::words::{count, day, left_out, loose, number, percent, safe, totals, value};
use super::{Layout, Report};
use std::fmt::Write;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Object};
use tabled::settings::peaker::Priority;
use tabled::settings::{Alignment, Style, Width};

/// Rows that could not be read and are named.
const BAD_ROWS: usize = 10;

pub(super) fn render(report: &Report, layout: Layout) -> String {
    let mut out = String::new();
    headline(&mut out, report, layout);
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
    for file in &report.results {
        let rows = count(file.rows, "row", "rows");
        wrapped(
            out,
            &format!("{} ({}, schema {}, {rows}{span})", safe(&file.file), file.format, file.schema),
            "",
            layout.width,
        );
    }
    if let Some(rule) = &report.rule {
        let name = rule.name.as_deref().or(rule.id.as_deref()).unwrap_or_default();
        wrapped(out, &format!("Rule: {}", safe(name)), "", layout.width);
    }
}

fn exclusions(report: &Report, layout: Layout) -> String {
    let mut builder = Builder::default();
    builder.push_record(["exclusion", "matches", "sole", "share", "devices", "first", "last", "status"]);
    for exclusion in &report.exclusions {
        builder.push_record([
            safe(&exclusion.id),
            number(exclusion.matches),
            number(exclusion.sole),
            percent(exclusion.matches, report.totals.read),
            number(exclusion.devices),
            day(exclusion.first.as_ref()).to_owned(),
            day(exclusion.last.as_ref()).to_owned(),
            exclusion.status.word().to_owned(),
        ]);
    }
    laid_out(builder, Columns::new(1..5), layout)
}

fn groups(report: &Report, layout: Layout) -> String {
    let mut builder = Builder::default();
    builder.push_record(["process", "destination", "rows", "share of kept"]);
    for group in report.kept_groups.iter().take(layout.groups) {
        builder.push_record([
            value(&group.process),
            safe(&group.destination),
            number(group.rows),
            percent(group.rows, report.totals.kept),
        ]);
    }
    laid_out(builder, Columns::new(2..4), layout)
}

fn laid_out(
    builder: Builder,
    numbers: impl Object<
        tabled::grid::records::vec_records::VecRecords<tabled::grid::records::vec_records::Text<String>>,
    >,
    layout: Layout,
) -> String {
    let mut table = builder.build();
    table.with(Style::sharp());
    table.modify(numbers, Alignment::right());
    table.with(Width::wrap(layout.width).priority(Priority::max(true)).keep_words(true));
    table.to_string()
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
            wrapped(out, item, "  ", layout.width);
        }
    }
}

/// Writes a paragraph within the width; what follows its first line is indented by two more.
fn wrapped(out: &mut String, text: &str, indent: &str, width: usize) {
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
