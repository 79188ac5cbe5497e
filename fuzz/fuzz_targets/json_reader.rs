//! Any bytes are lines, every line is a row or empty, and the quick reading finds what the slow one finds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quell::input::json::JsonReader;
use quell::input::projection::Projection;
use quell::input::{Fault, Row};
use quell::schema::Source;

type Read = Vec<(usize, Result<Vec<Option<String>>, Fault>)>;

fn owned(row: &Row<'_>) -> (usize, Result<Vec<Option<String>>, Fault>) {
    (row.start, row.cells.map(|cells| cells.iter().map(|cell| cell.map(str::to_owned)).collect()))
}

fuzz_target!(|text: &[u8]| {
    let wanted = ["a", "b.c"].map(|name| vec![Source { column: name.into(), path: false }]).into();
    let lines = JsonReader::new(Projection::of_keys(wanted, &[]));
    let (mut quick, mut slow): (Read, Read) = Default::default();
    let (mut seen, mut seen_slowly) = ([false; 2], [false; 2]);
    lines.rows(text, &mut seen, |row| quick.push(owned(row)));
    lines.slow_rows(text, &mut seen_slowly, |row| slow.push(owned(row)));
    assert_eq!((&quick, seen), (&slow, seen_slowly));
    assert!(quick.len() <= text.split(|byte| *byte == b'\n').count());
});
