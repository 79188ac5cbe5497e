//! `quell apply`: the main job.

use super::files::FileSet;
use super::idle::{Idle, refuse, without_results};
use super::inputs::{keep_standard_input, open_all};
use super::kept::{self, Named, Reading};
use super::lists::{loaded, loaded_with, rule, today};
use super::page::{self, Knowledge};
use super::query::with_query;
use super::results::{ReadBy, read_by};
use super::review::Review;
use super::sink::{RowFiles, bar_of};
use super::{End, Outcome, World, fail, impact, print_by, print_styled_by};
use crate::cli::{Apply, FailOn};
use quell::exclusions::model::Exclusion;
use quell::groups::VALUES_IN_A_GROUP;
use quell::report::build::{LISTED_GROUPS, LeftOut, ReportParts, build};
use quell::report::style::Ink;
use quell::report::{self, GroupsReport, Layout, Report, ReportFormat, Status, WarningCode};
use quell::{Options, Run};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Groups of kept rows that are shown.
const GROUPS: usize = 15;

pub(crate) fn run(args: &Apply, world: &World) -> Outcome {
    let formats = report_formats(args)?;
    refuse(&idle(args, &formats))?;
    if !args.group_by.is_empty() && args.results.iter().any(|name| name == "-") {
        keep_standard_input()?;
    }
    if let Some(result) = &args.from_impact {
        return from_impact(args, world, result, &formats);
    }
    let review = args.review.as_deref().map(Review::read).transpose()?.unwrap_or_default();
    let mut lists = loaded_with(&args.lists, review.lists())?;
    // Nobody asks for places in them any more.
    lists.texts = Vec::new();
    let lists = crate::until_the_end(lists);
    let rule = rule(&args.scope)?;
    let today = today(&args.scope, world);
    let mut inputs = open_all(&args.results, &args.input)?;
    let read = read_by(&inputs, lists, rule.as_ref())?;
    let schema = read.schema;
    if !args.group_by.is_empty() {
        // Said before anything is read to its end.
        kept::no_parquet(&inputs)?;
        Named::of(&args.group_by, &read, &inputs)?;
    }
    let (mut applied, left_out) = read.in_force(&inputs, &lists.exclusions, rule.as_ref(), today);
    let switched_off = review.take_out(&lists.exclusions, &mut applied)?;
    let mut outputs = outputs(args)?;
    let bar = bar_of(&inputs, world.terminal && !args.quiet);
    let mut sink = RowFiles::begin(&outputs, args.kept.as_deref(), args.suppressed.as_deref(), &inputs, bar)?;
    let run = quell::apply(&options(args, world, &read, &applied), &mut inputs, &mut sink)
        .map_err(|found| with_query(found.into(), rule.as_ref(), &applied, schema))?;
    let mut notes = notes(&run, applied.len(), &lists.exclusions);
    notes.extend(read.left_out_entries(&inputs, &applied));
    notes.extend(switched_off);
    let parts =
        ReportParts { run, applied: &applied, left_out: &left_out, rule: rule.as_ref(), today, notes };
    let mut report = build(parts);
    report.grouped = grouped(args, &read, &applied, report.totals.kept)?;
    let report = crate::until_the_end(report);
    sink.finish()?.into_iter().try_for_each(|output| outputs.add(output))?;
    let left_out = left_out.as_slice();
    let known = Knowledge {
        args,
        lists,
        schema,
        tables: read.tables.as_ref(),
        applied: &applied,
        left_out,
        report,
        today,
    };
    report_files(args, world, report, (&formats, &|| page::made(&known)), &mut outputs)?;
    if args.strict && report.totals.malformed > 0 {
        show(args, world, report)?;
        return Ok(End::Unreadable(report.totals.malformed));
    }
    outputs.put(|| show(args, world, report))?;
    Ok(end(args, report, left_out))
}

/// The options that do nothing with these formats, or without rows.
fn idle(args: &Apply, formats: &[Target]) -> Vec<Idle<'static>> {
    let is_page = formats.contains(&Target::Page);
    let has_groups = |format: ReportFormat| matches!(format, ReportFormat::Table | ReportFormat::Markdown);
    let shows_groups = has_groups(args.format)
        || formats.iter().any(|format| matches!(format, Target::Text(format) if has_groups(*format)));
    let mut idle = vec![
        ("--report-rows", args.report_rows.is_some() && !is_page, "no HTML report is written"),
        ("--malicious", !args.malicious.is_empty() && !is_page, "no HTML report is written"),
        ("--groups", args.groups.is_some() && !shows_groups, "this format lists every group"),
    ];
    if args.from_impact.is_some() {
        let why = "--from-impact reads no rows";
        idle.extend(without_results(&args.input, why));
        idle.extend([
            ("--groups", args.groups.is_some(), why),
            ("--dedupe", args.dedupe, why),
            ("--strict", args.strict, why),
            ("--threads", args.threads.is_some(), why),
            ("--quiet", args.quiet, why),
        ]);
    }
    idle
}

/// The kept rows by the fields that somebody asked for.
fn grouped(
    args: &Apply,
    read: &ReadBy<'_>,
    applied: &[&Exclusion],
    kept: u64,
) -> Outcome<Option<GroupsReport>> {
    if args.group_by.is_empty() {
        return Ok(None);
    }
    let (results, input, dedupe) = (&args.results, &args.input, args.dedupe);
    let reading = Reading { results, input, read, applied, dedupe };
    let found = kept::grouped(&reading, &args.group_by, VALUES_IN_A_GROUP)?;
    if found.kept != kept {
        let message = "the results changed while they were read: another number of rows is kept now";
        return fail("changed", message, "run it again");
    }
    let groups = (found.groups.as_slice(), found.others);
    Ok(Some(GroupsReport::of(&found.by.names, &found.fields.names, groups, LISTED_GROUPS)))
}

fn options<'a>(
    args: &Apply,
    world: &World,
    read: &'a ReadBy<'a>,
    exclusions: &'a [&'a Exclusion],
) -> Options<'a> {
    let mut options = Options::new(read.schema, exclusions);
    options.tables = read.tables.as_ref();
    options.kept = args.kept.is_some();
    options.suppressed = args.suppressed.is_some();
    options.allow_missing_columns = args.input.allow_missing_columns;
    options.drop_repeats = args.dedupe;
    options.threads = args.threads.map_or(world.processors, usize::from);
    options
}

/// Reports what the server counted.
fn from_impact(args: &Apply, world: &World, result: &Path, formats: &[Target]) -> Outcome {
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let mut outputs = outputs(args)?;
    let report = impact::report(result, &lists, rule.as_ref(), today(&args.scope, world))?;
    report_files(args, world, &report, (formats, &|| Ok(String::new())), &mut outputs)?;
    outputs.put(|| show(args, world, &report))?;
    Ok(end(args, &report, &[]))
}

/// The files that will be written. Every input is open by now, so that none of them can be a target.
fn outputs(args: &Apply) -> Outcome<FileSet> {
    FileSet::begin(args.kept.iter().chain(&args.suppressed).chain(&args.report).map(String::as_str))
}

/// What a file of a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Text(ReportFormat),
    Page,
}

fn report_formats(args: &Apply) -> Outcome<Vec<Target>> {
    let format = |name: &String| match ReportFormat::of_file(name) {
        Some(format) => Ok(Target::Text(format)),
        None if name.to_ascii_lowercase().ends_with(".html") => {
            page::may_be_made(args)?;
            Ok(Target::Page)
        }
        None => fail(
            "unknown-format",
            format!("{name}: a report's format is known by the end of its name"),
            "end it in .html, .json, .md, .csv or .txt",
        ),
    };
    args.report.iter().map(format).collect()
}

fn notes(run: &Run, applied: usize, all: &[Exclusion]) -> Vec<String> {
    let mut notes = Vec::new();
    if run.tally.totals.read == 0 {
        notes.push(
            "THERE ARE NO ROWS. Nothing was checked: either the hunt found nothing, or the export is empty."
                .to_owned(),
        );
    }
    if all.is_empty() {
        notes.push("THERE ARE NO EXCLUSIONS in the lists, so every row was kept.".to_owned());
    } else if applied == 0 {
        notes.push("NO EXCLUSION APPLIES to these results, so every row was kept.".to_owned());
    }
    if !run.absent.is_empty() {
        let fields = run.absent.join(", ");
        notes.push(format!(
            "No column holds {fields}: what hangs on it is undecidable (--allow-missing-columns)."
        ));
    }
    for file in &run.unclear_dates {
        notes.push(format!("The dates of {file} do not tell day from month, so its rows have no time here."));
    }
    notes
}

fn report_files(
    args: &Apply,
    world: &World,
    report: &Report,
    (formats, page): (&[Target], &dyn Fn() -> Outcome<String>),
    outputs: &mut FileSet,
) -> Outcome<()> {
    let layout = Layout { width: world.width, groups: args.groups.unwrap_or(GROUPS), ink: Ink::Off };
    args.report.iter().zip(formats).try_for_each(|(name, format)| {
        let mut text = Vec::new();
        match format {
            // Memory takes everything.
            Target::Text(format) => drop(report::write(report, *format, layout, &mut text)),
            Target::Page => text = page()?.into_bytes(),
        }
        outputs.write(name, &text)
    })
}

fn show(args: &Apply, world: &World, report: &Report) -> Outcome<()> {
    let is_table = args.format == ReportFormat::Table;
    let ink = if is_table { Ink::On } else { Ink::Off };
    let layout = Layout { width: world.width, groups: args.groups.unwrap_or(GROUPS), ink };
    let write = |out: &mut dyn Write| report::write(report, args.format, layout, out);
    // Standard output may carry rows.
    let rows_there = [&args.kept, &args.suppressed].iter().any(|name| name.as_deref() == Some("-"));
    match (rows_there, is_table) {
        (true, true) => drop(write(&mut BufWriter::new(anstream::stderr().lock()))),
        (true, false) => drop(write(&mut BufWriter::new(io::stderr().lock()))),
        (false, true) => return print_styled_by(write),
        (false, false) => return print_by(write),
    }
    Ok(())
}

fn end(args: &Apply, report: &Report, left_out: &[LeftOut<'_>]) -> End {
    let status = |wanted: Status| report.exclusions.iter().any(|exclusion| exclusion.status == wanted);
    let warned = |code: WarningCode| report.warnings.iter().any(|warning| warning.code == code);
    let is = |what: &FailOn| match what {
        FailOn::Kept => report.totals.kept > 0,
        FailOn::Suppressed => report.totals.suppressed > 0,
        FailOn::Undecidable => report.totals.undecidable > 0,
        FailOn::Malformed => report.totals.malformed > 0,
        FailOn::Dead => status(Status::Dead),
        FailOn::Redundant => status(Status::Redundant),
        FailOn::Expired => status(Status::Expired),
        FailOn::Incomplete => {
            use WarningCode::{
                Duplicates, Encoding, HeaderAgain, LookAlike, NoTime, UnknownTable, Unreadable,
            };
            report.warnings.iter().any(|warning| {
                !matches!(
                    warning.code,
                    Duplicates | Encoding | HeaderAgain | LookAlike | NoTime | UnknownTable | Unreadable
                )
            })
        }
        FailOn::Loose => {
            report.exclusions.iter().any(|exclusion| exclusion.scoped_matches < exclusion.matches)
        }
    };
    // What is known to be missing, or to be misread, was not checked.
    let missing = [WarningCode::Partial, WarningCode::CutOff, WarningCode::Broken, WarningCode::OtherHeader]
        .iter()
        .any(|code| warned(*code));
    let nothing = report.totals.read == 0 || report.exclusions.len() == left_out.len();
    if nothing || missing || args.fail_on.iter().any(is) { End::LookAtIt } else { End::Clean }
}
