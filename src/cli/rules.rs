//! What can be asked about rules.

use super::{InputArgs, ListArgs, ScopeArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The form of a clause, and where its values stand.
#[derive(Debug, Args)]
pub(crate) struct ClauseForm {
    /// How the exclusions are said; `where` without it.
    #[arg(long, value_name = "FORM")]
    pub(crate) form: Option<KqlForm>,
    /// Write the values of the forms `watchlist` and `externaldata` here, as CSV.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) values: Option<String>,
    /// The alias of the Sentinel watchlist; `quell` without it.
    #[arg(long, value_name = "ALIAS")]
    pub(crate) watchlist: Option<String>,
    /// Where `externaldata` reads the values; <https://example.invalid/quell-values.csv> without it.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Leave out `now() < datetime(...)`: an exclusion goes on suppressing after its last day where the rule runs.
    #[arg(long)]
    pub(crate) no_expiry_guard: bool,
}

impl ClauseForm {
    /// The form of the clause.
    pub(crate) fn form(&self) -> KqlForm {
        self.form.unwrap_or(KqlForm::Where)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KqlForm {
    /// A clause that stands behind the table, with its values in it.
    Where,
    /// The values as `let` statements above, the clause below.
    Let,
    /// The values in a Sentinel watchlist.
    Watchlist,
    /// The values in a file that the query fetches.
    Externaldata,
    /// For near-real-time custom detections of Defender, which take few operators and no comments.
    Nrt,
    /// One query that counts on the server what `quell apply` reports.
    Impact,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct Splice {
    /// A rule (.yaml .yml .json .tf .bicep), a query (.kql .csl .kusto .txt), a page with fenced KQL (.md), or a folder of
    /// them.
    #[arg(required = true, value_name = "RULE")]
    pub(crate) rules: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) form: ClauseForm,
    /// Put in what `quell kql` printed into this file, instead of a block made from lists.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["exclusions", "remove"])]
    pub(crate) block: Option<PathBuf>,
    /// Raise the last number of a rule's `version:` if its query changes.
    #[arg(long)]
    pub(crate) bump_version: bool,
    /// Replace a block that was edited by hand since; it is left alone without this.
    #[arg(long, conflicts_with = "remove")]
    pub(crate) force: bool,
    /// Take the block out; every rule is then, byte for byte, as before the first splice.
    #[arg(long)]
    pub(crate) remove: bool,
    /// Write nothing, name the files that are not up to date, exit with 1 if there are any.
    #[arg(long, conflicts_with_all = ["in_place", "output"])]
    pub(crate) check: bool,
    /// Print what would change as a unified diff.
    #[arg(long, conflicts_with_all = ["in_place", "output"])]
    pub(crate) diff: bool,
    /// Write the rules where they stand; all of them or none.
    #[arg(long, conflicts_with = "output")]
    pub(crate) in_place: bool,
    /// Write the result here: a file for one rule, a folder for several.
    #[arg(short, long, value_name = "FILE|DIR")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Rules, queries, pages with fenced KQL, or folders of them.
    #[arg(value_name = "RULE", required_unless_present = "text")]
    pub(crate) rules: Vec<PathBuf>,
    /// A condition as documents write it: `process.name != "a" && destination_ip != "b"`; repeatable.
    #[arg(long, value_name = "CONDITION", conflicts_with = "rules")]
    pub(crate) text: Vec<String>,
    /// Ids for the conditions of --text, in their order.
    #[arg(long, value_name = "ID", requires = "text")]
    pub(crate) id: Vec<String>,
    /// How a condition of --text is read; `loose` without it.
    #[arg(long, value_name = "HOW", requires = "text")]
    pub(crate) reading: Option<ReadingOf>,
    /// Say on which rows of these results the two readings of --text differ; repeatable.
    #[arg(long, value_name = "RESULTS", requires = "text")]
    pub(crate) results: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Give exclusions from rules no `rules:`, so that they hold for every hunt.
    #[arg(long, conflicts_with = "text")]
    pub(crate) unscoped: bool,
    /// How the columns of rules are named.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) schema: Option<String>,
    /// Write the list here; standard output without it.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<String>,
    /// Replace the file of -o if it holds something else.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadingOf {
    /// To the letter: a row is suppressed if one field alone has such a value.
    Loose,
    /// As the story means it: only if every field that is named has such a value.
    Scoped,
}
