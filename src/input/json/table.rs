//! Finds the wanted cells of a row that is a JSON array.
//!
//! In: a row of Log Analytics, whose columns are known. Out: its wanted cells, or its [`Fault`]. Values are read as in JSON
//! Lines, so a `long` is the same whether it is written as a number or as text.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined does not get the instructions that were chosen"
)]

use super::cells::RecordCells;
use super::fast::{scalar, skip_space};
use super::visit::{WantedValue, row_text};
use crate::input::projection::{KeyUse, Projection};
use crate::input::{Cells, Fault, Row, last_segment};
use fearless_simd::{Level, Simd, dispatch};
use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use std::fmt;
use std::ops::Range;

/// Reads the rows of a table.
#[derive(Debug)]
pub struct Table {
    projection: Projection,
    paths: Vec<bool>,
    columns: Vec<KeyUse>,
}

impl Table {
    /// A reader of rows under these columns.
    pub fn new(projection: Projection, header: &[String]) -> Self {
        let paths = (0..projection.wanted.len()).map(|cell| projection.is_path(cell, header)).collect();
        let uses = |cells: &Vec<usize>| KeyUse {
            cells: cells.iter().map(|cell| (*cell, 0)).collect(),
            ..KeyUse::default()
        };
        let columns = projection.by_column.iter().map(uses).collect();
        Self { projection, paths, columns }
    }

    /// Reads the wanted cells of a row with `serde_json`.
    fn read(&self, bytes: &[u8], record: &mut RecordCells) -> Result<(), Fault> {
        record.clear(self.projection.wanted.len());
        let mut json = serde_json::Deserializer::from_str(row_text(bytes)?);
        let cells = json
            .deserialize_seq(WantedColumns { columns: &self.columns, record })
            .map_err(|_| Fault::NotJsonRow)?;
        json.end().map_err(|_| Fault::NotJsonRow)?;
        self.check_width(cells)
    }

    fn check_width(&self, cells: usize) -> Result<(), Fault> {
        let header = self.projection.width;
        if cells == header { Ok(()) } else { Err(Fault::Ragged { cells, header }) }
    }
}

/// Reads the rows of one chunk: plain ones quickly, others with `serde_json`.
pub(crate) struct TableRows<'r> {
    table: &'r Table,
    level: Level,
    chunk: &'r [u8],
    /// The chunk, if it is UTF-8.
    text: Option<&'r str>,
    record: RecordCells,
}

impl<'r> TableRows<'r> {
    pub(in crate::input) fn new(table: &'r Table, chunk: &'r [u8]) -> Self {
        let text = simdutf8::basic::from_utf8(chunk).ok();
        Self { table, level: Level::new(), chunk, text, record: RecordCells::default() }
    }

    /// Calls `take` with the row that stands in this part of the chunk.
    pub(in crate::input) fn row(&mut self, range: Range<usize>, take: &mut impl FnMut(&Row<'_>)) {
        let (start, bytes) = (range.start, &self.chunk[range.clone()]);
        let read = match self.count_plain(range) {
            Some(cells) => self.table.check_width(cells),
            None => self.table.read(bytes, &mut self.record),
        };
        if let Err(fault) = read {
            return take(&Row { bytes, start, cells: Err(fault) });
        }
        let mut cells = Cells::new();
        for (cell, is_path) in self.table.paths.iter().enumerate() {
            let text = self.record.text(cell, self.text.unwrap_or_default());
            cells.push(if *is_path { text.map(last_segment) } else { text });
        }
        take(&Row { bytes, start, cells: Ok(self.table.projection.fall_back(&mut cells)) });
    }

    /// Reads the wanted cells of a plain row, and how many cells it has; `None` if it is not plain.
    fn count_plain(&mut self, range: Range<usize>) -> Option<usize> {
        self.text?;
        self.record.clear(self.table.projection.wanted.len());
        let (level, row, columns) = (self.level, &self.chunk[..range.end], &self.table.columns);
        let record = &mut self.record;
        dispatch!(level, simd => plain_array(simd, self.chunk, row, range.start, columns, record))
    }
}

/// Reads an array of which no cell is an object or array. What is read here, `serde_json` reads in the same way.
#[inline(always)]
fn plain_array<S: Simd>(
    simd: S,
    text: &[u8],
    row: &[u8],
    start: usize,
    columns: &[KeyUse],
    record: &mut RecordCells,
) -> Option<usize> {
    let mut at = skip_space(row, start);
    if row.get(at) != Some(&b'[') {
        return None;
    }
    let mut count = 0;
    loop {
        at = skip_space(row, at + 1);
        match *row.get(at)? {
            b'{' | b'[' => return None,
            b']' if count == 0 => break,
            _ => {}
        }
        let wanted = columns.get(count).filter(|column| !column.cells.is_empty());
        at = skip_space(row, scalar(simd, text, row, at, wanted, record)?);
        count += 1;
        match *row.get(at)? {
            b',' => {}
            b']' => break,
            _ => return None,
        }
    }
    (skip_space(row, at + 1) == row.len()).then_some(count)
}

struct WantedColumns<'l> {
    columns: &'l [KeyUse],
    record: &'l mut RecordCells,
}

impl<'de> Visitor<'de> for WantedColumns<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<usize, A::Error> {
        let mut count = 0;
        for key in self.columns {
            let found = if key.cells.is_empty() {
                items.next_element::<IgnoredAny>()?.is_some()
            } else {
                items.next_element_seed(WantedValue { key, cells: &mut *self.record })?.is_some()
            };
            if !found {
                return Ok(count);
            }
            count += 1;
        }
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Source;
    use proptest::prelude::*;

    fn read(row: &str) -> Result<Vec<Option<String>>, Fault> {
        let header = ["Port", "Path", "Other"].map(str::to_owned);
        let wanted = [("Port", false), ("Path", true)]
            .map(|(name, path)| vec![Source { column: name.to_owned(), path }]);
        let table = Table::new(Projection::of_header(wanted.into(), &header), &header);
        let read = |mut rows: TableRows<'_>| {
            let mut out = Err(Fault::Nul);
            rows.row(0..row.len(), &mut |row| {
                out = row.cells.map(|cells| cells.iter().map(|cell| cell.map(str::to_owned)).collect());
            });
            out
        };
        let quick = read(TableRows::new(&table, row.as_bytes()));
        let slow = read(TableRows { text: None, ..TableRows::new(&table, row.as_bytes()) });
        assert_eq!(quick, slow, "{row}");
        quick
    }

    /// Cells that are JSON, or nearly.
    const CELLS: &[&str] = &[
        "1",
        "-0",
        "01",
        "1.50",
        "1e3",
        "-",
        "18446744073709551616",
        "true",
        "null",
        "nul",
        "\"\"",
        "\"a\"",
        "\"C:\\\\a\\\\b.exe\"",
        "\"\\u0041\"",
        "\"\\ud800\"",
        "\"\\x\"",
        "\"é\"",
        "\"a",
        "\"a\u{1}\"",
        "{}",
        "[1]",
        "",
        " ",
        "\0",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn it_reads_what_the_slow_way_reads(
            cells in proptest::collection::vec(proptest::sample::select(CELLS), 0..5),
            comma in proptest::sample::select(&[",", " , ", ",,", "\n,"][..]),
            tail in proptest::sample::select(&["]", "] ", "", "]]", "],", "]\r\n"][..]),
        ) {
            // Both ways are compared by `read`.
            let _ = read(&format!("[{}{tail}", cells.join(comma)));
        }
    }

    #[test]
    fn cells_are_found_by_column() {
        let wanted = Ok(vec![Some("443".to_owned()), Some("b.exe".to_owned())]);
        assert_eq!(read(r#"[443,"C:\\a\\b.exe",{"x":[1]}]"#), wanted);
        assert_eq!(read(r#"["443","b.exe",null]"#), wanted);
        assert_eq!(read("[null,[],1]"), Ok(vec![None, None]));
        assert_eq!(read("[1,\"\"]"), Err(Fault::Ragged { cells: 2, header: 3 }));
        assert_eq!(read("[]"), Err(Fault::Ragged { cells: 0, header: 3 }));
        assert_eq!(read("[1,2,3,4]"), Err(Fault::Ragged { cells: 4, header: 3 }));
        for text in ["{}", "[1,2,3", "[1,2,3]]", "1"] {
            assert_eq!(read(text), Err(Fault::NotJsonRow), "{text}");
        }
    }
}
