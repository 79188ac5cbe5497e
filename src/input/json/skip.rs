//! Skips a JSON value, whose text may come in several pieces.
//!
//! In: text that begins at the value or goes on inside it. Out: where the value ends, and the content of the few values that
//! the walker needs. It looks only at strings and brackets, and does not check whether the value is valid.

use crate::input::is_json_space;
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
            match byte {
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
