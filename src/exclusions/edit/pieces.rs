//! The parts of a list's text that may change places with each other.
//!
//! In: a text, a mapping or a list of values in it, and an order. Out: a [`Swap`], or nothing where the parts do not stand
//! so that each can be moved with its comments.

use crate::lines::LineIndex;
use crate::yaml::{Node, Value};
use std::cmp::Ordering;
use std::ops::Range;

/// How parts stand.
#[derive(Debug)]
enum Layout {
    /// On a line, or as items of a list.
    Inline,
    /// As lines.
    Lines,
    /// As lines, of which the first begins behind a hyphen: elsewhere it has to begin with this.
    BehindHyphen(String),
}

/// Parts of a text, and which of them stands where afterwards.
#[derive(Debug)]
pub(super) struct Swap {
    /// Where parts stand, one behind the other.
    slots: Vec<Range<usize>>,
    /// For each slot the one whose part comes there.
    from: Vec<usize>,
    layout: Layout,
}

impl Swap {
    fn new(slots: Vec<Range<usize>>, from: Vec<usize>, layout: Layout) -> Option<Self> {
        let apart = slots.windows(2).all(|pair| pair[0].start <= pair[0].end && pair[0].end <= pair[1].start);
        (apart && slots.len() > 1).then_some(Self { slots, from, layout })
    }

    pub(super) fn start(&self) -> usize {
        self.slots.first().map_or(0, |slot| slot.start)
    }

    /// Whether everything is in its place.
    pub(super) fn is_idle(&self) -> bool {
        self.from.is_sorted()
    }

    /// Writes the parts and what stands between them, and returns where the last one ended.
    pub(super) fn write(&self, text: &str, out: &mut String) -> usize {
        let mut end = self.start();
        let last = self.slots.len() - 1;
        for (place, (slot, from)) in self.slots.iter().zip(&self.from).enumerate() {
            out.push_str(&text[end..slot.start]);
            end = slot.end;
            let mut part = text[self.slots[*from].clone()].to_owned();
            match &self.layout {
                Layout::BehindHyphen(_) if place == 0 && *from > 0 => {
                    part = part.trim_start_matches(' ').to_owned();
                }
                Layout::BehindHyphen(indent) if place > 0 && *from == 0 => part.insert_str(0, indent),
                _ => {}
            }
            // The last line of a file may have no end.
            if !matches!(self.layout, Layout::Inline) {
                if place < last && !part.ends_with('\n') {
                    part.push('\n');
                } else if place == last && !text[slot.clone()].ends_with('\n') {
                    part.truncate(part.trim_end_matches(['\r', '\n']).len());
                }
            }
            out.push_str(&part);
        }
        end
    }
}

/// A text in which parts are looked for.
pub(super) struct Pieces<'t> {
    text: &'t str,
    lines: LineIndex<'t>,
}

impl<'t> Pieces<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, lines: LineIndex::new(text) }
    }

    /// The pairs of a mapping by the order of their keys.
    pub(super) fn of_mapping(&self, node: &Node<'_>, order: impl Fn(&str, &str) -> Ordering) -> Option<Swap> {
        let Value::Map(pairs) = &node.value else { return None };
        let names: Option<Vec<&str>> = pairs.iter().map(|(key, _)| text_of(key)).collect();
        let names = names?;
        let mut from: Vec<usize> = (0..names.len()).collect();
        from.sort_by(|a, b| order(names[*a], names[*b]));
        if self
            .lines
            .offset(node.span.line, node.span.column)
            .is_some_and(|at| self.text[at..].starts_with('{'))
        {
            let slots: Option<Vec<_>> =
                pairs.iter().map(|(key, value)| self.pair_on_a_line(key, value)).collect();
            return Swap::new(slots?, from, Layout::Inline);
        }
        let indent = pairs.first()?.0.span.column - 1;
        let slots = self.lines_of(pairs, indent)?;
        if self.begins_line(&pairs.first()?.0) {
            return Swap::new(slots, from, Layout::Lines);
        }
        // A comment above the key that comes first would stand behind the hyphen.
        let first = self.text[slots[from[0]].clone()].trim_start();
        (!first.starts_with('#')).then_some(())?;
        Swap::new(slots, from, Layout::BehindHyphen(" ".repeat(indent)))
    }

    /// Whether nothing but blanks stands before a key.
    fn begins_line(&self, key: &Node<'_>) -> bool {
        indentation(self.lines.line(key.span.line)) == key.span.column - 1
    }

    /// The lines of each pair, with the comments above its key; behind a hyphen those of the first begin with its key.
    fn lines_of(&self, pairs: &[(Node<'_>, Node<'_>)], indent: usize) -> Option<Vec<Range<usize>>> {
        let mut starts = Vec::new();
        let mut before = 0;
        for (place, (key, _)) in pairs.iter().enumerate() {
            let line = key.span.line;
            if place == 0 && !self.begins_line(key) {
                starts.push(self.lines.offset(line, key.span.column)?);
            } else {
                let is_alone = key.span.column - 1 == indent && self.begins_line(key);
                (is_alone && line > before).then_some(())?;
                let is_comment = |number: &usize| {
                    let text = self.lines.line(*number);
                    let fits = indentation(text) == indent || (place > 0 && indentation(text) < indent);
                    text.trim_start().starts_with('#') && fits
                };
                let first = (before + 1..line).rev().take_while(is_comment).last().unwrap_or(line);
                starts.push(self.lines.range(first)?.start);
            }
            before = line;
        }
        let ends =
            starts.iter().skip(1).copied().chain([self.end_of_block(pairs.last()?.0.span.line, indent)?]);
        Some(starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect())
    }

    /// Where the value of the key on this line ends.
    fn end_of_block(&self, line: usize, indent: usize) -> Option<usize> {
        let mut last = line;
        for number in line + 1..=self.lines.count() {
            let text = self.lines.line(number);
            if text.trim().is_empty() {
                continue;
            }
            let is_item = indentation(text) == indent && text.trim_start().starts_with("- ");
            if indentation(text) > indent || is_item {
                last = number;
            } else if !text.trim_start().starts_with('#') {
                break;
            }
        }
        Some(self.lines.range(last)?.end)
    }

    fn pair_on_a_line(&self, key: &Node<'_>, value: &Node<'_>) -> Option<Range<usize>> {
        let range = self.lines.bytes(key.span)?.start..self.end_on_a_line(value)?;
        let text = self.text.get(range.clone())?;
        (!text.contains(['\n', '#'])).then_some(range)
    }

    /// Where a value ends that stands on one line.
    fn end_on_a_line(&self, node: &Node<'_>) -> Option<usize> {
        let (last, close) = match &node.value {
            Value::Scalar(..) => {
                return Some(self.lines.bytes(node.span)?.end).filter(|_| node.span.width > 0);
            }
            Value::List(items) => (items.last(), ']'),
            Value::Map(pairs) => (pairs.last().map(|(_, value)| value), '}'),
        };
        let open = self.lines.offset(node.span.line, node.span.column)?;
        let behind = match last {
            Some(last) => self.end_on_a_line(last)?,
            None => open + 1,
        };
        let rest = self.text.get(behind..)?.trim_start_matches([' ', ',']);
        rest.starts_with(close).then_some(self.text.len() - rest.len() + 1)
    }

    /// The values of a list in an order.
    pub(super) fn of_values(&self, node: &Node<'_>, order: impl Fn(&str, &str) -> Ordering) -> Option<Swap> {
        let items = node.items();
        let values: Option<Vec<&str>> = items.iter().map(text_of).collect();
        let values = values?;
        let slots: Option<Vec<_>> =
            items.iter().map(|item| self.lines.bytes(item.span).filter(|_| item.span.width > 0)).collect();
        let slots = slots?;
        let all = self.text.get(slots.first()?.start..slots.last()?.end)?;
        // A comment beside a value belongs to it.
        let line = self.lines.line(items.last()?.span.line);
        if all.contains('#') || (all.contains('\n') && line.contains('#')) {
            return None;
        }
        let mut from: Vec<usize> = (0..values.len()).collect();
        from.sort_by(|a, b| order(values[*a], values[*b]));
        Swap::new(slots, from, Layout::Inline)
    }
}

fn text_of<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Scalar(text, _) => Some(text),
        _ => None,
    }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
