//! The clauses of a query, one for each table that it reads, for `quell splice`.
//!
//! In: a query, and where its block comes from. Out: what is put behind each of its tables, and what a table has no column
//! for. It changes no file.

use super::Outcome;
use super::clause::{Clause, clause};
use super::kql::{options, schema, tables, without_column};
use super::lists::{Loaded, in_force};
use super::rules::RuleFile;
use crate::cli::Splice;
use quell::exclusions::model::Exclusion;
use quell::kql::Options;
use quell::kql::lex::{TokenKind, lex};
use quell::kql::tables::QueryTable;
use quell::rule::Rule;
use quell::rule::queries::{FoundQuery, queries};
use quell::schema::Schema;

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
}

/// The tables of a query, with the exclusions for each.
pub(super) fn applied<'s>(query: &OneQuery, source: &'s BlockSource) -> Outcome<Vec<Applied<'s>>> {
    let rule = source.rule.as_ref().unwrap_or(&query.rule);
    let each = tables(&source.lists, Some(&query.text))?.into_iter().map(|table| {
        let (exclusions, left_out) =
            in_force(&source.lists.exclusions, Some(rule), source.today, table.schema);
        let mut options = options(&exclusions, &left_out);
        options.without_expiry_guard = source.without_expiry_guard;
        let left_out = without_column(&exclusions, &left_out, table.schema);
        Applied { table, exclusions, options, left_out }
    });
    Ok(each.collect())
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
