//! Finds the columns that exclusions need in results that are open.
//!
//! In: the names that results have, the fields that are looked at. Out: the schema, the reader of their rows, and what is
//! missing, in words. It opens nothing and reads no row.

use super::open::Opened;
use super::{Outcome, fail};
use quell::diagnostic::Diagnostic;
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::fields::Field;
use quell::results::Format;
use quell::results::csv::Splitter;
use quell::results::duplicate::{self, DuplicateKey};
use quell::results::json::Lines;
use quell::results::layout::{Layout, Wanted};
use quell::results::shape::{self, Document};
use quell::results::table::Table;
use quell::scan::Rows;
use quell::schema::{Schema, Schemas, Source, column_name};
use std::fmt;

/// Columns that tell one row from all others together with its time: the device's id, and the report's.
const IDENTITY: [&str; 2] = ["DeviceId", "ReportId"];

/// The schema of results: the one that was named, or the one that knows most of their columns.
pub(super) fn schema<'s>(opened: &Opened, schemas: &'s Schemas, named: Option<&str>) -> Outcome<&'s Schema> {
    if let Some(schema) = named.and_then(|name| schemas.named(name)) {
        return Ok(schema);
    }
    let columns: Vec<String> = opened.names.iter().map(|name| column_name(name).to_owned()).collect();
    if let Some(schema) = schemas.recognise(&columns) {
        return Ok(schema);
    }
    if columns.is_empty() && matches!(opened.format, Format::Document(_)) {
        return fail(
            "no-rows",
            format!("{}: THERE ARE NO ROWS, and so no columns", opened.name),
            "nothing was checked: either the hunt found nothing, or the export is empty; --schema gives a report all the same",
        );
    }
    let shown: Vec<&str> = columns.iter().take(8).map(String::as_str).collect();
    let columns = if shown.concat().is_empty() {
        "it has no columns".to_owned()
    } else {
        format!("its columns begin {}", shown.join(", "))
    };
    fail(
        "unknown-columns",
        format!("{}: no schema knows these columns: {columns}", opened.name),
        "name the schema with --schema, or describe the columns in a YAML file: docs/fields.md",
    )
}

/// What the reader has to find in each row: the cells that are judged, then device, time, process and destination, then
/// what tells a row from all others.
pub(super) fn wanted(slots: &[FieldRef], schema: &Schema) -> Vec<Wanted> {
    let plain = |columns: &[String]| {
        columns.iter().map(|column| Source { column: column.clone(), path: false }).collect()
    };
    let field =
        |name: &str| Field::named(name).map(|field| schema.sources(field).to_vec()).unwrap_or_default();
    let mut wanted: Vec<Wanted> = slots.iter().map(|slot| sources(slot, schema)).collect();
    wanted.push(plain(&schema.device));
    wanted.push(plain(&schema.time));
    wanted.push(field("process.name"));
    wanted.push(field("destination.ip"));
    wanted.extend(IDENTITY.map(|column| plain(&[column.to_owned()])));
    wanted
}

/// The columns that may hold what a condition looks at.
pub(super) fn sources(slot: &FieldRef, schema: &Schema) -> Wanted {
    match slot {
        FieldRef::Field(field) => schema.sources(*field).to_vec(),
        FieldRef::Column(column) => vec![Source { column: column.name.clone(), path: false }],
    }
}

/// How the rows of these results are found; an error if a column that is wanted stands twice.
pub(super) fn rows(opened: &Opened, mut wanted: Vec<Wanted>) -> Outcome<(Rows, Layout)> {
    let layout = if opened.format.has_header() {
        Layout::of_header(wanted, &opened.names)
    } else if opened.nested {
        let names: Vec<String> = opened.names.iter().map(|name| shape::nested(name)).collect();
        for source in wanted.iter_mut().flatten() {
            source.column = shape::nested(&source.column);
        }
        Layout::of_known_keys(wanted, &names)
    } else {
        Layout::of_known_keys(wanted, &opened.names)
    };
    let twice = duplicate::columns(&layout, &opened.names);
    if !twice.is_empty() {
        let twice = twice.iter().map(|column| twice_in(opened, "duplicate-column", column));
        return Err(twice.collect());
    }
    let rows = match opened.format {
        Format::Csv { delimiter } => Rows::Csv(Splitter::new(delimiter, layout.clone(), &opened.names)),
        Format::Document(Document::Tables) => Rows::Table(Table::new(layout.clone(), &opened.names)),
        Format::Parquet => Rows::Columns,
        Format::JsonLines | Format::Document(_) => Rows::Json(Lines::new(layout.clone())),
    };
    Ok((rows, layout))
}

/// Says that something stands twice of which nobody can say which is meant.
fn twice_in(opened: &Opened, code: &'static str, what: impl fmt::Display) -> Diagnostic {
    Diagnostic::error(code, format!("{}: {what}", opened.name)).help(
        "they may hold different values, and nobody can say which one is meant; export again with one of them, or under another name",
    )
}

/// Says which key stands twice in a record.
pub(super) fn duplicate_key<T>(opened: &Opened, duplicate: &DuplicateKey) -> Outcome<T> {
    Err(vec![twice_in(opened, "duplicate-key", duplicate)])
}

/// A column that exclusions need and that the results do not have.
pub(super) struct Missing<'e> {
    pub(super) slot: &'e FieldRef,
    pub(super) exclusions: Vec<&'e str>,
}

/// The needed columns for which `has` says no.
pub(super) fn missing<'e>(
    slots: &'e [FieldRef],
    exclusions: &[&'e Exclusion],
    has: impl Fn(usize) -> bool,
) -> Vec<Missing<'e>> {
    let absent = slots.iter().enumerate().filter(|(place, _)| !has(*place));
    absent
        .map(|(_, slot)| Missing {
            slot,
            exclusions: exclusions
                .iter()
                .filter(|e| e.fields().contains(&slot))
                .map(|e| e.id.as_str())
                .collect(),
        })
        .collect()
}

/// Says which columns are missing and what to do; its own message for results that a `summarize` has been over.
pub(super) fn missing_columns(opened: &Opened, schema: &Schema, missing: &[Missing<'_>]) -> Vec<Diagnostic> {
    let columns: Vec<String> = missing.iter().map(|m| column_of(m.slot, schema)).collect();
    if is_summarised(opened, schema) {
        return vec![summarised(opened, schema, missing, &columns)];
    }
    missing
        .iter()
        .zip(&columns)
        .map(|(missing, column)| {
            let message = format!("{}: there is no column {column}, which holds {}", opened.name, missing.slot.name());
            let near = quell::fields::nearest(column, opened.names.iter().map(String::as_str));
            let near = near.first().map(|near| format!("the nearest column is `{near}`; ")).unwrap_or_default();
            Diagnostic::error("missing-column", message)
                .help(format!("needed by {}", some(&missing.exclusions)))
                .help(format!("{near}export the rows with it, name another --schema, or keep all these rows as undecidable with --allow-missing-columns"))
        })
        .collect()
}

fn column_of(slot: &FieldRef, schema: &Schema) -> String {
    let sources = sources(slot, schema);
    if sources.is_empty() {
        return format!("for {} in schema {}", slot.name(), schema.name);
    }
    let names: Vec<String> = sources.iter().map(|source| source.column.clone()).collect();
    names.join(" or ")
}

fn some(ids: &[&str]) -> String {
    let shown = ids.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Whether columns are there that only an aggregation makes, and the row's own time is not.
fn is_summarised(opened: &Opened, schema: &Schema) -> bool {
    let has = |name: &str| opened.names.iter().any(|column| column_name(column) == name);
    let made = opened.names.iter().any(|name| {
        let name = column_name(name).to_ascii_lowercase();
        name == "count"
            || name.starts_with("count_")
            || name.starts_with("dcount")
            || name.contains("firstseen")
            || name.starts_with("min_")
            || name.starts_with("make_set")
            || name.starts_with("set_")
    });
    made && !schema.time.iter().any(|column| has(column))
}

fn summarised(opened: &Opened, schema: &Schema, missing: &[Missing<'_>], columns: &[String]) -> Diagnostic {
    let mut ids: Vec<&str> = missing.iter().flat_map(|m| m.exclusions.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let dropped = columns.join(", ");
    let message = format!(
        "{}: these results are summarised, and the hunt's `summarize` dropped {dropped}",
        opened.name
    );
    let by: Vec<&str> = opened
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
        .help(format!("{} cannot be judged: one line stands for many connections, and what they went to is gone", some(&ids)))
        .help(format!(
            "export the rows before they are summarised. In the hunt, replace `| summarize ...` and what follows by\n| project {}\nso that it reads\n{table}\n| where ...the hunt's own conditions, as they are...\n| project {}",
            kept.join(", "),
            kept.join(", ")
        ))
}
