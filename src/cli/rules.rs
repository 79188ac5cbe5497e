//! What can be asked about rules.

use super::{InputArgs, ListArgs};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct Splice {
    /// A rule (.yaml .yml), a query (.kql .csl .kusto .txt), a page with fenced KQL (.md), or a folder of them.
    #[arg(required = true, value_name = "RULE")]
    pub(crate) rules: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    /// Put in this block, as it stands in a file, instead of one made from lists.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["exclusions", "remove"])]
    pub(crate) block: Option<PathBuf>,
    /// The day on which expiry is judged, YYYY-MM-DD; today without it.
    #[arg(long, value_name = "DATE")]
    pub(crate) today: Option<Date>,
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
    /// How a condition of --text is read.
    #[arg(long, value_name = "HOW", default_value = "loose")]
    pub(crate) reading: ReadingOf,
    /// Say on which rows of these results the two readings of --text differ; repeatable.
    #[arg(long, value_name = "RESULTS", requires = "text")]
    pub(crate) results: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// How the columns of rules are named.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) schema: Option<String>,
    /// Write the list here; standard output without it.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadingOf {
    /// To the letter: a row is suppressed if one field alone has such a value.
    Loose,
    /// As the story means it: only if every field that is named has such a value.
    Scoped,
}
