//! Finds the columns that exclusions need in open results.
//!
//! In: the columns that results have, and the fields that exclusions need. Out: the reader of the rows, and messages about
//! what is missing. It opens nothing and reads no row. The schema is found in [`super::recognised`].

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
use crate::judge::row::{self, sources};
use crate::schema::{Schema, Schemas, column_name};
use std::fmt;

pub use super::recognised::schema_of;

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

/// An error if results of a `summarize` lack columns that exclusions need, for a command that takes rows without a column as
/// they are: it would look at nothing.
pub fn refuse_summarised(
    input: &Input,
    schema: &Schema,
    slots: &[FieldRef],
    exclusions: &[&Exclusion],
) -> Result<(), Diagnostics> {
    if !input.format.has_header() || !is_summarised(input, schema) {
        return Ok(());
    }
    let (_, projection) = reader(input, row::wanted(slots, schema))?;
    let missing = missing(slots, exclusions, |slot| projection.columns[slot].is_some());
    if missing.is_empty() { Ok(()) } else { Err(missing_columns(input, schema, &missing)) }
}

fn missing_column(input: &Input, schema: &Schema, missing: &MissingColumn<'_>) -> Diagnostic {
    let (file, field) = (&input.name, missing.slot.name());
    let (message, export) = match column_of(missing.slot, schema) {
        None => (format!("{file}: schema {} has no column for {field}", schema.name), String::new()),
        Some(column) => {
            let near = renamed(input, schema, field).map(|near| {
                format!(
                    "`{near}` is probably it, renamed by the query's `project`: keep {column} beside it; "
                )
            });
            let near = near.or_else(|| {
                let near = crate::fields::nearest(&column, input.names.iter().map(String::as_str));
                near.first().map(|near| format!("the nearest column is `{near}`; "))
            });
            let near = near.unwrap_or_default();
            let message = format!("{file}: there is no column {column}, which holds {field}");
            (message, format!("{near}export the rows with {column}, "))
        }
    };
    let names: Vec<String> = input.names.iter().map(|name| column_name(name).to_owned()).collect();
    let others = Schemas::built_in();
    let right = others.recognise(&names).filter(|right| right.name != schema.name);
    if let Some(right) = right.filter(|right| missing.slot.is_in(right)) {
        return Diagnostic::error("missing-column", message)
            .help(format!("needed by {}", first_ids(&missing.exclusions)))
            .help(format!(
                "its columns are those of {}: apply it without --schema, or with that one",
                right.name
            ));
    }
    let others = "name another schema with --schema, or keep all these rows as undecidable with --allow-missing-columns";
    Diagnostic::error("missing-column", message)
        .help(format!("needed by {}", first_ids(&missing.exclusions)))
        .help(format!("{export}{others}"))
}

/// A column that no schema has, under a name that people give to what the field holds.
fn renamed<'i>(input: &'i Input, schema: &Schema, field: &str) -> Option<&'i str> {
    let names = input.names.iter().map(|name| column_name(name));
    names.filter(|name| !schema.has(name)).find(|name| crate::fields::usual(name) == Some(field))
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
