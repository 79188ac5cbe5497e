//! Exclusions that somebody typed into a query.
//!
//! In: a query and the table. Out: an exclusion for each `where` that takes rows of the table away.
//! A condition without any negation in it is the hunt's own and is none.

use super::condition::Notation;
use super::expression::{Expression, parse};
use super::literals::bound;
use super::{Entries, ReadEntry, Remark, conditions, entries, merged, when};
use crate::exclusions::document::{OneOrMany, Scalar, WrittenExclusion};
use crate::fields::Kind;
use crate::kql::block::{BEGIN, END};
use crate::kql::pipeline::{Pipeline, Query, QueryOperator, Side};
use crate::kql::tree::Tree;
use crate::schema::Schema;
use std::collections::HashMap;

/// Where a query stands.
#[derive(Debug, Clone, Copy)]
pub struct QuerySource<'s> {
    /// The file as the user named it.
    pub file: &'s str,
    /// The line of the file on which the query begins, from 1.
    pub line: usize,
    /// What ids begin with.
    pub prefix: &'s str,
    /// The rule that the exclusions belong to: its id, or what else names it; every hunt without it.
    pub rule: Option<&'s str>,
}

/// What was found in a query.
#[derive(Debug, Default)]
pub struct ImportedQuery {
    /// The exclusions.
    pub exclusions: Vec<WrittenExclusion>,
    /// Conditions that cannot be carried, and why.
    pub not_carried: Vec<Remark>,
    /// Traps, and what they do.
    pub traps: Vec<Remark>,
}

/// Reads the exclusions of a query.
pub fn import_query(query: &str, table: &str, schema: &Schema, source: QuerySource<'_>) -> ImportedQuery {
    let read = Query::read(query, table);
    let reader = ConditionReader { query, schema, source, read: &read, lets: literals(query) };
    let mut found = ImportedQuery::default();
    for (index, pipeline) in read.pipelines.iter().enumerate() {
        let Some(chain) = reader.chain(index, 0) else { continue };
        for (at, operator) in pipeline.operators.iter().enumerate() {
            if matches!(operator.name.as_str(), "where" | "filter") {
                let before = Before { chain: &chain, own: &pipeline.operators[..at] };
                reader.condition(operator, before, pipeline.side, &mut found);
            }
        }
    }
    found
}

/// Names that `let` binds to literals.
fn literals(query: &str) -> HashMap<String, Vec<String>> {
    let tree = Tree::new(query);
    let mut lets = HashMap::new();
    for statement in tree.split(&tree.nodes, crate::kql::lex::TokenKind::Semicolon) {
        let at = statement.iter().rposition(|node| tree.name(Some(node)) == Some("let"));
        if let Some(at) = at
            && let Some(name) = tree.name(statement.get(at + 1))
            && tree.is(statement.get(at + 2), "=")
            && let Some(values) = bound(&tree, &statement[at + 3..])
        {
            lets.insert(name.to_owned(), values);
        }
    }
    lets
}

/// The operators that rows have passed: those of the names that the pipeline reads, and its own.
#[derive(Clone, Copy)]
struct Before<'b> {
    chain: &'b [&'b QueryOperator],
    own: &'b [QueryOperator],
}

impl<'b> Before<'b> {
    fn operators(self) -> impl Iterator<Item = &'b QueryOperator> {
        self.chain.iter().copied().chain(self.own)
    }
}

struct ConditionReader<'r> {
    query: &'r str,
    schema: &'r Schema,
    source: QuerySource<'r>,
    read: &'r Query,
    lets: HashMap<String, Vec<String>>,
}

impl ConditionReader<'_> {
    /// The operators that rows of the table have passed before this pipeline; `None` if it is not the table's.
    fn chain(&self, index: usize, depth: usize) -> Option<Vec<&QueryOperator>> {
        let here =
            |reference: &&crate::kql::pipeline::Reference| reference.pipeline == index && !reference.bare;
        if self.read.references.iter().any(|reference| here(&reference)) {
            return Some(Vec::new());
        }
        let source = self.read.pipelines.get(index)?.source.as_ref().filter(|_| depth < 20)?;
        let before: &[Pipeline] = &self.read.pipelines[..index];
        let bound = before.iter().rposition(|pipeline| pipeline.bound.as_ref() == Some(source))?;
        let mut chain = self.chain(bound, depth + 1)?;
        chain.extend(&self.read.pipelines[bound].operators);
        Some(chain)
    }

    fn condition(&self, operator: &QueryOperator, before: Before<'_>, side: Side, found: &mut ImportedQuery) {
        let body = self.query.get(operator.body.clone()).unwrap_or_default();
        let tree = Tree::new(body);
        let conjuncts = match parse(&tree, &tree.nodes) {
            Expression::And(all) => all,
            one => vec![one],
        };
        let base = operator.body.start;
        let mut all = Entries::default();
        let mut typed = Vec::new();
        for conjunct in conjuncts.iter().filter(|conjunct| conjunct.takes_away(&tree)) {
            if let Some(reason) = side.reason() {
                let reason = match side {
                    Side::Negative => format!("it stands where rows are not shown: {reason}"),
                    _ => format!("nobody can say whether it takes results away: {reason}"),
                };
                all.remarks.push(Remark { span: conjunct.span(&tree), reason });
                continue;
            }
            let values = |name: &str| self.lets.get(name).cloned();
            let read = entries(&tree, conjunct, self.schema, Notation::Kql, &values);
            if !read.alternatives.is_empty() {
                let (start, end) = conjunct.span(&tree);
                typed.extend(body.get(start..end));
            }
            all.remarks.extend(read.remarks);
            all.traps.extend(read.traps);
            all.alternatives.extend(read.alternatives);
            all.leftovers.extend(read.leftovers);
        }
        self.after(before, &mut all);
        if own(&self.query[..base]) {
            all.traps.clear();
        } else {
            slip(&mut all);
        }
        self.write(base, &typed, all, found);
    }

    /// Conditions on columns that are no longer those of the table are not carried.
    fn after(&self, before: Before<'_>, all: &mut Entries) {
        if all.alternatives.is_empty() {
            return;
        }
        let grouped =
            before.operators().find(|operator| matches!(operator.name.as_str(), "summarize" | "distinct"));
        let mut kept = Vec::new();
        for entry in std::mem::take(&mut all.alternatives) {
            let lost = entry.conditions.iter().find_map(|carried| {
                let loses = |operator: &&QueryOperator| operator.loses(self.query, &carried.column);
                before.operators().find(loses).map(|operator| (carried, operator.name.clone()))
            });
            if let Some((carried, name)) = lost {
                let reason = format!("`{}` is no longer the table's column after `{name}`", carried.column);
                all.remarks.push(Remark { span: carried.span, reason });
                continue;
            }
            if let (Some(operator), Some(first)) = (grouped, entry.conditions.first()) {
                let reason = format!(
                    "condition after `{}`: it holds for groups; rows are the same, as the column is one of the keys",
                    operator.name
                );
                all.traps.push(Remark { span: first.span, reason });
            }
            kept.push(entry);
        }
        all.alternatives = kept;
    }

    fn write(&self, base: usize, typed: &[&str], mut all: Entries, found: &mut ImportedQuery) {
        let moved = |remark: Remark| Remark { span: (remark.span.0 + base, remark.span.1 + base), ..remark };
        found.not_carried.extend(all.remarks.into_iter().chain(all.leftovers).map(moved));
        let mut traps: Vec<Remark> = all.traps.into_iter().map(moved).collect();
        traps.dedup();
        found.traps.extend(traps);
        // Those that are merged in one `where` may end on different days.
        while let Some(expires) = all.alternatives.first().map(|entry| entry.expires) {
            let (these, others) = all.alternatives.into_iter().partition(|entry| entry.expires == expires);
            all.alternatives = others;
            self.write_one(base, typed, these, found);
        }
    }

    /// Writes entries that hold until the same day.
    fn write_one(&self, base: usize, typed: &[&str], entries: Vec<ReadEntry>, found: &mut ImportedQuery) {
        let expires = entries.first().and_then(|entry| entry.expires).map(|day| day.to_string());
        let entries = conditions(entries);
        let Some(first) = entries.first().and_then(|entry| entry.first()) else { return };
        let start = base + first.span.0;
        let line = self.source.line + self.query[..start].matches('\n').count();
        let headline = headline(&self.query[..base]);
        let id = match &headline {
            Some(headline) => headline.id.to_owned(),
            None => format!("{}-line-{line}", self.source.prefix),
        };
        let taken = |id: &str| found.exclusions.iter().any(|known| known.id == id);
        let numbered = (2..).map(|number| format!("{id}-{number}"));
        let id = std::iter::once(id.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or_default();
        found.exclusions.push(WrittenExclusion {
            id,
            reason: headline.as_ref().and_then(|headline| Some(headline.reason?.to_owned())),
            expires: expires
                .or_else(|| headline.as_ref().and_then(|headline| Some(headline.expires?.to_owned()))),
            documented: Some(typed.join(" and ")),
            when: when(merged(entries)),
            rules: self.source.rule.map(|rule| OneOrMany::One(Scalar::Text(rule.to_owned()))),
            reference: Some(format!("{}:{line}", self.source.file)),
            ..WrittenExclusion::default()
        });
    }
}

/// What stands above the `where` of an exclusion in a block of quell's own.
struct Headline<'q> {
    id: &'q str,
    reason: Option<&'q str>,
    expires: Option<&'q str>,
}

/// Whether what follows stands in a block of quell's own, where no condition is a slip of the pen.
fn own(before: &str) -> bool {
    before.rfind(BEGIN).is_some_and(|begin| !before[begin..].contains(END))
}

/// Reads it from the text before a `where`. Where several exclusions share one there is none.
fn headline(before: &str) -> Option<Headline<'_>> {
    let block = &before[before.rfind(BEGIN)?..];
    let mut lines = block.lines().rev().skip(1);
    let (line, above) = (lines.next()?.trim(), lines.next()?.trim());
    let others = above.starts_with("//") && !above.starts_with(BEGIN) && !above.starts_with("// left out");
    if others || !own(before) {
        return None;
    }
    let line = line.strip_prefix("// ")?;
    let (line, expires) = match line.strip_suffix(')').and_then(|line| line.rsplit_once(" (until ")) {
        Some((line, day)) if day.parse::<jiff::civil::Date>().is_ok() => (line, Some(day)),
        _ => (line, None),
    };
    let (id, reason) = line.split_once(": ").map_or((line, None), |(id, reason)| (id, Some(reason)));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let kebab = id.split('-').all(|part| !part.is_empty() && part.chars().all(plain));
    kebab.then_some(Headline { id, reason, expires })
}

/// `name != a and address != b` hides each alone; the pair was probably meant.
fn slip(all: &mut Entries) {
    let single = |wanted: fn(Kind) -> bool| {
        all.alternatives.iter().find_map(|entry| match &entry.conditions[..] {
            [one] if wanted(one.kind) => Some(one.span),
            _ => None,
        })
    };
    if let (Some(_), Some(address)) =
        (single(|kind| kind == Kind::Text), single(|kind| kind == Kind::Address))
    {
        let reason = "De Morgan slip: name and address each take rows away alone; if the pair was meant, write not(... and ...)";
        all.traps.push(Remark { span: address, reason: reason.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schemas;
    use crate::yaml;

    fn read(conditions: &str) -> (String, Vec<String>, Vec<String>) {
        let schemas = Schemas::built_in();
        let source = QuerySource { file: "r.kql", line: 1, prefix: "r", rule: None };
        let query = format!("DeviceNetworkEvents\n{conditions}");
        let found = import_query(&query, "DeviceNetworkEvents", schemas.named("defender").unwrap(), source);
        let whens: Vec<_> = found.exclusions.into_iter().map(|exclusion| exclusion.when).collect();
        let reasons = |remarks: Vec<Remark>| remarks.into_iter().map(|remark| remark.reason).collect();
        (yaml::to_string(&whens).unwrap(), reasons(found.not_carried), reasons(found.traps))
    }

    #[test]
    fn what_takes_rows_away_is_carried() {
        for (condition, yaml) in [
            (r"RemotePort != 443", "- destination.port: 443\n"),
            (r"RemotePort !between (1 .. 9)", "- destination.port: 1-9\n"),
            (r#"InitiatingProcessFileName !~ "a""#, "- process.name: a\n"),
            (r#"InitiatingProcessFileName != "a""#, "- process.name|cased: a\n"),
            (r#"InitiatingProcessFileName !in~ ("a", "b")"#, "- process.name:\n  - a\n  - b\n"),
            (r#"tolower(InitiatingProcessFileName) !in ("a")"#, "- process.name: a\n"),
            (r#"RemoteUrl !contains "a""#, "- destination.domain|contains: a\n"),
            (r#"RemoteUrl !startswith_cs "a""#, "- destination.domain|startswith|cased: a\n"),
            (r#"not(RemoteUrl endswith "a")"#, "- destination.domain|endswith: a\n"),
            (r#"not(RemoteUrl matches regex "a+")"#, "- destination.domain|re: a+\n"),
            (r#"not(ipv4_is_in_range(RemoteIP, "10.0.0.0/8"))"#, "- destination.ip: 10.0.0.0/8\n"),
            (r#"ipv4_is_in_range(RemoteIP, "10.0.0.0/8") == false"#, "- destination.ip: 10.0.0.0/8\n"),
            (r#"RemoteIP !startswith "192.168.""#, "- destination.ip: 192.168.0.0/16\n"),
            ("RemoteIP !startswith '169.254.'", "- destination.ip: 169.254.0.0/16\n"),
            ("not(RemoteIP startswith '10.')", "- destination.ip: 10.0.0.0/8\n"),
            (r#"DeviceName !in~ (pack_array("a", "b"))"#, "- host.name:\n  - a\n  - b\n"),
            (r#"DeviceName !in~ (datatable(n: string)["a", "b"])"#, "- host.name:\n  - a\n  - b\n"),
            (r#"not(RemotePort == 22 and DeviceName =~ "a")"#, "- destination.port: 22\n  host.name: a\n"),
            (r#"RemotePort != 22 or DeviceName !~ "a""#, "- destination.port: 22\n  host.name: a\n"),
            (r#"not(RemotePort == 22 or DeviceName =~ "a")"#, "- - destination.port: 22\n  - host.name: a\n"),
            (r#"RemoteIPType !in ("Private")"#, "- RemoteIPType|cased: Private\n"),
        ] {
            let (found, not_carried, _) = read(&format!("| where {condition}"));
            assert_eq!((found.as_str(), not_carried.len()), (yaml, 0), "{condition}: {not_carried:?}");
        }
    }

    #[test]
    fn what_cannot_be_carried_is_named() {
        for (condition, why) in [
            (r#"RemoteUrl !has "a""#, "whole terms"),
            (r#"not(RemoteUrl has_any ("a", "b"))"#, "whole terms"),
            (r#"RemoteUrl != """#, "empty"),
            ("not(RemoteUrl has_any (datatable(n: string)['a', 'b']))", "whole terms"),
            ("DeviceName !in~ (datatable(n: string, m: string)['a', 'b'])", "several columns"),
            ("DeviceName !in (['Browser'])", "`Browser` is not a list of literals"),
            (r"RemoteUrl !in (other)", "not a list of literals"),
            (r#"RemoteUrl != strcat("a", "b")"#, "computed"),
            (r#"RemoteUrl != "a*""#, "wildcard"),
            (r#"RemoteIP !contains "10.""#, "as text"),
            (r#"RemoteIP != "10.0.0.256""#, "over 255"),
            (r#"RemoteUrl != "a" or RemotePort == 22"#, "no negative conditions"),
            (r#"RemoteUrl != "a" or RemoteUrl != "b""#, "De Morgan"),
            (r"Timestamp !between (ago(1d) .. now())", "no field or column"),
            (r"not(strlen(RemoteUrl) > 9)", "not a condition"),
            (r"RemoteUrl != {{url}}", "filled in elsewhere"),
        ] {
            let (found, not_carried, _) = read(&format!("| where {condition}"));
            assert_eq!(found, "[]\n", "{condition}");
            assert!(not_carried.iter().any(|reason| reason.contains(why)), "{condition}: {not_carried:?}");
        }
    }

    #[test]
    fn traps_are_told() {
        for (conditions, why) in [
            (r#"| where InitiatingProcessFileName != "a""#, "letter case"),
            (r#"| where DeviceName !in~ ("a" "b")"#, "without a comma"),
            (r#"| where not(ipv4_is_in_range(RemoteIP, "10.0.0.0/8"))"#, "null-dropping"),
            (r#"| where DeviceName !~ "a" and RemoteIP != "10.0.0.1""#, "De Morgan"),
            (r#"| summarize count() by DeviceName | where DeviceName !~ "a""#, "after `summarize`"),
        ] {
            let (_, _, traps) = read(conditions);
            assert!(traps.iter().any(|trap| trap.contains(why)), "{conditions}: {traps:?}");
        }
        let safe = r#"| where not(coalesce(ipv4_is_in_range(RemoteIP, "10.0.0.0/8"), false))"#;
        assert_eq!(read(safe).2, Vec::<String>::new());
    }

    #[test]
    fn a_column_that_is_gone_or_changed_is_not_carried() {
        for before in ["summarize count() by DeviceName", "project DeviceName", "extend RemoteUrl = 'x'"] {
            let (found, not_carried, _) = read(&format!("| {before} | where RemoteUrl !~ 'a'"));
            assert_eq!((found.as_str(), not_carried.len()), ("[]\n", 1), "{before}");
        }
    }

    #[test]
    fn the_hunts_own_conditions_are_no_exclusions() {
        let (found, not_carried, traps) = read("| where RemoteUrl has 'a' and RemotePort == 22");
        assert_eq!((found.as_str(), not_carried.len(), traps.len()), ("[]\n", 0, 0));
    }
}
