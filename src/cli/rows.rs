//! What can be asked about kept rows.

use super::suggest::group;
use super::{GroupChoice, InputArgs, ListArgs, ScopeArgs};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct RowsArgs {
    /// The results that `quell apply` was given; `-` for standard input.
    #[arg(required = true, value_name = "RESULTS")]
    pub(crate) results: Vec<String>,
    /// The kept rows of this group: the number that `quell apply` prints beside it, with the same lists and the same
    /// --group-by. Numbers change with the lists, so name what the group is of as well (3=setup.exe): another group is an
    /// error then.
    #[arg(long, value_name = "N[=VALUE]", value_parser = group)]
    pub(crate) group: Option<GroupChoice>,
    /// The kept rows in which a field or column has this value; letter case does not count, `*` and `?` do. Repeated, they
    /// have to meet all.
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub(crate) conditions: Vec<String>,
    /// The fields that the number of the group was counted by; by process and destination network without it.
    #[arg(long, value_name = "FIELD", value_delimiter = ',', requires = "group")]
    pub(crate) group_by: Vec<String>,
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Leave out rows that are the same to the last byte as an earlier one, as `quell apply --dedupe` does.
    #[arg(long)]
    pub(crate) dedupe: bool,
    /// Values of each field that are shown; 5 without it.
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: RowsFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowsFormat {
    /// Each field's most frequent values and their shares, for a terminal.
    Table,
    /// The same for machines.
    Json,
    /// The same for a ticket or a pull request.
    #[value(alias = "md")]
    Markdown,
    /// The rows as they came: of CSV under its header, of JSON one a line, or in an array if they stood in a document.
    Rows,
}
