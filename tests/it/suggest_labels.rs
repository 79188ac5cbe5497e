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

/// A label that is for no row, for several, or against another is an error with its file and line.
#[test]
fn a_label_that_is_for_no_row_or_for_several_is_an_error() {
    let twice = [backups(11), vec![backups(3)[2].replace("WS-3", "WS-99")]].concat();
    let no_id: Vec<String> =
        backups(11).iter().map(|row| row.rsplit_once(',').unwrap().0.to_owned() + ",").collect();
    for (rows, lines, wanted) in [
        (
            backups(11),
            &["ReportId,label", "1702.0,malicious"][..],
            "labels.csv: line 2: no row of the results has the ReportId `1702.0`",
        ),
        (
            backups(11),
            &["ReportId,label", "1703,benign", "01702,malicious"],
            "line 3: no row of the results has the ReportId `01702`",
        ),
        (no_id, &["ReportId,label", "1702,malicious"], "no row of the results has a ReportId"),
        (
            twice.clone(),
            &["ReportId,label", "1703,malicious"],
            "several rows have the ReportId `1703`: row 3 of hunt.csv, row 12 of hunt.csv",
        ),
        (
            twice.clone(),
            &["ReportId,DeviceName,label", "1703,WS-4,malicious"],
            "has the ReportId `1703` of WS-4",
        ),
        (
            backups(11),
            &["row,ReportId,label", "4,1703,malicious"],
            "labels.csv: line 2: it says ReportId `1703`, and the row has `1704` (row 4 of hunt.csv)",
        ),
        (backups(11), &["row,ReportId,label", "x,1703,malicious"], "line 2: it names no row"),
        (
            backups(11),
            &["row,label", "4,benign", "4,malicious"],
            "labels.csv: line 3: row 4 of hunt.csv is malicious here, and benign in labels.csv: line 2",
        ),
        (
            backups(11),
            &["row,ReportId,label", "4,,benign", ",1704,malicious"],
            "line 3: it is malicious here, and benign in labels.csv: line 2 (row 4 of hunt.csv)",
        ),
        (
            backups(11),
            &["row,label", "44,malicious"],
            "labels.csv: line 2: a label is for row 44 of hunt.csv: there are 11 rows",
        ),
    ] {
        let files = folder(&[("hunt.csv", rows), ("labels.csv", labels(lines))]);
        let (code, said) = quell(&files, &["--labels", "labels.csv"]);
        assert!(code == Some(2) && said.contains(wanted), "{lines:?}: {said}");
    }
    let of_device = labels(&["ReportId,DeviceName,label", "1703,ws-99,malicious"]);
    let of_row = labels(&["row,ReportId,label", "3,1703,malicious"]);
    for lines in [of_device, of_row] {
        let files = folder(&[("hunt.csv", twice.clone()), ("labels.csv", lines)]);
        let (code, said) = quell(&files, &["--labels", "labels.csv"]);
        assert!(code == Some(1) && said.contains("a malicious row has the same values"), "{said}");
    }
}

/// What a list in force hides already is said, whoever labelled it.
#[test]
fn a_malicious_row_that_is_suppressed_already_is_said() {
    let list = "exclusions:\n  - id: too-broad\n    scenario: a port of ours\n    when: {destination.ip: 10.1.1.9}\n";
    let evil = backups(11)[10].replace("10.1.1.5", "10.1.1.9");
    let files = folder(&[
        ("hunt.csv", [backups(10), vec![evil.clone()]].concat()),
        ("evil.csv", vec![evil]),
        ("labels.csv", labels(&["row,label", "11,malicious"])),
    ]);
    fs::write(files.path().join("mine.yaml"), list).unwrap();
    for (more, row) in [
        (["--labels", "labels.csv"], "row 11 of hunt.csv"),
        (["--malicious", "evil.csv"], "row 1 of evil.csv"),
    ] {
        let (_, said) = quell(&files, &[&more[..], &["-e", "mine.yaml"]].concat());
        let wanted = format!("{row}, which is labelled malicious, is SUPPRESSED by too-broad already");
        assert!(said.contains(&wanted), "{said}");
    }
}

/// More malicious rows make a draft narrower: no network takes in an address of theirs, and no hash stands in for that.
#[test]
fn knowing_more_malicious_rows_makes_no_draft_wider() {
    let draft = |malicious: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
        let arguments = ["suggest", "samples/action1-hunt.csv", "--group", "1", "--malicious", malicious];
        String::from_utf8(command.args(arguments).output().unwrap().stdout).unwrap()
    };
    let wanted = |list: &str, field: &str| -> Vec<String> {
        let field = format!("      {field}: ");
        list.lines().filter_map(|line| line.strip_prefix(&field)).map(str::to_owned).collect()
    };
    let all = draft("samples/malicious.csv");
    assert!(wanted(&all, "process.sha256").is_empty(), "{all}");
    let networks = wanted(&all, "destination.ip");
    assert!(
        !networks.is_empty() && networks.iter().all(|network| !network.contains("203.0.113.0/26")),
        "{all}"
    );
}

/// Where others connect to a port of the device, it does not change with every connection, and nobody says that it does.
#[test]
fn a_local_port_with_few_values_is_said() {
    for (ports, wanted) in [
        (
            ["445", "139"],
            "not source.port: 2 values in 100 % of the rows (139, 445): a port to which others connect",
        ),
        (["5", "6"], "not source.port: it changes with every connection"),
    ] {
        let files = folder(&[("hunt.csv", backups(12))]);
        let row = |(at, row): (usize, String)| {
            let port = if ports[0] == "445" {
                ports[at % 2].to_owned()
            } else {
                format!("{}{}", ports[at % 2], 1_000 + at)
            };
            format!("{row},{port}")
        };
        let rows: Vec<String> = backups(12).into_iter().enumerate().map(row).collect();
        let table = format!("{HEADER},LocalPort\n{}\n", rows.join("\n"));
        fs::write(files.path().join("hunt.csv"), table).unwrap();
        let (code, said) = quell(&files, &[]);
        assert!(code == Some(0) && said.contains(wanted), "{said}");
    }
}
