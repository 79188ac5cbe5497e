//! `quell schema`: names, and the JSON Schemas.

use super::lists::schemas;
use super::{End, Outcome, fail, print_json, print_text};
use crate::cli::{JsonSchemaOf, SchemaArgs};
use quell::fields::Field;
use std::fmt::Write;

pub(crate) fn run(args: &SchemaArgs) -> Outcome {
    let (all, named) = schemas(args.name.as_deref())?;
    if let Some(of) = args.json {
        if of == JsonSchemaOf::Report && args.name.is_some() {
            let help =
                "leave the name out; with --json exclusions it adds the columns of a schema of your own";
            return fail("bad-option", "the JSON Schema of the report is the same for every schema", help);
        }
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
