//! Finds out from its first bytes what shape a JSON text has.
//!
//! In: the beginning of a text. Out: its [`Format`], the names of its columns, and whether they stand below `properties`.
//! It does not trust file names, and reads no more than it is given.

use super::document::{PieceKind, Walker};
use super::format::Document;
use crate::input::{Format, MAX_COLUMNS};
use indexmap::IndexSet;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// How many records are read to collect keys.
const SAMPLE: usize = 1_000;

/// The key below which records of an Event Hub have their columns.
const PROPERTIES: &str = "properties";

/// The shape of a text of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// How rows are found.
    pub format: Format,
    /// The columns, or the keys of the first records. The key `b` in an object `a` is `a.b`.
    pub names: Vec<String>,
    /// Whether each record has its columns below the key `properties`.
    pub nested: bool,
}

/// The document that a text begins with; `None` if it is none that holds records.
pub fn document(text: &[u8]) -> Option<Document> {
    let mut found = None;
    let mut json = serde_json::Deserializer::from_slice(text);
    // The text may end anywhere, so an error means nothing: what was found before it counts.
    let _ = json.deserialize_any(Envelope { found: &mut found, in_array: false });
    found
}

/// The same for a text that the user has not called a document.
///
/// An object with strings, numbers or booleans of its own is a row here, whatever arrays it holds besides. If it were taken
/// for an envelope, its own values would not be judged.
pub fn recognised(text: &[u8]) -> Option<Document> {
    let found = document(text)?;
    match found {
        Document::Array => Some(found),
        Document::Batches => {
            let first = text.trim_ascii_start().get(1..).unwrap_or_default();
            let first = serde_json::Deserializer::from_slice(first).into_iter().next();
            Some(if first.is_some_and(|first| first.is_ok_and(is_row)) { Document::Array } else { found })
        }
        Document::Results | Document::Records | Document::Tables => {
            let line = text.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
            let row = serde_json::from_slice(line.unwrap_or_default()).is_ok_and(is_row);
            (!row).then_some(found)
        }
    }
}

/// Whether an object has strings, numbers or booleans of its own. Keys that begin with `@` do not count: they describe the
/// service's answer.
fn is_row(value: serde_json::Value) -> bool {
    let serde_json::Value::Object(object) = value else { return false };
    object.iter().any(|(key, value)| {
        !key.starts_with('@') && (value.is_string() || value.is_number() || value.is_boolean())
    })
}

/// The shape of a document, with the keys of its first records.
pub fn of_document(document: Document, text: &[u8], ended: bool) -> Shape {
    let mut walker = Walker::new(document);
    let mut pieces = Vec::new();
    // If this fails, reading the rows fails too, and is reported then.
    let _ = walker.walk(text, 0, ended, &mut pieces);
    let format = Format::Document(document);
    if document == Document::Tables {
        let names = walker.columns().unwrap_or_default().to_vec();
        return Shape { format, names, nested: false };
    }
    let records = pieces.into_iter().filter(|piece| piece.kind == PieceKind::Record);
    of_records(format, records.map(|piece| &text[piece.range]))
}

/// The shape of JSON Lines, with the keys of the first lines.
pub fn of_lines(text: &[u8]) -> Shape {
    of_records(Format::JsonLines, text.split(|byte| *byte == b'\n'))
}

fn of_records<'t>(format: Format, records: impl Iterator<Item = &'t [u8]>) -> Shape {
    let mut names = IndexSet::new();
    let mut nested = None;
    for record in records.take(SAMPLE) {
        if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(record) {
            let streamed = object.get(PROPERTIES).is_some_and(serde_json::Value::is_object)
                && ["category", "time", "operationName"].iter().any(|key| object.contains_key(*key));
            nested.get_or_insert(streamed);
            collect_keys(&object, "", &mut names);
        }
    }
    let nested = nested.unwrap_or(false);
    let names = names.into_iter().filter_map(|name: String| {
        if nested { name.strip_prefix(PROPERTIES)?.strip_prefix('.').map(str::to_owned) } else { Some(name) }
    });
    Shape { format, names: names.collect(), nested }
}

/// Adds the keys of an object and of the objects in it.
fn collect_keys(
    object: &serde_json::Map<String, serde_json::Value>,
    before: &str,
    names: &mut IndexSet<String>,
) {
    for (key, value) in object {
        if names.len() >= MAX_COLUMNS {
            return;
        }
        let name = format!("{before}{key}");
        if let serde_json::Value::Object(below) = value {
            collect_keys(below, &format!("{name}."), names);
        }
        names.insert(name);
    }
}

/// The key beside `properties` that says of which table a record is.
pub const STREAMED_TABLE: &str = "category";

/// The path of a column in a record that has its columns below `properties`.
pub fn below_properties(column: &str) -> String {
    if column == STREAMED_TABLE { column.to_owned() } else { format!("{PROPERTIES}.{column}") }
}

/// Looks for an array, or for a key that holds records.
struct Envelope<'f> {
    found: &'f mut Option<Document>,
    /// Whether an array is around it.
    in_array: bool,
}

impl<'de> DeserializeSeed<'de> for Envelope<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if !self.in_array {
            *self.found = Some(Document::Array);
            items.next_element_seed(Envelope { found: self.found, in_array: true })?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match Document::of_key(&key) {
                Some(Document::Records) if self.in_array => {
                    map.next_value_seed(Items { found: self.found, document: Document::Batches })?;
                }
                Some(document) if !self.in_array => {
                    map.next_value_seed(Items { found: self.found, document })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Checks that a key holds an array of objects, or an empty array; then the document is found.
struct Items<'f> {
    found: &'f mut Option<Document>,
    document: Document,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let (found, document) = (self.found, self.document);
        if items.next_element_seed(Item { found: &mut *found, document })?.is_none() {
            *found = Some(document);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Checks that an item is an object.
struct Item<'f> {
    found: &'f mut Option<Document>,
    document: Document,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        *self.found = Some(self.document);
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_from_its_beginning() {
        for (text, wanted) in [
            ("[{\"a\":", Some(Document::Array)),
            ("[]", Some(Document::Array)),
            ("[{\"records\":[{", Some(Document::Batches)),
            ("{\"schema\":[{\"name\":\"a\"}],\n\"results\":[{", Some(Document::Results)),
            ("{\"Schema\":[],\"Results\":[]}", Some(Document::Results)),
            ("{\"records\": [ {\"time\"", Some(Document::Records)),
            ("{\"tables\":[{\"name\"", Some(Document::Tables)),
            ("{\"results\":\"text\",\"a\":1}", None),
            ("{\"results\":[1,2]}", None),
            ("{\"a\":{\"results\":[{}]}}", None),
            ("{\"a\":1}\n{\"records\":[{}]}", None),
            ("{\"a\":1,\"records\":[{}]}\n{\"a\":2}", None),
            ("{\"results\":[{}],\"a\":\"x\"}\n", None),
            ("{\"tables\":[{}],\"a\":true}\n", None),
            ("{\"@odata.context\":\"x\",\"results\":[{}]}", Some(Document::Results)),
            ("{\"count\":1,\n\"results\":[{}]}", Some(Document::Results)),
            ("[{\"a\":1,\"records\":[{}]}, {\"a\":2}]", Some(Document::Array)),
            ("[{\"records\":[{\"a\":1}]}]", Some(Document::Batches)),
            ("a,b\n", None),
        ] {
            assert_eq!(recognised(text.as_bytes()), wanted, "{text}");
        }
        assert_eq!(document(b"{\"a\":1,\"records\":[{}]}"), Some(Document::Records));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_have_a_shape_or_none(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                &b"["[..], b"]", b"{", b"}", b":", b",", b"\"records\"", b"\"tables\"", b"\"rows\"", b"\"columns\"", b"\"error\"", b"\"properties\"", b"\"", b"\xff", b"\0", b"1", b"\n",
            ]), 0..40),
        ) {
            let text = parts.concat();
            of_lines(&text);
            for document in recognised(&text).into_iter().chain([Document::Tables, Document::Batches]) {
                of_document(document, &text, true);
            }
        }
    }

    #[test]
    fn streamed_records_have_their_columns_below_properties() {
        let line = "{\"time\":\"t\",\"category\":\"c\",\"properties\":{\"RemoteIP\":\"1.2.3.4\"}}";
        let shape = of_lines(line.as_bytes());
        assert!(shape.nested);
        assert_eq!(shape.names, ["RemoteIP"]);
        let flat = of_lines(b"{\"RemoteIP\":\"1.2.3.4\",\"properties\":{\"a\":1}}");
        assert!(!flat.nested && flat.names.contains(&"RemoteIP".to_owned()));
        let text = format!("{{\"records\":[{line}]}}");
        assert_eq!(of_document(Document::Records, text.as_bytes(), true).names, ["RemoteIP"]);
    }
}
