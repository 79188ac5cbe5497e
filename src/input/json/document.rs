//! Finds the records of a JSON document without keeping the whole document in memory.
//!
//! In: the bytes of a document in pieces, and which array of it holds the records. Out: [`DocumentPiece`]s that together
//! cover all bytes: records, what stands between two of them, and the envelope around them. It does not look into records,
//! or into parts of the envelope that do not lead to one. One file may hold several documents.
//!
//! If the structure breaks, everything that follows is [`PieceKind::Lost`]. If the text ends inside a document,
//! [`Walker::is_cut_off`] says so.

use super::format::{Document, PathStep};
use super::skip::{Skip, ValueKind};
use crate::input::{MAX_COLUMNS, is_json_space};
use std::io;
use std::ops::Range;

/// What a piece of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// A part of the envelope, which both outputs need.
    Frame,
    /// An empty piece that marks where the list of columns ends, so that a column can be added.
    Columns,
    /// What stands between two records: white space and a comma.
    Between,
    /// One record.
    Record,
    /// Lines that cannot be read because the structure broke before them.
    Lost,
}

/// A part of a chunk of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPiece {
    /// Its bytes in the chunk.
    pub range: Range<usize>,
    /// What they are.
    pub kind: PieceKind,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GrammarState {
    /// A document, or the end of the text.
    Top,
    /// A value, or the end of an array.
    FirstValue,
    Value,
    /// A key, or the end of an object.
    FirstKey,
    Key,
    /// The rest of a key.
    InKey {
        escaped: bool,
    },
    Colon,
    /// A comma, or the end of the array or object.
    After,
}

/// An open array or object on the path to the records.
#[derive(Debug)]
struct Frame {
    array: bool,
    /// How many steps of the path led here.
    matched: usize,
    /// Whether the next step of the path was found in it.
    continued: bool,
}

/// Walks the documents of one file.
#[derive(Debug)]
pub struct Walker {
    document: Document,
    state: GrammarState,
    frames: Vec<Frame>,
    /// The key that was read last.
    key: Vec<u8>,
    /// The value that is being skipped.
    skip: Option<Skip>,
    /// Whether what was read since the last piece belongs to the envelope, not only to the gap between two records.
    structural: bool,
    /// How many bytes stand between the last piece and the record that is being read.
    gap: usize,
    /// The columns of the first table.
    columns: Option<Vec<String>>,
    /// Whether the current table has the columns of the first one; `None` before its columns were read.
    same_columns: Option<bool>,
    error: Option<String>,
    lost: bool,
    cut_off: bool,
    without_records: u64,
}

impl Walker {
    /// A walker before the first byte of a file.
    pub fn new(document: Document) -> Self {
        Self {
            document,
            state: GrammarState::Top,
            frames: Vec::new(),
            key: Vec::new(),
            skip: None,
            structural: false,
            gap: 0,
            columns: None,
            same_columns: None,
            error: None,
            lost: false,
            cut_off: false,
            without_records: 0,
        }
    }

    /// The columns of the first table.
    pub fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    /// The error that a service reports beside its results, which are then incomplete.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Whether the text ended inside the document.
    pub fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// Whether the structure broke, so that what follows could not be read.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// How many values stand where an object or array with records should stand, and have none.
    pub fn without_records(&self) -> u64 {
        self.without_records
    }

    /// Walks on over `text`, of which `from` bytes were walked before, and returns how many bytes the new pieces cover. The
    /// caller has to pass the rest again, with more text behind it.
    pub fn walk(
        &mut self,
        text: &[u8],
        from: usize,
        ended: bool,
        pieces: &mut Vec<DocumentPiece>,
    ) -> io::Result<usize> {
        let mut walk = TextWalk { text, start: 0, at: from, pieces };
        while !self.lost && walk.at < text.len() {
            if let Some(skip) = &mut self.skip {
                if skip.advance(&mut walk.at, text) {
                    self.skipped(&mut walk);
                }
            } else if !self.step(&mut walk)? {
                walk.put(walk.at, PieceKind::Frame);
                self.lost = true;
            }
        }
        self.end_of_text(&mut walk, ended);
        Ok(walk.start)
    }

    /// Ends the pieces that can be ended where the text ends, for now or, with `ended`, for good.
    fn end_of_text(&mut self, walk: &mut TextWalk<'_, '_>, ended: bool) {
        let length = walk.text.len();
        if self.lost {
            let end = memchr::memrchr(b'\n', walk.text).map_or(0, |at| at + 1);
            let long = length - walk.start >= crate::input::MAX_ROW;
            walk.put(if ended || long { length } else { end.max(walk.start) }, PieceKind::Lost);
            return;
        }
        let in_record = self.skip.as_ref().is_some_and(|skip| skip.kind == ValueKind::Record);
        if ended {
            self.cut_off |= self.state != GrammarState::Top || self.skip.is_some();
            self.skip = None;
            if in_record {
                walk.put(walk.start + std::mem::take(&mut self.gap), PieceKind::Between);
                walk.put(length, PieceKind::Record);
            } else {
                walk.put(length, PieceKind::Frame);
            }
        } else if !in_record && self.structural {
            walk.put(length, PieceKind::Frame);
        }
    }

    /// Walks over one byte outside skipped values; false if it may not stand there.
    fn step(&mut self, walk: &mut TextWalk<'_, '_>) -> io::Result<bool> {
        let byte = walk.text[walk.at];
        if let GrammarState::InKey { escaped } = self.state {
            self.in_key(byte, escaped);
            walk.at += 1;
            return Ok(true);
        }
        if is_json_space(byte) {
            walk.at += 1;
            return Ok(true);
        }
        let array = self.frames.last().is_some_and(|frame| frame.array);
        match (self.state, byte) {
            (GrammarState::FirstValue, b']') | (GrammarState::FirstKey, b'}') => self.leave(),
            (GrammarState::Top | GrammarState::FirstValue | GrammarState::Value, _) => {
                return self.value(walk);
            }
            (GrammarState::FirstKey | GrammarState::Key, b'"') => {
                self.key.clear();
                self.state = GrammarState::InKey { escaped: false };
            }
            (GrammarState::Colon, b':') => self.state = GrammarState::Value,
            (GrammarState::After, b',') => {
                // Between two records a comma is no part of the envelope.
                self.structural |= !self.holds_records();
                self.state = if array { GrammarState::Value } else { GrammarState::Key };
            }
            (GrammarState::After, b']' | b'}') if array == (byte == b']') => self.leave(),
            _ => return Ok(false),
        }
        walk.at += 1;
        Ok(true)
    }

    fn in_key(&mut self, byte: u8, escaped: bool) {
        match byte {
            b'"' if !escaped => self.state = GrammarState::Colon,
            _ => {
                // Every key that matters is shorter.
                if self.key.len() < 64 {
                    self.key.push(byte);
                }
                self.state = GrammarState::InKey { escaped: byte == b'\\' && !escaped };
            }
        }
    }

    /// Enters the value that begins here if it is on the path to the records, else begins to skip it.
    fn value(&mut self, walk: &mut TextWalk<'_, '_>) -> io::Result<bool> {
        let byte = walk.text[walk.at];
        let path = self.document.path();
        let matched = self.steps_matched(path);
        let array = byte == b'[';
        if matched == Some(path.len()) {
            self.check_columns()?;
            return Ok(self.begin(walk, ValueKind::Record));
        }
        let on_path = matched.filter(|matched| match path[*matched] {
            PathStep::Item => array,
            PathStep::Key(_) => byte == b'{',
        });
        if let Some(matched) = on_path {
            self.structural = true;
            if self.document == Document::Tables && path[matched] == PathStep::Key(&["rows", "Rows"]) {
                self.same_columns = None;
            }
            if let Some(frame) = self.frames.last_mut() {
                frame.continued = true;
            }
            self.frames.push(Frame { array, matched, continued: false });
            self.state = if array { GrammarState::FirstValue } else { GrammarState::FirstKey };
            walk.at += 1;
            return Ok(true);
        }
        self.structural = true;
        // A document or an item of an array should hold records. The value of another key in an object need not.
        if self.frames.last().is_none_or(|frame| frame.array) {
            self.without_records += 1;
        }
        let is = |names: &[&str]| names.iter().any(|name| name.as_bytes() == self.key);
        let kind = match self.frames.last() {
            Some(Frame { array: false, matched: 2, .. })
                if self.document == Document::Tables && is(&["columns", "Columns"]) =>
            {
                ValueKind::Columns
            }
            Some(Frame { array: false, matched: 0, .. }) if self.frames.len() == 1 && is(&["error"]) => {
                ValueKind::Error
            }
            _ => ValueKind::Other,
        };
        Ok(self.begin(walk, kind))
    }

    /// How many steps of the path lead to the value that begins here; `None` if it is not on the path.
    fn steps_matched(&self, path: &[PathStep]) -> Option<usize> {
        let Some(frame) = self.frames.last() else { return Some(0) };
        match path.get(frame.matched)? {
            PathStep::Item => Some(frame.matched + 1),
            PathStep::Key(names) => {
                names.iter().any(|name| name.as_bytes() == self.key).then_some(frame.matched + 1)
            }
        }
    }

    fn holds_records(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.array && frame.matched + 1 == self.document.path().len())
    }

    /// An error if records may not be read here: a table needs its columns first, and the same columns as the first table.
    fn check_columns(&self) -> io::Result<()> {
        match self.same_columns {
            _ if self.columns.as_ref().is_some_and(|names| names.len() > MAX_COLUMNS) => {
                Err(io::Error::other(format!("a table has more than {MAX_COLUMNS} columns")))
            }
            _ if self.document != Document::Tables => Ok(()),
            Some(true) => Ok(()),
            None => Err(io::Error::other("a table has its rows before its columns, or has no columns")),
            Some(false) => Err(io::Error::other(
                "there are several tables with rows, and their columns differ: save each table by itself",
            )),
        }
    }

    /// Begins to skip a value; false if none begins here.
    fn begin(&mut self, walk: &mut TextWalk<'_, '_>, kind: ValueKind) -> bool {
        let byte = walk.text[walk.at];
        if !matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') {
            return false;
        }
        if kind == ValueKind::Record {
            if self.structural {
                walk.put(walk.at, PieceKind::Frame);
            }
            self.gap = walk.at - walk.start;
            self.structural = false;
        }
        self.skip = Some(Skip::new(kind, byte));
        true
    }

    /// Handles the value that was skipped.
    fn skipped(&mut self, walk: &mut TextWalk<'_, '_>) {
        let Some(skip) = self.skip.take() else { return };
        match skip.kind {
            ValueKind::Record => {
                walk.put(walk.start + self.gap, PieceKind::Between);
                walk.put(walk.at, PieceKind::Record);
                self.gap = 0;
            }
            ValueKind::Columns => {
                let names = skip.columns();
                if !names.is_empty() {
                    walk.put(walk.at - 1, PieceKind::Frame);
                    walk.pieces
                        .push(DocumentPiece { range: walk.start..walk.start, kind: PieceKind::Columns });
                }
                self.same_columns = Some(self.columns.as_ref().is_none_or(|first| *first == names));
                if self.columns.is_none() {
                    self.columns = Some(names);
                }
            }
            ValueKind::Error => self.error = skip.error(),
            ValueKind::Other => {}
        }
        self.state = if self.frames.is_empty() { GrammarState::Top } else { GrammarState::After };
    }

    fn leave(&mut self) {
        self.structural = true;
        let left = self.frames.pop();
        self.without_records += u64::from(left.is_some_and(|frame| !frame.array && !frame.continued));
        self.state = if self.frames.is_empty() { GrammarState::Top } else { GrammarState::After };
    }
}

/// One text that a [`Walker`] walks over.
struct TextWalk<'t, 'p> {
    text: &'t [u8],
    /// Where the next piece begins.
    start: usize,
    /// The next byte.
    at: usize,
    pieces: &'p mut Vec<DocumentPiece>,
}

impl TextWalk<'_, '_> {
    /// Adds the piece that ends here, unless it is empty.
    fn put(&mut self, end: usize, kind: PieceKind) {
        if end > self.start {
            self.pieces.push(DocumentPiece { range: self.start..end, kind });
            self.start = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The pieces of a text that comes in steps of `step` bytes, as text and kind.
    fn pieces(document: Document, text: &str, step: usize) -> (Vec<(String, PieceKind)>, Walker) {
        let mut walker = Walker::new(document);
        let (mut out, mut carry, mut seen, mut at) = (Vec::new(), Vec::new(), 0, 0);
        loop {
            let end = (at + step).min(text.len());
            carry.extend_from_slice(&text.as_bytes()[at..end]);
            at = end;
            let mut found = Vec::new();
            let used = walker.walk(&carry, seen, at == text.len(), &mut found).unwrap();
            for piece in found {
                let part = String::from_utf8_lossy(&carry[piece.range]).into_owned();
                match out.last_mut() {
                    Some((last, PieceKind::Frame)) if piece.kind == PieceKind::Frame => {
                        String::push_str(last, &part);
                    }
                    _ => out.push((part, piece.kind)),
                }
            }
            carry.drain(..used);
            seen = carry.len();
            if at == text.len() {
                assert!(carry.is_empty());
                assert_eq!(walker.walk(&[], 0, true, &mut Vec::new()).unwrap(), 0);
                return (out, walker);
            }
        }
    }

    fn records(document: Document, text: &str) -> Vec<String> {
        let all = pieces(document, text, 7).0;
        all.into_iter().filter(|(_, kind)| *kind == PieceKind::Record).map(|(text, _)| text).collect()
    }

    #[test]
    fn the_records_of_each_shape() {
        for (document, text, wanted) in [
            (Document::Array, "[]", vec![]),
            (Document::Array, "\n[ {\"a\":\"]\\\"\"} ,\n 1,[2]]\n", vec!["{\"a\":\"]\\\"\"}", "1", "[2]"]),
            (
                Document::Results,
                "{\"schema\":[{}],\"results\":[{},{}],\"x\":{\"results\":[{}]}}",
                vec!["{}", "{}"],
            ),
            (
                Document::Records,
                "{\"records\":[{\"records\":[1]}]}\n{\"records\":[]}\n{\"records\":[2]}",
                vec!["{\"records\":[1]}", "2"],
            ),
            (Document::Batches, "[{\"n\":1,\"records\":[{}]},{\"records\":[3]}]", vec!["{}", "3"]),
            (
                Document::Tables,
                "{\"tables\":[{\"name\":\"t\",\"columns\":[{\"name\":\"a\"}],\"rows\":[[1],[2]]}]}",
                vec!["[1]", "[2]"],
            ),
        ] {
            assert_eq!(records(document, text), wanted, "{text}");
        }
    }

    #[test]
    fn a_table_tells_its_columns_and_what_went_wrong() {
        let text = "{\"tables\":[{\"columns\":[{\"name\":\"a\"}],\"rows\":[[1]]}],\"error\":{\"code\":\"PartialError\",\"message\":\"too much\"}}";
        let (found, walker) = pieces(Document::Tables, text, 5);
        assert_eq!(walker.columns(), Some(&["a".to_owned()][..]));
        assert_eq!(walker.error(), Some("PartialError: too much"));
        assert!(!walker.is_cut_off());
        let place = found.iter().position(|(_, kind)| *kind == PieceKind::Columns).unwrap();
        assert!(found[place - 1].0.ends_with("\"a\"}") && found[place + 1].0.starts_with(']'));
    }

    #[test]
    fn what_has_no_records_where_some_should_be_is_counted() {
        for (document, text, wanted) in [
            (
                Document::Records,
                "{\"records\":[{}]}\n{\"a\":1}\n[1]\n2\n{\"records\":null}{\"records\":[]}",
                4,
            ),
            (Document::Batches, "[{\"records\":[{}]},{\"a\":1},3,{\"n\":{},\"records\":[]}]", 2),
            (Document::Results, "{\"schema\":[{}],\"results\":[{}]}", 0),
            (Document::Array, "[{}, 1]", 0),
            (
                Document::Tables,
                "{\"tables\":[{\"columns\":[{\"name\":\"a\"}],\"rows\":[[1]]},{\"name\":\"b\"}]}",
                1,
            ),
        ] {
            assert_eq!(pieces(document, text, 3).1.without_records(), wanted, "{text}");
        }
    }

    #[test]
    fn a_text_that_ends_or_breaks_says_so() {
        for text in ["[{\"a\":1},{\"b\"", "[{\"a\":1},", "[{\"a\":1}", "{\"results\":[{\"a\":1}]"] {
            let document = if text.starts_with('[') { Document::Array } else { Document::Results };
            let (_, walker) = pieces(document, text, 3);
            assert!(walker.is_cut_off() && !walker.is_lost(), "{text}");
        }
        for text in ["[{} {}]", "[{},,{}]", "[{},]", "[{}}", "[{}] x", "]"] {
            let (found, walker) = pieces(Document::Array, text, 3);
            assert!(walker.is_lost(), "{text}");
            assert_eq!(found.into_iter().map(|(part, _)| part).collect::<String>(), text);
        }
    }

    proptest! {
        #[test]
        fn pieces_are_the_bytes_however_they_come(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "[", "]", "{", "}", ",", ":", "\"a\"", "\"results\"", "\"rows\"", "\"tables\"", "\"columns\"", "\"", "\\", "1", " ", "\n", "null", "{\"a\":\"b\"}",
            ]), 0..40),
            step in 1_usize..9,
        ) {
            let text: String = parts.concat();
            for document in [Document::Array, Document::Results, Document::Records, Document::Batches] {
                let (whole, _) = pieces(document, &text, 4_096);
                let (steps, _) = pieces(document, &text, step);
                prop_assert_eq!(whole.iter().map(|(part, _)| part.as_str()).collect::<String>(), text.clone());
                let kinds = |all: &[(String, PieceKind)]| all.iter().filter(|(_, kind)| *kind == PieceKind::Record).cloned().collect::<Vec<_>>();
                prop_assert_eq!(kinds(&whole), kinds(&steps));
            }
        }
    }
}
