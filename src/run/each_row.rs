//! Reads the rows of one file without judging them, for `explain`, `probe`, `suggest` and `test`.
//!
//! In: open results. Out: each row with its number and its line.

use super::columns::duplicate_key;
use crate::diagnostic::Diagnostics;
#[cfg(feature = "parquet")]
use crate::input::last_segment;
#[cfg(feature = "parquet")]
use crate::input::parquet::{Columns, wanted};
#[cfg(feature = "parquet")]
use crate::input::projection::Projection;
use crate::input::rows::Rows;
use crate::input::{Fault, Format, Input, Row, cannot_read};
use memchr::memchr_iter;
use std::ops::ControlFlow;

/// Calls `take` with each row of a file, its number and its line, both from 1, until it breaks.
pub fn each_row(
    input: &mut Input,
    rows: &Rows,
    mut take: impl FnMut(u64, u64, &Row<'_>) -> ControlFlow<()>,
) -> Result<(), Diagnostics> {
    #[cfg(feature = "parquet")]
    if let (Some(columns), Rows::Columns(projection)) = (&mut input.columns, rows) {
        return each_of_columns(columns, projection, take).map_err(|error| cannot_read(&input.name, &error));
    }
    if matches!(input.format, Format::Csv { .. }) {
        input.chunks.cut_carefully();
    }
    let (mut number, mut line) = (0, input.line);
    let (mut flow, mut duplicate) = (ControlFlow::Continue(()), None);
    while flow.is_continue() {
        let next = input.chunks.next_chunk();
        let Some(chunk) = next.map_err(|error| cannot_read(&input.name, &error))? else { break };
        let lines = |from: usize, to: usize| memchr_iter(b'\n', &chunk.bytes[from..to]).count() as u64;
        let mut counted = 0;
        rows.each(usize::MAX, &chunk, &mut [], |row: &Row<'_>| {
            if flow.is_continue() {
                number += 1;
                line += lines(counted, row.start);
                counted = row.start;
                if matches!(row.cells, Err(Fault::DuplicateKey)) {
                    duplicate = rows.duplicate_key(row.bytes, line);
                    flow = ControlFlow::Break(());
                    return;
                }
                flow = take(number, line, row);
            }
        });
        line += lines(counted, chunk.bytes.len());
        input.chunks.reuse(chunk.bytes);
    }
    duplicate.map_or(Ok(()), |duplicate| Err(duplicate_key(input, &duplicate)))
}

/// The same for Parquet, whose rows have no bytes of their own and stand in no line.
#[cfg(feature = "parquet")]
fn each_of_columns(
    columns: &mut Columns,
    projection: &Projection,
    mut take: impl FnMut(u64, u64, &Row<'_>) -> ControlFlow<()>,
) -> std::io::Result<()> {
    let (names, mut number) = (columns.names(), 0);
    while let Some(rows) = columns.next()? {
        for row in 0..rows.num_rows() {
            let texts = wanted(projection, &rows, row);
            let mut cells: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            for cell in (0..cells.len()).filter(|cell| projection.is_path(*cell, &names)) {
                cells[cell] = cells[cell].map(last_segment);
            }
            number += 1;
            let row = Row { bytes: &[], start: 0, cells: Ok(projection.fall_back(&mut cells)) };
            if take(number, number, &row).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}
