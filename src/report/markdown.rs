//! The report for a ticket or a pull request.

use super::grouped::{self, GroupsReport};
use super::words::{count, day, left_out, loose, number, percent, read_by, safe, totals, value};
use super::{Layout, Report};
use std::fmt::Write;

pub(super) fn render(report: &Report, layout: Layout) -> String {
    let mut out = String::from("## Hunt results after exclusions\n\n");
    let _ = writeln!(out, "{}\n", totals(report));
    for warning in &report.warnings {
        let _ = writeln!(out, "> **Warning:** {}\n", escape(&warning.message));
    }
    for file in &report.results {
        let _ = writeln!(
            out,
            "- {} ({}, {}, {})",
            code(&file.file),
            file.format,
            read_by(file),
            count(file.rows, "row", "rows")
        );
        for of_table in &file.tables {
            let _ = writeln!(out, "  - {}: {}", of_table.table, count(of_table.rows, "row", "rows"));
        }
    }
    if let Some(rule) = &report.rule {
        let name = rule.name.as_deref().or(rule.id.as_deref()).unwrap_or_default();
        let _ = writeln!(out, "- rule {}", code(name));
    }
    exclusions(&mut out, report);
    loose_readings(&mut out, report);
    match &report.grouped {
        Some(grouped) => grouped_by(&mut out, grouped, report.totals.kept, layout),
        None => groups(&mut out, report, layout),
    }
    list(&mut out, "Left out", &left_out(report));
    let bad: Vec<String> =
        report.malformed.iter().map(|row| format!("{}:{}: {}", row.file, row.line, row.why)).collect();
    list(&mut out, "Rows that could not be read (kept)", &bad);
    list(&mut out, "Notes", &report.notes);
    out
}

fn exclusions(out: &mut String, report: &Report) {
    if report.exclusions.is_empty() {
        return;
    }
    out.push_str("\n| exclusion | matches | sole | share | devices | first | last | status |\n|---|--:|--:|--:|--:|---|---|---|\n");
    for exclusion in &report.exclusions {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            code(&exclusion.id),
            number(exclusion.matches),
            number(exclusion.sole),
            percent(exclusion.matches, report.totals.read),
            number(exclusion.devices),
            day(exclusion.first.as_ref()),
            day(exclusion.last.as_ref()),
            exclusion.status.word()
        );
    }
}

fn loose_readings(out: &mut String, report: &Report) {
    let mut lines = Vec::new();
    for exclusion in &report.exclusions {
        if let Some((sentence, details)) = loose(exclusion) {
            lines.push(format!("- {}: {sentence}", code(&exclusion.id)));
            lines.extend(details.iter().map(|detail| format!("  - {}", escape(detail))));
        }
    }
    if !lines.is_empty() {
        let _ = writeln!(out, "\n### Hidden only by the loose reading\n\n{}", lines.join("\n"));
    }
}

fn groups(out: &mut String, report: &Report, layout: Layout) {
    if report.kept_groups.is_empty() {
        return;
    }
    out.push_str(
        "\n### Left to look at\n\n| process | destination | rows | share of kept |\n|---|---|--:|--:|\n",
    );
    for group in report.kept_groups.iter().take(layout.groups) {
        let share = percent(group.rows, report.totals.kept);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {share} |",
            code(&value(&group.process)),
            escape(&group.destination),
            number(group.rows)
        );
    }
    let rest = report.kept_groups.len().saturating_sub(layout.groups);
    if rest > 0 {
        let _ = writeln!(out, "\n{}.", count(rest as u64, "more group", "more groups"));
    }
}

fn grouped_by(out: &mut String, report: &GroupsReport, kept: u64, layout: Layout) {
    let by = report.by.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        out,
        "\n### Left to look at, by {by}\n\n| group | of | rows | share of kept | devices | constant | varies |\n|--:|---|--:|--:|--:|---|---|"
    );
    for group in report.groups.iter().take(layout.groups) {
        let [constant, varies] = grouped::sides(group).map(|side| escape(&side));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {constant} | {varies} |",
            group.group,
            code(&grouped::title(group)),
            number(group.rows),
            percent(group.rows, kept),
            number(group.devices)
        );
    }
    if let Some(rest) = grouped::rest(report, layout) {
        let _ = writeln!(out, "\n{rest}.");
    }
}

fn list(out: &mut String, title: &str, items: &[String]) {
    if !items.is_empty() {
        let _ = writeln!(out, "\n### {title}\n");
        for item in items {
            let _ = writeln!(out, "- {}", escape(item));
        }
    }
}

/// A code span that no content can leave, also inside a table.
pub(crate) fn code(text: &str) -> String {
    let text = safe(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text in which nothing is markup. Words that a page would turn into a link or a mention (URLs, `@user`, `#1`) become code,
/// because a backslash in front does not stop that.
pub(crate) fn escape(text: &str) -> String {
    let text = safe(text);
    let words = text.split(' ').map(|word| if is_live(word) { code(word) } else { escaped(word) });
    words.collect::<Vec<_>>().join(" ")
}

fn is_live(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["://", "www.", "@", "#", "mailto:", "gh-"].iter().any(|sign| word.contains(sign))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '#' | '~' | '@' | '$' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_row_becomes_markup() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(escape("<img> [x](y) @all"), "&lt;img&gt; \\[x\\](y) `@all`");
        assert_eq!(code("\u{1b}[2J"), "`\\u{1b}[2J`");
    }
}
