//! Makes two JSON documents out of one: the envelope goes to both, each record to one.
//!
//! In: the pieces of a chunk and where each record goes. Out: the bytes for the two outputs. The comma and white space before
//! a record are written with it, unless it is the first record of its array in that output. Whether it is the first may
//! depend on an earlier chunk, which is not known while a chunk is judged; [`ArrayState`] settles it when chunks are written.

use crate::input::chunk::Chunk;
use crate::input::json::document::PieceKind;
use std::ops::Range;

/// The bytes of one output from one chunk.
#[derive(Debug, Default)]
pub(super) struct EnvelopePart {
    /// Whether the sink wants this output. If not, nothing is collected.
    wanted: bool,
    bytes: Vec<u8>,
    /// How many bytes at the start are the separator before a record that may be the first of its array.
    separator: usize,
    /// Whether the current array of the output has a record; `None` if only earlier chunks can tell.
    begun: Option<bool>,
}

impl EnvelopePart {
    /// An empty part, which stays empty if it is not wanted.
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Adds a part of the envelope, after which a new array may begin.
    pub(super) fn frame(&mut self, bytes: &[u8]) {
        self.raw(bytes);
        self.begun = Some(false);
    }

    /// Adds bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        if self.wanted {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Adds a record and the separator before it.
    pub(super) fn record(&mut self, before: &[u8], record: impl FnOnce(&mut Vec<u8>)) {
        if !self.wanted {
            return;
        }
        if self.begun.is_none() {
            self.separator = before.len();
        }
        if self.begun != Some(false) {
            self.bytes.extend_from_slice(before);
        }
        record(&mut self.bytes);
        self.begun = Some(true);
    }
}

/// Whether the current array of one output has a record already.
#[derive(Debug, Default)]
pub(super) struct ArrayState {
    begun: bool,
}

impl ArrayState {
    /// The bytes of the next chunk to write: without the separator at the start if no record stands before it.
    pub(super) fn next<'s>(&mut self, part: &'s EnvelopePart) -> &'s [u8] {
        let from = if self.begun { 0 } else { part.separator };
        self.begun = part.begun.unwrap_or(self.begun);
        &part.bytes[from..]
    }
}

/// Calls `take` with each piece of a chunk but the gaps. A record gets the gap before it, other pieces get an empty one.
pub(super) fn each_piece(chunk: &Chunk, mut take: impl FnMut(PieceKind, &[u8], Range<usize>)) {
    let mut before = 0..0;
    for piece in &chunk.pieces {
        if piece.kind == PieceKind::Between {
            before = piece.range.clone();
        } else {
            take(piece.kind, &chunk.bytes[std::mem::take(&mut before)], piece.range.clone());
        }
    }
}
