//! `quell apply`: the main job.

use super::lists::{in_force, loaded, rule, today};
use super::output::{Finished, Output, whole_file};
use super::results::{Opened, cannot_read, missing, missing_columns, open, rows, schema, wanted};
use super::{End, Outcome, World, fail, impact, print};
use crate::cli::{Apply, FailOn};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quell::exclusions::model::Exclusion;
use quell::matcher::Matcher;
use quell::report::build::{LeftOut, Run, build};
use quell::report::{Layout, MalformedRow, Report, ReportFormat, ResultsFile, Status, render};
use quell::results::Format;
use quell::scan::{ATTRIBUTION, Job, Pace, Scanned, Sink, scan, split_line_end};
use quell::schema::Schema;
use quell::tally::Tally;
use std::io;
use std::path::Path;

/// Row counts at which portals and APIs cut off.
const CAPS: [u64; 4] = [10_000, 30_000, 100_000, 500_000];

/// Applies exclusions to results.
pub(crate) fn run(args: &Apply, world: &World) -> Outcome {
    let formats = report_formats(args)?;
    if let Some(result) = &args.from_impact {
        return from_impact(args, world, result, &formats);
    }
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let today = today(&args.scope, world);
    let mut opened =
        args.results.iter().map(|name| open(name, &args.input)).collect::<Outcome<Vec<Opened>>>()?;
    let schema = one_schema(&opened, &lists)?;
    let (applied, left_out) = in_force(&lists.exclusions, rule.as_ref(), today, &schema.name);
    let matcher = match Matcher::new(&applied, &schema.name) {
        Ok(matcher) => matcher,
        Err(cause) => return fail("too-many-fields", cause, "split the lists"),
    };
    let mut pass = Pass::new(args, world, schema, &applied, &matcher, &opened)?;
    for results in &mut opened {
        pass.file(results)?;
    }
    let Passed { tally, files, malformed, mut outputs } = pass.finish()?;
    let notes = notes(&tally, &files, applied.len(), &lists.exclusions);
    let report = build(Run {
        tally,
        slots: matcher.slots(),
        applied: &applied,
        left_out: &left_out,
        results: files,
        rule: rule.as_ref(),
        today,
        malformed,
        notes,
    });
    outputs.extend(report_files(args, world, &report, &formats)?);
    if args.strict && report.totals.malformed > 0 {
        show(args, world, &report)?;
        let rows = report.totals.malformed;
        let message = format!("{rows} rows could not be read, and --strict was given; no file was written");
        return fail("malformed", message, "the report names them by line");
    }
    outputs.into_iter().try_for_each(Finished::commit)?;
    show(args, world, &report)?;
    Ok(end(args, &report, &left_out))
}

/// Reports what the server counted.
fn from_impact(args: &Apply, world: &World, result: &Path, formats: &[ReportFormat]) -> Outcome {
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let report = impact::report(result, &lists, rule.as_ref(), today(&args.scope, world))?;
    let outputs = report_files(args, world, &report, formats)?;
    outputs.into_iter().try_for_each(Finished::commit)?;
    show(args, world, &report)?;
    Ok(end(args, &report, &[]))
}

fn report_formats(args: &Apply) -> Outcome<Vec<ReportFormat>> {
    let outputs: Vec<&String> = args.kept.iter().chain(&args.suppressed).chain(&args.report).collect();
    for (place, name) in outputs.iter().enumerate() {
        if outputs[..place].contains(name) {
            return fail(
                "same-file",
                format!("{name} is asked for twice"),
                "give each output a file of its own",
            );
        }
    }
    let format = |name: &String| match ReportFormat::of_file(name) {
        Some(format) => Ok(format),
        None => fail(
            "unknown-format",
            format!("{name}: a report's format is known by the end of its name"),
            "end it in .json, .md, .csv or .txt",
        ),
    };
    args.report.iter().map(format).collect()
}

fn one_schema<'s>(opened: &[Opened], lists: &'s super::lists::Loaded) -> Outcome<&'s Schema> {
    let mut chosen: Option<&Schema> = None;
    for results in opened {
        let schema = schema(results, &lists.schemas, lists.named.as_deref())?;
        if let Some(first) = chosen.filter(|first| first.name != schema.name) {
            let message = format!(
                "{} has the columns of {}, and {} those of {}",
                opened[0].name, first.name, results.name, schema.name
            );
            return fail("mixed-schemas", message, "apply to each kind of results by itself");
        }
        chosen = Some(schema);
    }
    match chosen {
        Some(schema) => Ok(schema),
        None => fail("no-results", "no results were given", ""),
    }
}

/// All files of a run on their way into one tally and two outputs.
struct Pass<'p> {
    args: &'p Apply,
    schema: &'p Schema,
    applied: &'p [&'p Exclusion],
    ids: Vec<&'p str>,
    matcher: &'p Matcher,
    pace: Pace,
    sink: Files,
    first: Option<(Format, Vec<u8>)>,
    tally: Tally,
    files: Vec<ResultsFile>,
    malformed: Vec<MalformedRow>,
    has: Vec<bool>,
}

impl<'p> Pass<'p> {
    fn new(
        args: &'p Apply,
        world: &World,
        schema: &'p Schema,
        applied: &'p [&'p Exclusion],
        matcher: &'p Matcher,
        opened: &[Opened],
    ) -> Outcome<Self> {
        let create = |name: &Option<String>| name.as_deref().map(Output::create).transpose();
        let bytes = opened.iter().map(|results| results.size).sum::<Option<u64>>();
        let mut pass = Self {
            args,
            schema,
            applied,
            ids: applied.iter().map(|exclusion| exclusion.id.as_str()).collect(),
            matcher,
            pace: Pace { threads: args.threads.map_or(world.processors, usize::from) },
            sink: Files { kept: None, suppressed: None, bar: bar(bytes, world.terminal && !args.quiet) },
            first: None,
            tally: Tally::default(),
            files: Vec::new(),
            malformed: Vec::new(),
            has: vec![false; matcher.slots().len()],
        };
        for results in opened {
            pass.check(results)?;
        }
        pass.sink.kept = create(&args.kept)?;
        pass.sink.suppressed = create(&args.suppressed)?;
        Ok(pass)
    }

    /// Looks at the header before any row is read or any output begun.
    fn check(&mut self, results: &Opened) -> Outcome<()> {
        if self.args.kept.is_some() || self.args.suppressed.is_some() {
            let same = self.first.as_ref().is_none_or(|(format, header)| {
                *format == results.format && split_line_end(header).0 == split_line_end(&results.preamble).0
            });
            if !same {
                return fail(
                    "mixed-files",
                    format!("{} has another format or header than the file before it", results.name),
                    "rows of different shapes cannot go into one output; apply to each by itself",
                );
            }
            self.first = Some((results.format, results.preamble.clone()));
        }
        if results.format == Format::JsonLines || self.args.input.allow_missing_columns {
            return Ok(());
        }
        let (_, layout) = rows(results, wanted(self.matcher.slots(), self.schema));
        let missing = missing(self.matcher.slots(), self.applied, |slot| layout.columns[slot].is_some());
        if missing.is_empty() { Ok(()) } else { Err(missing_columns(results, self.schema, &missing)) }
    }

    fn file(&mut self, results: &mut Opened) -> Outcome<()> {
        let (rows, _) = rows(results, wanted(self.matcher.slots(), self.schema));
        let job = Job {
            matcher: self.matcher,
            ids: &self.ids,
            rows,
            format: results.format,
            kept: self.args.kept.is_some(),
            suppressed: self.args.suppressed.is_some(),
        };
        let begun = self.sink.begin(results, self.files.is_empty());
        let scanned =
            begun.and_then(|()| scan(&job, &mut results.chunker, results.line, self.pace, &mut self.sink));
        match scanned {
            Ok(scanned) => self.count(results, scanned),
            Err(error) => return self.broken(results, &error),
        }
        self.check_keys(results)
    }

    fn broken(&self, results: &Opened, error: &io::Error) -> Outcome<()> {
        let help = if self.args.kept.is_some() || self.args.suppressed.is_some() {
            "nothing was written; files that were there before are as they were"
        } else {
            ""
        };
        match cannot_read::<()>(&results.name, error) {
            Err(diagnostics) => {
                Err(diagnostics.into_iter().map(|d| if help.is_empty() { d } else { d.help(help) }).collect())
            }
            Ok(()) => Ok(()),
        }
    }

    fn count(&mut self, results: &Opened, scanned: Scanned) {
        self.files.push(ResultsFile {
            file: results.name.clone(),
            format: match results.format {
                Format::Csv { .. } => "csv".to_owned(),
                Format::JsonLines => "jsonl".to_owned(),
            },
            schema: self.schema.name.clone(),
            rows: scanned.tally.totals.read,
        });
        let bad = scanned.bad_rows.iter().map(|bad| MalformedRow {
            file: results.name.clone(),
            line: bad.line,
            why: bad.fault.to_string(),
        });
        self.malformed.extend(bad);
        self.has.iter_mut().zip(&scanned.seen).for_each(|(all, one)| *all |= one);
        self.tally.merge(scanned.tally);
    }

    /// In JSON Lines a column is absent if its key occurs in no row of a file.
    fn check_keys(&self, results: &Opened) -> Outcome<()> {
        let totals = &self.tally.totals;
        let readable = totals.read > totals.malformed;
        if results.format != Format::JsonLines || self.args.input.allow_missing_columns || !readable {
            return Ok(());
        }
        let missing = missing(self.matcher.slots(), self.applied, |slot| self.has[slot]);
        if missing.is_empty() { Ok(()) } else { Err(missing_columns(results, self.schema, &missing)) }
    }

    fn finish(self) -> Outcome<Passed> {
        self.sink.bar.finish_and_clear();
        let outputs = [self.sink.kept, self.sink.suppressed].into_iter().flatten();
        let finished = outputs.map(Output::finish).collect::<Outcome<Vec<_>>>()?;
        Ok(Passed { tally: self.tally, files: self.files, malformed: self.malformed, outputs: finished })
    }
}

/// What is left of a pass: counts, and outputs that wait for their names.
struct Passed {
    tally: Tally,
    files: Vec<ResultsFile>,
    malformed: Vec<MalformedRow>,
    outputs: Vec<Finished>,
}

struct Files {
    kept: Option<Output>,
    suppressed: Option<Output>,
    bar: ProgressBar,
}

impl Files {
    /// Writes the header, once, or ends the last line of the file before.
    fn begin(&mut self, results: &Opened, first: bool) -> io::Result<()> {
        if !first {
            let outputs = [&mut self.kept, &mut self.suppressed].into_iter().flatten();
            return outputs.map(Output::end_line).try_for_each(|ended| ended);
        }
        if let Some(kept) = &mut self.kept {
            kept.write(&results.preamble)?;
        }
        if let (Some(suppressed), Format::Csv { delimiter }) = (&mut self.suppressed, results.format) {
            let (header, end) = split_line_end(&results.preamble);
            let added = [&[delimiter], ATTRIBUTION.as_bytes()].concat();
            return [header, &added, end].into_iter().try_for_each(|part| suppressed.write(part));
        }
        Ok(())
    }
}

impl Sink for Files {
    fn kept(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.kept.as_mut().map_or(Ok(()), |output| output.write(bytes))
    }

    fn suppressed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.suppressed.as_mut().map_or(Ok(()), |output| output.write(bytes))
    }

    fn progress(&mut self, bytes: usize) -> io::Result<()> {
        self.bar.inc(bytes as u64);
        Ok(())
    }
}

fn bar(bytes: Option<u64>, shown: bool) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let style = match bytes {
        Some(_) => "{bytes} of {total_bytes} [{wide_bar}] {bytes_per_sec}, {eta}",
        None => "{bytes} read, {bytes_per_sec}",
    };
    let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

fn notes(tally: &Tally, files: &[ResultsFile], applied: usize, all: &[Exclusion]) -> Vec<String> {
    let mut notes = Vec::new();
    if tally.totals.read == 0 {
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
    for file in files.iter().filter(|file| CAPS.contains(&file.rows)) {
        notes.push(format!(
            "{} has exactly {} rows, which is where a portal or an API cuts off: it is probably incomplete.",
            file.file, file.rows
        ));
    }
    notes
}

fn report_files(
    args: &Apply,
    world: &World,
    report: &Report,
    formats: &[ReportFormat],
) -> Outcome<Vec<Finished>> {
    let layout = Layout { width: world.width, groups: args.groups };
    let files = args.report.iter().zip(formats);
    files.map(|(name, format)| whole_file(name, &render(report, *format, layout))).collect()
}

fn show(args: &Apply, world: &World, report: &Report) -> Outcome<()> {
    let text = render(report, args.format, Layout { width: world.width, groups: args.groups });
    if args.kept.as_deref() == Some("-") || args.suppressed.as_deref() == Some("-") {
        // Standard output carries rows.
        eprint!("{text}");
        return Ok(());
    }
    print(&text)
}

fn end(args: &Apply, report: &Report, left_out: &[LeftOut<'_>]) -> End {
    let status = |wanted: Status| report.exclusions.iter().any(|exclusion| exclusion.status == wanted);
    let is = |what: &FailOn| match what {
        FailOn::Kept => report.totals.kept > 0,
        FailOn::Suppressed => report.totals.suppressed > 0,
        FailOn::Undecidable => report.totals.undecidable > 0,
        FailOn::Malformed => report.totals.malformed > 0,
        FailOn::Dead => status(Status::Dead),
        FailOn::Redundant => status(Status::Redundant),
        FailOn::Expired => status(Status::Expired),
        FailOn::Loose => {
            report.exclusions.iter().any(|exclusion| exclusion.scoped_matches < exclusion.matches)
        }
    };
    let nothing = report.totals.read == 0 || report.exclusions.len() == left_out.len();
    if nothing || args.fail_on.iter().any(is) { End::LookAtIt } else { End::Clean }
}
