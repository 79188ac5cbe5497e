//! `quell schema`: names, and the JSON Schemas.

use super::idle::refuse;
use super::lists::schemas;
use super::{End, Outcome, World, print_json, print_text};
use crate::cli::{JsonSchemaOf, SchemaArgs};
use quell::fields::Field;
use quell::report::fitted;
use quell::schema::{Schema, Schemas};
use std::fmt::Write;

pub(crate) fn run(args: &SchemaArgs, world: &World) -> Outcome {
    let (all, named) = schemas(args.name.as_deref())?;
    if let Some(of) = args.json {
        let is_report = of == JsonSchemaOf::Report;
        let why = "the JSON Schema of the report is the same for every schema";
        refuse(&[("the name of a schema", is_report && args.name.is_some(), why)])?;
        let schema = match of {
            JsonSchemaOf::Exclusions => quell::exclusions::document::json_schema(&all),
            JsonSchemaOf::Report => quell::report::json_schema(),
        };
        print_json(&schema)?;
        return Ok(End::Clean);
    }
    let text = match named.as_deref().and_then(|name| all.named(name)) {
        Some(schema) => one(schema),
        None => overview(&all),
    };
    print_text(&fitted(&text, world.message_width))?;
    Ok(End::Clean)
}

/// What there is.
fn overview(all: &Schemas) -> String {
    let mut out = String::from("Fields, whatever product the rows come from:\n\n");
    for field in Field::all() {
        let _ = writeln!(out, "  {:<28} {}", field.name(), field.info().meaning);
    }
    out.push_str(
        "\nSchemas; `quell schema NAME` says which column holds a field, and which columns there are:\n\n",
    );
    for schema in all.iter() {
        let _ = writeln!(out, "  {:<32} {}", schema.name, schema.description);
    }
    out
}

/// The fields and columns of a schema.
fn one(schema: &Schema) -> String {
    let mut out = format!("{}: {}\n", schema.name, schema.description);
    for field in Field::all() {
        let sources: Vec<String> = schema
            .sources(field)
            .iter()
            .map(|source| {
                if source.path { format!("{} (last segment)", source.column) } else { source.column.clone() }
            })
            .collect();
        if !sources.is_empty() {
            let _ = writeln!(out, "  {:<28} {}", field.name(), sources.join(", "));
        }
    }
    out.push_str("\nColumns, by their own names:\n");
    for (column, kind) in &schema.columns {
        let _ = writeln!(out, "  {column:<44} {kind}");
    }
    out
}
