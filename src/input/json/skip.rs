//! Skips a JSON value, whose text may come in several pieces.
//!
//! In: text that begins at the value or goes on inside it. Out: where the value ends, and the content of the few values that
//! the walker needs. It looks only at strings and brackets, and does not check whether the value is valid.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined does not get the instructions that were chosen"
)]

use crate::input::is_json_space;
use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x64};
use memchr::memchr2;

/// About how many bytes of a value are kept, at most.
const MAX_CAPTURED: usize = 4 << 20;

/// What a skipped value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// A record.
    Record,
    /// The columns of a table.
    Columns,
    /// What went wrong, in the words of the service.
    Error,
    /// Anything else.
    Other,
}

/// A value that is being skipped.
#[derive(Debug)]
pub(super) struct Skip {
    pub(super) kind: ValueKind,
    depth: usize,
    in_string: bool,
    escaped: bool,
    scalar: bool,
    captured: Vec<u8>,
}

/// The even bits.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// Where in a block of 64 bytes the signs stand that structure JSON, one bit a byte.
struct Signs {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Signs {
    #[inline(always)]
    fn of<S: Simd>(simd: S, block: &[u8; 64]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        // `[` and `{` differ in one bit, `]` and `}` as well.
        let brackets = bytes | 0x20;
        Self {
            quotes: bytes.simd_eq(b'"').to_bitmask(),
            backslashes: bytes.simd_eq(b'\\').to_bitmask(),
            opens: brackets.simd_eq(b'{').to_bitmask(),
            closes: brackets.simd_eq(b'}').to_bitmask(),
        }
    }
}

impl Skip {
    /// Before a value that begins with the byte `first`.
    pub(super) fn new(kind: ValueKind, first: u8) -> Self {
        let scalar = !matches!(first, b'{' | b'[' | b'"');
        Self { kind, depth: 0, in_string: false, escaped: false, scalar, captured: Vec::new() }
    }

    /// Moves `at` to the end of the value, or to the end of the text if the value goes on; true in the first case.
    pub(super) fn advance(&mut self, at: &mut usize, text: &[u8]) -> bool {
        let from = *at;
        let ended = self.skip(at, text);
        if matches!(self.kind, ValueKind::Columns | ValueKind::Error) && self.captured.len() < MAX_CAPTURED {
            self.captured.extend_from_slice(&text[from..*at]);
        }
        ended
    }

    fn skip(&mut self, at: &mut usize, text: &[u8]) -> bool {
        if self.depth == 0 && !self.in_string && matches!(text.get(*at), Some(b'{' | b'[')) {
            self.depth = 1;
            *at += 1;
        }
        if self.blocks(at, text) {
            return true;
        }
        self.bytes(at, text)
    }

    /// Skips blocks of 64 bytes of an array or object; true at its end.
    fn blocks(&mut self, at: &mut usize, text: &[u8]) -> bool {
        let level = Level::new();
        while self.depth > 0
            && let Some(block) = text.get(*at..).and_then(<[u8]>::first_chunk::<64>)
        {
            let signs = dispatch!(level, simd => Signs::of(simd, block));
            if let Some(end) = self.block(&signs) {
                *at += end;
                return true;
            }
            *at += 64;
        }
        false
    }

    /// Skips a block; the place after the value if it ends there.
    fn block(&mut self, signs: &Signs) -> Option<usize> {
        let quotes = signs.quotes & !self.escaped_in(signs.backslashes);
        // Every bit from an opening quotation mark on, up to the closing one.
        let mut strings = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            strings ^= strings << shift;
        }
        if self.in_string {
            strings = !strings;
        }
        let (opens, closes) = (signs.opens & !strings, signs.closes & !strings);
        if (closes.count_ones() as usize) < self.depth {
            self.depth = self.depth + opens.count_ones() as usize - closes.count_ones() as usize;
            self.in_string = strings >> 63 == 1;
            return None;
        }
        let mut brackets = opens | closes;
        while brackets != 0 {
            let place = brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            if opens >> place & 1 == 1 {
                self.depth += 1;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    (self.in_string, self.escaped) = (false, false);
                    return Some(place + 1);
                }
            }
        }
        self.in_string = strings >> 63 == 1;
        None
    }

    /// The bytes of a block that a backslash before them escapes. A backslash escapes the next byte unless it is itself
    /// escaped, so in a run of backslashes every other one does.
    fn escaped_in(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            return u64::from(std::mem::take(&mut self.escaped));
        }
        let first = u64::from(self.escaped);
        let backslashes = backslashes & !first;
        let follows = backslashes << 1 | first;
        let odd_begins = backslashes & !EVEN & !follows;
        let (ends, beyond) = odd_begins.overflowing_add(backslashes);
        self.escaped = beyond;
        (EVEN ^ ends << 1) & follows
    }

    /// Skips byte by byte.
    fn bytes(&mut self, at: &mut usize, text: &[u8]) -> bool {
        while *at < text.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    *at += 1;
                    continue;
                }
                let Some(found) = memchr2(b'"', b'\\', &text[*at..]) else {
                    *at = text.len();
                    return false;
                };
                self.escaped = text[*at + found] == b'\\';
                self.in_string = self.escaped;
                *at += found + 1;
                if !self.in_string && self.depth == 0 {
                    return true;
                }
                continue;
            }
            let byte = text[*at];
            if self.scalar {
                if matches!(byte, b',' | b']' | b'}') || is_json_space(byte) {
                    return true;
                }
                *at += 1;
                continue;
            }
            *at += 1;
            let escaped = std::mem::take(&mut self.escaped);
            match byte {
                // Outside strings a backslash is no JSON; blocks read it like this.
                b'"' | b'\\' if escaped => {}
                b'\\' => self.escaped = true,
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// The names in a list of columns.
    pub(super) fn columns(&self) -> Vec<String> {
        let columns: Vec<serde_json::Value> = serde_json::from_slice(&self.captured).unwrap_or_default();
        let name = |column: &serde_json::Value| {
            let name = ["name", "Name", "ColumnName"].iter().find_map(|key| column.get(key)?.as_str());
            name.unwrap_or_default().to_owned()
        };
        columns.iter().map(name).collect()
    }

    /// The code and message of an error; `None` if it is null.
    pub(super) fn error(&self) -> Option<String> {
        let error: serde_json::Value = serde_json::from_slice(&self.captured).ok()?;
        let part = |key: &str| error.get(key).and_then(serde_json::Value::as_str);
        match (part("code"), part("message")) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (Some(word), None) | (None, Some(word)) => Some(word.to_owned()),
            (None, None) if error.is_null() => None,
            (None, None) => Some("an error without a code".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Blocks and bytes skip the same, wherever the text is cut into pieces.
        #[test]
        fn blocks_skip_what_bytes_skip(
            parts in proptest::collection::vec(
                prop_oneof![
                    8 => proptest::sample::select(vec!["{", "[", "}", "]", "\"", "\"a\":", "\\", "\\\\", "\\\"", ",", "é"]),
                    1 => Just("                                                 "),
                ],
                0..120,
            ),
            cuts in proptest::collection::vec(0_usize..400, 0..3),
        ) {
            let text = format!("[{}]", parts.concat());
            let text = text.as_bytes();
            let (mut slow, mut slow_at) = (Skip::new(ValueKind::Other, b'['), 0);
            let slow_ended = slow.bytes(&mut slow_at, text);
            let (mut quick, mut at, mut ended) = (Skip::new(ValueKind::Other, b'['), 0, false);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([text.len()]).collect();
            cuts.sort_unstable();
            for cut in cuts {
                ended = ended || at < cut && quick.advance(&mut at, &text[..cut]);
            }
            prop_assert_eq!((at, ended), (slow_at, slow_ended));
            if !ended {
                prop_assert_eq!((quick.depth, quick.in_string, quick.escaped), (slow.depth, slow.in_string, slow.escaped));
            }
        }
    }
}
