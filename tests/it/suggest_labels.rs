//! `quell suggest` as it is typed: which rows labels mean, and what it says of rows that must stay.

use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

const HEADER: &str =
    "Timestamp,DeviceName,RemoteIP,RemotePort,InitiatingProcessFileName,InitiatingProcessFolderPath,ReportId";
const SUGGEST: [&str; 3] = ["suggest", "hunt.csv", "--where=process.name=backup.exe"];

/// Rows of a backup, one a day.
fn backups(days: u32) -> Vec<String> {
    let row = |day| {
        format!(
            r"2026-11-{day:02}T10:00:00Z,WS-{day},10.1.1.5,443,backup.exe,C:\Program Files\Backup\backup.exe,{}",
            1_700 + day
        )
    };
    (1..=days).map(row).collect()
}

/// A folder with files; a table has the header of all.
fn folder(files: &[(&str, Vec<String>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, lines) in files {
        let head = if name.contains("labels") { vec![] } else { vec![HEADER.to_owned()] };
        fs::write(folder.path().join(name), [head, lines.clone()].concat().join("\n") + "\n").unwrap();
    }
    folder
}

fn labels(lines: &[&str]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

fn quell(folder: &TempDir, more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&SUGGEST, more].concat();
    let quell = Command::new(env!("CARGO_BIN_EXE_quell"));
    let mut quell = quell;
    let Output { status, stdout, stderr } =
        quell.args(arguments).current_dir(folder.path()).env("COLUMNS", "1000").output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap() + &String::from_utf8(stdout).unwrap())
}

/// A row that must stay forbids, of whichever day it is.
#[test]
fn what_must_stay_forbids_in_the_days_that_are_kept_back() {
    let files = folder(&[
        ("hunt.csv", backups(11)),
        ("evil.csv", backups(11).split_off(10)),
        ("labels.csv", labels(&["row,label", "11,unsure"])),
    ]);
    for more in [["--labels", "labels.csv"], ["--malicious", "evil.csv"]] {
        for holdout in [&["--holdout", "2"][..], &[]] {
            let (code, said) = quell(&files, &[&more[..], holdout].concat());
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains("NOTHING IS SUGGESTED") && said.contains("has the same values"), "{said}");
        }
    }
}

#[test]
fn rows_of_nobody_s_label_in_the_days_that_are_kept_back_are_said() {
    let benign: Vec<String> = (1..=10).map(|row| format!("{row},benign")).collect();
    let labels = [vec!["row,label".to_owned()], benign].concat();
    let files = folder(&[("hunt.csv", backups(12)), ("labels.csv", labels)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
    let arguments = ["suggest", "hunt.csv", "--labels", "labels.csv", "--holdout", "2"];
    let did = command.args(arguments).current_dir(files.path()).output().unwrap();
    let said = String::from_utf8(did.stdout).unwrap();
    let line = "# TAKES IN 2 rows of the days that were kept back that nobody labelled: 11, 12";
    assert!(said.contains(line), "{said}");
}
