//! Queries in files that describe infrastructure: Terraform and Bicep.
//!
//! In: the text of a file. Out: the queries in it. It looks for the attribute `query` by lines and knows nothing else of
//! these languages.

use super::{FileLine, FoundQuery, Queries, lines};
use crate::rule::Rule;
use crate::rule::encoding::Encoding;

/// `query = <<-QUERY`, its lines, and `QUERY`; also `query = "..."`.
pub(super) fn of_terraform(text: &str) -> Queries {
    let lines = lines(text);
    let mut queries = Queries::default();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some(value) = attribute(line.text, '=') else { continue };
        let rule = rule_around(&lines, at - 1, '=');
        let from = line.start + (line.text.len() - value.len());
        if let Some(mark) = value.strip_prefix("<<") {
            let mark = mark.trim_start_matches('-').trim();
            let length = lines[at..].iter().position(|line| line.text.trim() == mark);
            let Some(length) = length.filter(|_| !mark.is_empty()) else {
                queries.refused.push((from..text.len(), format!("this text has no end `{mark}`")));
                return queries;
            };
            if length > 0 {
                let range = lines[at].start..lines[at + length - 1].next;
                queries.found.push(FoundQuery { range, encoding: Encoding::Heredoc, rule });
            }
            at += length + 1;
        } else if let Some(inner) = value.strip_prefix('"') {
            let mut escaped = false;
            let end = inner.find(|character: char| {
                let closes = character == '"' && !escaped;
                escaped = character == '\\' && !escaped;
                closes
            });
            if let Some(end) = end {
                let range = from + 1..from + 1 + end;
                queries.found.push(FoundQuery { range, encoding: Encoding::Quoted, rule });
            }
        } else {
            let why = "the query stands in another place or is computed; name the file that holds its text";
            queries.refused.push((from..from + value.len(), why.to_owned()));
        }
    }
    queries
}

/// `query: '''`, its lines, and `'''`.
pub(super) fn of_bicep(text: &str) -> Queries {
    const FENCE: &str = "'''";
    let lines = lines(text);
    let mut queries = Queries::default();
    let mut done = 0;
    for (place, line) in lines.iter().enumerate() {
        let Some(value) = attribute(line.text, ':').filter(|_| line.start >= done) else { continue };
        let from = line.start + (line.text.len() - value.len());
        let Some(inner) = value.strip_prefix(FENCE) else {
            let why =
                "a string of one line, or a computed one, takes no lines as they are; write `query: '''`";
            queries.refused.push((from..from + value.len(), why.to_owned()));
            continue;
        };
        // An end of line right behind the quotation marks is no part of the text.
        let start = if inner.trim().is_empty() { line.next } else { from + FENCE.len() };
        let Some(length) = text.get(start..).and_then(|rest| rest.find(FENCE)) else {
            queries.refused.push((from..text.len(), format!("this text has no end `{FENCE}`")));
            return queries;
        };
        done = start + length;
        let rule = rule_around(&lines, place, ':');
        queries.found.push(FoundQuery { range: start..done, encoding: Encoding::Plain, rule });
    }
    queries
}

/// What stands behind `query =` or `query:`.
fn attribute(line: &str, sign: char) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("query")?;
    let value = rest.trim_start().strip_prefix(sign)?.trim_start();
    (!value.is_empty() && !value.starts_with('=')).then_some(value)
}

/// The rule whose attributes stand around a line: those of its name and id nearest to it.
fn rule_around(lines: &[FileLine<'_>], place: usize, sign: char) -> Option<Rule> {
    let value = |line: &str, key: &str| {
        let rest = line.trim_start().strip_prefix(key)?.trim_start().strip_prefix(sign)?;
        let inner = rest.trim().trim_matches(['"', '\'', ',']);
        (!inner.is_empty() && !inner.contains(['$', '('])).then(|| inner.to_owned())
    };
    let begins = |line: &FileLine<'_>| line.text.starts_with("resource ");
    let start = lines[..place].iter().rposition(begins).unwrap_or(0);
    let end = lines[place..].iter().skip(1).position(begins).map_or(lines.len(), |more| place + 1 + more);
    let near = |keys: &[&str]| {
        let mut found: Vec<(usize, String)> = (start..end)
            .filter_map(|at| {
                Some((at.abs_diff(place), keys.iter().find_map(|key| value(lines[at].text, key))?))
            })
            .collect();
        found.sort_by_key(|(distance, _)| *distance);
        found.into_iter().next().map(|(_, value)| value)
    };
    let rule = Rule {
        id: near(&["alert_rule_template_guid", "name"]),
        name: near(&["display_name", "displayName"]),
        query: None,
    };
    (rule.id.is_some() || rule.name.is_some()).then_some(rule)
}
