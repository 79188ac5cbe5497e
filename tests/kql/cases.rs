//! Random lists and rows with the KQL of every form and the verdicts of quell, for engines outside:
//! `cargo run --example kql_cases -- COUNT FOLDER` writes `FOLDER/N.json` and, for the analyser, `FOLDER/N-FORM.kql`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a tool of the tests that cannot go on fails")]

#[path = "../it/common/mod.rs"]
mod common;

use common::naive::Row;
use common::random::{COLUMNS, csv, lists, rows};
use common::{How, apply, loaded};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use quell::exclusions::model::{Exclusion, parse_number};
use quell::kql::{
    Options, external_table, impact, let_form, table_form, watchlist_csv, watchlist_table, where_block,
};
use quell::schema::Schemas;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// What a watchlist is for the analyser.
const WATCHLIST: &str =
    "let _GetWatchlist = (alias: string) { datatable(SearchKey: string, Value: string)[] };\n";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, folder] = arguments.as_slice() else {
        eprintln!("usage: kql_cases COUNT FOLDER");
        std::process::exit(2);
    };
    let folder = Path::new(folder);
    fs::create_dir_all(folder).unwrap();
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    for number in 0..count.parse::<usize>().expect("a number") {
        let case = (lists(4), rows(30)).prop_filter("some list", |(lists, _)| !lists.is_empty());
        let (texts, rows) = case.new_tree(&mut runner).unwrap().current();
        write(folder, number, &texts, &rows);
    }
    write_long(folder);
}

/// Lists as long as the analyser has to bear them: many exclusions, many values in one condition.
fn write_long(folder: &Path) {
    let joined = |value: fn(usize) -> String| (0..600).map(value).collect::<Vec<_>>().join(", ");
    let exclusions = (0..1_000).map(|n| {
        format!("- {{id: e{n}, when: {{process.name: p{n}.exe, destination.ip: 10.0.{}.0/24}}}}\n", n % 200)
    });
    let one = |when: String| format!("exclusions:\n- {{id: long, when: {{{when}}}}}\n");
    let lists = [
        format!("exclusions:\n{}", exclusions.collect::<String>()),
        one(format!("process.name: [{}]", joined(|n| format!("'*tool{n}*.exe'")))),
        one(format!("destination.port: [{}]", joined(|n| format!("{0}-{0}1", 1_000 + n)))),
    ];
    let schemas = Schemas::built_in();
    let schema = schemas.named("defender").unwrap();
    for (number, text) in lists.into_iter().enumerate() {
        let exclusions = loaded(&[text]);
        let applied: Vec<&Exclusion> = exclusions.iter().collect();
        let block = where_block(&applied, schema, &Options::default()).unwrap();
        fs::write(folder.join(format!("long-{number}-where.kql")), format!("DeviceNetworkEvents\n{block}"))
            .unwrap();
        fs::write(folder.join(format!("long-{number}-impact.kql")), impact(&applied, schema, None).unwrap())
            .unwrap();
    }
}

fn write(folder: &Path, number: usize, texts: &[String], rows: &[Row]) {
    let exclusions = loaded(texts);
    let applied: Vec<&Exclusion> = exclusions.iter().collect();
    let schemas = Schemas::built_in();
    let schema = schemas.named("defender").unwrap();
    // Every third list is merged as long ones are.
    let options = Options { merge_beyond: number.is_multiple_of(3).then_some(0), ..Options::default() };
    let inline = where_block(&applied, schema, &options).unwrap();
    let (lets, let_block) = let_form(&applied, schema, &options).unwrap();
    let (values, lookups, table_block) =
        table_form(&applied, schema, &options, &watchlist_table("quell")).unwrap();
    let external = external_table("https://storage.example/quell.csv");
    let (_, external_lookups, external_block) = table_form(&applied, schema, &options, &external).unwrap();
    let impact = impact(&applied, schema, None).unwrap();
    let forms = [
        ("where", format!("DeviceNetworkEvents\n{inline}")),
        ("let", format!("{lets}DeviceNetworkEvents\n{let_block}")),
        ("watchlist", format!("{lookups}DeviceNetworkEvents\n{table_block}")),
        ("externaldata", format!("{external_lookups}DeviceNetworkEvents\n{external_block}")),
        ("impact", impact),
    ];
    for (form, text) in &forms {
        let text = if *form == "watchlist" { format!("{WATCHLIST}{text}") } else { text.clone() };
        fs::write(folder.join(format!("{number}-{form}.kql")), text).unwrap();
    }
    let case = json!({
        "lists": texts,
        "rows": rows.iter().enumerate().map(|(place, row)| cells(place, row)).collect::<Vec<_>>(),
        "forms": forms.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "watchlist": watchlist_csv(&values),
        "wanted": wanted(&exclusions, rows),
    });
    fs::write(folder.join(format!("{number}.json")), case.to_string()).unwrap();
}

fn cells(place: usize, row: &Row) -> Value {
    let mut out = json!({ "ReportId": place });
    for (field, column) in COLUMNS {
        let text = row[field].as_str();
        // A column of whole numbers has no other text than digits.
        let port = parse_number(text).filter(|number| i32::try_from(*number).is_ok());
        out[column] = if field == "destination.port" { json!(port) } else { json!(text) };
    }
    out
}

/// The rows that quell keeps, and the figures of its report.
fn wanted(exclusions: &[Exclusion], rows: &[Row]) -> Value {
    let order: Vec<usize> = (0..COLUMNS.len()).collect();
    let whole = apply(exclusions, &csv(rows, &order).0, How::CSV);
    let kept: Vec<usize> = (0..rows.len())
        .filter(|place| {
            apply(exclusions, &csv(&rows[*place..=*place], &order).0, How::CSV).tally.totals.kept == 1
        })
        .collect();
    let report = whole.report.unwrap();
    json!({ "kept": kept, "totals": report.totals, "exclusions": report.exclusions })
}
