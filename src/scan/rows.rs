//! The rows of a chunk, whatever its format.
//!
//! In: a chunk. Out: its rows in order. It judges nothing and writes nothing.

use crate::results::chunk::{Chunk, Cut};
use crate::results::csv::{Chunked, Splitter, too_long};
use crate::results::document::Kind;
use crate::results::duplicate::DuplicateKey;
use crate::results::json::{Line, Lines};
use crate::results::table::Table;
use crate::results::{Fault, Row, is_json_space};
use memchr::memchr_iter;

/// The rows of one format.
#[derive(Debug)]
pub enum Rows {
    /// Delimiter-separated values.
    Csv(Splitter),
    /// JSON objects.
    Json(Lines),
    /// JSON arrays under columns.
    Table(Table),
    /// Rows that do not come in chunks.
    Columns,
}

impl Rows {
    /// Calls `take` with each row of a chunk; `seen` gets true for each wanted cell whose key occurs. Cells beyond the
    /// first so many may be left out.
    pub fn each(
        &self,
        cells: usize,
        chunk: &Chunk,
        seen: &mut [bool],
        mut take: impl FnMut(&Row<'_>),
    ) -> Chunked {
        if let Cut::TooLong { continues } = chunk.cut {
            too_long(&chunk.bytes, continues, &mut take);
            return Chunked::Regular { lines: memchr_iter(b'\n', &chunk.bytes).count() as u64 };
        }
        match self {
            Self::Csv(splitter) => {
                return splitter.rows_up_to(cells, &chunk.bytes, chunk.cut, chunk.last, take);
            }
            Self::Json(lines) if chunk.cut != Cut::Records => {
                return Chunked::Regular { lines: lines.rows(&chunk.bytes, seen, take) };
            }
            Self::Json(_) | Self::Table(_) | Self::Columns => {
                let mut line = Line::default();
                for piece in &chunk.pieces {
                    let bytes = &chunk.bytes[piece.range.clone()];
                    self.piece(piece.kind, bytes, piece.range.start, &mut line, seen, &mut take);
                }
            }
        }
        Chunked::Regular { lines: memchr_iter(b'\n', &chunk.bytes).count() as u64 }
    }

    /// The key that stands twice in a row, which begins on this line; `None` if there is none.
    pub fn duplicate_key(&self, row: &[u8], line: u64) -> Option<DuplicateKey> {
        match self {
            Self::Json(lines) => lines.duplicate(row, line),
            Self::Csv(_) | Self::Table(_) | Self::Columns => None,
        }
    }

    /// Calls `take` with the rows of a piece of a document.
    pub(super) fn piece(
        &self,
        kind: Kind,
        bytes: &[u8],
        start: usize,
        line: &mut Line,
        seen: &mut [bool],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        match (kind, self) {
            (Kind::Record, Self::Json(lines)) => lines.row(bytes, start, line, seen, take),
            (Kind::Record, Self::Table(table)) => table.row(bytes, start, line, take),
            (Kind::Lost, _) => {
                let mut start = start;
                for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
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
