//! Sends each row where it belongs: to the kept or to the suppressed output, byte for byte.
//!
//! In: the chunks of a file. Out: to a [`Sink`], in the order of the file, the bytes of kept rows, and those of suppressed rows
//! with who suppressed them; and the counts. It opens no files: the command line's sink, which does, is `commands/sink.rs`.
//!
//! A `Job` has a chunk judged and counted, and sorts its bytes. `attribution` adds to suppressed rows who suppressed them,
//! `envelope` makes two documents out of one, and `repeats` counts or drops rows that occur twice. A `Writer` takes judged
//! chunks in order. Parquet has no bytes of rows, so `parquet` does all of that by itself.

mod attribution;
mod envelope;
pub(crate) mod job;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod repeats;
pub(crate) mod writer;

pub use attribution::ATTRIBUTION;
pub(crate) use job::Job;

use crate::input::utf16::Encoding;
use crate::input::{Format, Input};
use std::io;
use std::ops::Range;

/// Where the bytes go.
pub trait Sink {
    /// Kept rows, byte for byte.
    fn kept(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// The same for kept rows that stand in several places of a text.
    fn kept_runs(&mut self, text: &[u8], runs: &[Range<usize>]) -> io::Result<()> {
        runs.iter().try_for_each(|run| self.kept(&text[run.clone()]))
    }
    /// Suppressed rows with their attribution.
    fn suppressed(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// The rows of another file follow, so a line feed must be added if the last line has none.
    fn end_line(&mut self) -> io::Result<()> {
        Ok(())
    }
    /// `bytes` more bytes were read. An error ends the run.
    fn progress(&mut self, _bytes: usize) -> io::Result<()> {
        Ok(())
    }
    /// `rows` more rows were counted.
    fn counted(&mut self, _rows: u64) {}
    /// Rows of Parquet with these columns follow.
    #[cfg(feature = "parquet")]
    fn begin_columns(&mut self, _schema: &arrow_schema::SchemaRef) -> io::Result<()> {
        Ok(())
    }
    /// Rows of Parquet, and which of them are kept and which suppressed, by whom.
    #[cfg(feature = "parquet")]
    fn columns(&mut self, _rows: parquet::SplitBatch<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// A sink that drops all rows.
#[derive(Debug, Default, Clone, Copy)]
pub struct Discard;

impl Sink for Discard {
    fn kept(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn suppressed(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// A sink that collects rows in memory.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct InMemory {
    /// Kept rows, under the header of the first file.
    pub kept: Vec<u8>,
    /// Suppressed rows, each with who suppressed it.
    pub suppressed: Vec<u8>,
}

impl Sink for InMemory {
    fn kept(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.kept.extend_from_slice(bytes);
        Ok(())
    }

    fn suppressed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.suppressed.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> io::Result<()> {
        for text in [&mut self.kept, &mut self.suppressed] {
            if text.last().is_some_and(|last| *last != b'\n') {
                text.push(b'\n');
            }
        }
        Ok(())
    }
}

/// What the files of one output must have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputShape {
    format: Format,
    encoding: Encoding,
    header: Vec<u8>,
}

impl OutputShape {
    pub(crate) fn of(input: &Input) -> Self {
        let header = attribution::split_line_end(&input.preamble).0;
        let header = header.strip_prefix(crate::input::BYTE_ORDER_MARK).unwrap_or(header);
        Self { format: input.format, encoding: input.encoding, header: header.to_vec() }
    }

    /// What a later file does not have in common with this one; `None` if they fit together.
    pub(crate) fn differs(&self, later: &Self) -> Option<String> {
        let (before, after) = (self.format.word(), later.format.word());
        let what = match () {
            () if before != after => return Some(format!("format ({after} after {before})")),
            () if self.format != later.format => "delimiter or envelope",
            () if self.encoding != later.encoding => "encoding",
            () if self.header != later.header => "header",
            () => return None,
        };
        Some(what.to_owned())
    }
}

/// The first results whose rows cannot stand below those before, and what they do not have in common.
pub fn odd_one_out(inputs: &[Input]) -> Option<(&Input, String)> {
    let pairs = inputs.windows(2);
    let mut differing =
        pairs.map(|pair| (&pair[1], OutputShape::of(&pair[0]).differs(&OutputShape::of(&pair[1]))));
    differing.find_map(|(input, what)| Some((input, what?)))
}

/// Writes what stands above the first row to both outputs. In CSV the header of suppressed rows gets one more column.
pub(crate) fn begin(input: &Input, sink: &mut dyn Sink) -> io::Result<()> {
    if input.preamble.is_empty() {
        return Ok(());
    }
    sink.kept(&input.preamble)?;
    let Format::Csv { delimiter } = input.format else { return sink.suppressed(&input.preamble) };
    let (header, end) = attribution::split_line_end(&input.preamble);
    let added = [&[delimiter], ATTRIBUTION.as_bytes()].concat();
    [header, &added, end].into_iter().try_for_each(|part| sink.suppressed(part))
}
