//! The clause in the form that was asked for, for `quell kql` and `quell splice`.
//!
//! In: exclusions in force, the form. Out: its parts, and what is to be said about its length.

use super::idle::Idle;
use super::kql::inexpressible;
use super::{Outcome, fail};
use crate::cli::{ClauseForm, KqlForm};
use quell::exclusions::model::Exclusion;
use quell::kql::{self, Options, Values};
use quell::schema::Schema;

/// The characters that Sentinel takes in the query of a rule, and from how many on it is time to say so.
const MOST: usize = 10_000;
const MANY: usize = 8_000;

/// Where `externaldata` reads its values if nobody says it: nowhere, so that nobody reads those of others.
const ADDRESS: &str = "https://example.invalid/quell-values.csv";

/// A clause.
#[derive(Default)]
pub(super) struct Clause {
    /// Statements for the top of the query, with their markers; often none.
    pub(super) above: String,
    /// The block for behind the table.
    pub(super) block: String,
    /// The lists of the forms that keep them elsewhere.
    pub(super) values: Option<Values>,
}

impl Clause {
    /// How many lists of values stand above the query under a name.
    pub(super) fn list_count(&self) -> usize {
        self.above.lines().filter(|line| line.starts_with("let quell_list_")).count()
    }
}

/// The options that do nothing in this form.
pub(super) fn idle(args: &ClauseForm) -> [Idle<'static>; 4] {
    let form = args.form();
    let in_a_file = matches!(form, KqlForm::Watchlist | KqlForm::Externaldata);
    let unguarded = matches!(form, KqlForm::Nrt | KqlForm::Impact);
    [
        (
            "--values",
            args.values.is_some() && !in_a_file,
            "only the forms `watchlist` and `externaldata` keep values in a file",
        ),
        (
            "--watchlist",
            args.watchlist.is_some() && form != KqlForm::Watchlist,
            "it belongs to `--form watchlist`",
        ),
        ("--url", args.url.is_some() && form != KqlForm::Externaldata, "it belongs to `--form externaldata`"),
        ("--no-expiry-guard", args.no_expiry_guard && unguarded, "this form has no such guard"),
    ]
}

/// Says that the clause reads its values from nowhere; nothing if it does not.
pub(super) fn unset(args: &ClauseForm) -> &'static str {
    if args.form() == KqlForm::Externaldata && args.url.is_none() {
        "quell: no --url was given: the clause reads its values from https://example.invalid, where nothing is, and the rule fails until it names your file\n"
    } else {
        ""
    }
}

/// Makes the clause.
pub(super) fn clause(
    args: &ClauseForm,
    applied: &[&Exclusion],
    schema: &Schema,
    options: &Options,
) -> Outcome<Clause> {
    let of_table = |table: &str| -> Outcome<Clause> {
        let (values, above, block) =
            kql::table_form(applied, schema, options, table).map_err(inexpressible)?;
        Ok(Clause { above, block, values: Some(values) })
    };
    match args.form() {
        KqlForm::Where => {
            let block = kql::where_block(applied, schema, options).map_err(inexpressible)?;
            Ok(Clause { block, ..Clause::default() })
        }
        KqlForm::Let => {
            let (above, block) = kql::let_form(applied, schema, options).map_err(inexpressible)?;
            Ok(Clause { above, block, values: None })
        }
        KqlForm::Watchlist => of_table(&kql::watchlist_table(args.watchlist.as_deref().unwrap_or("quell"))),
        KqlForm::Externaldata => of_table(&kql::external_table(args.url.as_deref().unwrap_or(ADDRESS))),
        KqlForm::Nrt => {
            let block = kql::nrt_block(applied, schema).map_err(inexpressible)?;
            Ok(Clause { block, ..Clause::default() })
        }
        KqlForm::Impact => fail(
            "no-clause",
            "the form `impact` is a query of its own, not a clause for a rule",
            "print it with `quell kql --form impact`",
        ),
    }
}

/// The name of the CSV file of the forms that keep their values in one; an error without it.
pub(super) fn values_file(args: &ClauseForm) -> Outcome<Option<&str>> {
    match (args.form(), &args.values) {
        (KqlForm::Watchlist | KqlForm::Externaldata, None) => fail(
            "no-values-file",
            "this form keeps its values in a CSV file",
            "say where to write it: --values quell-values.csv",
        ),
        (KqlForm::Watchlist | KqlForm::Externaldata, Some(file)) => Ok(Some(file)),
        _ => Ok(None),
    }
}

/// How long a text is, in words, and whether a rule may be so long.
pub(super) fn length(what: &str, characters: usize, shorter: Option<&str>) -> (String, bool) {
    let (used, most) = (thousands(characters), thousands(MOST));
    let figure = format!("{what} {used} of the {most} characters that a rule of Sentinel may have");
    let remedy = match shorter {
        Some(form) => format!("`--form {form}` would fit"),
        None => "no form would fit; give exclusions the `rules:` that they belong to".to_owned(),
    };
    match characters {
        0..MANY => (figure, true),
        MANY..=MOST => (format!("{figure}: nearly all of them"), true),
        _ => (format!("{figure}, and it will be refused; {remedy}"), false),
    }
}

/// The form in which the clause needs fewer characters and fits a rule that is `rest` characters long without it.
pub(super) fn shorter(
    applied: &[&Exclusion],
    schema: &Schema,
    options: &Options,
    rest: usize,
    blocks: usize,
) -> Option<&'static str> {
    let length = |above: &str, block: &str| above.chars().count() + blocks * block.chars().count() + rest;
    let (above, block) = kql::let_form(applied, schema, options).ok()?;
    if length(&above, &block) <= MOST {
        return Some("let");
    }
    let table = kql::watchlist_table("quell");
    let (_, above, block) = kql::table_form(applied, schema, options, &table).ok()?;
    (length(&above, &block) <= MOST).then_some("watchlist")
}

/// A number as people write it.
fn thousands(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", number / 1000, number % 1000),
    }
}
