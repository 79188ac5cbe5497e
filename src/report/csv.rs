//! The report for a spreadsheet: one table, in which no cell runs as a formula.

use super::Report;
use crate::printable::written_out;

const HEADER: [&str; 11] = [
    "kind",
    "name",
    "destination",
    "rows",
    "sole",
    "scoped_matches",
    "share",
    "devices",
    "first",
    "last",
    "status",
];

pub(super) fn render(report: &Report) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let mut put = |cells: [String; 11]| drop(writer.write_record(cells.iter().map(|cell| neutral(cell))));
    put(HEADER.map(str::to_owned));
    let totals = &report.totals;
    for (name, rows) in [
        ("read", totals.read),
        ("kept", totals.kept),
        ("suppressed", totals.suppressed),
        ("undecidable", totals.undecidable),
        ("malformed", totals.malformed),
        ("duplicates", totals.duplicates),
    ] {
        put(row("total", name, "", rows));
    }
    for warning in &report.warnings {
        let file = warning.file.as_deref().unwrap_or_default();
        put(row("warning", warning.code.word(), file, warning.rows.unwrap_or_default()));
    }
    for exclusion in &report.exclusions {
        let mut cells = row("exclusion", &exclusion.id, "", exclusion.matches);
        cells[4] = exclusion.sole.to_string();
        cells[5] = exclusion.scoped_matches.to_string();
        cells[6] = format!("{:.6}", exclusion.share);
        cells[7] = exclusion.devices.to_string();
        cells[8] = exclusion.first.clone().unwrap_or_default();
        cells[9] = exclusion.last.clone().unwrap_or_default();
        exclusion.status.word().clone_into(&mut cells[10]);
        put(cells);
    }
    for group in &report.kept_groups {
        put(row("kept group", &group.process, &group.destination, group.rows));
    }
    for group in report.grouped.iter().flat_map(|grouped| &grouped.groups) {
        let parts: Vec<String> = group.by.iter().map(|(field, part)| format!("{field}={part}")).collect();
        let mut cells = row("group", &parts.join(", "), "", group.rows);
        cells[7] = group.devices.to_string();
        cells[8] = group.first.clone().unwrap_or_default();
        cells[9] = group.last.clone().unwrap_or_default();
        put(cells);
    }
    if report.kept_in_other_groups > 0 {
        put(row("kept in other groups", "", "", report.kept_in_other_groups));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn row(kind: &str, name: &str, destination: &str, rows: u64) -> [String; 11] {
    let mut cells: [String; 11] = Default::default();
    kind.clone_into(&mut cells[0]);
    name.clone_into(&mut cells[1]);
    destination.clone_into(&mut cells[2]);
    cells[3] = rows.to_string();
    cells
}

/// A leading apostrophe makes a spreadsheet show what it would otherwise run (OWASP, CSV injection). Some read the full-width
/// forms of the signs like the signs.
fn neutral(cell: &str) -> String {
    let cell = written_out(cell);
    let begins = |text: &str| {
        text.starts_with([
            '=', '+', '-', '@', '|', '%', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{ff5c}',
            '\u{ff05}',
        ])
    };
    if begins(cell.trim_start()) { format!("'{cell}") } else { cell.into_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_formula_is_shown_not_run() {
        assert_eq!(super::neutral("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(super::neutral("\u{ff1d}1+1"), "'\u{ff1d}1+1");
        assert_eq!(super::neutral(" =1+1"), "' =1+1");
        assert_eq!(super::neutral("\t=1"), "\\u{9}=1");
        assert_eq!(super::neutral("chrome.exe"), "chrome.exe");
    }
}
