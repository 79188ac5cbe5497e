//! What can be asked about tests of lists and changes to them.

use super::{FillingArgs, InputArgs, ListArgs, ScopeArgs};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    /// Results of which the lists together must keep every row, such as true positives; repeatable.
    #[arg(long, value_name = "RESULTS")]
    pub(crate) keep: Vec<String>,
    /// Results of which the lists together must suppress every row; repeatable.
    #[arg(long, value_name = "RESULTS")]
    pub(crate) suppress: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: TestFormat,
    /// Try small changes to the lists (a condition or value dropped, a value or network widened) and show those that no case notices.
    #[arg(long)]
    pub(crate) mutate: bool,
    /// With --mutate, add the cases that are missing to the lists; all else in them stays byte for byte.
    #[arg(long, requires = "mutate")]
    pub(crate) write: bool,
    /// With --mutate, exit with 1 when fewer per cent of the changes are noticed.
    #[arg(long, value_name = "PERCENT", default_value_t = 80, requires = "mutate", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) min_score: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For a person: the failures and a summary.
    Human,
    /// For machines.
    Json,
    /// JUnit XML, for CI systems.
    Junit,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The list as it was: a file, a folder, or `git:REV:PATH` for how it stands in a revision.
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// The list as it would be: a file, a folder or `git:REV:PATH`.
    #[arg(value_name = "NEW", required_unless_present = "against", conflicts_with = "against")]
    pub(crate) new: Option<String>,
    /// Results that both lists are applied to.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) results: Vec<String>,
    /// Newer results, to compare one list on both instead of two lists on one.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) against: Vec<String>,
    /// How columns are named: a built-in schema, or a YAML file with one of your own. Recognised from the header without it.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) schema: Option<String>,
    #[command(flatten)]
    pub(crate) filling: FillingArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Examples for each exclusion, at most 5.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=5))]
    pub(crate) examples: u8,
    /// Exit with 1 when rows move so; a comma between them.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOnDiff>,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: DiffFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOnDiff {
    /// A row that was shown is suppressed.
    NewlySuppressed,
    /// A row that was suppressed is shown.
    NewlyShown,
    /// Either.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For a terminal.
    Table,
    /// For machines.
    Json,
    /// For a comment on a pull request.
    #[value(alias = "md")]
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    /// Results whose verdicts must stay as they are; the more, the better.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) results: Vec<String>,
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Keep this exclusion, whatever it does; repeatable.
    #[arg(long, value_name = "ID")]
    pub(crate) keep: Vec<String>,
    /// Let exclusions go, too, that kept rows met in part while the rest of them hung on an empty cell.
    #[arg(long)]
    pub(crate) undecided_too: bool,
    /// Remove the exclusions from their files; all else in them stays byte for byte. Without it, only show which.
    #[arg(long)]
    pub(crate) write: bool,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: PruneFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PruneFormat {
    /// For a terminal.
    Table,
    /// For machines.
    Json,
}
