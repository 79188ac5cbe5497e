//! What a run says about the results that it read, as it stands in reports.

use schemars::JsonSchema;
use serde::Serialize;

/// Why results are not, or may not be, all that the hunt found.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct Warning {
    /// What kind it is.
    pub code: WarningCode,
    /// The file; absent if it concerns all of them.
    pub file: Option<String>,
    /// How many rows it concerns; absent if that is not known.
    pub rows: Option<u64>,
    /// The warning in one sentence.
    pub message: String,
}

/// The kinds of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WarningCode {
    /// The file has exactly as many rows as a portal or an API exports at most.
    RowCap,
    /// The service says that the results are not all.
    Partial,
    /// The file ends inside a row or a document.
    CutOff,
    /// The structure of a JSON document breaks, so that what follows could not be read; or an object in it has no
    /// records where some should be.
    Broken,
    /// Rows repeat earlier ones.
    Duplicates,
    /// Kept rows have a name that looks like one in an exclusion, and is another.
    LookAlike,
    /// No time of the rows could be read, though they have a column for it.
    NoTime,
    /// A row repeats the header: files were put one behind the other.
    HeaderAgain,
    /// A row is the header of another table, and rows below it are misread: files were put one behind the other.
    OtherHeader,
    /// In no row could the address or the number be read that exclusions name, though some rows have a text there; or in
    /// many rows it could not.
    Unreadable,
    /// Rows are of tables that no schema knows; they are kept.
    UnknownTable,
    /// Rows hold bytes that are not UTF-8.
    Encoding,
}

impl WarningCode {
    /// The word in every format.
    pub fn word(self) -> &'static str {
        match self {
            Self::RowCap => "row-cap",
            Self::Partial => "partial",
            Self::CutOff => "cut-off",
            Self::Broken => "broken",
            Self::Duplicates => "duplicates",
            Self::LookAlike => "look-alike",
            Self::NoTime => "no-time",
            Self::HeaderAgain => "header-again",
            Self::OtherHeader => "other-header",
            Self::Unreadable => "unreadable",
            Self::UnknownTable => "unknown-table",
            Self::Encoding => "encoding",
        }
    }
}

/// A file of results.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct ResultsFile {
    /// As the user named it; `-` for standard input.
    pub file: String,
    /// `csv`, `jsonl`, or `json` and where its records stand: `array`, `results`, `records` or `tables`.
    pub format: String,
    /// The schema that its columns were read by; the names of all, if its rows are of several tables.
    pub schema: String,
    /// How many rows are of which table, if they are of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableRows>,
    /// Its rows.
    pub rows: u64,
}

/// Rows of one table.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct TableRows {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
}

/// A row that could not be read; it is kept.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema, PartialEq)]
pub struct MalformedRow {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}
