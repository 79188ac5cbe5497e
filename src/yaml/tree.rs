//! From the events of the crate's parser to a tree.
//!
//! In: text, or what the quick reader met in it. Out: the document, and the items that are handed over.

use super::{MAX_ALIASED_NODES, MAX_DEPTH, Node, Span, Value, YamlError};
use saphyr_parser::{Event, Parser, ScalarStyle, Span as YamlSpan};
use std::collections::HashMap;

/// Reads a document by the crate, and hands over what the builder is to hand over.
pub(super) fn read<'a>(
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

/// A node that is not complete.
pub(super) enum OpenNode<'a> {
    List(Vec<Node<'a>>),
    Map(Vec<(Node<'a>, Node<'a>)>, Option<Node<'a>>),
}

/// Makes a tree of what a reader meets.
#[derive(Default)]
pub(super) struct TreeBuilder<'a> {
    stack: Vec<(OpenNode<'a>, Span, usize)>,
    anchors: HashMap<usize, Node<'a>>,
    aliased: usize,
    pub(super) root: Option<Node<'a>>,
    /// The key of the document whose items are handed over; none any more once its list has begun.
    items_of: Option<&'static str>,
    /// Whether the innermost open list is that list.
    is_handed_over: bool,
    /// An item to hand over.
    pub(super) item: Option<Node<'a>>,
}

impl<'a> TreeBuilder<'a> {
    /// A builder that hands over the items of the list under this key of the document.
    pub(super) fn handing_over(key: &'static str) -> Self {
        Self { items_of: Some(key), ..Self::default() }
    }

    fn take(&mut self, event: Event<'a>, span: YamlSpan) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                let plain = style == ScalarStyle::Plain;
                let place = of_scalar(place(span), &text, style);
                self.put(Value::Scalar(text, plain), place, anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                self.check_depth(span)?;
                self.open_list(begin(span), anchor);
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                self.check_depth(span)?;
                self.open_map(begin(span), anchor);
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

    fn check_depth(&self, span: YamlSpan) -> Result<(), YamlError> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(fail(span, "nested too deeply for an exclusion list"));
        }
        Ok(())
    }

    /// A list begins. An anchor is a number, 0 if there is none.
    pub(super) fn open_list(&mut self, span: Span, anchor: usize) {
        if let [(OpenNode::Map(_, Some(key)), ..)] = self.stack.as_slice()
            && self.items_of.is_some_and(|name| key.is_text(name))
        {
            self.items_of = None;
            self.is_handed_over = anchor == 0;
        }
        self.stack.push((OpenNode::List(Vec::new()), span, anchor));
    }

    /// A mapping begins.
    pub(super) fn open_map(&mut self, span: Span, anchor: usize) {
        self.stack.push((OpenNode::Map(Vec::new(), None), span, anchor));
    }

    /// The innermost list or mapping ends.
    pub(super) fn close(&mut self) {
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

    /// A value that is complete.
    pub(super) fn put(&mut self, value: Value<'a>, span: Span, anchor: usize) {
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

/// The place of a scalar in quotes, of which the crate counts blanks and a comment behind it as well. Where other escapes stand
/// than those of a path or a quotation mark, that cannot be told apart from them.
fn of_scalar(place: Span, text: &str, style: ScalarStyle) -> Span {
    let doubled: &[char] = match style {
        ScalarStyle::SingleQuoted => &['\''],
        ScalarStyle::DoubleQuoted if text.chars().all(may_be_typed) => &['"', '\\'],
        _ => return place,
    };
    let width = 2 + text.chars().count() + text.matches(doubled).count();
    Span { width: place.width.min(width), ..place }
}

/// Whether nobody writes a character as an escape because it cannot be seen or typed.
fn may_be_typed(character: char) -> bool {
    character.is_ascii_graphic() || character == ' ' || character.is_alphanumeric()
}

/// The place of a bracket, without the blanks behind it; of what has none, where it begins.
fn begin(span: YamlSpan) -> Span {
    let place = place(span);
    Span { width: place.width.min(1), ..place }
}

fn place(span: YamlSpan) -> Span {
    let one_line = span.start.line() == span.end.line();
    Span {
        line: span.start.line(),
        column: span.start.col() + 1,
        width: if one_line { span.end.col().saturating_sub(span.start.col()) } else { 0 },
    }
}
