//! Cuts a stream of bytes between rows.
//!
//! In: a reader. Out: chunks that begin and end at a row. It decides nothing about cells.
//!
//! For CSV a fast cut asks quotation marks near the end of the text: where they stand tells whether they open or close
//! a cell, so that the last line feed outside of cells ends a row. That is right as long as quotation marks stand only
//! where RFC 4180 lets them; the reading of the chunk notices if not, and from there on [`Cut::Careful`] walks every row.

use super::csv::walk::{ends_in_quotes, last_row_end};
use super::json::document::{DocumentPiece, Walker};
use super::{Format, MAX_ROW};
use memchr::{memchr, memchr_iter, memrchr, memrchr_iter, memrchr2};
use std::io::{self, Read};

/// Bytes read at a time.
pub const CHUNK: usize = 1 << 19;

/// How rows are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// CSV by quotation marks.
    Fast,
    /// CSV by walking.
    Careful {
        /// The byte between two cells.
        delimiter: u8,
    },
    /// At every line feed.
    JsonReader,
    /// At the records of a JSON document.
    Records,
    /// A part of a row that is longer than [`MAX_ROW`]. Its cells are not looked at.
    TooLong {
        /// The row began in an earlier chunk.
        continues: bool,
    },
    /// CSV after a quotation mark that is not closed within [`MAX_ROW`]: no line can be read any more.
    Lost {
        /// The first line began in an earlier chunk.
        continues: bool,
    },
}

/// Bytes between two row boundaries.
#[derive(Debug)]
pub struct Chunk {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How it was cut.
    pub cut: Cut,
    /// JSON documents: what its bytes are.
    pub pieces: Vec<DocumentPiece>,
    /// Nothing follows, or what follows cannot be told apart any more.
    pub last: bool,
}

/// Reads a stream in chunks.
pub struct Chunker<R> {
    reader: R,
    carry: Vec<u8>,
    ended: bool,
    cut: Cut,
    size: usize,
    /// CSV.
    delimiter: Option<u8>,
    walker: Option<Box<Walker>>,
    /// Bytes at hand that the walker has seen.
    walked: usize,
    /// Memory of chunks that are done with.
    spare: Vec<Vec<u8>>,
}

/// A text of any origin in chunks.
pub type TextChunks = Chunker<Box<dyn Read + Send>>;

impl<R: Read> Chunker<R> {
    /// Cuts `reader` into chunks of about `size` bytes.
    pub fn new(reader: R, size: usize) -> Self {
        Self {
            delimiter: None,
            reader,
            carry: Vec::new(),
            ended: false,
            cut: Cut::JsonReader,
            size,
            walker: None,
            walked: 0,
            spare: Vec::new(),
        }
    }

    /// Puts bytes back in front of what is still to come.
    pub fn put_back(&mut self, bytes: &[u8]) {
        self.carry.splice(0..0, bytes.iter().copied());
    }

    /// Sets how rows of this format are told apart.
    pub fn set_format(&mut self, format: Format) {
        match format {
            Format::Csv { delimiter } => {
                self.delimiter = Some(delimiter);
                self.cut = Cut::Fast;
            }
            Format::JsonLines | Format::Parquet => self.cut = Cut::JsonReader,
            Format::Document(document) => {
                self.walker = Some(Box::new(Walker::new(document)));
                self.cut = Cut::Records;
            }
        }
    }

    /// JSON documents: what was seen of the document so far.
    pub fn walker(&self) -> Option<&Walker> {
        self.walker.as_deref()
    }

    /// From now on every row of CSV is walked.
    pub fn be_careful(&mut self) {
        self.cut = match self.delimiter {
            Some(delimiter) => Cut::Careful { delimiter },
            None => Cut::JsonReader,
        };
    }

    /// The bytes at hand without cutting, at least `wanted` of them unless the stream ends before.
    pub fn peek(&mut self, wanted: usize) -> io::Result<(&[u8], bool)> {
        if self.carry.len() < wanted && !self.ended {
            let missing = wanted - self.carry.len();
            let mut text = FillingBuffer { length: self.carry.len(), bytes: std::mem::take(&mut self.carry) };
            self.ended = text.fill(&mut self.reader, missing)?;
            self.carry = text.finish();
        }
        Ok((&self.carry, self.ended))
    }

    /// Drops bytes from the front of what is at hand.
    pub fn skip(&mut self, count: usize) {
        self.carry.drain(..count.min(self.carry.len()));
    }

    /// Gives back the memory of a chunk, for one of the next.
    pub fn reuse(&mut self, buffer: Vec<u8>) {
        self.spare.push(buffer);
    }

    /// Puts an irregular chunk back, to be read again row by row like everything after it.
    pub fn read_carefully(&mut self, chunk: Chunk) {
        self.put_back(&chunk.bytes);
        self.reuse(chunk.bytes);
        self.be_careful();
    }

    /// The next chunk; `None` at the end.
    pub fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        let mut text = FillingBuffer::new(self.spare.pop().unwrap_or_default(), &self.carry);
        self.carry.clear();
        if self.walker.is_some() {
            return self.next_records(text);
        }
        loop {
            let missing = self.size.saturating_sub(text.length);
            if !self.ended && missing > 0 {
                self.ended = text.fill(&mut self.reader, missing)?;
            }
            if text.length == 0 {
                self.reuse(text.bytes);
                return Ok(None);
            }
            if let Cut::TooLong { continues: true } = self.cut
                && let Some(chunk) = self.rest_of_row(&mut text)
            {
                return Ok(Some(chunk));
            }
            if self.ended && self.cut != Cut::Fast {
                return Ok(Some(self.chunk(text.finish(), true)));
            }
            if let Some(end) = self.end(text.filled()) {
                let bytes = self.cut_at(end, text);
                let last = self.ended && self.carry.is_empty();
                return Ok(Some(self.chunk(bytes, last)));
            }
            if self.ended {
                return Ok(Some(self.chunk(text.finish(), true)));
            }
            if text.length >= MAX_ROW {
                if self.cut == Cut::Fast {
                    self.be_careful();
                    continue;
                }
                return Ok(Some(self.begin_long_row(text.finish())));
            }
            let more = text.length.min(MAX_ROW - text.length);
            self.ended = text.fill(&mut self.reader, more)?;
        }
    }

    /// The text up to here; the rest is carried over.
    fn cut_at(&mut self, end: usize, text: FillingBuffer) -> Vec<u8> {
        self.carry.extend_from_slice(&text.filled()[end..]);
        let mut bytes = text.bytes;
        bytes.truncate(end);
        bytes
    }

    fn next_records(&mut self, mut text: FillingBuffer) -> io::Result<Option<Chunk>> {
        let mut missing = self.size.saturating_sub(text.length).max(1);
        loop {
            if !self.ended {
                self.ended = text.fill(&mut self.reader, missing)?;
            }
            let mut pieces = Vec::new();
            let Some(walker) = &mut self.walker else { return Ok(None) };
            let used = walker.walk(text.filled(), self.walked, self.ended, &mut pieces)?;
            if used > 0 {
                let bytes = self.cut_at(used, text);
                self.walked = self.carry.len();
                let last = self.ended && self.carry.is_empty();
                return Ok(Some(Chunk { bytes, cut: self.cut, pieces, last }));
            }
            if self.ended {
                self.reuse(text.bytes);
                return Ok(None);
            }
            if text.length >= MAX_ROW {
                return Err(io::Error::other(format!("a JSON record is longer than {} MiB", MAX_ROW >> 20)));
            }
            self.walked = text.length;
            missing = text.length.min(MAX_ROW - text.length);
        }
    }

    /// A chunk that ends at a row, or at the end of the text.
    fn chunk(&mut self, bytes: Vec<u8>, last: bool) -> Chunk {
        let cut = self.cut;
        if let Cut::Lost { continues } = &mut self.cut {
            *continues = false;
        }
        Chunk { bytes, cut, pieces: Vec::new(), last }
    }

    /// A chunk without the end of a row. If no quotation mark is open, the next line feed ends the row, and what follows
    /// it can be read; otherwise nobody knows where the next row begins.
    fn begin_long_row(&mut self, bytes: Vec<u8>) -> Chunk {
        let cut = match self.cut {
            Cut::Lost { continues } => Cut::Lost { continues },
            Cut::Careful { delimiter } if ends_in_quotes(&bytes, delimiter) => Cut::Lost { continues: false },
            _ => Cut::TooLong { continues: false },
        };
        self.cut = match cut {
            Cut::TooLong { .. } => Cut::TooLong { continues: true },
            _ => Cut::Lost { continues: true },
        };
        Chunk { bytes, cut, pieces: Vec::new(), last: false }
    }

    /// The next part of a row that is longer than [`MAX_ROW`]; `None` if it cannot be told where it ends, because a
    /// quotation mark stands in it, or if it ended with the chunk before.
    fn rest_of_row(&mut self, text: &mut FillingBuffer) -> Option<Chunk> {
        let filled = text.filled();
        let end = memchr(b'\n', filled).map(|at| at + 1);
        if self.delimiter.is_some() && memchr(b'"', &filled[..end.unwrap_or(filled.len())]).is_some() {
            self.cut = Cut::Lost { continues: true };
            return None;
        }
        let text = std::mem::take(text);
        let cut = self.cut;
        let bytes = match end {
            Some(end) => {
                self.be_careful();
                self.cut_at(end, text)
            }
            None => text.finish(),
        };
        Some(Chunk { bytes, cut, pieces: Vec::new(), last: self.ended && self.carry.is_empty() })
    }

    fn end(&self, text: &[u8]) -> Option<usize> {
        match self.cut {
            Cut::Careful { delimiter } => last_row_end(text, delimiter),
            Cut::Fast => last_line_outside(text, self.delimiter?),
            Cut::JsonReader | Cut::TooLong { .. } | Cut::Lost { .. } | Cut::Records => {
                memrchr(b'\n', text).map(|at| at + 1)
            }
        }
    }
}

/// Bytes at the end of a text in which a quotation mark is looked for that tells where cells are.
const TAIL: usize = 1 << 14;

/// The end of the last line that ends outside quoted cells.
fn last_line_outside(text: &[u8], delimiter: u8) -> Option<usize> {
    let inside = match last_telling_quote(text, delimiter) {
        Some((at, opens)) => opens != odd_quotes(&text[at + 1..]),
        None => odd_quotes(text),
    };
    last_line(text, inside)
}

/// Whether the number of quotation marks is odd.
fn odd_quotes(text: &[u8]) -> bool {
    memchr_iter(b'"', text).count() % 2 == 1
}

/// The last quotation mark that can only open a cell (true) or only close one (false), if there is one near the end.
///
/// It has no other beside it, so that it is not half of a doubled one. What closes a cell has a delimiter or an end of
/// line after it, what opens one has it before.
fn last_telling_quote(text: &[u8], delimiter: u8) -> Option<(usize, bool)> {
    let ends_cell = |byte: u8| byte == delimiter || byte == b'\n' || byte == b'\r';
    memrchr_iter(b'"', &text[text.len().saturating_sub(TAIL)..]).find_map(|place| {
        let at = text.len().saturating_sub(TAIL) + place;
        let (before, after) = (*text.get(at.checked_sub(1)?)?, *text.get(at + 1)?);
        match (ends_cell(before), ends_cell(after)) {
            _ if before == b'"' || after == b'"' => None,
            (true, false) => Some((at, true)),
            (false, true) => Some((at, false)),
            _ => None,
        }
    })
}

/// The end of the last line that ends outside quoted cells, if it is known whether the end of the text is inside.
fn last_line(text: &[u8], mut inside: bool) -> Option<usize> {
    let mut end = text.len();
    while let Some(at) = memrchr2(b'"', b'\n', &text[..end]) {
        if text[at] == b'"' {
            inside = !inside;
        } else if !inside {
            return Some(at + 1);
        }
        end = at;
    }
    None
}

/// A buffer that is being filled. Beyond its length stands what it held before, so that nothing has to be cleared.
#[derive(Default)]
struct FillingBuffer {
    bytes: Vec<u8>,
    length: usize,
}

impl FillingBuffer {
    /// A used buffer that begins with these bytes.
    fn new(mut bytes: Vec<u8>, start: &[u8]) -> Self {
        if bytes.len() < start.len() {
            bytes.resize(start.len(), 0);
        }
        bytes[..start.len()].copy_from_slice(start);
        Self { bytes, length: start.len() }
    }

    fn filled(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.length);
        self.bytes
    }

    /// Reads up to `count` bytes more; true if the stream has ended.
    fn fill(&mut self, reader: &mut impl Read, count: usize) -> io::Result<bool> {
        let wanted = self.length + count;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        while self.length < wanted {
            match reader.read(&mut self.bytes[self.length..wanted]) {
                Ok(0) => return Ok(true),
                Ok(read) => self.length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quotation_marks_near_the_end_tell_what_all_of_them_tell(
            cells in proptest::collection::vec(proptest::sample::select(vec!["a", "", "\"b\"", "\"c,\n\"", "\"\"\"\"", "\"\"", "\",\"\"\n\"\",\""]), 1..40),
            ends in proptest::collection::vec(proptest::sample::select(vec![",", ",", "\n", "\r\n"]), 40),
            cut in 0..200_usize,
        ) {
            let text: String = cells.iter().zip(&ends).flat_map(|(cell, end)| [*cell, *end]).collect();
            let text = &text.as_bytes()[..text.len().saturating_sub(cut)];
            prop_assert_eq!(last_line_outside(text, b','), last_line(text, odd_quotes(text)));
        }
    }
}
