//! Hunt results as they were exported: bytes in, rows with named cells out.
//!
//! In: a stream of bytes. Out: for each row its bytes, its place and the cells that somebody asked for,
//! or the [`Fault`] that makes it unreadable. It does not know what the cells are wanted for.
//!
//! [`unpack`] undoes compression and UTF-16. [`chunk`] cuts the stream between rows, so that chunks can be read side by side; [`csv`] and
//! [`json`] find the rows and cells of one chunk; [`document`] finds the records in JSON documents, whose [`shape`] is
//! told from their first bytes. Nothing is kept from one row to the next.

mod blocks;
pub mod chunk;
pub mod csv;
pub mod document;
pub mod duplicate;
pub mod encoding;
mod hasty;
pub mod header;
pub mod json;
pub mod layout;
mod quick;
pub mod shape;
mod skip;
pub mod table;
pub mod time;
pub mod unpack;

use smallvec::SmallVec;
use std::fmt;

/// A file with more columns is no table: the services' own limit is 500, that of spreadsheets is this.
pub const MAX_COLUMNS: usize = 1 << 14;

/// White space of JSON. A form feed, which Rust counts as such, is none.
pub(crate) fn is_json_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The shape of a results file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Delimiter-separated values after RFC 4180.
    Csv {
        /// The byte between two cells.
        delimiter: u8,
    },
    /// One JSON object a line.
    JsonLines,
    /// Records in a JSON document.
    Document(shape::Document),
    /// Columns in pages; read only if quell was built for it.
    Parquet,
}

impl Format {
    /// Whether columns are named once, before the rows.
    pub fn has_header(self) -> bool {
        matches!(self, Self::Csv { .. } | Self::Document(shape::Document::Tables) | Self::Parquet)
    }

    /// Its name in a report.
    pub fn word(self) -> &'static str {
        use shape::Document;
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

/// Why a row cannot be read. Such a row is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// It is longer than [`chunk::MAX_ROW`].
    TooLong,
    /// It holds a NUL byte.
    Nul,
    /// It is not UTF-8.
    NotUtf8,
    /// It is not one JSON object.
    NotJson,
    /// It is not one JSON array.
    NotJsonRow,
    /// It stands after a place where the structure of a JSON document breaks.
    Lost,
    /// A key that is looked at stands twice. Such a row is not kept either: the file is refused.
    DuplicateKey,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ragged { cells, header } => write!(f, "{cells} cells under a header of {header}"),
            Self::UnclosedQuote => f.write_str("a quoted cell that never ends, or a line after it"),
            Self::StrayQuote => f.write_str("a quotation mark or carriage return where none may stand"),
            Self::TooLong => write!(f, "longer than {} MiB", chunk::MAX_ROW >> 20),
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
    /// Its cells in the order of [`layout::Layout`], or why they cannot be read.
    pub cells: Result<&'c [Option<&'c str>], Fault>,
}

/// The last segment of a path of either kind.
pub fn last_segment(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}
