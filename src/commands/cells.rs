//! Where the cells of rows stand that are judged, counted, and asked for by name.
//!
//! In: how results are read, the matcher, names of fields and columns. Out: the cells that a reader has to find, and those of
//! each row under their names. In rows of several tables a field stands where the row's own table has it.

use super::results::ReadBy;
use super::{Outcome, fail};
use quell::exclusions::model::FieldRef;
use quell::fields::Field;
use quell::input::Input;
use quell::input::projection::Projection;
use quell::judge::Matcher;
use quell::judge::row::{self, RowCells};
use quell::judge::row_tables::{OwnCells, TableCells};
use quell::schema::{Schema, Source, before_union, column_name};

/// Where something stands that was asked for by name.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    /// A column stands in every row.
    Column(Source),
    /// A field stands where the table of the row has it: one for each table, without any if it has no such field.
    Field(Vec<Vec<Source>>),
}

/// Where a field stands in rows of these results.
pub(super) fn standing(field: Field, read: &ReadBy<'_>) -> Standing {
    let sources = |schema: &&Schema| row::sources(&FieldRef::Field(field), schema);
    Standing::Field(read.schemas().iter().map(sources).collect())
}

impl Standing {
    /// Whether some row may have it.
    pub(super) fn is_somewhere(&self) -> bool {
        match self {
            Self::Column(_) => true,
            Self::Field(tables) => tables.iter().any(|sources| !sources.is_empty()),
        }
    }
}

/// The known name of a field or column, and where it stands.
pub(super) fn standing_of(name: &str, read: &ReadBy<'_>, opened: &[Input]) -> Outcome<(String, Standing)> {
    if let Some(field) = Field::named(name) {
        let found = standing(field, read);
        if !found.is_somewhere() {
            let message = match read.schemas() {
                [schema] => format!("schema {} has no column for {field}", schema.name),
                _ => format!("none of the tables of these rows has a column for {field}"),
            };
            return fail("unknown-field", message, "`quell schema` lists what each schema has");
        }
        return Ok((field.name().to_owned(), found));
    }
    let is_of_schema = || read.schemas().iter().any(|schema| schema.columns.contains_key(name));
    if opened.iter().any(|input| has_column(input, name)) || is_of_schema() {
        return Ok((name.to_owned(), Standing::Column(Source { column: name.to_owned(), path: false })));
    }
    let mut legal: Vec<&str> = Field::all().map(Field::name).collect();
    legal.extend(opened.iter().flat_map(|input| &input.names).map(|name| column_name(name)));
    let near = quell::fields::which_field(name, legal);
    let help = format!("{near}`quell schema` lists the fields");
    fail("unknown-field", format!("there is no field or column `{name}`"), &help)
}

fn has_column(input: &Input, column: &str) -> bool {
    let names = input.names.iter().map(|name| column_name(name));
    // Records of an Event Hub have their columns below a key.
    let names = names.map(|name| if input.nested { name.trim_start_matches("properties.") } else { name });
    names.into_iter().any(|name| name == column || before_union(name) == Some(column))
}

/// The place of something that was asked for among the found cells.
#[derive(Debug)]
enum Place {
    EveryRow(usize),
    ByTable(Vec<Option<usize>>),
}

/// Where the cells of a row stand among those that a reader finds.
#[derive(Debug)]
pub(super) struct CellPlaces {
    sources: Vec<Vec<Source>>,
    judged: usize,
    tables: Option<TableCells>,
    asked: Vec<Place>,
}

impl CellPlaces {
    /// Of the cells that a matcher and the counts look at, and behind them what is asked for.
    pub(super) fn new<'s>(
        read: &ReadBy<'_>,
        matcher: &Matcher,
        asked: impl IntoIterator<Item = &'s Standing>,
    ) -> Self {
        let tables = read.tables.as_ref().map(|tables| tables.cells(matcher.slots()));
        let mut sources = match &tables {
            None => row::wanted(matcher.slots(), read.schema),
            Some(tables) => tables.wanted().to_vec(),
        };
        let mut place = |wanted: &Vec<Source>| {
            sources.push(wanted.clone());
            sources.len() - 1
        };
        let asked = asked.into_iter().map(|standing| match standing {
            Standing::Column(column) => Place::EveryRow(place(&vec![column.clone()])),
            Standing::Field(tables) => Place::ByTable(
                tables.iter().map(|wanted| (!wanted.is_empty()).then(|| place(wanted))).collect(),
            ),
        });
        let asked = asked.collect();
        Self { sources, judged: matcher.slots().len(), tables, asked }
    }

    /// The cells that a reader has to find in each row.
    pub(super) fn sources(&self) -> Vec<Vec<Source>> {
        self.sources.clone()
    }

    /// The column of the time.
    pub(super) fn time(&self, found: &Projection) -> Option<usize> {
        let column = |cell: usize| found.columns.get(cell).copied().flatten();
        match &self.tables {
            None => column(row::time_of(self.judged)),
            Some(tables) => tables.times().find_map(column),
        }
    }

    /// The cells of a row that are judged and counted.
    pub(super) fn counted<'r, 'c>(
        &'c self,
        found: &'r [Option<&'c str>],
        own: &'r mut OwnCells<'c>,
    ) -> RowCells<'r, 'c> {
        RowCells::of(self.all(found, own), self.judged)
    }

    /// The same one after the other, those that are judged first.
    pub(super) fn all<'r, 'c>(
        &'c self,
        found: &'r [Option<&'c str>],
        own: &'r mut OwnCells<'c>,
    ) -> &'r [Option<&'c str>] {
        match &self.tables {
            None => found,
            Some(tables) => {
                tables.of(&tables.table(found), found, own);
                own
            }
        }
    }

    /// The cells of a row that were asked for. Of a table that nobody knows there are only columns.
    pub(super) fn asked<'c>(&self, found: &[Option<&'c str>], cells: &mut OwnCells<'c>) {
        let table = match &self.tables {
            None => Some(0),
            Some(tables) => tables.table(found).number,
        };
        cells.clear();
        cells.extend(self.asked.iter().map(|place| match place {
            Place::EveryRow(place) => found[*place],
            Place::ByTable(places) => found[places[table?]?],
        }));
    }
}
