//! What `quell test` says about cases, in every format.

use crate::common::{cases, loaded};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use quell::exclusions::Parameters;
use quell::exclusions::model::Case;
use quell::exclusions::validate::load_with;
use quell::schema::Schemas;
use quell::yaml::flow_scalar;
use roxmltree::Node;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

fn quell(arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
    let output = command.arg("test").args(arguments).env_clear().output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

fn below<'n>(node: &Node<'n, 'n>, name: &str) -> Vec<Node<'n, 'n>> {
    node.children().filter(|child| child.has_tag_name(name)).collect()
}

/// The document as a parser of XML that shares no code with quell reads it.
fn parsed(document: &str) -> Value {
    let tree = roxmltree::Document::parse(document).unwrap_or_else(|error| panic!("{error}: {document}"));
    let text = |node: &Node, name: &str| node.attribute(name).unwrap().to_owned();
    let number = |node: &Node, name: &str| text(node, name).parse::<u64>().unwrap();
    let case = |case: &Node<'_, '_>| {
        let failure = below(case, "failure").first().map(|node| node.text().unwrap_or_default().to_owned());
        json!({
            "class": text(case, "classname"),
            "name": text(case, "name"),
            "line": number(case, "line"),
            "failure": failure,
        })
    };
    let suite = |suite: &Node| {
        json!({
            "file": text(suite, "name"),
            "tests": number(suite, "tests"),
            "failures": number(suite, "failures"),
            "cases": below(suite, "testcase").iter().map(case).collect::<Vec<_>>(),
        })
    };
    let root = tree.root_element();
    json!({
        "root": root.tag_name().name(),
        "tests": number(&root, "tests"),
        "failures": number(&root, "failures"),
        "suites": below(&root, "testsuite").iter().map(suite).collect::<Vec<_>>(),
    })
}

#[test]
fn junit_is_xml_that_holds_every_case_with_its_place() {
    let lists = [
        "-e",
        "tests/lists/failing-cases.yaml",
        "-e",
        "exclusions/documented",
        "-e",
        "tests/lists/none.yaml",
    ];
    let (document, code) = quell(&[&lists[..], &["--format", "junit"]].concat());
    assert_eq!(code, Some(1));
    let junit = parsed(&document);
    let (json, _) = quell(&[&lists[..], &["--format", "json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(junit["root"], "testsuites");
    let suites = junit["suites"].as_array().unwrap();
    assert_eq!(suites.len(), 7, "one for each file, also for an empty one");
    for (suite, list) in suites.iter().zip(json["lists"].as_array().unwrap()) {
        assert_eq!(suite["file"], list["file"]);
        let (cases, untested) = (list["cases"].as_array().unwrap(), list["untested"].as_array().unwrap());
        let told = suite["cases"].as_array().unwrap();
        assert_eq!(told.len(), cases.len() + untested.len());
        assert_eq!(suite["tests"], told.len());
        let failures = told.iter().filter(|case| !case["failure"].is_null()).count();
        assert_eq!(suite["failures"], failures);
        for (told, case) in told.iter().zip(cases) {
            assert_eq!((&told["class"], &told["line"]), (&case["exclusion"], &case["line"]));
            assert_eq!(told["failure"].is_null(), case["passed"] == true);
            assert!(told["name"].as_str().unwrap().starts_with("must "), "{told}");
        }
    }
    let total = |key: &str| suites.iter().map(|suite| suite[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!((junit["tests"].as_u64(), junit["failures"].as_u64()), (Some(total("tests")), Some(5)));
    assert!(document.contains("&lt;A&gt; &amp; &quot;B&quot;"), "what a cell holds is text, not markup");
}

const FIELDS: [&str; 4] = ["process.name", "process.path", "destination.ip", "destination.port"];

/// What a case says of each field: nothing, or the values that are written.
type Change = Vec<Vec<String>>;

fn changes() -> impl Strategy<Value = Vec<(Change, bool)>> {
    let texts = ["a.exe", "B.exe", "", "null", "10.20.3.4", "443", "x, {y}: 'z'"].map(str::to_owned);
    let values = prop_oneof![Just(Vec::new()), vec(select(texts.to_vec()), 1..4)];
    vec((vec(values, FIELDS.len()), any::<bool>()), 0..5)
}

fn flow(cells: impl Iterator<Item = (usize, String)>) -> String {
    let cells: Vec<String> = cells.map(|(field, text)| format!("{}: {text}", FIELDS[field])).collect();
    format!("{{{}}}", cells.join(", "))
}

/// The cases as they may be written: with the base, and with lists of values.
fn short(base: &[String], kind: &[&Change]) -> String {
    let row = |change: &&Change| {
        let cells = change.iter().enumerate().filter(|(_, values)| !values.is_empty());
        flow(cells.map(|(field, values)| {
            let values: Vec<String> = values.iter().map(|value| flow_scalar(value)).collect();
            let one = values.len() == 1 && base.len() > field;
            (field, if one { values[0].clone() } else { format!("[{}]", values.join(", ")) })
        }))
    };
    kind.iter().map(row).collect::<Vec<_>>().join(", ")
}

/// The same cases by the plainest reading: every row with all its cells, one for each combination.
fn long(base: &[String], kind: &[&Change]) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    for change in kind {
        let mut made: Vec<Vec<Option<String>>> = vec![Vec::new()];
        for field in 0..FIELDS.len() {
            let values: Vec<Option<String>> = match &change[field] {
                values if values.is_empty() => vec![base.get(field).cloned()],
                values => values.iter().cloned().map(Some).collect(),
            };
            made = made
                .iter()
                .flat_map(|row| values.iter().map(|value| [row.clone(), vec![value.clone()]].concat()))
                .collect();
        }
        rows.extend(made);
    }
    rows
}

fn cells(case: &Case) -> Vec<Option<String>> {
    let cell = |name: &&str| {
        case.cells.iter().find(|(field, _)| field.name() == *name).map(|(_, text)| text.clone())
    };
    FIELDS.iter().map(cell).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200, 5_000), ..ProptestConfig::default() })]

    /// A base and lists of values are a short way of writing rows, and nothing else.
    #[test]
    fn cases_with_a_base_are_the_rows_that_they_stand_for(
        base in vec(select(vec!["a.exe".to_owned(), "10.20.3.4".to_owned(), String::new()]), 0..4),
        all in changes(),
    ) {
        let of = |kind: bool| all.iter().filter(|(_, is)| *is == kind).map(|(change, _)| change).collect::<Vec<_>>();
        let (suppress, keep) = (of(true), of(false));
        let written = flow(base.iter().enumerate().map(|(field, text)| (field, flow_scalar(text))));
        let (short_suppress, short_keep) = (short(&base, &suppress), short(&base, &keep));
        let text = format!(
            "exclusions:\n- id: a\n  when: {{process.name: a.exe}}\n  cases:\n    keep: [{short_keep}]\n    base: {written}\n    suppress: [{short_suppress}]\n"
        );
        let exclusion = &loaded(&[text])[0];
        let read = |cases: &[Case]| cases.iter().map(cells).collect::<Vec<_>>();
        prop_assert_eq!(read(&exclusion.cases.suppress), long(&base, &suppress));
        prop_assert_eq!(read(&exclusion.cases.keep), long(&base, &keep));
    }

    /// The shipped cases hold for whatever private addresses a site fills in.
    #[test]
    fn the_shipped_cases_pass_with_the_values_of_any_site(
        values in vec((0_u8..=255, 0_u8..=255, 8_u8..=32), 1..4),
        first in select(vec!["10.", "fd00::"]),
    ) {
        let mut site = Parameters::default();
        for name in ["management_point", "polling_engine", "notification_server", "vsa_server"] {
            for (a, b, prefix) in &values {
                match first {
                    "10." => site.add(name, &format!("10.{a}.{b}.0/{prefix}")),
                    _ => site.add(name, &format!("fd00::{a:x}:{b:x}")),
                }
            }
        }
        for exclusion in load_with(&quell::exclusions::pack("field"), &Schemas::built_in(), &site).unwrap() {
            for case in quell::cases::run(&exclusion) {
                prop_assert!(case.passed, "{case:?}");
            }
        }
    }
}

/// A list that a person writes is read by persons too.
#[test]
fn no_shipped_exclusion_is_longer_than_a_screen() {
    for pack in ["documented", "field"] {
        for list in quell::exclusions::pack(pack) {
            let mut lengths = Vec::new();
            for line in list.text.lines() {
                match lengths.last_mut() {
                    _ if line.starts_with("  - id:") => lengths.push(1),
                    Some(length) => *length += 1,
                    None => {}
                }
            }
            assert!(
                !lengths.is_empty() && lengths.iter().all(|length| *length <= 25),
                "{}: {lengths:?}",
                list.file
            );
        }
    }
}

/// The line of a case that fails is that of its value, also in a list of values over several lines.
#[test]
fn a_failing_value_of_a_list_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let mut text = String::from(
        "exclusions:\n- id: a\n  when: {process.name: a.exe, destination.port: [80, 443]}\n  cases:\n    base: {process.name: a.exe, destination.port: 80}\n    suppress:\n    - destination.port:\n",
    );
    for port in [443, 8080, 80] {
        writeln!(text, "      - {port}").unwrap();
    }
    text.push_str("    keep: [{process.name: ['', b.exe]}]\n");
    fs::write(&list, text).unwrap();
    let (said, code) = quell(&["-e", list.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("list.yaml:9: must suppress, was kept: process.name=a.exe, destination.port=8080"),
        "{said}"
    );
    assert!(said.contains("5 cases, 1 failed"), "{said}");
}
