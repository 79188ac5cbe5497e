//! Which tables a query reads.
//!
//! In: a query. Out: the tables and functions of it that a schema knows. It does not know what is done with their rows.

use super::lex::{TokenKind, lex};
use super::pipeline::Query;
use crate::schema::{Schema, Schemas};

/// A table, or a function that gives rows like one.
#[derive(Debug, Clone, Copy)]
pub struct QueryTable<'s> {
    /// As the query names it.
    pub name: &'s str,
    /// How its columns are named.
    pub schema: &'s Schema,
}

/// The tables that a query reads, in the order of the schemas. Where two products share one, the name of the time that the
/// query uses tells them apart.
pub fn tables<'s>(query: &str, schemas: &'s Schemas) -> Vec<QueryTable<'s>> {
    let mut found: Vec<QueryTable<'s>> = Vec::new();
    let names = schemas.iter().flat_map(|schema| {
        let names = schema.table.iter().chain(&schema.also);
        names.map(move |name| QueryTable { name, schema })
    });
    for table in names.filter(|table| names_it(query, table.name)) {
        let others = || schemas.iter().filter(|schema| schema.is_called(table.name));
        let known = found.iter().any(|known| known.name == table.name);
        if !known && Query::read(query, table.name).may_read() {
            let schema =
                others().max_by_key(|schema| (uses_time(query, schema), schema.name == table.schema.name));
            found.push(QueryTable { schema: schema.unwrap_or(table.schema), ..table });
        }
    }
    found
}

/// Whether a name stands in a text by itself.
fn names_it(text: &str, name: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

/// Whether a query names the first column of a schema's times.
fn uses_time(query: &str, schema: &Schema) -> bool {
    let names = lex(query).into_iter().filter(|token| token.kind == TokenKind::Name);
    let mut names = names.map(|token| token.text(query));
    schema.time.first().is_some_and(|time| names.any(|name| name == time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_reads_the_tables_that_it_names() {
        let schemas = Schemas::built_in();
        for (query, wanted) in [
            ("DeviceProcessEvents | where Timestamp > ago(1d)", &["DeviceProcessEvents"][..]),
            ("DeviceNetworkEvents | where Timestamp > ago(1d)", &["defender"]),
            ("DeviceNetworkEvents | where TimeGenerated > ago(1d)", &["sentinel"]),
            ("union DeviceFileEvents, (DeviceEvents | where 1 == 1)", &["DeviceFileEvents", "DeviceEvents"]),
            ("imProcessCreate | take 1", &["_Im_ProcessEvent"]),
            ("_Im_Dns(starttime=ago(1d)) | take 1", &["_Im_Dns"]),
            ("let e = SecurityEvent | where EventID == 4688; e | where Event == 1", &["SecurityEvent"]),
            ("Nothing | where x == \"SigninLogs\" // Syslog", &[]),
        ] {
            let found: Vec<&str> = tables(query, &schemas).iter().map(|table| &*table.schema.name).collect();
            assert_eq!(found, wanted, "{query}");
        }
    }
}
