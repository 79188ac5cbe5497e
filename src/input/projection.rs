//! Which columns of a file hold what somebody wants to look at.
//!
//! In: the columns wanted, each with its possible sources, and the names that a file has. Out:
//! [`Projection`], the one thing that the readers need to know.

use crate::schema::{Source, before_union, column_name};
use hashbrown::HashMap;

/// One wanted cell: the columns that may hold it, the first that is there counts.
pub type WantedCell = Vec<Source>;

/// The wanted cells and where they stand.
#[derive(Debug, Clone)]
pub struct Projection {
    /// What was asked for, in the order of the cells.
    pub wanted: Vec<WantedCell>,
    /// CSV: cells of a row.
    pub width: usize,
    /// CSV: for each wanted cell its column.
    pub columns: Vec<Option<usize>>,
    /// CSV: the wanted cells in each column up to the last that is looked at.
    pub(super) by_column: Vec<Vec<usize>>,
    /// JSON: for each wanted cell and source the key paths.
    pub(super) keys: Keys,
    /// For each cell beyond those that were asked for the one that it stands in for: a `union` made several columns of
    /// one, and each row has its value in one of them.
    stand_ins: Vec<usize>,
}

/// A tree of JSON keys. A dotted column may be one key or nested objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(pub(super) HashMap<String, KeyUse>);

/// What a JSON key leads to.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyUse {
    /// Wanted cells that it holds: the cell, and the place among its sources.
    pub(super) cells: Vec<(usize, usize)>,
    /// Keys below it.
    pub(super) below: Keys,
}

impl Projection {
    /// For a file with a header.
    pub fn of_header(wanted: Vec<WantedCell>, header: &[String]) -> Self {
        let names: Vec<&str> = header.iter().map(|name| column_name(name)).collect();
        let (wanted, stand_ins) = with_stand_ins(wanted, &names);
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
        Self { width: header.len(), keys: Keys::default(), wanted, columns, by_column, stand_ins }
    }

    /// For JSON objects.
    pub fn of_keys(wanted: Vec<WantedCell>) -> Self {
        Self::of_known_keys(wanted, &[])
    }

    /// For JSON objects of which some keys are known.
    pub fn of_known_keys(wanted: Vec<WantedCell>, names: &[String]) -> Self {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (wanted, stand_ins) = with_stand_ins(wanted, &names);
        let mut keys = Keys::default();
        for (cell, sources) in wanted.iter().enumerate() {
            for (place, source) in sources.iter().enumerate() {
                keys.add(&source.column, (cell, place));
            }
        }
        Self { width: 0, columns: Vec::new(), by_column: Vec::new(), keys, wanted, stand_ins }
    }

    /// The cell that was asked for and that this one holds or stands in for.
    #[inline]
    pub(super) fn asked(&self, cell: usize) -> usize {
        let asked = self.wanted.len() - self.stand_ins.len();
        if cell < asked { cell } else { self.stand_ins[cell - asked] }
    }

    /// Whether there are cells beyond those that were asked for.
    pub(super) fn has_stand_ins(&self) -> bool {
        !self.stand_ins.is_empty()
    }

    /// The cells that were asked for.
    #[inline]
    pub(crate) fn without_stand_ins<'s, 'c>(
        &self,
        cells: &'s mut [Option<&'c str>],
    ) -> &'s [Option<&'c str>] {
        let asked = cells.len() - self.stand_ins.len();
        for (place, cell) in self.stand_ins.iter().enumerate() {
            if cells[*cell].is_none_or(str::is_empty) {
                cells[*cell] = cells[asked + place].or(cells[*cell]);
            }
        }
        &cells[..asked]
    }

    /// CSV: whether a wanted cell is the last segment of a path in the column that was found.
    pub(crate) fn is_path(&self, cell: usize, column_header: &[String]) -> bool {
        self.columns[cell].is_some_and(|column| {
            let name = column_name(&column_header[column]);
            self.wanted[cell].iter().any(|source| source.column == name && source.path)
        })
    }
}

/// Where no name is a source of a cell but some are what a `union` made of one: those as its sources, one in the cell
/// itself and each other in a cell that stands in for it.
fn with_stand_ins(mut wanted: Vec<WantedCell>, names: &[&str]) -> (Vec<WantedCell>, Vec<usize>) {
    let mut stand_ins = Vec::new();
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
        stand_ins.extend(others.iter().map(|_| cell));
        wanted[cell] = renamed;
        wanted.extend(others.into_iter().map(|source| vec![source]));
    }
    (wanted, stand_ins)
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
    fn columns_that_a_union_renamed_stand_in_for_one() {
        let wanted = |columns: &[&str]| {
            columns.iter().map(|name| vec![Source { column: (*name).to_owned(), path: false }]).collect()
        };
        let header = ["Port_int", "Port_long", "Name [UTC]", "Name_string"].map(str::to_owned);
        let projection = Projection::of_header(wanted(&["Port", "Name", "None"]), &header);
        assert_eq!(projection.columns, [Some(0), Some(2), None, Some(1)]);
        assert_eq!([0, 1, 2, 3].map(|cell| projection.asked(cell)), [0, 1, 2, 0]);
        for (row, port) in [
            ([Some(""), Some("a"), None, Some("443")], Some("443")),
            ([None, Some("a"), None, Some("443")], Some("443")),
            ([Some("80"), Some("a"), None, Some("")], Some("80")),
            ([Some(""), Some("a"), None, None], Some("")),
        ] {
            let mut cells = row;
            assert_eq!(projection.without_stand_ins(&mut cells), [port, Some("a"), None]);
        }
    }
}
