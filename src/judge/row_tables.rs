//! Rows of several tables in one file.
//!
//! In: the column that says which table a row is of, and those tables. Out: the cells that a reader has to find, and for
//! each row the cells of its own table: what holds a process in one table holds a file in the next. A row of a table that
//! nobody knows has no cells, so that nothing covers it.

use super::row::{self, RowCells};
use crate::exclusions::model::{Column, Condition, Entry, Exclusion, FieldRef, Operator, Test, TextValue};
use crate::fields::Kind;
use crate::schema::{Schema, Source};
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::sync::Arc;

/// What the streaming of Defender puts in front of the name of a table.
const STREAMED: &str = "AdvancedHunting-";

/// The key of streamed records that holds it.
pub const STREAMED_COLUMN: &str = "category";

/// The actions that only one table of Defender has, as Microsoft's reference of the tables names them.
const ACTIONS: &[(&str, &[&str])] = &[
    ("DeviceProcessEvents", &["ProcessCreated"]),
    ("DeviceFileEvents", &["FileCreated", "FileModified", "FileRenamed", "FileDeleted"]),
    (
        "DeviceRegistryEvents",
        &[
            "RegistryKeyCreated",
            "RegistryKeyDeleted",
            "RegistryKeyRenamed",
            "RegistryValueSet",
            "RegistryValueDeleted",
        ],
    ),
    ("DeviceLogonEvents", &["LogonSuccess", "LogonFailed", "LogonAttempted"]),
    ("DeviceImageLoadEvents", &["ImageLoaded"]),
    (
        "DeviceNetworkEvents",
        &[
            "ConnectionSuccess",
            "ConnectionFailed",
            "ConnectionRequest",
            "ConnectionFound",
            "ConnectionAttempt",
            "InboundConnectionAccepted",
            "ListeningConnectionCreated",
        ],
    ),
];

/// Tables of which the rows of some results may be.
#[derive(Debug, Clone)]
pub struct RowTables<'s> {
    /// The column that says it.
    pub column: String,
    /// Whether the column holds what happened, and not the name of the table.
    pub by_action: bool,
    /// The tables.
    pub tables: Vec<&'s Schema>,
    /// The table that the header is of, if it is one. A row that says nothing is of that.
    pub of_header: Option<&'s Schema>,
    /// Whether the header has no column that only others have, so that what it lacks of its table is an error.
    pub alone: bool,
    /// The tables that the header may be of, if they are several.
    pub candidates: Vec<&'s Schema>,
}

impl<'s> RowTables<'s> {
    /// The texts of the column that say that a row is of a table.
    fn texts(&self, table: &Schema) -> Vec<String> {
        let name = table.table.as_deref().unwrap_or(&table.name);
        if self.by_action {
            let actions = ACTIONS.iter().filter(|(known, _)| *known == name);
            return actions.flat_map(|(_, actions)| *actions).map(|action| (*action).to_owned()).collect();
        }
        vec![name.to_owned(), format!("{STREAMED}{name}")]
    }

    /// The tables that the column can tell.
    #[must_use]
    pub fn told(mut self) -> Self {
        let tables = std::mem::take(&mut self.tables);
        self.tables = tables.into_iter().filter(|table| !self.texts(table).is_empty()).collect();
        self
    }

    /// Whether rows of some table have a column for all that an entry names.
    pub fn fits(&self, entry: &Entry, has: impl Fn(&[Source]) -> bool) -> bool {
        self.tables.iter().any(|table| has_all(entry, table, &has))
    }

    /// Whether rows of some table have a column for a field.
    pub fn has_field(&self, field: &FieldRef, has: impl Fn(&[Source]) -> bool) -> bool {
        self.tables.iter().any(|table| field.is_in(table) && has(&row::sources(field, table)))
    }

    /// The exclusions with a condition more in each entry: the row is of a table that has a column for all that it names.
    /// `has` says whether the results have one of the columns.
    pub fn by_table(&self, exclusions: &[&Exclusion], has: impl Fn(&[Source]) -> bool) -> Vec<Exclusion> {
        let names: Arc<[String]> = self.tables.iter().map(|table| table.name.clone()).collect();
        let column = Column { name: self.column.clone(), kind: Kind::Text, schemas: names };
        let is = |text: String| TextValue { text, operator: Operator::Is, cased: false };
        let entries = |exclusion: &Exclusion| {
            let entries = exclusion.entries.iter().filter_map(|entry| {
                let fits = |table: &&&Schema| has_all(entry, table, &has);
                let texts: Vec<TextValue> =
                    self.tables.iter().filter(fits).flat_map(|table| self.texts(table)).map(is).collect();
                let mut entry = entry.clone();
                let condition =
                    Condition { field: FieldRef::Column(column.clone()), test: Test::Text(texts) };
                let is_empty = matches!(&condition.test, Test::Text(texts) if texts.is_empty());
                entry.conditions.push(Arc::new(condition));
                (!is_empty).then_some(entry)
            });
            entries.collect()
        };
        exclusions.iter().map(|each| Exclusion { entries: entries(each), ..(*each).clone() }).collect()
    }

    /// Where the cells stand for a matcher that looks at these fields.
    pub fn cells(&self, slots: &[FieldRef]) -> TableCells {
        let mut wanted = vec![vec![Source { column: self.column.clone(), path: false }]];
        let is_own = |slot: &FieldRef| matches!(slot, FieldRef::Column(own) if own.name == self.column);
        let mut places = Vec::new();
        let mut numbers = HashMap::new();
        for (number, table) in self.tables.iter().enumerate() {
            let cells = row::wanted(slots, table).into_iter().map(|sources| {
                let known = wanted.iter().position(|known| *known == sources);
                (!sources.is_empty()).then(|| {
                    known.unwrap_or_else(|| {
                        wanted.push(sources);
                        wanted.len() - 1
                    })
                })
            });
            places.push(cells.collect());
            numbers.extend(self.texts(table).into_iter().map(|text| (text, number)));
        }
        let own = (0..slots.len()).filter(|slot| is_own(&slots[*slot])).collect();
        let of_header = self.of_header.and_then(|schema| {
            let number = self.tables.iter().position(|table| table.name == schema.name)?;
            Some((number, self.texts(schema).into_iter().next()?))
        });
        let streamed = self.column == STREAMED_COLUMN;
        TableCells { wanted, places, numbers, judged: slots.len(), own, of_header, streamed }
    }

    /// The name of a table.
    pub fn name(&self, number: usize) -> &'s str {
        let table = self.tables[number];
        table.table.as_deref().unwrap_or(&table.name)
    }
}

/// Whether a table has columns for all that an entry names, and the results have them.
fn has_all(entry: &Entry, table: &Schema, has: impl Fn(&[Source]) -> bool) -> bool {
    let mut fields = entry.conditions.iter().map(|condition| &condition.field);
    entry.is_in(table) && fields.all(|field| has(&row::sources(field, table)))
}

/// The cells of a row, put together for its table.
pub type OwnCells<'c> = SmallVec<[Option<&'c str>; 24]>;

/// Where the cells of rows of several tables stand.
#[derive(Debug, Clone)]
pub struct TableCells {
    /// What a reader has to find; first the column that says the table.
    wanted: Vec<Vec<Source>>,
    /// For each table and each cell that is looked at, its place among `wanted`.
    places: Vec<Vec<Option<usize>>>,
    /// Tables by what the column says.
    numbers: HashMap<String, usize>,
    judged: usize,
    /// The places of the column itself among the cells that are judged.
    own: Vec<usize>,
    /// The table of a row that says nothing, and its name.
    of_header: Option<(usize, String)>,
    /// Whether only a name with the prefix of the streaming says a table.
    streamed: bool,
}

impl TableCells {
    /// The cells that a reader has to find in each row.
    pub fn wanted(&self) -> &[Vec<Source>] {
        &self.wanted
    }

    /// Whether one of the found cells is one that the matcher looks at in some table.
    pub fn has(&self, slot: usize, found: impl Fn(usize) -> bool) -> bool {
        self.own.contains(&slot) || self.places.iter().any(|places| places[slot].is_some_and(&found))
    }

    /// The places of the time of a row.
    pub fn times(&self) -> impl Iterator<Item = usize> {
        self.places.iter().filter_map(|places| places[row::time_of(self.judged)])
    }

    /// What a row says of its table, and the number of that table if it is known. A row without such a cell is of the table
    /// of the header, if that is certain.
    pub fn table<'c>(&'c self, found: &[Option<&'c str>]) -> RowTable<'c> {
        // A category that is no table of Defender's says what kind of log it is, not which table.
        let said = found[0].filter(|text| !self.streamed || text.starts_with(STREAMED));
        match (said, &self.of_header) {
            (None, Some((number, text))) => RowTable { said: Some(text), number: Some(*number) },
            (said, _) => RowTable { said, number: said.and_then(|text| self.numbers.get(text)).copied() },
        }
    }

    /// The cells of a row as its table has them.
    pub fn of<'r, 'c>(
        &'c self,
        table: &RowTable<'c>,
        found: &[Option<&'c str>],
        own: &'r mut OwnCells<'c>,
    ) -> RowCells<'r, 'c> {
        own.clear();
        match table.number {
            Some(number) => {
                own.extend(self.places[number].iter().map(|place| place.and_then(|at| found[at])));
            }
            None => own.resize(row::cell_count(self.judged, true), None),
        }
        self.own.iter().for_each(|slot| own[*slot] = table.said);
        RowCells::of(own, self.judged)
    }
}

/// The table of a row.
#[derive(Debug, Clone, Copy)]
pub struct RowTable<'c> {
    /// What the row says.
    pub said: Option<&'c str>,
    /// Its number, if it is known.
    pub number: Option<usize>,
}
