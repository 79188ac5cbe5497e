//! Which column of which product holds a field.
//!
//! In: schema files (the built-in ones are the YAML files beside this one, and one a table in `tables`) and the header of a
//! results file. Out: [`Schemas`], and for a header the [`Schema`] that it belongs to. It does not read results and does
//! not know what a condition is.
//!
//! [`recognise`] says which table a header is of, and `built_in` lists the files.

mod built_in;
pub mod recognise;

use crate::fields::{Field, Kind, did_you_mean};
use crate::yaml;
use indexmap::IndexMap;
use recognise::Recognition;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// How one product names its columns.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Its name, as `--schema` takes it.
    pub name: String,
    /// What it is.
    pub description: String,
    /// The KQL table, if it has one.
    pub table: Option<String>,
    /// Other names that queries have for the same rows.
    pub also: Vec<String>,
    /// Columns with the time of a row, the first that is there counts.
    pub time: Vec<String>,
    /// Columns with the device of a row, the first that is there counts.
    pub device: Vec<String>,
    /// The columns that hold each field, the first that is there counts.
    pub fields: IndexMap<Field, Vec<Source>>,
    /// Every known column with its KQL type.
    pub columns: IndexMap<String, String>,
}

/// A column that holds a field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenSource")]
pub struct Source {
    /// The column.
    pub column: String,
    /// Whether it holds a whole path of which the field is the last segment.
    pub path: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenSource {
    Column(String),
    Table {
        column: String,
        #[serde(default)]
        path: bool,
    },
}

impl From<WrittenSource> for Source {
    fn from(written: WrittenSource) -> Self {
        let (column, path) = match written {
            WrittenSource::Column(column) => (column, false),
            WrittenSource::Table { column, path } => (column, path),
        };
        Self { column, path }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrList<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrList<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(item) => vec![item],
            Self::Many(items) => items,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSchema {
    schema: String,
    #[serde(default)]
    description: String,
    table: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    time: Option<OneOrList<String>>,
    device: Option<OneOrList<String>>,
    fields: IndexMap<String, OneOrList<Source>>,
    #[serde(default)]
    columns: IndexMap<String, String>,
    /// The same by type: `string: A B C`.
    #[serde(default)]
    types: IndexMap<String, String>,
}

impl Schema {
    /// Reads a schema file. The error is one line for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: WrittenSchema = yaml::from_str(text)?;
        let mut fields = IndexMap::new();
        for (name, sources) in written.fields {
            let field = Field::named(&name).ok_or_else(|| unknown_field(&name))?;
            fields.insert(field, sources.into_vec());
        }
        let mut columns = written.columns;
        for (kind, names) in &written.types {
            columns.extend(names.split_whitespace().map(|name| (name.to_owned(), kind.clone())));
        }
        for source in fields.values().flatten() {
            columns.entry(source.column.clone()).or_insert_with(|| "string".to_owned());
        }
        Ok(Self {
            name: written.schema,
            description: written.description,
            table: written.table,
            also: written.also,
            time: written.time.map(OneOrList::into_vec).unwrap_or_default(),
            device: written.device.map(OneOrList::into_vec).unwrap_or_default(),
            fields,
            columns,
        })
    }

    /// How each of its columns is compared.
    fn kinds(&self) -> impl Iterator<Item = (&str, Kind)> {
        let columns = self.columns.iter();
        let mut kinds: IndexMap<&str, Kind> =
            columns.map(|(name, kind)| (name.as_str(), kind_of_type(kind))).collect();
        // The first field that a column holds decides.
        for (field, sources) in self.fields.iter().rev() {
            for source in sources.iter().filter(|source| !source.path) {
                kinds.insert(&source.column, field.kind());
            }
        }
        kinds.into_iter()
    }

    /// How a raw column of it is compared: like the field that it holds, else by its type.
    pub fn column_kind(&self, column: &str) -> Option<Kind> {
        let of_field = self.fields.iter().find_map(|(field, sources)| {
            let holds = sources.iter().any(|source| source.column == column && !source.path);
            holds.then(|| field.kind())
        });
        let of_type = self.columns.get(column).map(|kind| kind_of_type(kind));
        of_field.or(of_type)
    }

    /// The columns that hold a field; empty if it has none.
    pub fn sources(&self, field: Field) -> &[Source] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    /// Whether it has a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name) || self.time.iter().chain(&self.device).any(|known| known == name)
    }

    /// Whether queries call its rows so.
    pub fn is_called(&self, table: &str) -> bool {
        self.table.as_deref() == Some(table) || self.also.iter().any(|name| name == table)
    }
}

fn kind_of_type(kind: &str) -> Kind {
    match kind {
        "int" | "long" => Kind::Number,
        _ => Kind::Text,
    }
}

fn unknown_field(name: &str) -> String {
    let near = did_you_mean(name, Field::all().map(Field::name), 1);
    format!("there is no field `{name}`; {near}`quell schema` lists them")
}

/// All schemas that are known in this run.
#[derive(Debug, Clone)]
pub struct Schemas {
    all: Vec<Arc<Schema>>,
    /// How each column is compared, and which schemas have it.
    owners: OnceLock<HashMap<String, Owners>>,
}

/// How a column is compared, and the names of the schemas that have it.
pub type Owners = (Kind, Arc<[String]>);

impl Schemas {
    /// The built-in ones.
    pub fn built_in() -> Self {
        static BUILT_IN: OnceLock<Schemas> = OnceLock::new();
        BUILT_IN.get_or_init(|| Self::of(built_in::schemas().map(Arc::new).collect())).clone()
    }

    fn of(all: Vec<Arc<Schema>>) -> Self {
        Self { all, owners: OnceLock::new() }
    }

    /// These and one more, which wins over a built-in one of its name.
    #[must_use]
    pub fn with(self, schema: Schema) -> Self {
        let mut all = self.all;
        all.retain(|known| known.name != schema.name);
        all.insert(0, Arc::new(schema));
        Self::of(all)
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Schema> {
        self.all.iter().map(|schema| &**schema)
    }

    /// The schema of this name, or the first of this table.
    pub fn named(&self, name: &str) -> Option<&Schema> {
        self.iter().find(|schema| schema.name == name).or_else(|| self.of_table(name))
    }

    /// The first schema of a table, by any of the names that queries have for it.
    pub fn of_table(&self, table: &str) -> Option<&Schema> {
        self.iter().find(|schema| schema.is_called(table))
    }

    /// The schema of a header; `None` if none knows any of it, or if it may be of several tables.
    pub fn recognise(&self, header: &[String]) -> Option<&Schema> {
        match self.recognition(header) {
            Recognition::One(schema) => Some(schema),
            Recognition::Several(_) | Recognition::None => None,
        }
    }

    /// Which schemas a header may be of.
    pub fn recognition(&self, header: &[String]) -> Recognition<'_> {
        recognise::recognition(&self.iter().collect::<Vec<_>>(), header)
    }

    /// How a raw column is compared, and which schemas have it.
    ///
    /// Where they disagree, an address is compared as one, and everything else as text.
    pub fn owners(&self, column: &str) -> Option<&Owners> {
        let owners = self.owners.get_or_init(|| {
            let mut all: HashMap<&str, (Vec<Kind>, Vec<String>)> = HashMap::new();
            for schema in self.iter() {
                for (name, kind) in schema.kinds() {
                    let (kinds, names) = all.entry(name).or_default();
                    kinds.push(kind);
                    names.push(schema.name.clone());
                }
            }
            let owners = all.into_iter().map(|(name, (kinds, names))| {
                let kind = match kinds.as_slice() {
                    [first, rest @ ..] if rest.iter().all(|kind| kind == first) => *first,
                    kinds if kinds.contains(&Kind::Address) => Kind::Address,
                    _ => Kind::Text,
                };
                (name.to_owned(), (kind, names.into()))
            });
            owners.collect()
        });
        owners.get(column)
    }
}

/// The name of a column without what an export adds to it: `TimeGenerated [UTC]` is `TimeGenerated`.
pub fn column_name(header: &str) -> &str {
    let name = header.trim_start_matches('\u{feff}').trim();
    match name.rsplit_once(" [") {
        Some((column, zone)) if zone.ends_with(']') => column,
        _ => name,
    }
}

/// The types with which Kusto marks the columns of a `union` whose tables disagree about a type.
const TYPES: [&str; 11] =
    ["bool", "datetime", "decimal", "double", "dynamic", "guid", "int", "long", "real", "string", "timespan"];

/// The column that a `union` renamed: `ReportId_long` was `ReportId`.
pub fn before_union(column: &str) -> Option<&str> {
    let (name, kind) = column.rsplit_once('_')?;
    (TYPES.contains(&kind) && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column that one table compares as a number and another as text is compared as text; nothing is told apart by
    /// that but a range.
    #[test]
    fn a_column_that_is_an_address_somewhere_is_an_address_wherever_it_is_text() {
        let schemas = Schemas::built_in();
        for schema in schemas.iter() {
            for column in schema.columns.keys() {
                let (kind, names) = schemas.owners(column).unwrap();
                assert!(names.contains(&schema.name), "{column}");
                let own = schema.column_kind(column).unwrap();
                assert!(own == *kind || *kind != Kind::Number, "{}: {column}", schema.name);
                let text = schema.columns[column] == "string";
                assert!(*kind != Kind::Address || text, "{}: {column}", schema.name);
            }
        }
    }

    #[test]
    fn a_wrong_schema_file_says_what_is_wrong() {
        let error = Schema::parse("schema: mine\nfields: {proces.name: proc}").unwrap_err();
        assert!(error.contains("process.name"), "{error}");
    }
}
