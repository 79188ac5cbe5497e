//! Looks at single rows, for those who do not judge whole files.
//!
//! In: results that are open. Out: each row with its number and its line.

use super::columns::duplicate_key;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input::rows::Rows;
use crate::input::{Fault, Format, Input, Row};
use memchr::memchr_iter;
use std::ops::ControlFlow;

/// Calls `take` with the rows of a file, each with its number and its line from 1, until it says that this is enough.
pub fn each_row(
    input: &mut Input,
    rows: &Rows,
    mut take: impl FnMut(u64, u64, &Row<'_>) -> ControlFlow<()>,
) -> Result<(), Diagnostics> {
    if matches!(input.format, Format::Csv { .. }) {
        input.chunks.cut_carefully();
    }
    let (mut number, mut line) = (0, input.line);
    let (mut flow, mut duplicate) = (ControlFlow::Continue(()), None);
    while flow.is_continue() {
        let next = input.chunks.next_chunk();
        let Some(chunk) = next.map_err(|error| broken(input, &error.to_string()))? else { break };
        let lines = |from: usize, to: usize| memchr_iter(b'\n', &chunk.bytes[from..to]).count() as u64;
        let mut counted = 0;
        rows.each(usize::MAX, &chunk, &mut [false; 256], |row: &Row<'_>| {
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

fn broken(input: &Input, cause: &str) -> Diagnostics {
    Diagnostic::error("cannot-read", format!("{}: {cause}", input.name)).into()
}
