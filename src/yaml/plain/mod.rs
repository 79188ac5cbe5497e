//! The part of YAML in which scripts write long lists, read fast.
//!
//! In: text. Out: the tree that the crate gives, or nothing: whatever is not understood to the last character is left to the
//! crate. Read are block mappings and lists, flow mappings and lists on one line or as a whole document (so that JSON is read
//! too), scalars on one line, and comments. Not read are for example tabs, anchors, tags, block scalars, null, several documents, and every mistake.
//!
//! A law (tests/it/yaml.rs) and a fuzz target compare both readers.

mod cursor;

use super::tree::TreeBuilder;
use super::{MAX_DEPTH, Node, Span, Value};
use cursor::{Cursor, Scalar};
use std::borrow::Cow;

/// The longest key that YAML finds without a look ahead, with room to spare.
const LONGEST_KEY: usize = 1_000;

/// Takes what is met.
trait Sink<'a> {
    fn scalar(&mut self, text: Cow<'a, str>, is_plain: bool, span: Span);
    fn list(&mut self, span: Span);
    fn map(&mut self, span: Span);
    fn end(&mut self);
}

/// Only looks.
struct Look;

impl Sink<'_> for Look {
    fn scalar(&mut self, _: Cow<'_, str>, _: bool, _: Span) {}
    fn list(&mut self, _: Span) {}
    fn map(&mut self, _: Span) {}
    fn end(&mut self) {}
}

/// Builds a tree and hands items over.
struct Build<'a, F> {
    builder: TreeBuilder<'a>,
    take: F,
}

impl<'a, F: FnMut(Node<'a>)> Sink<'a> for Build<'a, F> {
    fn scalar(&mut self, text: Cow<'a, str>, is_plain: bool, span: Span) {
        self.builder.put(Value::Scalar(text, is_plain), span, 0);
        self.builder.item.take().into_iter().for_each(&mut self.take);
    }

    fn list(&mut self, span: Span) {
        self.builder.open_list(span, 0);
    }

    fn map(&mut self, span: Span) {
        self.builder.open_map(span, 0);
    }

    fn end(&mut self) {
        self.builder.close();
        self.builder.item.take().into_iter().for_each(&mut self.take);
    }
}

/// Whether all of a text is understood.
pub(super) fn is_plain(text: &str) -> bool {
    has_plain_characters(text) && Reader::new(text, Look).document().is_some()
}

/// Reads a text of which [`is_plain`] is true.
pub(super) fn read<'a>(
    text: &'a str,
    builder: TreeBuilder<'a>,
    take: impl FnMut(Node<'a>),
) -> Option<Node<'a>> {
    Reader::new(text, Build { builder, take }).document()?.builder.root
}

/// No control character but line feeds, and nothing that YAML, or somebody's reading of it, takes for a line's end or a blank.
fn has_plain_characters(text: &str) -> bool {
    let is_plain = |byte: u8| byte >= b' ' && byte != 0x7f || byte == b'\n' || byte == b'\r';
    // Whole pieces, so that many bytes are looked at together.
    text.as_bytes().chunks(64).all(|piece| piece.iter().fold(true, |all, byte| all & is_plain(*byte)))
        && (text.is_ascii()
            || text
                .chars()
                .all(|c| c.is_ascii() || !(c.is_control() || c.is_whitespace() || c == '\u{feff}')))
}

struct Reader<'a, S> {
    text: Cursor<'a>,
    /// Blanks in front of the line's content.
    indent: usize,
    ended: bool,
    depth: usize,
    /// Whether what is open goes on to other lines: the document is one flow mapping or list.
    across_lines: bool,
    sink: S,
}

impl<'a, S: Sink<'a>> Reader<'a, S> {
    fn new(text: &'a str, sink: S) -> Self {
        Self { text: Cursor::new(text), indent: 0, ended: false, depth: 0, across_lines: false, sink }
    }

    fn document(mut self) -> Option<S> {
        self.next_line()?;
        if self.ended || self.indent > 0 {
            return None;
        }
        if matches!(self.text.byte(0), Some(b'{' | b'[')) {
            self.across_lines = true;
            self.flow()?;
            self.text.line_end()?;
            self.next_line()?;
        } else {
            self.block()?;
        }
        self.ended.then_some(self.sink)
    }

    /// Goes to the next line that is more than a comment.
    fn next_line(&mut self) -> Option<()> {
        self.ended = !self.text.next_line()?;
        self.indent = self.text.column();
        Some(())
    }

    fn deeper(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth < MAX_DEPTH / 2).then_some(())
    }

    /// A mapping or list over lines. At its end stands the next line that is none of its own, as behind each of the following.
    fn block(&mut self) -> Option<()> {
        if self.text.is_dash() { self.block_list(false) } else { self.block_map(None) }
    }

    /// `is_flush`: it stands below its key without being indented. The crate gives its place as that behind the dash.
    fn block_list(&mut self, is_flush: bool) -> Option<()> {
        self.deeper()?;
        let column = self.indent;
        let mut is_open = !is_flush;
        if is_open {
            self.sink.list(self.text.span(self.text.at, self.text.at)?);
        }
        loop {
            self.text.at += 1;
            self.text.blanks();
            if self.text.is_comment() {
                self.text.comment();
            }
            if !is_open {
                is_open = true;
                self.sink.list(self.text.span(self.text.at, self.text.at)?);
            }
            if self.text.is_line_end(0) {
                self.below(column + 1)?;
            } else {
                self.item()?;
            }
            if self.ended || self.indent < column {
                break;
            }
            if self.indent > column {
                return None;
            }
            if !self.text.is_dash() {
                break;
            }
        }
        self.depth -= 1;
        self.sink.end();
        Some(())
    }

    /// An item that begins behind its dash.
    fn item(&mut self) -> Option<()> {
        if matches!(self.text.byte(0), Some(b'{' | b'[')) {
            self.flow()?;
            self.text.line_end()?;
            return self.next_line();
        }
        let column = self.text.column();
        let first = self.text.scalar(false)?;
        if self.text.byte(0) == Some(b':') {
            self.indent = column;
            return self.block_map(Some(first));
        }
        self.put(first)?;
        self.text.line_end()?;
        self.next_line()
    }

    /// An item on the lines below its dash, indented by so much at least.
    fn below(&mut self, least: usize) -> Option<()> {
        self.text.line_end()?;
        self.next_line()?;
        (!self.ended && self.indent >= least).then_some(())?;
        self.block()
    }

    /// A value on the lines below its key. A list may stand there without being indented.
    fn below_key(&mut self, column: usize) -> Option<()> {
        self.text.line_end()?;
        self.next_line()?;
        if !self.ended && self.indent == column && self.text.is_dash() {
            return self.block_list(true);
        }
        (!self.ended && self.indent > column).then_some(())?;
        self.block()
    }

    fn block_map(&mut self, mut first: Option<Scalar<'a>>) -> Option<()> {
        self.deeper()?;
        let column = self.indent;
        let start = first.as_ref().map_or(self.text.at, |key| key.from);
        self.sink.map(self.text.span(start, start)?);
        loop {
            let key = match first.take() {
                Some(key) => key,
                None => self.text.scalar(false)?,
            };
            self.key(key)?;
            if !self.text.is_blank_or_end(0) {
                return None;
            }
            self.text.blanks();
            if self.text.is_line_end(0) || self.text.is_comment() {
                self.below_key(column)?;
            } else {
                self.value(false)?;
                self.text.line_end()?;
                self.next_line()?;
            }
            if self.ended || self.indent < column {
                break;
            }
            if self.indent > column {
                return None;
            }
        }
        self.depth -= 1;
        self.sink.end();
        Some(())
    }

    /// A key and its colon.
    fn key(&mut self, key: Scalar<'a>) -> Option<()> {
        if self.text.byte(0) != Some(b':') || key.to - key.from > LONGEST_KEY {
            return None;
        }
        self.put(key)?;
        self.text.at += 1;
        Some(())
    }

    fn value(&mut self, in_flow: bool) -> Option<()> {
        if matches!(self.text.byte(0), Some(b'{' | b'[')) {
            return self.flow();
        }
        let scalar = self.text.scalar(in_flow)?;
        self.put(scalar)
    }

    fn flow(&mut self) -> Option<()> {
        self.deeper()?;
        let is_map = self.text.byte(0) == Some(b'{');
        let span = self.text.span(self.text.at, self.text.at + 1)?;
        if is_map {
            self.sink.map(span);
        } else {
            self.sink.list(span);
        }
        let close = if is_map { b'}' } else { b']' };
        self.text.at += 1;
        loop {
            self.space()?;
            if self.text.byte(0)? == close {
                break;
            }
            if is_map {
                let key = self.text.scalar(true)?;
                self.key(key)?;
                self.space()?;
            }
            self.value(true)?;
            self.space()?;
            match self.text.byte(0)? {
                b',' => self.text.at += 1,
                byte if byte == close => break,
                _ => return None,
            }
        }
        self.text.at += 1;
        self.depth -= 1;
        self.sink.end();
        Some(())
    }

    /// Goes over blanks, and over ends of lines where what is open may go on.
    fn space(&mut self) -> Option<()> {
        self.text.blanks();
        while self.across_lines && matches!(self.text.byte(0), Some(b'\n' | b'\r')) {
            self.text.line_feed()?;
            self.text.blanks();
        }
        Some(())
    }
    fn put(&mut self, scalar: Scalar<'a>) -> Option<()> {
        let span = self.text.span(scalar.from, scalar.to)?;
        self.sink.scalar(scalar.text, scalar.is_plain, span);
        Some(())
    }
}
