//! One query that computes on the server what `quell apply` reports.
//!
//! In: exclusions. Out: a query with one row: totals, and for each exclusion matches, sole matches, scoped matches,
//! devices, first and last time, in columns named after it; and which exclusions it was made from.

use super::KqlError;
use super::block::{digest, entries, tree};
use super::literal::{column, string};
use super::predicate::{ClauseEntry, condition, is_readable};
use super::values::Values;
use crate::exclusions::model::{Condition, Entry, Exclusion};
use crate::schema::Schema;
use std::fmt::Write;

/// The column that says which exclusions a query was made from.
pub const LISTS: &str = "quell_lists";

/// What [`LISTS`] holds: the same for the same conditions in the same schema, whatever the time span.
pub fn fingerprint(exclusions: &[&Exclusion], schema: &Schema) -> Result<String, Vec<KqlError>> {
    impact(exclusions, schema, None).map(|query| fingerprint_of(&query).unwrap_or_default().to_owned())
}

fn fingerprint_of(query: &str) -> Option<&str> {
    query.lines().last()?.strip_prefix(&format!("| extend {LISTS} = \""))?.strip_suffix('"')
}

/// The query; `since` is a time span of KQL such as `7d`, the whole table without it.
pub fn impact(
    exclusions: &[&Exclusion],
    schema: &Schema,
    since: Option<&str>,
) -> Result<String, Vec<KqlError>> {
    let mut extends = Vec::new();
    let mut columns = String::new();
    let mut possible = Vec::new();
    let mut errors = Vec::new();
    let device = schema.device.first().map(|name| column(name));
    let time = schema.time.first().map(|name| column(name));
    for exclusion in exclusions {
        match one(exclusion, schema, device.as_deref(), time.as_deref()) {
            Ok(one) => {
                extends.push(one.extend);
                columns += &one.columns;
                possible.extend(one.possible);
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let names: Vec<String> = exclusions.iter().map(|exclusion| name(&exclusion.id)).collect();
    let sum: Vec<String> = names.iter().map(|name| format!("toint({name})")).collect();
    let sum = if sum.is_empty() { "0".to_owned() } else { tree(&sum, " + ") };
    let possible = if possible.is_empty() { "false".to_owned() } else { tree(&possible, " or ") };
    let table = schema.table.as_deref().unwrap_or(&schema.name);
    let body = body(&extends, &sum, &possible, &columns);
    let mut out = format!("{table}\n");
    if let (Some(since), Some(time)) = (since, &time) {
        let _ = writeln!(out, "| where {time} > ago({since})");
    }
    let _ = writeln!(out, "{body}| extend {LISTS} = \"{}\"", digest(&body));
    Ok(out)
}

fn body(extends: &[String], sum: &str, possible: &str, columns: &str) -> String {
    let mut out = String::new();
    // One operator for all: some hundred operators in a row are too many for the service.
    if !extends.is_empty() {
        let _ = writeln!(out, "| extend\n{}", extends.join(",\n"));
    }
    let _ = writeln!(out, "| extend quell_covering = {sum}");
    let _ = writeln!(out, "| extend quell_possible = {possible}");
    out += "| summarize quell_read = count(), quell_kept = countif(quell_covering == 0), quell_suppressed = countif(quell_covering > 0)";
    out += ", quell_undecidable = countif(quell_covering == 0 and quell_possible)";
    out += columns;
    out.push('\n');
    out
}

/// The column of an exclusion. Ids are kebab-case, so no two become one.
pub fn name(id: &str) -> String {
    format!("quell_{}", id.replace('-', "_"))
}

struct One {
    extend: String,
    columns: String,
    possible: Vec<String>,
}

fn one(
    exclusion: &Exclusion,
    schema: &Schema,
    device: Option<&str>,
    time: Option<&str>,
) -> Result<One, KqlError> {
    let name = name(&exclusion.id);
    let terms = entries(exclusion, schema, &mut Values::inline())?;
    let covers = if terms.is_empty() { "false".to_owned() } else { tree(&terms, " or ") };
    let scoped = scoped(exclusion, schema)?;
    let mut columns = format!(
        ",\n    {name}__matches = countif({name}), {name}__sole = countif({name} and quell_covering == 1), {name}__scoped = countif({name} and {name}__in_scope)"
    );
    if let Some(device) = device {
        let _ = write!(
            columns,
            ", {name}__devices = count_distinctif({device}, {name} and isnotempty({device}))"
        );
    }
    if let Some(time) = time {
        let _ = write!(
            columns,
            ", {name}__first = min(iff({name}, {time}, datetime(null))), {name}__last = max(iff({name}, {time}, datetime(null)))"
        );
    }
    let fitting = exclusion.entries.iter().filter(|entry| entry.fits(&schema.name));
    let possible = fitting.map(|entry| possible(exclusion, entry, schema)).collect::<Result<Vec<_>, _>>()?;
    let id = string(&exclusion.id);
    let extend = format!("    // {id}\n    {name} = {covers},\n    {name}__in_scope = {scoped}");
    Ok(One { extend, columns, possible })
}

fn failed(exclusion: &Exclusion, condition: &Condition, reason: String) -> KqlError {
    KqlError { id: exclusion.id.clone(), field: condition.field.name().to_owned(), reason }
}

/// Every field that the exclusion names is met by one of its conditions.
fn scoped(exclusion: &Exclusion, schema: &Schema) -> Result<String, KqlError> {
    let fitting: Vec<&Entry> = exclusion.entries.iter().filter(|entry| entry.fits(&schema.name)).collect();
    if fitting.len() < 2 {
        return Ok("true".to_owned());
    }
    let conditions: Vec<&Condition> =
        fitting.iter().flat_map(|entry| &entry.conditions).map(|condition| &**condition).collect();
    let mut groups = Vec::new();
    for field in exclusion.fields() {
        let of_field = conditions.iter().filter(|condition| condition.field == *field);
        let place = ClauseEntry { key: (&exclusion.id, 0), schema };
        let terms = of_field.map(|each| {
            condition(each, &place, &mut Values::inline()).map_err(|reason| failed(exclusion, each, reason))
        });
        let terms: Vec<String> = terms.collect::<Result<_, _>>()?;
        if !terms.is_empty() {
            groups.push(format!("({})", tree(&terms, " or ")));
        }
    }
    Ok(groups.join(" and "))
}

/// No condition of the entry is known not to be met.
fn possible(exclusion: &Exclusion, entry: &Entry, schema: &Schema) -> Result<String, KqlError> {
    let place = ClauseEntry { key: (&exclusion.id, 0), schema };
    let mut terms = Vec::new();
    for each in &entry.conditions {
        let met = condition(each, &place, &mut Values::inline());
        let met = met.map_err(|reason| failed(exclusion, each, reason))?;
        let readable = is_readable(each, schema).map_err(|reason| failed(exclusion, each, reason))?;
        terms.push(format!("({met} or not({readable}))"));
    }
    Ok(format!("({})", terms.join(" and ")))
}
