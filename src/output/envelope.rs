//! Two documents out of one: the envelope goes to both, each record to one.
//!
//! In: the pieces of a chunk and where each record goes. Out: the bytes for the two outputs. A record takes the white
//! space and the comma before it along, unless it is the first in its array of that output; whether it is may depend on
//! an earlier chunk, which [`ArrayState`] remembers.

use crate::input::chunk::Chunk;
use crate::input::json::document::PieceKind;
use std::ops::Range;

/// The bytes of one output from one chunk.
#[derive(Debug, Default)]
pub(super) struct EnvelopePart {
    /// Somebody wants them.
    wanted: bool,
    bytes: Vec<u8>,
    /// Bytes at the start that are left out if no record came before in its array.
    separator: usize,
    /// Whether a record came before; `None` if that is for an earlier chunk to say.
    begun: Option<bool>,
}

impl EnvelopePart {
    /// Nothing yet, and if nobody wants it, nothing ever.
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// A part of the envelope.
    pub(super) fn frame(&mut self, bytes: &[u8]) {
        self.raw(bytes);
        self.begun = Some(false);
    }

    /// Bytes that do not change what may follow.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        if self.wanted {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// A record and what stands before it.
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

/// Whether the array at hand of one output has a record already.
#[derive(Debug, Default)]
pub(super) struct ArrayState {
    begun: bool,
}

impl ArrayState {
    /// The bytes that follow what was written before.
    pub(super) fn next<'s>(&mut self, part: &'s EnvelopePart) -> &'s [u8] {
        let from = if self.begun { 0 } else { part.separator };
        self.begun = part.begun.unwrap_or(self.begun);
        &part.bytes[from..]
    }
}

/// Calls `take` with each piece of a chunk and the gap before it, which records alone have.
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
