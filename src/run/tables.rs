//! Results whose rows are of several tables.
//!
//! In: the options of a run, and how many rows were of which table. Out: the matcher for all tables, and what is said of
//! them. It reads no row.

use super::Options;
use super::outcome::{TableRows, Warning, WarningCode};
use crate::diagnostic::Diagnostics;
use crate::exclusions::model::{Exclusion, FieldRef};
use crate::input::Input;
use crate::judge::Matcher;
use crate::judge::row_tables::RowTables;
use crate::output::job::TableCounts;
use crate::schema::{Schema, Source, before_union, column_name};

/// The matcher of a run: that of its schema, or one that asks each row for its table.
pub fn matcher(
    exclusions: &[&Exclusion],
    schema: &Schema,
    tables: Option<&RowTables<'_>>,
    inputs: &[Input],
) -> Result<Matcher, Diagnostics> {
    let Some(tables) = tables else { return Matcher::of_schema(exclusions, schema) };
    let by_table = tables.by_table(exclusions, |sources| has(inputs, sources));
    Matcher::of_all(&by_table.iter().collect::<Vec<&Exclusion>>())
}

/// Whether all results may have one of these columns. What JSON has is not known before its rows are read.
pub fn has(inputs: &[Input], sources: &[Source]) -> bool {
    inputs.iter().filter(|input| input.format.has_header()).all(|input| {
        let names: Vec<&str> = input.names.iter().map(|name| column_name(name)).collect();
        let is =
            |column: &str| names.iter().any(|name| *name == column || before_union(name) == Some(column));
        sources.iter().any(|source| is(&source.column))
    })
}

/// Whether the columns are certainly those of one table, so that what it lacks is an error.
pub(super) fn is_one(options: &Options<'_>) -> bool {
    options.tables.is_none_or(|tables| tables.alone)
}

/// What the exclusions look at in the table of the header.
pub(super) fn slots_of_header(
    options: &Options<'_>,
    slots: &[FieldRef],
) -> Result<Vec<FieldRef>, Diagnostics> {
    if options.tables.is_none() {
        return Ok(slots.to_vec());
    }
    Ok(Matcher::of_schema(options.exclusions, options.schema)?.slots().to_vec())
}

/// The schema of a file, and the rows of each table if there are several.
pub(super) fn counted(options: &Options<'_>, counts: &TableCounts) -> (String, Vec<TableRows>) {
    let Some(tables) = options.tables else { return (options.schema.name.clone(), Vec::new()) };
    let known = counts.known.iter().enumerate().filter(|(_, rows)| **rows > 0);
    let each: Vec<(usize, u64)> = known.map(|(number, rows)| (number, *rows)).collect();
    match each[..] {
        [] => (options.schema.name.clone(), Vec::new()),
        [(only, _)] => (tables.tables[only].name.clone(), Vec::new()),
        _ => {
            let mut rows: Vec<TableRows> = each
                .into_iter()
                .map(|(number, rows)| TableRows { table: tables.name(number).to_owned(), rows })
                .collect();
            rows.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.table.cmp(&b.table)));
            let names: Vec<&str> = rows.iter().map(|of_table| of_table.table.as_str()).collect();
            (names.join(", "), rows)
        }
    }
}

/// An error if the rows were to tell the table, and none does.
pub(super) fn nobody_knows(
    options: &Options<'_>,
    input: &Input,
    counts: &TableCounts,
) -> Result<(), Diagnostics> {
    let Some(tables) = options.tables.filter(|tables| !tables.candidates.is_empty()) else { return Ok(()) };
    let says_nothing = tables.by_action || counts.unknown.keys().all(String::is_empty);
    if !says_nothing || counts.unknown.is_empty() || counts.known.iter().any(|rows| *rows > 0) {
        return Ok(());
    }
    Err(super::recognised::ambiguous(input, &tables.candidates).into())
}

/// Says that rows are of tables that nobody knows.
pub(super) fn unknown(file: &str, counts: &TableCounts) -> Option<Warning> {
    let rows: u64 = counts.unknown.values().sum();
    let shown = |(name, rows): (&String, &u64)| {
        let name = if name.is_empty() { "(empty)" } else { name };
        format!("{name} {rows}")
    };
    let mut names: Vec<String> = counts.unknown.iter().take(5).map(shown).collect();
    if counts.unknown.len() > names.len() {
        names.push(format!("{} more", counts.unknown.len() - names.len()));
    }
    let (rows_are, they) =
        if rows == 1 { ("1 row is".to_owned(), "it is") } else { (format!("{rows} rows are"), "they are") };
    let message = format!(
        "{file}: {rows_are} of A TABLE THAT NOBODY KNOWS ({}): {they} kept; name the schema of all rows with --schema, or export each table by itself.",
        names.join(", ")
    );
    (rows > 0).then(|| Warning {
        code: WarningCode::UnknownTable,
        file: Some(file.to_owned()),
        rows: Some(rows),
        message,
    })
}
