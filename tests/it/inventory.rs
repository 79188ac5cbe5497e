//! `quell list`: every exclusion with its owner, its age, its end, what it holds for and when it was last seen.

use serde_json::Value;
use std::fs;
use std::process::{Command, Output};

const LIST: &str = "exclusions:
- {id: ends, owner: me, created: 2026-11-01, expires: 2026-12-01, when: {process.name: chrome.exe, destination.port: 443}}
- {id: ended, owner: me, expires: 2026-11-23, when: {process.name: chrome.exe}}
- {id: last-day, expires: 2026-11-24, when: {process.name: nobody.exe}}
- {id: far, expires: 2027-06-01, rules: [a, b, c], when: {process.name: chrome.exe}}
- {id: endless, when: {process.name: firefox.exe}}
";

fn list(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("l.yaml");
    fs::write(&file, LIST).unwrap();
    Command::new(env!("CARGO_BIN_EXE_quell"))
        .args(["list", "-e", file.to_str().unwrap(), "--today", "2026-11-24"])
        .args(arguments)
        .env("COLUMNS", "200")
        .output()
        .unwrap()
}

fn json(arguments: &[&str]) -> Vec<Value> {
    let output = list(&[arguments, &["--format", "json"]].concat());
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    all["exclusions"].as_array().unwrap().clone()
}

#[test]
fn those_that_end_first_stand_first() {
    let all = json(&[]);
    let ids: Vec<&str> = all.iter().map(|each| each["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ended", "last-day", "ends", "far", "endless"]);
    assert_eq!(
        (&all[2]["age"], &all[2]["days_left"], &all[0]["days_left"]),
        (&23.into(), &7.into(), &(-1).into())
    );
    let text = String::from_utf8(list(&[]).stdout).unwrap();
    for wanted in [
        "2026-12-01, 7 days",
        "2026-11-23, expired",
        "2026-11-24, today",
        "never",
        "a, b and 1 more",
        "every hunt",
        "5 exclusions: 3 without an owner, 1 without an end, 1 expired",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn what_expires_fails_the_run() {
    for (within, ids) in [
        ("0d", &["ended", "last-day"][..]),
        ("7", &["ended", "last-day", "ends"]),
        ("6d", &["ended", "last-day"]),
    ] {
        let output = list(&["--expiring", within, "--format", "json"]);
        assert_eq!(output.status.code(), Some(1));
        let listed = json(&["--expiring", within]);
        let found: Vec<&str> = listed.iter().map(|each| each["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids);
    }
    assert_eq!(list(&[]).status.code(), Some(0));
    let later = list(&["--expiring", "30d", "--today", "2020-01-01"]);
    assert_eq!(later.status.code(), Some(2), "a day is given once");
    assert_eq!(list(&["--expiring", "soon"]).status.code(), Some(2));
}

#[test]
fn results_say_when_each_was_last_seen() {
    let all = json(&["--results", "samples/action1-hunt.csv"]);
    let seen = |id: &str| all.iter().find(|each| each["id"] == *id).unwrap()["seen"].clone();
    assert_eq!(seen("ends")["last"], "2026-11-20");
    assert!(seen("ends")["matches"].as_u64().unwrap() > 0);
    assert_eq!(seen("last-day")["matches"], 0);
    assert!(seen("ended").is_null() && seen("far").is_null(), "they are not applied");
    let text =
        String::from_utf8(list(&["--results", "samples/action1-hunt.csv", "--format", "markdown"]).stdout)
            .unwrap();
    assert!(text.contains("not applied") && text.contains("in no row"), "{text}");
}
