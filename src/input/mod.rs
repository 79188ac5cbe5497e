//! Hunt results as they were exported: bytes in, rows with named cells out.
//!
//! In: a stream of bytes. Out: for each row its bytes, its place and the cells that somebody asked for,
//! or the [`Fault`] that makes it unreadable. It does not know what the cells are wanted for.
//!
//! [`Input::read`] finds out what a stream is: [`decompress`] and [`utf16`] undo how it is stored, and its first bytes
//! tell its shape. [`chunk`] cuts the text between rows, so that chunks can be read side by side. [`rows`] finds the rows
//! of one chunk: in [`csv`], or in [`json`] whether it comes in lines or in documents. A [`projection`] says which columns
//! the cells come from. Nothing is kept from one row to the next.

pub mod chunk;
pub mod csv;
pub mod decompress;
mod detect;
pub mod duplicate;
pub mod json;
mod open;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod projection;
pub mod rows;
pub mod time;
pub mod utf16;

pub(crate) use detect::cannot_read;
pub use detect::is_query;
use json::format::Document;
pub use open::Input;
use smallvec::SmallVec;
use std::fmt;

/// Longer rows are not read: such a length means that a quotation mark is never closed, or that this is no row.
pub const MAX_ROW: usize = 16 << 20;
/// Files with more columns are refused. Microsoft's services allow 500 columns, and spreadsheets allow this many.
pub const MAX_COLUMNS: usize = 1 << 14;

/// The byte order mark of UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a byte is white space in JSON. Rust's own test would accept a form feed, which JSON does not allow.
pub(crate) fn is_json_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The shape of a results file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Delimiter-separated values after RFC 4180.
    Csv {
        /// The byte between two cells.
        delimiter: u8,
    },
    /// One JSON object a line.
    JsonLines,
    /// Records in a JSON document.
    Document(Document),
    /// Parquet; read only if quell was built with the feature `parquet`.
    Parquet,
}

impl Format {
    /// Whether columns are named once, before the rows.
    pub fn has_header(self) -> bool {
        matches!(self, Self::Csv { .. } | Self::Document(Document::Tables) | Self::Parquet)
    }

    /// Its name in a report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
            Self::Document(Document::Array) => "json array",
            Self::Document(Document::Results) => "json results",
            Self::Document(Document::Records | Document::Batches) => "json records",
            Self::Document(Document::Tables) => "json tables",
        }
    }
}

/// What the user says about results before they are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct InputOptions {
    /// Their format; recognised from their content if `None`.
    pub format: Option<TextFormat>,
    /// The delimiter of CSV; recognised from the header if `None`.
    pub delimiter: Option<u8>,
    /// The size of the file in bytes, if that is known. The progress bar needs it.
    pub size: Option<u64>,
}

/// The formats that the user can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextFormat {
    /// Delimiter-separated values under a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// A JSON document that holds records.
    Json,
}

/// Why a row cannot be read. Such a row is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// It has another number of cells than the header.
    Ragged {
        /// Cells of the row.
        cells: usize,
        /// Cells of the header.
        header: usize,
    },
    /// A quoted cell never ends; every line from there to the end of the file is kept.
    UnclosedQuote,
    /// A quotation mark or a carriage return stands inside an unquoted cell, or text after a closing quotation mark.
    StrayQuote,
    /// It is longer than [`MAX_ROW`].
    TooLong,
    /// It holds a NUL byte.
    Nul,
    /// It is not UTF-8.
    NotUtf8,
    /// It is not one JSON object.
    NotJson,
    /// It is not one JSON array.
    NotJsonRow,
    /// The structure of the JSON document is broken in it or before it.
    Lost,
    /// A key that an exclusion needs occurs twice in it. quell then refuses the whole file.
    DuplicateKey,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ragged { cells, header } => write!(f, "{cells} cells under a header of {header}"),
            Self::UnclosedQuote => f.write_str("a quoted cell that never ends, or a line after it"),
            Self::StrayQuote => f.write_str("a quotation mark or carriage return where none may stand"),
            Self::TooLong => write!(f, "longer than {} MiB", MAX_ROW >> 20),
            Self::Nul => f.write_str("a NUL byte"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::NotJson => f.write_str("not one JSON object"),
            Self::NotJsonRow => f.write_str("not one JSON array"),
            Self::Lost => f.write_str("the JSON document breaks before or in it"),
            Self::DuplicateKey => f.write_str("a key that stands twice"),
        }
    }
}

/// The cells that were asked for; `None` for one that is absent or holds no text.
pub type Cells<'c> = SmallVec<[Option<&'c str>; 16]>;

/// A row that can be read.
#[derive(Debug)]
pub struct Row<'c> {
    /// Its bytes with the end of line.
    pub bytes: &'c [u8],
    /// Byte offset in the chunk.
    pub start: usize,
    /// The wanted cells in the order of [`projection::Projection::wanted`], or why they cannot be read.
    pub cells: Result<&'c [Option<&'c str>], Fault>,
}

/// The last segment of a Windows or Unix path.
pub fn last_segment(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}
