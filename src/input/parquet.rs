//! Reads Parquet files.
//!
//! In: a file. Out: its rows, a few thousand at a time, and each cell as the text that other formats would have.

use super::projection::Projection;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use jiff::Timestamp;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;
use std::borrow::Cow;
use std::io;

/// Rows read at a time.
pub(crate) const BATCH: usize = 8_192;

/// A Parquet file that is open.
#[derive(Debug)]
pub struct Columns {
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
}

impl Columns {
    /// Reads the schema of a file.
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

    /// The next rows; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<RecordBatch>> {
        self.reader.next().transpose().map_err(io::Error::other)
    }

    /// The columns with their types.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

/// The wanted cells of a row as text, before one column stands in for another.
pub(crate) fn wanted<'r>(
    projection: &Projection,
    rows: &'r RecordBatch,
    row: usize,
) -> Vec<Option<Cow<'r, str>>> {
    let columns = projection.columns.iter();
    columns.map(|column| column.and_then(|column| text(rows.column(column).as_ref(), row))).collect()
}

/// A value as text; `None` for null, and for lists, structs and other types that hold no text.
pub(crate) fn text(array: &dyn Array, row: usize) -> Option<Cow<'_, str>> {
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

/// All cells of a row, to compare it with others; `None` if one of them cannot be written as text.
pub(crate) fn all_cells(batch: &RecordBatch, row: usize) -> Option<Vec<Option<Cow<'_, str>>>> {
    let mut cells = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        cells.push(if column.is_null(row) { None } else { Some(text(column.as_ref(), row)?) });
    }
    Some(cells)
}

/// A time in ISO 8601. A column without a time zone is in UTC.
fn time(array: &dyn Array, unit: TimeUnit, row: usize) -> Option<String> {
    let (number, scale) = match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row), 1_000_000_000),
        TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().value(row), 1_000_000),
        TimeUnit::Microsecond => (array.as_primitive::<TimestampMicrosecondType>().value(row), 1_000),
        TimeUnit::Nanosecond => (array.as_primitive::<TimestampNanosecondType>().value(row), 1),
    };
    Timestamp::from_nanosecond(i128::from(number) * scale).ok().map(|time| time.to_string())
}
