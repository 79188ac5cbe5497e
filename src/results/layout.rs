//! Which columns of a file hold what somebody wants to look at.
//!
//! In: the columns wanted, each with its possible sources, and the names that a file has. Out:
//! [`Layout`], the one thing that the readers need to know.

use crate::schema::{Source, column_name};
use hashbrown::HashMap;

/// One wanted cell: the columns that may hold it, the first that is there counts.
pub type Wanted = Vec<Source>;

/// The wanted cells and where they stand.
#[derive(Debug, Clone)]
pub struct Layout {
    /// What was asked for, in the order of the cells.
    pub wanted: Vec<Wanted>,
    /// CSV: cells of a row.
    pub width: usize,
    /// CSV: for each wanted cell its column.
    pub columns: Vec<Option<usize>>,
    /// CSV: the wanted cells in each column up to the last that is looked at.
    pub(super) by_column: Vec<Vec<usize>>,
    /// JSON: for each wanted cell and source the key paths.
    pub(super) keys: Keys,
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

impl Layout {
    /// For a file with a header.
    pub fn of_header(wanted: Vec<Wanted>, header: &[String]) -> Self {
        let place = |source: &Source| header.iter().position(|name| column_name(name) == source.column);
        let columns: Vec<Option<usize>> =
            wanted.iter().map(|sources| sources.iter().find_map(place)).collect();
        let looked_at = columns.iter().flatten().max().map_or(0, |last| last + 1);
        let mut by_column = vec![Vec::new(); looked_at];
        for (cell, column) in columns.iter().enumerate() {
            if let Some(column) = column {
                by_column[*column].push(cell);
            }
        }
        Self { width: header.len(), keys: Keys::default(), wanted, columns, by_column }
    }

    /// For JSON objects.
    pub fn of_keys(wanted: Vec<Wanted>) -> Self {
        let mut keys = Keys::default();
        for (cell, sources) in wanted.iter().enumerate() {
            for (place, source) in sources.iter().enumerate() {
                keys.add(&source.column, (cell, place));
            }
        }
        Self { width: 0, columns: Vec::new(), by_column: Vec::new(), keys, wanted }
    }

    /// CSV: whether a wanted cell is the last segment of a path in the column that was found.
    pub(super) fn is_path(&self, cell: usize, column_header: &[String]) -> bool {
        self.columns[cell].is_some_and(|column| {
            let name = column_name(&column_header[column]);
            self.wanted[cell].iter().any(|source| source.column == name && source.path)
        })
    }
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
