//! Where the queries stand in a rule file, to the byte.
//!
//! In: the text of a file and what kind of file it is. Out: [`Queries`]: the ranges that hold KQL, and
//! the queries that cannot be changed in place, with the reason. It works by lines, because many
//! published rule files are no YAML that a parser accepts, and it does not read KQL. JSON is scanned by `json`,
//! Terraform and Bicep by `infrastructure`.

mod infrastructure;
mod json;

use super::Rule;
use super::encoding::Encoding;
use std::ops::Range;
use std::path::Path;

/// What a file is, as far as its queries matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A rule with a key `query`.
    Yaml,
    /// Nothing but KQL.
    Kql,
    /// Text with fenced blocks of KQL.
    Markdown,
    /// Rules as ARM templates or as Microsoft Graph has them.
    Json,
    /// Terraform.
    Terraform,
    /// Bicep.
    Bicep,
}

impl FileKind {
    /// The kind of a file by its name; `None` if it holds no queries.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "kql" | "csl" | "kusto" | "txt" => Some(Self::Kql),
            "md" | "markdown" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            "tf" => Some(Self::Terraform),
            "bicep" => Some(Self::Bicep),
            _ => None,
        }
    }

    /// What the file is by its content, if its name says something else: JSON is saved under any name.
    #[must_use]
    pub fn of_content(self, text: &str) -> Self {
        if matches!(self, Self::Kql | Self::Yaml) && json::is_json(text) { Self::Json } else { self }
    }
}

/// A query in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundQuery {
    /// The bytes that hold it: whole lines with their indentation, or the inside of a string.
    pub range: Range<usize>,
    /// How it is written there.
    pub encoding: Encoding,
    /// The rule that it belongs to, where a file holds several.
    pub rule: Option<Rule>,
}

impl FoundQuery {
    /// The query itself; `None` if it is no string of its notation.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<String> {
        self.encoding.decode(file.get(self.range.clone())?).map(|decoded| decoded.text)
    }

    fn plain(range: Range<usize>) -> Self {
        Self { range, encoding: Encoding::Plain, rule: None }
    }
}

/// The queries of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Queries {
    /// Those that can be changed, in the order of the file.
    pub found: Vec<FoundQuery>,
    /// Each that cannot be changed in place, and why.
    pub refused: Vec<(Range<usize>, String)>,
}

/// Finds the queries of a file.
pub fn queries(kind: FileKind, text: &str) -> Queries {
    match kind {
        FileKind::Kql => {
            let start = text.len() - text.trim_start_matches('\u{feff}').len();
            let query = FoundQuery::plain(start..text.len());
            let found = if text[start..].trim().is_empty() { Vec::new() } else { vec![query] };
            Queries { found, refused: Vec::new() }
        }
        FileKind::Yaml => of_yaml(text),
        FileKind::Markdown => of_markdown(text),
        FileKind::Json => json::of_json(text),
        FileKind::Terraform => infrastructure::of_terraform(text),
        FileKind::Bicep => infrastructure::of_bicep(text),
    }
}

/// A line without its end, and the byte at which it begins.
struct FileLine<'t> {
    start: usize,
    /// The byte after its end of line.
    next: usize,
    text: &'t str,
}

fn lines(text: &str) -> Vec<FileLine<'_>> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|whole| {
            let line = whole.strip_suffix('\n').unwrap_or(whole);
            let line = line.strip_suffix('\r').unwrap_or(line);
            let (from, skipped) = (start, if start == 0 { bom(line) } else { 0 });
            start += whole.len();
            FileLine { start: from + skipped, next: start, text: &line[skipped..] }
        })
        .collect()
}

fn bom(line: &str) -> usize {
    line.len() - line.trim_start_matches('\u{feff}').len()
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// A key of a mapping: its column, its name, and what follows the colon.
struct YamlKey<'t> {
    indent: usize,
    name: &'t str,
    value: &'t str,
}

/// Reads `key: value` and `- key: value`; the column of a key behind dashes is its own.
fn key(line: &str) -> Option<YamlKey<'_>> {
    let mut rest = line.trim_start_matches([' ', '\t']);
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start_matches(' ');
    }
    let indent = line.len() - rest.len();
    let (name, value) = rest.split_once(':')?;
    if !value.is_empty() && !value.starts_with([' ', '\t']) {
        return None;
    }
    let name = name.trim_end();
    let name = name.strip_prefix(['"', '\'']).and_then(|name| name.strip_suffix(['"', '\''])).unwrap_or(name);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ');
    (!name.is_empty() && name.chars().all(plain)).then_some(YamlKey { indent, name, value: value.trim() })
}

/// `|`, `|-`, `|2+ # comment`; the style if it is a block scalar.
fn block_style(value: &str) -> Option<char> {
    let style = value.chars().next().filter(|style| matches!(style, '|' | '>'))?;
    let header = value[1..].split(" #").next().unwrap_or_default().trim();
    header.chars().all(|c| matches!(c, '+' | '-' | '1'..='9')).then_some(style)
}

fn of_yaml(text: &str) -> Queries {
    let lines = lines(text);
    let mut queries = Queries::default();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some(key) = key(line.text) else { continue };
        let is_query = ["query", "querytext"].iter().any(|known| key.name.eq_ignore_ascii_case(known));
        let style = block_style(key.value);
        if style.is_none() && !is_query {
            continue;
        }
        let end = content_end(&lines, at, key.indent, is_query);
        let next = lines.get(end - 1).map_or(line.next, |last| last.next);
        if is_query && style == Some('|') {
            let first = lines.get(at).filter(|_| end > at);
            queries.found.extend(first.map(|first| FoundQuery::plain(first.start..next)));
        } else if is_query {
            let reason = if style.is_some() { FOLDED } else { scalar_reason(key.value) };
            queries.refused.push((line.start + key.indent..next, reason.to_owned()));
        }
        at = end;
    }
    queries
}

const FOLDED: &str =
    "a folded scalar (`>`) joins lines, so a comment would swallow what follows it; write `query: |`";
const PLAIN: &str =
    "a plain scalar joins lines, so a comment would swallow what follows it; write `query: |`";
const QUOTED: &str = "a quoted scalar cannot take lines as they are; write `query: |`";

fn scalar_reason(value: &str) -> &'static str {
    if value.starts_with(['"', '\'']) { QUOTED } else { PLAIN }
}

/// Index of the line after a block scalar whose key stands in column `indent`.
///
/// A line of a query that is not indented enough is still the query's, unless it looks like YAML: such
/// files exist, and no YAML parser reads them.
fn content_end(lines: &[FileLine<'_>], first: usize, indent: usize, is_query: bool) -> usize {
    let mut end = first;
    for (at, line) in lines.iter().enumerate().skip(first) {
        if line.text.trim().is_empty() {
            continue;
        }
        let inside = indentation(line.text) > indent || (is_query && at > first && is_stray(line.text));
        if !inside {
            break;
        }
        end = at + 1;
    }
    end
}

/// Whether a line that is not indented enough for its scalar can only be KQL.
fn is_stray(line: &str) -> bool {
    let line = line.trim_start();
    let yaml = key(line).is_some() || line.starts_with(['#', '-', '%']) || line.starts_with("...");
    !yaml && line.starts_with(['|', '/', ')', ']', '}', '(', '"', '\'', ',', ';'])
}

/// Pages that cannot colour KQL call it C#, which has no pipes of this kind.
const LANGUAGES: [&str; 7] = ["kql", "kusto", "kusto-query", "csl", "azurekusto", "c#", "csharp"];

fn of_markdown(text: &str) -> Queries {
    let lines = lines(text);
    let mut queries = Queries::default();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some((fence, language)) = fence(line.text) else { continue };
        let close = |line: &FileLine<'_>| {
            line.text.trim().len() >= fence.len() && line.text.trim().chars().all(|c| fence.starts_with(c))
        };
        let length = lines[at..].iter().position(close).unwrap_or(lines.len() - at);
        if length > 0 {
            let body = lines[at].start..lines[at + length - 1].next;
            // A fence without a language counts as a query if it has a pipe. If it does not read the table, nothing
            // happens to it.
            let piped = text[body.clone()].contains('|');
            if LANGUAGES.iter().any(|known| language.eq_ignore_ascii_case(known))
                || (language.is_empty() && piped)
            {
                queries.found.push(FoundQuery::plain(body));
            } else if piped {
                let why = format!("a fence of `{language}`; write ```kql if it is a query");
                queries.refused.push((line.start..body.end, why));
            }
        }
        at += length + 1;
    }
    queries
}

/// The fence that a line opens and the first word behind it.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches([' ', '\t', '>']);
    let sign = line.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(sign).len();
    if length < 3 || line[length..].contains('`') {
        return None;
    }
    let info = line[length..].trim_start().trim_start_matches('{').trim_start_matches('.');
    let language = info.split([' ', ',', '}', '\t']).next().unwrap_or_default();
    Some((&line[..length], language))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: FileKind, text: &str) -> Vec<&str> {
        queries(kind, text).found.into_iter().map(|query| &text[query.range]).collect()
    }

    #[test]
    fn the_query_of_a_rule_is_found_by_its_lines() {
        for (text, query) in [
            ("id: x\nquery: |\n  T\n  | count\nkind: y\n", "  T\n  | count\n"),
            ("query: |\r\n  T\r\n  | count", "  T\r\n  | count"),
            ("\u{feff}Query: |2-\n    T\n\n\n    | count\n\nname: x\n", "    T\n\n\n    | count\n"),
            ("query: | # ours\n T\n", " T\n"),
            ("queries:\n  - query: |-\n      T\n    name: x\n", "      T\n"),
            ("query: |\n\tT\n\t| count\nx: 1\n", "\tT\n\t| count\n"),
            ("query: |\n  T\n| where a\n  | count\nx: 1\n", "  T\n| where a\n  | count\n"),
            ("description: |\n  query: |\n    no\nquery: |\n  T\n", "  T\n"),
            ("requiredDataConnectors:\n - a\n  dataTypes:\n\t- b\n{{x}}\nquery: |\n  T\n", "  T\n"),
            ("query: |\n  T\n# ours\nname: x\n", "  T\n"),
            ("\"query\": |\n  T", "  T"),
        ] {
            assert_eq!(found(FileKind::Yaml, text), [query], "{text}");
        }
    }

    #[test]
    fn a_query_that_joins_lines_is_refused() {
        for (text, why) in [
            ("query: >\n  T\n  | count\n", "folded"),
            ("query: >-\n  T\n", "folded"),
            ("query: \"T | count\"\n", "quoted"),
            ("query: 'T'\n", "quoted"),
            ("query: T | count\n", "plain"),
            ("query:\n  T\n  | count\n", "plain"),
        ] {
            let queries = queries(FileKind::Yaml, text);
            assert!(queries.found.is_empty(), "{text}");
            assert_eq!(queries.refused.len(), 1, "{text}");
            assert!(queries.refused[0].1.contains(why), "{text}");
        }
    }

    #[test]
    fn fences_of_kql_are_found() {
        let text =
            "# T\n```KQL\nT\n| count\n```\n```json\nT\n```\n- x\n  ~~~ kusto\n  T\n  ~~~\n```\nT\n```\n";
        assert_eq!(found(FileKind::Markdown, text), ["T\n| count\n", "  T\n"]);
        assert_eq!(found(FileKind::Markdown, "```\nT\n| count\n```\n"), ["T\n| count\n"]);
        assert_eq!(queries(FileKind::Markdown, "```sql\nT\n| count\n```\n").refused.len(), 1);
        assert_eq!(found(FileKind::Markdown, "```kql\nT"), ["T"]);
        assert!(found(FileKind::Markdown, "```kql\n```\nT").is_empty());
    }

    #[test]
    fn a_file_of_kql_is_one_query() {
        assert_eq!(found(FileKind::Kql, "\u{feff}T\r\n| count"), ["T\r\n| count"]);
    }
}
