//! `quell apply`: the main job.

use super::files::FileSet;
use super::lists::{in_force, loaded, rule, today};
use super::open::open_all;
use super::page::{self, Knowledge};
use super::pass::{Pass, Passed, one_schema};
use super::query::with_query;
use super::warnings::duplicates;
use super::{End, Outcome, World, fail, impact, print_by};
use crate::cli::{Apply, FailOn};
use quell::exclusions::model::Exclusion;
use quell::matcher::Matcher;
use quell::report::build::{LeftOut, Run, build};
use quell::report::{self, Layout, Report, ReportFormat, Status, WarningCode};
use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::path::Path;

/// Applies exclusions to results.
pub(crate) fn run(args: &Apply, world: &World) -> Outcome {
    let formats = report_formats(args)?;
    if let Some(result) = &args.from_impact {
        return from_impact(args, world, result, &formats);
    }
    // The process ends with this command: to give back a hundred thousand exclusions one by one would take as long as
    // to judge a hundred thousand rows.
    let mut lists = ManuallyDrop::new(loaded(&args.lists)?);
    // Nobody asks for places in them any more.
    lists.texts = Vec::new();
    let rule = rule(&args.scope)?;
    let today = today(&args.scope, world);
    let mut opened = open_all(&args.results, &args.input)?;
    let schema = one_schema(&opened, &lists)?;
    let (applied, left_out) = in_force(&lists.exclusions, rule.as_ref(), today, &schema.name);
    let matcher = match Matcher::new(&applied, &schema.name) {
        Ok(matcher) => matcher,
        Err(cause) => return fail("too-many-fields", cause, "split the lists"),
    };
    let mut outputs = outputs(args)?;
    let told = |found| with_query(found, rule.as_ref(), &applied, schema);
    let mut pass = Pass::new(args, world, schema, &applied, &matcher, &opened).map_err(told)?;
    pass.write_to(&outputs, &opened)?;
    for results in &mut opened {
        pass.file(results).map_err(told)?;
    }
    let mut passed = pass.finish()?;
    let notes = notes(&passed, applied.len(), &lists.exclusions);
    passed.warnings.extend(duplicates(passed.repeats, args.dedupe));
    let Passed { tally, files, malformed, written, warnings, .. } = passed;
    // Where a list is long, the report takes the room of what has compiled it.
    let slots = matcher.slots().to_vec();
    let matcher = formats.contains(&Target::Page).then_some(matcher);
    let report = ManuallyDrop::new(build(Run {
        tally,
        slots: &slots,
        applied: &applied,
        left_out: &left_out,
        results: files,
        rule: rule.as_ref(),
        today,
        malformed,
        warnings,
        notes,
    }));
    written.into_iter().try_for_each(|output| outputs.add(output))?;
    let (lists, applied, left_out) = (&lists, &applied, &left_out);
    let run = Knowledge {
        args,
        lists,
        schema,
        applied,
        left_out,
        matcher: matcher.as_ref(),
        report: &report,
        today,
    };
    let page = || page::made(&run);
    report_files(args, world, &report, (&formats, &page), &mut outputs)?;
    if args.strict && report.totals.malformed > 0 {
        show(args, world, &report)?;
        return Ok(End::Unreadable(report.totals.malformed));
    }
    outputs.put(|| show(args, world, &report))?;
    Ok(end(args, &report, left_out))
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

fn notes(passed: &Passed, applied: usize, all: &[Exclusion]) -> Vec<String> {
    let mut notes = Vec::new();
    if passed.tally.totals.read == 0 {
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
    if !passed.absent.is_empty() {
        let fields = passed.absent.join(", ");
        notes.push(format!(
            "No column holds {fields}: what hangs on it is undecidable (--allow-missing-columns)."
        ));
    }
    for file in &passed.unclear {
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
    let layout = Layout { width: world.width, groups: args.groups };
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
    let layout = Layout { width: world.width, groups: args.groups };
    let write = |out: &mut dyn Write| report::write(report, args.format, layout, out);
    if args.kept.as_deref() == Some("-") || args.suppressed.as_deref() == Some("-") {
        // Standard output carries rows.
        let _ = write(&mut BufWriter::new(io::stderr().lock()));
        return Ok(());
    }
    print_by(write)
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
        FailOn::Incomplete => report.warnings.iter().any(|warning| warning.code != WarningCode::Duplicates),
        FailOn::Loose => {
            report.exclusions.iter().any(|exclusion| exclusion.scoped_matches < exclusion.matches)
        }
    };
    // What is known to be missing was not checked.
    let missing =
        [WarningCode::Partial, WarningCode::CutOff, WarningCode::Broken].iter().any(|code| warned(*code));
    let nothing = report.totals.read == 0 || report.exclusions.len() == left_out.len();
    if nothing || missing || args.fail_on.iter().any(is) { End::LookAtIt } else { End::Clean }
}
