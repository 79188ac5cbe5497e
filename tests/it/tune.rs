//! What a change to lists does, held against two whole runs.

use crate::common::naive::{Row, judge, parse};
use crate::common::random::{COLUMNS, csv, lists, rows};
use crate::common::{How, apply, cases, has, loaded};
use indexmap::IndexMap;
use proptest::prelude::*;
use quell::exclusions::model::Exclusion;
use quell::judge::Matcher;
use quell::tune::diff::{self, Diff, Side, TwoLists};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ORDER: [usize; 6] = [0, 1, 2, 3, 4, 5];

fn compare(old: &[Exclusion], new: &[Exclusion], input: &[u8], how: How) -> Diff {
    let both: Vec<Exclusion> = old.iter().chain(new).cloned().collect();
    let tally = apply(&both, input, how).tally;
    let (old, new): (Vec<&Exclusion>, Vec<&Exclusion>) = (old.iter().collect(), new.iter().collect());
    let matcher = Matcher::new(&both.iter().collect::<Vec<_>>(), "defender").unwrap();
    let slots: Vec<String> = matcher.slots().iter().map(|slot| slot.name().to_owned()).collect();
    let covers = tally.coverage.unwrap_or_default();
    let given = TwoLists { old: &old, new: &new, covers: &covers, slots: &slots, examples: 3 };
    diff::lists(&given, Side::default(), Side::default())
}

/// An example as the plain reading takes rows.
fn row(example: &IndexMap<String, String>) -> Row {
    let name = |field: &str| COLUMNS.iter().find(|(name, _)| *name == field).unwrap().0;
    example.iter().map(|(field, cell)| (name(field), cell.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(100, 4_000), ..ProptestConfig::default() })]

    /// What moves is what two runs, each by itself, suppress differently; per exclusion too. Examples are such rows.
    #[test]
    fn what_moves_is_the_difference_of_two_runs(
        old in lists(5),
        new in lists(5),
        rows in rows(50),
        chunk in prop::sample::select(vec![64_usize, 4_096]),
    ) {
        let (input, bytes) = csv(&rows, &ORDER);
        let (old_list, new_list) = (loaded(&old), loaded(&new));
        let how = How { chunk, threads: 2, ..How::CSV };
        let diff = compare(&old_list, &new_list, &input, how);
        let (before, after) = (apply(&old_list, &input, How::CSV), apply(&new_list, &input, How::CSV));
        prop_assert_eq!(diff.old.suppressed, before.tally.totals.suppressed);
        prop_assert_eq!(diff.new.suppressed, after.tally.totals.suppressed);
        let (old, new) = (parse(&old), parse(&new));
        let (mut suppressed, mut shown) = (0, 0);
        let mut of: BTreeMap<(String, bool), u64> = BTreeMap::new();
        for row in &rows {
            let (before, after) = (judge(&old, row).0, judge(&new, row).0);
            if before.is_empty() && !after.is_empty() {
                suppressed += 1;
                for id in after {
                    *of.entry((id, true)).or_default() += 1;
                }
            } else if !before.is_empty() && after.is_empty() {
                shown += 1;
                for id in before {
                    *of.entry((id, false)).or_default() += 1;
                }
            }
        }
        prop_assert_eq!((diff.newly_suppressed, diff.newly_shown), (suppressed, shown));
        prop_assert_eq!(diff.old.suppressed + suppressed, diff.new.suppressed + shown);
        for exclusion in &diff.exclusions {
            for (moved, newly) in [(&exclusion.newly_suppressed, true), (&exclusion.newly_shown, false)] {
                let wanted = of.get(&(exclusion.id.clone(), newly)).copied().unwrap_or_default();
                prop_assert_eq!(moved.rows, wanted);
                prop_assert_eq!(moved.examples.is_empty(), wanted == 0);
                for example in &moved.examples {
                    let row = row(example);
                    let (before, after) = (judge(&old, &row).0, judge(&new, &row).0);
                    prop_assert_eq!(before.is_empty(), newly);
                    prop_assert_eq!(after.is_empty(), !newly);
                    let covering = before.union(&after).any(|id| *id == exclusion.id);
                    prop_assert!(covering);
                }
            }
            let each = |outcome: &crate::common::Outcome, list: &[Exclusion]| {
                let place = list.iter().position(|known| known.id == exclusion.id);
                place.and_then(|place| outcome.tally.exclusions.get(&u32::try_from(place).unwrap()).map(|each| (each.matches, each.sole))).unwrap_or_default()
            };
            prop_assert_eq!((exclusion.old.matches, exclusion.old.sole), each(&before, &old_list));
            prop_assert_eq!((exclusion.new.matches, exclusion.new.sole), each(&after, &new_list));
        }
        prop_assert_eq!(bytes.len(), rows.len());
        prop_assert_eq!(diff, compare(&old_list, &new_list, &input, How::CSV), "threads and chunks change nothing");
    }
}

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
    command.args(arguments).current_dir(folder).env_clear().output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = quell(Path::new("."), arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn the_command_says_what_two_runs_of_apply_subtracted_say() {
    let (old, new, results) =
        ("exclusions/documented", "tests/lists/narrower.yaml", "samples/action1-hunt.csv");
    let folder = tempfile::tempdir().unwrap();
    let kept = |list: &str, name: &str| {
        let file = folder.path().join(name);
        let report =
            json(&["apply", results, "-e", list, "--format", "json", "--kept", file.to_str().unwrap()]);
        let text = fs::read_to_string(file).unwrap();
        let lines: std::collections::BTreeSet<String> = text.lines().map(str::to_owned).collect();
        (report["totals"]["suppressed"].as_u64().unwrap(), lines)
    };
    let ((before, kept_before), (after, kept_after)) = (kept(old, "old.csv"), kept(new, "new.csv"));
    let diff = json(&["diff", old, new, "--results", results, "--format", "json"]);
    assert_eq!(
        (diff["old"]["suppressed"].as_u64(), diff["new"]["suppressed"].as_u64()),
        (Some(before), Some(after))
    );
    // Every row of this sample is a line of its own.
    assert_eq!(diff["newly_suppressed"], kept_before.difference(&kept_after).count());
    assert_eq!(diff["newly_shown"], kept_after.difference(&kept_before).count());
    let code = |on: &str| {
        quell(Path::new("."), &["diff", old, new, "--results", results, "--fail-on", on]).status.code()
    };
    assert_eq!([code("newly-suppressed"), code("newly-shown"), code("any")], [Some(1); 3]);
    let same = ["diff", old, old, "--results", results, "--fail-on", "any"];
    assert_eq!(quell(Path::new("."), &same).status.code(), Some(0));
}

#[test]
fn the_same_list_on_two_results() {
    let list = "tests/lists/narrower.yaml";
    let run =
        |old: &str, new: &str| json(&["diff", list, "--results", old, "--against", new, "--format", "json"]);
    let (lab, hunt) = ("samples/lab-network-events.csv", "samples/action1-hunt.csv");
    let diff = run(lab, hunt);
    let report = json(&["apply", hunt, "-e", list, "--format", "json"]);
    assert_eq!(diff["new"]["suppressed"], report["totals"]["suppressed"]);
    assert_eq!(diff["newly_suppressed"], report["totals"]["suppressed"], "nothing matched in the lab");
    let groups = diff["shown_groups"].as_array().unwrap().iter();
    assert_eq!(diff["newly_shown"], groups.map(|group| group["rows"].as_u64().unwrap()).sum::<u64>());
    let same = run(hunt, hunt);
    assert_eq!((&same["newly_suppressed"], &same["newly_shown"]), (&0.into(), &0.into()));
}

#[test]
fn a_list_as_it_stands_in_a_revision() {
    if !has(&["git"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let here = |path: &str| folder.path().join(path);
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=somebody", "-c", "user.email=somebody@example.invalid"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    fs::create_dir_all(here("lists/more/.hidden")).unwrap();
    let list = |id: &str, name: &str| format!("exclusions:\n- id: {id}\n  when: {{process.name: {name}}}\n");
    fs::write(here("lists/a.yaml"), list("a", "a.exe")).unwrap();
    fs::write(here("lists/more/b.yml"), list("b", "b.exe")).unwrap();
    fs::write(here("lists/more/.hidden/c.yaml"), "not a list").unwrap();
    fs::write(here("lists/notes.txt"), "not a list").unwrap();
    fs::write(here("r.csv"), "DeviceName,InitiatingProcessFileName\nd,a.exe\nd,b.exe\nd,c.exe\n").unwrap();
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    fs::write(here("lists/a.yaml"), list("a", "c.exe")).unwrap();
    let run = |from: &Path, arguments: &[&str]| quell(from, &[&["diff"], arguments].concat());
    let totals = |output: &Output| {
        let diff: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        (diff["newly_suppressed"].as_u64().unwrap(), diff["newly_shown"].as_u64().unwrap())
    };
    let rest = ["--results", "r.csv", "--format", "json"];
    for old in ["git:HEAD:lists", "git:HEAD:lists/"] {
        let output = run(folder.path(), &[&[old, "lists"], &rest[..]].concat());
        assert_eq!(totals(&output), (1, 1), "{old}");
    }
    let output = run(folder.path(), &[&["git:HEAD:lists/a.yaml", "lists/a.yaml"], &rest[..]].concat());
    assert_eq!(totals(&output), (1, 1));
    let output =
        run(&here("lists"), &["git:HEAD:./a.yaml", "a.yaml", "--results", "../r.csv", "--format", "json"]);
    assert_eq!(totals(&output), (1, 1));
    for (wrong, said) in [
        ("git:HEAD", "a path is missing"),
        ("git:nowhere:lists", "git says: invalid object name 'nowhere'"),
        ("git:--output=x:lists", "no revision begins with a hyphen"),
    ] {
        let output = run(folder.path(), &[&[wrong, "lists"], &rest[..]].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(error.contains(said), "{wrong}: {error}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let output = run(nowhere.path(), &[&["git:HEAD:lists", "lists"], &rest[..]].concat());
    assert!(String::from_utf8(output.stderr).unwrap().contains("not a git repository"));
}

/// Machines read the words that people read.
#[test]
fn the_words_of_the_json_are_those_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let list = |name: &str, ids: &[(&str, &str)]| {
        let exclusion =
            |(id, process): &(&str, &str)| format!("- {{id: {id}, when: {{process.name: {process}}}}}\n");
        let text = format!("exclusions:\n{}", ids.iter().map(exclusion).collect::<String>());
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let old = list("old.yaml", &[("same", "a.exe"), ("changed", "b.exe"), ("removed", "c.exe")]);
    let new = list("new.yaml", &[("same", "a.exe"), ("changed", "d.exe"), ("added", "e.exe")]);
    let diff = json(&["diff", &old, &new, "--results", "samples/action1-hunt.csv", "--format", "json"]);
    assert_eq!(diff["compared"], "lists");
    for exclusion in diff["exclusions"].as_array().unwrap() {
        assert_eq!(exclusion["change"], exclusion["id"]);
    }
    assert_eq!(diff["exclusions"].as_array().unwrap().len(), 4);
    let results =
        ["diff", &old, "--results", "samples/action1-hunt.csv", "--against", "samples/action1-hunt.csv"];
    assert_eq!(json(&[&results[..], &["--format", "json"]].concat())["compared"], "results");
}
