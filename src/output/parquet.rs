//! The main job for Parquet, which does not come in chunks.
//!
//! In: columns, a few thousand rows at a time, and a [`Job`]. Out: the same counts as for any other format, and to the sink
//! which rows are kept and which are suppressed. A [`ParquetWriter`] writes them with all their columns and types.

use super::job::JudgedChunk;
use super::writer::FileCounts;
use super::{ATTRIBUTION, Job, Sink};
use crate::count::batch::{Merger, tally};
use crate::input::parquet::{BATCH, Columns, all_cells, wanted};
use crate::input::rows::Rows;
use crate::input::{Cells, last_segment};
use crate::judge::worker::Worker;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::io::{self, Write};
use std::sync::Arc;

/// How many rows a row group of a written file has.
const GROUP: usize = 8 * BATCH;

/// Some rows, and where each of them goes.
#[derive(Debug)]
pub struct SplitBatch<'b> {
    /// The rows.
    pub rows: &'b RecordBatch,
    /// For each row, whether it is kept.
    pub kept: Vec<bool>,
    /// For each row, whether it is suppressed.
    pub suppressed: Vec<bool>,
    /// For each suppressed row, the ids of the exclusions that cover it.
    pub by: Vec<String>,
}

/// Writes rows to a Parquet file.
pub struct ParquetWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file. With `attributed` it has one more column, which says who suppressed a row.
    pub fn new(output: W, schema: &SchemaRef, attributed: bool) -> io::Result<Self> {
        let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
        if attributed {
            fields.push(Arc::new(Field::new(ATTRIBUTION, DataType::Utf8, false)));
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP))
            .build();
        let writer =
            ArrowWriter::try_new(output, schema.clone(), Some(properties)).map_err(io::Error::other)?;
        Ok(Self { writer, schema })
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(io::Error::other)
    }

    /// Writes the rows for which `rows` is true. `by` says who suppressed each of them.
    pub fn write(&mut self, batch: &RecordBatch, rows: &[bool], by: Option<Vec<String>>) -> io::Result<()> {
        let rows = BooleanArray::from(rows.to_vec());
        let batch = filter_record_batch(batch, &rows).map_err(io::Error::other)?;
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns.extend(by.map(|by| Arc::new(StringArray::from(by)) as ArrayRef));
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(io::Error::other)
    }
}

/// Reads, judges, counts and writes the rows of a file.
pub(crate) fn apply(
    job: &Job<'_>,
    columns: &mut Columns,
    first: bool,
    sink: &mut (dyn Sink + Send),
) -> io::Result<FileCounts> {
    if first {
        sink.begin_columns(&columns.schema())?;
    }
    let mut worker = Worker::new(job.matcher, job.coverage);
    let (mut merger, mut counts) =
        (Merger::default(), FileCounts { tally: tally(job.coverage), ..FileCounts::default() });
    while let Some(rows) = columns.next()? {
        let mut judged = JudgedChunk::default();
        let split = split(job, &columns.names(), &rows, &mut judged, &mut worker);
        merger.enter(&mut worker.take_batch(), &mut counts.tally);
        counts.tables.merge(&judged.tables);
        job.repeats.count(&judged.identities);
        sink.columns(split)?;
    }
    Ok(counts)
}

fn split<'b>(
    job: &Job<'_>,
    names: &[String],
    rows: &'b RecordBatch,
    judged: &mut JudgedChunk,
    worker: &mut Worker<'_>,
) -> SplitBatch<'b> {
    let mut split = SplitBatch { rows, kept: Vec::new(), suppressed: Vec::new(), by: Vec::new() };
    let Rows::Columns(projection) = &job.rows else { return split };
    let drops = job.repeats.drops();
    for row in 0..rows.num_rows() {
        let texts = wanted(projection, rows, row);
        let mut cells: Cells<'_> = texts.iter().map(Option::as_deref).collect();
        for cell in (0..cells.len()).filter(|cell| projection.is_path(*cell, names)) {
            cells[cell] = cells[cell].map(last_segment);
        }
        let whole = drops.then(|| all_cells(rows, row)).flatten();
        let covering = job.judge_cells(projection.fall_back(&mut cells), whole, judged, worker);
        split.kept.push(covering.is_some_and(<[u32]>::is_empty));
        split.suppressed.push(covering.is_some_and(|covering| !covering.is_empty()));
        if let Some(covering) = covering.filter(|covering| !covering.is_empty()) {
            let ids: Vec<&str> = covering.iter().map(|place| job.ids[*place as usize]).collect();
            split.by.push(ids.join(";"));
        }
    }
    split
}
