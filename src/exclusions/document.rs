//! An exclusion list as it is written in YAML: the types that lists are written from and that the
//! JSON Schema for editors is generated from.
//!
//! In: nothing. Out: [`ListFile`]. What the values mean, and which are right, is
//! [`super::validate`]'s to say; a test keeps the two in step.

use super::key_schema;
use crate::schema::Schemas;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A file of exclusions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// Values that a site fills in; a value of a condition names one as `${name}`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub parameters: IndexMap<String, WrittenParameter>,
    /// The exclusions of the file. Their order has no meaning.
    pub exclusions: Vec<WrittenExclusion>,
}

/// A value that a site fills in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenParameter {
    /// What to fill in.
    pub meaning: String,
    /// The value that the cases of the list use. It never suppresses anything elsewhere.
    pub example: String,
}

/// One exclusion: what is benign, whose word that is, and rows that prove it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenExclusion {
    /// Unique over all loaded lists: lower-case letters, digits and single hyphens.
    #[schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"))]
    pub id: String,
    /// The benign story in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What a row must look like.
    pub when: WrittenWhen,
    /// The text that the exclusion was taken from, verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documented: Option<String>,
    /// Rule ids or name globs that it belongs to; without it, every hunt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<OneOrMany>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why these rows are benign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where that can be read: a ticket, a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The day it was written, YYYY-MM-DD.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub created: Option<String>,
    /// The last day on which it suppresses, YYYY-MM-DD.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub expires: Option<String>,
    /// Rows with the verdict that they must get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<WrittenCases>,
}

/// A list of entries is OR between them; a single mapping is one entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WrittenWhen {
    /// OR between the entries.
    Entries(Vec<WrittenEntry>),
    /// One entry.
    Entry(WrittenEntry),
}

impl Default for WrittenWhen {
    fn default() -> Self {
        Self::Entries(Vec::new())
    }
}

/// Fields with modifiers (`process.path|startswith`), AND between them, to the values of which one must be met.
pub type WrittenEntry = IndexMap<String, OneOrMany>;

/// A value or a list of values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One value.
    One(Scalar),
    /// OR between the values.
    Many(Vec<Scalar>),
}

/// A value: text, or a number that is read as the text that stands there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A number, such as a port.
    Number(u64),
}

/// Rows with the verdict that they must get. A list of values is a case for each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenCases {
    /// A row that every case is a change to. An empty text takes a field away from it.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub base: IndexMap<String, Scalar>,
    /// Rows that the exclusion must suppress.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppress: Vec<IndexMap<String, OneOrMany>>,
    /// Rows that it must keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<IndexMap<String, OneOrMany>>,
}

/// The JSON Schema of an exclusion list, for editors. It knows every field, the columns of these schemas, and the modifiers.
pub fn json_schema(schemas: &Schemas) -> serde_json::Value {
    let mut schema = schemars::schema_for!(ListFile).to_value();
    let defined = &mut schema["$defs"];
    defined["WrittenEntry"] = key_schema::entry(schemas);
    defined["WrittenRow"] = key_schema::row(schemas);
    let (entry, row) = (json!({"$ref": "#/$defs/WrittenEntry"}), json!({"$ref": "#/$defs/WrittenRow"}));
    defined["WrittenWhen"]["anyOf"][0]["items"] = entry.clone();
    defined["WrittenWhen"]["anyOf"][0]["minItems"] = 1.into();
    defined["WrittenWhen"]["anyOf"][1] = entry;
    let cases = &mut defined["WrittenCases"]["properties"];
    cases["base"]["$ref"] = row["$ref"].clone();
    for shape in ["type", "additionalProperties"] {
        cases["base"].as_object_mut().and_then(|base| base.remove(shape));
    }
    for verdict in ["suppress", "keep"] {
        cases[verdict]["items"] = row.clone();
    }
    schema
}
