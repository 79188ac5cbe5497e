//! Results that come from odd tools, broken disks or somebody who means ill: each is read as what it says, or refused
//! with the reason, and no row is lost.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
    command.env_clear().current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// What is said of a text: the report without the description of its file, and the bytes that were kept and suppressed.
fn applied(folder: &Path, input: &[u8], more: &[&str]) -> (Value, Vec<u8>, Vec<u8>) {
    fs::write(folder.join("in"), input).unwrap();
    let arguments = ["apply", "in", "--kept", "kept", "--suppressed", "gone", "--format", "json"];
    let output = quell(folder, &[&arguments[..], more].concat());
    let mut report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    report.as_object_mut().unwrap().remove("results");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    (report, read("kept"), read("gone"))
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// The rows as PowerShell's `Export-Csv` writes them: every cell in quotation marks, names too.
fn all_in_quotes(delimiter: char) -> String {
    let rows = [
        ["Timestamp", "DeviceName", "InitiatingProcessFileName", "RemoteIP", "ReportId"],
        ["2026-11-16T08:00:00Z", "a", "setup.exe", "203.0.113.1", "1"],
        ["2026-11-16T08:00:00Z", "a", "setup.exe", "203.0.113.1", "1"],
        ["2026-11-16T09:00:00Z", "b", "x.exe", "203.0.113.1", "2"],
        ["2026-11-16T10:00:00Z", "b", "x,;\t.exe", "203.0.113.1", "3"],
    ];
    let line = |row: &[&str; 5]| row.map(|cell| format!("\"{cell}\"")).join(&delimiter.to_string()) + "\r\n";
    rows.iter().map(line).collect()
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_quoted_header() {
    let folder = tempfile::tempdir().unwrap();
    for delimiter in [',', ';', '\t'] {
        let text = all_in_quotes(delimiter);
        for more in [&[][..], &["--dedupe"]] {
            let (wanted, kept, gone) = applied(folder.path(), text.as_bytes(), more);
            assert_eq!(wanted["totals"]["malformed"], 0, "{wanted}");
            assert_eq!(wanted["totals"]["duplicates"].as_u64().unwrap_or(0), more.len() as u64, "{wanted}");
            let (kept, gone) = (String::from_utf8(kept).unwrap(), String::from_utf8(gone).unwrap());
            let marked = |text: &str| format!("\u{feff}{text}");
            for (name, coded) in [
                ("utf-8", (|text: &str| text.as_bytes().to_vec()) as fn(&str) -> Vec<u8>),
                ("utf-16", |text| utf16(text, false)),
                ("utf-16 big", |text| utf16(text, true)),
            ] {
                let (report, marked_kept, marked_gone) = applied(folder.path(), &coded(&marked(&text)), more);
                assert_eq!(report, wanted, "{name} {delimiter:?}");
                assert!(marked_kept == coded(&marked(&kept)), "{name} {delimiter:?}");
                assert!(marked_gone == coded(&marked(&gone)), "{name} {delimiter:?}");
            }
        }
    }
}

#[test]
fn a_byte_order_mark_stands_before_what_else_stands_before_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let text = all_in_quotes(';');
    let (wanted, ..) = applied(folder.path(), text.as_bytes(), &[]);
    for before in ["\u{feff}\u{feff}", "\u{feff}\r\n\r\n", "\u{feff}sep=;\r\n", "\u{feff}sep=;\r\n\r\n"] {
        let (mut report, kept, gone) = applied(folder.path(), format!("{before}{text}").as_bytes(), &[]);
        assert_eq!(report["totals"], wanted["totals"], "{before:?}");
        assert!(kept.starts_with(before.as_bytes()) && gone.starts_with(before.as_bytes()), "{before:?}");
        report["totals"] = wanted["totals"].clone();
        assert_eq!(report["exclusions"], wanted["exclusions"], "{before:?}");
    }
}

/// Exit code and what was said of results that may not be read.
fn refused(folder: &Path, input: &[u8], more: &[&str]) -> String {
    fs::write(folder.join("in"), input).unwrap();
    fs::write(folder.join("old"), "old").unwrap();
    let output = quell(folder, &[&["apply", "in", "--kept", "old"], more].concat());
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(fs::read_to_string(folder.join("old")).unwrap(), "old");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2, "no unfinished file is left");
    said(&output)
}

/// Benign in one of two columns of a name, and not in the other.
fn two_names() -> [(&'static str, String); 4] {
    let csv = "DeviceName,RemoteIP,InitiatingProcessFileName,RemoteIP\na,10.10.10.10,x.exe,203.0.113.1\n";
    let object =
        |twice: &str| format!("{{\"DeviceName\":\"a\",\"InitiatingProcessFileName\":\"x.exe\"{twice}}}");
    let twice = ",\"RemoteIP\":\"10.10.10.10\",\"RemoteIP\":\"203.0.113.1\"";
    let one = ",\"RemoteIP\":\"10.10.10.10\"";
    let columns = ["DeviceName", "RemoteIP", "InitiatingProcessFileName", "RemoteIP"]
        .map(|name| format!("{{\"name\":\"{name}\",\"type\":\"string\"}}"))
        .join(",");
    let row = "[\"a\",\"10.10.10.10\",\"x.exe\",\"203.0.113.1\"]";
    [
        ("as columns 2 and 4", csv.to_owned()),
        (
            "line 2: the key RemoteIP stands more than once in a record: at its bytes 55 and 80",
            format!("{}\n{}\n", object(one), object(twice)),
        ),
        (
            "line 3: the key RemoteIP stands more than once in a record: at its bytes 55 and 80",
            format!("[{},\n\n{}]", object(one), object(twice)),
        ),
        (
            "as columns 2 and 4",
            format!("{{\"tables\":[{{\"name\":\"t\",\"columns\":[{columns}],\"rows\":[{row}]}}]}}"),
        ),
    ]
}

#[test]
fn a_column_that_is_looked_at_and_stands_twice_is_an_error_that_names_both_places() {
    for (wanted, text) in two_names() {
        let folder = tempfile::tempdir().unwrap();
        let found = refused(folder.path(), text.as_bytes(), &[]);
        assert!(found.contains(wanted) && found.contains("RemoteIP"), "{found}");
        for command in
            [&["explain", "in", "--row", "2"][..], &["test", "--keep", "in"], &["probe", "--malicious", "in"]]
        {
            let output = quell(folder.path(), command);
            assert_eq!(output.status.code(), Some(2), "{command:?} {}", said(&output));
            assert!(said(&output).contains(wanted), "{command:?} {}", said(&output));
        }
    }
}

#[test]
fn every_column_that_stands_twice_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    // What quell counts by is looked at as much as what it judges.
    let header =
        "Timestamp [UTC],Timestamp,DeviceName,DeviceName,DeviceName,InitiatingProcessFileName,RemoteIP";
    let found = refused(folder.path(), format!("{header}\nt,t,a,b,c,x.exe,203.0.113.1\n").as_bytes(), &[]);
    assert!(found.contains("the column Timestamp stands more than once: as columns 1 and 2"), "{found}");
    assert!(
        found.contains("the column DeviceName stands more than once: as columns 3 and 4 and 5"),
        "{found}"
    );
}

#[test]
fn a_column_that_nobody_looks_at_may_stand_twice() {
    for (_, text) in two_names() {
        let folder = tempfile::tempdir().unwrap();
        let list = "exclusions:\n- {id: a, when: {process.name: x.exe}}\n";
        fs::write(folder.path().join("list.yaml"), list).unwrap();
        // Under another name the address is of no interest to anybody.
        let text = text.replace("RemoteIP", "LocalIPType");
        let (report, kept, gone) = applied(folder.path(), text.as_bytes(), &["-e", "list.yaml"]);
        assert_eq!(report["totals"]["malformed"], 0, "{report}");
        assert_eq!(report["totals"]["kept"], 0, "{text}");
        assert!(!gone.is_empty() && kept.len() < text.len());
    }
}

#[test]
fn a_column_that_stands_in_for_none_may_stand_twice() {
    // The name of a process is read from its path only where it has none of its own.
    let folder = tempfile::tempdir().unwrap();
    let list = "exclusions:\n- {id: a, when: {process.name: x.exe}}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    for (first, second) in [("process.name", "process.executable"), ("process.executable", "process.name")] {
        let name = |key: &str| match key {
            "process.name" => "\"process.name\":\"x.exe\"".to_owned(),
            _ => "\"process.executable\":\"/bin/y.exe\",\"process.executable\":\"/bin/z.exe\"".to_owned(),
        };
        let text = format!(
            "{{\"@timestamp\":\"2026-11-16T08:00:00Z\",\"host.name\":\"h\",{},{}}}\n",
            name(first),
            name(second)
        );
        let (report, ..) = applied(folder.path(), text.as_bytes(), &["-e", "list.yaml", "--schema", "ecs"]);
        assert_eq!(report["totals"]["suppressed"], 1, "{text} {report}");
    }
}
