//! `quell schema`: names, and the JSON Schemas.

use super::idle::refuse;
use super::lists::schemas;
use super::{End, Outcome, print_json, print_text};
use crate::cli::{JsonSchemaOf, SchemaArgs};
use quell::fields::Field;
use std::fmt::Write;

pub(crate) fn run(args: &SchemaArgs) -> Outcome {
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
    let mut out = String::new();
    for schema in all.iter().filter(|schema| named.as_ref().is_none_or(|name| *name == schema.name)) {
        let _ = writeln!(out, "{}: {}", schema.name, schema.description);
        for field in Field::all() {
            let sources: Vec<String> = schema
                .sources(field)
                .iter()
                .map(|source| {
                    if source.path {
                        format!("{} (last segment)", source.column)
                    } else {
                        source.column.clone()
                    }
                })
                .collect();
            let columns = if sources.is_empty() { "-".to_owned() } else { sources.join(", ") };
            let _ = writeln!(out, "  {:<28} {columns}", field.name());
        }
        out.push('\n');
    }
    print_text(&out)?;
    Ok(End::Clean)
}
