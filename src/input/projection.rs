//! Which columns of a file hold the wanted cells.
//!
//! In: the wanted cells, each with the columns that may hold it, and the columns that a file has. Out: a [`Projection`],
//! which tells the readers where each wanted cell stands.
//!
//! Kusto's `union` splits a column whose type differs between tables: `Port` becomes `Port_int` and `Port_long`, and each
//! row has its value in one of them. The first such column then holds the wanted cell, and each other one is read into an
//! extra cell behind the wanted ones, a *fallback*, which is used where the first is empty.

use crate::schema::{Source, before_union, column_name};
use hashbrown::HashMap;

/// One wanted cell: the columns that may hold it. The first that the file has is used.
pub type WantedCell = Vec<Source>;

/// The wanted cells and where they stand.
#[derive(Debug, Clone)]
pub struct Projection {
    /// The wanted cells, and behind them the fallbacks.
    pub wanted: Vec<WantedCell>,
    /// With a header: how many cells a row has.
    pub width: usize,
    /// With a header: the column of each wanted cell.
    pub columns: Vec<Option<usize>>,
    /// With a header: the wanted cells that each column holds, up to the last column that holds one.
    pub(super) by_column: Vec<Vec<usize>>,
    /// JSON: the keys that hold wanted cells.
    pub(super) keys: Keys,
    /// For each fallback the wanted cell that it is for.
    fallbacks: Vec<usize>,
}

/// A tree of JSON keys. The column `a.b` may be one key, or the key `b` in an object `a`.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(pub(super) HashMap<String, KeyUse>);

/// What a JSON key leads to.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyUse {
    /// The wanted cells that it holds, each with the place of this key among the cell's sources.
    pub(super) cells: Vec<(usize, usize)>,
    /// The keys in the object that is its value.
    pub(super) below: Keys,
}

impl Projection {
    /// For a file with a header.
    pub fn of_header(wanted: Vec<WantedCell>, header: &[String]) -> Self {
        let names: Vec<&str> = header.iter().map(|name| column_name(name)).collect();
        let (wanted, fallbacks) = with_fallbacks(wanted, &names);
        let place = |source: &Source| names.iter().position(|name| *name == source.column);
        let columns: Vec<Option<usize>> =
            wanted.iter().map(|sources| sources.iter().find_map(place)).collect();
        let looked_at = columns.iter().flatten().max().map_or(0, |last| last + 1);
        let mut by_column = vec![Vec::new(); looked_at];
        for (cell, column) in columns.iter().enumerate() {
            if let Some(column) = column {
                by_column[*column].push(cell);
            }
        }
        Self { width: header.len(), keys: Keys::default(), wanted, columns, by_column, fallbacks }
    }

    /// For JSON objects, of which some keys may be known.
    pub fn of_keys(wanted: Vec<WantedCell>, names: &[String]) -> Self {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (wanted, fallbacks) = with_fallbacks(wanted, &names);
        let mut keys = Keys::default();
        for (cell, sources) in wanted.iter().enumerate() {
            for (place, source) in sources.iter().enumerate() {
                keys.add(&source.column, (cell, place));
            }
        }
        Self { width: 0, columns: Vec::new(), by_column: Vec::new(), keys, wanted, fallbacks }
    }

    /// The wanted cell that a cell is, or is a fallback for.
    #[inline]
    pub(super) fn wanted_cell(&self, cell: usize) -> usize {
        let wanted = self.wanted.len() - self.fallbacks.len();
        if cell < wanted { cell } else { self.fallbacks[cell - wanted] }
    }

    /// Whether some wanted cell has a fallback.
    pub(super) fn has_fallbacks(&self) -> bool {
        !self.fallbacks.is_empty()
    }

    /// Fills wanted cells that are empty from their fallbacks, and drops the fallbacks.
    #[inline]
    pub(crate) fn fall_back<'s, 'c>(&self, cells: &'s mut [Option<&'c str>]) -> &'s [Option<&'c str>] {
        let wanted = cells.len() - self.fallbacks.len();
        for (place, cell) in self.fallbacks.iter().enumerate() {
            if cells[*cell].is_none_or(str::is_empty) {
                cells[*cell] = cells[wanted + place].or(cells[*cell]);
            }
        }
        &cells[..wanted]
    }

    /// With a header: whether the column of a wanted cell holds a path, of which only the last segment is wanted.
    pub(crate) fn is_path(&self, cell: usize, column_header: &[String]) -> bool {
        self.columns[cell].is_some_and(|column| {
            let name = column_name(&column_header[column]);
            self.wanted[cell].iter().any(|source| source.column == name && source.path)
        })
    }
}

/// Looks for the columns that a `union` made of a source, for each wanted cell of which the file has no source itself. The
/// first of them becomes the source of the cell, and each other one that of a fallback.
fn with_fallbacks(mut wanted: Vec<WantedCell>, names: &[&str]) -> (Vec<WantedCell>, Vec<usize>) {
    let mut fallbacks = Vec::new();
    for cell in 0..wanted.len() {
        if wanted[cell].iter().any(|source| names.contains(&source.column.as_str())) {
            continue;
        }
        let renamed = wanted[cell].iter().find_map(|source| {
            let found = names.iter().filter(|name| before_union(name) == Some(&source.column));
            let renamed = found.map(|name| Source { column: (*name).to_owned(), path: source.path });
            Some(renamed.collect::<Vec<_>>()).filter(|renamed| !renamed.is_empty())
        });
        let Some(mut renamed) = renamed else { continue };
        let others = renamed.split_off(1);
        fallbacks.extend(others.iter().map(|_| cell));
        wanted[cell] = renamed;
        wanted.extend(others.into_iter().map(|source| vec![source]));
    }
    (wanted, fallbacks)
}

impl Keys {
    fn add(&mut self, path: &str, cell: (usize, usize)) {
        self.0.entry(path.to_owned()).or_default().cells.push(cell);
        for (dot, _) in path.match_indices('.') {
            let below = &mut self.0.entry(path[..dot].to_owned()).or_default().below;
            below.add(&path[dot + 1..], cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_a_union_renamed_are_read_as_one() {
        let wanted = |columns: &[&str]| {
            columns.iter().map(|name| vec![Source { column: (*name).to_owned(), path: false }]).collect()
        };
        let header = ["Port_int", "Port_long", "Name [UTC]", "Name_string"].map(str::to_owned);
        let projection = Projection::of_header(wanted(&["Port", "Name", "None"]), &header);
        assert_eq!(projection.columns, [Some(0), Some(2), None, Some(1)]);
        assert_eq!([0, 1, 2, 3].map(|cell| projection.wanted_cell(cell)), [0, 1, 2, 0]);
        for (row, port) in [
            ([Some(""), Some("a"), None, Some("443")], Some("443")),
            ([None, Some("a"), None, Some("443")], Some("443")),
            ([Some("80"), Some("a"), None, Some("")], Some("80")),
            ([Some(""), Some("a"), None, None], Some("")),
        ] {
            let mut cells = row;
            assert_eq!(projection.fall_back(&mut cells), [port, Some("a"), None]);
        }
    }
}
