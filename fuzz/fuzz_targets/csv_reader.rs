//! The fast and the careful reading of CSV find the same rows and cells wherever both can read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quell::input::chunk::Cut;
use quell::input::csv::{ChunkOutcome, CsvReader};
use quell::input::projection::Projection;
use quell::schema::Source;

type Read = Vec<(usize, Option<Vec<Option<String>>>)>;

fn read(splitter: &CsvReader, text: &[u8], wanted: usize, cut: Cut) -> Option<Read> {
    let mut rows = Vec::new();
    let chunked = splitter.rows(wanted, text, cut, true, |row| {
        let cells = row.cells.ok();
        let cells =
            cells.map(|cells| cells.iter().take(wanted).map(|cell| cell.map(str::to_owned)).collect());
        rows.push((row.start, cells));
    });
    matches!(chunked, ChunkOutcome::Regular { .. }).then_some(rows)
}

fuzz_target!(|text: &[u8]| {
    let header: Vec<String> = ["a", "b", "c"].map(String::from).into();
    let wanted = ["a", "c"].map(|name| vec![Source { column: name.into(), path: false }]).into();
    let splitter = CsvReader::new(b',', Projection::of_header(wanted, &header), &header);
    // Whoever needs the first cell only finds the same.
    for wanted in [1, 2] {
        let careful = read(&splitter, text, wanted, Cut::Careful { delimiter: b',' });
        if let Some(fast) = read(&splitter, text, wanted, Cut::Fast) {
            assert_eq!(Some(fast), careful);
        }
    }
});
