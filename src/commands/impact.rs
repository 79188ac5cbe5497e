//! `quell apply --from-impact`: makes a report from the answer to the impact query, which is JSON or CSV.

use super::lists::{Loaded, in_force, read_text};
use super::{Outcome, fail, kql};
use jiff::civil::Date;
use quell::count::tally::Totals;
use quell::exclusions::model::Exclusion;
use quell::input::time;
use quell::kql::{LISTS, fingerprint};
use quell::report::{ExclusionReport, Report, ResultsFile, RuleName, Status};
use quell::rule::Rule;
use quell::schema::Schema;
use serde_json::{Map, Value};
use std::path::Path;

/// Reads a result and makes the report.
pub(super) fn report(file: &Path, lists: &Loaded, rule: Option<&Rule>, today: Date) -> Outcome<Report> {
    let text = read_text(file, 64 << 20)?;
    let name = file.display().to_string();
    let text = text.trim_start_matches('\u{feff}');
    let answer = serde_json::from_str(text).ok().and_then(row);
    let Some(row) = answer.or_else(|| exported(text)) else {
        let help = "save the answer of the query as JSON (an array, {\"results\": ...} or {\"tables\": ...}) or as CSV";
        return fail("no-impact", format!("{name}: this is not the answer of an impact query"), help);
    };
    let schema = kql::schema(lists)?;
    let (applied, left_out) = in_force(&lists.exclusions, rule, today, schema);
    let totals = totals(&name, &row)?;
    same_lists(&name, &row, &applied, schema)?;
    let mut exclusions = Vec::new();
    for exclusion in applied {
        let Some(report) = counted(exclusion, &row) else {
            let message = format!("{name}: the answer has no figures for {}", exclusion.id);
            return fail("no-impact", message, "save the whole answer; do not project columns away");
        };
        exclusions.push(report);
    }
    exclusions.extend(
        left_out.iter().map(|left| without_counts(left.exclusion, left.status, Some(left.why.clone()))),
    );
    exclusions.sort_by(|a, b| b.matches.cmp(&a.matches).then_with(|| a.id.cmp(&b.id)));
    let mut notes = vec!["Counted on the server; rows that are left are not grouped.".to_owned()];
    if totals.read == 0 {
        notes.push("THERE ARE NO ROWS. Nothing was checked.".to_owned());
    }
    Ok(Report {
        totals,
        results: vec![ResultsFile {
            file: name,
            format: "impact".to_owned(),
            schema: schema.name.clone(),
            tables: Vec::new(),
            rows: totals.read,
        }],
        rule: rule.map(|rule| RuleName { id: rule.id.clone(), name: rule.name.clone() }),
        today: today.to_string(),
        first: None,
        last: None,
        exclusions,
        kept_groups: Vec::new(),
        kept_in_other_groups: totals.kept,
        grouped: None,
        malformed: Vec::new(),
        warnings: Vec::new(),
        notes,
    })
}

/// The one row of an answer, whichever service gave it.
fn row(answer: Value) -> Option<Map<String, Value>> {
    match answer {
        Value::Array(rows) => rows.into_iter().next().and_then(row),
        Value::Object(mut object) => {
            if let Some(rows) = object.remove("results").or_else(|| object.remove("Results")) {
                return row(rows);
            }
            if let Some(Value::Array(tables)) = object.remove("tables") {
                return tables.into_iter().next().as_ref().and_then(table);
            }
            object.contains_key("quell_read").then_some(object)
        }
        _ => None,
    }
}

fn table(table: &Value) -> Option<Map<String, Value>> {
    let names = table["columns"]
        .as_array()?
        .iter()
        .map(|column| column["name"].as_str().unwrap_or_default().to_owned());
    let cells = table["rows"].get(0)?.as_array()?.iter().cloned();
    Some(names.zip(cells).collect())
}

/// The one row of a CSV that a portal or client exports.
fn exported(text: &str) -> Option<Map<String, Value>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().ok().filter(|names| names.iter().any(|name| name == "quell_read"))?.clone();
    let cells = reader.records().next()?.ok()?;
    let cell = |(name, cell): (&str, &str)| (name.to_owned(), Value::from(cell));
    Some(names.iter().zip(&cells).map(cell).collect())
}

fn number(row: &Map<String, Value>, key: &str) -> Option<u64> {
    let value = row.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The totals, which must all be there and add up: a figure that is missing is not zero.
fn totals(name: &str, row: &Map<String, Value>) -> Outcome<Totals> {
    let mut totals = Totals::default();
    for (key, total) in [
        ("quell_read", &mut totals.read),
        ("quell_kept", &mut totals.kept),
        ("quell_suppressed", &mut totals.suppressed),
        ("quell_undecidable", &mut totals.undecidable),
    ] {
        let Some(figure) = number(row, key) else {
            let message = format!("{name}: the answer has no number in {key}");
            return fail("no-impact", message, "save the whole answer; do not project columns away");
        };
        *total = figure;
    }
    if totals.kept.checked_add(totals.suppressed) != Some(totals.read) || totals.undecidable > totals.kept {
        let message = format!(
            "{name}: the figures do not add up: {} read, {} kept, {} suppressed, {} undecidable",
            totals.read, totals.kept, totals.suppressed, totals.undecidable
        );
        return fail("no-impact", message, "run the query again and save its answer unchanged");
    }
    Ok(totals)
}

/// An error unless the exclusions are those that the query was made from: the figures belong to no others.
fn same_lists(name: &str, row: &Map<String, Value>, applied: &[&Exclusion], schema: &Schema) -> Outcome<()> {
    let now = fingerprint(applied, schema).map_err(kql::inexpressible)?;
    if row.get(LISTS).and_then(Value::as_str) == Some(&now) {
        return Ok(());
    }
    fail(
        "other-lists",
        format!("{name}: the answer was made from other exclusions than these, or from another schema"),
        "give the lists, the rule, the day (--today) and the schema that the query was made from, or make and run the query again",
    )
}

/// What the server counted for one exclusion; `None` if a figure is missing.
fn counted(exclusion: &Exclusion, row: &Map<String, Value>) -> Option<ExclusionReport> {
    let name = quell::kql::column_of(&exclusion.id);
    let figure = |what: &str| number(row, &format!("{name}__{what}"));
    let moment =
        |what: &str| row.get(&format!("{name}__{what}"))?.as_str().and_then(time::parse).map(time::format);
    let (matches, sole) = (figure("matches")?, figure("sole")?);
    let status = match (matches, sole) {
        (0, _) => Status::Dead,
        (_, 0) => Status::Redundant,
        _ => Status::Active,
    };
    let read = number(row, "quell_read")?;
    let scoped_matches = figure("scoped")?;
    Some(ExclusionReport {
        matches,
        sole,
        scoped_matches,
        share: if read == 0 { 0.0 } else { matches as f64 / read as f64 },
        devices: figure("devices").unwrap_or(0),
        first: moment("first").filter(|_| matches > 0),
        last: moment("last").filter(|_| matches > 0),
        ..without_counts(exclusion, status, None)
    })
}

/// The report of an exclusion that covers no row.
fn without_counts(exclusion: &Exclusion, status: Status, why: Option<String>) -> ExclusionReport {
    ExclusionReport {
        id: exclusion.id.clone(),
        file: exclusion.origin.file.to_string(),
        line: exclusion.origin.line,
        status,
        why,
        matches: 0,
        sole: 0,
        scoped_matches: 0,
        share: 0.0,
        devices: 0,
        first: None,
        last: None,
        loose: Vec::new(),
    }
}
