//! `quell probe`: what an intruder would have to do to be suppressed.

use super::files::FileSet;
use super::idle::refuse;
use super::inputs::open_all;
use super::lists::loaded_or_examples;
use super::{End, Outcome, World, fail, print_json, print_styled, print_text};
use crate::cli::{ProbeArgs, ProbeFormat};
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::input::Input;
use quell::judge::Matcher;
use quell::judge::row;
use quell::probe::{Malicious, Moves, Probed, probe, show};
use quell::report::fitted;
use quell::report::style::Ink;
use quell::run::columns::{reader, refuse_summarised, schema_of};
use quell::run::each_row::each_row;
use quell::schema::Schema;
use serde_json::{Map, Value};
use std::ops::ControlFlow;

pub(crate) fn run(args: &ProbeArgs, world: &World) -> Outcome {
    let why = "rows that lack a column are probed as they are";
    refuse(&[("--allow-missing-columns", args.input.allow_missing_columns, why)])?;
    let lists = loaded_or_examples(&args.lists)?;
    let mut opened = open_all(&args.malicious, &args.input)?;
    let schema = schema_of(&opened, &lists.schemas, lists.named.as_deref())?;
    let mut outputs = FileSet::begin(args.bypasses.as_deref())?;
    let applied: Vec<&Exclusion> = lists
        .exclusions
        .iter()
        .filter(|exclusion| exclusion.entries.iter().any(|entry| entry.is_in(schema)))
        .collect();
    if applied.is_empty() {
        return fail("no-exclusions", "no exclusion fits the schema of these rows", "nothing was probed");
    }
    let matcher = Matcher::of_schema(&applied, schema)?;
    let mut malicious = Vec::new();
    for results in &mut opened {
        refuse_summarised(results, schema, matcher.slots(), &applied)?;
        malicious.extend(read(results, &matcher, schema, malicious.len() as u64)?);
    }
    if malicious.is_empty() {
        return fail(
            "no-rows",
            "there is no malicious row that can be read",
            "nothing was probed; give rows of true positives",
        );
    }
    let moves = match Moves::built_in() {
        Ok(moves) => moves.with_columns(&lists.schemas).of_schema(schema),
        Err(cause) => return fail("bad-moves", cause, "this is a mistake of quell's; please report it"),
    };
    let probed = probe(&matcher, &applied, &malicious, &schema.name, &moves);
    if let Some(file) = &args.bypasses {
        outputs.write(file, bypasses(&probed, &matcher, schema))?;
    }
    outputs.put(|| match args.format {
        ProbeFormat::Human => {
            let text = show::human(&probed, malicious.len(), Ink::On);
            print_styled(&fitted(&text, world.message_width))
        }
        ProbeFormat::Json => print_json(&show::json(&probed, malicious.len())),
        ProbeFormat::Markdown => print_text(&show::markdown(&probed)),
    })?;
    let worse = probed.iter().any(|each| each.grade > args.min_grade);
    Ok(if worse { End::LookAtIt } else { End::Clean })
}

/// Every row of a file that can be read.
pub(super) fn read(
    opened: &mut Input,
    matcher: &Matcher,
    schema: &Schema,
    before: u64,
) -> Outcome<Vec<Malicious>> {
    let (rows, _) = reader(opened, row::wanted(matcher.slots(), schema))?;
    let slots = matcher.slots().len();
    let mut found = Vec::new();
    each_row(opened, &rows, |number, _, row| {
        if let Ok(cells) = row.cells {
            let cells = cells[..slots].iter().map(|cell| cell.map(str::to_owned)).collect();
            found.push(Malicious { number: before + number, cells });
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// The rows that would be suppressed, as JSON Lines with the columns of the schema.
fn bypasses(probed: &[Probed], matcher: &Matcher, schema: &Schema) -> String {
    let columns: Vec<String> = matcher.slots().iter().map(|slot| column(slot, schema)).collect();
    let mut out = String::new();
    for (each, way) in probed.iter().filter_map(|each| Some((each, each.way_in.as_ref()?))) {
        let cells = columns.iter().zip(&way.cells);
        let mut row: Map<String, Value> = cells
            .map(|(column, cell)| (column.clone(), Value::from(cell.clone().unwrap_or_default())))
            .collect();
        // A schema is recognised by its time and its device.
        for known in schema.time.iter().take(1).chain(schema.device.iter().take(1)) {
            row.entry(known.clone()).or_insert_with(|| Value::from(""));
        }
        row.insert("quell_way_into".into(), Value::from(each.id.clone()));
        out += &format!("{}\n", Value::Object(row));
    }
    out
}

fn column(slot: &FieldRef, schema: &Schema) -> String {
    match slot {
        FieldRef::Field(field) => schema
            .sources(*field)
            .first()
            .map_or_else(|| field.name().to_owned(), |source| source.column.clone()),
        FieldRef::Column(column) => column.name.clone(),
    }
}
