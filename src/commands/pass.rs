//! All files of a run through the matcher, into one tally and two outputs.
//!
//! In: opened results. Out: counts, and outputs that wait for their names. What is said about them is the
//! command's.

use super::lists::Loaded;
use super::output::{Finished, Output};
use super::results::{Opened, cannot_read, missing, missing_columns, open, rows, schema, wanted};
use super::{Outcome, World, fail};
use crate::cli::{Apply, Input};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quell::exclusions::model::Exclusion;
use quell::matcher::Matcher;
use quell::report::{MalformedRow, ResultsFile};
use quell::results::Format;
use quell::scan::{ATTRIBUTION, Job, Pace, Scanned, Sink, scan, split_line_end};
use quell::schema::Schema;
use quell::tally::Tally;
use std::io;

/// Applies exclusions and only counts: those that were applied, for the schema of the results, and the counts
/// by their places.
pub(super) fn counted<'e>(
    results: &[String],
    input: &Input,
    world: &World,
    lists: &'e Loaded,
    applied: impl FnOnce(&str) -> Vec<&'e Exclusion>,
) -> Outcome<(Vec<&'e Exclusion>, Tally)> {
    let mut opened = results.iter().map(|name| open(name, input)).collect::<Outcome<Vec<Opened>>>()?;
    let schema = one_schema(&opened, lists)?;
    let applied = applied(&schema.name);
    let matcher = match Matcher::new(&applied, &schema.name) {
        Ok(matcher) => matcher,
        Err(cause) => return fail("too-many-fields", cause, "split the lists"),
    };
    let args = Apply::counting(input.clone());
    let mut pass = Pass::new(&args, world, schema, &applied, &matcher, &opened)?;
    for results in &mut opened {
        pass.file(results)?;
    }
    let tally = pass.finish()?.tally;
    Ok((applied, tally))
}

/// The schema of all the results.
pub(super) fn one_schema<'s>(opened: &[Opened], lists: &'s Loaded) -> Outcome<&'s Schema> {
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
pub(super) struct Pass<'p> {
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
    pub(super) fn new(
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

    pub(super) fn file(&mut self, results: &mut Opened) -> Outcome<()> {
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

    pub(super) fn finish(self) -> Outcome<Passed> {
        self.sink.bar.finish_and_clear();
        let outputs = [self.sink.kept, self.sink.suppressed].into_iter().flatten();
        let finished = outputs.map(Output::finish).collect::<Outcome<Vec<_>>>()?;
        Ok(Passed { tally: self.tally, files: self.files, malformed: self.malformed, outputs: finished })
    }
}

/// What is left of a pass: counts, and outputs that wait for their names.
pub(super) struct Passed {
    pub(super) tally: Tally,
    pub(super) files: Vec<ResultsFile>,
    pub(super) malformed: Vec<MalformedRow>,
    pub(super) outputs: Vec<Finished>,
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
