//! The JSON documents that hold records, and the path to a record in each. It only lists them and reads nothing.

/// One step of the path to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input) enum PathStep {
    /// Any item of an array.
    Item,
    /// The value of a key, in one of its spellings.
    Key(&'static [&'static str]),
}

/// Documents that hold records in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// An array of objects, as `az` and most tools print.
    Array,
    /// `{"schema":[...],"results":[{...}]}` of Graph, `{"Schema","Results"}` of the older Defender API.
    Results,
    /// `{"records":[{...}]}` of an Event Hub; a file may hold several, one after the other.
    Records,
    /// `[{"records":[{...}]}]`: several of those in an array.
    Batches,
    /// `{"tables":[{"columns":[...],"rows":[[...]]}]}` of Log Analytics.
    Tables,
}

const RESULTS: &[&str] = &["results", "Results"];
const RECORDS: &[&str] = &["records"];
const TABLES: &[&str] = &["tables", "Tables"];

impl Document {
    /// The path to a record.
    pub(in crate::input) fn path(self) -> &'static [PathStep] {
        const ROWS: PathStep = PathStep::Key(&["rows", "Rows"]);
        match self {
            Self::Array => &[PathStep::Item],
            Self::Results => &[PathStep::Key(RESULTS), PathStep::Item],
            Self::Records => &[PathStep::Key(RECORDS), PathStep::Item],
            Self::Batches => &[PathStep::Item, PathStep::Key(RECORDS), PathStep::Item],
            Self::Tables => &[PathStep::Key(TABLES), PathStep::Item, ROWS, PathStep::Item],
        }
    }

    /// The document in which this key holds records.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        let is = |names: &[&str]| names.contains(&key);
        match () {
            () if is(RESULTS) => Some(Self::Results),
            () if is(RECORDS) => Some(Self::Records),
            () if is(TABLES) => Some(Self::Tables),
            () => None,
        }
    }
}
