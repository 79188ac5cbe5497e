//! What can be asked about doubtful lists.

use super::{InputArgs, ListArgs, ScopeArgs};
use clap::{Args, ValueEnum};
use quell::lint::Level;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Results that the exclusions are applied to, for those that are dead, redundant or stale.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) results: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Do not show findings of this code; repeatable, or a comma between codes.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
    /// Show findings of this code without failing.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) warn: Vec<String>,
    /// Fail on findings of this code.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) deny: Vec<String>,
    /// A file with levels and limits; see docs/lints.md.
    #[arg(long, value_name = "quell.yaml")]
    pub(crate) settings: Option<PathBuf>,
    /// Exit with 1 when there is a finding at this level or above; deny without it.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<LintLevel>,
    /// Days without a row after which an exclusion is stale; 90 without it.
    #[arg(long, value_name = "DAYS")]
    pub(crate) stale_after: Option<u32>,
    /// Days before its last one in which an exclusion is about to expire; 30 without it.
    #[arg(long, value_name = "DAYS")]
    pub(crate) expires_within: Option<u32>,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: LintFormat,
    /// Remove duplicate values and entries from the lists; all else stays as it is.
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// For a person: place, why, what to do.
    Human,
    /// For machines.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintLevel {
    /// Not shown.
    Allow,
    /// Shown.
    Warn,
    /// Shown, and fails the run.
    Deny,
}

impl From<LintLevel> for Level {
    fn from(level: LintLevel) -> Self {
        match level {
            LintLevel::Allow => Self::Allow,
            LintLevel::Warn => Self::Warn,
            LintLevel::Deny => Self::Deny,
        }
    }
}
