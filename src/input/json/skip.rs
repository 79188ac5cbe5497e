//! Passes over a JSON value as a whole, however many pieces its text comes in.
//!
//! In: text that begins at the value or goes on inside it. Out: where it ends, and of the few values that say something
//! about the others their content. It checks nothing but strings and brackets.

use crate::input::is_json_space;
use memchr::memchr2;

/// Bytes of a value whose content is wanted at most.
const MAX_CAPTURED: usize = 4 << 20;

/// Why a value is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// Nobody looks into it here.
    Other,
    /// It is a record.
    Record,
    /// It lists the columns of a table.
    Columns,
    /// It says what went wrong.
    Error,
}

/// A value that is being passed over.
#[derive(Debug)]
pub(super) struct Skip {
    pub(super) what: ValueKind,
    depth: usize,
    in_string: bool,
    escaped: bool,
    scalar: bool,
    captured: Vec<u8>,
}

impl Skip {
    /// Stands before the first byte of a value.
    pub(super) fn new(what: ValueKind, first: u8) -> Self {
        let scalar = !matches!(first, b'{' | b'[' | b'"');
        Self { what, depth: 0, in_string: false, escaped: false, scalar, captured: Vec::new() }
    }

    /// Passes over a value as far as the text goes; true at its end.
    pub(super) fn pass(&mut self, at: &mut usize, text: &[u8]) -> bool {
        let from = *at;
        let ended = self.pass_over(at, text);
        if matches!(self.what, ValueKind::Columns | ValueKind::Error) && self.captured.len() < MAX_CAPTURED {
            self.captured.extend_from_slice(&text[from..*at]);
        }
        ended
    }

    fn pass_over(&mut self, at: &mut usize, text: &[u8]) -> bool {
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

    /// Code and message of an error that stands beside results.
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
