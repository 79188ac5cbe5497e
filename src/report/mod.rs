//! What a run did, as one value, and the formats that it is printed in.
//!
//! In: the tally, the exclusions and where the rows came from. Out: a [`Report`], which is also the JSON
//! format, and for other formats text. It counts nothing itself.

pub mod build;
mod csv;
pub mod grouped;
pub mod html;
mod json;
mod look_alike;
pub(crate) mod markdown;
pub mod profile;
pub mod style;
pub(crate) mod table;
pub(crate) mod words;

pub use crate::run::in_force::Status;
pub use crate::run::outcome::{MalformedRow, ResultsFile, Warning, WarningCode};
pub use grouped::GroupsReport;
pub use table::fitted;
pub use words::{loose, number};

use crate::count::tally::Totals;
use schemars::JsonSchema;
use serde::Serialize;
use std::io;

/// The report of `quell apply`.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct Report {
    /// Rows by verdict.
    pub totals: Totals,
    /// The files that were read, in order.
    pub results: Vec<ResultsFile>,
    /// The rule that the results come from, if it was named.
    pub rule: Option<RuleName>,
    /// The day on which expiry was judged, YYYY-MM-DD.
    pub today: String,
    /// Time of the earliest row, UTC; absent if no row has a time in ISO 8601.
    pub first: Option<String>,
    /// Time of the latest row, UTC.
    pub last: Option<String>,
    /// One for each loaded exclusion, those that cover most rows first.
    pub exclusions: Vec<ExclusionReport>,
    /// Kept rows by process and destination network, most rows first.
    pub kept_groups: Vec<KeptGroup>,
    /// Kept rows in groups that are not listed.
    pub kept_in_other_groups: u64,
    /// Kept rows by other fields, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouped: Option<GroupsReport>,
    /// The first rows that could not be read, by file and line; `totals.malformed` has their number.
    pub malformed: Vec<MalformedRow>,
    /// Why the results are not, or may not be, what the hunt found.
    pub warnings: Vec<Warning>,
    /// What somebody who acts on these figures has to know.
    pub notes: Vec<String>,
}

/// A rule by name.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct RuleName {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// What one exclusion did.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct ExclusionReport {
    /// Its id.
    pub id: String,
    /// The list that it stands in.
    pub file: String,
    /// Its line there.
    pub line: usize,
    /// How it stands.
    pub status: Status,
    /// Why it was left out, if it was.
    pub why: Option<String>,
    /// Rows that it covers.
    pub matches: u64,
    /// Rows that only it covers: they come back without it.
    pub sole: u64,
    /// Rows that meet every field it names at once; the other matches are what only the loose reading hides.
    pub scoped_matches: u64,
    /// `matches` as a share of all rows read, 0 to 1.
    pub share: f64,
    /// Devices of its rows.
    pub devices: u64,
    /// Time of its earliest row, UTC.
    pub first: Option<String>,
    /// Time of its latest row, UTC.
    pub last: Option<String>,
    /// What the loose reading lets through, by field whose conditions those rows do not meet.
    pub loose: Vec<LooseField>,
}

/// Values of a field in rows that an exclusion covers although none of its conditions on that field is met.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct LooseField {
    /// The field.
    pub field: String,
    /// Rows.
    pub rows: u64,
    /// Different values.
    pub distinct: u64,
    /// The most frequent values.
    pub examples: Vec<Example>,
}

/// A value and its rows.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct Example {
    /// The value in lower case; empty if the cell is.
    pub value: String,
    /// Rows with it.
    pub rows: u64,
}

/// Kept rows of one process to one network.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct KeptGroup {
    /// File name of the process in lower case; empty if the rows have none.
    pub process: String,
    /// A /24 of IPv4 or a /64 of IPv6, or in brackets why there is none.
    pub destination: String,
    /// Rows.
    pub rows: u64,
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// For a terminal.
    Table,
    /// For machines: the [`Report`] itself.
    Json,
    /// For a ticket or a pull request.
    Markdown,
    /// For a spreadsheet; no cell runs as a formula.
    Csv,
}

impl ReportFormat {
    /// Every format with its names, of which the first is shown, and what it is for.
    pub const ALL: [(Self, &[&str], &str); 4] = [
        (Self::Table, &["table"], "For a terminal"),
        (Self::Json, &["json"], "For machines"),
        (Self::Markdown, &["markdown", "md"], "For a ticket or a pull request"),
        (Self::Csv, &["csv"], "For a spreadsheet; no cell runs as a formula"),
    ];

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, names, _)| names.contains(&name)).map(|(format, ..)| format)
    }

    /// The format that a file name asks for.
    pub fn of_file(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "md" | "markdown" => Some(Self::Markdown),
            "csv" => Some(Self::Csv),
            "txt" => Some(Self::Table),
            _ => None,
        }
    }
}

/// How a report is laid out for people.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// Groups of kept rows that are shown.
    pub groups: usize,
    /// Whether it is coloured.
    pub ink: style::Ink,
}

/// Writes the text of a report, with a final line feed, in many small parts.
pub fn write(
    report: &Report,
    format: ReportFormat,
    layout: Layout,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let text = match format {
        ReportFormat::Json => return json::write(report, out),
        ReportFormat::Table => table::render(report, layout),
        ReportFormat::Markdown => markdown::render(report, layout),
        ReportFormat::Csv => csv::render(report),
    };
    // Every part is written out where it is put in; what was forgotten there is caught here.
    out.write_all(style::written_out(&text).as_bytes())
}

/// Text from a row made safe to print: what would move the cursor or turn the text around is written out.
pub fn printable(text: &str) -> String {
    words::safe(text)
}

/// The JSON Schema of the JSON format.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
