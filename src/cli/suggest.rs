//! What can be asked about exclusions that are to be written.

use super::{FillingArgs, InputArgs, ListArgs, ScopeArgs};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use quell::probe::Grade;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct SuggestArgs {
    /// Exported results: CSV, JSON Lines or JSON, packed or not; `-` for standard input. Rows that nothing labels are rows
    /// that nobody has looked at. What the lists suppress already needs no exclusion.
    #[arg(value_name = "RESULTS", required_unless_present = "benign")]
    pub(crate) results: Vec<String>,
    #[command(flatten)]
    pub(crate) labels: LabelArgs,
    /// Narrow this exclusion of the lists to what it rightly covers in the results, and print that as a diff. What it covers
    /// is taken for noise, but rows that --malicious or --labels keep out: give what you know.
    #[arg(long, value_name = "ID", conflicts_with_all = ["conditions", "group", "benign"])]
    pub(crate) narrow: Option<String>,
    /// Suggest at most so many exclusions.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max: Option<u16>,
    /// Suggest only exclusions that cover so many rows.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) min_rows: u64,
    /// Suggest exclusions too that say nothing of where a program goes: everything that it does would be hidden then. Without
    /// this, rows that nothing but their program tells are left alone if they have an address or a domain.
    #[arg(long)]
    pub(crate) any_destination: bool,
    /// Keep the last days back: choose by the days before them, and count what that does on them.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) holdout: Option<u16>,
    #[command(flatten)]
    pub(crate) lists: ListArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// The format; a table on a terminal and YAML elsewhere without it.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<SuggestFormat>,
}

/// Which rows are noise, and which must stay.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct LabelArgs {
    /// Rows that are noise, in the shape of results; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) benign: Vec<String>,
    /// Rows that must never be suppressed, in the shape of results; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) malicious: Vec<String>,
    /// Labels of rows of the results: what `Export review` of a report's page writes, or CSV with the columns `row` or
    /// `ReportId`, and `label` (benign, malicious, unsure); repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Vec<String>,
    /// Rows of the results in which a field or column has this value are noise; `*` and `?` are wildcards, letter case does
    /// not count. Given several times, all must hold.
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub(crate) conditions: Vec<String>,
    /// Rows of this group are noise: its place in the table of what is left of `quell apply` with the same lists, from 1;
    /// repeatable. Numbers change with the lists, so name its process as well (3=setup.exe): another group is an error then.
    #[arg(long, value_name = "N[=PROCESS]", value_parser = group)]
    pub(crate) group: Vec<GroupChoice>,
}

/// A group by its number, and by what must stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupChoice {
    /// From 1.
    pub(crate) number: u32,
    /// One of the values that its rows have in common, if somebody names it: its process or destination.
    pub(crate) named: Option<String>,
}

pub(super) fn group(text: &str) -> Result<GroupChoice, String> {
    let (number, named) = match text.split_once('=') {
        Some((number, named)) => (number, Some(named.trim())),
        None => (text, None),
    };
    let number = number.trim().parse().ok().filter(|number| *number > 0);
    match number {
        Some(number) if named != Some("") => Ok(GroupChoice { number, named: named.map(str::to_owned) }),
        _ => Err("a number from 1, or that and what acts in the group, such as 3=setup.exe".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SuggestFormat {
    /// An exclusion list, ready for `quell accept`.
    Yaml,
    /// For a person: each exclusion with what it would do.
    Table,
    /// For machines.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// A list with the exclusions to add, such as `quell suggest` prints; `-` for standard input.
    #[arg(value_name = "SUGGESTED", default_value = "-", conflicts_with = "from_page")]
    pub(crate) suggested: String,
    /// Add the drafts that are on in what somebody exported from the page of a report.
    #[arg(long, value_name = "REVIEW.json")]
    pub(crate) from_page: Option<PathBuf>,
    /// The list that they are added to; it is made if it is not there.
    #[arg(short, long, value_name = "FILE", required = true)]
    pub(crate) exclusions: PathBuf,
    /// Only this one of them; repeatable.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Vec<String>,
    /// Who answers for them.
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
    /// Why these rows are benign.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The last day on which they suppress: a date, or days from today such as 90d.
    #[arg(long, value_name = "DATE|DAYSd", value_parser = expiry)]
    pub(crate) expires: Option<Expiry>,
    /// Where the reason can be read.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<String>,
    /// What the rows are, in one sentence.
    #[arg(long, value_name = "TEXT")]
    pub(crate) scenario: Option<String>,
    /// Show what they change in these results; repeatable.
    #[arg(long, value_name = "RESULTS")]
    pub(crate) results: Vec<String>,
    /// Rows that must never be suppressed, in the shape of results; repeatable.
    #[arg(long, value_name = "RESULTS")]
    pub(crate) malicious: Vec<String>,
    /// The share of changes, in per cent, that the cases of each must notice.
    #[arg(long, value_name = "PERCENT", default_value_t = 80, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) min_score: u8,
    /// The worst grade of blind spots, of A to E, unknown, and F.
    #[arg(long, value_name = "GRADE", default_value = "E")]
    pub(crate) min_grade: Grade,
    /// Write the list although something falls short.
    #[arg(long)]
    pub(crate) anyway: bool,
    /// Write nothing, only show what would be found.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: AcceptFormat,
    /// How columns are named: a built-in schema, or a YAML file with one of your own. Recognised from the header without it.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) schema: Option<String>,
    #[command(flatten)]
    pub(crate) filling: FillingArgs,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AcceptFormat {
    /// For a person: each exclusion with what was found of it, and what became of it.
    Table,
    /// For machines.
    Json,
}

/// A last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    On(Date),
    In(u16),
}

fn expiry(text: &str) -> Result<Expiry, String> {
    if let Some(days) = text.strip_suffix(['d', 'D']) {
        let days = days.parse().ok().filter(|days| *days > 0);
        return days.map(Expiry::In).ok_or_else(|| "a number of days and d, such as 90d".to_owned());
    }
    text.parse().map(Expiry::On).map_err(|_| "a day as YYYY-MM-DD, or days from today such as 90d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_number_and_perhaps_what_acts_in_it() {
        let known = |number, named: Option<&str>| Ok(GroupChoice { number, named: named.map(str::to_owned) });
        assert_eq!(group("3"), known(3, None));
        assert_eq!(group("3=setup.exe"), known(3, Some("setup.exe")));
        for wrong in ["", "0", "-1", "setup.exe", "3=", "=setup.exe", "99999999999"] {
            assert!(group(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_expiry_is_a_day_or_a_number_of_days() {
        assert_eq!(expiry("90d"), Ok(Expiry::In(90)));
        assert!(matches!(expiry("2027-01-31"), Ok(Expiry::On(_))));
        for wrong in ["", "d", "0d", "-1d", "90", "soon", "2027-13-01", "99999d"] {
            assert!(expiry(wrong).is_err(), "{wrong}");
        }
    }
}
