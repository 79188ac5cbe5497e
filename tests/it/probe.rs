//! Blind spots: every way in is a row that quell itself suppresses, and more conditions never make it cheaper.

use crate::common::random::{lists, rows};
use crate::common::{cases, loaded};
use proptest::prelude::*;
use quell::exclusions::model::{Entry, Exclusion};
use quell::exclusions::validate::load_with;
use quell::exclusions::{Parameters, pack};
use quell::judge::{Matcher, Scratch};
use quell::probe::{Grade, Malicious, Moves, Probed, probe};
use quell::schema::Schemas;
use serde_json::Value;
use std::process::{Command, Output};

const MALICIOUS: &str = "samples/malicious.csv";

fn quell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).args(arguments).output().unwrap()
}

fn probed(arguments: &[&str]) -> Value {
    let output = quell(&[&["probe", "--malicious", MALICIOUS, "--format", "json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The rows that probe says would disappear do, in `quell apply`, all of them.
#[test]
fn apply_suppresses_every_way_in() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("ways.jsonl");
    let rows = rows.to_str().unwrap();
    let site = ["management_point", "polling_engine", "notification_server", "vsa_server"]
        .map(|name| format!("{name}=198.51.100.40"));
    for (pack, set) in [("documented", &[][..]), ("field", &site[..])] {
        probed(&["-e", pack, "--bypasses", rows]);
        let set: Vec<&str> = set.iter().flat_map(|one| ["--set", one]).collect();
        let output = quell(&[&["apply", rows, "-e", pack, "--format", "json"], &set[..]].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&report["totals"]["read"], &report["totals"]["suppressed"]),
            (&5.into(), &5.into()),
            "{pack}"
        );
        let active = report["exclusions"].as_array().unwrap().iter().filter(|each| each["matches"] != 0);
        assert_eq!(active.count(), 5, "{pack}");
    }
}

/// In each of the five products: the corrected list is graded better than the documented one.
#[test]
fn the_corrected_lists_are_harder_to_hide_in() {
    for product in ["sccm", "solarwinds", "altiris", "intune", "kaseya"] {
        let cost = |pack: &str| {
            let report = probed(&["-e", &format!("{pack}/{product}")]);
            let worst = &report["exclusions"][0];
            (worst["way_in"]["cost"].as_u64().unwrap(), worst["grade"].as_str().unwrap().to_owned())
        };
        let (documented, field) = (cost("documented"), cost("field"));
        assert!(documented.0 < field.0 && documented.1 > field.1, "{product}: {documented:?} {field:?}");
    }
}

fn all(exclusions: &[Exclusion], rows: &[Vec<(String, String)>]) -> Vec<Probed> {
    let applied: Vec<&Exclusion> = exclusions.iter().collect();
    let matcher = Matcher::new(&applied, "defender").unwrap();
    let cell = |row: &Vec<(String, String)>, name: &str| {
        row.iter().find(|(field, _)| field == name).map(|(_, text)| text.clone())
    };
    let rows: Vec<Malicious> = (1..)
        .zip(rows)
        .map(|(number, row)| Malicious {
            number,
            cells: matcher.slots().iter().map(|slot| cell(row, slot.name())).collect(),
        })
        .collect();
    let found = probe(&matcher, &applied, &rows, "defender", &Moves::built_in().unwrap());
    for each in &found {
        let place = applied.iter().position(|exclusion| exclusion.id == each.id).unwrap();
        let covers = |cells: &[Option<String>]| {
            let cells: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
            let mut scratch = Scratch::default();
            let verdict = matcher.judge(&cells, &mut scratch);
            verdict.suppressed_by.contains(&u32::try_from(place).unwrap())
        };
        if let Some(way) = &each.way_in {
            assert!(covers(&way.cells), "{each:?}");
            assert_eq!(way.cost, way.moves.iter().map(|made| made.cost).sum::<u32>());
        }
        let hidden = rows.iter().any(|row| covers(&row.cells));
        assert_eq!(hidden, each.grade == Grade::F, "{each:?}");
    }
    found
}

fn cost(exclusion: &Exclusion, rows: &[Vec<(String, String)>]) -> u32 {
    let found = all(std::slice::from_ref(exclusion), rows);
    found[0].way_in.as_ref().map_or(u32::MAX, |way| way.cost)
}

/// A name alone is worst; path, parent and network each make it dearer. In each of the five products.
#[test]
fn a_name_alone_is_worst_and_each_condition_helps() {
    let rows = [[
        ("process.name", "action1_agent.exe"),
        ("process.path", r"C:\Users\Public\action1_agent.exe"),
        ("process.parent.name", "explorer.exe"),
        ("destination.ip", "203.0.113.9"),
        ("destination.domain", "server.action1.com"),
        ("destination.port", "443"),
    ]
    .map(|(field, text)| (field.to_owned(), text.to_owned()))
    .to_vec()];
    let examples = Parameters::default().or_examples();
    for product in ["sccm", "solarwinds", "altiris", "intune", "kaseya"] {
        let lists = pack(&format!("field/{product}"));
        let exclusions = load_with(&lists, &Schemas::built_in(), &examples).unwrap();
        let with = |fields: &[&str]| {
            let mut exclusion = exclusions[0].clone();
            let named = |name: &str| fields.iter().any(|field| name.starts_with(field));
            exclusion.entries[0].conditions.retain(|condition| named(condition.field.name()));
            assert_eq!(exclusion.entries[0].conditions.len(), fields.len(), "{product}");
            cost(&exclusion, &rows)
        };
        let network = if product == "intune" { "destination.domain" } else { "destination.ip" };
        let costs = [
            with(&["process.name"]),
            with(&["process.name", "process.path"]),
            with(&["process.name", "process.path", "process.parent.name"]),
            with(&["process.name", "process.path", "process.parent.name", network]),
        ];
        assert!(costs.windows(2).all(|pair| pair[0] < pair[1]), "{product}: {costs:?}");
        assert!(costs[0] < with(&["process.name", network]), "{product}");
    }
}

#[test]
fn a_row_that_is_hidden_as_it_is_gets_the_worst_grade_and_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    std::fs::write(&list, "exclusions:\n- id: a\n  when: {process.name: action1_*}\n").unwrap();
    let output = quell(&["probe", "--malicious", MALICIOUS, "-e", list.to_str().unwrap()]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && told.contains("F  a") && told.contains("as it is"), "{told}");
    let clean = quell(&["probe", "--malicious", MALICIOUS]);
    assert_eq!(clean.status.code(), Some(0));
    let strict = quell(&["probe", "--malicious", MALICIOUS, "--min-grade", "c"]);
    assert_eq!(strict.status.code(), Some(1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(30, 400), ..ProptestConfig::default() })]

    #[test]
    fn what_is_claimed_is_suppressed_and_a_condition_less_is_never_dearer(
        texts in lists(3), table in rows(6)
    ) {
        let exclusions = loaded(&texts);
        prop_assume!(!exclusions.is_empty() && !table.is_empty());
        let rows: Vec<Vec<(String, String)>> = table
            .iter()
            .map(|row| row.iter().map(|(field, text)| ((*field).to_owned(), text.clone())).collect())
            .collect();
        all(&exclusions, &rows);
        for exclusion in &exclusions {
            let whole = cost(exclusion, &rows);
            for (place, entry) in exclusion.entries.iter().enumerate() {
                for gone in (0..entry.conditions.len()).filter(|_| entry.conditions.len() > 1) {
                    let mut less = exclusion.clone();
                    let mut conditions = entry.conditions.clone();
                    conditions.remove(gone);
                    less.entries[place] = Entry { conditions };
                    // An expression without a sample leaves the way unknown, which claims nothing.
                    let found = &all(std::slice::from_ref(&less), &rows)[0];
                    let cost = found.way_in.as_ref().map_or(u32::MAX, |way| way.cost);
                    prop_assert!(found.grade == Grade::Unknown || cost <= whole, "{:?}", less);
                }
            }
        }
    }
}
