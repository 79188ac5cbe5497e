//! Finds rows and cells fast, as long as quotation marks stand only where RFC 4180 lets them.
//!
//! In: a chunk that begins and ends at a row. Out: for each row its bytes, how many cells it has, and where the
//! wanted ones stand. It gives up at the first byte that is out of place; [`super::csv`] reads such a chunk
//! by walking, and a property test holds the two against each other.
//!
//! Sixty-four bytes at a time become bit sets ([`super::blocks`]). An odd number of quotation marks before a byte means
//! that it is inside a quoted cell; delimiters and line feeds count only outside. Then only those are
//! visited, and only the cells that somebody wants are looked at.

use super::blocks::{BLOCK, Masks, masks, parity};

/// The chunk has a byte out of place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfPlace;

/// A row: where it begins and ends, with its end of line, how many cells it has, and the bounds of the wanted ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoundRow<'b> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) cells: usize,
    pub(super) bounds: &'b [(usize, usize)],
}

/// State that goes over from one block to the next.
struct Walk<'w> {
    /// All ones inside a quoted cell.
    inside: u64,
    /// Bit 0: the byte before was a delimiter or line feed outside quotes, or the start.
    after_structure: u64,
    /// Bit 0: the byte before closed a quoted cell, or half of a doubled mark.
    after_closing: u64,
    /// Bit 0: the byte before was a carriage return outside quotes.
    after_return: u64,
    row: usize,
    cell: usize,
    column: usize,
    /// The wanted columns, ascending, and the next of them.
    wanted: &'w [usize],
    next: usize,
    bounds: Vec<(usize, usize)>,
}

/// Calls `take` with each row that is not an empty line. `wanted` are columns, ascending.
pub(super) fn rows(
    chunk: &[u8],
    delimiter: u8,
    wanted: &[usize],
    mut take: impl FnMut(FoundRow<'_>),
) -> Result<(), OutOfPlace> {
    let mut walk = Walk {
        inside: 0,
        after_structure: 1,
        after_closing: 0,
        after_return: 0,
        row: 0,
        cell: 0,
        column: 0,
        wanted,
        next: 0,
        bounds: vec![(0, 0); wanted.len()],
    };
    let (blocks, rest) = chunk.as_chunks::<BLOCK>();
    for (place, block) in blocks.iter().enumerate() {
        walk.block(&masks(block, delimiter), place * BLOCK, chunk, &mut take)?;
    }
    if !rest.is_empty() {
        // A filler of neither kind; what it would end is ended below.
        let mut last = [b'x'; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        let length = u32::try_from(rest.len()).unwrap_or(0);
        walk.last_block(masks(&last, delimiter), length, blocks.len() * BLOCK, chunk, &mut take)?;
    }
    walk.end(chunk, &mut take)
}

impl Walk<'_> {
    #[inline]
    fn block(
        &mut self,
        masks: &Masks,
        base: usize,
        chunk: &[u8],
        take: &mut impl FnMut(FoundRow<'_>),
    ) -> Result<(), OutOfPlace> {
        let inside = parity(masks.quotes) ^ self.inside;
        let structure = (masks.delimiters | masks.line_feeds) & !inside;
        self.check(masks, inside, structure, !0)?;
        self.inside = 0_u64.wrapping_sub(inside >> 63);
        self.visit(structure, masks.line_feeds, base, chunk, take);
        Ok(())
    }

    fn last_block(
        &mut self,
        masks: Masks,
        length: u32,
        base: usize,
        chunk: &[u8],
        take: &mut impl FnMut(FoundRow<'_>),
    ) -> Result<(), OutOfPlace> {
        let valid = (1_u64 << length) - 1;
        let inside = parity(masks.quotes) ^ self.inside;
        let structure = (masks.delimiters | masks.line_feeds) & !inside & valid;
        self.check(&masks, inside, structure, valid)?;
        self.inside = 0_u64.wrapping_sub(inside >> (length - 1) & 1);
        self.visit(structure, masks.line_feeds, base, chunk, take);
        Ok(())
    }

    /// Whether every quotation mark and carriage return stands where it may.
    #[inline]
    fn check(&mut self, masks: &Masks, inside: u64, structure: u64, valid: u64) -> Result<(), OutOfPlace> {
        let opening = masks.quotes & inside;
        let closing = masks.quotes & !inside;
        let returns = masks.returns & !inside;
        let may_open = (structure | closing) << 1 | self.after_structure | self.after_closing;
        let after_closing = (closing << 1 | self.after_closing) & valid;
        let after_return = (returns << 1 | self.after_return) & valid;
        let wrong = opening & !may_open
            | after_closing & !(structure | returns | opening)
            | after_return & !(masks.line_feeds & structure);
        self.after_structure = structure >> 63;
        self.after_closing = closing >> 63;
        self.after_return = returns >> 63;
        if wrong == 0 { Ok(()) } else { Err(OutOfPlace) }
    }

    #[inline]
    fn visit(
        &mut self,
        mut structure: u64,
        line_feeds: u64,
        base: usize,
        chunk: &[u8],
        take: &mut impl FnMut(FoundRow<'_>),
    ) {
        while structure != 0 {
            let bit = structure.trailing_zeros() as usize;
            structure &= structure - 1;
            let at = base + bit;
            if self.wanted.get(self.next) == Some(&self.column) {
                self.bounds[self.next] = (self.cell, at);
                self.next += 1;
            }
            self.column += 1;
            self.cell = at + 1;
            if line_feeds >> bit & 1 == 1 {
                self.row_ends(at, at + 1, chunk, take);
            }
        }
    }

    #[inline]
    fn row_ends(&mut self, line_end: usize, end: usize, chunk: &[u8], take: &mut impl FnMut(FoundRow<'_>)) {
        let content = match chunk[self.row..line_end].last() {
            Some(b'\r') => line_end - 1,
            _ => line_end,
        };
        if content > self.row {
            // Only the last cell can reach into the end of line.
            if let Some(last) = self.next.checked_sub(1).map(|last| &mut self.bounds[last]) {
                last.1 = last.1.min(content);
            }
            let bounds = &self.bounds[..self.next];
            take(FoundRow { start: self.row, end, cells: self.column, bounds });
        }
        self.row = end;
        self.cell = end;
        self.column = 0;
        self.next = 0;
    }

    /// The last row may have no end of line.
    fn end(mut self, chunk: &[u8], take: &mut impl FnMut(FoundRow<'_>)) -> Result<(), OutOfPlace> {
        let end = chunk.len();
        if self.inside != 0 {
            return Err(OutOfPlace);
        }
        if self.row < end {
            if self.wanted.get(self.next) == Some(&self.column) {
                self.bounds[self.next] = (self.cell, end);
                self.next += 1;
            }
            self.column += 1;
            self.row_ends(end, end, chunk, take);
        }
        Ok(())
    }
}
