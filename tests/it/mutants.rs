//! Changes to lists that cases must notice: the quick verdict against the matcher, and cases that are proposed.

use crate::common::naive::Row;
use crate::common::random::{lists, rows};
use crate::common::{cases, loaded};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quell::cases::{Expected, is_suppressed};
use quell::exclusions::model::{Case, Exclusion, FieldRef};
use quell::exclusions::validate::{ListText, load, load_with};
use quell::exclusions::{Parameters, pack};
use quell::fields::Field;
use quell::mutants::report::MutationReport;
use quell::mutants::{Detection, Judge, mutations, run};
use quell::schema::Schemas;
use std::fmt::Write;
use std::fs;
use std::process::Command;

fn case(row: &Row) -> Case {
    let cells = row.iter().filter(|(_, text)| !text.is_empty());
    let cells =
        cells.filter_map(|(name, text)| Some((FieldRef::Field(Field::named(name)?), text.clone()))).collect();
    Case { cells, line: 1 }
}

/// The report on a list, and the list with every case that the report proposes.
fn proposed(text: &str, base: &str) -> (MutationReport, String) {
    let (head, foot) = (text.find("when: ").unwrap(), text.rfind('}').unwrap());
    let report =
        report(&format!("exclusions:\n- id: e0\n  {}\n  cases: {{base: {base}}}\n", &text[head..foot]));
    let mut cases = format!("  cases:\n    base: {base}\n");
    for (key, expected) in [("suppress", Expected::Suppress), ("keep", Expected::Keep)] {
        let rows: Vec<&str> = report
            .missed
            .iter()
            .filter(|missed| missed.expected == expected)
            .map(|missed| missed.case.as_str())
            .collect();
        writeln!(cases, "    {key}: [{}]", rows.join(", ")).unwrap();
    }
    // The random lists hold one exclusion in flow style on a line of its own.
    let (when, end) = (text.find("when: ").unwrap(), text.rfind('}').unwrap());
    (report, format!("exclusions:\n- id: e0\n  {}\n{cases}", &text[when..end]))
}

fn report(text: &str) -> MutationReport {
    let list = ListText { file: "list0.yaml".into(), text: text.to_owned() };
    let exclusions =
        load(std::slice::from_ref(&list), &Schemas::built_in()).unwrap_or_else(|m| panic!("{m:#?}\n{text}"));
    MutationReport::new(&exclusions, &[list])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(30, 2_000), ..ProptestConfig::default() })]

    /// The verdict by counting is the matcher's verdict on the changed exclusion.
    #[test]
    fn a_change_is_judged_as_the_matcher_judges_the_changed_list(texts in lists(2), rows in rows(8)) {
        let rows: Vec<Case> = rows.iter().map(case).collect();
        for exclusion in loaded(&texts) {
            let judge = Judge::new(&exclusion);
            for mutation in mutations(&exclusion) {
                let changed = mutation.applied(&exclusion);
                for row in &rows {
                    let row_match = judge.match_row(row);
                    prop_assert_eq!(judge.suppresses(&row_match), is_suppressed(&exclusion, row));
                    prop_assert_eq!(judge.suppresses_after(&row_match, &mutation), is_suppressed(&changed, row));
                }
            }
        }
    }

    /// A row that is proposed tells the changed list from the list, and has the verdict of the list.
    #[test]
    fn a_proposed_case_holds_for_the_list_and_not_for_the_changed_one(texts in lists(3)) {
        for exclusion in loaded(&texts) {
            for (mutation, word) in run(&exclusion) {
                if let Detection::Missed(expected, row) = word {
                    prop_assert_eq!(is_suppressed(&exclusion, &row), expected == Expected::Suppress);
                    prop_assert_ne!(is_suppressed(&exclusion, &row), is_suppressed(&mutation.applied(&exclusion), &row));
                }
            }
        }
    }

    /// With the proposed cases in it, as they are written, a list has none left to propose.
    #[test]
    fn with_the_proposed_cases_every_change_is_noticed(
        texts in lists(2),
        base in select(vec!["{}", "{process.name: setup.exe, destination.port: 443}", "{destination_ip: 10.10.10.10, user.name: ''}"]),
    ) {
        for text in &texts {
            let (before, text) = proposed(text, base);
            let after = report(&text);
            // The new cases, and what is made from their cells, may show a change for which no row was found before.
            let found = before.totals.equivalent - after.totals.equivalent;
            prop_assert!(after.totals.missed <= found, "{:#?}", after.missed);
            prop_assert_eq!(after.reaches(100), after.missed.is_empty() && after.totals.noticed > 0);
        }
    }
}

/// "No row was found" is nearly always "there is none": few such changes are told by some random row.
#[test]
fn a_row_is_found_wherever_random_rows_find_one() {
    let mut runner = TestRunner::deterministic();
    let (mut equivalent, mut told) = (0, 0);
    for _ in 0..cases(30, 1_000) {
        let texts = lists(4).new_tree(&mut runner).unwrap().current();
        let rows: Vec<Case> = rows(100).new_tree(&mut runner).unwrap().current().iter().map(case).collect();
        for exclusion in loaded(&texts) {
            let judge = Judge::new(&exclusion);
            let matched: Vec<_> = rows.iter().map(|row| judge.match_row(row)).collect();
            for (mutation, word) in run(&exclusion) {
                if word == Detection::Equivalent {
                    equivalent += 1;
                    told += usize::from(
                        matched.iter().any(|row_match| judge.changes_verdict(row_match, &mutation)),
                    );
                }
            }
        }
    }
    println!("{told} of {equivalent} changes without a proposed case are told by some random row");
    assert!(equivalent > 50 && told * 30 <= equivalent, "{told} of {equivalent}");
}

#[test]
fn both_packs_notice_every_change() {
    for name in ["documented", "field"] {
        let texts = pack(name);
        let examples = Parameters::default().or_examples();
        let exclusions: Vec<Exclusion> = load_with(&texts, &Schemas::built_in(), &examples).unwrap();
        let report = MutationReport::new(&exclusions, &texts);
        assert_eq!((report.missed, report.equivalent), (Vec::new(), Vec::new()), "{name}");
        assert!(report.totals.noticed >= 50, "{name}");
    }
}

#[test]
fn a_score_below_the_wanted_one_is_something_to_look_at() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let text = "exclusions:\n- id: a\n  when: {process.name: a.exe, destination.port: 443}\n  cases:\n    suppress: [{process.name: a.exe, destination.port: 443}]\n    keep: [{process.name: b.exe, destination.port: 443}]\n";
    fs::write(&list, text).unwrap();
    let code = |arguments: &[&str]| {
        let quell = Command::new(env!("CARGO_BIN_EXE_quell"))
            .args(["test", "--mutate", "-e", list.to_str().unwrap()])
            .args(arguments)
            .env_clear()
            .output()
            .unwrap();
        quell.status.code()
    };
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["--min-score", "30"]), Some(0));
    assert_eq!(code(&["--min-score", "60"]), Some(1));
    assert_eq!(code(&["--min-score", "101"]), Some(2));
    assert_eq!(code(&["--format", "junit"]), Some(2));
}
