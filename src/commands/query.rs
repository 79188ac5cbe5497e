//! The remedy for summarised results: the rule's own query, changed so that it keeps the rows and the needed columns.

use quell::diagnostic::Diagnostic;
use quell::exclusions::model::Exclusion;
use quell::kql;
use quell::kql::rows::rows_of;
use quell::rule::Rule;
use quell::schema::Schema;

/// Adds the rule's query to the help for summarised results, if there is a rule and its query can be changed.
pub(super) fn with_query(
    mut found: Vec<Diagnostic>,
    rule: Option<&Rule>,
    applied: &[&Exclusion],
    schema: &Schema,
) -> Vec<Diagnostic> {
    let columns = schema.time.iter().take(1).chain(&schema.device).cloned();
    let mut columns: Vec<String> = columns.collect();
    columns.extend(kql::columns(applied, schema));
    let rows = rule
        .and_then(|rule| rule.query.as_deref())
        .zip(schema.table.as_deref())
        .and_then(|(query, table)| rows_of(query, table, &columns));
    if let Some(rows) = rows {
        for diagnostic in found.iter_mut().filter(|diagnostic| diagnostic.code == "summarised") {
            diagnostic.help.pop();
            diagnostic.help.push(format!(
                "export the rows before they are summarised. This is the rule's query without it:\n{rows}"
            ));
        }
    }
    found
}
