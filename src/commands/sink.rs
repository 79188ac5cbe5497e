//! The sink of the command line: the files of kept and of suppressed rows, and the progress bar.
//!
//! In: the bytes of rows, in the order of the results. Out: files that wait for their names. It looks at no row.

use super::Outcome;
use super::files::{FileSet, Output};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use quell::input::Input;
use quell::output::Sink;
#[cfg(feature = "parquet")]
use quell::output::parquet::{ParquetWriter, SplitBatch};
use std::io;
use std::ops::Range;

/// Where the rows of a run go.
pub(super) struct RowFiles {
    kept: Option<RowFile>,
    suppressed: Option<RowFile>,
    bar: ProgressBar,
    /// Rows that have been counted.
    rows: u64,
}

/// A file of rows.
enum RowFile {
    Text(Box<Output>),
    #[cfg(feature = "parquet")]
    Columns(Box<ParquetWriter<Output>>),
}

impl RowFiles {
    /// Begins the files that were asked for, in the encoding of the results.
    pub(super) fn begin(
        outputs: &FileSet,
        kept: Option<&str>,
        suppressed: Option<&str>,
        inputs: &[Input],
        bar: ProgressBar,
    ) -> Outcome<Self> {
        let encoding = inputs.first().map(|input| input.encoding).unwrap_or_default();
        let create = |name: Option<&str>| {
            name.map(|name| outputs.create(name, encoding).map(|output| RowFile::Text(Box::new(output))))
                .transpose()
        };
        Ok(Self { kept: create(kept)?, suppressed: create(suppressed)?, bar, rows: 0 })
    }

    /// A sink without files, for runs that only count.
    pub(super) fn none(bar: ProgressBar) -> Self {
        Self { kept: None, suppressed: None, bar, rows: 0 }
    }

    /// The finished files.
    pub(super) fn finish(self) -> Outcome<Vec<Output>> {
        self.bar.finish_and_clear();
        [self.kept, self.suppressed].into_iter().flatten().map(RowFile::finish).collect()
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut Output> {
        [&mut self.kept, &mut self.suppressed].into_iter().flatten().filter_map(RowFile::text)
    }
}

impl RowFile {
    #[cfg_attr(not(feature = "parquet"), expect(clippy::unnecessary_wraps, reason = "columns are no text"))]
    fn text(&mut self) -> Option<&mut Output> {
        match self {
            Self::Text(output) => Some(output),
            #[cfg(feature = "parquet")]
            Self::Columns(_) => None,
        }
    }

    #[cfg_attr(
        not(feature = "parquet"),
        expect(clippy::unnecessary_wraps, reason = "the end of Parquet may fail")
    )]
    fn finish(self) -> Outcome<Output> {
        match self {
            Self::Text(output) => Ok(*output),
            #[cfg(feature = "parquet")]
            Self::Columns(writer) => match writer.finish() {
                Ok(output) => Ok(output),
                Err(error) => super::fail("cannot-write", format!("rows of Parquet: {error}"), ""),
            },
        }
    }
}

impl Sink for RowFiles {
    fn kept(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.kept.as_mut().and_then(RowFile::text).map_or(Ok(()), |output| output.write(bytes))
    }

    fn kept_runs(&mut self, text: &[u8], runs: &[Range<usize>]) -> io::Result<()> {
        self.kept.as_mut().and_then(RowFile::text).map_or(Ok(()), |output| output.write_runs(text, runs))
    }

    fn suppressed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.suppressed.as_mut().and_then(RowFile::text).map_or(Ok(()), |output| output.write(bytes))
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.texts().try_for_each(Output::end_line)
    }

    fn progress(&mut self, bytes: usize) -> io::Result<()> {
        self.bar.inc(bytes as u64);
        Ok(())
    }

    fn counted(&mut self, rows: u64) {
        self.rows += rows;
        let milliseconds = u64::try_from(self.bar.elapsed().as_millis()).unwrap_or(u64::MAX);
        // At first there is nothing to tell a speed from.
        if milliseconds > 200 && !self.bar.is_hidden() {
            let speed = self.rows.saturating_mul(1_000) / milliseconds;
            self.bar.set_message(format!("{} rows/s", HumanCount(speed)));
        }
    }

    #[cfg(feature = "parquet")]
    fn begin_columns(&mut self, schema: &arrow_schema::SchemaRef) -> io::Result<()> {
        for (file, attributed) in [(&mut self.kept, false), (&mut self.suppressed, true)] {
            if let Some(RowFile::Text(output)) = file.take() {
                *file = Some(RowFile::Columns(Box::new(ParquetWriter::new(*output, schema, attributed)?)));
            }
        }
        Ok(())
    }

    #[cfg(feature = "parquet")]
    fn columns(&mut self, split: SplitBatch<'_>) -> io::Result<()> {
        if let Some(RowFile::Columns(writer)) = &mut self.kept {
            writer.write(split.rows, &split.kept, None)?;
        }
        if let Some(RowFile::Columns(writer)) = &mut self.suppressed {
            writer.write(split.rows, &split.suppressed, Some(split.by))?;
        }
        Ok(())
    }
}

/// The bar that shows how much of the results is read; a hidden one unless `shown`.
pub(super) fn bar_of(inputs: &[Input], shown: bool) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let bytes: Option<u64> = inputs.iter().map(|input| input.size).sum();
    let style = match bytes {
        Some(_) => "{bytes} of {total_bytes} [{wide_bar}] {msg}, {eta} left",
        None => "{bytes} read, {msg}",
    };
    let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}
