//! Where the parts of exclusions stand in the text of their list.
//!
//! In: the text of a list that has loaded, an id, a [`ExclusionPart`]. Out: its span, its place to show, or the bytes that have to
//! go for it to be taken out. Only lists with findings are looked at, so the model carries no places.

use crate::diagnostic::Place;
use crate::exclusions::validate::ListText;
use crate::lines::LineIndex;
use crate::yaml::{self, Node, Span, Value};
use hashbrown::HashMap;
use std::ops::Range;

/// A part of an exclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExclusionPart {
    /// The whole of it; its id stands for it where a place is shown.
    Exclusion,
    /// The value of one of its own keys.
    Key(&'static str),
    /// An entry.
    Entry(usize),
    /// The key of a condition: entry and condition.
    Condition(usize, usize),
    /// A value: entry, condition and value.
    Value(usize, usize, usize),
}

/// One list and its exclusions by id.
#[derive(Debug)]
pub struct ExclusionPlaces<'t> {
    list: &'t ListText,
    lines: LineIndex<'t>,
    /// Where the key `exclusions` stands.
    key: Option<Span>,
    exclusions: HashMap<String, Node<'t>>,
}

impl<'t> ExclusionPlaces<'t> {
    /// Reads the places of a list; none if it is not one.
    pub fn new(list: &'t ListText) -> Self {
        let mut places =
            Self { list, lines: LineIndex::new(&list.text), key: None, exclusions: HashMap::default() };
        let Ok(Some(Node { value: Value::Map(pairs), .. })) = yaml::parse(&list.text) else { return places };
        for (key, value) in pairs.into_iter().filter(|(key, _)| key.is_text("exclusions")) {
            places.key = Some(key.span);
            let Value::List(items) = value.value else { continue };
            for item in items {
                if let Some(Value::Scalar(id, _)) = item.get("id").map(|id| id.value.clone()) {
                    places.exclusions.insert(id.into_owned(), item);
                }
            }
        }
        places
    }

    /// The span of a part; that of the id for a key that is not there.
    pub fn span(&self, id: &str, part: ExclusionPart) -> Option<Span> {
        let exclusion = self.exclusions.get(id)?;
        let span = match part {
            ExclusionPart::Exclusion => None,
            ExclusionPart::Key(key) => exclusion.get(key).map(|node| node.span),
            ExclusionPart::Entry(entry) => self.entry(id, entry).map(first_of),
            ExclusionPart::Condition(entry, condition) => {
                self.pair(id, entry, condition).map(|(key, _)| key.span)
            }
            ExclusionPart::Value(entry, condition, value) => {
                let values = self.pair(id, entry, condition).map(|(_, values)| values);
                values.map(|values| values.items().get(value).unwrap_or(values).span)
            }
        };
        span.or_else(|| exclusion.get("id").map(|node| node.span))
    }

    /// The place of a part with the text of its line.
    pub fn place(&self, id: &str, part: ExclusionPart) -> Option<Place> {
        Some(self.lines.place(&self.list.file, self.span(id, part)?))
    }

    /// An exclusion as it is written.
    pub(super) fn node(&self, id: &str) -> Option<&Node<'t>> {
        self.exclusions.get(id)
    }

    /// The byte at which a value begins.
    pub(super) fn start(&self, node: &Node<'_>) -> Option<usize> {
        self.lines.offset(node.span.line, node.span.column)
    }

    /// How far the hyphen of an item of a block list is indented; `None` if it is no such item.
    pub(super) fn column_of_hyphens(&self, item: &Node<'_>) -> Option<usize> {
        let first = first_of(item);
        let lead: String = self.lines.line(first.line).chars().take(first.column - 1).collect();
        let behind = lead.trim_start().strip_prefix("- ")?.trim();
        matches!(behind, "" | "{").then(|| indentation(&lead))
    }

    /// How many exclusions there are.
    pub(super) fn count(&self) -> usize {
        self.exclusions.len()
    }

    /// The end of the last exclusion, and how far the hyphens are indented; `None` if there is no exclusion, or the last one is
    /// no block of its own.
    pub(super) fn end_of_list(&self) -> Option<(usize, usize)> {
        let last = self.exclusions.values().max_by_key(|exclusion| exclusion.span.line)?;
        let bytes = self.exclusion_bytes(last)?;
        Some((bytes.end, indentation(self.lines.line(last.span.line))))
    }

    /// Whether a blank line stands above the last of several exclusions.
    pub(super) fn has_blank_lines(&self) -> bool {
        let last = self.exclusions.values().map(|exclusion| exclusion.span.line).max();
        let mut above = (1..last.unwrap_or(1)).rev().map(|line| self.lines.line(line));
        let above = above.find(|line| !line.trim_start().starts_with('#'));
        self.exclusions.len() > 1 && above.is_some_and(|line| line.trim().is_empty())
    }

    /// The byte behind the colon of the key `exclusions`.
    pub(super) fn behind_the_key(&self) -> Option<usize> {
        let end = self.lines.bytes(self.key?)?.end;
        Some(end + self.list.text[end..].find(':')? + 1)
    }

    /// The line of a comment straight above an exclusion, if there is one.
    pub(super) fn comment_above(&self, id: &str) -> Option<usize> {
        let first = self.exclusions.get(id)?.span.line;
        let (above, line) = (self.lines.line(first - 1), self.lines.line(first));
        let is_its = above.trim_start().starts_with('#') && indentation(above) == indentation(line);
        is_its.then_some(first - 1)
    }

    /// How many lines begin in these bytes.
    pub(super) fn lines_in(&self, bytes: &Range<usize>) -> usize {
        let starts = (1..=self.lines.count()).filter_map(|line| self.lines.range(line));
        starts.filter(|line| bytes.contains(&line.start)).count()
    }

    /// The bytes of a line with its end.
    pub(super) fn line_bytes(&self, line: usize) -> Option<Range<usize>> {
        self.lines.range(line)
    }

    /// The bytes that go with a part, so that the rest of the text stays as it is; `None` if there are no such bytes.
    pub(super) fn bytes(&self, id: &str, part: ExclusionPart) -> Option<Range<usize>> {
        match part {
            ExclusionPart::Exclusion => self.exclusion_bytes(self.exclusions.get(id)?),
            ExclusionPart::Entry(entry) => {
                let is_listed = matches!(self.exclusions.get(id)?.get("when")?.value, Value::List(_));
                self.entry_bytes(self.entry(id, entry)?).filter(|_| is_listed)
            }
            ExclusionPart::Value(entry, condition, value) => {
                let values = self.pair(id, entry, condition)?.1.items();
                self.value_bytes(values.get(value.checked_sub(1)?)?.span, values.get(value)?.span)
            }
            ExclusionPart::Key(_) | ExclusionPart::Condition(..) => None,
        }
    }

    /// The lines of an exclusion: from its hyphen to the last line that is indented more than the hyphen. `None` if it does
    /// not begin with a hyphen on a line of its own.
    fn exclusion_bytes(&self, exclusion: &Node<'_>) -> Option<Range<usize>> {
        let first = exclusion.span.line;
        let line = self.lines.line(first);
        let lead: String = line.chars().take(exclusion.span.column - 1).collect();
        if lead.trim() != "-" {
            return None;
        }
        let mut last = first;
        for number in first + 1..=self.lines.count() {
            let below = self.lines.line(number);
            let content = below.trim();
            if content.is_empty() {
                continue;
            }
            if indentation(below) > indentation(line) {
                last = number;
            } else if !content.starts_with('#') {
                break;
            }
        }
        Some(self.lines.range(first)?.start..self.lines.range(last)?.end)
    }

    /// The lines of an entry that is an item of a list and has no comment.
    fn entry_bytes(&self, entry: &Node<'_>) -> Option<Range<usize>> {
        let first = self.lines.range(entry.span.line)?;
        let start = self.lines.offset(entry.span.line, entry.span.column)?;
        let whole = first.start..self.lines.range(last_line(entry)?)?.end;
        let is_item = self.list.text[first.start..start].trim() == "-";
        (is_item && !self.list.text[whole.clone()].contains('#')).then_some(whole)
    }

    /// The bytes of a value with the comma before it, or its line if it has one of its own.
    fn value_bytes(&self, before: Span, value: Span) -> Option<Range<usize>> {
        let (before, bytes) = (self.lines.bytes(before)?, self.lines.bytes(value)?);
        if self.list.text.get(before.end..bytes.start)?.trim() == "," {
            return Some(before.end..bytes.end);
        }
        let line = self.lines.range(value.line)?;
        let lead = self.list.text[line.start..bytes.start].trim();
        let rest = self.list.text[bytes.end..line.end].trim();
        (lead == "-" && rest.is_empty()).then_some(line)
    }

    fn entry(&self, id: &str, entry: usize) -> Option<&Node<'t>> {
        let when = self.exclusions.get(id)?.get("when")?;
        match &when.value {
            Value::List(entries) => entries.get(entry),
            _ => Some(when),
        }
    }

    fn pair(&self, id: &str, entry: usize, condition: usize) -> Option<&(Node<'t>, Node<'t>)> {
        match &self.entry(id, entry)?.value {
            Value::Map(pairs) => pairs.get(condition),
            _ => None,
        }
    }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The first key of an entry stands for it: the span of a mapping has no end of its own.
fn first_of(entry: &Node<'_>) -> Span {
    match &entry.value {
        Value::Map(pairs) => pairs.first().map_or(entry.span, |(key, _)| key.span),
        _ => entry.span,
    }
}

/// The line on which a value ends; `None` if one of its texts goes over several lines.
fn last_line(node: &Node<'_>) -> Option<usize> {
    let last = |parts: Vec<&Node<'_>>| {
        parts.into_iter().map(last_line).try_fold(node.span.line, |most, line| Some(most.max(line?)))
    };
    match &node.value {
        Value::Scalar(..) => (node.span.width > 0).then_some(node.span.line),
        Value::List(items) => last(items.iter().collect()),
        Value::Map(pairs) => last(pairs.iter().flat_map(|(key, value)| [key, value]).collect()),
    }
}
