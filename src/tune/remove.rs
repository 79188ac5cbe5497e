//! Takes exclusions out of the text of a list.
//!
//! In: a list that has loaded, ids. Out: the text without the lines of these exclusions; every other byte stays as it
//! is, also the comments between exclusions. A text that would not load as just the other exclusions is not given out.

use crate::exclusions::validate::{ListText, meaning};
use crate::schema::Schemas;
use crate::yaml::{self, Node, Value};
use std::ops::Range;

/// A list without some of its exclusions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Its text.
    pub text: String,
    /// For each removed exclusion with a comment straight above it, which stays: its id and the line of the comment in the
    /// new text.
    pub comments: Vec<(String, usize)>,
}

/// Takes exclusions out; the error says which cannot be, and why.
pub fn without(list: &ListText, ids: &[&str], schemas: &Schemas) -> Result<Edited, String> {
    let lines = lines(&list.text);
    let root = yaml::parse(&list.text).ok().flatten().ok_or("it is not YAML any more")?;
    let (key, items) = items(&root).ok_or("it holds no exclusions")?;
    let mut cuts = Vec::new();
    let mut comments = Vec::new();
    for item in items.iter().filter(|item| id(item).is_some_and(|id| ids.contains(&id))) {
        let first = item.span.line - 1;
        let name = id(item).unwrap_or_default();
        let cut = cut(&list.text, &lines, item)
            .ok_or_else(|| format!("line {}: `{name}` is not written as a block of its own", first + 1))?;
        let indent = indentation(&list.text[lines[first].clone()]);
        let above = first.checked_sub(1).map(|line| &list.text[lines[line].clone()]);
        if above.is_some_and(|line| line.trim_start().starts_with('#') && indentation(line) == indent) {
            comments.push((name.to_owned(), first));
        }
        cuts.push(cut);
    }
    let gone_above = |line: usize| -> usize {
        let cut_lines = |cut: &Range<usize>| lines.iter().filter(|at| cut.contains(&at.start)).count();
        cuts.iter().filter(|cut| cut.end <= lines[line - 1].start).map(cut_lines).sum()
    };
    let comments: Vec<(String, usize)> =
        comments.into_iter().map(|(name, line)| (name, line - gone_above(line))).collect();
    let mut text = list.text.clone();
    for cut in cuts.iter().rev() {
        text.replace_range(cut.clone(), "");
    }
    if cuts.len() == items.len() {
        // A key without a value is a mistake; an empty list is none.
        let end = lines[key.span.line - 1].start + offset(&list.text[lines[key.span.line - 1].clone()], key);
        let colon = list.text[end..].find(':').ok_or("its key has no colon")?;
        text.insert_str(end + colon + 1, " []");
    }
    verified(list, text, ids, schemas).map(|text| Edited { text, comments })
}

/// The text, if it means what the list means without these exclusions.
fn verified(list: &ListText, text: String, ids: &[&str], schemas: &Schemas) -> Result<String, String> {
    let edited = ListText { file: list.file.clone(), text };
    let wanted = meaning(list, schemas).map(|all| {
        all.into_iter().filter(|exclusion| !ids.contains(&exclusion.id.as_str())).collect::<Vec<_>>()
    });
    if wanted.is_some() && wanted == meaning(&edited, schemas) {
        return Ok(edited.text);
    }
    Err("without these lines it would not mean the same; an anchor or a text over several lines may be the cause".into())
}

/// The key `exclusions` and the items of its list.
fn items<'n, 'a>(root: &'n Node<'a>) -> Option<(&'n Node<'a>, &'n [Node<'a>])> {
    let Value::Map(pairs) = &root.value else { return None };
    let (key, value) = pairs.iter().find(|(key, _)| is(key, "exclusions"))?;
    match &value.value {
        Value::List(items) => Some((key, items)),
        _ => None,
    }
}

fn is(node: &Node<'_>, text: &str) -> bool {
    matches!(&node.value, Value::Scalar(known, _) if known == text)
}

fn id<'n>(item: &'n Node<'_>) -> Option<&'n str> {
    let Value::Map(pairs) = &item.value else { return None };
    match &pairs.iter().find(|(key, _)| is(key, "id"))?.1.value {
        Value::Scalar(id, _) => Some(id),
        _ => None,
    }
}

/// The bytes of the lines of an item: from its hyphen to the last line that is indented more than the hyphen. `None`
/// if it does not begin with a hyphen on a line of its own.
fn cut(text: &str, lines: &[Range<usize>], item: &Node<'_>) -> Option<Range<usize>> {
    let first = item.span.line - 1;
    let line = &text[lines[first].clone()];
    let lead: String = line.chars().take(item.span.column - 1).collect();
    if lead.trim() != "-" {
        return None;
    }
    let hyphen = indentation(line);
    let mut last = first;
    for (place, range) in lines.iter().enumerate().skip(first + 1) {
        let line = &text[range.clone()];
        let content = line.trim();
        if content.is_empty() {
            continue;
        }
        if indentation(line) > hyphen {
            last = place;
        } else if !content.starts_with('#') {
            break;
        }
    }
    Some(lines[first].start..lines[last].end)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Where a node ends in its line, in bytes.
fn offset(line: &str, node: &Node<'_>) -> usize {
    line.chars().take(node.span.column - 1 + node.span.width).map(char::len_utf8).sum()
}

/// The bytes of each line with its end.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let ranges = text.split_inclusive('\n').map(|line| {
        let range = start..start + line.len();
        start = range.end;
        range
    });
    ranges.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, ids: &[&str]) -> Result<Edited, String> {
        let list = ListText { file: "list.yaml".into(), text: text.into() };
        without(&list, ids, &Schemas::built_in())
    }

    const LIST: &str = "# top\nexclusions: # mine\n  # about a\n  - id: a # one\n    # inside\n    when: {process.name: a.exe}\n    reason: |\n      first\n\n      # no comment\n\n  # about b\n  -   id: b\n      when:\n      - process.name: b.exe\n  - when: {process.name: c.exe}\n    id: c\n\n# end\n";

    #[test]
    fn the_lines_of_an_exclusion_go_and_all_others_stay() {
        let edited = edit(LIST, &["a"]).unwrap();
        let start = LIST.find("  - id: a").unwrap();
        let end = LIST.find("\n  # about b").unwrap();
        assert_eq!(edited.text, format!("{}{}", &LIST[..start], &LIST[end..]));
        assert_eq!(edited.comments, [("a".to_owned(), 3)]);
        let edited = edit(LIST, &["a", "b"]).unwrap();
        assert_eq!(
            edited.text,
            "# top\nexclusions: # mine\n  # about a\n\n  # about b\n  - when: {process.name: c.exe}\n    id: c\n\n# end\n"
        );
        assert_eq!(edited.comments, [("a".to_owned(), 3), ("b".to_owned(), 5)]);
    }

    #[test]
    fn an_empty_list_is_left_when_all_go() {
        let edited = edit(LIST, &["a", "b", "c"]).unwrap();
        assert_eq!(edited.text, "# top\nexclusions: [] # mine\n  # about a\n\n  # about b\n\n# end\n");
        let crlf = "exclusions:\r\n- id: a\r\n  when: {process.name: a.exe}";
        assert_eq!(edit(crlf, &["a"]).unwrap().text, "exclusions: []\r\n");
    }

    #[test]
    fn what_cannot_be_taken_out_cleanly_is_refused() {
        let flow =
            "exclusions: [{id: a, when: {process.name: a.exe}}, {id: b, when: {process.name: b.exe}}]\n";
        assert!(edit(flow, &["a"]).unwrap_err().contains("line 1: `a` is not written as a block"));
        let anchor = "exclusions:\n- id: a\n  when: &when {process.name: a.exe}\n- id: b\n  when: *when\n";
        assert!(edit(anchor, &["a"]).unwrap_err().contains("would not mean the same"));
        assert_eq!(edit(anchor, &["b"]).unwrap().text, &anchor[..anchor.find("- id: b").unwrap()]);
        let below = "exclusions:\n-\n  id: a\n  when: {process.name: a.exe}\n";
        assert!(edit(below, &["a"]).is_err());
    }
}
