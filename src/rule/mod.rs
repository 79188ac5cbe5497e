//! The rule file: which hunt the results come from.
//!
//! In: the text of a rule file. Out: its id, name and query. They are read line by line, because no YAML parser
//! accepts many of the published rule files. [`queries`] finds the queries. It opens no files.

pub mod encoding;
pub mod queries;
pub mod splice;
pub mod version;

use crate::exclusions::model::Exclusion;
use crate::judge::is_like;

/// The rule that results come from, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its query, without the indentation that it has in the file.
    pub query: Option<String>,
}

impl Rule {
    /// Reads the top-level keys `id` and `name`, whatever their letter case; nothing if the text has neither. In JSON it
    /// reads what stands around the query, if there is only one.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = queries::FileKind::Yaml.of_content(text);
        if kind == queries::FileKind::Json {
            let found = queries::queries(kind, text).found;
            let [only] = &found[..] else { return None };
            return only.rule.clone().map(|rule| Self { query: only.text(text), ..rule });
        }
        let query = queries::queries(queries::FileKind::Yaml, text).found.into_iter().next();
        let query = query.and_then(|query| text.get(query.range)).map(dedented);
        let rule = Self { id: top_level(text, "id"), name: top_level(text, "name"), query };
        (rule.id.is_some() || rule.name.is_some()).then_some(rule)
    }

    /// Whether an exclusion belongs to it: one for every hunt does, one with a scope if the scope names the rule.
    pub fn has(&self, exclusion: &Exclusion) -> bool {
        let names = || [&self.id, &self.name].into_iter().flatten();
        exclusion.rules.is_empty()
            || exclusion.rules.iter().any(|scope| names().any(|name| is_like(scope, name)))
    }
}

/// The lines without the indentation that all of them have.
fn dedented(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let filled = text.lines().filter(|line| !line.trim().is_empty());
    let common = filled.map(indent).min().unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(|line| line.get(common..).unwrap_or_default()).collect();
    lines.join("\n")
}

fn top_level(text: &str, key: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once(':') else { continue };
        if !name.trim_end().eq_ignore_ascii_case(key) {
            continue;
        }
        let value = value.trim();
        let folded = matches!(value, "" | "|" | ">" | "|-" | ">-" | "|+" | ">+");
        let value = match lines.peek() {
            Some(next) if folded && next.starts_with([' ', '\t']) => next.trim(),
            _ => value,
        };
        return Some(unquoted(value).to_owned()).filter(|value| !value.is_empty());
    }
    None
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.split(quote).next()) {
            return inner;
        }
    }
    value.split(" #").next().unwrap_or(value).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_not_yaml_still_has_an_id_and_a_name() {
        let text = "\u{feff}Id: '7da76b41'\r\nname: Action1 - {{what}}: now # new\r\nrequiredDataConnectors:\n - a\n  dataTypes:\n\t- b\nquery: |\n  id: no\n";
        let rule = Rule::parse(text).unwrap();
        assert_eq!(rule.id.as_deref(), Some("7da76b41"));
        assert_eq!(rule.name.as_deref(), Some("Action1 - {{what}}: now"));
        assert_eq!(rule.query.as_deref(), Some("id: no"));
    }

    #[test]
    fn a_rule_in_json_is_read_too() {
        let rule =
            Rule::parse(include_str!("../../tests/splice/custom-detection-of-graph/rule.json")).unwrap();
        assert_eq!(rule.name.as_deref(), Some("Action1 agent"));
        assert!(rule.query.unwrap().starts_with("DeviceNetworkEvents\n| where RemoteUrl has \"server"));
        let package = include_str!("../../tests/splice/solution-package/rule.json");
        assert_eq!(Rule::parse(package), None);
    }

    #[test]
    fn a_name_on_the_next_line_is_found() {
        let rule = Rule::parse("name: |\n  Action1\nquery: x").unwrap();
        assert_eq!(rule.name.as_deref(), Some("Action1"));
        assert_eq!(Rule::parse("  id: inner only"), None);
    }
}
