//! Columns and keys that occur twice.
//!
//! In: a header, or a JSON record. Out: the name and its places. The two cells may differ, and a row that one of them
//! suppresses may be malicious by the other. So quell refuses results in which a wanted column occurs twice.

use super::projection::Projection;
use crate::schema::column_name;
use std::error::Error;
use std::fmt;

/// A wanted column that occurs more than once in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateColumn {
    /// Its name.
    pub column: String,
    /// The numbers of its columns, from 1.
    pub places: Vec<usize>,
}

/// A wanted key that occurs more than once in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateKey {
    /// Line of the file on which the record begins, from 1.
    pub line: u64,
    /// The key, dotted if it is nested.
    pub key: String,
    /// Where it stands in the record, in bytes from 1.
    pub places: Vec<usize>,
}

impl fmt::Display for DuplicateColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, places } = self;
        write!(f, "the column {column} stands more than once: as columns {}", listed(places))
    }
}

impl fmt::Display for DuplicateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, places } = self;
        let places = listed(places);
        write!(f, "line {line}: the key {key} stands more than once in a record: at its bytes {places}")
    }
}

impl Error for DuplicateKey {}

fn listed(places: &[usize]) -> String {
    let places: Vec<String> = places.iter().map(usize::to_string).collect();
    places.join(" and ")
}

/// The wanted columns that occur more than once in a header. Other columns may do so.
pub fn columns(projection: &Projection, header: &[String]) -> Vec<DuplicateColumn> {
    let mut found: Vec<DuplicateColumn> = Vec::new();
    for column in projection.columns.iter().flatten() {
        let name = column_name(&header[*column]);
        let places = (1..).zip(header).filter(|(_, other)| column_name(other) == name);
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        if places.len() > 1 && found.iter().all(|known| known.column != name) {
            found.push(DuplicateColumn { column: name.to_owned(), places });
        }
    }
    found
}

/// An object or array that is open.
struct OpenValue {
    object: bool,
    /// Whether it is an array or stands in one, where no key is wanted.
    in_array: bool,
    /// The length of its own path in `places`.
    path: usize,
}

/// Where a key stands in a JSON record, in bytes from 1.
pub(super) fn places(record: &str, key: &str) -> Vec<usize> {
    let (mut found, mut path, mut at) = (Vec::new(), String::new(), 0);
    let mut open: Vec<OpenValue> = Vec::new();
    while let Some(byte) = record.as_bytes().get(at) {
        match byte {
            b'{' | b'[' => {
                let object = *byte == b'{';
                let in_array = !object || open.last().is_some_and(|around| around.in_array);
                open.push(OpenValue { object, in_array, path: path.len() });
            }
            b'}' | b']' => {
                open.pop();
            }
            b'"' => {
                let end = string_end(record, at);
                let is_key = record[end..].trim_start().starts_with(':');
                if let Some(around) = open.last().filter(|around| around.object && is_key) {
                    path.truncate(around.path);
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path += &serde_json::from_str::<String>(&record[at..end]).unwrap_or_default();
                    if path == key && !around.in_array {
                        found.push(at + 1);
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The end of the string that begins here, after its quotation mark.
fn string_end(record: &str, start: usize) -> usize {
    let bytes = record.as_bytes();
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    record.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_wherever_it_stands() {
        for (record, key, wanted) in [
            (r#"{"a":1,"a":2}"#, "a", vec![2, 8]),
            (r#" {"x":"\"a\":","a": 1 , "\u0061" :2}"#, "a", vec![16, 25]),
            (r#"{"a":{"b":1},"a.b":2,"c":{"a":{"b":3}}}"#, "a.b", vec![7, 14]),
            (r#"{"a":{"b":{"c":1}},"a.b":{"c":2},"a":{"b.c":3}}"#, "a.b.c", vec![12, 27, 39]),
            (r#"{"x":[{"a":1},{"a":{"a":2}}],"y":{"a":1},"a":["a"]}"#, "a", vec![42]),
            (r#"{"é":"😀","a":1,"b":"\\","a":2}"#, "a", vec![14, 29]),
            (r#"{"a":"#, "a", vec![2]),
            (r#"{"a"#, "a", vec![]),
            ("", "a", vec![]),
        ] {
            assert_eq!(places(record, key), wanted, "{record}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_places_or_none(record in "[\\[\\]{}\":,a\\\\é.]{0,40}") {
            places(&record, "a.a");
        }
    }
}
