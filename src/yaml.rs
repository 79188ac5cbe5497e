//! YAML text as a tree in which every node knows its place. The only file that names a YAML crate.
//!
//! In: text. Out: a [`Node`], whose scalars are the text as it was written: `1.0`, `on` and `7e3` are
//! never turned into something else. Refuses what a list has no use for: tags, several documents,
//! nesting beyond [`MAX_DEPTH`], and aliases that multiply the text.

use saphyr_parser::{Event, Parser, ScalarStyle, Span as YamlSpan};
use std::borrow::Cow;
use std::collections::HashMap;

/// Deeper nesting than this is refused; a list needs five levels.
pub const MAX_DEPTH: usize = 64;
/// All aliases of a file together may stand for no more nodes than this.
pub const MAX_ALIASED_NODES: usize = 50_000;

/// Where a node stands: line and column from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Line of its first character.
    pub line: usize,
    /// Column of its first character.
    pub column: usize,
    /// Characters on that line; 0 if it goes on to other lines.
    pub width: usize,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    /// The value.
    pub value: Value<'a>,
    /// Its place.
    pub span: Span,
}

/// A YAML value as it was written.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// A scalar: its text after YAML's own unquoting, and whether it stood without quotes.
    Scalar(Cow<'a, str>, bool),
    /// A sequence.
    List(Vec<Node<'a>>),
    /// A mapping in its order, duplicate keys included.
    Map(Vec<(Node<'a>, Node<'a>)>),
}

/// Why a text is not YAML that quell reads.
#[derive(Debug, PartialEq, Eq)]
pub struct YamlError {
    /// The cause.
    pub message: String,
    /// Line from 1.
    pub line: usize,
    /// Column from 1.
    pub column: usize,
}

impl Node<'_> {
    /// What kind of value it is, in words for an error.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(..) if self.is_null() => "nothing (null)",
            Value::Scalar(..) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// Whether YAML reads it as null: empty, `~` or `null` without quotes.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, true) if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The value of a key, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(pairs) = &self.value else { return None };
        pairs.iter().find(|(name, _)| name.is_text(key)).map(|(_, value)| value)
    }

    /// Its items, if it is a list.
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// Whether it is a scalar with this text.
    pub fn is_text(&self, wanted: &str) -> bool {
        matches!(&self.value, Value::Scalar(text, _) if text == wanted)
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(..) => 0,
            Value::List(items) => items.iter().map(Node::size).sum(),
            Value::Map(pairs) => pairs.iter().map(|(k, v)| k.size() + v.size()).sum(),
        }
    }
}

/// Reads a typed document, for files whose mistakes need no caret (schemas, settings, rule files).
pub fn from_str<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

/// Writes a typed document.
pub fn to_string<T: serde::Serialize>(value: &T) -> Result<String, String> {
    serde_yaml::to_string(value).map_err(|error| error.to_string())
}

/// A text as a scalar that may stand in a flow mapping and is read back as this text, by any reader of YAML.
pub fn flow_scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '\\' | '(' | ')');
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let number = text.parse::<f64>().is_ok() && text.parse::<u64>().map_or(true, |n| n.to_string() != text);
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(plain)
        && !reserved.contains(&&*text.to_ascii_lowercase())
        && !(number || text.starts_with("0x") || text.starts_with("0o"));
    if is_plain {
        return text.to_owned();
    }
    // JSON's escapes are YAML's too; what no line can hold stands in double quotes.
    let unprintable = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    if text.contains(unprintable) {
        return escaped(text);
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// A document of which every scalar on one line that `hides` something stands in double quotes, with that written out.
/// Whatever is not so plain stays as it is.
pub fn with_escapes(text: &str, hides: impl Fn(&str) -> bool) -> String {
    let line = |line: &str| {
        let (content, end) = line.strip_suffix('\n').map_or((line, ""), |content| (content, "\n"));
        let key = content.find(": ").map_or(0, |at| at + 2);
        let start = if key > 0 { key } else { content.len() - content.trim_start_matches([' ', '-']).len() };
        match parse(&content[start..]) {
            Ok(Some(Node { value: Value::Scalar(value, _), .. })) if hides(content) => {
                format!("{}{}{end}", &content[..start], escaped(&value))
            }
            _ => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    out.push('"');
    out
}

/// Reads one YAML document; `None` if the text holds none.
pub fn parse(text: &str) -> Result<Option<Node<'_>>, YamlError> {
    read(text, TreeBuilder::default(), |_| {})
}

/// The same, but each item of the list under `key` goes to `take` as soon as it was read, so that a long list is never in
/// memory as a whole; in the returned document that list is empty. Two lists are not handed over: one with an anchor, and
/// the second one if the key stands twice.
pub fn parse_items<'a>(
    text: &'a str,
    key: &'static str,
    take: impl FnMut(Node<'a>),
) -> Result<Option<Node<'a>>, YamlError> {
    read(text, TreeBuilder { items_of: Some(key), ..TreeBuilder::default() }, take)
}

fn read<'a>(
    text: &'a str,
    mut builder: TreeBuilder<'a>,
    mut take: impl FnMut(Node<'a>),
) -> Result<Option<Node<'a>>, YamlError> {
    for event in Parser::new_from_str(text) {
        let (event, span) = event
            .map_err(|error| at(error.marker().line(), error.marker().col(), error.info().to_owned()))?;
        builder.take(event, span)?;
        if let Some(item) = builder.item.take() {
            take(item);
        }
    }
    Ok(builder.root)
}

fn at(line: usize, column: usize, message: String) -> YamlError {
    YamlError { message, line, column: column + 1 }
}

enum OpenNode<'a> {
    List(Vec<Node<'a>>),
    Map(Vec<(Node<'a>, Node<'a>)>, Option<Node<'a>>),
}

#[derive(Default)]
struct TreeBuilder<'a> {
    stack: Vec<(OpenNode<'a>, Span, usize)>,
    anchors: HashMap<usize, Node<'a>>,
    aliased: usize,
    root: Option<Node<'a>>,
    /// The key of the document whose items are handed over; none any more once its list has begun.
    items_of: Option<&'static str>,
    /// Whether the innermost open list is that list.
    is_handed_over: bool,
    /// An item to hand over.
    item: Option<Node<'a>>,
}

impl<'a> TreeBuilder<'a> {
    fn take(&mut self, event: Event<'a>, span: YamlSpan) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                let plain = style == ScalarStyle::Plain;
                self.put(Value::Scalar(text, plain), place(span), anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                if let [(OpenNode::Map(_, Some(key)), ..)] = self.stack.as_slice()
                    && self.items_of.is_some_and(|name| key.is_text(name))
                {
                    self.items_of = None;
                    self.is_handed_over = anchor == 0;
                }
                self.open(OpenNode::List(Vec::new()), span, anchor)?;
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                self.open(OpenNode::Map(Vec::new(), None), span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::DocumentStart(_) if self.root.is_some() => {
                return Err(fail(span, "a second YAML document begins here; a file holds one list"));
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, open: OpenNode<'a>, span: YamlSpan, anchor: usize) -> Result<(), YamlError> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(fail(span, "nested too deeply for an exclusion list"));
        }
        self.stack.push((open, place(span), anchor));
        Ok(())
    }

    fn close(&mut self) {
        if let Some((open, span, anchor)) = self.stack.pop() {
            self.is_handed_over &= self.stack.len() > 1;
            let value = match open {
                OpenNode::List(items) => Value::List(items),
                OpenNode::Map(pairs, _) => Value::Map(pairs),
            };
            self.put(value, span, anchor);
        }
    }

    fn alias(&mut self, anchor: usize, span: YamlSpan) -> Result<(), YamlError> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(fail(span, "this alias stands inside the value that it names"));
        };
        self.aliased += target.size();
        if self.aliased > MAX_ALIASED_NODES {
            return Err(fail(span, "the aliases of this file multiply it beyond what quell reads"));
        }
        let node = Node { value: target.value.clone(), span: place(span) };
        self.add(node);
        Ok(())
    }

    fn put(&mut self, value: Value<'a>, span: Span, anchor: usize) {
        let node = Node { value, span };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node);
    }

    fn add(&mut self, node: Node<'a>) {
        let is_item = self.is_handed_over && self.stack.len() == 2;
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(_) if is_item => self.item = Some(node),
            Some((OpenNode::List(items), ..)) => items.push(node),
            Some((OpenNode::Map(pairs, key), ..)) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
        }
    }
}

fn refuse_tag(tag: Option<&saphyr_parser::Tag>, span: YamlSpan) -> Result<(), YamlError> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == "str") => {
            Err(fail(span, "YAML tags have no meaning here; write the value in quotes"))
        }
        _ => Ok(()),
    }
}

fn fail(span: YamlSpan, message: &str) -> YamlError {
    at(span.start.line(), span.start.col(), message.to_owned())
}

fn place(span: YamlSpan) -> Span {
    let one_line = span.start.line() == span.end.line();
    Span {
        line: span.start.line(),
        column: span.start.col() + 1,
        width: if one_line { span.end.col().saturating_sub(span.start.col()) } else { 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn scalars_stay_as_they_were_written() {
        let node = parse("[1.0, 7e3, on, 0x1F, 'null', null]").unwrap().unwrap();
        let Value::List(items) = node.value else { panic!("a list") };
        let texts: Vec<String> = items
            .iter()
            .map(|item| match &item.value {
                Value::Scalar(text, _) => text.to_string(),
                _ => String::new(),
            })
            .collect();
        assert_eq!(texts, ["1.0", "7e3", "on", "0x1F", "null", "null"]);
        assert!(!items[4].is_null());
        assert!(items[5].is_null());
    }

    #[test]
    fn a_scalar_that_is_written_is_read_back() {
        for (text, written) in [
            ("setup.exe", "setup.exe"),
            ("10.20.3.4", "10.20.3.4"),
            ("443", "443"),
            ("0443", "'0443'"),
            ("1.0", "'1.0'"),
            ("null", "'null'"),
            ("", "''"),
            ("::1", "'::1'"),
            ("it's, {a}", "'it''s, {a}'"),
            ("*x", "'*x'"),
            ("a\n\u{1b}\"\\", "\"a\\U0000000a\\U0000001b\\\"\\\\\""),
        ] {
            assert_eq!(flow_scalar(text), written);
            let text_of_it = format!("{{a: {written}}}");
            let read = parse(&text_of_it).unwrap().unwrap();
            let Value::Map(pairs) = read.value else { panic!("a mapping") };
            assert!(matches!(&pairs[0].1.value, Value::Scalar(read, _) if read == text), "{written}");
        }
    }

    #[test]
    fn aliases_that_multiply_the_text_are_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = vec![format!("*a{}", level - 1); 9].join(", ");
            writeln!(text, "a{level}: &a{level} [{before}]").unwrap();
        }
        let error = parse(&text).unwrap_err();
        assert!(error.message.contains("multiply"), "{error:?}");
    }

    #[test]
    fn items_are_handed_over_where_nothing_else_refers_to_them() {
        for (text, wanted, left) in [
            ("x: [a]\nitems:\n- {a: [b, c]}\n- d\ny: [e]\n", 2, 0),
            ("items: &x [a, b]\ny: *x\n", 0, 2),
            ("a: &a b\nitems: [*a, c]\n", 2, 0),
            ("items: [a]\nitems: [b, c]\n", 1, 0),
            ("items: {items: [a]}\n", 0, 0),
            ("- items: [a]\n", 0, 0),
        ] {
            let mut items = Vec::new();
            let root = parse_items(text, "items", |item| items.push(item)).unwrap().unwrap();
            assert_eq!(items.len(), wanted, "{text}");
            if let Value::Map(pairs) = &root.value
                && let Some((_, Node { value: Value::List(kept), .. })) =
                    pairs.iter().find(|(key, _)| key.is_text("items"))
            {
                assert_eq!(kept.len(), left, "{text}");
            }
            if left == 0 && wanted > 0 {
                let whole = parse(text).unwrap().unwrap();
                let Value::Map(pairs) = whole.value else { panic!("a mapping") };
                let listed = pairs.into_iter().find(|(key, _)| key.is_text("items"));
                assert_eq!(format!("{:?}", Value::List(items)), format!("{:?}", listed.unwrap().1.value));
            }
        }
    }

    #[test]
    fn endless_nesting_is_refused() {
        let error = parse(&"[".repeat(100_000)).unwrap_err();
        assert!(error.message.contains("nested") || error.message.contains("recursion"), "{error:?}");
    }
}
