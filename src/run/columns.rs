//! Finds the columns that exclusions need in open results.
//!
//! In: the columns that results have, and the fields that exclusions need. Out: the schema, the reader of the rows, and
//! messages about what is missing. It opens nothing and reads no row.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::exclusions::model::{Exclusion, FieldRef};
use crate::input::csv::CsvReader;
use crate::input::duplicate::{self, DuplicateKey};
use crate::input::json::format::Document;
use crate::input::json::table::Table;
use crate::input::json::{JsonReader, shape};
use crate::input::projection::{Projection, WantedCell};
use crate::input::rows::Rows;
use crate::input::{Format, Input};
use crate::judge::row::sources;
use crate::schema::{Schema, Schemas, column_name};
use std::fmt;

/// The schema of all results: the one that the user named, or the one that knows most of their columns.
pub fn schema_of<'s>(
    inputs: &[Input],
    schemas: &'s Schemas,
    named: Option<&str>,
) -> Result<&'s Schema, Diagnostics> {
    let mut chosen: Option<&Schema> = None;
    for input in inputs {
        let schema = recognised(input, schemas, named)?;
        if let Some(first) = chosen.filter(|first| first.name != schema.name) {
            let message = format!(
                "{} has the columns of {}, and {} those of {}",
                inputs[0].name, first.name, input.name, schema.name
            );
            return fail("mixed-schemas", message, "run quell once for each kind of results");
        }
        chosen = Some(schema);
    }
    match chosen {
        Some(schema) => Ok(schema),
        None => Err(Diagnostic::error("no-results", "no results were given").into()),
    }
}

fn fail<T>(code: &'static str, message: String, help: &str) -> Result<T, Diagnostics> {
    Err(Diagnostic::error(code, message).help(help).into())
}

fn recognised<'s>(
    input: &Input,
    schemas: &'s Schemas,
    named: Option<&str>,
) -> Result<&'s Schema, Diagnostics> {
    if let Some(schema) = named.and_then(|name| schemas.named(name)) {
        return Ok(schema);
    }
    let columns: Vec<String> = input.names.iter().map(|name| column_name(name).to_owned()).collect();
    if let Some(schema) = schemas.recognise(&columns) {
        return Ok(schema);
    }
    if columns.is_empty() && matches!(input.format, Format::Document(_)) {
        return fail(
            "no-rows",
            format!("{}: THERE ARE NO ROWS, and so no columns", input.name),
            "nothing was checked: either the hunt found nothing, or the export is empty; name the schema with --schema to get a report anyway",
        );
    }
    if let Some(error) = other_case(input, &columns, schemas) {
        return Err(error.into());
    }
    let shown: Vec<&str> = columns.iter().take(8).map(String::as_str).collect();
    let message = if shown.concat().is_empty() {
        format!("{}: it has no columns", input.name)
    } else {
        let more = if columns.len() > shown.len() { ", ..." } else { "" };
        format!("{}: no schema knows its columns: {}{more}", input.name, shown.join(", "))
    };
    let help = "name the schema with --schema, or describe the columns in a YAML file: docs/fields.md";
    fail("unknown-columns", message, help)
}

/// Says that the columns are those of a schema but for letter case; `None` if they are not.
fn other_case(input: &Input, columns: &[String], schemas: &Schemas) -> Option<Diagnostic> {
    let known = |schema: &Schema| -> Vec<(String, String)> {
        let of =
            |column: &String| schema.columns.keys().find(|name| name.eq_ignore_ascii_case(column)).cloned();
        columns.iter().filter_map(|column| Some((column.clone(), of(column)?))).collect()
    };
    let (schema, same) =
        schemas.iter().map(|schema| (schema, known(schema))).max_by_key(|(_, same)| same.len())?;
    let (written, name) = same.first()?;
    let message = format!(
        "{}: its columns are those of {} but for letter case: `{written}` is `{name}`",
        input.name, schema.name
    );
    let help = "names of columns are compared as KQL compares them, letter by letter; give the header the product's own names, or export again";
    Some(Diagnostic::error("unknown-columns", message).help(help))
}

/// The reader of the rows of these results, and where the wanted cells stand; an error if a wanted column occurs twice.
pub fn reader(input: &Input, mut wanted: Vec<WantedCell>) -> Result<(Rows, Projection), Diagnostics> {
    let projection = if input.format.has_header() {
        Projection::of_header(wanted, &input.names)
    } else if input.nested {
        let names: Vec<String> = input.names.iter().map(|name| shape::below_properties(name)).collect();
        for source in wanted.iter_mut().flatten() {
            source.column = shape::below_properties(&source.column);
        }
        Projection::of_keys(wanted, &names)
    } else {
        Projection::of_keys(wanted, &input.names)
    };
    let twice = duplicate::columns(&projection, &input.names);
    if !twice.is_empty() {
        let twice = twice.iter().map(|column| twice_in(input, "duplicate-column", column));
        return Err(Diagnostics(twice.collect()));
    }
    let rows = match input.format {
        Format::Csv { delimiter } => Rows::Csv(CsvReader::new(delimiter, projection.clone(), &input.names)),
        Format::Document(Document::Tables) => Rows::Table(Table::new(projection.clone(), &input.names)),
        Format::Parquet => Rows::Columns(projection.clone()),
        Format::JsonLines | Format::Document(_) => Rows::Json(JsonReader::new(projection.clone())),
    };
    Ok((rows, projection))
}

/// Reports a column or key that occurs twice.
fn twice_in(input: &Input, code: &'static str, what: impl fmt::Display) -> Diagnostic {
    Diagnostic::error(code, format!("{}: {what}", input.name)).help(
        "they may hold different values, and quell cannot know which one exclusions mean; keep one of them, or rename the others, and export again",
    )
}

/// Reports a key that occurs twice in a record.
pub(super) fn duplicate_key(input: &Input, duplicate: &DuplicateKey) -> Diagnostics {
    twice_in(input, "duplicate-key", duplicate).into()
}

/// A column that exclusions need and that the results do not have.
pub struct MissingColumn<'e> {
    /// The field that the column would hold.
    pub slot: &'e FieldRef,
    /// The ids of the exclusions that need it.
    pub exclusions: Vec<&'e str>,
}

/// The needed columns that are absent: `has` says whether there is a column for a slot.
pub fn missing<'e>(
    slots: &'e [FieldRef],
    exclusions: &[&'e Exclusion],
    has: impl Fn(usize) -> bool,
) -> Vec<MissingColumn<'e>> {
    let absent = slots.iter().enumerate().filter(|(place, _)| !has(*place));
    absent
        .map(|(_, slot)| MissingColumn {
            slot,
            exclusions: exclusions
                .iter()
                .filter(|e| e.fields().contains(&slot))
                .map(|e| e.id.as_str())
                .collect(),
        })
        .collect()
}

/// Reports which columns are missing and what to do. Results of a `summarize` get a message of their own.
pub fn missing_columns(input: &Input, schema: &Schema, missing: &[MissingColumn<'_>]) -> Diagnostics {
    let columns: Vec<String> = missing.iter().filter_map(|m| column_of(m.slot, schema)).collect();
    if !columns.is_empty() && is_summarised(input, schema) {
        return summarised(input, schema, missing, &columns).into();
    }
    Diagnostics(missing.iter().map(|missing| missing_column(input, schema, missing)).collect())
}

fn missing_column(input: &Input, schema: &Schema, missing: &MissingColumn<'_>) -> Diagnostic {
    let (file, field) = (&input.name, missing.slot.name());
    let (message, export) = match column_of(missing.slot, schema) {
        None => (format!("{file}: schema {} has no column for {field}", schema.name), String::new()),
        Some(column) => {
            let near = crate::fields::nearest(&column, input.names.iter().map(String::as_str));
            let near =
                near.first().map(|near| format!("the nearest column is `{near}`; ")).unwrap_or_default();
            let message = format!("{file}: there is no column {column}, which holds {field}");
            (message, format!("{near}export the rows with {column}, "))
        }
    };
    let others = "name another schema with --schema, or keep all these rows as undecidable with --allow-missing-columns";
    Diagnostic::error("missing-column", message)
        .help(format!("needed by {}", first_ids(&missing.exclusions)))
        .help(format!("{export}{others}"))
}

/// The columns that may hold a field; `None` if the schema has none.
fn column_of(slot: &FieldRef, schema: &Schema) -> Option<String> {
    let names: Vec<String> = sources(slot, schema).into_iter().map(|source| source.column).collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

/// The first ids, and how many more there are.
fn first_ids(ids: &[&str]) -> String {
    let shown = ids.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Whether results were aggregated: they have a column that only an aggregation makes, and no time of a single row.
fn is_summarised(input: &Input, schema: &Schema) -> bool {
    let has = |name: &str| input.names.iter().any(|column| column_name(column) == name);
    let aggregated = input.names.iter().any(|name| {
        let name = column_name(name).to_ascii_lowercase();
        name == "count"
            || name.starts_with("count_")
            || name.starts_with("dcount")
            || name.contains("firstseen")
            || name.starts_with("min_")
            || name.starts_with("make_set")
            || name.starts_with("set_")
    });
    aggregated && !schema.time.iter().any(|column| has(column))
}

fn summarised(
    input: &Input,
    schema: &Schema,
    missing: &[MissingColumn<'_>],
    columns: &[String],
) -> Diagnostic {
    let mut ids: Vec<&str> = missing.iter().flat_map(|m| m.exclusions.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let dropped = columns.join(", ");
    let message =
        format!("{}: these results are summarised, and the hunt's `summarize` dropped {dropped}", input.name);
    let by: Vec<&str> = input
        .names
        .iter()
        .map(|name| column_name(name))
        .filter(|name| schema.columns.contains_key(*name))
        .collect();
    let time = schema.time.first().map_or("Timestamp", String::as_str);
    let table = schema.table.as_deref().unwrap_or("the hunt's table");
    let mut kept: Vec<&str> = vec![time];
    kept.extend(by);
    kept.extend(columns.iter().map(String::as_str));
    Diagnostic::error("summarised", message)
        .help(format!("{} cannot be judged: one line stands for many connections, and what they went to is gone", first_ids(&ids)))
        .help(format!(
            "export the rows before they are summarised. In the hunt, put `| project` in place of `| summarize ...` and everything after it, so that it reads\n{table}\n| where ...the hunt's own conditions, as they are...\n| project {}",
            kept.join(", ")
        ))
}
