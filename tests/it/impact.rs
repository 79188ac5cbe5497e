//! `quell apply --from-impact`: figures that a server counted become the report that `quell apply` makes.

use quell::exclusions::documented;
use quell::exclusions::validate::load;
use quell::kql::{LISTS, column_of, fingerprint, impact};
use quell::schema::Schemas;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn quell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).args(arguments).output().unwrap()
}

fn report(arguments: &[&str]) -> Value {
    let output = quell(&[arguments, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a server answers that counts the sample: the figures of `quell apply` under the names of the query.
fn answer() -> Map<String, Value> {
    let counted = report(&["apply", "samples/action1-hunt.csv"]);
    let mut row = Map::new();
    for key in ["read", "kept", "suppressed", "undecidable"] {
        row.insert(format!("quell_{key}"), counted["totals"][key].clone());
    }
    for exclusion in counted["exclusions"].as_array().unwrap() {
        let name = column_of(exclusion["id"].as_str().unwrap());
        for (key, column) in [
            ("matches", "matches"),
            ("sole", "sole"),
            ("scoped_matches", "scoped"),
            ("devices", "devices"),
            ("first", "first"),
            ("last", "last"),
        ] {
            row.insert(format!("{name}__{column}"), exclusion[key].clone());
        }
    }
    let schemas = Schemas::built_in();
    let exclusions = load(&documented(), &schemas).unwrap();
    let all: Vec<_> = exclusions.iter().collect();
    row.insert(LISTS.into(), json!(fingerprint(&all, schemas.named("defender").unwrap()).unwrap()));
    row
}

fn saved(folder: &Path, name: &str, answer: &Value) -> String {
    let path = folder.join(name);
    fs::write(&path, answer.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_answer_of_every_service_gives_the_report_of_apply() {
    let folder = tempfile::tempdir().unwrap();
    let row = answer();
    let columns: Vec<Value> = row.keys().map(|name| json!({ "name": name, "type": "long" })).collect();
    let cells: Vec<&Value> = row.values().collect();
    let texts: Map<String, Value> = row
        .iter()
        .map(|(name, value)| (name.clone(), value.as_u64().map_or(value.clone(), |n| json!(n.to_string()))))
        .collect();
    let shapes = [
        ("az.json", json!([texts])),
        ("graph.json", json!({ "schema": [], "results": [row] })),
        (
            "tables.json",
            json!({ "tables": [{ "name": "PrimaryResult", "columns": columns, "rows": [cells] }] }),
        ),
    ];
    let mut files = shapes.map(|(name, shape)| (name, saved(folder.path(), name, &shape))).to_vec();
    let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned).replace("null", "");
    let names: Vec<&str> = row.keys().map(String::as_str).collect();
    let csv = format!(
        "\u{feff}{}\r\n{}\r\n",
        names.join(","),
        cells.into_iter().map(text).collect::<Vec<_>>().join(",")
    );
    fs::write(folder.path().join("portal.csv"), csv).unwrap();
    files.push(("portal.csv", folder.path().join("portal.csv").to_str().unwrap().to_owned()));
    let counted = report(&["apply", "samples/action1-hunt.csv"]);
    for (name, file) in files {
        let told = report(&["apply", "--from-impact", &file]);
        for key in ["read", "kept", "suppressed", "undecidable"] {
            assert_eq!(told["totals"][key], counted["totals"][key], "{name}: {key}");
        }
        let of = |report: &Value| {
            let all = report["exclusions"].as_array().unwrap().clone();
            let figures = ["id", "matches", "sole", "scoped_matches", "devices", "first", "last", "status"];
            let one = |each: Value| figures.map(|key| each[key].clone());
            all.into_iter().map(one).collect::<Vec<_>>()
        };
        assert_eq!(of(&told), of(&counted), "{name}");
    }
}

#[test]
fn what_is_no_whole_answer_to_these_lists_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let without = |key: &str| {
        let mut row = answer();
        row.remove(key).unwrap();
        row
    };
    let with = |key: &str, value: Value| {
        let mut row = answer();
        row.insert(key.into(), value).unwrap();
        row
    };
    for (row, why) in [
        (without("quell_suppressed"), "no number in quell_suppressed"),
        (without("quell_kaseya_scheduled_backup__sole"), "no figures for kaseya-scheduled-backup"),
        (with("quell_kept", json!(7)), "do not add up"),
        (with(LISTS, json!("0")), "made from other exclusions"),
        (without(LISTS), "made from other exclusions"),
    ] {
        let output = quell(&["apply", "--from-impact", &saved(folder.path(), "answer.json", &json!([row]))]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{why}");
        assert!(told.contains(why) && told.contains("answer.json"), "{why}: {told}");
    }
}

#[test]
fn the_fingerprint_follows_the_conditions_and_not_the_time_span() {
    let schemas = Schemas::built_in();
    let schema = schemas.named("defender").unwrap();
    let exclusions = load(&documented(), &schemas).unwrap();
    let all: Vec<_> = exclusions.iter().collect();
    let whole = fingerprint(&all, schema).unwrap();
    assert!(impact(&all, schema, Some("7d")).unwrap().contains(&whole));
    assert_ne!(fingerprint(&all[1..], schema).unwrap(), whole);
    assert_ne!(fingerprint(&all, schemas.named("asim").unwrap()).unwrap(), whole);
}
