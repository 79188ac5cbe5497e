//! Opens results and finds out what they are.
//!
//! In: a stream of bytes and its name. Out: an [`Input`]: text whose shape is known and whose rows are still to come.
//! What the columns mean is not asked here, and no file is opened.

use super::chunk::{CHUNK, Chunker, TextChunks};
use super::decompress::decompress;
use super::detect::{BEGINNING, cannot_read, detect};
use super::json::shape::Shape;
use super::time::{DateOrder, Dates};
use super::utf16::Encoding;
use super::{Format, InputOptions};
use crate::diagnostic::Diagnostics;
use memchr::memchr_iter;
use std::fmt;
use std::io::Read;

/// How many rows are read to find out how dates are written.
const SAMPLE: usize = 2_000;

/// Results that are open and understood.
pub struct Input {
    /// As the user named it.
    pub name: String,
    /// The text from its first row on, cut into chunks.
    pub chunks: TextChunks,
    /// How rows are found.
    pub format: Format,
    /// The bytes before the first row: a byte order mark and, in CSV, the header.
    pub preamble: Vec<u8>,
    /// Line of the first row, from 1.
    pub line: u64,
    /// The names of the columns as the file writes them; for JSON the keys of the first records.
    pub names: Vec<String>,
    /// How many bytes the text has, if that is known.
    pub size: Option<u64>,
    /// How the text is stored.
    pub encoding: Encoding,
    /// Whether each record has its columns below the key `properties`.
    pub nested: bool,
    /// How CSV writes the times in columns whose name ends in `[UTC]`.
    pub dates: Dates,
    /// Parquet has columns instead of text; `chunks` is then empty.
    #[cfg(feature = "parquet")]
    pub columns: Option<super::parquet::Columns>,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("name", &self.name)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Input {
    /// Reads the beginning of a stream: compressed or not, UTF-8 or UTF-16, CSV, JSON Lines or a JSON document.
    pub fn read(
        name: &str,
        stream: impl Read + Send + 'static,
        options: &InputOptions,
    ) -> Result<Self, Diagnostics> {
        let text = decompress(stream).map_err(|error| cannot_read(name, &error))?;
        let encoding = text.encoding;
        let mut chunks = Chunker::new(text.reader, CHUNK);
        let (Shape { format, names, nested }, preamble) = detect(name, &mut chunks, options)?;
        chunks.set_format(format);
        Ok(Self {
            name: name.to_owned(),
            dates: dates(&mut chunks, format, &names),
            chunks,
            format,
            line: 1 + memchr_iter(b'\n', &preamble).count() as u64,
            preamble,
            names,
            // The progress bar counts bytes of decoded text, so the size of a compressed or UTF-16 file would mislead.
            size: options.size.filter(|_| text.compression.is_none() && encoding == Encoding::Utf8),
            encoding,
            nested,
            #[cfg(feature = "parquet")]
            columns: None,
        })
    }

    /// Rows whose shape is known, without a header, read in chunks of about `chunk` bytes.
    pub fn with_shape(name: &str, rows: impl Read + Send + 'static, shape: Shape, chunk: usize) -> Self {
        let mut chunks = Chunker::new(Box::new(rows) as Box<dyn Read + Send>, chunk);
        chunks.set_format(shape.format);
        Self {
            name: name.to_owned(),
            dates: Dates::Iso,
            chunks,
            format: shape.format,
            line: 1,
            preamble: Vec::new(),
            names: shape.names,
            size: None,
            encoding: Encoding::Utf8,
            nested: shape.nested,
            #[cfg(feature = "parquet")]
            columns: None,
        }
    }

    /// The order of day and month in the times of this column, if they are not ISO 8601 and the order is known.
    pub fn date_order(&self, time: Option<usize>) -> Option<DateOrder> {
        match self.dates {
            Dates::Locale(order) if time.is_some_and(|column| is_utc(&self.names[column])) => Some(order),
            _ => None,
        }
    }

    /// Columns of Parquet.
    #[cfg(feature = "parquet")]
    pub fn of_columns(name: &str, columns: super::parquet::Columns) -> Self {
        Self {
            name: name.to_owned(),
            chunks: Chunker::new(Box::new(std::io::empty()), CHUNK),
            format: Format::Parquet,
            // Files go into one output only if their preambles are equal, so this one names all columns and types.
            preamble: format!("{:?}", columns.schema().fields()).into_bytes(),
            line: 1,
            names: columns.names(),
            size: None,
            encoding: Encoding::Utf8,
            nested: false,
            dates: Dates::Iso,
            columns: Some(columns),
        }
    }
}

/// How the first rows write times in columns whose name ends in `[UTC]`, such as `TimeGenerated [UTC]`.
fn dates(chunks: &mut TextChunks, format: Format, names: &[String]) -> Dates {
    let Format::Csv { delimiter } = format else { return Dates::Iso };
    let columns: Vec<usize> = (0..names.len()).filter(|place| is_utc(&names[*place])).collect();
    if columns.is_empty() {
        return Dates::Iso;
    }
    // If reading fails here, it fails again when the rows are read, and is reported then.
    let Ok((text, _)) = chunks.peek(BEGINNING) else { return Dates::Iso };
    let reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
    let rows: Vec<_> = reader.into_records().map_while(Result::ok).take(SAMPLE).collect();
    Dates::of(rows.iter().flat_map(|row| columns.iter().filter_map(|column| row.get(*column))))
}

/// Whether the name of a column ends in `[UTC]`.
fn is_utc(name: &str) -> bool {
    name.trim_end().ends_with(" [UTC]")
}
