//! The clauses of a query, one for each table that it reads, for `quell splice`.
//!
//! In: a query, and where its block comes from. Out: what is put behind each of its tables, and what a table has no column
//! for. It changes no file.

use super::Outcome;
use super::clause::{Clause, clause};
use super::kql::{options, schema, tables, why_left_out, without_column};
use super::lists::{Loaded, in_force};
use super::rules::RuleFile;
use crate::cli::Splice;
use quell::exclusions::model::Exclusion;
use quell::kql::Options;
use quell::kql::lex::{TokenKind, lex};
use quell::kql::tables::QueryTable;
use quell::rule::Rule;
use quell::rule::queries::{FileKind, FoundQuery, queries};
use quell::schema::Schema;

/// Reasons that are shown for a rule without a clause.
const SHOWN_REASONS: usize = 3;

/// Where the block of each rule comes from.
pub(super) struct BlockSource {
    pub(super) lists: Loaded,
    /// The clause that was given as a file.
    pub(super) given: Option<Clause>,
    /// The rule that was named, whatever the files say.
    pub(super) rule: Option<Rule>,
    pub(super) today: jiff::civil::Date,
    pub(super) without_expiry_guard: bool,
}

/// A query of a file, as far as the block depends on it.
pub(super) struct OneQuery {
    pub(super) rule: Rule,
    /// Its text; the file's own if it is the file that is meant.
    pub(super) text: String,
}

/// The queries of a file; one more, the file's own.
pub(super) fn queries_of(file: &RuleFile) -> Vec<OneQuery> {
    let own = file.rule();
    let found = queries(file.kind, &file.text).found;
    let of = |query: &FoundQuery| OneQuery {
        rule: query.rule.clone().unwrap_or_else(|| own.clone()),
        text: query.text(&file.text).unwrap_or_default(),
    };
    let mut all: Vec<OneQuery> = found.iter().map(of).collect();
    all.push(OneQuery { rule: own, text: file.text.clone() });
    all
}

/// The exclusions in force for a table of a rule, and how they are to be said.
pub(super) struct Applied<'s> {
    pub(super) table: QueryTable<'s>,
    pub(super) exclusions: Vec<&'s Exclusion>,
    pub(super) options: Options,
    /// What the table has no column for.
    left_out: String,
    /// Why each exclusion is left out that is.
    pub(super) why: Vec<String>,
}

/// The tables of a query, with the exclusions for each.
pub(super) fn applied<'s>(query: &OneQuery, source: &'s BlockSource) -> Outcome<Vec<Applied<'s>>> {
    let rule = source.rule.as_ref().unwrap_or(&query.rule);
    let each = tables(&source.lists, Some(&query.text))?.into_iter().map(|table| {
        let (exclusions, left_out) =
            in_force(&source.lists.exclusions, Some(rule), source.today, table.schema);
        let mut options = options(&exclusions, &left_out);
        options.without_expiry_guard = source.without_expiry_guard;
        let why = why_left_out(&left_out);
        let left_out = without_column(&exclusions, &left_out, table.schema);
        Applied { table, exclusions, options, left_out, why }
    });
    Ok(each.collect())
}

/// Why a rule that was named got no clause, though it reads tables.
pub(super) fn why_nothing(file: &RuleFile, source: &BlockSource) -> Outcome<String> {
    if let Some((line, cause)) = broken_json(file) {
        return Ok(format!("line {line} breaks the JSON ({cause}), so no query in it can be changed"));
    }
    let mut queries = queries_of(file);
    if queries.len() > 1 {
        queries.pop();
    }
    let (mut reads, mut why) = (Vec::new(), Vec::new());
    for query in &queries {
        for applied in applied(query, source)? {
            let name = applied.table.name.to_owned();
            if !reads.contains(&name) {
                reads.push(name);
            }
            if source.given.is_some() || !applied.exclusions.is_empty() {
                return Ok(format!("no query in it reads the table: {}", reads.join(", ")));
            }
            for each in applied.why {
                if !why.contains(&each) {
                    why.push(each);
                }
            }
        }
    }
    let (all, reads) = (why.len(), reads.join(", "));
    why.truncate(SHOWN_REASONS);
    if all > why.len() {
        why.push(format!("and {} more", all - why.len()));
    }
    let why = if why.is_empty() { "the lists hold none".to_owned() } else { why.join("; ") };
    Ok(format!("no exclusion is in force for it and {reads}: {why}"))
}

/// The line at which a JSON file breaks, and how.
fn broken_json(file: &RuleFile) -> Option<(usize, String)> {
    if file.kind != FileKind::Json {
        return None;
    }
    let text = file.text.trim_start_matches('\u{feff}');
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    let cause = error.to_string();
    let cause = cause.split(" at line ").next().unwrap_or_default().to_owned();
    Some((error.line(), cause))
}

/// The clause behind one table of a query, with the columns that it looks at.
pub(super) struct TableClause<'s> {
    pub(super) table: &'s str,
    pub(super) clause: Option<Clause>,
    pub(super) columns: Vec<String>,
}

/// The clauses for one query: what was given, or for each table the exclusions in force for the rule. What a table has no
/// column for is told.
pub(super) fn clauses_for<'s>(
    query: &OneQuery,
    source: &'s BlockSource,
    args: &Splice,
    told: &mut String,
) -> Outcome<Vec<TableClause<'s>>> {
    let given = source.given.as_ref().map(|Clause { above, block, .. }| Clause {
        above: above.clone(),
        block: block.clone(),
        values: None,
    });
    if given.is_some() || args.remove {
        let schema = schema(&source.lists)?;
        let columns = columns(given.as_ref(), schema);
        let table = schema.table.as_deref().unwrap_or_default();
        return Ok(vec![TableClause { table, clause: given, columns }]);
    }
    let (mut all, mut lists) = (Vec::new(), 0);
    for mut applied in applied(query, source)? {
        let QueryTable { name, schema } = applied.table;
        applied.options.lists_before = lists;
        let clause = if applied.exclusions.is_empty() {
            None
        } else {
            Some(clause(&args.form, &applied.exclusions, schema, &applied.options)?)
        };
        lists += clause.as_ref().map_or(0, Clause::list_count);
        told.push_str(&applied.left_out);
        let columns = columns(clause.as_ref(), schema);
        all.push(TableClause { table: name, clause, columns });
    }
    Ok(all)
}

/// The columns that stand in the block, whoever wrote it.
fn columns(clause: Option<&Clause>, schema: &Schema) -> Vec<String> {
    let text = clause.map(|clause| clause.block.as_str()).unwrap_or_default();
    let mut columns: Vec<String> = Vec::new();
    for token in lex(text).iter().filter(|token| token.kind == TokenKind::Name) {
        let name = token.text(text);
        if schema.columns.contains_key(name) && !columns.iter().any(|known| known == name) {
            columns.push(name.to_owned());
        }
    }
    columns
}
