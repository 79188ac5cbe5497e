//! Totals against an independent count, and the same report however many exclusions there are and however
//! they are spread over files.

use crate::independent;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

fn report(arguments: &[&str]) -> (Value, Option<i32>) {
    let quell = Command::new(env!("CARGO_BIN_EXE_quell"))
        .arg("apply")
        .args(arguments)
        .args(["--format", "json"])
        .env_clear()
        .output()
        .unwrap();
    (serde_json::from_slice(&quell.stdout).unwrap(), quell.status.code())
}

fn agrees(file: &str) {
    let counted = independent::count(file);
    let (report, _) = report(&[file]);
    for key in ["read", "kept", "suppressed"] {
        assert_eq!(report["totals"][key], counted[key], "{file} {key}");
    }
    let exclusions = report["exclusions"].as_array().unwrap();
    assert_eq!(exclusions.len(), counted["exclusions"].as_object().unwrap().len());
    for exclusion in exclusions {
        let wanted = &counted["exclusions"][exclusion["id"].as_str().unwrap()];
        assert_eq!(json!({"matches": exclusion["matches"], "sole": exclusion["sole"]}), *wanted, "{file}");
    }
    let groups: u64 =
        report["kept_groups"].as_array().unwrap().iter().map(|group| group["rows"].as_u64().unwrap()).sum();
    assert_eq!(
        groups + report["kept_in_other_groups"].as_u64().unwrap(),
        report["totals"]["kept"].as_u64().unwrap()
    );
}

#[test]
fn the_samples_count_as_an_independent_program_counts() {
    for file in ["samples/action1-hunt.csv", "samples/action1-hunt.jsonl", "samples/lab-network-events.csv"] {
        agrees(file);
    }
}

#[test]
fn generated_results_count_as_an_independent_program_counts() {
    let folder = tempfile::tempdir().unwrap();
    let rows = if std::env::var_os("QUELL_LONG").is_some() { "300000" } else { "20000" };
    for format in ["csv", "jsonl"] {
        let file = folder.path().join(format!("made.{format}"));
        let made = Command::new(env!("CARGO"))
            .args([
                "run",
                "--quiet",
                "--example",
                "generate",
                "--",
                "--rows",
                rows,
                "--seed",
                "11",
                "--format",
                format,
                "--out",
            ])
            .arg(&file)
            .status()
            .unwrap();
        assert!(made.success());
        agrees(file.to_str().unwrap());
    }
}

fn exclusion(place: usize) -> String {
    match place % 3 {
        0 => format!(
            "  - {{id: e{place}, when: {{process.name: agent{place}.exe, destination.ip: 10.1.0.0/16}}}}\n"
        ),
        1 => {
            format!("  - {{id: e{place}, when: {{destination.ip: 203.0.{}.{}}}}}\n", place / 256, place % 256)
        }
        _ => format!(
            "  - {{id: e{place}, when: [{{process.name: 'action1_*{place}*'}}, {{process.name: chrome.exe}}]}}\n"
        ),
    }
}

fn write_lists(folder: &Path, count: usize, per_file: usize) {
    fs::create_dir_all(folder).unwrap();
    for (number, places) in (0..count).collect::<Vec<_>>().chunks(per_file.max(1)).enumerate() {
        let mut text = String::from("exclusions:\n");
        for place in places {
            write!(text, "{}", exclusion(*place)).unwrap();
        }
        fs::write(folder.join(format!("{number:04}.yaml")), text).unwrap();
    }
    if count == 0 {
        fs::write(folder.join("none.yaml"), "exclusions: []\n").unwrap();
    }
}

#[test]
fn no_one_five_or_a_thousand_exclusions_in_one_file_or_many() {
    let folder = tempfile::tempdir().unwrap();
    for count in [0, 1, 5, 1_000] {
        let (one, many) =
            (folder.path().join(format!("one{count}")), folder.path().join(format!("many{count}")));
        write_lists(&one, count, count);
        write_lists(&many, count, 1);
        let run = |lists: &Path| {
            let (mut report, code) = report(&["samples/action1-hunt.csv", "-e", lists.to_str().unwrap()]);
            for exclusion in report["exclusions"].as_array_mut().unwrap() {
                exclusion["file"].take();
                exclusion["line"].take();
            }
            (report, code)
        };
        let (report, code) = run(&one);
        assert_eq!((report.clone(), code), run(&many), "{count}");
        assert_eq!(report["exclusions"].as_array().unwrap().len(), count);
        assert_eq!(code, Some(i32::from(count == 0)), "no exclusions are something to look at");
    }
}

/// Runs the whole pack, then the pack without each of its lists in turn: what comes back is what was told.
#[test]
fn sole_matches_are_what_a_run_without_the_list_brings_back() {
    let lists = ["altiris", "intune", "kaseya", "sccm", "solarwinds"]
        .map(|name| format!("exclusions/documented/{name}.yaml"));
    let run = |lists: &[&String], suppressed: &Path| {
        let lists: Vec<&str> = lists.iter().flat_map(|list| ["-e", list.as_str()]).collect();
        let output = ["samples/action1-hunt.csv", "--suppressed", suppressed.to_str().unwrap()];
        let (report, _) = report(&[&output[..], &lists].concat());
        (report, fs::read_to_string(suppressed).unwrap())
    };
    let folder = tempfile::tempdir().unwrap();
    let suppressed = folder.path().join("suppressed.csv");
    let (all, rows) = run(&lists.iter().collect::<Vec<_>>(), &suppressed);
    for list in &lists {
        let others: Vec<&String> = lists.iter().filter(|other| *other != list).collect();
        let (without, left) = run(&others, &suppressed);
        let exclusions = all["exclusions"].as_array().unwrap();
        let exclusion = exclusions.iter().find(|exclusion| exclusion["file"] == *list).unwrap();
        let sole = exclusion["sole"].as_u64().unwrap();
        let total = |report: &Value| report["totals"]["suppressed"].as_u64().unwrap();
        assert!(sole > 0);
        assert_eq!(total(&all), total(&without) + sole, "{list}");
        // Every row of the sample is a line, with a report id of its own.
        let row = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
        let left: std::collections::BTreeSet<String> = left.lines().map(row).collect();
        let back: Vec<&str> = rows.lines().filter(|line| !left.contains(&row(line))).collect();
        let by = exclusion["id"].as_str().unwrap();
        assert!(back.iter().all(|line| line.ends_with(&format!(",{by}"))), "{list}");
        assert_eq!(back.len() as u64, sole, "{list}");
    }
}
