//! What can be asked about blind spots.

use super::{InputArgs, ListArgs};
use clap::{Args, ValueEnum};
use quell::probe::Grade;

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// Rows that are known to be malicious, in the shape of results; repeatable.
    #[arg(long, required = true, value_name = "RESULTS")]
    pub(crate) malicious: Vec<String>,
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// How the findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ProbeFormat,
    /// Exit with 1 if an exclusion has a worse grade than this, of A to E, unknown, and F.
    #[arg(long, value_name = "GRADE", default_value = "E")]
    pub(crate) min_grade: Grade,
    /// Write the rows that would disappear here, as JSON Lines: `quell apply` suppresses every one of them.
    #[arg(long, value_name = "FILE")]
    pub(crate) bypasses: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProbeFormat {
    /// Each exclusion with its cheapest way in and its repair.
    Human,
    /// Everything, for machines.
    Json,
    /// A table for a page or a pull request.
    Markdown,
}
