//! The main job: results through exclusions.
//!
//! In: results that are open, the exclusions that apply, a sink. Out: the rows go to the sink, and a [`Run`] says what each
//! exclusion did and what is left. It opens no files and prints nothing.
//!
//! [`columns`] finds what the exclusions look at, [`in_force`] says which exclusions apply, [`warnings`] what may be missing
//! from the results, and [`each_row`] serves those who look at single rows.

pub mod columns;
pub mod each_row;
pub mod in_force;
pub mod outcome;
mod warnings;

use crate::count::tally::Tally;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::exclusions::model::{Exclusion, FieldRef};
use crate::input::Input;
use crate::input::time::{Dates, Order};
use crate::judge::cache::VerdictCache;
use crate::judge::{Matcher, row};
use crate::output::job::Judged;
use crate::output::repeats::Repeats;
use crate::output::writer::{FileCounts, Writer};
use crate::output::{self, Job, OutputShape, Sink};
use crate::parallel;
use crate::schema::{Schema, column_name};
use columns::{duplicate_key, missing, missing_columns, reader};
use outcome::{MalformedRow, ResultsFile, Warning};
use std::io;

/// What is applied, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Options<'a> {
    /// How the columns of the results are named.
    pub schema: &'a Schema,
    /// The exclusions that apply.
    pub exclusions: &'a [&'a Exclusion],
    /// Whether the sink wants kept rows.
    pub kept: bool,
    /// Whether the sink wants suppressed rows.
    pub suppressed: bool,
    /// Whether the tally has to tell which exclusions cover which rows.
    pub coverage: bool,
    /// Whether rows whose fields have no column are kept as undecidable, where it would be an error otherwise.
    pub allow_missing_columns: bool,
    /// Whether rows that are the same to the last byte as an earlier one go nowhere.
    pub drop_repeats: bool,
    /// Threads that read, judge and write; at least one.
    pub threads: usize,
}

impl<'a> Options<'a> {
    /// All rows to the sink, on one thread.
    pub fn new(schema: &'a Schema, exclusions: &'a [&'a Exclusion]) -> Self {
        Self {
            schema,
            exclusions,
            kept: true,
            suppressed: true,
            coverage: false,
            allow_missing_columns: false,
            drop_repeats: false,
            threads: 1,
        }
    }
}

/// What became of some results.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Run {
    /// The counts, by the places of the exclusions.
    pub tally: Tally,
    /// The fields that were looked at.
    pub slots: Vec<FieldRef>,
    /// The files, in order.
    pub files: Vec<ResultsFile>,
    /// The first rows that could not be read.
    pub malformed: Vec<MalformedRow>,
    /// Fields whose columns some file lacks, which was allowed.
    pub absent: Vec<String>,
    /// What is or may be missing from the results.
    pub warnings: Vec<Warning>,
    /// Files whose dates do not tell day from month.
    pub unclear_dates: Vec<String>,
}

/// Applies exclusions to results.
///
/// Everything that can be known before a row is read is checked before the sink gets a byte.
pub fn apply(
    options: &Options<'_>,
    inputs: &mut [Input],
    sink: &mut (dyn Sink + Send),
) -> Result<Run, Diagnostics> {
    let matcher = Matcher::new(options.exclusions, &options.schema.name)?;
    let ids: Vec<&str> = options.exclusions.iter().map(|exclusion| exclusion.id.as_str()).collect();
    let repeats = Repeats::new(options.drop_repeats);
    let mut run = Run { slots: matcher.slots().to_vec(), ..Run::default() };
    run.check(options, inputs)?;
    for input in inputs {
        let job = run.job(options, input, &matcher, &ids, &repeats)?;
        let counts = apply_to_file(&job, input, options.threads, run.files.is_empty(), sink);
        run.add(options, input, counts)?;
    }
    run.warnings.extend(warnings::duplicates(repeats.found(), options.drop_repeats));
    Ok(run)
}

/// Reads, judges, counts and writes the rows of one file. On several threads [`parallel`] does the same.
fn apply_to_file(
    job: &Job<'_>,
    input: &mut Input,
    threads: usize,
    first: bool,
    sink: &mut (dyn Sink + Send),
) -> io::Result<FileCounts> {
    #[cfg(feature = "parquet")]
    if let Some(columns) = &mut input.columns {
        return output::parquet::apply(job, columns, first, sink);
    }
    if first {
        output::begin(input, sink)?;
    } else {
        sink.end_line()?;
    }
    // Which of two rows is the repeat depends on their order.
    let threads = if job.repeats.is_some_and(Repeats::drops) { 1 } else { threads.max(1) };
    let mut writer = Writer::new(job, input.line, threads, sink);
    if threads > 1 {
        parallel::run(job, &mut input.chunks, threads, &mut writer)?;
        return Ok(writer.finish(&input.chunks));
    }
    let mut cache = VerdictCache::new(job.matcher, job.coverage);
    while let Some(chunk) = input.chunks.next_chunk()? {
        match job.judge(&chunk, &mut cache) {
            Judged::Rows(rows) => {
                writer.count(0, cache.take_batch());
                writer.write(&chunk, rows)?;
                input.chunks.reuse(chunk.bytes);
            }
            Judged::Irregular => {
                writer.count(0, cache.take_batch().without_rows());
                input.chunks.read_carefully(chunk);
            }
        }
    }
    Ok(writer.finish(&input.chunks))
}

impl Run {
    /// The names of the fields that were looked at.
    pub fn slot_names(&self) -> Vec<String> {
        self.slots.iter().map(|slot| slot.name().to_owned()).collect()
    }

    /// Looks at the headers before any row is read.
    fn check(&mut self, options: &Options<'_>, inputs: &[Input]) -> Result<(), Diagnostics> {
        let mut before: Option<OutputShape> = None;
        for input in inputs {
            if options.kept || options.suppressed {
                let shape = OutputShape::of(input);
                if let Some(what) = before.as_ref().and_then(|before| before.differs(&shape)) {
                    let message = format!("{} has another {what} than the file before it", input.name);
                    let help = "rows of different shapes cannot go into one output; apply to each by itself";
                    return Err(Diagnostic::error("mixed-files", message).help(help).into());
                }
                before = Some(shape);
            }
            if input.format.has_header() {
                let (_, projection) = reader(input, row::wanted(&self.slots, options.schema))?;
                self.require(options, input, |slot| projection.columns[slot].is_some())?;
            }
        }
        Ok(())
    }

    /// Every needed column must be there, or its absence allowed and noted.
    fn require(
        &mut self,
        options: &Options<'_>,
        input: &Input,
        has: impl Fn(usize) -> bool,
    ) -> Result<(), Diagnostics> {
        let missing = missing(&self.slots, options.exclusions, has);
        if !missing.is_empty() && !options.allow_missing_columns {
            return Err(missing_columns(input, options.schema, &missing));
        }
        for field in missing.iter().map(|missing| missing.slot.name().to_owned()) {
            if !self.absent.contains(&field) {
                self.absent.push(field);
            }
        }
        Ok(())
    }

    /// What is to be done with the rows of a file.
    fn job<'m>(
        &mut self,
        options: &Options<'_>,
        input: &Input,
        matcher: &'m Matcher,
        ids: &'m [&'m str],
        repeats: &'m Repeats,
    ) -> Result<Job<'m>, Diagnostics> {
        let (rows, projection) = reader(input, row::wanted(matcher.slots(), options.schema))?;
        let time = projection.columns.get(row::time_of(matcher.slots().len())).copied().flatten();
        Ok(Job {
            matcher,
            ids,
            rows,
            format: input.format,
            kept: options.kept,
            suppressed: options.suppressed,
            coverage: options.coverage,
            order: self.order(input, time),
            repeats: Some(repeats),
        })
    }

    /// How the times of a file are written that are not ISO 8601, if that is known.
    fn order(&mut self, input: &Input, time: Option<usize>) -> Option<Order> {
        match input.dates {
            Dates::Local(order) if time.is_some_and(|column| crate::input::is_utc(&input.names[column])) => {
                Some(order)
            }
            Dates::Unclear => {
                self.unclear_dates.push(input.name.clone());
                None
            }
            _ => None,
        }
    }

    /// Takes the counts of a file, or says why it could not be finished.
    fn add(
        &mut self,
        options: &Options<'_>,
        input: &Input,
        counts: io::Result<FileCounts>,
    ) -> Result<(), Diagnostics> {
        let counts = counts.map_err(|error| broken(options, input, &error))?;
        let totals = counts.tally.totals;
        self.files.push(ResultsFile {
            file: input.name.clone(),
            format: input.format.word().to_owned(),
            schema: options.schema.name.clone(),
            rows: totals.read,
        });
        self.malformed.extend(counts.unreadable.iter().map(|row| MalformedRow {
            file: input.name.clone(),
            line: row.line,
            why: row.fault.to_string(),
        }));
        self.warnings.extend(warnings::warnings(&input.name, &counts));
        let has_time = |name: &String| options.schema.time.iter().any(|time| time == column_name(name));
        if counts.tally.span.is_none() && !self.unclear_dates.contains(&input.name) {
            let time = input.names.iter().find(|name| has_time(name));
            self.warnings.extend(time.and_then(|column| warnings::no_time(&input.name, column, totals)));
        }
        // Among JSON objects a column is absent if its key occurs in no row of the file.
        if !input.format.has_header() && totals.read > totals.malformed {
            self.require(options, input, |slot| counts.seen.get(slot).copied().unwrap_or(false))?;
        }
        self.tally.merge(counts.tally);
        Ok(())
    }
}

fn broken(options: &Options<'_>, input: &Input, error: &io::Error) -> Diagnostics {
    if let Some(duplicate) = error.get_ref().and_then(|cause| cause.downcast_ref()) {
        return duplicate_key(input, duplicate);
    }
    let found = Diagnostic::error("cannot-finish", format!("while {} was read: {error}", input.name));
    let writes = options.kept || options.suppressed;
    let help = "nothing was written; files that were there before are as they were";
    if writes { found.help(help).into() } else { found.into() }
}
