//! All files of a run through the matcher, into one tally and two outputs.
//!
//! In: opened results. Out: counts, and outputs that wait for their names. What is said about them is the
//! command's.

use super::files::{FileSet, Output};
use super::lists::Loaded;
use super::open::{BYTE_ORDER_MARK, Opened, is_utc};
use super::results::{duplicate_key, missing, missing_columns, rows, schema, wanted};
use super::warnings::warnings;
use super::{Outcome, World, fail};
use crate::cli::Apply;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quell::exclusions::model::Exclusion;
use quell::matcher::Matcher;
use quell::report::{MalformedRow, ResultsFile, Warning};
use quell::results::Format;
use quell::results::encoding::Encoding;
use quell::results::layout::Layout;
use quell::results::time::Dates;
use quell::scan::{ATTRIBUTION, Job, Pace, Repeats, Scanned, Sink, scan, split_line_end};
use quell::schema::Schema;
use quell::tally::Tally;
use std::io;
use std::ops::Range;

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

/// What the files of one output have in common: format, encoding, and what stands before the rows.
type Header = (Format, Encoding, Vec<u8>);

/// What a file does not have in common with those before it.
fn differs((format, encoding, header): &Header, results: &Opened) -> Option<String> {
    if format.word() != results.format.word() {
        return Some(format!("format ({} after {})", results.format.word(), format.word()));
    }
    let what = match () {
        () if *format != results.format => "delimiter or envelope",
        () if *encoding != results.encoding => "encoding",
        () if header_of(header) != header_of(&results.preamble) => "header",
        () => return None,
    };
    Some(what.to_owned())
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
    first: Option<Header>,
    tally: Tally,
    files: Vec<ResultsFile>,
    malformed: Vec<MalformedRow>,
    has: Vec<bool>,
    absent: Vec<String>,
    /// Whether the tally has to tell which exclusions cover which rows.
    pub(super) covers: bool,
    warnings: Vec<Warning>,
    repeats: Repeats,
    unclear: Vec<String>,
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
        let bytes = opened.iter().map(|results| results.size).sum::<Option<u64>>();
        let mut pass = Self {
            args,
            schema,
            applied,
            ids: applied.iter().map(|exclusion| exclusion.id.as_str()).collect(),
            matcher,
            pace: Pace { threads: args.threads.map_or(world.processors, usize::from) },
            sink: Files {
                kept: None,
                suppressed: None,
                #[cfg(feature = "parquet")]
                columns: super::columnar::Writers::default(),
                bar: bar(bytes, world.terminal && !args.quiet),
            },
            first: None,
            tally: Tally::default(),
            files: Vec::new(),
            malformed: Vec::new(),
            has: vec![false; matcher.slots().len()],
            absent: Vec::new(),
            covers: false,
            warnings: Vec::new(),
            repeats: Repeats::new(args.dedupe),
            unclear: Vec::new(),
        };
        for results in opened {
            pass.check(results)?;
        }
        Ok(pass)
    }

    /// Begins the files that the rows go into.
    pub(super) fn write_to(&mut self, outputs: &FileSet, opened: &[Opened]) -> Outcome<()> {
        let encoding = opened.first().map_or(Encoding::Utf8, |results| results.encoding);
        let create =
            |name: &Option<String>| name.as_deref().map(|name| outputs.create(name, encoding)).transpose();
        self.sink.kept = create(&self.args.kept)?;
        self.sink.suppressed = create(&self.args.suppressed)?;
        Ok(())
    }

    /// Looks at the header before any row is read or any output begun.
    fn check(&mut self, results: &Opened) -> Outcome<()> {
        if self.args.kept.is_some() || self.args.suppressed.is_some() {
            if let Some(what) = self.first.as_ref().and_then(|first| differs(first, results)) {
                let message = format!("{} has another {what} than the file before it", results.name);
                let help = "rows of different shapes cannot go into one output; apply to each by itself";
                return fail("mixed-files", message, help);
            }
            self.first = Some((results.format, results.encoding, results.preamble.clone()));
        }
        if !results.format.has_header() {
            return Ok(());
        }
        let (_, layout) = rows(results, wanted(self.matcher.slots(), self.schema))?;
        self.require(results, |slot| layout.columns[slot].is_some())
    }

    /// Every needed column must be there, or its absence allowed and noted.
    fn require(&mut self, results: &Opened, has: impl Fn(usize) -> bool) -> Outcome<()> {
        let missing = missing(self.matcher.slots(), self.applied, has);
        if missing.is_empty() {
            return Ok(());
        }
        if !self.args.input.allow_missing_columns {
            return Err(missing_columns(results, self.schema, &missing));
        }
        for field in missing.iter().map(|missing| missing.slot.name().to_owned()) {
            if !self.absent.contains(&field) {
                self.absent.push(field);
            }
        }
        Ok(())
    }

    pub(super) fn file(&mut self, results: &mut Opened) -> Outcome<()> {
        let (rows, layout) = rows(results, wanted(self.matcher.slots(), self.schema))?;
        // The time stands behind the device.
        let time = layout.columns.get(self.matcher.slots().len() + 1).copied().flatten();
        let order = match results.dates {
            Dates::Local(order) if time.is_some_and(|column| is_utc(&results.names[column])) => Some(order),
            Dates::Unclear => {
                self.unclear.push(results.name.clone());
                None
            }
            _ => None,
        };
        let job = Job {
            matcher: self.matcher,
            ids: &self.ids,
            rows,
            format: results.format,
            kept: self.args.kept.is_some(),
            suppressed: self.args.suppressed.is_some(),
            covers: self.covers,
            order,
            repeats: Some(&self.repeats),
        };
        let scanned = match self.sink.scan(&job, &layout, results, self.pace, self.files.is_empty()) {
            Ok(scanned) => scanned,
            Err(error) => return self.broken(results, &error),
        };
        let readable = scanned.tally.totals.read > scanned.tally.totals.malformed;
        self.count(results, scanned);
        self.check_keys(results, readable)
    }

    fn broken(&self, results: &Opened, error: &io::Error) -> Outcome<()> {
        if let Some(duplicate) = error.get_ref().and_then(|cause| cause.downcast_ref()) {
            return duplicate_key(results, duplicate);
        }
        let help = if self.args.kept.is_some() || self.args.suppressed.is_some() {
            "nothing was written; files that were there before are as they were"
        } else {
            ""
        };
        fail("cannot-finish", format!("while {} was read: {error}", results.name), help)
    }

    fn count(&mut self, results: &Opened, scanned: Scanned) {
        self.files.push(ResultsFile {
            file: results.name.clone(),
            format: results.format.word().to_owned(),
            schema: self.schema.name.clone(),
            rows: scanned.tally.totals.read,
        });
        let bad = scanned.bad_rows.iter().map(|bad| MalformedRow {
            file: results.name.clone(),
            line: bad.line,
            why: bad.fault.to_string(),
        });
        self.malformed.extend(bad);
        self.warnings.extend(warnings(&results.name, &scanned));
        // Each file must have the keys by itself.
        self.has.iter_mut().zip(&scanned.seen).for_each(|(has, seen)| *has = *seen);
        self.tally.merge(scanned.tally);
    }

    /// Among JSON objects a column is absent if its key occurs in no row of a file.
    fn check_keys(&mut self, results: &Opened, readable: bool) -> Outcome<()> {
        if results.format.has_header() || !readable {
            return Ok(());
        }
        let has = self.has.clone();
        self.require(results, |slot| has[slot])
    }

    #[cfg_attr(
        not(feature = "parquet"),
        expect(clippy::unnecessary_wraps, reason = "the end of Parquet may fail")
    )]
    pub(super) fn finish(self) -> Outcome<Passed> {
        self.sink.bar.finish_and_clear();
        let outputs = [self.sink.kept, self.sink.suppressed].into_iter();
        #[cfg(feature = "parquet")]
        let outputs = outputs.chain(self.sink.columns.finish(&self.files)?);
        Ok(Passed {
            tally: self.tally,
            files: self.files,
            malformed: self.malformed,
            written: outputs.flatten().collect(),
            absent: self.absent,
            warnings: self.warnings,
            repeats: self.repeats.found(),
            unclear: self.unclear,
        })
    }
}

impl Passed {
    /// Says what is doubtful about the results, for a command whose report has no place for it.
    pub(super) fn warn(&self) {
        for warning in &self.warnings {
            super::tell(&format!("warning: {}\n", warning.message));
        }
    }
}

/// What is left of a pass: counts, and outputs that have all their rows.
pub(super) struct Passed {
    pub(super) tally: Tally,
    pub(super) files: Vec<ResultsFile>,
    pub(super) malformed: Vec<MalformedRow>,
    pub(super) written: Vec<Output>,
    /// Fields whose columns some file lacks, which was allowed.
    pub(super) absent: Vec<String>,
    pub(super) warnings: Vec<Warning>,
    /// Rows that repeat an earlier one, and whether later rows were not looked at.
    pub(super) repeats: (u64, bool),
    /// Files whose dates do not tell day from month.
    pub(super) unclear: Vec<String>,
}

/// The header without what may differ between files.
fn header_of(preamble: &[u8]) -> &[u8] {
    let header = split_line_end(preamble).0;
    header.strip_prefix(BYTE_ORDER_MARK).unwrap_or(header)
}

struct Files {
    kept: Option<Output>,
    suppressed: Option<Output>,
    #[cfg(feature = "parquet")]
    columns: super::columnar::Writers,
    bar: ProgressBar,
}

impl Files {
    /// Reads a file and writes its rows.
    fn scan(
        &mut self,
        job: &Job<'_>,
        #[cfg_attr(not(feature = "parquet"), expect(unused_variables, reason = "text has its own readers"))]
        layout: &Layout,
        results: &mut Opened,
        pace: Pace,
        first: bool,
    ) -> io::Result<Scanned> {
        #[cfg(feature = "parquet")]
        if let Some(columns) = &mut results.columns {
            return self.columns.scan(job, layout, columns, [&mut self.kept, &mut self.suppressed]);
        }
        self.begin(results, first)?;
        scan(job, &mut results.chunker, results.line, pace, self)
    }

    /// Writes the header, once, or ends the last line of the file before.
    fn begin(&mut self, results: &Opened, first: bool) -> io::Result<()> {
        if !first {
            let outputs = [&mut self.kept, &mut self.suppressed].into_iter().flatten();
            return outputs.map(Output::end_line).try_for_each(|ended| ended);
        }
        if let Some(kept) = &mut self.kept {
            kept.write(&results.preamble)?;
        }
        let Some(suppressed) = &mut self.suppressed else { return Ok(()) };
        let Format::Csv { delimiter } = results.format else { return suppressed.write(&results.preamble) };
        let (header, end) = split_line_end(&results.preamble);
        let added = [&[delimiter], ATTRIBUTION.as_bytes()].concat();
        [header, &added, end].into_iter().try_for_each(|part| suppressed.write(part))
    }
}

impl Sink for Files {
    fn kept(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.kept.as_mut().map_or(Ok(()), |output| output.write(bytes))
    }

    fn kept_runs(&mut self, text: &[u8], runs: &[Range<usize>]) -> io::Result<()> {
        self.kept.as_mut().map_or(Ok(()), |output| output.write_runs(text, runs))
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
