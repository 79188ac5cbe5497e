//! The JSON Schema of lists marks in an editor what quell refuses, and nothing else.

use quell::exclusions::document::json_schema;
use quell::exclusions::validate::{ListText, load};
use quell::fields::{FIELDS, Kind};
use quell::schema::{Schema, Schemas};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;

/// The keys that an entry (or a row of cases) may have, by JSON Schema's own rule for `additionalProperties: false`.
struct Keys<'s> {
    shape: &'s Value,
    patterns: Vec<Regex>,
}

impl<'s> Keys<'s> {
    fn of(schema: &'s Value, of: &str) -> Self {
        let shape = &schema["$defs"][of];
        assert_eq!(shape["additionalProperties"], false);
        let patterns = shape["patternProperties"].as_object().unwrap().keys();
        Self { shape, patterns: patterns.map(|pattern| Regex::new(pattern).unwrap()).collect() }
    }

    fn allow(&self, key: &str) -> bool {
        self.shape["properties"].get(key).is_some()
            || self.patterns.iter().any(|pattern| pattern.is_match(key))
    }
}

fn allows(schema: &Value, of: &str, key: &str) -> bool {
    Keys::of(schema, of).allow(key)
}

fn loads(schemas: &Schemas, key: &str, value: &str) -> bool {
    let text = format!("exclusions:\n- id: a\n  when: {{'{key}': {value}}}\n");
    load(&[ListText { file: "l.yaml".into(), text }], schemas).is_ok()
}

#[test]
fn every_key_that_loads_is_known_and_no_other() {
    let schemas = Schemas::built_in();
    let schema = json_schema(&schemas);
    let columns = schemas.iter().flat_map(|schema| schema.columns.keys()).map(String::as_str);
    let fields = FIELDS.iter().flat_map(|info| [&[info.name], info.spellings].concat());
    let wrong =
        ["proces.name", "process", "not", "remoteip", "process.name|", "process.name ", "Process.Name"];
    let modifiers = [
        "",
        "|startswith",
        "|endswith",
        "|contains",
        "|re",
        "|cased",
        "|re|cased",
        "|cased|contains",
        "|foo",
        "|re|endswith",
        "|startswith|",
    ];
    let (entry, row) = (Keys::of(&schema, "WrittenEntry"), Keys::of(&schema, "WrittenRow"));
    let names: BTreeSet<&str> = fields.chain(columns).chain(wrong).collect();
    for name in names {
        let is_row = row.allow(name);
        for modifier in modifiers {
            let key = format!("{name}{modifier}");
            // A value that every kind takes: a number, or an address, or a text.
            let legal = ["443", "10.0.0.1", "a"].iter().any(|value| loads(&schemas, &key, value));
            assert_eq!(entry.allow(&key), legal, "{key}");
            if modifier.is_empty() {
                assert_eq!(is_row, legal, "{key}");
            }
        }
    }
}

#[test]
fn an_editor_completes_fields_with_what_they_hold() {
    let schema = json_schema(&Schemas::built_in());
    let properties = &schema["$defs"]["WrittenEntry"]["properties"];
    for info in FIELDS {
        assert!(properties[info.name]["description"].as_str().unwrap().starts_with(info.meaning));
        let completed = properties.get(format!("{}|startswith", info.name)).is_some();
        assert_eq!(completed, info.kind == Kind::Text);
    }
}

#[test]
fn columns_of_an_own_schema_are_known() {
    let own =
        Schema::parse("schema: mine\nfields: {process.name: proc}\ncolumns: {bytes_out: long}").unwrap();
    let schema = json_schema(&Schemas::built_in().with(own));
    assert!(allows(&schema, "WrittenEntry", "proc|endswith") && allows(&schema, "WrittenRow", "bytes_out"));
    assert!(!allows(&schema, "WrittenEntry", "bytes_out|endswith"));
    assert!(!allows(&json_schema(&Schemas::built_in()), "WrittenEntry", "proc"));
}
