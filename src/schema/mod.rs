//! Which column of which product holds a field.
//!
//! In: schema files (the built-in ones are the YAML files beside this one) and the header of a
//! results file. Out: [`Schemas`], and for a header the [`Schema`] that it belongs to. It does not
//! read results and does not know what a condition is.

use crate::fields::{Field, Kind, did_you_mean};
use crate::yaml;
use indexmap::IndexMap;
use serde::Deserialize;

/// How one product names its columns.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Its name, as `--schema` takes it.
    pub name: String,
    /// What it is.
    pub description: String,
    /// The KQL table, if it has one.
    pub table: Option<String>,
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
    time: Option<OneOrList<String>>,
    device: Option<OneOrList<String>>,
    fields: IndexMap<String, OneOrList<Source>>,
    #[serde(default)]
    columns: IndexMap<String, String>,
}

const BUILT_IN: [&str; 5] = [
    include_str!("defender.yaml"),
    include_str!("sentinel.yaml"),
    include_str!("sysmon.yaml"),
    include_str!("asim.yaml"),
    include_str!("ecs.yaml"),
];

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
        for source in fields.values().flatten() {
            columns.entry(source.column.clone()).or_insert_with(|| "string".to_owned());
        }
        Ok(Self {
            name: written.schema,
            description: written.description,
            table: written.table,
            time: written.time.map(OneOrList::into_vec).unwrap_or_default(),
            device: written.device.map(OneOrList::into_vec).unwrap_or_default(),
            fields,
            columns,
        })
    }

    /// How a raw column of it is compared: like the field that it holds, else by its type.
    pub fn column_kind(&self, column: &str) -> Option<Kind> {
        let of_field = self.fields.iter().find_map(|(field, sources)| {
            let holds = sources.iter().any(|source| source.column == column && !source.path);
            holds.then(|| field.kind())
        });
        let of_type = self.columns.get(column).map(|kind| match kind.as_str() {
            "int" | "long" => Kind::Number,
            _ => Kind::Text,
        });
        of_field.or(of_type)
    }

    /// The columns that hold a field; empty if it has none.
    pub fn sources(&self, field: Field) -> &[Source] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    fn knows(&self, header: &[String]) -> usize {
        let knows = |name: &str| {
            self.columns.contains_key(name) || self.time.iter().chain(&self.device).any(|known| known == name)
        };
        header.iter().filter(|name| knows(name) || before_union(name).is_some_and(knows)).count()
    }
}

fn unknown_field(name: &str) -> String {
    let near = did_you_mean(name, Field::all().map(Field::name), 1);
    format!("there is no field `{name}`; {near}`quell schema` lists them")
}

/// All schemas that are known in this run.
#[derive(Debug, Clone)]
pub struct Schemas(Vec<Schema>);

impl Schemas {
    /// The built-in ones.
    pub fn built_in() -> Self {
        // The files are compiled in and a test reads each of them.
        Self(BUILT_IN.iter().filter_map(|text| Schema::parse(text).ok()).collect())
    }

    /// These and one more, which wins over a built-in one of its name.
    #[must_use]
    pub fn with(mut self, schema: Schema) -> Self {
        self.0.retain(|known| known.name != schema.name);
        self.0.insert(0, schema);
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Schema> {
        self.0.iter()
    }

    /// The schema of this name.
    pub fn named(&self, name: &str) -> Option<&Schema> {
        self.0.iter().find(|schema| schema.name == name)
    }

    /// The schema that knows most of a header; `None` if none knows any of it.
    pub fn recognise(&self, header: &[String]) -> Option<&Schema> {
        let mut best: Option<(usize, &Schema)> = None;
        for schema in &self.0 {
            let score = schema.knows(header);
            if score > best.map_or(0, |(most, _)| most) {
                best = Some((score, schema));
            }
        }
        best.map(|(_, schema)| schema)
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

    #[test]
    fn every_built_in_schema_reads() {
        let names: Vec<String> = BUILT_IN.iter().map(|text| Schema::parse(text).unwrap().name).collect();
        assert_eq!(names, ["defender", "sentinel", "sysmon", "asim", "ecs"]);
    }

    #[test]
    fn a_header_finds_its_schema() {
        let schemas = Schemas::built_in();
        for (header, name) in [
            ("Timestamp,DeviceName,RemoteIP,InitiatingProcessFileName", "defender"),
            ("TimeGenerated [UTC],DeviceName,RemoteIP", "sentinel"),
            ("TimeGenerated_datetime,DeviceName_string,RemoteIP_string", "sentinel"),
            ("UtcTime,Image,DestinationIp,Computer", "sysmon"),
            ("TimeGenerated,SrcProcessName,DstIpAddr", "asim"),
            ("@timestamp,process.name,destination.ip", "ecs"),
        ] {
            let header: Vec<String> = header.split(',').map(|n| column_name(n).to_owned()).collect();
            assert_eq!(schemas.recognise(&header).map(|s| s.name.as_str()), Some(name), "{header:?}");
        }
        assert!(schemas.recognise(&["colour".to_owned()]).is_none());
    }

    #[test]
    fn a_wrong_schema_file_says_what_is_wrong() {
        let error = Schema::parse("schema: mine\nfields: {proces.name: proc}").unwrap_err();
        assert!(error.contains("process.name"), "{error}");
    }
}
