//! Reads one JSON object fast, if it is a plain one.
//!
//! In: text, and where in it an object stands. Out: its wanted cells, or nothing if [`super::visit`] has to read it: what is
//! not JSON, and what is rare in rows, such as a number with a fraction in a wanted cell. What is read here, `serde_json`
//! reads in the same way; a property test and a fuzz target check that.
//!
//! Rows of one export have the same keys in the same order. So each key remembers which key came next the last time. A row
//! is first compared with the expected key, many bytes at a time, and only if they differ the key is looked up.

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

/// How deep objects and arrays may be nested; deeper ones are left to `serde_json`.
const MAX_DEPTH: usize = 32;
/// How many different keys are remembered. Rows with more are left to `serde_json`.
const MAX_KEYS: usize = 4_096;
/// The number of no key.
const NONE: usize = usize::MAX;
/// The number of the row itself, which is no key's value.
const ROOT: usize = 0;

/// Reads objects and remembers their keys.
pub(super) struct FastReader<'k> {
    level: Level,
    known_keys: Vec<KnownKey<'k>>,
    /// The number of each known key, by the key whose value the object is, and its own text.
    numbers: HashMap<(usize, Box<[u8]>), usize>,
    wanted_keys: &'k Keys,
}

/// A key at one place in a row. It is known by its number, which is its place in [`FastReader::known_keys`].
struct KnownKey<'k> {
    /// Its text with quotation marks and colon, filled up with zeros.
    written: [u8; 64],
    /// The length of that text.
    length: usize,
    wanted: Option<&'k KeyUse>,
    /// The key that came next in the same object the last time.
    next: usize,
    /// The first key of the object that was its value the last time.
    first: usize,
}

/// An object or array that is open.
#[derive(Clone, Copy)]
struct OpenValue {
    is_object: bool,
    /// The key whose value it is.
    key: usize,
    /// The last key that was read in it.
    last: usize,
}

impl<'k> FastReader<'k> {
    /// A reader that looks for these keys.
    pub(super) fn new(wanted_keys: &'k Keys) -> Self {
        let root = KnownKey { written: [0; 64], length: 0, wanted: None, next: NONE, first: NONE };
        Self { level: Level::new(), known_keys: vec![root], numbers: HashMap::new(), wanted_keys }
    }

    /// Reads the object that stands from `start` to `end`, which may have white space around it. `text` is UTF-8.
    pub(super) fn read(
        &mut self,
        text: &[u8],
        start: usize,
        end: usize,
        record: &mut RecordCells,
    ) -> Option<()> {
        let (level, row) = (self.level, &text[..end]);
        dispatch!(level, simd => self.object(simd, text, row, start, record))
    }

    #[inline(always)]
    fn object<S: Simd>(
        &mut self,
        simd: S,
        text: &[u8],
        row: &[u8],
        start: usize,
        record: &mut RecordCells,
    ) -> Option<()> {
        let mut at = skip_space(row, start);
        if row.get(at) != Some(&b'{') {
            return None;
        }
        at = skip_space(row, at + 1);
        let mut open: SmallVec<[OpenValue; MAX_DEPTH]> = SmallVec::new();
        let mut top = OpenValue { is_object: true, key: ROOT, last: NONE };
        let mut done = row.get(at) == Some(&b'}');
        loop {
            // `top` either ends here, or a key or a value of it follows.
            if done {
                at = skip_space(row, at + 1);
                match open.pop() {
                    None => return (at == row.len()).then_some(()),
                    Some(around) => top = around,
                }
            } else {
                let mut wanted = None;
                let mut key = NONE;
                if top.is_object {
                    (key, at) = self.key(simd, text, row, at, &top)?;
                    top.last = key;
                    wanted = self.known_keys[key].wanted;
                    at = skip_space(row, at);
                }
                match *row.get(at)? {
                    kind @ (b'{' | b'[') => {
                        if let Some(key) = wanted.filter(|key| !key.cells.is_empty()) {
                            record.put(key, None);
                        }
                        if open.len() == MAX_DEPTH {
                            return None;
                        }
                        open.push(top);
                        top = OpenValue { is_object: kind == b'{', key, last: NONE };
                        at = skip_space(row, at + 1);
                        done = row.get(at) == Some(if top.is_object { &b'}' } else { &b']' });
                        continue;
                    }
                    _ => at = scalar(simd, text, row, at, wanted, record)?,
                }
                at = skip_space(row, at);
            }
            match (*row.get(at)?, top.is_object) {
                (b',', _) => {
                    at = skip_space(row, at + 1);
                    done = false;
                }
                (b'}', true) | (b']', false) => done = true,
                _ => return None,
            }
        }
    }

    /// The number of the key at `at`, and where its value begins.
    #[inline(always)]
    fn key<S: Simd>(
        &mut self,
        simd: S,
        text: &[u8],
        row: &[u8],
        at: usize,
        around: &OpenValue,
    ) -> Option<(usize, usize)> {
        let expected = match (around.last, around.key) {
            (NONE, NONE) => NONE,
            (NONE, parent) => self.known_keys[parent].first,
            (last, _) => self.known_keys[last].next,
        };
        if let (Some(key), Some(bytes)) = (self.known_keys.get(expected), text[at..].first_chunk::<64>()) {
            let same =
                u8x64::from_slice(simd, bytes).simd_eq(u8x64::from_slice(simd, &key.written)).to_bitmask();
            if (same | u64::MAX << (key.length - 1) << 1) == u64::MAX && at + key.length <= row.len() {
                return Some((expected, at + key.length));
            }
        }
        if row.get(at) != Some(&b'"') {
            return None;
        }
        let (end, escaped) = string_end(simd, text, row, at + 1)?;
        let colon = skip_space(row, end + 1);
        if escaped || row.get(colon) != Some(&b':') {
            return None;
        }
        let key = self.look_up(around, &row[at + 1..end])?;
        Some((key, colon + 1))
    }

    /// The number of a key that was not expected.
    #[cold]
    fn look_up(&mut self, around: &OpenValue, key: &[u8]) -> Option<usize> {
        // In an array nothing is wanted, but the keys of its objects are remembered too.
        let parent = around.key;
        let place = (parent, Box::from(key));
        let number = if let Some(number) = self.numbers.get(&place) {
            *number
        } else {
            let number = self.known_keys.len();
            let mut written = [0; 64];
            // A row with a key that is too long, or with too many keys, is not plain.
            let length = key.len() + 3;
            if length > 64 || number > MAX_KEYS {
                return None;
            }
            written[0] = b'"';
            written[1..=key.len()].copy_from_slice(key);
            written[key.len() + 1..length].copy_from_slice(b"\":");
            let keys = match parent {
                ROOT => Some(self.wanted_keys),
                NONE => None,
                parent => self.known_keys[parent].wanted.map(|key| &key.below),
            };
            let wanted = keys.and_then(|keys| keys.0.get(std::str::from_utf8(key).ok()?));
            self.known_keys.push(KnownKey { written, length, wanted, next: NONE, first: NONE });
            self.numbers.insert(place, number);
            number
        };
        match (around.last, parent) {
            (NONE, NONE) => {}
            (NONE, parent) => self.known_keys[parent].first = number,
            (last, _) => self.known_keys[last].next = number,
        }
        Some(number)
    }
}

/// The place of the next byte that is no white space.
#[inline(always)]
pub(super) fn skip_space(row: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = row.get(at) {
        at += 1;
    }
    at
}

/// Where the quotation mark stands that ends a string, and whether the string holds escapes.
#[inline(always)]
fn string_end<S: Simd>(simd: S, text: &[u8], row: &[u8], mut at: usize) -> Option<(usize, bool)> {
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

/// Reads a string, number, boolean or null, and returns its end.
#[inline(always)]
pub(super) fn scalar<S: Simd>(
    simd: S,
    text: &[u8],
    row: &[u8],
    at: usize,
    wanted: Option<&KeyUse>,
    record: &mut RecordCells,
) -> Option<usize> {
    if row[at] == b'"' {
        let (end, escaped) = string_end(simd, text, row, at + 1)?;
        if let Some(key) = wanted {
            let range = at + 1..end;
            let found =
                if escaped { record.copy_unescaped(row.get(range)?)? } else { CellText::of_row(range) };
            record.put(key, Some(&found));
        }
        return Some(end + 1);
    }
    let (end, kind) = literal(row, at)?;
    match (wanted, kind) {
        (None, _) => {}
        (Some(key), Literal::Null) => record.put(key, None),
        (Some(key), Literal::Itself) => record.put(key, Some(&CellText::of_row(at..end))),
        (Some(_), Literal::Number) => return None,
    }
    Some(end)
}

/// A value that is no string, object or array.
enum Literal {
    Null,
    /// `true`, `false`, or a whole number: its text is what stands there.
    Itself,
    /// A number that `serde_json` may write otherwise, such as `1.50`.
    Number,
}

/// The end of the literal that begins at `at`, and its kind.
#[inline(always)]
fn literal(row: &[u8], at: usize) -> Option<(usize, Literal)> {
    let rest = &row[at..];
    match rest.first()? {
        b't' if rest.starts_with(b"true") => return Some((at + 4, Literal::Itself)),
        b'f' if rest.starts_with(b"false") => return Some((at + 5, Literal::Itself)),
        b'n' if rest.starts_with(b"null") => return Some((at + 4, Literal::Null)),
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
        if whole <= 18 && (start == at || row[start] != b'0') { Literal::Itself } else { Literal::Number };
    if row.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if fraction == 0 {
            return None;
        }
        (end, kind) = (end + 1 + fraction, Literal::Number);
    }
    if let Some(b'e' | b'E') = row.get(end) {
        let sign = usize::from(matches!(row.get(end + 1), Some(b'+' | b'-')));
        let exponent = row.get(end + 1 + sign..).map_or(0, |_| digits(end + 1 + sign));
        if exponent == 0 {
            return None;
        }
        (end, kind) = (end + 1 + sign + exponent, Literal::Number);
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

    #[test]
    fn which_keys_occur_need_not_be_asked() {
        let wanted = vec![vec![Source { column: "a".into(), path: false }]];
        let mut rows = 0;
        JsonReader::new(Projection::of_keys(wanted, &[])).rows(b"{\"a\":1}\n", &mut [], |_| rows += 1);
        assert_eq!(rows, 1);
    }

    /// Values that are JSON, or nearly.
    fn value() -> impl Strategy<Value = String> {
        let scalar = proptest::sample::select(
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
        scalar.prop_recursive(3, 12, 4, |inner| {
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
            let lines = JsonReader::new(Projection::of_keys(wanted, &[]));
            let mut text = rows.iter().map(|(pairs, comma, tail)| object(pairs, comma) + tail).collect::<Vec<_>>().join("\n");
            if ends {
                text.push('\n');
            }
            prop_assert_eq!(read(&lines, text.as_bytes(), true), read(&lines, text.as_bytes(), false), "{}", text);
        }
    }
}
