//! Exclusions that somebody typed into a query.
//!
//! In: a query and the table. Out: an exclusion for each `where` that takes rows of the table away.
//! A condition without any negation in it is the hunt's own and is none.

use super::condition::{Carried, Notation, bound};
use super::expression::{Expression, parse};
use super::{Entries, Remark, entries, merged, when};
use crate::exclusions::document::{OneOrMany, Scalar, WrittenExclusion};
use crate::fields::Kind;
use crate::kql::pipeline::{Operator, Pipeline, Query, Side};
use crate::kql::tree::Tree;
use crate::schema::Schema;
use std::collections::HashMap;

/// Where a query stands.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    /// The file as the user named it.
    pub file: &'s str,
    /// The line of the file on which the query begins, from 1.
    pub line: usize,
    /// What ids begin with.
    pub prefix: &'s str,
    /// The rule's id, if it has one; the exclusions belong to it.
    pub rule: Option<&'s str>,
}

/// What was found in a query.
#[derive(Debug, Default)]
pub struct Found {
    /// The exclusions.
    pub exclusions: Vec<WrittenExclusion>,
    /// Conditions that cannot be carried, and why.
    pub not_carried: Vec<Remark>,
    /// Traps, and what they do.
    pub traps: Vec<Remark>,
}

/// Reads the exclusions of a query.
pub fn import_query(query: &str, table: &str, schema: &Schema, source: Source<'_>) -> Found {
    let read = Query::read(query, table);
    let reader = Reader { query, schema, source, read: &read, lets: literals(query) };
    let mut found = Found::default();
    for (index, pipeline) in read.pipelines.iter().enumerate() {
        let Some(chain) = reader.chain(index, 0) else { continue };
        for (at, operator) in pipeline.operators.iter().enumerate() {
            if matches!(operator.name.as_str(), "where" | "filter") {
                let mut before: Vec<&Operator> = chain.clone();
                before.extend(&pipeline.operators[..at]);
                reader.condition(operator, &before, pipeline.side, &mut found);
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

struct Reader<'r> {
    query: &'r str,
    schema: &'r Schema,
    source: Source<'r>,
    read: &'r Query,
    lets: HashMap<String, Vec<String>>,
}

impl Reader<'_> {
    /// The operators that rows of the table have passed before this pipeline; `None` if it is not the table's.
    fn chain(&self, index: usize, depth: usize) -> Option<Vec<&Operator>> {
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

    fn condition(&self, operator: &Operator, before: &[&Operator], side: Side, found: &mut Found) {
        let body = self.query.get(operator.body.clone()).unwrap_or_default();
        let tree = Tree::new(body);
        let conjuncts = match parse(&tree, &tree.nodes) {
            Expression::And(all) => all,
            one => vec![one],
        };
        let base = operator.body.start;
        let mut all = Entries::default();
        for conjunct in conjuncts.iter().filter(|conjunct| conjunct.takes_away(&tree)) {
            if let Some(reason) = side.reason() {
                let reason = format!("it stands where rows are not shown: {reason}");
                all.remarks.push(Remark { span: conjunct.span(&tree), reason });
                continue;
            }
            let values = |name: &str| self.lets.get(name).cloned();
            let read = entries(&tree, conjunct, self.schema, Notation::Kql, &values);
            all.remarks.extend(read.remarks);
            all.traps.extend(read.traps);
            all.alternatives.extend(read.alternatives);
            all.leftovers.extend(read.leftovers);
        }
        self.after(before, &mut all);
        slip(&mut all);
        self.write(base, all, found);
    }

    /// Conditions on columns that are no longer those of the table are not carried.
    fn after(&self, before: &[&Operator], all: &mut Entries) {
        let grouped =
            before.iter().find(|operator| matches!(operator.name.as_str(), "summarize" | "distinct"));
        let mut kept = Vec::new();
        for entry in std::mem::take(&mut all.alternatives) {
            let lost = entry.iter().find_map(|carried| {
                let loses = |operator: &&&Operator| operator.loses(self.query, &carried.column);
                before.iter().find(loses).map(|operator| (carried, operator.name.clone()))
            });
            if let Some((carried, name)) = lost {
                let reason = format!("`{}` is no longer the table's column after `{name}`", carried.column);
                all.remarks.push(Remark { span: carried.span, reason });
                continue;
            }
            if let (Some(operator), Some(first)) = (grouped, entry.first()) {
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

    fn write(&self, base: usize, all: Entries, found: &mut Found) {
        let moved = |remark: Remark| Remark { span: (remark.span.0 + base, remark.span.1 + base), ..remark };
        found.not_carried.extend(all.remarks.into_iter().chain(all.leftovers).map(moved));
        let mut traps: Vec<Remark> = all.traps.into_iter().map(moved).collect();
        traps.dedup();
        found.traps.extend(traps);
        let Some(first) = all.alternatives.first().and_then(|entry| entry.first()) else { return };
        let start = base + first.span.0;
        let line = self.source.line + self.query[..start].matches('\n').count();
        let texts: Vec<&str> =
            all.alternatives.iter().flatten().filter_map(|carried| self.text(base, carried)).collect();
        let id = format!("{}-line-{line}", self.source.prefix);
        let taken = found.exclusions.iter().filter(|known| known.id.starts_with(&id)).count();
        found.exclusions.push(WrittenExclusion {
            id: if taken == 0 { id } else { format!("{id}-{}", taken + 1) },
            documented: Some(joined(&texts)),
            when: when(merged(all.alternatives)),
            rules: self.source.rule.map(|rule| OneOrMany::One(Scalar::Text(rule.to_owned()))),
            reference: Some(format!("{}:{line}", self.source.file)),
            ..WrittenExclusion::default()
        });
    }

    fn text(&self, base: usize, carried: &Carried) -> Option<&str> {
        self.query.get(base + carried.span.0..base + carried.span.1)
    }
}

/// The parts as they were typed, each once.
fn joined(texts: &[&str]) -> String {
    let mut unique: Vec<&str> = Vec::new();
    for text in texts {
        if !unique.contains(text) {
            unique.push(text);
        }
    }
    unique.join("; ")
}

/// `name != a and address != b` hides each alone; the pair was probably meant.
fn slip(all: &mut Entries) {
    let single = |wanted: fn(Kind) -> bool| {
        all.alternatives.iter().find_map(|entry| match &entry[..] {
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
