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
