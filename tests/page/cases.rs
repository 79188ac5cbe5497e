//! Random lists and rows for the tests of the page:
//! `cargo run --example page_cases -- COUNT FOLDER` writes `FOLDER/N.yaml` and `FOLDER/N.csv`, and in
//! `FOLDER/judged.json` what the matcher says of single cells and values.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a tool of the tests that cannot go on fails")]

#[path = "../it/common/mod.rs"]
mod common;

use common::loaded;
use common::naive::Row;
use common::random::{csv, lists, rows};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use quell::exclusions::model::{Condition, Operator, Test};
use quell::fields::Kind;
use quell::judge::{Predicate, read};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, folder] = arguments.as_slice() else {
        eprintln!("usage: page_cases COUNT FOLDER");
        std::process::exit(2);
    };
    let folder = Path::new(folder);
    fs::create_dir_all(folder).unwrap();
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let mut judged = Vec::new();
    for number in 0..count.parse::<usize>().expect("a number") {
        let case =
            (lists(6), rows(60)).prop_filter("some", |(lists, rows)| !lists.is_empty() && !rows.is_empty());
        let (texts, rows) = case.new_tree(&mut runner).unwrap().current();
        let one = texts.iter().map(|text| &text["exclusions:\n".len()..]).collect::<String>();
        fs::write(folder.join(format!("{number}.yaml")), format!("exclusions:\n{one}")).unwrap();
        fs::write(folder.join(format!("{number}.csv")), csv(&rows, &[0, 1, 2, 3, 4, 5]).0).unwrap();
        let exclusions = loaded(&texts);
        let conditions =
            exclusions.iter().flat_map(|exclusion| &exclusion.entries).flat_map(|entry| &entry.conditions);
        for condition in conditions.filter(|condition| is_plain(&condition.test)) {
            judged.extend(rows.iter().filter_map(|row| judge(condition, row)));
        }
    }
    fs::write(folder.join("judged.json"), serde_json::to_string(&judged).unwrap()).unwrap();
}

/// What a chip of the page can say: whole values without modifiers.
fn is_plain(test: &Test) -> bool {
    match test {
        Test::Text(values) => values.iter().all(|value| value.operator == Operator::Is && !value.cased),
        Test::Address(_) | Test::Number(_) => true,
    }
}

/// What the matcher says of a condition and the cell of a row.
fn judge(condition: &Condition, row: &Row) -> Option<Value> {
    let cell = row.get(condition.field.name())?;
    let (kind, values): (&str, Vec<String>) = match &condition.test {
        Test::Text(values) => ("text", values.iter().map(|value| value.text.clone()).collect()),
        Test::Address(ranges) => ("address", ranges.iter().map(|range| range.text.clone()).collect()),
        Test::Number(ranges) => ("number", ranges.iter().map(|range| range.wanted()).collect()),
    };
    let of = match kind {
        "text" => Kind::Text,
        "address" => Kind::Address,
        _ => Kind::Number,
    };
    let met = read(of, Some(cell)).is_some_and(|seen| Predicate::new(&condition.test).is_met(seen));
    Some(json!([kind, values, cell, met]))
}
