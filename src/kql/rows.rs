//! A summarising query as one that gives the rows.
//!
//! In: a query, the table, and the columns that are needed. Out: the query up to the operator that drops
//! one of them, and a `project` of these columns in its place. It changes no condition.

use super::pipeline::Query;
use super::tree::Tree;

/// The query with the needed columns kept. `None` if the query already keeps them, or if its last pipeline does
/// not read the table itself.
pub fn rows_of(query: &str, table: &str, columns: &[String]) -> Option<String> {
    let read = Query::read(query, table);
    let tree = Tree::new(query);
    let last = tree.tokens.last()?;
    let end = if last.text(query) == ";" { last.start } else { last.end };
    let shown = |reference: &&super::pipeline::Reference| {
        let pipeline = read.pipelines.get(reference.pipeline);
        !reference.bare && pipeline.is_some_and(|p| p.depth == 0 && p.bound.is_none() && p.end == end)
    };
    let reference = read.references.iter().find(shown)?;
    let pipeline = read.pipelines.get(reference.pipeline)?;
    let drops = pipeline
        .operators
        .iter()
        .find(|operator| columns.iter().any(|column| operator.loses(query, column)))?;
    let kept = query.get(..drops.start)?.trim_end();
    Some(format!("{kept}\n| project {}", columns.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_that_drops_a_column_gives_way_to_a_projection() {
        let columns = ["Timestamp".to_owned(), "RemoteIP".to_owned()];
        for (query, rows) in [
            (
                "let a = 1;\nT\n| where a\n| summarize count() by RemoteUrl\n| sort by count_",
                Some("let a = 1;\nT\n| where a\n| project Timestamp, RemoteIP"),
            ),
            ("T | project RemoteIP;", Some("T\n| project Timestamp, RemoteIP")),
            ("T\n| where a", None),
            ("let t = T | where a;\nt\n| count", None),
            ("union T, A\n| count", None),
            ("A\n| where x in ((T | distinct x))\n| count", None),
        ] {
            assert_eq!(rows_of(query, "T", &columns).as_deref(), rows, "{query}");
        }
    }
}
