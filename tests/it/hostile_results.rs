//! Results that come from odd tools, broken disks or somebody who means ill: each is read as what it says, or refused
//! with the reason, and no row is lost.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const QUELL: &str = env!("CARGO_BIN_EXE_quell");

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(QUELL);
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

/// The rows of a result in each shape that has records, with this text in the command line of the first.
fn with_long_record(length: usize) -> [(&'static str, String); 6] {
    let record = |line: &str| {
        format!(
            "{{\"DeviceName\":\"a\",\"InitiatingProcessCommandLine\":\"{line}\",\"InitiatingProcessFileName\":\"setup.exe\",\"RemoteIP\":\"203.0.113.1\"}}"
        )
    };
    let (long, short) = (record(&"x".repeat(length)), record("x"));
    let stream = |record: &str| format!("{{\"time\":\"t\",\"category\":\"c\",\"properties\":{record}}}");
    let schema = format!("{{\"schema\":[{{\"name\":\"{}\"}}],\"results\":", "y".repeat(length));
    [
        ("lines", format!("{long}\n{short}\n")),
        ("array", format!("[{long},{short}]")),
        ("results", format!("{{\"results\":[{long},{short}]}}")),
        ("a long envelope", format!("{schema}[{short},{short}]}}")),
        ("records", format!("{{\"records\":[{},{}]}}\n", stream(&long), stream(&short))),
        ("stream", format!("{}\n{}\n", stream(&long), stream(&short))),
    ]
}

#[test]
fn a_first_record_of_many_mebibytes_is_recognised_in_every_shape() {
    let folder = tempfile::tempdir().unwrap();
    for length in [2 << 20, 15 << 20] {
        for (name, text) in with_long_record(length) {
            let (report, kept, gone) = applied(folder.path(), text.as_bytes(), &[]);
            assert_eq!(report["totals"]["read"], 2, "{name} {length} {report}");
            assert_eq!(report["totals"]["suppressed"], 2, "{name} {length} {report}");
            assert!(gone.len() > length && kept.len() < gone.len(), "{name} {length}");
        }
    }
}

/// Lines with their reasons, as the report names them.
fn malformed(report: &Value) -> Vec<(u64, &str)> {
    let rows = report["malformed"].as_array().unwrap();
    rows.iter().map(|row| (row["line"].as_u64().unwrap(), row["why"].as_str().unwrap())).collect()
}

#[test]
fn a_row_that_is_too_long_is_one_row_and_the_next_one_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat((33 << 20) + 5);
    let header = "DeviceName,InitiatingProcessFileName,RemoteIP\n";
    let row = "a,setup.exe,203.0.113.1\n";
    let object =
        "{\"DeviceName\":\"a\",\"InitiatingProcessFileName\":\"setup.exe\",\"RemoteIP\":\"203.0.113.1\"}\n";
    for (name, line, text) in [
        ("CSV", 3, format!("{header}{row}{long},setup.exe,203.0.113.1\n{row}")),
        ("lines", 2, format!("{object}{}{object}", object.replace(":\"a\"", &format!(":\"{long}\"")))),
    ] {
        let (report, kept, gone) = applied(folder.path(), text.as_bytes(), &[]);
        assert_eq!(report["totals"]["read"], 3, "{name} {report}");
        assert_eq!(report["totals"]["suppressed"], 2, "{name} {report}");
        assert_eq!(malformed(&report), [(line, "longer than 16 MiB")], "{name}");
        assert!(kept.len() > long.len() && gone.len() < 1_000, "{name}");
    }
}

#[test]
fn after_a_row_that_is_too_long_nothing_is_read_if_a_quotation_mark_may_be_open() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat((33 << 20) + 5);
    let header = "DeviceName,InitiatingProcessFileName,RemoteIP\n";
    let row = "a,setup.exe,203.0.113.1\n";
    let never = "a quoted cell that never ends, or a line after it";
    // In the second the place where the row ends can be told by nobody who has not kept all of it.
    for (text, wanted) in [
        (format!("{header}\"{long}\n{row}"), vec![(2, never), (3, never)]),
        (
            format!("{header}{long},\"\n{row}\"\n{row}"),
            vec![(2, "longer than 16 MiB"), (3, never), (4, never), (5, never)],
        ),
    ] {
        let (report, kept, gone) = applied(folder.path(), text.as_bytes(), &[]);
        assert_eq!(report["totals"]["read"], wanted.len(), "{report}");
        assert_eq!(malformed(&report), wanted);
        assert!(
            kept == text.as_bytes()
                && gone == format!("{},quell_suppressed_by\n", header.trim_end()).as_bytes()
        );
    }
}

#[test]
fn lines_that_end_in_carriage_returns_alone_are_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "DeviceName,InitiatingProcessFileName,RemoteIP\na,setup.exe,203.0.113.1\nb,x.exe,203.0.113.1\n";
    let quoted =
        "\"DeviceName\",\"InitiatingProcessFileName\",\"RemoteIP\"\n\"a\",\"setup.exe\",\"203.0.113.1\"\n";
    let object =
        "{\"DeviceName\":\"a\",\"InitiatingProcessFileName\":\"setup.exe\",\"RemoteIP\":\"203.0.113.1\"}\n";
    for text in [csv.to_owned(), quoted.to_owned(), object.repeat(3), csv.repeat(50_000)] {
        let said = refused(folder.path(), text.replace('\n', "\r").as_bytes(), &[]);
        assert!(said.contains("carriage-return") && said.contains("tr '\\r' '\\n'"), "{said}");
    }
    // What has line feeds too is read, and one object may end in a carriage return.
    for text in [csv.replace('\n', "\r\n"), object.replace('\n', "\r"), object.replace('\n', "\r\n")] {
        assert_eq!(applied(folder.path(), text.as_bytes(), &[]).0["totals"]["suppressed"], 1, "{text}");
    }
}

#[test]
fn white_space_that_json_does_not_know_breaks_a_row_in_every_shape() {
    let folder = tempfile::tempdir().unwrap();
    let object =
        "{\"DeviceName\":\"a\",\"InitiatingProcessFileName\":\"setup.exe\",\"RemoteIP\":\"203.0.113.1\"}";
    for space in ["\u{c}", "\u{b}", "\u{a0}"] {
        for text in [
            format!("{object}\n{object}{space}\n"),
            format!("{object}\n{space}{object}\n"),
            format!("[{object},{space}{object}]"),
            format!("{{\"results\":[{object},{space}{object}]}}"),
        ] {
            let (report, ..) = applied(folder.path(), text.as_bytes(), &[]);
            assert_eq!(report["totals"]["suppressed"], 1, "{text:?} {report}");
            assert_eq!(report["totals"]["malformed"], 1, "{text:?} {report}");
        }
    }
}

#[test]
fn a_packed_file_may_begin_with_a_frame_that_is_to_be_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let text = all_in_quotes(',');
    let (wanted, ..) = applied(folder.path(), text.as_bytes(), &[]);
    let frame = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for magic in [0x50, 0x5f] {
        let skipped = [&[magic, 0x2a, 0x4d, 0x18, 3, 0, 0, 0], &b"abc"[..], &frame].concat();
        let (report, ..) = applied(folder.path(), &skipped, &[]);
        assert_eq!(report["totals"], wanted["totals"]);
    }
}

/// Runs quell with so many bytes of memory at most; `None` where the system has no such limit.
#[cfg(unix)]
fn within(folder: &Path, mebibytes: u64, arguments: &str) -> Output {
    let script = format!("ulimit -v {}; exec {QUELL} {arguments}", mebibytes << 10);
    Command::new("bash").args(["-c", &script]).current_dir(folder).output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_header_of_nothing_but_commas_is_refused_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in"), ",".repeat(16 << 20) + "\n").unwrap();
    let output = within(folder.path(), 256, "apply in");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("more than 16384 columns"), "{}", said(&output));
    let columns = "{\"name\":\"a\"},".repeat(20_000);
    let table =
        format!("{{\"tables\":[{{\"columns\":[{}],\"rows\":[[1]]}}]}}", columns.trim_end_matches(','));
    let found =
        refused(folder.path(), table.as_bytes(), &["--schema", "defender", "--allow-missing-columns"]);
    assert!(found.contains("more than 16384 columns"), "{found}");
}

#[cfg(unix)]
#[test]
fn expressions_that_are_costly_together_are_refused_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let list: String = (0..2_000)
        .map(|place| {
            format!("- {{id: e{place}, when: {{process.command_line|re: '(\\w{{20}}{place}){{2}}'}}}}\n")
        })
        .collect();
    fs::write(folder.path().join("list.yaml"), format!("exclusions:\n{list}")).unwrap();
    fs::write(folder.path().join("in"), all_in_quotes(',')).unwrap();
    for command in ["apply in", "lint", "test", "kql", "explain in --row 1"] {
        let output = within(folder.path(), 512, &format!("{command} -e list.yaml"));
        assert_eq!(output.status.code(), Some(2), "{command} {}", said(&output));
        let said = said(&output);
        assert_eq!(said.matches("costly-regexes").count(), 1, "{command} {said}");
        assert!(said.contains("list.yaml:") && said.contains("more than 64 MiB"), "{command} {said}");
    }
}

#[cfg(unix)]
#[test]
fn where_no_thread_can_be_made_one_does_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let (wanted, kept, gone) = applied(folder.path(), all_in_quotes(',').as_bytes(), &[]);
    for after in ["1+", "2+", "3+"] {
        let arguments =
            ["apply", "in", "--threads", "4", "--kept", "k", "--suppressed", "g", "--format", "json"];
        let fault = format!("inject=clone,clone3:error=EAGAIN:when={after}");
        let output = Command::new("strace")
            .args(["-f", "-qqq", "-o", "/dev/null", "-e", &fault, QUELL])
            .args(arguments)
            .current_dir(folder.path())
            .output();
        let Ok(output) = output else { return eprintln!("SKIPPED: there is no strace") };
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(report["totals"], wanted["totals"]);
        let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
        assert!(read("k") == kept && read("g") == gone);
        assert!(!said(&output).contains("panicked"), "{}", said(&output));
    }
}
