//! Takes out what stands twice.
//!
//! In: the text of a list and the findings in it. Out: the text without duplicate values and entries;
//! everything else of it, comments and layout too, stays byte for byte. What cannot be taken out by
//! removing whole lines or items is left, and a text that would not load as the same exclusions is not
//! given out.

use super::algebra::canonical_entry;
use super::places::Places;
use super::{Finding, Spot, duplicate};
use crate::exclusions::model::{Condition, Entry, Exclusion};
use crate::exclusions::validate::{ListText, meaning};
use crate::schema::Schemas;
use crate::yaml::{Node, Span, Value};
use indexmap::IndexSet;
use std::ops::Range;
use std::sync::Arc;

/// The text of a list without what stands twice in it, and how many of its findings that settles; `None` if
/// none.
pub fn fixed(
    list: &ListText,
    exclusions: &[Exclusion],
    findings: &[&Finding],
    schemas: &Schemas,
) -> Option<(String, usize)> {
    let places = Places::new(list);
    let lines = Lines::new(&list.text);
    let mut cuts: Vec<Range<usize>> = findings
        .iter()
        .filter(|finding| finding.code == duplicate::DUPLICATE.code)
        .filter_map(|finding| cut(&places, &lines, exclusions.get(finding.exclusion)?, finding.spot))
        .collect();
    let settled = cuts.len();
    cuts.sort_by_key(|cut| (cut.start, cut.end));
    let text = without(&list.text, &cuts);
    let fixed = ListText { file: list.file.clone(), text };
    let means = |text: &ListText| -> Option<Vec<Exclusion>> {
        Some(meaning(text, schemas)?.into_iter().map(once).collect())
    };
    let same = settled > 0 && means(list)? == means(&fixed)?;
    same.then_some((fixed.text, settled))
}

/// An exclusion with every value and entry once.
fn once(mut exclusion: Exclusion) -> Exclusion {
    let entries: IndexSet<Vec<Condition>> = exclusion.entries.iter().map(canonical_entry).collect();
    exclusion.entries = entries
        .into_iter()
        .map(|conditions| Entry { conditions: conditions.into_iter().map(Arc::new).collect() })
        .collect();
    exclusion
}

fn without(text: &str, cuts: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for cut in cuts {
        if cut.start > end {
            out.push_str(&text[end..cut.start]);
        }
        end = end.max(cut.end);
    }
    out.push_str(&text[end..]);
    out
}

/// The bytes to remove for a finding.
fn cut(places: &Places<'_>, lines: &Lines<'_>, exclusion: &Exclusion, spot: Spot) -> Option<Range<usize>> {
    match spot {
        Spot::Value(entry, condition, value) => {
            let nodes = places.values(&exclusion.id, entry, condition)?;
            let before = nodes.get(value.checked_sub(1)?)?;
            value_cut(lines, before.span, nodes.get(value)?.span)
        }
        Spot::Entry(place) => {
            let entry = canonical_entry(exclusion.entries.get(place)?);
            let earlier = exclusion.entries[..place].iter().any(|other| canonical_entry(other) == entry);
            let (node, listed) = places.entry(&exclusion.id, place)?;
            (earlier && listed).then(|| entry_cut(lines, node))?
        }
        _ => None,
    }
}

fn value_cut(lines: &Lines<'_>, before: Span, value: Span) -> Option<Range<usize>> {
    let (before, value_range) = (lines.range(before)?, lines.range(value)?);
    let between = lines.text.get(before.end..value_range.start)?;
    if between.trim() == "," {
        return Some(before.end..value_range.end);
    }
    let line = lines.line(value.line)?;
    let lead = lines.text.get(line.start..value_range.start)?.trim();
    let rest = lines.text.get(value_range.end..line.end)?.trim();
    (lead == "-" && rest.is_empty()).then_some(line)
}

fn entry_cut(lines: &Lines<'_>, entry: &Node<'_>) -> Option<Range<usize>> {
    let first = lines.line(entry.span.line)?;
    let start = lines.offset(entry.span.line, entry.span.column)?;
    let last = lines.line(last_line(entry)?)?;
    let whole = first.start..last.end;
    let is_item = lines.text.get(first.start..start)?.trim() == "-";
    let has_comment = lines.text.get(whole.clone())?.contains('#');
    (is_item && !has_comment).then_some(whole)
}

/// The line on which a value ends; `None` if one of its texts goes over several lines.
fn last_line(node: &Node<'_>) -> Option<usize> {
    match &node.value {
        Value::Scalar(..) => (node.span.width > 0).then_some(node.span.line),
        Value::List(items) => most(node, items.iter()),
        Value::Map(pairs) => most(node, pairs.iter().flat_map(|(key, value)| [key, value])),
    }
}

fn most<'n, 'a: 'n>(node: &Node<'_>, parts: impl Iterator<Item = &'n Node<'a>>) -> Option<usize> {
    parts.map(last_line).try_fold(node.span.line, |most, line| line.map(|line| most.max(line)))
}

/// A text by lines, for spans.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The bytes of a line with its end.
    fn line(&self, line: usize) -> Option<Range<usize>> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        Some(start..self.starts.get(line).copied().unwrap_or(self.text.len()))
    }

    fn offset(&self, line: usize, column: usize) -> Option<usize> {
        let range = self.line(line)?;
        let text = self.text.get(range.clone())?;
        let (inside, _) = text.char_indices().nth(column.checked_sub(1)?)?;
        Some(range.start + inside)
    }

    fn range(&self, span: Span) -> Option<Range<usize>> {
        let start = self.offset(span.line, span.column)?;
        let length: usize = self.text.get(start..)?.chars().take(span.width).map(char::len_utf8).sum();
        (span.width > 0).then_some(start..start + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::facts::Facts;
    use crate::lint::settings::Settings;
    use crate::lint::{Context, run};

    fn fix(text: &str) -> Option<String> {
        let list = ListText { file: "list.yaml".into(), text: text.into() };
        let schemas = Schemas::built_in();
        let exclusions = meaning(&list, &schemas).unwrap();
        let (settings, facts) = (Settings::default(), Facts::built_in());
        let today = jiff::civil::date(2026, 11, 24);
        let findings = run(&Context::new(&exclusions, today, &settings, &schemas, &facts));
        let findings: Vec<&Finding> = findings.iter().collect();
        fixed(&list, &exclusions, &findings, &schemas).map(|(text, _)| text)
    }

    #[test]
    fn what_stands_twice_goes_and_the_rest_stays() {
        let text = "# top\nexclusions:\n  - id: a # mine\n    when:\n      - process.name: [a.exe,  B.exe, A.EXE , c.exe] # names\n        destination.port:\n          - 443 # https\n          - 80\n          - 443\n          # last\n          - 8443\n      - {process.name: d.exe}\n      - process.name: 'D.exe'\n      # kept\n      - process.name: e.exe\n";
        let wanted = text
            .replace(", A.EXE", "")
            .replace("          - 443\n", "")
            .replace("      - process.name: 'D.exe'\n", "");
        assert_eq!(fix(text).unwrap(), wanted);
    }

    #[test]
    fn what_cannot_be_taken_out_cleanly_stays() {
        assert_eq!(
            fix("exclusions:\n- id: a\n  when: [{process.name: a.exe}, {process.name: a.exe}]\n"),
            None
        );
        assert_eq!(
            fix("exclusions:\n- id: a\n  when:\n  - process.name:\n    - a.exe\n    - a.exe # mine\n"),
            None
        );
        assert_eq!(fix("exclusions:\n- {id: a, when: {process.name: a.exe}}\n"), None);
    }
}
