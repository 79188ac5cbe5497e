//! Reads one JSON object fast, if it is a plain one.
//!
//! In: text, and where in it an object stands. Out: its wanted cells, or nothing, which says that [`super::visit`] has to
//! look: at what is no JSON, and at what is rare in rows, such as numbers with a fraction in a wanted cell. What it reads,
//! `serde_json` reads the same way; a property test and a fuzz target hold it to that.
//!
//! Rows of one export have the same keys in the same order. So each key remembers which one came after it last, and a
//! row is compared with what is expected, many bytes at a time, before anything is looked up.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined does not get the instructions that were chosen"
)]

use super::cells::{CellText, RecordCells};
use crate::input::projection::{KeyUse, Keys};
use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x32, u8x64};
use hashbrown::HashMap;
use smallvec::SmallVec;

/// Objects and arrays within each other; `serde_json` goes deeper.
const DEEP: usize = 32;
/// Different keys that are remembered; more than that are no columns.
const NAMES: usize = 4_096;
/// The place of no name.
const NONE: usize = usize::MAX;
/// The name of the row itself.
const ROOT: usize = 0;

/// Reads objects and remembers their keys.
pub(super) struct FastReader<'k> {
    level: Level,
    names: Vec<Name<'k>>,
    /// By the name of the object around it and its own text.
    known: HashMap<(usize, Box<[u8]>), usize>,
    keys: &'k Keys,
}

/// A key at one place in a row.
struct Name<'k> {
    /// With quotation marks and colon, and the length of that.
    written: [u8; 64],
    length: usize,
    wanted: Option<&'k KeyUse>,
    /// The key that came next in the same object.
    next: usize,
    /// The first key of the object that is its value.
    first: usize,
}

/// An object or array that is open.
#[derive(Clone, Copy)]
struct OpenValue {
    is_object: bool,
    /// Whose value it is.
    name: usize,
    /// The key before.
    last: usize,
}

impl<'k> FastReader<'k> {
    /// Looks for these keys.
    pub(super) fn new(keys: &'k Keys) -> Self {
        let root = Name { written: [0; 64], length: 0, wanted: None, next: NONE, first: NONE };
        Self { level: Level::new(), names: vec![root], known: HashMap::new(), keys }
    }

    /// Reads the object that stands from `start` to `end`, which may have white space around it. `text` is UTF-8.
    pub(super) fn read(
        &mut self,
        text: &[u8],
        start: usize,
        end: usize,
        line: &mut RecordCells,
    ) -> Option<()> {
        let (level, row) = (self.level, &text[..end]);
        dispatch!(level, simd => self.object(simd, text, row, start, line))
    }

    #[inline(always)]
    fn object<S: Simd>(
        &mut self,
        simd: S,
        text: &[u8],
        row: &[u8],
        start: usize,
        line: &mut RecordCells,
    ) -> Option<()> {
        let mut at = blank(row, start);
        if row.get(at) != Some(&b'{') {
            return None;
        }
        at = blank(row, at + 1);
        let mut open: SmallVec<[OpenValue; DEEP]> = SmallVec::new();
        let mut top = OpenValue { is_object: true, name: ROOT, last: NONE };
        let mut done = row.get(at) == Some(&b'}');
        loop {
            // Within an object or array, which ends here, or goes on with a key or a value.
            if done {
                at = blank(row, at + 1);
                match open.pop() {
                    None => return (at == row.len()).then_some(()),
                    Some(around) => top = around,
                }
            } else {
                let mut wanted = None;
                let mut name = NONE;
                if top.is_object {
                    (name, at) = self.key(simd, text, row, at, &top)?;
                    top.last = name;
                    wanted = self.names[name].wanted;
                    at = blank(row, at);
                }
                match *row.get(at)? {
                    kind @ (b'{' | b'[') => {
                        if let Some(key) = wanted.filter(|key| !key.cells.is_empty()) {
                            line.put(key, None);
                        }
                        if open.len() == DEEP {
                            return None;
                        }
                        open.push(top);
                        top = OpenValue { is_object: kind == b'{', name, last: NONE };
                        at = blank(row, at + 1);
                        done = row.get(at) == Some(if top.is_object { &b'}' } else { &b']' });
                        continue;
                    }
                    _ => at = leaf(simd, text, row, at, wanted, line)?,
                }
                at = blank(row, at);
            }
            match (*row.get(at)?, top.is_object) {
                (b',', _) => {
                    at = blank(row, at + 1);
                    done = false;
                }
                (b'}', true) | (b']', false) => done = true,
                _ => return None,
            }
        }
    }

    /// The name of the key that stands here, and where its value begins.
    #[inline(always)]
    fn key<S: Simd>(
        &mut self,
        simd: S,
        text: &[u8],
        row: &[u8],
        at: usize,
        around: &OpenValue,
    ) -> Option<(usize, usize)> {
        let expected = match (around.last, around.name) {
            (NONE, NONE) => NONE,
            (NONE, name) => self.names[name].first,
            (last, _) => self.names[last].next,
        };
        if let (Some(name), Some(bytes)) = (self.names.get(expected), text[at..].first_chunk::<64>()) {
            let same =
                u8x64::from_slice(simd, bytes).simd_eq(u8x64::from_slice(simd, &name.written)).to_bitmask();
            if (same | u64::MAX << (name.length - 1) << 1) == u64::MAX && at + name.length <= row.len() {
                return Some((expected, at + name.length));
            }
        }
        if row.get(at) != Some(&b'"') {
            return None;
        }
        let (end, escaped) = string(simd, text, row, at + 1)?;
        let colon = blank(row, end + 1);
        if escaped || row.get(colon) != Some(&b':') {
            return None;
        }
        let name = self.look_up(around, &row[at + 1..end])?;
        Some((name, colon + 1))
    }

    /// The name of a key that was not expected.
    #[cold]
    fn look_up(&mut self, around: &OpenValue, key: &[u8]) -> Option<usize> {
        // Objects in arrays hold nothing that is wanted, but names all the same.
        let parent = around.name;
        let known = (parent, Box::from(key));
        let name = if let Some(name) = self.known.get(&known) {
            *name
        } else {
            let name = self.names.len();
            let mut written = [0; 64];
            // A row with a key that is too long, or with one too many, is not plain.
            let length = key.len() + 3;
            if length > 64 || name > NAMES {
                return None;
            }
            written[0] = b'"';
            written[1..=key.len()].copy_from_slice(key);
            written[key.len() + 1..length].copy_from_slice(b"\":");
            let keys = match parent {
                ROOT => Some(self.keys),
                NONE => None,
                parent => self.names[parent].wanted.map(|key| &key.below),
            };
            let wanted = keys.and_then(|keys| keys.0.get(std::str::from_utf8(key).ok()?));
            self.names.push(Name { written, length, wanted, next: NONE, first: NONE });
            self.known.insert(known, name);
            name
        };
        match (around.last, parent) {
            (NONE, NONE) => {}
            (NONE, parent) => self.names[parent].first = name,
            (last, _) => self.names[last].next = name,
        }
        Some(name)
    }
}

/// The next byte that is no white space.
#[inline(always)]
fn blank(row: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = row.get(at) {
        at += 1;
    }
    at
}

/// The quotation mark that ends a string, and whether anything is escaped in it.
#[inline(always)]
fn string<S: Simd>(simd: S, text: &[u8], row: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        if let Some(bytes) = text.get(at..).and_then(<[u8]>::first_chunk::<32>) {
            let bytes = u8x32::from_slice(simd, bytes);
            let stops = bytes.simd_eq(b'"') | bytes.simd_eq(b'\\') | bytes.simd_lt(b' ');
            let stops = stops.to_bitmask();
            if stops == 0 {
                at += 32;
                continue;
            }
            at += stops.trailing_zeros() as usize;
        } else {
            let rest = text.get(at..)?;
            at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
        }
        match row.get(at)? {
            b'"' => return Some((at, escaped)),
            b'\\' => match row.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' if row.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
                _ => return None,
            },
            _ => return None,
        }
        escaped = true;
    }
}

/// Reads a value that holds no others, and returns its end.
#[inline(always)]
fn leaf<S: Simd>(
    simd: S,
    text: &[u8],
    row: &[u8],
    at: usize,
    wanted: Option<&KeyUse>,
    line: &mut RecordCells,
) -> Option<usize> {
    if row[at] == b'"' {
        let (end, escaped) = string(simd, text, row, at + 1)?;
        if let Some(key) = wanted {
            let range = at + 1..end;
            let found = if escaped { line.unescaped(row.get(range)?)? } else { CellText::of_row(range) };
            line.put(key, Some(&found));
        }
        return Some(end + 1);
    }
    let (end, word) = word(row, at)?;
    match (wanted, word) {
        (None, _) => {}
        (Some(key), Word::Null) => line.put(key, None),
        (Some(key), Word::Itself) => line.put(key, Some(&CellText::of_row(at..end))),
        (Some(_), Word::Number) => return None,
    }
    Some(end)
}

/// What a value is that is neither text nor holds others.
enum Word {
    Null,
    /// `true`, `false`, or a whole number as it is always written.
    Itself,
    /// Another number, whose text may be written otherwise.
    Number,
}

/// The value that begins here, and its end.
#[inline(always)]
fn word(row: &[u8], at: usize) -> Option<(usize, Word)> {
    let rest = &row[at..];
    match rest.first()? {
        b't' if rest.starts_with(b"true") => return Some((at + 4, Word::Itself)),
        b'f' if rest.starts_with(b"false") => return Some((at + 5, Word::Itself)),
        b'n' if rest.starts_with(b"null") => return Some((at + 4, Word::Null)),
        b'-' | b'0'..=b'9' => {}
        _ => return None,
    }
    let digits = |from: usize| row[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = at + usize::from(rest[0] == b'-');
    let whole = digits(start);
    if whole == 0 || whole > 1 && row[start] == b'0' {
        return None;
    }
    let mut end = start + whole;
    let mut kind =
        if whole <= 18 && (start == at || row[start] != b'0') { Word::Itself } else { Word::Number };
    if row.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if fraction == 0 {
            return None;
        }
        (end, kind) = (end + 1 + fraction, Word::Number);
    }
    if let Some(b'e' | b'E') = row.get(end) {
        let sign = usize::from(matches!(row.get(end + 1), Some(b'+' | b'-')));
        let exponent = row.get(end + 1 + sign..).map_or(0, |_| digits(end + 1 + sign));
        if exponent == 0 {
            return None;
        }
        (end, kind) = (end + 1 + sign + exponent, Word::Number);
    }
    Some((end, kind))
}

#[cfg(test)]
mod tests {
    use crate::input::json::JsonReader;
    use crate::input::projection::Projection;
    use crate::schema::Source;
    use proptest::prelude::*;

    type RowRead = Vec<(usize, Result<Vec<Option<String>>, super::super::Fault>)>;

    fn read(lines: &JsonReader, text: &[u8], fast: bool) -> (RowRead, Vec<bool>) {
        let (mut rows, mut seen) = (Vec::new(), vec![false; 3]);
        let take = |row: &super::super::Row<'_>| {
            let cells = row.cells.map(|cells| cells.iter().map(|cell| cell.map(str::to_owned)).collect());
            rows.push((row.start, cells));
        };
        if fast {
            lines.rows(text, &mut seen, take)
        } else {
            lines.slow_rows(text, &mut seen, take)
        };
        (rows, seen)
    }

    /// Values that are JSON, or nearly.
    fn value() -> impl Strategy<Value = String> {
        let leaf = proptest::sample::select(
            [
                "1",
                "-1",
                "0",
                "-0",
                "01",
                "1.50",
                "1e3",
                "-",
                "1.",
                "1e",
                "1e+5",
                "123456789012345678",
                "18446744073709551616",
                "-9223372036854775808",
                "1e999",
                "true",
                "false",
                "null",
                "nul",
                "\"\"",
                "\"a\"",
                "\"a\\\\b\\\"c\\n\\/\"",
                "\"\\u0041\"",
                "\"\\ud800\"",
                "\"\\ud83d\\ude00\"",
                "\"\\u00g0\"",
                "\"\\x\"",
                "\"\u{e9}\u{1f600}\"",
                "\"a\u{1}b\"",
                "\"a",
                "\"0123456789012345678901234567890123456789\"",
                "{}",
                "[]",
                "[ ]",
                "{ }",
                "",
            ]
            .map(str::to_owned)
            .to_vec(),
        );
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                proptest::collection::vec((key(), inner.clone()), 0..4).prop_map(|pairs| object(&pairs, ",")),
                proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            ]
        })
    }

    fn key() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(
            [
                "a",
                "a",
                "b",
                "c",
                "b.c",
                "d",
                "\\u0061",
                "a\\\\",
                "\u{e9}",
                "a rather long key that does not fit into sixty-four bytes at all, no",
            ]
            .to_vec(),
        )
    }

    fn object(pairs: &[(&str, String)], comma: &str) -> String {
        let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", pairs.join(comma))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn it_reads_what_the_slow_way_reads(
            rows in proptest::collection::vec(
                (proptest::collection::vec((key(), value()), 0..6), proptest::sample::select([",", ", ", " ,\t"].to_vec()), proptest::sample::select(["", "", " ", "}", "x", "\r", "{"].to_vec())),
                1..6,
            ),
            ends in any::<bool>(),
        ) {
            let wanted = ["a", "b.c", "d"].map(|name| vec![Source { column: name.into(), path: false }]).into();
            let lines = JsonReader::new(Projection::of_keys(wanted));
            let mut text = rows.iter().map(|(pairs, comma, tail)| object(pairs, comma) + tail).collect::<Vec<_>>().join("\n");
            if ends {
                text.push('\n');
            }
            prop_assert_eq!(read(&lines, text.as_bytes(), true), read(&lines, text.as_bytes(), false), "{}", text);
        }
    }
}
