//! Which keys a condition may have, as JSON Schema, so that an editor completes them and marks a wrong one.
//!
//! In: the known schemas. Out: the shape of an entry and of a row of cases. What is legal is said by [`super::value`]; a
//! test keeps the two in step.

use crate::fields::{FIELDS, FieldInfo, Kind};
use crate::schema::Schemas;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The modifiers that say how a text is compared, and what they mean.
const OPERATORS: [(&str, &str); 4] = [
    ("startswith", "the value begins so"),
    ("endswith", "the value ends so"),
    ("contains", "the value holds this text"),
    ("re", "a regular expression found anywhere in it; letter case counts"),
];

/// What may stand behind the name of a text.
const MODIFIERS: &str = r"(\|cased)?(\|(startswith|endswith|contains|re))?(\|cased)?";

/// Fields with their modifiers, and raw columns.
pub(super) fn entry(schemas: &Schemas) -> Value {
    let mut shape = row(schemas);
    let mut add = |name: String, description: String| shape["properties"][name] = one_or_many(&description);
    for info in FIELDS.iter().filter(|info| info.kind == Kind::Text) {
        for (word, meaning) in OPERATORS {
            add(format!("{}|{word}", info.name), format!("{}: {meaning}", info.meaning));
        }
        add(format!("{}|cased", info.name), format!("{}: letter case counts", info.meaning));
    }
    let names = |info: &FieldInfo| [&[info.name], info.spellings].concat();
    let texts = FIELDS.iter().filter(|info| info.kind == Kind::Text).flat_map(names);
    let (of_text, others) = columns(schemas);
    let texts: Vec<&str> = texts.chain(of_text.iter().map(String::as_str)).collect();
    shape["patternProperties"] = patterns(&[
        (any_of(&texts), MODIFIERS),
        (any_of(&others.iter().map(String::as_str).collect::<Vec<_>>()), ""),
    ]);
    shape["minProperties"] = 1.into();
    shape["description"] = "Fields, AND between them.".into();
    shape
}

/// Fields and raw columns.
pub(super) fn row(schemas: &Schemas) -> Value {
    let mut properties = Map::new();
    for info in FIELDS {
        for name in [&[info.name], info.spellings].concat() {
            properties.insert(name.to_owned(), one_or_many(info.meaning));
        }
    }
    let (mut all, others) = columns(schemas);
    all.extend(others);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "patternProperties": patterns(&[(any_of(&all), "")]),
        "description": "Cells by field.",
    })
}

/// The raw columns that hold text, and the others. A name that is also a field is that field.
fn columns(schemas: &Schemas) -> (BTreeSet<String>, BTreeSet<String>) {
    let fields: BTreeSet<&str> =
        FIELDS.iter().flat_map(|info| [&[info.name], info.spellings].concat()).collect();
    let all: BTreeSet<&String> = schemas.iter().flat_map(|schema| schema.columns.keys()).collect();
    let is_text = |name: &String| schemas.owners(name).is_none_or(|(kind, _)| *kind == Kind::Text);
    all.into_iter().filter(|name| !fields.contains(name.as_str())).cloned().partition(is_text)
}

fn any_of(names: &[&str]) -> String {
    names.iter().map(|name| escaped(name)).collect::<Vec<_>>().join("|")
}

/// The text in an expression of ECMA-262, which allows a backslash only before what would else mean something.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if r".\+*?()|[]{}^$/".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn patterns(patterns: &[(String, &str)]) -> Value {
    let named = patterns.iter().filter(|(names, _)| !names.is_empty());
    let pairs =
        named.map(|(names, rest)| (format!("^({names}){rest}$"), json!({"$ref": "#/$defs/OneOrMany"})));
    Value::Object(pairs.collect())
}

fn one_or_many(description: &str) -> Value {
    json!({"$ref": "#/$defs/OneOrMany", "description": description})
}
