//! What can be asked: the command line as types. No work is done here.

mod advice;
mod lint;
mod probe;
mod repository;
mod rows;
mod rules;
mod suggest;
mod tune;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use quell::report::ReportFormat;
use std::path::PathBuf;

pub(crate) use advice::advise;
pub(crate) use lint::{LintArgs, LintFormat};
pub(crate) use probe::{ProbeArgs, ProbeFormat};
pub(crate) use repository::{FmtArgs, InitArgs, InventoryArgs, InventoryFormat};
pub(crate) use rows::{RowsArgs, RowsFormat};
pub(crate) use rules::{ClauseForm, Import, KqlForm, ReadingOf, Splice};
pub(crate) use suggest::{
    AcceptArgs, AcceptFormat, Expiry, GroupChoice, LabelArgs, SuggestArgs, SuggestFormat,
};
pub(crate) use tune::{DiffArgs, DiffFormat, FailOnDiff, PruneArgs, PruneFormat, TestArgs, TestFormat};

/// Reads the name of a report's format. The library, which has the formats, does not know the command line.
fn report_format() -> impl TypedValueParser<Value = ReportFormat> {
    let value = |(_, names, help): (ReportFormat, &'static [&'static str], &'static str)| {
        PossibleValue::new(names[0]).aliases(&names[1..]).help(help)
    };
    PossibleValuesParser::new(ReportFormat::ALL.map(value))
        .try_map(|name| ReportFormat::named(&name).ok_or("no such format"))
}

/// Suppress known-benign rows in threat-hunt results, account for every row, tune the rule.
#[derive(Debug, Parser)]
#[command(name = "quell", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = "Exit codes: 0 clean, 1 something to look at, 2 could not run.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to colour messages.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless the variable `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Apply exclusions to hunt results and report what was suppressed and what is left.
    Apply(Apply),
    /// Show why one row is kept or suppressed, condition by condition.
    Explain(Explain),
    /// Look into a group of kept rows: each field's values and their shares, or the rows as they came.
    Rows(RowsArgs),
    /// Put the exclusions into the queries of rules, where their columns still are.
    Splice(Splice),
    /// Make a list from a documented condition, or from what is typed into the queries of rules.
    Import(Import),
    /// Find what is doubtful about lists: too broad, dead, expired, said twice, unowned.
    Lint(LintArgs),
    /// Say of every exclusion who owns it, how old it is, when it expires and what it holds for.
    List(InventoryArgs),
    /// Bring the lists into one order, without a change of what they say.
    Fmt(FmtArgs),
    /// Begin a repository of lists: a first list, settings, a hook and a workflow. Nothing is ever overwritten.
    Init(InitArgs),
    /// Run the cases of the lists, and show what they would not notice.
    Test(TestArgs),
    /// Find what an intruder could do unseen inside each exclusion, grade it, and propose a repair.
    Probe(ProbeArgs),
    /// Show which rows a change to a list newly suppresses or newly shows.
    Diff(DiffArgs),
    /// Find the smallest list that suppresses the same rows, and cut the lists down to it.
    Prune(PruneArgs),
    /// Draft exclusions for rows that are noise: narrow ones, with cases, grade and the reason for each field.
    Suggest(SuggestArgs),
    /// Add exclusions to a list, if lint, cases, changes and blind spots find nothing against them.
    Accept(AcceptArgs),
    /// Print the exclusions as KQL.
    Kql(Kql),
    /// List the fields and the columns that hold them, or print a JSON Schema.
    Schema(SchemaArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ListArgs {
    /// A list, a folder of lists, or a pack that is built in: `documented`, `field`, `field/sccm` ...; repeatable.
    /// Without it, `documented`; where lists are only examined, those that `quell.yaml` names.
    #[arg(short, long, value_name = "FILE|DIR|PACK")]
    pub(crate) exclusions: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) filling: FillingArgs,
    /// How columns are named: a built-in schema, or a YAML file with one of your own. Recognised from the header without it.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) schema: Option<String>,
}

/// What a site fills in.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FillingArgs {
    /// Fill in a parameter of the lists: `management_point=10.20.0.0/28`; repeatable, also for several values.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
    /// Fill in parameters from a YAML file: `name: value` or `name: [value, value]`.
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters: Option<PathBuf>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ScopeArgs {
    /// The rule file that the results come from; exclusions of other rules are left out.
    #[arg(long, value_name = "RULE.yaml", conflicts_with = "rule_id")]
    pub(crate) rule: Option<PathBuf>,
    /// The id or name of the rule, when its file is not at hand.
    #[arg(long, value_name = "ID")]
    pub(crate) rule_id: Option<String>,
    /// The day on which expiry is judged, YYYY-MM-DD; today without it.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) today: Option<Date>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// What the results are; recognised from their content without it.
    #[arg(long = "input-format", value_name = "FORMAT")]
    pub(crate) format_of: Option<InputFormat>,
    /// The delimiter of CSV: one character, or `tab`. Recognised from the header without it.
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,
    /// Keep going when a column that an exclusion needs is absent: its rows are kept as undecidable.
    #[arg(long)]
    pub(crate) allow_missing_columns: bool,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let split = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    let (name, value) = split.ok_or("a name, `=` and a value, such as management_point=10.20.0.0/28")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// What results can be said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// Delimiter-separated values under a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A JSON document that holds records: an array, or an answer or stream of a service.
    Json,
}

fn day(text: &str) -> Result<Date, String> {
    let day = (text.len() == 10).then(|| text.parse().ok()).flatten();
    day.ok_or_else(|| "year, month and day of the calendar, such as 2027-05-31".to_owned())
}

/// A time span as KQL writes one; anything else would become part of the query.
fn span(text: &str) -> Result<String, String> {
    let number = text.strip_suffix(['d', 'h', 'm', 's']).unwrap_or_default();
    let right = (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    if right { Ok(text.to_owned()) } else { Err("a whole number and d, h, m or s, such as 7d".to_owned()) }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text == "tab" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("one ASCII character, or `tab`".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// Exported results: CSV, JSON Lines or JSON, packed or not; `-` for standard input. Several files, or a quoted
    /// pattern such as "day-*.csv", are one result.
    #[arg(required_unless_present = "from_impact", value_name = "RESULTS")]
    pub(crate) results: Vec<String>,
    /// Report the answer to the query of `quell kql --form impact`, JSON or CSV, instead of reading rows.
    #[arg(long, value_name = "ANSWER", conflicts_with_all = ["results", "kept", "suppressed"])]
    pub(crate) from_impact: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    /// Apply what somebody exported from the page of a report: without the exclusions that are switched off there, and
    /// with the drafts that are on.
    #[arg(long, value_name = "REVIEW.json", conflicts_with = "from_impact")]
    pub(crate) review: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Write the kept rows here, byte for byte; `-` for standard output. A name in .gz or .zst is packed.
    #[arg(long, value_name = "FILE")]
    pub(crate) kept: Option<String>,
    /// Write the suppressed rows here, each with the exclusions that suppressed it.
    #[arg(long, value_name = "FILE")]
    pub(crate) suppressed: Option<String>,
    /// Write the report here too, in the format of the file's name (.html .json .md .csv .txt); repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Vec<String>,
    /// Rows that an HTML report holds at most, 100000 without it. With more rows it still counts every row, and shows a sample
    /// of so many.
    #[arg(long, value_name = "N")]
    pub(crate) report_rows: Option<u32>,
    /// Rows that are known to be malicious: an HTML report then says of each exclusion how one of them would disappear in
    /// it, as `quell probe` does; repeatable.
    #[arg(long, value_name = "FILE", requires = "report")]
    pub(crate) malicious: Vec<String>,
    /// The format of the report on standard output.
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = report_format())]
    pub(crate) format: ReportFormat,
    /// Groups of kept rows that are shown; 15 without it.
    #[arg(long, value_name = "N")]
    pub(crate) groups: Option<usize>,
    /// Group the kept rows by these fields or columns, and say of each group what is constant in it and what varies; a comma
    /// between them. An address counts by its network (/24, /64), its column by the address itself. The results are read
    /// twice for it. Without it, by process and destination network.
    #[arg(long, value_name = "FIELD", value_delimiter = ',', conflicts_with = "from_impact")]
    pub(crate) group_by: Vec<String>,
    /// Exit with 1 when there is any of these; a comma between them.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,
    /// Drop rows that are the same to the last byte as an earlier one. They go into no file, and are counted.
    #[arg(long)]
    pub(crate) dedupe: bool,
    /// Exit with 2 when a row cannot be read.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Threads that judge rows; one for each processor without it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Show no progress bar.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A kept row.
    Kept,
    /// A suppressed row.
    Suppressed,
    /// An undecidable row.
    Undecidable,
    /// A row that cannot be read.
    Malformed,
    /// An exclusion that matches no row.
    Dead,
    /// An exclusion that matches no row of its own.
    Redundant,
    /// An exclusion past its last day.
    Expired,
    /// A row that only the loose reading suppresses.
    Loose,
    /// Results that are not, or may not be, complete.
    Incomplete,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("which").required(true)))]
pub(crate) struct Explain {
    /// Exported results: CSV, JSON Lines or JSON, packed or not; `-` for standard input.
    #[arg(value_name = "RESULTS")]
    pub(crate) results: String,
    /// The row, counted from 1 without the header.
    #[arg(long, value_name = "N", group = "which")]
    pub(crate) row: Option<u64>,
    /// The first row in which a field or column has this value; letter case does not count, `*` and `?` do.
    #[arg(long = "where", value_name = "FIELD=VALUE", group = "which")]
    pub(crate) condition: Option<String>,
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Every exclusion in full, also those that are not near.
    #[arg(long)]
    pub(crate) all: bool,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ExplainFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For a person.
    Text,
    /// For machines.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Kql {
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Only this exclusion; repeatable.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Vec<String>,
    #[command(flatten)]
    pub(crate) form: ClauseForm,
    /// The form `impact` looks back so far, for example 7d; the whole table without it.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) since: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// One schema: a built-in name or a YAML file. All without it.
    #[arg(value_name = "NAME|FILE")]
    pub(crate) name: Option<String>,
    /// Print a JSON Schema instead: of exclusion lists, with the columns of every known schema, or of the JSON report.
    #[arg(long, value_name = "OF")]
    pub(crate) json: Option<JsonSchemaOf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JsonSchemaOf {
    /// Exclusion lists.
    Exclusions,
    /// The report of `quell apply --format json`.
    Report,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_is_nothing_but_one() {
        assert_eq!(span("7d").as_deref(), Ok("7d"));
        for wrong in ["", "d", "7", "7x", "7d) | take 0 //", "-7d", "banana"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
