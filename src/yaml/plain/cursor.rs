//! Where the quick reader stands in a text, and what it can read there without knowing what that is part of.

use super::super::Span;
use std::borrow::Cow;

/// How far into a line columns are counted if not all of the text is ASCII.
const LONGEST_LINE: usize = 4_000;

/// Bytes at which something unquoted may end.
const MAY_END: [bool; 256] = {
    let (mut table, ends, mut at) = ([false; 256], *b"\n\r :#,[]{}-", 0);
    while at < ends.len() {
        table[ends[at] as usize] = true;
        at += 1;
    }
    table
};

/// A scalar on one line.
pub(super) struct Scalar<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) is_plain: bool,
    /// Its first byte and the one behind its last.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A place in a text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    is_ascii: bool,
    /// The next byte.
    pub(super) at: usize,
    /// The line from 1, and its first byte.
    line: usize,
    line_start: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, is_ascii: text.is_ascii(), at: 0, line: 1, line_start: 0 }
    }

    /// Bytes in front of it on its line.
    pub(super) fn column(&self) -> usize {
        self.at - self.line_start
    }

    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn is_line_end(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), None | Some(b'\n' | b'\r'))
    }

    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), None | Some(b'\n' | b'\r' | b' '))
    }

    pub(super) fn is_dash(&self) -> bool {
        self.byte(0) == Some(b'-') && self.is_blank_or_end(1)
    }

    /// Whether a comment begins here: only behind a blank, or where a line does.
    pub(super) fn is_comment(&self) -> bool {
        let before = self.text.as_bytes()[self.line_start..self.at].last();
        self.byte(0) == Some(b'#') && matches!(before, None | Some(b' '))
    }

    /// Goes over blanks.
    pub(super) fn blanks(&mut self) {
        while self.byte(0) == Some(b' ') {
            self.at += 1;
        }
    }

    /// Goes over the end of a line.
    pub(super) fn line_feed(&mut self) -> Option<()> {
        if self.byte(0) == Some(b'\r') {
            self.at += 1;
        }
        if self.byte(0)? != b'\n' {
            return None;
        }
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
        Some(())
    }

    /// From behind a value over a comment to the next line.
    pub(super) fn line_end(&mut self) -> Option<()> {
        self.blanks();
        if self.is_comment() {
            self.comment();
        }
        if self.byte(0).is_none() { Some(()) } else { self.line_feed() }
    }

    pub(super) fn comment(&mut self) {
        let rest = self.text.as_bytes()[self.at..].iter();
        self.at += rest.take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
    }

    /// From the beginning of a line to the first character of the next one that is more than a comment. False at the end.
    pub(super) fn next_line(&mut self) -> Option<bool> {
        loop {
            self.blanks();
            match self.byte(0) {
                None => return Some(false),
                Some(b'#') => {
                    self.comment();
                    if self.byte(0).is_some() {
                        self.line_feed()?;
                    }
                }
                Some(b'\n' | b'\r') => self.line_feed()?,
                Some(_) => return Some(true),
            }
        }
    }

    pub(super) fn scalar(&mut self, in_flow: bool) -> Option<Scalar<'a>> {
        match self.byte(0)? {
            b'\'' => self.single_quoted(),
            b'"' => self.double_quoted(),
            _ => self.unquoted(in_flow),
        }
    }

    /// What stands up to a byte that ends it, on this line.
    fn up_to(&self, from: usize, ends: impl Fn(u8) -> bool) -> Option<usize> {
        let bytes = &self.text.as_bytes()[from..];
        let length = bytes.iter().position(|byte| ends(*byte) || matches!(byte, b'\n' | b'\r'))?;
        ends(bytes[length]).then_some(from + length)
    }

    fn single_quoted(&mut self) -> Option<Scalar<'a>> {
        let from = self.at;
        let (mut end, mut is_doubled) = (self.up_to(from + 1, |byte| byte == b'\'')?, false);
        while self.text.as_bytes().get(end + 1) == Some(&b'\'') {
            is_doubled = true;
            end = self.up_to(end + 2, |byte| byte == b'\'')?;
        }
        let text = &self.text[from + 1..end];
        let text = if is_doubled { Cow::Owned(text.replace("''", "'")) } else { Cow::Borrowed(text) };
        self.at = end + 1;
        Some(Scalar { text, is_plain: false, from, to: self.at })
    }

    fn double_quoted(&mut self) -> Option<Scalar<'a>> {
        let from = self.at;
        let mut text = Cow::Borrowed("");
        self.at += 1;
        loop {
            let end = self.up_to(self.at, |byte| matches!(byte, b'"' | b'\\'))?;
            let part = &self.text[self.at..end];
            if text.is_empty() {
                text = Cow::Borrowed(part);
            } else {
                text.to_mut().push_str(part);
            }
            self.at = end + 1;
            if self.text.as_bytes()[end] == b'"' {
                return Some(Scalar { text, is_plain: false, from, to: self.at });
            }
            let escaped = self.byte(0)?;
            if !matches!(escaped, b'"' | b'\\') {
                return None;
            }
            text.to_mut().push(char::from(escaped));
            self.at += 1;
        }
    }

    fn unquoted(&mut self, in_flow: bool) -> Option<Scalar<'a>> {
        let from = self.at;
        if b"-?:,[]{}#&*!|>'\"%@`".contains(&self.byte(0)?) || self.text[from..].starts_with("...") {
            return None;
        }
        let mut to = from;
        loop {
            match self.byte(0) {
                None | Some(b'\n' | b'\r') => break,
                Some(b' ') => {
                    self.at += 1;
                    continue;
                }
                Some(b':') if self.is_blank_or_end(1) => break,
                Some(b':' | b'-')
                    if in_flow && matches!(self.byte(1), Some(b',' | b'[' | b']' | b'{' | b'}')) =>
                {
                    return None;
                }
                Some(b'#') if self.at > to => break,
                Some(b',' | b']' | b'}') if in_flow => break,
                Some(b'[' | b'{') if in_flow => return None,
                Some(_) => {}
            }
            self.at += 1;
            let rest = self.text.as_bytes()[self.at..].iter();
            self.at += rest.take_while(|byte| !MAY_END[usize::from(**byte)]).count();
            to = self.at;
        }
        self.at = to;
        Some(Scalar { text: Cow::Borrowed(&self.text[from..to]), is_plain: true, from, to })
    }

    /// The place of what stands on this line between two bytes.
    pub(super) fn span(&self, from: usize, to: usize) -> Option<Span> {
        let (column, width) = if self.is_ascii {
            (from - self.line_start, to - from)
        } else if from - self.line_start > LONGEST_LINE {
            return None;
        } else {
            (self.text[self.line_start..from].chars().count(), self.text[from..to].chars().count())
        };
        Some(Span { line: self.line, column: column + 1, width })
    }
}
