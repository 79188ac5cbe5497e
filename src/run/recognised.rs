//! Which table results are of.
//!
//! In: the columns that results have, what the user named, and the tables that the rule reads. Out: the schema, or what to
//! do if nobody can tell. It opens nothing and reads no row.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::exclusions::model::read_address;
use crate::input::json::shape::STREAMED_TABLE;
use crate::input::time::TimeParser;
use crate::input::{Format, Input};
use crate::judge::row_tables::RowTables;
use crate::schema::recognise::Recognition;
use crate::schema::{Schema, Schemas, column_name};

/// The schema of all results: the one that the user named, or the one that their columns are of.
pub fn schema_of<'s>(
    inputs: &[Input],
    schemas: &'s Schemas,
    named: Option<&str>,
) -> Result<&'s Schema, Diagnostics> {
    schema_among(inputs, schemas, named, &[])
}

/// The same; where the columns may be of several tables, it is the only one of them that is among `tables`, those of the
/// rule.
pub fn schema_among<'s>(
    inputs: &[Input],
    schemas: &'s Schemas,
    named: Option<&str>,
    tables: &[&str],
) -> Result<&'s Schema, Diagnostics> {
    let mut chosen: Option<&Schema> = None;
    for input in inputs {
        let schema = recognised(input, schemas, named, tables)?;
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

/// Columns in which exports, unions and APIs say of which table a row is.
const TABLE_COLUMNS: [&str; 6] = ["Type", "$table", "TableName", "Table", "SourceTable", "_table"];

/// The column of Defender that says what happened.
const ACTION: &str = "ActionType";

/// How the rows of results say of which table they are; `None` if nobody has to ask them: the user named the schema, or
/// the columns are those of a product that has one table.
pub fn tables_of<'s>(
    inputs: &[Input],
    schemas: &'s Schemas,
    named: Option<&str>,
) -> Result<Option<RowTables<'s>>, Diagnostics> {
    let mut chosen: Option<RowTables<'s>> = None;
    for (place, input) in inputs.iter().enumerate().filter(|_| named.is_none()) {
        let found = row_tables(input, schemas);
        let column = |tables: &Option<RowTables<'_>>| tables.as_ref().map(|tables| tables.column.clone());
        if place > 0 && column(&found) != column(&chosen) {
            let message = format!(
                "{}: its rows do not say of which table they are as those of {} do",
                input.name, inputs[0].name
            );
            return fail("mixed-schemas", message, "run quell once for each kind of results");
        }
        let of_header = |tables: &Option<RowTables<'s>>| tables.as_ref().and_then(|tables| tables.of_header);
        let of_all = of_header(&found).filter(|schema| place == 0 || of_header(&chosen) == Some(schema));
        let alone = place == 0 || chosen.as_ref().is_some_and(|tables| tables.alone);
        chosen = found.map(|found| RowTables {
            of_header: of_all,
            alone: alone && found.alone && of_all.is_some(),
            ..found
        });
    }
    Ok(chosen)
}

fn row_tables<'s>(input: &Input, schemas: &'s Schemas) -> Option<RowTables<'s>> {
    let header: Vec<String> = input.names.iter().map(|name| column_name(name).to_owned()).collect();
    let has = |name: &str| header.iter().any(|column| column == name);
    let of_defender = |schema: &&Schema| schema.table.is_some() && schema.also.is_empty();
    let (of_header, several) = match schemas.recognition(&header) {
        Recognition::One(schema) => (Some(Some(schema).filter(of_defender)?), Vec::new()),
        Recognition::Several(several) => (None, several),
        Recognition::None => return None,
    };
    // Of the two schemas of one table it is the one of the header.
    let of_sentinel = match of_header.map(|schema: &Schema| schema.name.as_str()) {
        Some("defender") => false,
        Some("sentinel") => true,
        _ => !has("Timestamp"),
    };
    let one_of = |schema: &&'s Schema| match schema.name.as_str() {
        "defender" => !of_sentinel,
        "sentinel" => of_sentinel,
        _ => true,
    };
    // A table that lacks some of the columns that others have is perhaps one of several.
    let known = |column: &&String| schemas.iter().any(|schema| schema.has(column));
    let alone =
        of_header.is_some_and(|schema: &Schema| header.iter().filter(known).all(|column| schema.has(column)));
    let streamed = input.nested.then_some(&STREAMED_TABLE);
    if let Some(column) = streamed.or_else(|| TABLE_COLUMNS.iter().find(|column| has(column))) {
        let tables = schemas.iter().filter(of_defender).filter(one_of).collect();
        let column = (*column).to_owned();
        let candidates = several;
        return Some(RowTables { column, by_action: false, tables, of_header, alone, candidates });
    }
    let by_action = !several.is_empty() && has(ACTION) && several.iter().all(of_defender);
    by_action.then(|| {
        let candidates = several.clone();
        let tables = several.into_iter().filter(|table| table.has(ACTION)).filter(one_of).collect();
        let column = ACTION.to_owned();
        RowTables { column, by_action, tables, of_header: None, alone: false, candidates }.told()
    })
}

fn fail<T>(code: &'static str, message: String, help: &str) -> Result<T, Diagnostics> {
    Err(Diagnostic::error(code, message).help(help).into())
}

/// Keys below which other programs put rows.
const ROWS_BELOW: [&str; 6] = ["data", "rows", "items", "events", "hits", "results"];

/// What is probably wrong with a file of which no column is known.
fn why_unknown(input: &Input, columns: &[String]) -> Option<String> {
    if input.format == Format::JsonLines {
        let below = ROWS_BELOW.iter().find(|key| columns.iter().any(|column| column == *key))?;
        let file = &input.name;
        return Some(format!(
            "if the rows stand below `{below}`, take them out: `jq -c '.{below}[]' {file} | quell apply -`"
        ));
    }
    if !input.format.has_header() {
        return None;
    }
    let is_cell = |name: &String| read_address(name).is_some() || TimeParser::default().parse(name).is_some();
    if columns.iter().any(is_cell) {
        return Some(
            "the first line looks like a row: put the names of the columns on a line above it".to_owned(),
        );
    }
    let is_title = columns.len() == 1 && columns[0].contains(' ');
    is_title.then(|| {
        "the first line looks like a title: the names of the columns must be the first line, so delete what stands above them".to_owned()
    })
}

/// How many characters of the name of an unknown column are shown.
const LONGEST_NAME: usize = 60;

fn recognised<'s>(
    input: &Input,
    schemas: &'s Schemas,
    named: Option<&str>,
    tables: &[&str],
) -> Result<&'s Schema, Diagnostics> {
    if let Some(schema) = named.and_then(|name| schemas.named(name)) {
        return Ok(schema);
    }
    let columns: Vec<String> = input.names.iter().map(|name| column_name(name).to_owned()).collect();
    if let Some(error) = spelt_otherwise(input, &columns, schemas) {
        return Err(error.into());
    }
    match schemas.recognition(&columns) {
        Recognition::One(schema) => return Ok(schema),
        Recognition::Several(several) => {
            let of_rule = several.iter().filter(|schema| tables.iter().any(|table| schema.is_called(table)));
            return match of_rule.collect::<Vec<_>>()[..] {
                [only] => Ok(only),
                _ => Err(ambiguous(input, &several).into()),
            };
        }
        Recognition::None => {}
    }
    if columns.is_empty() && matches!(input.format, Format::Document(_)) {
        return fail(
            "no-rows",
            format!("{}: THERE ARE NO ROWS, and so no columns", input.name),
            "nothing was checked: either the hunt found nothing, or the export is empty or cut off inside of its first row; name the schema with --schema to get a report anyway",
        );
    }
    let short = |name: &String| match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.clone(),
    };
    let shown: Vec<String> = columns.iter().take(8).map(short).collect();
    if shown.concat().is_empty() {
        let message = format!("{}: it holds no row with a column that has a name", input.name);
        return fail(
            "unknown-columns",
            message,
            "nothing was checked: is this the right file? Export the results again",
        );
    }
    let more = if columns.len() > shown.len() { ", ..." } else { "" };
    let message = format!("{}: no schema knows its columns: {}{more}", input.name, shown.join(", "));
    let help = "name the schema with --schema, or describe the columns in a YAML file: docs/fields.md";
    let found = Diagnostic::error("unknown-columns", message);
    let found = match why_unknown(input, &columns) {
        Some(why) => found.help(why),
        None => found,
    };
    Err(found.help(help).into())
}

/// Reports columns that several tables have, which take them for different things.
pub(super) fn ambiguous(input: &Input, several: &[&Schema]) -> Diagnostic {
    let names: Vec<&str> = several.iter().map(|schema| schema.name.as_str()).collect();
    let message = format!(
        "{}: its columns may be of {}, which take them for different things",
        input.name,
        names.join(", ")
    );
    let mut found = Diagnostic::error("ambiguous-columns", message);
    let header: Vec<&str> = input.names.iter().map(|name| column_name(name)).collect();
    if let Some((column, said)) = header.iter().find_map(|column| Some((column, meanings(column, several)?)))
    {
        found = found.help(format!("`{column}` is {said}"));
    }
    found.help(format!(
        "say which it is with --schema, such as --schema {}, or name the rule with --rule; or export more of the table's columns: `Type` and `ActionType` tell it row by row",
        names.first().copied().unwrap_or_default()
    ))
}

/// What a column holds in each of these tables, if that differs.
fn meanings(column: &str, several: &[&Schema]) -> Option<String> {
    let fields = |schema: &Schema| -> Vec<&'static str> {
        let holds =
            schema.fields.iter().filter(|(_, sources)| sources.iter().any(|source| source.column == column));
        holds.map(|(field, _)| field.name()).collect()
    };
    let said: Vec<(Vec<&str>, &str)> = several
        .iter()
        .filter(|schema| schema.has(column))
        .map(|schema| (fields(schema), &*schema.name))
        .collect();
    let (first, _) = said.first()?;
    said.iter().any(|(fields, _)| fields != first).then(|| {
        let each = said.iter().map(|(fields, name)| match fields[..] {
            [] => format!("no field in {name}"),
            _ => format!("{} in {name}", fields.join(" and ")),
        });
        each.collect::<Vec<_>>().join(", ")
    })
}

/// A column as the file spells it, and as the product does.
type Respelt<'c> = (&'c str, &'c str);

/// Says that the columns are those of a schema but for their spelling; `None` if as many are spelt as a product does.
fn spelt_otherwise(input: &Input, columns: &[String], schemas: &Schemas) -> Option<Diagnostic> {
    let (known, others): (Vec<&String>, Vec<&String>) =
        columns.iter().partition(|column| schemas.iter().any(|schema| schema.has(column)));
    if others.len() <= known.len() {
        return None;
    }
    let others: Vec<(&str, String, Option<String>)> =
        others.into_iter().map(|name| (&**name, folded(name), without_suffix(name).map(folded))).collect();
    let respelt = |schema: &'_ Schema| -> usize { respelt(&others, schema).len() };
    let schema = schemas.iter().rev().max_by_key(|schema| respelt(schema))?;
    let same = self::respelt(&others, schema);
    if same.len() <= known.len() {
        return None;
    }
    let (written, name) = same.first()?;
    let only_case = same.iter().all(|(written, name)| written.eq_ignore_ascii_case(name));
    let what = if only_case { "letter case" } else { "their spelling" };
    let message = format!(
        "{}: its columns are those of {} but for {what}: `{written}` is `{name}`",
        input.name, schema.name
    );
    let rename: Vec<String> =
        same.iter().map(|(written, name)| format!("{name} = {}", quoted(written))).collect();
    Some(
        Diagnostic::error("unknown-columns", message)
            .help("names of columns are compared as KQL compares them, letter by letter; give the header the product's own names, or export again")
            .help(format!("in the query: | project-rename {}", rename.join(", "))),
    )
}

/// Those of the columns that a schema has in another spelling.
fn respelt<'c>(columns: &[(&'c str, String, Option<String>)], schema: &'c Schema) -> Vec<Respelt<'c>> {
    let known: Vec<(String, &str)> = schema.columns.keys().map(|name| (folded(name), &**name)).collect();
    let found = columns.iter().filter_map(|(column, whole, cut)| {
        let is = |(name, _): &&(String, &str)| name == whole || cut.as_ref() == Some(name);
        Some((*column, known.iter().find(is)?.1))
    });
    found.collect()
}

/// A name without letter case, blanks and marks.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The name without what custom tables of Log Analytics put behind it for the type.
fn without_suffix(name: &str) -> Option<&str> {
    let (name, kind) = name.rsplit_once('_')?;
    matches!(kind, "s" | "d" | "b" | "t" | "g").then_some(name)
}

/// A column as a query names it.
fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")) }
}
