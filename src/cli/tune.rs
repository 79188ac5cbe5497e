//! What can be asked about tests of lists and changes to them.

use super::Lists;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) lists: Lists,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: TestFormat,
    /// Try small changes to the lists (a condition or value dropped, a value or network widened) and show those that no case notices.
    #[arg(long)]
    pub(crate) mutate: bool,
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
