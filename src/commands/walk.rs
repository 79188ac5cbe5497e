//! Walks over the rows of a file, one after the other, for commands that look at single rows.
//!
//! In: opened results. Out: each row with its number and its line. Commands that judge whole files go by
//! [`super::pass`].

use super::Outcome;
use super::open::{Opened, cannot_read};
use super::results::duplicate_key;
use memchr::memchr_iter;
use quell::results::{Fault, Format, Row};
use quell::scan::Rows;
use std::ops::ControlFlow;

/// Calls `take` with the rows of a file, each with its number and its line from 1, until it says that this is enough.
pub(super) fn every_row(
    opened: &mut Opened,
    rows: &Rows,
    mut take: impl FnMut(u64, u64, &Row<'_>) -> ControlFlow<()>,
) -> Outcome<()> {
    if matches!(opened.format, Format::Csv { .. }) {
        opened.chunker.be_careful();
    }
    let (mut number, mut line, mut buffer) = (0, opened.line, Vec::new());
    let mut flow = ControlFlow::Continue(());
    let mut duplicate = None;
    while flow.is_continue() {
        let chunk = match opened.chunker.next(buffer) {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(_)) => break,
            Err(error) => return cannot_read(&opened.name, &error),
        };
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
        buffer = chunk.bytes;
    }
    if let Some(duplicate) = duplicate {
        return duplicate_key(opened, &duplicate);
    }
    Ok(())
}
