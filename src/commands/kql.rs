//! `quell kql`: the exclusions as KQL.

use super::files::FileSet;
use super::lists::{Loaded, in_force, loaded, rule, today};
use super::{End, Outcome, World, fail, print};
use crate::cli::{Kql, KqlForm};
use quell::diagnostic::Diagnostic;
use quell::exclusions::model::Exclusion;
use quell::fields::did_you_mean;
use quell::kql::{self, KqlError, Options};
use quell::report::build::LeftOut;
use quell::schema::Schema;

pub(crate) fn run(args: &Kql, world: &World) -> Outcome {
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let schema = schema(&lists)?;
    let (applied, left_out) =
        in_force(&lists.exclusions, rule.as_ref(), today(&args.scope, world), &schema.name);
    let applied = chosen(args, applied)?;
    if applied.is_empty() {
        return fail("no-exclusions", "no exclusion is left to be printed", &why_none(&left_out));
    }
    let options = options(&applied, &left_out);
    let mut outputs = FileSet::begin(args.values.as_deref())?;
    let text = match args.form {
        KqlForm::Where => kql::where_block(&applied, schema, &options).map_err(inexpressible)?,
        KqlForm::Impact => kql::impact(&applied, schema, args.since.as_deref()).map_err(inexpressible)?,
        KqlForm::Let => {
            let (lets, block) = kql::let_form(&applied, schema, &options).map_err(inexpressible)?;
            two_parts(&lets, &block)
        }
        KqlForm::Watchlist => {
            tabular(args, &applied, schema, &options, &kql::watchlist_table(&args.watchlist), &mut outputs)?
        }
        KqlForm::Externaldata => {
            tabular(args, &applied, schema, &options, &kql::external_table(&args.url), &mut outputs)?
        }
    };
    outputs.put(|| print(&text))?;
    Ok(End::Clean)
}

/// The schema that the user named, or Defender's.
pub(super) fn schema(lists: &Loaded) -> Outcome<&Schema> {
    let name = lists.named.as_deref().unwrap_or("defender");
    match lists.schemas.named(name) {
        Some(schema) if schema.table.is_some() => Ok(schema),
        _ => fail(
            "no-table",
            format!("schema {name} has no KQL table"),
            "name one that has, such as defender, sentinel or asim, or give your schema file the key `table`",
        ),
    }
}

/// What the head of a block lists: the lists it was made from, and the exclusions that were left out.
pub(super) fn options(applied: &[&Exclusion], left_out: &[LeftOut<'_>]) -> Options {
    let mut lists: Vec<String> = applied.iter().map(|exclusion| exclusion.origin.file.to_string()).collect();
    lists.dedup();
    let left_out = left_out.iter().map(|left| format!("{}: {}", left.exclusion.id, left.why)).collect();
    Options { lists, left_out, merge_beyond: None }
}

/// Reports the conditions that cannot be expressed in KQL.
pub(super) fn inexpressible(errors: Vec<KqlError>) -> Vec<Diagnostic> {
    let diagnostic = |error: KqlError| {
        let message = format!("{}: {} cannot be said in KQL: {}", error.id, error.field, error.reason);
        Diagnostic::error("inexpressible", message)
            .help("rewrite the condition, or leave the exclusion out with --id")
    };
    errors.into_iter().map(diagnostic).collect()
}

fn chosen<'e>(args: &Kql, applied: Vec<&'e Exclusion>) -> Outcome<Vec<&'e Exclusion>> {
    if args.id.is_empty() {
        return Ok(applied);
    }
    for id in &args.id {
        if !applied.iter().any(|exclusion| exclusion.id == *id) {
            let near = did_you_mean(id, applied.iter().map(|exclusion| exclusion.id.as_str()), 1);
            return fail("unknown-id", format!("no exclusion in force has the id `{id}`"), near.trim_end());
        }
    }
    Ok(applied.into_iter().filter(|exclusion| args.id.contains(&exclusion.id)).collect())
}

fn why_none(left_out: &[LeftOut<'_>]) -> String {
    left_out.iter().map(|left| format!("{}: {}", left.exclusion.id, left.why)).collect::<Vec<_>>().join("\n")
}

fn two_parts(lets: &str, block: &str) -> String {
    format!("// At the top of the query:\n{lets}\n// Behind the table:\n{block}")
}

fn tabular(
    args: &Kql,
    applied: &[&Exclusion],
    schema: &Schema,
    options: &Options,
    table: &str,
    outputs: &mut FileSet,
) -> Outcome<String> {
    let (values, lets, block) = kql::table_form(applied, schema, options, table).map_err(inexpressible)?;
    let Some(file) = &args.values else {
        return fail(
            "no-values-file",
            "this form keeps its values in a CSV file",
            "say where to write it: --values quell-values.csv",
        );
    };
    outputs.write(file, kql::watchlist_csv(&values))?;
    Ok(two_parts(&lets, &block))
}
