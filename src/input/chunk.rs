//! Cuts a stream of bytes between rows.
//!
//! In: a reader. Out: chunks that begin and end at a row. It does not look at cells.
//!
//! In CSV a line feed may stand inside a quoted cell, so it does not always end a row. [`Cut::Fast`] looks for a quotation
//! mark near the end of the text that can only open or only close a cell, and from there finds the last line feed outside
//! quotes. That is right as long as quotation marks stand only where RFC 4180 allows them. The reader of the chunk notices
//! if they do not; from there on [`Cut::Careful`] walks every row from its beginning.

use super::csv::walk::{ends_in_quotes, last_row_end};
use super::json::document::{DocumentPiece, Walker};
use super::{Format, MAX_ROW};
use memchr::{memchr, memchr_iter, memrchr, memrchr_iter, memrchr2};
use std::io::{self, Read};

/// How many bytes a chunk has, about.
pub const CHUNK: usize = 1 << 19;

/// How the place of a cut is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// CSV, from quotation marks near the end of the text.
    Fast,
    /// CSV, by walking every row.
    Careful {
        /// The byte between two cells.
        delimiter: u8,
    },
    /// At the last line feed: JSON Lines.
    Lines,
    /// After the last whole record of a JSON document.
    Records,
    /// The chunk is a part of one row that is longer than [`MAX_ROW`]. Its cells are not read.
    TooLong {
        /// Whether the row began in an earlier chunk.
        continues: bool,
    },
    /// CSV after a quotation mark that is not closed within [`MAX_ROW`]: from here on no row can be read.
    Lost {
        /// Whether the first line began in an earlier chunk.
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
    /// The records of a JSON document and what stands around them; empty for other formats.
    pub pieces: Vec<DocumentPiece>,
    /// Whether this is the last chunk.
    pub last: bool,
}

/// Reads a stream in chunks.
pub struct Chunker<R> {
    reader: R,
    /// Bytes that were read and belong to no chunk yet.
    carry: Vec<u8>,
    ended: bool,
    cut: Cut,
    size: usize,
    /// The delimiter of CSV; `None` for other formats.
    delimiter: Option<u8>,
    /// Finds the records of a JSON document; `None` for other formats.
    walker: Option<Box<Walker>>,
    /// How many bytes of `carry` the walker has seen.
    walked: usize,
    /// Buffers of chunks that are written, to be used again.
    spare: Vec<Vec<u8>>,
}

/// The chunks of a text, whatever it is read from.
pub type TextChunks = Chunker<Box<dyn Read + Send>>;

impl<R: Read> Chunker<R> {
    /// Cuts `reader` into chunks of about `size` bytes.
    pub fn new(reader: R, size: usize) -> Self {
        Self {
            delimiter: None,
            reader,
            carry: Vec::new(),
            ended: false,
            cut: Cut::Lines,
            size,
            walker: None,
            walked: 0,
            spare: Vec::new(),
        }
    }

    /// Cuts as rows of this format need it.
    pub fn set_format(&mut self, format: Format) {
        match format {
            Format::Csv { delimiter } => {
                self.delimiter = Some(delimiter);
                self.cut = Cut::Fast;
            }
            Format::JsonLines | Format::Parquet => self.cut = Cut::Lines,
            Format::Document(document) => {
                self.walker = Some(Box::new(Walker::new(document)));
                self.cut = Cut::Records;
            }
        }
    }

    /// What is known about a JSON document so far; `None` for other formats.
    pub fn walker(&self) -> Option<&Walker> {
        self.walker.as_deref()
    }

    /// Walks every row of CSV from now on.
    pub fn cut_carefully(&mut self) {
        self.cut = match self.delimiter {
            Some(delimiter) => Cut::Careful { delimiter },
            None => Cut::Lines,
        };
    }

    /// The next bytes, which stay in the stream: at least `wanted` of them unless the stream ends, and whether it has ended.
    pub fn peek(&mut self, wanted: usize) -> io::Result<(&[u8], bool)> {
        if self.carry.len() < wanted && !self.ended {
            let missing = wanted - self.carry.len();
            let mut text = FillingBuffer { length: self.carry.len(), bytes: std::mem::take(&mut self.carry) };
            self.ended = text.fill(&mut self.reader, missing)?;
            self.carry = text.finish();
        }
        Ok((&self.carry, self.ended))
    }

    /// Drops the first bytes of what [`Chunker::peek`] returned.
    pub fn skip(&mut self, count: usize) {
        self.carry.drain(..count.min(self.carry.len()));
    }

    /// Takes the buffer of a written chunk, to be used again.
    pub fn reuse(&mut self, buffer: Vec<u8>) {
        self.spare.push(buffer);
    }

    /// Puts back an irregular chunk, to be cut and read again like everything after it, this time by walking every row.
    pub fn put_back_irregular(&mut self, chunk: Chunk) {
        self.carry.splice(0..0, chunk.bytes.iter().copied());
        self.reuse(chunk.bytes);
        self.cut_carefully();
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
            if let Some(end) = self.last_row_end(text.filled()) {
                let bytes = self.cut_at(end, text);
                let last = self.ended && self.carry.is_empty();
                return Ok(Some(self.chunk(bytes, last)));
            }
            if self.ended {
                return Ok(Some(self.chunk(text.finish(), true)));
            }
            if text.length >= MAX_ROW {
                if self.cut == Cut::Fast {
                    self.cut_carefully();
                    continue;
                }
                return Ok(Some(self.begin_long_row(text.finish())));
            }
            let more = text.length.min(MAX_ROW - text.length);
            self.ended = text.fill(&mut self.reader, more)?;
        }
    }

    /// The text up to `end`; the rest is carried over to the next chunk.
    fn cut_at(&mut self, end: usize, text: FillingBuffer) -> Vec<u8> {
        self.carry.extend_from_slice(&text.filled()[end..]);
        let mut bytes = text.bytes;
        bytes.truncate(end);
        bytes
    }

    /// The next whole records of a JSON document.
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

    /// The first part of a row that is longer than [`MAX_ROW`]. If no quotation mark is open, the next line feed ends the
    /// row, and later rows can be read. Otherwise it is unknown where the next row begins, and the rest of the file is lost.
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

    /// The next part of a row that is longer than [`MAX_ROW`]; `None` if a quotation mark stands in it, so that its end is
    /// unknown and the rest of the file is lost.
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
                self.cut_carefully();
                self.cut_at(end, text)
            }
            None => text.finish(),
        };
        Some(Chunk { bytes, cut, pieces: Vec::new(), last: self.ended && self.carry.is_empty() })
    }

    /// Where the last whole row of a text ends.
    fn last_row_end(&self, text: &[u8]) -> Option<usize> {
        match self.cut {
            Cut::Careful { delimiter } => last_row_end(text, delimiter),
            Cut::Fast => fast_last_row_end(text, self.delimiter?),
            Cut::Lines | Cut::TooLong { .. } | Cut::Lost { .. } | Cut::Records => {
                memrchr(b'\n', text).map(|at| at + 1)
            }
        }
    }
}

/// How many bytes at the end of a text are searched for an unambiguous quotation mark.
const TAIL: usize = 1 << 14;

/// Where the last whole row of a text ends, if quotation marks stand only where RFC 4180 allows them.
fn fast_last_row_end(text: &[u8], delimiter: u8) -> Option<usize> {
    let ends_in_quotes = match last_unambiguous_quote(text, delimiter) {
        Some((at, opens)) => opens != odd_quotes(&text[at + 1..]),
        None => odd_quotes(text),
    };
    last_line_end(text, ends_in_quotes)
}

/// Whether the number of quotation marks is odd.
fn odd_quotes(text: &[u8]) -> bool {
    memchr_iter(b'"', text).count() % 2 == 1
}

/// The last quotation mark that can only open a cell (true) or only close one (false), if there is one near the end.
///
/// An opening mark has a delimiter or an end of line before it, a closing one has it after it. A mark beside another one
/// does not count, since both may be one escaped quotation mark.
fn last_unambiguous_quote(text: &[u8], delimiter: u8) -> Option<(usize, bool)> {
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

/// The end of the last line that ends outside quotes. `in_quotes` says whether the end of the text is inside quotes.
fn last_line_end(text: &[u8], mut in_quotes: bool) -> Option<usize> {
    let mut end = text.len();
    while let Some(at) = memrchr2(b'"', b'\n', &text[..end]) {
        if text[at] == b'"' {
            in_quotes = !in_quotes;
        } else if !in_quotes {
            return Some(at + 1);
        }
        end = at;
    }
    None
}

/// A buffer that is being filled. Bytes beyond `length` are left over from earlier use, which saves clearing them.
#[derive(Default)]
struct FillingBuffer {
    bytes: Vec<u8>,
    length: usize,
}

impl FillingBuffer {
    /// A buffer, perhaps a used one, that begins with `start`.
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
            prop_assert_eq!(fast_last_row_end(text, b','), last_line_end(text, odd_quotes(text)));
        }
    }
}
