//! The report for machines.

use super::Report;

/// The report as indented JSON.
pub(super) fn render(report: &Report) -> String {
    // A report holds only strings and numbers; serialising it cannot fail.
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}
