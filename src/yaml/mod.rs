//! YAML text as a tree in which every node knows its place. The only room that names a YAML crate.
//!
//! In: text. Out: a [`Node`], whose scalars are the text as it was written: `1.0`, `on` and `7e3` are
//! never turned into something else. Refuses what a list has no use for: tags, several documents,
//! nesting beyond [`MAX_DEPTH`], and aliases that multiply the text.
//!
//! The crate `saphyr-parser` says what YAML is. `plain` reads the part of it in which scripts write long lists some twenty
//! times as fast, gives the same tree, and leaves everything else to the crate. `write` writes.

mod plain;
mod tree;
mod write;

pub use write::{flow_scalar, with_escapes};

use std::borrow::Cow;
use tree::TreeBuilder;

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

/// Reads one YAML document; `None` if the text holds none.
pub fn parse(text: &str) -> Result<Option<Node<'_>>, YamlError> {
    match parse_plain(text) {
        Some(root) => Ok(Some(root)),
        None => parse_any(text),
    }
}

/// What the quick reader makes of a text: the tree that [`parse_any`] gives too, or `None` if it leaves it to that.
pub fn parse_plain(text: &str) -> Option<Node<'_>> {
    plain::is_plain(text).then(|| plain::read(text, TreeBuilder::default(), |_| {}))?
}

/// The same as [`parse`], always by the crate that knows all of YAML.
pub fn parse_any(text: &str) -> Result<Option<Node<'_>>, YamlError> {
    tree::read(text, TreeBuilder::default(), |_| {})
}

/// The same, but each item of the list under `key` goes to `take` as soon as it was read, so that a long list is never in
/// memory as a whole; in the returned document that list is empty. Two lists are not handed over: one with an anchor, and
/// the second one if the key stands twice.
pub fn parse_items<'a>(
    text: &'a str,
    key: &'static str,
    take: impl FnMut(Node<'a>),
) -> Result<Option<Node<'a>>, YamlError> {
    let builder = TreeBuilder::handing_over(key);
    // What was handed over cannot be taken back, so all of it is looked at first.
    if plain::is_plain(text) { Ok(plain::read(text, builder, take)) } else { tree::read(text, builder, take) }
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
