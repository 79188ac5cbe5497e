//! What can be asked about a repository of lists.

use super::{InputArgs, ListArgs, ScopeArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder of the repository; it is made if it is not there.
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InventoryArgs {
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Results that the exclusions are applied to, to say when each was last seen.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) results: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Only exclusions that have expired or will within so many days, such as 30d; exit with 1 if there are any.
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub(crate) expiring: Option<u32>,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: InventoryFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InventoryFormat {
    /// For a terminal.
    Table,
    /// For machines.
    Json,
    /// For an issue or a pull request.
    #[value(alias = "md")]
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// A list or a folder of lists; repeatable. Without it, those that `quell.yaml` names.
    #[arg(short, long, value_name = "FILE|DIR")]
    pub(crate) exclusions: Vec<PathBuf>,
    /// How columns are named, if the lists name columns of a schema of your own.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) schema: Option<String>,
    /// Write nothing, name the files that are not in order, exit with 1 if there are any.
    #[arg(long)]
    pub(crate) check: bool,
}

fn days(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('d').unwrap_or(text);
    number.parse().map_err(|_| "a number of days, such as 30d".to_owned())
}
