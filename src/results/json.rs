//! Finds the wanted keys of JSON Lines.
//!
//! In: bytes that begin at a line. Out: the wanted cells of each line that is one JSON object, or its
//! [`Fault`]. A string is its text, a number its digits, `true` and `false` words; null, arrays and
//! objects hold no text and are absent.

use super::csv::blank_line;
use super::duplicate::{self, DuplicateKey};
use super::layout::{KeyUse, Keys, Layout};
use super::quick::Quick;
use super::{Cells, Fault, MAX_COLUMNS, Row, last_segment};
use memchr::memchr;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::ops::Range;

/// Reads lines of one layout.
#[derive(Debug)]
pub struct Lines {
    layout: Layout,
}

/// What was found for one wanted cell so far: which of its sources, and its text.
#[derive(Debug, Clone, Default)]
struct Found {
    source: Option<usize>,
    text: Option<Text>,
    /// That source has been there before.
    twice: bool,
}

/// Where the text of a cell stands.
#[derive(Debug, Clone)]
pub(super) struct Text {
    range: Range<usize>,
    /// In the memory of the [`Line`], not in the row.
    copied: bool,
}

impl Text {
    /// In the text of the row.
    #[inline]
    pub(super) fn of_row(range: Range<usize>) -> Self {
        Self { range, copied: false }
    }
}

/// What was found in one row; its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Line {
    found: Vec<Found>,
    text: String,
    /// Something stood twice; whether it counts is known only at the end.
    duplicate: bool,
}

impl Line {
    /// Forgets the last row.
    pub(super) fn clear(&mut self, cells: usize) {
        self.text.clear();
        self.duplicate = false;
        self.found.clear();
        self.found.resize(cells, Found::default());
    }

    /// The text of a cell of a row that was read whole.
    pub(super) fn text(&self, cell: usize) -> Option<&str> {
        self.found[cell].text.as_ref().map(|text| &self.text[text.range.clone()])
    }

    /// Takes what a key holds.
    #[inline]
    pub(super) fn put(&mut self, key: &KeyUse, text: Option<&Text>) {
        for (cell, source) in &key.cells {
            let found = &mut self.found[*cell];
            if found.source == Some(*source) {
                found.twice = true;
                self.duplicate = true;
            }
            if found.source.is_none_or(|known| *source < known) {
                *found = Found { source: Some(*source), text: text.cloned(), twice: false };
            }
        }
    }

    /// Copies a text.
    fn copied(&mut self, text: &str) -> Text {
        let start = self.text.len();
        self.text.push_str(text);
        Text { range: start..self.text.len(), copied: true }
    }

    /// Copies a text without its escapes; `None` if one of them is a number.
    pub(super) fn unescaped(&mut self, text: &[u8]) -> Option<Text> {
        let start = self.text.len();
        let mut parts = std::str::from_utf8(text).ok()?.split('\\');
        self.text.push_str(parts.next()?);
        while let Some(part) = parts.next() {
            let (plain, rest) = match part.as_bytes().first() {
                // What follows is a backslash that is escaped.
                None => {
                    self.text.push('\\');
                    self.text.push_str(parts.next()?);
                    continue;
                }
                Some(b'b') => ('\u{8}', &part[1..]),
                Some(b'f') => ('\u{c}', &part[1..]),
                Some(b'n') => ('\n', &part[1..]),
                Some(b'r') => ('\r', &part[1..]),
                Some(b't') => ('\t', &part[1..]),
                Some(b'"' | b'/') => (char::from(part.as_bytes()[0]), &part[1..]),
                Some(_) => return None,
            };
            self.text.push(plain);
            self.text.push_str(rest);
        }
        Some(Text { range: start..self.text.len(), copied: true })
    }
}

/// A row as text, if it is text.
pub(super) fn whole_text(bytes: &[u8]) -> Result<&str, Fault> {
    if memchr(0, bytes).is_some() {
        return Err(Fault::Nul);
    }
    std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)
}

impl Lines {
    /// A reader of lines.
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }

    /// Calls `take` with each row of a chunk, in order; `seen` gets true for each wanted cell whose key occurs. Returns the
    /// number of line feeds.
    pub fn rows(&self, chunk: &[u8], seen: &mut [bool], mut take: impl FnMut(&Row<'_>)) -> u64 {
        let mut quick = Quick::new(&self.layout.keys);
        let text = simdutf8::basic::from_utf8(chunk).ok();
        let mut line = Line::default();
        each_line(chunk, |start, bytes| {
            line.clear(self.layout.wanted.len());
            let end = start + bytes.len();
            match text.filter(|_| quick.read(chunk, start, end, &mut line).is_some() && !line.duplicate) {
                Some(text) => self.hand_over(bytes, start, text, &line, seen, &mut take),
                None => self.row(bytes, start, &mut line, seen, &mut take),
            }
        })
    }

    /// The same by `serde_json` alone, which [`Lines::rows`] is checked against.
    pub fn slow_rows(&self, chunk: &[u8], seen: &mut [bool], mut take: impl FnMut(&Row<'_>)) -> u64 {
        let mut line = Line::default();
        each_line(chunk, |start, bytes| self.row(bytes, start, &mut line, seen, &mut take))
    }

    /// Calls `take` with one row.
    pub(crate) fn row(
        &self,
        bytes: &[u8],
        start: usize,
        line: &mut Line,
        seen: &mut [bool],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        match self.read(bytes, line) {
            Err(fault) => take(&Row { bytes, start, cells: Err(fault) }),
            Ok(()) => self.hand_over(bytes, start, "", line, seen, take),
        }
    }

    /// `text` is what the texts that were not copied stand in.
    fn hand_over(
        &self,
        bytes: &[u8],
        start: usize,
        text: &str,
        line: &Line,
        seen: &mut [bool],
        take: &mut impl FnMut(&Row<'_>),
    ) {
        let mut cells = Cells::new();
        for (cell, found) in line.found.iter().enumerate() {
            let text = found.text.as_ref().and_then(|found| {
                let text = if found.copied { &line.text } else { text };
                text.get(found.range.clone())
            });
            let is_path = found.source.is_some_and(|place| self.layout.wanted[cell][place].path);
            seen[self.layout.asked(cell)] |= found.source.is_some();
            cells.push(if is_path { text.map(last_segment) } else { text });
        }
        take(&Row { bytes, start, cells: Ok(self.layout.settle(&mut cells)) });
    }

    fn read(&self, bytes: &[u8], line: &mut Line) -> Result<(), Fault> {
        line.clear(self.layout.wanted.len());
        let text = whole_text(bytes)?;
        let mut json = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
        let object = Object { keys: &self.layout.keys, line };
        json.deserialize_map(object).map_err(|_| Fault::NotJson)?;
        json.end().map_err(|_| Fault::NotJson)?;
        if line.duplicate && line.found.iter().any(|found| found.twice) {
            return Err(Fault::DuplicateKey);
        }
        Ok(())
    }

    /// The key that stands twice in a record of a file, which begins on this line; `None` if there is none.
    pub(crate) fn duplicate(&self, record: &[u8], on_line: u64) -> Option<DuplicateKey> {
        let mut line = Line::default();
        self.read(record, &mut line).err().filter(|fault| *fault == Fault::DuplicateKey)?;
        let (cell, found) = line.found.iter().enumerate().find(|(_, found)| found.twice)?;
        let key = self.layout.wanted[cell].get(found.source?)?.column.clone();
        let places = duplicate::places(std::str::from_utf8(record).ok()?, &key);
        Some(DuplicateKey { line: on_line, key, places })
    }
}

/// Calls `take` with each line that is not empty, and returns the number of line feeds.
fn each_line(chunk: &[u8], mut take: impl FnMut(usize, &[u8])) -> u64 {
    let (mut start, mut line_feeds) = (0, 0);
    while start < chunk.len() {
        let found = memchr(b'\n', &chunk[start..]);
        line_feeds += u64::from(found.is_some());
        let end = found.map_or(chunk.len(), |found| start + found + 1);
        let bytes = &chunk[start..end];
        if blank_line(bytes).is_none() {
            take(start, bytes);
        }
        start = end;
    }
    line_feeds
}

/// Adds the keys of an object and of those below it, dotted.
pub(super) fn collect_keys(
    object: &serde_json::Map<String, serde_json::Value>,
    before: &str,
    names: &mut indexmap::IndexSet<String>,
) {
    for (key, value) in object {
        if names.len() >= MAX_COLUMNS {
            return;
        }
        let name = format!("{before}{key}");
        if let serde_json::Value::Object(below) = value {
            collect_keys(below, &format!("{name}."), names);
        }
        names.insert(name);
    }
}

struct Object<'l> {
    keys: &'l Keys,
    line: &'l mut Line,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key { keys: self.keys })? {
            match key {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(key) => map.next_value_seed(Value { key, line: self.line })?,
            }
        }
        Ok(())
    }
}

struct Key<'l> {
    keys: &'l Keys,
}

impl<'de, 'l> DeserializeSeed<'de> for Key<'l> {
    type Value = Option<&'l KeyUse>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'l> Visitor<'_> for Key<'l> {
    type Value = Option<&'l KeyUse>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.keys.0.get(key))
    }
}

pub(super) struct Value<'l> {
    pub(super) key: &'l KeyUse,
    pub(super) line: &'l mut Line,
}

impl Value<'_> {
    fn put(self, text: Option<&str>) {
        let text = text.map(|text| self.line.copied(text));
        self.line.put(self.key, text.as_ref());
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.put(Some(text));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.put(Some(&number.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.put(Some(&number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.put(Some(&number.to_string()));
        Ok(())
    }

    fn visit_bool<E>(self, word: bool) -> Result<(), E> {
        self.put(Some(if word { "true" } else { "false" }));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.put(None);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.put(None);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { key, line } = self;
        if !key.cells.is_empty() {
            Value { key, line: &mut *line }.put(None);
        }
        Object { keys: &key.below, line }.visit_map(map)
    }
}
