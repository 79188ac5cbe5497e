//! Rows of Parquet through the matcher.
//!
//! In: a file whose columns are read a few thousand rows at a time, a [`Job`]. Out: the same counts as for any other
//! format, and for the two outputs the rows with all their columns, typed as they came. It opens no files.

use super::{Job, Part, Repeats, Scanned};
use crate::ledger::{Book, Ledger, tally};
use crate::results::layout::Layout;
use crate::results::{Cells, last_segment};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow_select::filter::filter_record_batch;
use jiff::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader;
use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

/// Rows read at a time.
const BATCH: usize = 8_192;
/// Rows that a written file holds back until their group is whole.
const GROUP: usize = 8 * BATCH;

/// A Parquet file that is open.
#[derive(Debug)]
pub struct Columns {
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
}

impl Columns {
    /// Reads what the file says of itself.
    pub fn open<R: ChunkReader + 'static>(input: R) -> io::Result<Self> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(input).map_err(io::Error::other)?;
        let schema = builder.schema().clone();
        let reader = builder.with_batch_size(BATCH).build().map_err(io::Error::other)?;
        Ok(Self { reader, schema })
    }

    /// The columns.
    pub fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// The columns with their types; rows of two files go into one only if these are the same.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

/// An output of the columns of a file.
pub struct Writer<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file; with `attributed` it has one more column.
    pub fn new(output: W, schema: &SchemaRef, attributed: bool) -> io::Result<Self> {
        let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
        if attributed {
            fields.push(Arc::new(Field::new(super::ATTRIBUTION, DataType::Utf8, false)));
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

    fn write(&mut self, batch: &RecordBatch, rows: &[bool], by: Option<Vec<String>>) -> io::Result<()> {
        let rows = BooleanArray::from(rows.to_vec());
        let batch = filter_record_batch(batch, &rows).map_err(io::Error::other)?;
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns.extend(by.map(|by| Arc::new(StringArray::from(by)) as ArrayRef));
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(io::Error::other)
    }
}

/// Where rows of columns go.
pub struct Outputs<'o, W: Write + Send> {
    /// Kept rows.
    pub kept: Option<&'o mut Writer<W>>,
    /// Suppressed rows, with who suppressed them.
    pub suppressed: Option<&'o mut Writer<W>>,
}

/// Scans a file.
pub fn scan<W: Write + Send>(
    job: &Job<'_>,
    layout: &Layout,
    columns: &mut Columns,
    outputs: &mut Outputs<'_, W>,
) -> io::Result<Scanned> {
    let names = columns.names();
    let paths: Vec<bool> = (0..layout.wanted.len()).map(|cell| layout.is_path(cell, &names)).collect();
    let mut ledger = Ledger::new(job.matcher, job.covers);
    let drops = job.repeats.is_some_and(Repeats::drops);
    let mut book = Book::default();
    let mut out = Scanned { tally: tally(job.covers), ..Scanned::default() };
    for batch in &mut columns.reader {
        let batch = batch.map_err(io::Error::other)?;
        let mut part = Part::default();
        let (mut kept, mut gone, mut by) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..batch.num_rows() {
            let texts: Vec<Option<Cow<'_, str>>> = layout
                .columns
                .iter()
                .map(|column| column.and_then(|column| text(batch.column(column).as_ref(), row)))
                .collect();
            let mut cells: Cells<'_> = texts.iter().map(Option::as_deref).collect();
            for (cell, _) in paths.iter().enumerate().filter(|(_, path)| **path) {
                cells[cell] = cells[cell].map(last_segment);
            }
            let cells = layout.settle(&mut cells);
            let whole = drops.then(|| whole(&batch, row)).flatten();
            let covering = job.weigh(cells, whole, &mut part, &mut ledger);
            kept.push(covering.is_some_and(<[u32]>::is_empty));
            gone.push(covering.is_some_and(|covering| !covering.is_empty()));
            if let Some(covering) = covering.filter(|covering| !covering.is_empty()) {
                let ids: Vec<&str> = covering.iter().map(|place| job.ids[*place as usize]).collect();
                by.push(ids.join(";"));
            }
        }
        if let Some(writer) = &mut outputs.kept {
            writer.write(&batch, &kept, None)?;
        }
        if let Some(writer) = &mut outputs.suppressed {
            writer.write(&batch, &gone, Some(by))?;
        }
        book.enter(ledger.take(), &mut out.tally);
        if let Some(repeats) = job.repeats {
            repeats.count(&part.identities);
        }
    }
    book.close(&mut out.tally);
    Ok(out)
}

/// A value as other formats write it; `None` for null and for what is no text there either.
fn text(array: &dyn Array, row: usize) -> Option<Cow<'_, str>> {
    macro_rules! number {
        ($kind:ty) => {
            Cow::Owned(array.as_primitive::<$kind>().value(row).to_string())
        };
    }
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Utf8 => Cow::Borrowed(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Cow::Borrowed(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Cow::Borrowed(array.as_string_view().value(row)),
        DataType::Boolean => Cow::Owned(array.as_boolean().value(row).to_string()),
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => number!(Float32Type),
        DataType::Float64 => number!(Float64Type),
        DataType::Timestamp(unit, _) => Cow::Owned(time(array, *unit, row)?),
        DataType::Dictionary(kind, _) if **kind == DataType::Int32 => {
            let dictionary = array.as_dictionary::<Int32Type>();
            return text(dictionary.values().as_ref(), dictionary.key(row)?);
        }
        _ => return None,
    })
}

/// All cells of a row; `None` if one of them has no text, so that two rows cannot be told apart.
fn whole(batch: &RecordBatch, row: usize) -> Option<Vec<Option<Cow<'_, str>>>> {
    let mut cells = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        cells.push(if column.is_null(row) { None } else { Some(text(column.as_ref(), row)?) });
    }
    Some(cells)
}

/// A time in ISO 8601; without a zone it is UTC, as everywhere.
fn time(array: &dyn Array, unit: TimeUnit, row: usize) -> Option<String> {
    let (number, scale) = match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row), 1_000_000_000),
        TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().value(row), 1_000_000),
        TimeUnit::Microsecond => (array.as_primitive::<TimestampMicrosecondType>().value(row), 1_000),
        TimeUnit::Nanosecond => (array.as_primitive::<TimestampNanosecondType>().value(row), 1),
    };
    Timestamp::from_nanosecond(i128::from(number) * scale).ok().map(|time| time.to_string())
}
