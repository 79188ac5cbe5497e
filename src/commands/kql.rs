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
use quell::kql::tables::QueryTable;
use quell::kql::{self, KqlError, Options, Values};
use quell::report::build::LeftOut;
use quell::report::{Status, printable};
use quell::rule::Rule;
use quell::run::in_force::left_out_entries;
use quell::schema::Schema;
use std::fmt::Write as _;

/// What is said above each of two parts.
pub(super) const ABOVE: &str = "// At the top of the query:";
pub(super) const BEHIND: &str = "// Behind the table:";

pub(crate) fn run(args: &Kql, world: &World) -> Outcome {
    refuse(&clause::idle(&args.form))?;
    let is_impact = args.form.form() == KqlForm::Impact;
    refuse(&[("--since", args.since.is_some() && !is_impact, "only `--form impact` looks back")])?;
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let tables = tables(&lists, rule.as_ref().and_then(|rule| rule.query.as_deref()))?;
    let values = clause::values_file(&args.form)?;
    let mut outputs = FileSet::begin(values)?;
    let mut printer =
        Printer { args, world, lists: &lists, rule: rule.as_ref(), printed: Printed::default() };
    for table in &tables {
        printer.table(table, tables.len() > 1)?;
    }
    let Printed { text, told, fits, lists: kept, applies, .. } = printer.printed;
    if !applies {
        let none = "the lists hold no exclusion; name yours with -e, such as -e exclusions/";
        let help = if lists.exclusions.is_empty() { none } else { told.trim_end() };
        return fail("no-exclusions", "no exclusion is left to be printed", help);
    }
    if let (Some(file), Some(lists)) = (values, &kept) {
        outputs.write(file, kql::watchlist_csv(lists))?;
    }
    outputs.put(|| print(&text))?;
    if !is_impact {
        tell(&expired(&lists.exclusions, today(&args.scope, world)));
        tell(clause::unset(&args.form));
    }
    tell(&told);
    Ok(if fits { End::Clean } else { End::LookAtIt })
}

/// What is printed, table by table.
#[derive(Default)]
struct Printed {
    text: String,
    told: String,
    fits: bool,
    /// The lists of the forms that keep their values elsewhere.
    lists: Option<Values>,
    list_count: usize,
    /// Whether an exclusion applies to some table.
    applies: bool,
}

struct Printer<'p> {
    args: &'p Kql,
    world: &'p World,
    lists: &'p Loaded,
    rule: Option<&'p Rule>,
    printed: Printed,
}

impl Printer<'_> {
    /// Prints the clause of a table; `among` others it gets a heading.
    fn table(&mut self, table: &QueryTable<'_>, among: bool) -> Outcome<()> {
        let (args, schema) = (self.args, table.schema);
        let today = today(&args.scope, self.world);
        let (applied, left_out) = in_force(&self.lists.exclusions, self.rule, today, schema);
        let applied = chosen(args, applied)?;
        let out = &mut self.printed;
        if applied.is_empty() {
            out.told += &if among {
                format!("quell: nothing is printed for {}:\n{}\n", table.name, why_none(&left_out))
            } else {
                why_none(&left_out)
            };
            return Ok(());
        }
        out.fits |= !out.applies;
        out.applies = true;
        out.told += &without_column(&applied, &left_out, schema);
        let mut options = options(&applied, &left_out);
        options.without_expiry_guard = args.form.no_expiry_guard;
        options.lists_before = out.list_count;
        if args.form.form() == KqlForm::Impact {
            out.text += &kql::impact(&applied, schema, args.since.as_deref()).map_err(inexpressible)?;
            return Ok(());
        }
        let clause = clause::clause(&args.form, &applied, schema, &options)?;
        if let Some(lists) = &clause.values {
            out.lists.get_or_insert_with(Values::default).take_in(lists);
        }
        out.list_count += clause.list_count();
        out.text += &printed(&clause, among.then_some(table.name));
        if args.form.form() == KqlForm::Nrt && applied.iter().any(|exclusion| exclusion.expires.is_some()) {
            out.told += "quell: in this form nothing expires by itself; take out what is past its day\n";
        }
        let characters = clause.above.chars().count() + clause.block.chars().count();
        let shorter = clause::shorter(&applied, schema, &options, 0, 1);
        let (told, fits) = clause::length("the clause takes", characters, shorter);
        let _ = writeln!(out.told, "quell: {told}");
        out.fits &= fits;
        Ok(())
    }
}

/// What rows of a table have no column for, of the exclusions in force and of those that are left out for that.
pub(super) fn without_column(applied: &[&Exclusion], left_out: &[LeftOut<'_>], schema: &Schema) -> String {
    let mut told = String::new();
    for left in left_out.iter().filter(|left| left.status == Status::OtherSchema) {
        let _ = writeln!(told, "quell: left out: {} {}", printable(&left.exclusion.id), printable(&left.why));
    }
    for left in left_out_entries(applied, schema) {
        let left = printable(&left.to_string());
        let _ = writeln!(told, "quell: left out: {left}: {} has no column for it", schema.name);
    }
    told
}

/// The tables that a clause is for: that of the schema that the user named, those of the query, or Defender's.
pub(super) fn tables<'l>(lists: &'l Loaded, query: Option<&str>) -> Outcome<Vec<QueryTable<'l>>> {
    let read = query.map(|query| kql::tables::tables(query, &lists.schemas)).unwrap_or_default();
    if lists.named.is_none() && !read.is_empty() {
        return Ok(read);
    }
    let schema = schema(lists)?;
    let own: Vec<QueryTable<'_>> = read.into_iter().filter(|table| schema.is_called(table.name)).collect();
    if !own.is_empty() {
        return Ok(own.into_iter().map(|table| QueryTable { schema, ..table }).collect());
    }
    let name = schema.table.as_deref().unwrap_or(&schema.name);
    Ok(vec![QueryTable { name, schema }])
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
    why_left_out(left_out).join("\n")
}

/// Why each exclusion is left out.
pub(super) fn why_left_out(left_out: &[LeftOut<'_>]) -> Vec<String> {
    left_out.iter().map(|left| format!("{}: {}", left.exclusion.id, left.why)).collect()
}

fn printed(clause: &Clause, table: Option<&str>) -> String {
    if clause.above.is_empty() {
        let heading = table.map(|table| format!("// Behind {table}:\n")).unwrap_or_default();
        return format!("{heading}{}", clause.block);
    }
    let behind = table.map_or_else(|| BEHIND.to_owned(), |table| format!("// Behind {table}:"));
    format!("{ABOVE}\n{}\n{behind}\n{}", clause.above, clause.block)
}
