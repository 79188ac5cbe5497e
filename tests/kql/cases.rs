//! Random lists and rows with the KQL of every form and the verdicts of quell, for engines outside:
//! `cargo run --example kql_cases -- COUNT FOLDER` writes `FOLDER/N.json` and, for the analyser, `FOLDER/N-FORM.kql`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a tool of the tests that cannot go on fails")]

#[path = "../it/common/mod.rs"]
mod common;

use common::naive::Row;
use common::random::{COLUMNS, csv, lists, rows};
use common::tables::table_cases;
use common::{How, apply, loaded};
use jiff::civil::Date;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use quell::exclusions::model::{Exclusion, parse_number};
use quell::kql::{
    Options, external_table, impact, let_form, nrt_block, table_form, watchlist_csv, watchlist_table,
    where_block,
};
use quell::schema::Schemas;
use serde_json::{Value, json};
use std::fs;
use std::net::IpAddr;
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
    write_tables(folder, count.parse::<usize>().expect("a number"));
}

/// For every table a list over all its fields, and rows with nasty cells.
fn write_tables(folder: &Path, first: usize) {
    let schemas = Schemas::built_in();
    for (number, case) in (first..).zip(table_cases()) {
        let schema = schemas.named(&case.schema).unwrap();
        let table = schema.table.as_deref().unwrap();
        let exclusions = loaded(std::slice::from_ref(&case.list));
        let applied: Vec<&Exclusion> = exclusions.iter().collect();
        let block = where_block(&applied, schema, &Options::default()).unwrap();
        let (lets, let_block) = let_form(&applied, schema, &Options::default()).unwrap();
        let mut forms = std::collections::BTreeMap::from([
            ("where", format!("{table}\n{block}")),
            ("let", format!("{lets}{table}\n{let_block}")),
        ]);
        if let Ok(block) = nrt_block(&applied, schema) {
            forms.insert("nrt", format!("{table}\n{block}"));
        }
        for (form, text) in &forms {
            fs::write(folder.join(format!("{number}-{form}.kql")), text).unwrap();
        }
        let impact = impact(&applied, schema, Some("7d")).unwrap();
        fs::write(folder.join(format!("{number}-impact.kql")), impact).unwrap();
        let rows = case.rows.iter().enumerate().map(|(place, cells)| {
            let mut row = json!({ "ReportId": place });
            for ((name, kind), text) in case.columns.iter().zip(cells) {
                let number = matches!(kind.as_str(), "int" | "long").then(|| parse_number(text));
                row[name] = number.map_or_else(|| json!(text), |number| json!(number));
            }
            row
        });
        let kept: Vec<usize> = (0..case.rows.len()).filter(|place| case.covered[*place].is_empty()).collect();
        let columns = case.columns.iter().filter(|(name, _)| name != "ReportId");
        let written = json!({
            "table": table,
            "columns": columns.collect::<Vec<_>>(),
            "lists": [case.list],
            "rows": rows.collect::<Vec<_>>(),
            "forms": forms,
            "watchlist": "",
            "open": [],
            "uncounted": [],
            "today": "2026-11-25",
            "kept": kept,
        });
        fs::write(folder.join(format!("{number}.json")), written.to_string()).unwrap();
    }
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
    let texts: Vec<String> = texts.iter().enumerate().map(|(place, text)| expiring(place, text)).collect();
    let exclusions = loaded(&texts);
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
    let mut forms = vec![
        ("where", format!("DeviceNetworkEvents\n{inline}")),
        ("let", format!("{lets}DeviceNetworkEvents\n{let_block}")),
        ("watchlist", format!("{lookups}DeviceNetworkEvents\n{table_block}")),
        ("externaldata", format!("{external_lookups}DeviceNetworkEvents\n{external_block}")),
        ("impact", impact),
    ];
    // What few operators cannot say is refused.
    if let Ok(block) = nrt_block(&applied, schema) {
        forms.push(("nrt", format!("DeviceNetworkEvents\n{block}")));
    }
    for (form, text) in &forms {
        let text = if *form == "watchlist" { format!("{WATCHLIST}{text}") } else { text.clone() };
        fs::write(folder.join(format!("{number}-{form}.kql")), text).unwrap();
    }
    let folds = forms.iter().any(|(_, text)| text.contains("(?i"));
    let open: Vec<usize> = (0..rows.len()).filter(|place| is_open(&rows[*place], folds)).collect();
    // What no sensor writes and an engine may yet read as an address is undecidable to quell alone.
    let misread = |row: &Row| matches!(row["destination.ip"].as_str(), ":::" | "::ffff:");
    let uncounted: Vec<usize> =
        (0..rows.len()).filter(|place| open.contains(place) || misread(&rows[*place])).collect();
    let counted = rows.iter().enumerate().filter(|(place, _)| !uncounted.contains(place));
    let counted: Vec<Row> = counted.map(|(_, row)| row.clone()).collect();
    let in_force =
        |day: Date| exclusions.iter().filter(|one| !one.is_expired(day)).cloned().collect::<Vec<_>>();
    let kept_today = kept(&in_force(LAST_DAY.parse().unwrap()), rows);
    let ends = exclusions.iter().any(|one| one.expires.is_some());
    let kept_expired =
        if ends { kept(&in_force(DAY_AFTER.parse().unwrap()), rows) } else { kept_today.clone() };
    let case = json!({
        "lists": texts,
        "rows": rows.iter().enumerate().map(|(place, row)| cells(place, row)).collect::<Vec<_>>(),
        "forms": forms.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "watchlist": watchlist_csv(&values),
        "open": open,
        "uncounted": uncounted,
        "today": format!("{LAST_DAY} 23:59:59"),
        "kept": kept_today,
        "expired": DAY_AFTER,
        "kept_expired": kept_expired,
        "wanted": figures(&exclusions, &counted),
    });
    fs::write(folder.join(format!("{number}.json")), case.to_string()).unwrap();
}

/// The last day of some exclusions, and the day after.
const LAST_DAY: &str = "2027-05-31";
const DAY_AFTER: &str = "2027-06-01";

/// Every second exclusion ends one day.
fn expiring(place: usize, text: &str) -> String {
    if place.is_multiple_of(2) {
        text.to_owned()
    } else {
        text.replace("when:", &format!("expires: {LAST_DAY}, when:"))
    }
}

/// Whether docs/kql.md leaves open what a clause does with the row: its address is spelt as no sensor writes it, or
/// `(?i)` may take a letter beyond ASCII for one of its own.
fn is_open(row: &Row, folds: bool) -> bool {
    let cell = row["destination.ip"].as_str();
    let plain = cell.trim().split(['/', '%']).next().unwrap_or_default();
    let octets: Vec<String> =
        plain.split('.').map(|octet| octet.parse::<u8>().map_or(octet.into(), |n| n.to_string())).collect();
    let address: Result<IpAddr, _> = octets.join(".").parse();
    let written = address.map(|address| match address.to_canonical() {
        IpAddr::V4(v4) => vec![v4.to_string(), format!("::ffff:{v4}")],
        IpAddr::V6(v6) => vec![v6.to_string()],
    });
    let odd = written.is_ok_and(|spellings| !spellings.iter().any(|spelling| spelling == cell));
    let letters =
        ["process.name", "process.path"].iter().any(|field| row[field].contains(['\u{212a}', '\u{17f}']));
    odd || folds && letters
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

/// The rows that quell keeps.
fn kept(exclusions: &[Exclusion], rows: &[Row]) -> Vec<usize> {
    let order: Vec<usize> = (0..COLUMNS.len()).collect();
    let keeps = |place: &usize| {
        apply(exclusions, &csv(&rows[*place..=*place], &order).0, How::CSV).tally.totals.kept == 1
    };
    (0..rows.len()).filter(keeps).collect()
}

/// The figures of its report.
fn figures(exclusions: &[Exclusion], rows: &[Row]) -> Value {
    let order: Vec<usize> = (0..COLUMNS.len()).collect();
    let report = apply(exclusions, &csv(rows, &order).0, How::CSV).report.unwrap();
    json!({ "totals": report.totals, "exclusions": report.exclusions })
}
