//! The main job: applies exclusions to results.
//!
//! In: open results, the exclusions that apply, a sink. Out: the rows go to the sink, and a [`Run`] says what each exclusion
//! did and what is left. It opens no files and prints nothing.
//!
//! [`recognised`] says which table results are of, [`columns`] finds what the exclusions look at, [`in_force`] says which exclusions apply, `warnings` what may be missing
//! from the results, and [`each_row`] serves those who look at single rows.

pub mod columns;
pub mod each_row;
pub mod in_force;
pub mod outcome;
pub mod recognised;
pub mod tables;
mod warnings;

use crate::count::tally::Tally;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::exclusions::model::{Exclusion, FieldRef};
use crate::input::time::{DateOrder, Dates};
use crate::input::{BYTE_ORDER_MARK, Format, Input};
use crate::judge::row_tables::RowTables;
use crate::judge::worker::Worker;
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

/// Which exclusions are applied, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Options<'a> {
    /// How the columns of the results are named.
    pub schema: &'a Schema,
    /// The tables that rows may be of, if a column says which; a row of another one is kept.
    pub tables: Option<&'a RowTables<'a>>,
    /// The exclusions that apply.
    pub exclusions: &'a [&'a Exclusion],
    /// Whether the sink wants kept rows.
    pub kept: bool,
    /// Whether the sink wants suppressed rows.
    pub suppressed: bool,
    /// Whether the tally records which exclusions cover which rows.
    pub coverage: bool,
    /// Whether rows are kept as undecidable if a column that an exclusion needs is absent. Otherwise that is an error.
    pub allow_missing_columns: bool,
    /// Whether rows that are equal to an earlier one in every byte are dropped.
    pub drop_repeats: bool,
    /// How many threads read, judge, count and write; at least one.
    pub threads: usize,
}

impl<'a> Options<'a> {
    /// Options that send all rows to the sink, on one thread.
    pub fn new(schema: &'a Schema, exclusions: &'a [&'a Exclusion]) -> Self {
        Self {
            schema,
            tables: None,
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

/// What a run did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Run {
    /// The counts. An exclusion is known by its place in [`Options::exclusions`].
    pub tally: Tally,
    /// The fields that the exclusions need.
    pub slots: Vec<FieldRef>,
    /// The files, in order.
    pub files: Vec<ResultsFile>,
    /// The first rows that could not be read.
    pub malformed: Vec<MalformedRow>,
    /// Fields for which some file has no column. That was allowed.
    pub absent: Vec<String>,
    /// Why the results may not be exactly what the hunt found.
    pub warnings: Vec<Warning>,
    /// Files whose dates do not show whether the day or the month stands first.
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
    let matcher = tables::matcher(options.exclusions, options.schema, options.tables, inputs)?;
    let ids: Vec<&str> = options.exclusions.iter().map(|exclusion| exclusion.id.as_str()).collect();
    let repeats = Repeats::new(options.drop_repeats);
    let mut run = Run { slots: matcher.slots().to_vec(), ..Run::default() };
    run.check_headers(options, inputs)?;
    for input in inputs {
        let job = run.job(options, input, &matcher, &ids, &repeats)?;
        let counts = apply_to_file(&job, input, options.threads, run.files.is_empty(), sink);
        run.add_file(options, input, counts)?;
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
    // The later of two equal rows is dropped, so rows have to be judged in order.
    let threads = if job.repeats.drops() { 1 } else { threads.max(1) };
    let mut writer = Writer::new(job, input.line, threads, sink);
    if threads > 1 {
        parallel::run(job, &mut input.chunks, threads, &mut writer)?;
        return Ok(writer.finish(&input.chunks));
    }
    let mut worker = Worker::new(job.matcher, job.coverage);
    while let Some(chunk) = input.chunks.next_chunk()? {
        match job.judge_chunk(&chunk, &mut worker) {
            Judged::Rows(judged) => {
                writer.add_counts(0, worker.take_batch());
                writer.write(&chunk, judged)?;
                input.chunks.reuse(chunk.bytes);
            }
            Judged::Irregular => {
                writer.add_counts(0, worker.take_batch().without_rows());
                input.chunks.put_back_irregular(chunk);
            }
        }
    }
    Ok(writer.finish(&input.chunks))
}

impl Run {
    /// The names of the fields that the exclusions need.
    pub fn slot_names(&self) -> Vec<String> {
        self.slots.iter().map(|slot| slot.name().to_owned()).collect()
    }

    /// Checks what can be checked before any row is read.
    fn check_headers(&mut self, options: &Options<'_>, inputs: &[Input]) -> Result<(), Diagnostics> {
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
            if input.format.has_header() && tables::is_one(options) {
                let slots = tables::slots_of_header(options, &self.slots)?;
                let (_, projection) = reader(input, row::wanted(&slots, options.schema))?;
                self.require_columns(options, input, &slots, |slot| projection.columns[slot].is_some())?;
            }
        }
        Ok(())
    }

    /// An error if a needed column is absent, unless that is allowed; then it is noted.
    fn require_columns(
        &mut self,
        options: &Options<'_>,
        input: &Input,
        slots: &[FieldRef],
        has: impl Fn(usize) -> bool,
    ) -> Result<(), Diagnostics> {
        let missing = missing(slots, options.exclusions, has);
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

    /// Notes the fields of which no row has anything.
    fn note_absent(&mut self, slots: &[FieldRef], has: impl Fn(usize) -> bool) {
        let absent = (0..slots.len()).filter(|slot| !has(*slot));
        for field in absent.map(|slot| slots[slot].name().to_owned()) {
            if !self.absent.contains(&field) {
                self.absent.push(field);
            }
        }
    }

    /// What to do with the rows of a file.
    fn job<'m>(
        &mut self,
        options: &Options<'_>,
        input: &Input,
        matcher: &'m Matcher,
        ids: &'m [&'m str],
        repeats: &'m Repeats,
    ) -> Result<Job<'m>, Diagnostics> {
        let tables = options.tables.map(|tables| tables.cells(matcher.slots()));
        let wanted = match &tables {
            None => row::wanted(matcher.slots(), options.schema),
            Some(tables) => tables.wanted().to_vec(),
        };
        let (rows, projection) = reader(input, wanted)?;
        let column = |cell: usize| projection.columns.get(cell).copied().flatten();
        let time = match &tables {
            None => column(row::time_of(matcher.slots().len())),
            Some(tables) => tables.times().find_map(column),
        };
        Ok(Job {
            matcher,
            ids,
            rows,
            format: input.format,
            kept: options.kept,
            suppressed: options.suppressed,
            coverage: options.coverage,
            date_order: self.date_order(input, time),
            repeats,
            header: header_line(input),
            are_columns: warnings::are_columns,
            tables,
        })
    }

    /// The order of day and month in times that are not ISO 8601; `None` if it is not known.
    fn date_order(&mut self, input: &Input, time: Option<usize>) -> Option<DateOrder> {
        if input.dates == Dates::Unclear {
            self.unclear_dates.push(input.name.clone());
        }
        input.date_order(time)
    }

    /// Adds the counts of a file, or reports why it could not be finished.
    fn add_file(
        &mut self,
        options: &Options<'_>,
        input: &Input,
        counts: io::Result<FileCounts>,
    ) -> Result<(), Diagnostics> {
        let counts = counts.map_err(|error| cannot_finish(options, input, &error))?;
        let totals = counts.tally.totals;
        let (schema, of_tables) = tables::counted(options, &counts.tables);
        self.files.push(ResultsFile {
            file: input.name.clone(),
            format: input.format.word().to_owned(),
            schema,
            tables: of_tables,
            rows: totals.read,
        });
        tables::nobody_knows(options, input, &counts.tables)?;
        self.warnings.extend(tables::unknown(&input.name, &counts.tables));
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
        self.warnings.extend(counts.tally.unreadable().filter_map(|(cells, others_can)| {
            let slot = &self.slots[cells.slot];
            let columns = row::sources(slot, options.schema);
            let has = |column: &&str| input.names.iter().any(|name| column_name(name) == *column);
            let column = columns.iter().map(|source| source.column.as_str()).find(has);
            warnings::unreadable(&input.name, (slot, column), (cells, others_can), totals)
        }));
        // In JSON a column is absent if its key occurs in no row of the file.
        if !input.format.has_header() && totals.read > totals.malformed {
            let seen = |cell: usize| counts.seen_keys.get(cell).copied().unwrap_or(false);
            let slots = self.slots.clone();
            match options.tables.map(|tables| tables.cells(&slots)) {
                None => self.require_columns(options, input, &slots, seen)?,
                // Of several tables nobody knows which columns a row would have.
                Some(tables) => self.note_absent(&slots, |slot| tables.has(slot, seen)),
            }
        }
        self.tally.merge(counts.tally);
        Ok(())
    }
}

/// The header of CSV without its line end and spaces around it; empty if there is none.
fn header_line(input: &Input) -> Vec<u8> {
    let header = if matches!(input.format, Format::Csv { .. }) { &input.preamble[..] } else { &[] };
    let header = header.strip_prefix(BYTE_ORDER_MARK).unwrap_or(header).trim_ascii_end();
    header.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_start().to_vec()
}

/// Reports why a file could not be finished.
fn cannot_finish(options: &Options<'_>, input: &Input, error: &io::Error) -> Diagnostics {
    if let Some(duplicate) = error.get_ref().and_then(|cause| cause.downcast_ref()) {
        return duplicate_key(input, duplicate);
    }
    let found = Diagnostic::error("cannot-finish", format!("while {} was read: {error}", input.name));
    let writes = options.kept || options.suppressed;
    let help = "nothing was written; files that were there before are as they were";
    if writes { found.help(help).into() } else { found.into() }
}
