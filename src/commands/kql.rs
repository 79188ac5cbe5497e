//! `quell kql`: the exclusions as KQL.

use super::clause::{self, Clause};
use super::files::FileSet;
use super::idle::refuse;
use super::lists::{Loaded, in_force, loaded, rule, today};
use super::{End, Outcome, World, fail, print, tell};
use crate::cli::{Kql, KqlForm};
use quell::diagnostic::Diagnostic;
use quell::exclusions::model::Exclusion;
use quell::fields::did_you_mean;
use quell::kql::{self, KqlError, Options};
use quell::report::build::LeftOut;
use quell::report::{Status, printable};
use quell::schema::Schema;

/// What is said above each of two parts.
pub(super) const ABOVE: &str = "// At the top of the query:";
pub(super) const BEHIND: &str = "// Behind the table:";

pub(crate) fn run(args: &Kql, world: &World) -> Outcome {
    refuse(&clause::idle(&args.form))?;
    let is_impact = args.form.form() == KqlForm::Impact;
    refuse(&[("--since", args.since.is_some() && !is_impact, "only `--form impact` looks back")])?;
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let schema = schema(&lists)?;
    let (applied, left_out) =
        in_force(&lists.exclusions, rule.as_ref(), today(&args.scope, world), &schema.name);
    let applied = chosen(args, applied)?;
    if applied.is_empty() {
        return fail("no-exclusions", "no exclusion is left to be printed", &why_none(&left_out));
    }
    let mut options = options(&applied, &left_out);
    options.without_expiry_guard = args.form.no_expiry_guard;
    let values = clause::values_file(&args.form)?;
    let mut outputs = FileSet::begin(values)?;
    if is_impact {
        let text = kql::impact(&applied, schema, args.since.as_deref()).map_err(inexpressible)?;
        outputs.put(|| print(&text))?;
        return Ok(End::Clean);
    }
    tell(&expired(&lists.exclusions, today(&args.scope, world)));
    tell(clause::unset(&args.form));
    let clause = clause::clause(&args.form, &applied, schema, &options)?;
    if let (Some(file), Some(lists)) = (values, &clause.values) {
        outputs.write(file, kql::watchlist_csv(lists))?;
    }
    outputs.put(|| print(&printed(&clause)))?;
    if args.form.form() == KqlForm::Nrt && applied.iter().any(|exclusion| exclusion.expires.is_some()) {
        tell("quell: in this form nothing expires by itself; take out what is past its day\n");
    }
    let characters = clause.above.chars().count() + clause.block.chars().count();
    let shorter = clause::shorter(&applied, schema, &options, 0, 1);
    let (told, fits) = clause::length("the clause takes", characters, shorter);
    tell(&format!("quell: {told}\n"));
    Ok(if fits { End::Clean } else { End::LookAtIt })
}

/// Says which exclusions are in no clause, because they have expired; nothing if none has.
pub(super) fn expired(exclusions: &[Exclusion], today: jiff::civil::Date) -> String {
    let expired = exclusions.iter().filter(|each| each.expires.is_some_and(|day| day < today));
    let ids: Vec<String> = expired.map(|each| printable(&each.id)).collect();
    match ids.len() {
        0 => String::new(),
        _ => format!("quell: expired, so not in the clause: {}\n", ids.join(", ")),
    }
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
    let left_out = left_out.iter().map(|left| (left.exclusion.id.clone(), kind(left.status).to_owned()));
    Options { lists, left_out: left_out.collect(), ..Options::default() }
}

/// Why an exclusion is left out of a block, in few words.
fn kind(status: Status) -> &'static str {
    match status {
        Status::Expired => "expired",
        Status::OtherRule => "of other rules",
        _ => "of other schemas",
    }
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

fn printed(clause: &Clause) -> String {
    if clause.above.is_empty() {
        return clause.block.clone();
    }
    format!("{ABOVE}\n{}\n{BEHIND}\n{}", clause.above, clause.block)
}
