//! Finds the wanted cells of a row that is a JSON array.
//!
//! In: a row of Log Analytics, whose columns are known. Out: its wanted cells, or its [`Fault`]. Values are read as in JSON
//! Lines, so a `long` is the same whether it is written as a number or as text.

use super::cells::RecordCells;
use super::visit::{WantedValue, row_text};
use crate::input::projection::{KeyUse, Projection};
use crate::input::{Cells, Fault, Row, last_segment};
use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use std::fmt;

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

    /// Calls `take` with one row.
    pub(crate) fn row(
        &self,
        bytes: &[u8],
        start: usize,
        record: &mut RecordCells,
        take: &mut impl FnMut(&Row<'_>),
    ) {
        if let Err(fault) = self.read(bytes, record) {
            return take(&Row { bytes, start, cells: Err(fault) });
        }
        let mut cells = Cells::new();
        for (cell, is_path) in self.paths.iter().enumerate() {
            let text = record.text(cell);
            cells.push(if *is_path { text.map(last_segment) } else { text });
        }
        take(&Row { bytes, start, cells: Ok(self.projection.fall_back(&mut cells)) });
    }

    fn read(&self, bytes: &[u8], record: &mut RecordCells) -> Result<(), Fault> {
        record.clear(self.projection.wanted.len());
        let mut json = serde_json::Deserializer::from_str(row_text(bytes)?);
        let cells = json
            .deserialize_seq(WantedColumns { columns: &self.columns, record })
            .map_err(|_| Fault::NotJsonRow)?;
        json.end().map_err(|_| Fault::NotJsonRow)?;
        let header = self.projection.width;
        if cells == header { Ok(()) } else { Err(Fault::Ragged { cells, header }) }
    }
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

    fn read(row: &str) -> Result<Vec<Option<String>>, Fault> {
        let header = ["Port", "Path", "Other"].map(str::to_owned);
        let wanted = [("Port", false), ("Path", true)]
            .map(|(name, path)| vec![Source { column: name.to_owned(), path }]);
        let table = Table::new(Projection::of_header(wanted.into(), &header), &header);
        let mut out = Err(Fault::Nul);
        table.row(row.as_bytes(), 0, &mut RecordCells::default(), &mut |row| {
            out = row.cells.map(|cells| cells.iter().map(|cell| cell.map(str::to_owned)).collect());
        });
        out
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
