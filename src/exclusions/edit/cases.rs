//! Adds cases to exclusions; every other byte of their list stays as it is.
//!
//! In: a list that has loaded, and cases as flow mappings. Out: its new text, if it means what it meant with these cases
//! behind the others of their kind.

use super::{ExclusionPart, ExclusionPlaces};
use crate::exclusions::model::Exclusion;
use crate::exclusions::validate::{ListText, meaning};
use crate::schema::Schemas;
use crate::yaml::{Node, Value};

/// A case that is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCase {
    /// The exclusion.
    pub id: String,
    /// `suppress` or `keep`.
    pub kind: &'static str,
    /// The row, as a flow mapping of what is other than in the base.
    pub case: String,
}

/// The list with these cases; the error says why that cannot be, for a person.
pub fn with_cases(list: &ListText, cases: &[NewCase], schemas: &Schemas) -> Result<String, String> {
    let mut edited = list.clone();
    for case in cases {
        let added = addition(&ExclusionPlaces::new(&edited), &edited.text, case);
        let why = || format!("the cases of `{}` are written in a way that cannot be added to", case.id);
        let (at, text) = added.ok_or_else(why)?;
        edited.text.insert_str(at, &text);
    }
    let (before, after) = (meaning(list, schemas), meaning(&edited, schemas));
    let stays = before.zip(after).is_some_and(|(before, after)| only_cases_were_added(before, after));
    let why = "with these cases it would not mean the same; an anchor or a text over several lines may be the cause";
    if stays { Ok(edited.text) } else { Err(why.to_owned()) }
}

/// Whether all exclusions stay and each has its cases in their order, with others behind them.
fn only_cases_were_added(before: Vec<Exclusion>, after: Vec<Exclusion>) -> bool {
    before.len() == after.len()
        && before.into_iter().zip(after).all(|(old, mut new)| {
            let begins = new.cases.suppress.starts_with(&old.cases.suppress)
                && new.cases.keep.starts_with(&old.cases.keep)
                && new.cases.base == old.cases.base;
            new.cases = old.cases.clone();
            begins && new == old
        })
}

/// Where a case is added, and its text.
fn addition(places: &ExclusionPlaces<'_>, text: &str, new: &NewCase) -> Option<(usize, String)> {
    let NewCase { id, kind, case } = new;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let exclusion = places.node(id)?;
    let Some(cases) = exclusion.get("cases") else {
        let block = places.bytes(id, ExclusionPart::Exclusion)?;
        let inner = column_of_keys(exclusion)?;
        let lines =
            format!("{:inner$}cases:{end}{:inner$}  {kind}:{end}{:inner$}    - {case}{end}", "", "", "");
        return Some(behind(text, block.end, lines, end));
    };
    let Some(of_kind) = cases.get(kind) else {
        let Value::Map(_) = cases.value else { return None };
        if let Some((close, before)) = closing(text, places.start(cases)?) {
            return Some((close, format!("{}{kind}: [{case}]", comma_behind(before))));
        }
        let column = column_of_keys(cases)?;
        let last = end_of_line(places, text, cases)?;
        return Some(behind(
            text,
            last,
            format!("{:column$}{kind}:{end}{:column$}  - {case}{end}", "", ""),
            end,
        ));
    };
    let Value::List(items) = &of_kind.value else { return None };
    if let Some(hyphen) = items.first().and_then(|item| places.column_of_hyphens(item)) {
        let last = end_of_line(places, text, of_kind)?;
        return Some(behind(text, last, format!("{:hyphen$}- {case}{end}", ""), end));
    }
    let (close, before) = closing(text, places.start(of_kind)?)?;
    Some((close, format!("{}{case}", comma_behind(before))))
}

/// How far the keys of a mapping are indented.
fn column_of_keys(node: &Node<'_>) -> Option<usize> {
    let Value::Map(pairs) = &node.value else { return None };
    pairs.first().map(|(key, _)| key.span.column - 1)
}

/// Lines behind a byte, which may be the end of a text without a line end.
fn behind(text: &str, at: usize, lines: String, end: &str) -> (usize, String) {
    if at == text.len() && !text.ends_with('\n') {
        return (at, format!("{end}{}", lines.trim_end_matches(['\r', '\n'])));
    }
    (at, lines)
}

/// The comma that a flow needs behind its last sign, which may be one already.
fn comma_behind(sign: u8) -> &'static str {
    if matches!(sign, b'[' | b'{' | b',') { "" } else { ", " }
}

/// The place of the bracket that ends a flow list or mapping, and the last sign before it that is neither blank nor comment;
/// `None` if none begins there.
fn closing(text: &str, start: usize) -> Option<(usize, u8)> {
    let bytes = text.as_bytes();
    let (mut depth, mut at, mut quote, mut before) = (0_usize, start, None, b'[');
    if !matches!(bytes.get(start), Some(b'[' | b'{')) {
        return None;
    }
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'"' | b'\'') if begins_a_word(bytes, at) => quote = Some(*byte),
            (None, b'#') if bytes[at - 1].is_ascii_whitespace() => {
                at = text[at..].find('\n').map_or(text.len(), |line| at + line);
                continue;
            }
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some((at, before));
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = *byte;
        }
        at += 1;
    }
    None
}

/// Whether a quotation mark opens a text: it stands behind a blank or a sign of the flow.
fn begins_a_word(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    before.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'[' | b'{' | b',' | b':'))
}

/// The end of the line on which a value ends.
fn end_of_line(places: &ExclusionPlaces<'_>, text: &str, node: &Node<'_>) -> Option<usize> {
    let last = last_byte(places, text, node)?;
    Some(text[last..].find('\n').map_or(text.len(), |end| last + end + 1))
}

/// A byte on the last line of a value.
fn last_byte(places: &ExclusionPlaces<'_>, text: &str, node: &Node<'_>) -> Option<usize> {
    let start = places.start(node)?;
    let own = closing(text, start).map_or(start, |(close, _)| close);
    let below: Vec<&Node<'_>> = match &node.value {
        Value::Scalar(..) => return Some(start),
        Value::List(items) => items.iter().collect(),
        Value::Map(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
    };
    below.into_iter().try_fold(own, |last, node| Some(last.max(last_byte(places, text, node)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(text: &str) -> Result<String, String> {
        let list = ListText { file: "list.yaml".into(), text: text.into() };
        let case =
            |kind, name: &str| NewCase { id: "a".into(), kind, case: format!("{{process.name: {name}}}") };
        with_cases(&list, &[case("keep", "k.exe"), case("suppress", "a.exe")], &Schemas::built_in())
    }

    const HEAD: &str = "# top\nexclusions:\n  - id: a\n    when: {process.name: a.exe}\n";

    #[test]
    fn cases_stand_behind_the_others_of_their_kind() {
        let block = format!(
            "{HEAD}    cases:\n      suppress:\n        - process.name: A.exe # one\n      keep:\n      - {{process.name: [x.exe, 'it''s]']}}\n\n# end\n"
        );
        let wanted = block
            .replace("# one\n", "# one\n        - {process.name: a.exe}\n")
            .replace("]}\n", "]}\n      - {process.name: k.exe}\n");
        assert_eq!(add(&block).unwrap(), wanted);
        let flow = format!("{HEAD}    cases: {{suppress: [{{process.name: A.exe}}], keep: []}} # both\n");
        let wanted = flow
            .replace("A.exe}]", "A.exe}, {process.name: a.exe}]")
            .replace("keep: []", "keep: [{process.name: k.exe}]");
        assert_eq!(add(&flow).unwrap(), wanted);
    }

    #[test]
    fn what_is_missing_is_written_first() {
        let added = "    cases:\n      keep:\n        - {process.name: k.exe}\n      suppress:\n        - {process.name: a.exe}\n";
        assert_eq!(add(HEAD).unwrap(), format!("{HEAD}{added}"));
        assert_eq!(add(HEAD.trim_end()).unwrap(), format!("{HEAD}{added}").trim_end());
        assert_eq!(add(&HEAD.replace('\n', "\r\n")).unwrap(), format!("{HEAD}{added}").replace('\n', "\r\n"));
        let one = format!("{HEAD}    cases: {{keep: [{{process.name: x.exe}}]}}\n");
        let wanted =
            one.replace("x.exe}]}", "x.exe}, {process.name: k.exe}], suppress: [{process.name: a.exe}]}");
        assert_eq!(add(&one).unwrap(), wanted);
    }
}
