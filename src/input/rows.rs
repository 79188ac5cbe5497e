//! Reads the rows of a chunk, whatever its format.
//!
//! In: a chunk. Out: its rows in order. It judges nothing and writes nothing.

use super::chunk::{Chunk, Cut};
use super::csv::{ChunkOutcome, CsvReader, too_long};
use super::duplicate::DuplicateKey;
use super::json::document::PieceKind;
use super::json::table::{Table, TableRows};
use super::json::{JsonReader, Records};
use super::projection::Projection;
use super::{Fault, Row, is_json_space};
use memchr::memchr_iter;
use std::ops::Range;

/// The reader of one file's rows.
#[derive(Debug)]
pub enum Rows {
    /// Delimiter-separated values.
    Csv(CsvReader),
    /// JSON objects.
    Json(JsonReader),
    /// JSON arrays under a list of columns.
    Table(Table),
    /// Parquet, which does not come in chunks: only where its columns stand.
    Columns(Projection),
}

impl Rows {
    /// Calls `take` with each row of a chunk. The caller needs the first `cells` wanted cells, so others may be left out.
    /// In JSON, `seen_keys` is set to true for each wanted cell whose key occurs; it may be empty if nobody needs that.
    pub fn each(
        &self,
        cells: usize,
        chunk: &Chunk,
        seen_keys: &mut [bool],
        mut take: impl FnMut(&Row<'_>),
    ) -> ChunkOutcome {
        if let Cut::TooLong { continues } = chunk.cut {
            too_long(&chunk.bytes, continues, &mut take);
            return ChunkOutcome::Regular { lines: memchr_iter(b'\n', &chunk.bytes).count() as u64 };
        }
        match self {
            Self::Csv(reader) => {
                return reader.rows(cells, &chunk.bytes, chunk.cut, chunk.last, take);
            }
            Self::Json(reader) if chunk.cut != Cut::Records => {
                return ChunkOutcome::Regular { lines: reader.rows(&chunk.bytes, seen_keys, take) };
            }
            Self::Json(_) | Self::Table(_) | Self::Columns(_) => {
                let mut pieces = self.pieces(&chunk.bytes);
                for piece in &chunk.pieces {
                    pieces.rows(piece.kind, piece.range.clone(), seen_keys, &mut take);
                }
            }
        }
        ChunkOutcome::Regular { lines: memchr_iter(b'\n', &chunk.bytes).count() as u64 }
    }

    /// The wanted key that occurs twice in a JSON row. `line` is the line of the row.
    pub fn duplicate_key(&self, row: &[u8], line: u64) -> Option<DuplicateKey> {
        match self {
            Self::Json(reader) => reader.duplicate_key(row, line),
            Self::Csv(_) | Self::Table(_) | Self::Columns(_) => None,
        }
    }

    /// A reader of the pieces of a document that stand in a chunk.
    pub(crate) fn pieces<'r>(&'r self, chunk: &'r [u8]) -> Pieces<'r> {
        let records = match self {
            Self::Json(reader) => Some(PieceRecords::Objects(Records::new(reader, chunk))),
            Self::Table(table) => Some(PieceRecords::Arrays(TableRows::new(table, chunk))),
            Self::Csv(_) | Self::Columns(_) => None,
        };
        Pieces { chunk, records }
    }
}

/// Reads the pieces of a document that stand in a chunk.
pub(crate) struct Pieces<'r> {
    chunk: &'r [u8],
    /// What its records are; nothing if the results are no document.
    records: Option<PieceRecords<'r>>,
}

enum PieceRecords<'r> {
    Objects(Records<'r>),
    Arrays(TableRows<'r>),
}

impl Pieces<'_> {
    /// Calls `take` with the rows of a piece: one record, or broken lines. Other pieces hold no row.
    pub(crate) fn rows(
        &mut self,
        kind: PieceKind,
        range: Range<usize>,
        seen_keys: &mut [bool],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        match (kind, &mut self.records) {
            (PieceKind::Record, Some(PieceRecords::Objects(records))) => records.row(range, seen_keys, take),
            (PieceKind::Record, Some(PieceRecords::Arrays(rows))) => rows.row(range, take),
            (PieceKind::Lost, _) => {
                let mut start = range.start;
                for bytes in self.chunk[range].split_inclusive(|byte| *byte == b'\n') {
                    if !bytes.iter().all(|byte| is_json_space(*byte)) {
                        take(&Row { bytes, start, cells: Err(Fault::Lost) });
                    }
                    start += bytes.len();
                }
            }
            _ => {}
        }
    }
}
