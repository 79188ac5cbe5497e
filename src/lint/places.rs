//! Where the parts of exclusions stand in the text of their list.
//!
//! In: the text of a list that has loaded, an id, a [`Spot`]. Out: a span, or a [`Place`] with its line. The model
//! does not store places; they are looked up here, and only for lists with findings.

use super::Spot;
use crate::diagnostic::Place;
use crate::exclusions::validate::ListText;
use crate::yaml::{self, Node, Span, Value};
use hashbrown::HashMap;

/// One list and its exclusions by id.
#[derive(Debug)]
pub struct Places<'t> {
    file: &'t str,
    lines: Vec<&'t str>,
    exclusions: HashMap<String, Node<'t>>,
}

impl<'t> Places<'t> {
    /// Reads the places of a list; none if it is not one.
    pub fn new(list: &'t ListText) -> Self {
        let mut exclusions = HashMap::new();
        if let Ok(Some(root)) = yaml::parse(&list.text)
            && let Some(Value::List(items)) = child(&root, "exclusions").map(|node| node.value.clone())
        {
            for item in items {
                if let Some(Value::Scalar(id, _)) = child(&item, "id").map(|node| node.value.clone()) {
                    exclusions.insert(id.into_owned(), item);
                }
            }
        }
        Self { file: &list.file, lines: list.text.lines().collect(), exclusions }
    }

    /// The span of a part. If the exclusion does not have that part, the span of its id.
    pub fn span(&self, id: &str, spot: Spot) -> Option<Span> {
        let exclusion = self.exclusions.get(id)?;
        let node = match spot {
            Spot::Id => None,
            Spot::Key(key) => child(exclusion, key).map(|node| node.span),
            Spot::Entry(entry) => entry_node(exclusion, entry).map(first_of),
            Spot::Condition(entry, condition) => pair(exclusion, entry, condition).map(|(key, _)| key.span),
            Spot::Value(entry, condition, value) => {
                pair(exclusion, entry, condition).map(|(_, values)| value_node(values, value).span)
            }
        };
        node.or_else(|| child(exclusion, "id").map(|node| node.span))
    }

    /// The place of a part with the text of its line.
    pub fn place(&self, id: &str, spot: Spot) -> Option<Place> {
        let span = self.span(id, spot)?;
        let text = (*self.lines.get(span.line - 1)?).to_owned();
        let rest = text.trim_end().chars().count().saturating_sub(span.column - 1);
        Some(Place {
            file: self.file.to_owned(),
            line: span.line,
            column: span.column,
            width: if span.width == 0 { rest.max(1) } else { span.width },
            text,
        })
    }

    /// The entry of an exclusion, and whether it is one of a list.
    pub(super) fn entry(&self, id: &str, entry: usize) -> Option<(&Node<'t>, bool)> {
        let exclusion = self.exclusions.get(id)?;
        let listed = matches!(child(exclusion, "when")?.value, Value::List(_));
        Some((entry_node(exclusion, entry)?, listed))
    }

    /// The nodes of the values of a condition.
    pub(super) fn values(&self, id: &str, entry: usize, condition: usize) -> Option<&[Node<'t>]> {
        match &pair(self.exclusions.get(id)?, entry, condition)?.1.value {
            Value::List(values) => Some(values),
            _ => None,
        }
    }
}

/// The value of a key of a mapping.
fn child<'n, 't>(node: &'n Node<'t>, key: &str) -> Option<&'n Node<'t>> {
    let Value::Map(pairs) = &node.value else { return None };
    let is = |node: &Node<'_>| matches!(&node.value, Value::Scalar(text, _) if text == key);
    pairs.iter().find(|(name, _)| is(name)).map(|(_, value)| value)
}

fn entry_node<'n, 't>(exclusion: &'n Node<'t>, entry: usize) -> Option<&'n Node<'t>> {
    let when = child(exclusion, "when")?;
    match &when.value {
        Value::List(entries) => entries.get(entry),
        _ => Some(when),
    }
}

fn pair<'n, 't>(exclusion: &'n Node<'t>, entry: usize, condition: usize) -> Option<&'n (Node<'t>, Node<'t>)> {
    match &entry_node(exclusion, entry)?.value {
        Value::Map(pairs) => pairs.get(condition),
        _ => None,
    }
}

fn value_node<'n, 't>(values: &'n Node<'t>, value: usize) -> &'n Node<'t> {
    match &values.value {
        Value::List(all) => all.get(value).unwrap_or(values),
        _ => values,
    }
}

/// The first key of an entry, which is marked for the whole entry: a mapping's span does not say where it ends.
fn first_of(entry: &Node<'_>) -> Span {
    match &entry.value {
        Value::Map(pairs) => pairs.first().map_or(entry.span, |(key, _)| key.span),
        _ => entry.span,
    }
}
