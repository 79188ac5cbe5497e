//! The report for a terminal.

use super::grouped;
use super::style::{Ink, Style, columns_of};
use super::words::{count, days, left_out, loose, number, percent, read_by, safe, totals_in, value};
use super::{ExclusionReport, Layout, Report, Status};
use std::fmt::Write;
use std::ops::Range;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style as TableStyle};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a bar.
const BAR: usize = 10;

/// What the words of the table mean, and the sign of its bars.
const LEGEND: &str = "sole: only it covers them · redundant: none is sole · dead: covers none";
const BAR_LEGEND: &str = " · ▒ loose";

/// Rows that could not be read and are named.
const BAD_ROWS: usize = 10;

pub(super) fn render(report: &Report, layout: Layout) -> String {
    let mut out = String::new();
    headline(&mut out, report, layout);
    for warning in &report.warnings {
        let mark = layout.ink.paint(Style::Dead, "WARNING:");
        wrapped(&mut out, &format!("{mark} {}", safe(&warning.message)), "", layout.width);
    }
    if !report.exclusions.is_empty() {
        let _ = writeln!(out, "\n{}", exclusions(report, layout));
        let bars = if has_bars(report, layout.width) { BAR_LEGEND } else { "" };
        let legend = format!("{LEGEND}{bars}");
        wrapped(&mut out, &layout.ink.paint(Style::Faint, legend), "", layout.width);
    }
    loose_readings(&mut out, report, layout);
    if let Some(grouped) = &report.grouped {
        let _ = write!(out, "\n{}", grouped::table(grouped, report.totals.kept, layout));
    } else if !report.kept_groups.is_empty() {
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
    wrapped(out, &totals_in(report, layout.ink), "", layout.width);
    let span = match (&report.first, &report.last) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    // The span is that of the whole run.
    let one = report.results.len() == 1;
    for file in &report.results {
        let span = if one { span.as_str() } else { "" };
        let rows = count(file.rows, "row", "rows");
        let read = format!("{} ({}, {}, {rows}{span})", safe(&file.file), file.format, read_by(file));
        wrapped(out, &read, "", layout.width);
        for of_table in &file.tables {
            let rows = count(of_table.rows, "row", "rows");
            wrapped(out, &format!("{}: {rows}", of_table.table), "  ", layout.width);
        }
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
    let rows = lines(report, layout.ink);
    if !has_bars(report, layout.width) {
        return laid_out(rows, 1..5, layout.width);
    }
    let most = report.exclusions.iter().map(|exclusion| exclusion.matches).max().unwrap_or(0);
    let bars = std::iter::once(String::new())
        .chain(report.exclusions.iter().map(|exclusion| bar(exclusion, most, layout.ink)));
    let rows = rows.into_iter().zip(bars).map(|([id, matches, rest @ ..], bar)| {
        let [sole, share, devices, seen, status] = rest;
        [id, bar, matches, sole, share, devices, seen, status]
    });
    laid_out(rows.collect(), 2..6, layout.width)
}

/// Whether there is room for bars beside everything else.
fn has_bars(report: &Report, width: usize) -> bool {
    let rows = lines(report, Ink::Off);
    let columns: usize = (0..7).map(|column| 2 + widest(&rows, column)).sum();
    columns + BAR <= width && report.exclusions.iter().any(|exclusion| exclusion.matches > 0)
}

/// The table with its header.
fn lines(report: &Report, ink: Ink) -> Vec<[String; 7]> {
    let header = ["exclusion", "matches", "sole", "share", "devices", "seen", "status"].map(str::to_owned);
    let lines = report.exclusions.iter().map(|exclusion| line(exclusion, report, ink));
    std::iter::once(header).chain(lines).collect()
}

fn line(exclusion: &ExclusionReport, report: &Report, ink: Ink) -> [String; 7] {
    let style = match exclusion.status {
        Status::Active => None,
        Status::Dead | Status::Expired => Some(Style::Dead),
        Status::Redundant => Some(Style::Loose),
        Status::OtherRule | Status::OtherSchema => Some(Style::Faint),
    };
    let status = exclusion.status.word();
    [
        safe(&exclusion.id),
        number(exclusion.matches),
        number(exclusion.sole),
        percent(exclusion.matches, report.totals.read),
        number(exclusion.devices),
        days(exclusion.first.as_ref(), exclusion.last.as_ref()),
        style.map_or_else(|| status.to_owned(), |style| ink.paint(style, status)),
    ]
}

/// How many rows it matches beside the one that matches most: first those that meet all that it names, then those that
/// only the loose reading hides.
fn bar(exclusion: &ExclusionReport, most: u64, ink: Ink) -> String {
    let columns = |rows: u64| {
        let part = rows as f64 * BAR as f64 / most.max(1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few columns")]
        let columns = part.round() as usize;
        // What is not nothing is seen.
        columns.max(usize::from(rows > 0))
    };
    let all = columns(exclusion.matches);
    let most_loose = all - usize::from(exclusion.scoped_matches > 0 && all > 1);
    let loose = columns(exclusion.matches.saturating_sub(exclusion.scoped_matches)).min(most_loose);
    let part = |style: Style, sign: &str, columns: usize| match columns {
        0 => String::new(),
        _ => ink.paint(style, sign.repeat(columns)),
    };
    part(Style::Suppressed, "█", all - loose) + &part(Style::Loose, "▒", loose)
}

fn groups(report: &Report, layout: Layout) -> String {
    let header = ["process", "destination", "rows", "share of kept", "group"];
    let mut rows = vec![header.map(str::to_owned)];
    for (place, group) in (1..).zip(report.kept_groups.iter().take(layout.groups)) {
        rows.push([
            value(&group.process),
            safe(&group.destination),
            number(group.rows),
            percent(group.rows, report.totals.kept),
            number(place),
        ]);
    }
    laid_out(rows, 2..5, layout.width)
}

/// A table within the width: what does not fit is wrapped in the first column, at hyphens where it has some.
pub(crate) fn laid_out<const N: usize>(
    rows: Vec<[String; N]>,
    numbers: Range<usize>,
    width: usize,
) -> String {
    laid_out_at(0, rows, numbers, width)
}

/// The same where another column is wrapped.
pub(super) fn laid_out_at<const N: usize>(
    wrapped: usize,
    mut rows: Vec<[String; N]>,
    numbers: Range<usize>,
    width: usize,
) -> String {
    let others: usize =
        (0..N).filter(|column| *column != wrapped).map(|column| widest(&rows, column) + GAP).sum();
    let room = width.saturating_sub(others).max(FIRST);
    for row in &mut rows {
        row[wrapped] = broken(&row[wrapped], room);
    }
    narrowed(&mut rows, &numbers, width);
    laid_out_as_it_is(rows, numbers)
}

/// A table within the width, in which the widest columns give way first.
pub(crate) fn laid_out_evenly<const N: usize>(
    mut rows: Vec<[String; N]>,
    numbers: Range<usize>,
    width: usize,
) -> String {
    narrowed(&mut rows, &numbers, width);
    laid_out_as_it_is(rows, numbers)
}

/// Columns between two columns.
const GAP: usize = 2;
/// No column of words is made narrower than this; the one that is wrapped before the others, not narrower than that.
const NARROW: usize = 10;
const FIRST: usize = 12;

/// Wraps the widest columns of words until all have room. One with colours stays: nothing may break those.
fn narrowed<const N: usize>(rows: &mut [[String; N]], numbers: &Range<usize>, width: usize) {
    let mut widths: [usize; N] = std::array::from_fn(|column| widest(rows, column));
    let gives_way =
        |column: &usize| !numbers.contains(column) && rows.iter().all(|row| !row[*column].contains('\u{1b}'));
    let columns: Vec<usize> = (0..N).filter(gives_way).collect();
    while widths.iter().sum::<usize>() + GAP * N.saturating_sub(1) > width {
        let Some(widest) = columns.iter().max_by_key(|column| widths[**column]) else { break };
        if widths[*widest] <= NARROW {
            break;
        }
        widths[*widest] -= 1;
    }
    for row in rows {
        for column in &columns {
            if row[*column].split('\n').any(|line| columns_of(line) > widths[*column]) {
                row[*column] = broken(&row[*column], widths[*column]);
            }
        }
    }
}

fn laid_out_as_it_is<const N: usize>(rows: Vec<[String; N]>, numbers: Range<usize>) -> String {
    let mut table = Builder::from_iter(rows).build();
    table.with(TableStyle::empty());
    table.with(Padding::new(0, 2, 0, 0));
    table.modify(Columns::new(numbers), Alignment::right());
    let text = table.to_string();
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let rule = "─".repeat(lines.iter().map(|line| columns_of(line)).max().unwrap_or(0));
    lines.insert(1, &rule);
    lines.join("\n")
}

/// The columns of the widest cell, line by line.
fn widest<const N: usize>(rows: &[[String; N]], column: usize) -> usize {
    rows.iter().flat_map(|row| row[column].split('\n').map(columns_of)).max().unwrap_or(0)
}

/// Breaks a word into lines of at most `room`, after hyphens if it can.
fn broken(text: &str, room: usize) -> String {
    let mut out = String::new();
    let mut line = 0;
    for part in text.split_inclusive(['-', '.', ' ', '_', '\\', '/']) {
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
            let title = layout.ink.paint(Style::Loose, "Hidden only by the loose reading");
            let _ = writeln!(out, "\n{title} (one part of the exclusion is enough):");
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

/// Lines within the width, if there is one: a longer one goes on below, indented by two more than it begins.
pub fn fitted(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let rest = line.trim_start_matches(' ');
        wrapped(&mut out, rest, &line[..line.len() - rest.len()], width);
    }
    out
}

/// Writes a paragraph within the width; what follows its first line is indented by two more.
pub(crate) fn wrapped(out: &mut String, text: &str, indent: &str, width: usize) {
    let mut line = indent.to_owned();
    let mut empty = true;
    for word in text.split(' ') {
        if !empty && columns_of(&line) + 1 + columns_of(word) > width {
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
