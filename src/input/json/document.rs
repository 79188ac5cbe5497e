//! Finds the records of a JSON document without holding it.
//!
//! In: the bytes of a document in pieces, and which array of it holds the records. Out: [`DocumentPiece`]s that together are
//! the bytes: records, what stands between two of them, and the envelope around them. It walks the structure and
//! leaves the content of records and of the rest of the envelope to others. One file may hold several documents.
//!
//! Where the structure breaks, everything that follows is [`PieceKind::Lost`]; where the text ends inside it,
//! [`Walker::is_cut_off`] says so.

use super::format::{Document, PathStep};
use super::skip::{Skip, ValueKind};
use crate::input::{MAX_COLUMNS, is_json_space};
use std::io;
use std::ops::Range;

/// What a piece of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// A part of the envelope, which every output needs.
    Frame,
    /// Nothing; here a list of columns ends, and one more can be added.
    Columns,
    /// What stands between two records: white space and a comma.
    Between,
    /// One record.
    Record,
    /// Lines after the structure broke.
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

/// Where a walk stands in the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GrammarState {
    Top,
    FirstValue,
    Value,
    FirstKey,
    Key,
    InKey { escaped: bool },
    Colon,
    After,
}

#[derive(Debug)]
struct Frame {
    array: bool,
    /// Steps of the path that led here.
    matched: usize,
    /// The path went on from here.
    met: bool,
}

/// Walks the documents of one file.
#[derive(Debug)]
pub struct Walker {
    document: Document,
    at: GrammarState,
    frames: Vec<Frame>,
    key: Vec<u8>,
    skip: Option<Skip>,
    /// The gap before the next record holds more than white space and a comma.
    structural: bool,
    /// Bytes of a gap that go with the record which is being read.
    gap: usize,
    columns: Option<Vec<String>>,
    /// Whether the table at hand has the columns of the first; `None` before they were seen.
    same_columns: Option<bool>,
    error: Option<String>,
    lost: bool,
    cut_off: bool,
    without: u64,
}

impl Walker {
    /// Stands before the first byte of a file.
    pub fn new(document: Document) -> Self {
        Self {
            document,
            at: GrammarState::Top,
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
            without: 0,
        }
    }

    /// The columns of the first table.
    pub fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    /// What the service says went wrong beside the results: they are not all.
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

    /// Values that stand where something with records should, and have none.
    pub fn without_records(&self) -> u64 {
        self.without
    }

    /// Walks on over `text`, of which `from` bytes were seen before, and says how many bytes the pieces cover.
    /// The rest has to come again with more behind it.
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
                if skip.pass(&mut walk.at, text) {
                    self.passed(&mut walk);
                }
            } else if !self.step(&mut walk)? {
                walk.put(walk.at, PieceKind::Frame);
                self.lost = true;
            }
        }
        self.rest(&mut walk, ended);
        Ok(walk.start)
    }

    /// What is left at the end of the text at hand.
    fn rest(&mut self, walk: &mut TextWalk<'_, '_>, ended: bool) {
        let length = walk.text.len();
        if self.lost {
            let end = memchr::memrchr(b'\n', walk.text).map_or(0, |at| at + 1);
            let long = length - walk.start >= crate::input::MAX_ROW;
            walk.put(if ended || long { length } else { end.max(walk.start) }, PieceKind::Lost);
            return;
        }
        let in_record = self.skip.as_ref().is_some_and(|skip| skip.what == ValueKind::Record);
        if ended {
            self.cut_off |= self.at != GrammarState::Top || self.skip.is_some();
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

    /// One byte outside of values that are passed over; false if it may not stand there.
    fn step(&mut self, walk: &mut TextWalk<'_, '_>) -> io::Result<bool> {
        let byte = walk.text[walk.at];
        if let GrammarState::InKey { escaped } = self.at {
            self.in_key(byte, escaped);
            walk.at += 1;
            return Ok(true);
        }
        if is_json_space(byte) {
            walk.at += 1;
            return Ok(true);
        }
        let array = self.frames.last().is_some_and(|frame| frame.array);
        match (self.at, byte) {
            (GrammarState::FirstValue, b']') | (GrammarState::FirstKey, b'}') => self.leave(),
            (GrammarState::Top | GrammarState::FirstValue | GrammarState::Value, _) => {
                return self.value(walk);
            }
            (GrammarState::FirstKey | GrammarState::Key, b'"') => {
                self.key.clear();
                self.at = GrammarState::InKey { escaped: false };
            }
            (GrammarState::Colon, b':') => self.at = GrammarState::Value,
            (GrammarState::After, b',') => {
                // Between two records a comma is no part of the envelope.
                self.structural |= !self.holds_records();
                self.at = if array { GrammarState::Value } else { GrammarState::Key };
            }
            (GrammarState::After, b']' | b'}') if array == (byte == b']') => self.leave(),
            _ => return Ok(false),
        }
        walk.at += 1;
        Ok(true)
    }

    fn in_key(&mut self, byte: u8, escaped: bool) {
        match byte {
            b'"' if !escaped => self.at = GrammarState::Colon,
            _ => {
                // No key that is looked for is longer.
                if self.key.len() < 64 {
                    self.key.push(byte);
                }
                self.at = GrammarState::InKey { escaped: byte == b'\\' && !escaped };
            }
        }
    }

    /// The beginning of a value.
    fn value(&mut self, walk: &mut TextWalk<'_, '_>) -> io::Result<bool> {
        let byte = walk.text[walk.at];
        let path = self.document.path();
        let matched = self.matched(path);
        let array = byte == b'[';
        if matched == Some(path.len()) {
            self.may_have_records()?;
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
                frame.met = true;
            }
            self.frames.push(Frame { array, matched, met: false });
            self.at = if array { GrammarState::FirstValue } else { GrammarState::FirstKey };
            walk.at += 1;
            return Ok(true);
        }
        self.structural = true;
        // Of a document or an item records were expected; a key beside them is something else.
        if self.frames.last().is_none_or(|frame| frame.array) {
            self.without += 1;
        }
        let is = |names: &[&str]| names.iter().any(|name| name.as_bytes() == self.key);
        let what = match self.frames.last() {
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
        Ok(self.begin(walk, what))
    }

    /// Steps of the path that lead to the value at hand, if they do.
    fn matched(&self, path: &[PathStep]) -> Option<usize> {
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

    /// In tables the columns tell what a row is.
    fn may_have_records(&self) -> io::Result<()> {
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

    /// Begins to pass over a value; false if none begins here.
    fn begin(&mut self, walk: &mut TextWalk<'_, '_>, what: ValueKind) -> bool {
        let byte = walk.text[walk.at];
        if !matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') {
            return false;
        }
        if what == ValueKind::Record {
            if self.structural {
                walk.put(walk.at, PieceKind::Frame);
            }
            self.gap = walk.at - walk.start;
            self.structural = false;
        }
        self.skip = Some(Skip::new(what, byte));
        true
    }

    /// A value has been passed over.
    fn passed(&mut self, walk: &mut TextWalk<'_, '_>) {
        let Some(skip) = self.skip.take() else { return };
        match skip.what {
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
        self.at = if self.frames.is_empty() { GrammarState::Top } else { GrammarState::After };
    }

    fn leave(&mut self) {
        self.structural = true;
        let left = self.frames.pop();
        self.without += u64::from(left.is_some_and(|frame| !frame.array && !frame.met));
        self.at = if self.frames.is_empty() { GrammarState::Top } else { GrammarState::After };
    }
}

/// One text on the way through a [`Walker`].
struct TextWalk<'t, 'p> {
    text: &'t [u8],
    /// Where the next piece begins.
    start: usize,
    at: usize,
    pieces: &'p mut Vec<DocumentPiece>,
}

impl TextWalk<'_, '_> {
    /// Ends a piece; an empty one is none.
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
