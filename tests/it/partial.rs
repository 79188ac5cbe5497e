//! Results that are not all of what the hunt found, or more than that: it is said in every format, and nothing is lost.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const HEADER: &str = "Timestamp,DeviceId,DeviceName,InitiatingProcessFileName,RemoteIP,ReportId\n";

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell"))
        .env_clear()
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

fn codes(report: &Value) -> Vec<&str> {
    report["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

/// Applies to a text; kept and suppressed stand in files of these names.
fn apply(folder: &Path, text: &str, more: &[&str]) -> (Value, Option<i32>, String, String) {
    fs::write(folder.join("in"), text).unwrap();
    let arguments = ["apply", "in", "--kept", "kept", "--suppressed", "gone", "--format", "json"];
    let output = quell(folder, &[&arguments[..], more].concat());
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    (report(&output), output.status.code(), read("kept"), read("gone"))
}

fn object(device: &str, process: &str, report: u32) -> String {
    format!(
        "{{\"Timestamp\":\"2026-11-16T08:00:00Z\",\"DeviceName\":\"{device}\",\"InitiatingProcessFileName\":\"{process}\",\"RemoteIP\":\"203.0.113.1\",\"ReportId\":{report}}}"
    )
}

/// Kept and suppressed objects of a document with one benign row and one that is not.
fn documents() -> Vec<(&'static str, String)> {
    let (benign, other) = (object("a", "setup.exe", 1), object("b", "x.exe", 2));
    let table = "[\"a\",\"setup.exe\",\"203.0.113.1\"],[\"b\",\"x.exe\",\"203.0.113.1\"]";
    let columns = ["DeviceName", "InitiatingProcessFileName", "RemoteIP"]
        .map(|name| format!("{{\"name\":\"{name}\",\"type\":\"string\"}}"))
        .join(",");
    let streamed = |row: &str| format!("{{\"category\":\"c\",\"properties\":{row}}}");
    vec![
        ("array", format!("[{benign},{other}]")),
        ("results", format!("{{\"schema\":[],\"results\":[{benign},{other}]}}")),
        ("records", format!("{{\"records\":[{},{}]}}", streamed(&benign), streamed(&other))),
        ("tables", format!("{{\"tables\":[{{\"name\":\"t\",\"columns\":[{columns}],\"rows\":[{table}]}}]}}")),
        ("lines", format!("{benign}\n{other}\n")),
        ("storage lines", format!("{}\n{}\n", streamed(&benign), streamed(&other))),
        (
            "csv",
            format!(
                "{HEADER}2026-11-16T08:00:00Z,,a,setup.exe,203.0.113.1,1\n2026-11-16T08:00:00Z,,b,x.exe,203.0.113.1,2\n"
            ),
        ),
    ]
}

#[test]
fn a_text_that_ends_early_is_cut_off_in_every_shape() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in documents() {
        let (report, code, ..) = apply(folder.path(), &text, &[]);
        assert_eq!((code, codes(&report)), (Some(0), vec![]), "{name}");
        assert_eq!(report["totals"]["suppressed"], 1, "{name}");
        // Inside the second row.
        let cut = text.rfind("x.exe").unwrap();
        let (report, code, kept, _) = apply(folder.path(), &text[..cut], &[]);
        assert_eq!((code, codes(&report)), (Some(1), vec!["cut-off"]), "{name}");
        assert_eq!(report["totals"]["read"], 2, "{name}");
        assert_eq!(report["totals"]["malformed"], 1, "{name}");
        assert!(kept.ends_with(&text[cut - 5..cut]), "{name}: {kept}");
        for format in ["table", "markdown"] {
            let output = quell(folder.path(), &["apply", "in", "--format", format]);
            assert!(said(&output).contains("ENDS INSIDE A ROW"), "{name}: {}", said(&output));
        }
        let output = quell(folder.path(), &["apply", "in", "--strict", "--kept", "strict"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(!folder.path().join("strict").exists());
    }
}

#[test]
fn a_document_is_cut_off_wherever_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("none.yaml"), "exclusions: []").unwrap();
    for (name, text) in documents().into_iter().take(4) {
        let from = text.find("x.exe").unwrap();
        for end in (from..text.len()).step_by(3).chain([text.len() - 1]) {
            let (report, code, kept, _) = apply(folder.path(), &text[..end], &["-e", "none.yaml"]);
            assert_eq!((code, codes(&report)), (Some(1), vec!["cut-off"]), "{name} {end}");
            assert_eq!(kept, text[..end], "{name} {end}");
        }
    }
}

#[test]
fn a_document_that_breaks_is_kept_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let (benign, other) = (object("a", "setup.exe", 1), object("b", "x.exe", 2));
    let text = format!("[{benign},{other} oops\n{benign}]\n");
    let (report, code, kept, gone) = apply(folder.path(), &text, &[]);
    assert_eq!((code, codes(&report)), (Some(1), vec!["broken"]));
    assert_eq!(report["totals"]["suppressed"], 1);
    assert_eq!(kept, format!("[{other} oops\n{benign}]\n"));
    assert!(gone.starts_with(&format!("[{}", &benign[..benign.len() - 1])));
    assert_eq!(report["malformed"][0]["why"], "the JSON document breaks before or in it");
}

#[test]
fn a_record_without_end_is_an_error_not_a_full_memory() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(17 << 20);
    fs::write(folder.path().join("kept"), "old").unwrap();
    let apply = |text: &str| {
        fs::write(folder.path().join("in"), text).unwrap();
        let more = ["--schema", "defender", "--allow-missing-columns", "--kept", "kept"];
        quell(folder.path(), &[&["apply", "in"], &more[..]].concat())
    };
    let row = object("a", "x.exe", 1);
    for text in [format!("[{{\"RemoteIP\":\"{long}\"}}]"), format!("[{row},{}{row}]", " ".repeat(17 << 20))] {
        let output = apply(&text);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains("longer than 16 MiB"), "{}", said(&output));
        assert_eq!(fs::read_to_string(folder.path().join("kept")).unwrap(), "old");
    }
    // The rest of an envelope may be of any size behind the records, and before them if those begin in the first
    // 16 MiB.
    let text = format!("{{\"results\":[{row}],\"note\":\"{long}\"}}");
    assert_eq!(apply(&text).status.code(), Some(0));
    assert!(fs::read_to_string(folder.path().join("kept")).unwrap() == text);
    let text = format!("{{\"note\":\"{long}\",\"results\":[{}]}}", object("a", "setup.exe", 1));
    fs::write(folder.path().join("in"), &text).unwrap();
    let output = quell(folder.path(), &["apply", "in", "--input-format", "json"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn partial_data_is_never_complete() {
    let folder = tempfile::tempdir().unwrap();
    let (_, text) = documents().remove(3);
    let error = ",\"error\":{\"code\":\"PartialError\",\"message\":\"There were some errors\"}}";
    let (report, code, kept, _) = apply(folder.path(), &(text[..text.len() - 1].to_owned() + error), &[]);
    assert_eq!((code, codes(&report)), (Some(1), vec!["partial"]));
    assert!(report["warnings"][0]["message"].as_str().unwrap().contains("PartialError: There were"));
    assert!(kept.ends_with(error));
}

#[test]
fn tables_with_different_columns_are_refused_and_empty_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (_, text) = documents().remove(3);
    let with = |table: &str| text[..text.len() - 2].to_owned() + "," + table + "]}";
    let same = &text["{\"tables\":[".len()..text.len() - 2];
    let (report, ..) = apply(folder.path(), &with(same), &[]);
    assert_eq!(report["totals"]["read"], 4);
    let (report, _, _, gone) =
        apply(folder.path(), &with("{\"name\":\"s\",\"columns\":[{\"name\":\"x\"}],\"rows\":[]}"), &[]);
    assert_eq!(report["totals"]["read"], 2);
    assert_eq!(gone.matches("quell_suppressed_by").count(), 2);
    for (table, cause) in [
        ("{\"name\":\"s\",\"columns\":[{\"name\":\"x\"}],\"rows\":[[1]]}", "their columns differ"),
        ("{\"name\":\"s\",\"rows\":[[1]]}", "its rows before its columns"),
    ] {
        fs::write(folder.path().join("in"), with(table)).unwrap();
        fs::write(folder.path().join("kept"), "old").unwrap();
        let output = quell(folder.path(), &["apply", "in", "--kept", "kept"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains(cause), "{}", said(&output));
        assert_eq!(fs::read_to_string(folder.path().join("kept")).unwrap(), "old");
    }
}

#[test]
fn a_file_of_exactly_a_cap_is_suspicious() {
    let folder = tempfile::tempdir().unwrap();
    let row = "2026-11-16T08:00:00Z,,,x.exe,203.0.113.1,\n";
    let (report, code, ..) = apply(folder.path(), &(HEADER.to_owned() + &row.repeat(10_000)), &[]);
    assert_eq!((code, codes(&report)), (Some(0), vec!["row-cap"]));
    assert_eq!(report["warnings"][0]["rows"], 10_000);
    let (_, code, ..) =
        apply(folder.path(), &(HEADER.to_owned() + &row.repeat(10_000)), &["--fail-on", "incomplete"]);
    assert_eq!(code, Some(1));
    let (report, ..) = apply(folder.path(), &(HEADER.to_owned() + &row.repeat(9_999)), &[]);
    assert!(codes(&report).is_empty());
}

/// Rows of which every third repeats one; those of benign processes too.
fn repeating(rows: usize) -> (String, String, usize) {
    let (mut all, mut once, mut repeats) = (HEADER.to_owned(), HEADER.to_owned(), 0);
    for place in 0..rows {
        let number = if place % 3 == 2 { place - 2 } else { place };
        let process = if number % 2 == 0 { "setup.exe" } else { "x.exe" };
        let row = format!("2026-11-16T08:00:00Z,d{},n,{process},203.0.113.1,{number}\n", number % 7);
        all += &row;
        if number == place {
            once += &row;
        } else {
            repeats += 1;
        }
    }
    (all, once, repeats)
}

#[test]
fn repeats_are_counted_and_dropped_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let (all, once, repeats) = repeating(40_000);
    let (counted, code, kept, gone) = apply(folder.path(), &all, &[]);
    assert_eq!((code, codes(&counted)), (Some(0), vec!["duplicates"]));
    assert_eq!(counted["warnings"][0]["rows"], repeats);
    assert_eq!(counted["totals"]["duplicates"], 0);
    assert_eq!(kept.lines().count() + gone.lines().count(), all.lines().count() + 1);
    let (alone, _, kept_once, gone_once) = apply(folder.path(), &once, &[]);
    assert!(codes(&alone).is_empty());
    for threads in ["1", "4"] {
        let (dropped, code, kept, gone) = apply(folder.path(), &all, &["--dedupe", "--threads", threads]);
        assert_eq!((code, codes(&dropped)), (Some(0), vec!["duplicates"]));
        let totals = &dropped["totals"];
        let number = |key: &str| totals[key].as_u64().unwrap();
        assert_eq!(number("read"), number("kept") + number("suppressed") + number("duplicates"));
        assert_eq!(totals["duplicates"], repeats);
        assert!((kept, gone) == (kept_once.clone(), gone_once.clone()));
        assert_eq!(dropped["exclusions"][0]["matches"], alone["exclusions"][0]["matches"]);
    }
}

/// What a row holds beside its columns must not take its place, and no object goes uncounted without a word.
#[test]
fn a_row_that_holds_objects_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let inner = object("a", "setup.exe", 1);
    let row = object("b", "x.exe", 2).replace('}', &format!(",\"records\":[{inner}]}}"));
    let plain = object("c", "y.exe", 3);
    for text in [format!("{row}\n{plain}\n"), format!("[{row},\n{plain}]")] {
        let (report, code, kept, _) = apply(folder.path(), &text, &[]);
        assert_eq!((code, kept), (Some(0), text));
        assert_eq!((&report["totals"]["read"], &report["totals"]["kept"]), (&2.into(), &2.into()));
    }
    let stream = format!("{{\"records\":[{inner}]}}\n{plain}\n");
    let (report, code, ..) = apply(folder.path(), &stream, &[]);
    assert_eq!((code, codes(&report)), (Some(1), vec!["broken"]));
    assert!(report["warnings"][0]["message"].as_str().unwrap().contains("1 JSON values WITHOUT RECORDS"));
}

/// A query that expands one event gives rows with one device, time and report id. The second must not vanish because
/// the first was suppressed.
#[test]
fn rows_of_one_event_that_differ_are_no_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let row = |process: &str, address: &str| format!("2026-11-16T08:00:00Z,a,d,{process},{address},7\n");
    let (benign, other) = (row("setup.exe", "203.0.113.1"), row("x.exe", "203.0.113.9"));
    let text = format!("{HEADER}{benign}{other}{benign}{}", other.trim_end());
    let (report, _, kept, _) = apply(folder.path(), &text, &["--dedupe"]);
    assert_eq!(kept, format!("{HEADER}{other}"));
    assert_eq!((&report["totals"]["suppressed"], &report["totals"]["duplicates"]), (&1.into(), &2.into()));
}

#[test]
fn repeats_are_dropped_across_files_and_chunks_that_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    // A quotation mark where none may stand, in the third megabyte, so that chunks before and after it are sent back.
    let (all, once, repeats) = repeating(60_000);
    let stray = "2026-11-16T08:00:00Z,d,n,a\"b,203.0.113.1,x\n";
    let with = |text: &str, at: usize| {
        let at = at + text[at..].find('\n').unwrap() + 1;
        [&text[..at], stray, &text[at..]].concat()
    };
    let (dropped, _, kept, gone) = apply(folder.path(), &with(&all, 2_500_000), &["--dedupe"]);
    assert_eq!(dropped["totals"]["duplicates"], repeats);
    assert_eq!(dropped["totals"]["malformed"], 1);
    let (_, _, kept_once, gone_once) = apply(folder.path(), &once, &[]);
    assert_eq!(kept.replace(stray, ""), kept_once);
    assert_eq!(gone, gone_once);
    let twice = quell(folder.path(), &["apply", "in", "in", "--dedupe", "--format", "json"]);
    let totals = &report(&twice)["totals"];
    assert_eq!(totals["duplicates"].as_u64(), totals["read"].as_u64().map(|read| read / 2));
}

#[test]
fn repeats_are_dropped_from_documents() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = [object("a", "setup.exe", 1), object("b", "x.exe", 2)];
    let text = format!("[{a}, {a}, {b}, {b}]");
    let (report, _, kept, gone) = apply(folder.path(), &text, &["--dedupe"]);
    assert_eq!(report["totals"]["duplicates"], 2);
    assert_eq!(kept, format!("[{b}]"));
    assert_eq!(gone.matches("DeviceName").count(), 1);
}

#[test]
fn a_pattern_stands_for_files() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |process: &str| format!("{HEADER}2026-11-16T08:00:00Z,,d,{process},203.0.113.1,1\n");
    fs::create_dir(folder.path().join("day-3.csv")).unwrap();
    fs::write(folder.path().join("day-1.csv"), rows("x.exe")).unwrap();
    fs::write(folder.path().join("day-2.csv"), rows("setup.exe")).unwrap();
    fs::write(folder.path().join("[1].csv"), rows("setup.exe")).unwrap();
    let output =
        quell(folder.path(), &["apply", "day-*.csv", "[1].csv", "--kept", "kept", "--format", "json"]);
    let report = report(&output);
    let files: Vec<&str> =
        report["results"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["day-1.csv", "day-2.csv", "[1].csv"]);
    assert_eq!(report["totals"]["suppressed"], 2);
    assert_eq!(fs::read_to_string(folder.path().join("kept")).unwrap(), rows("x.exe"));
    let output = quell(folder.path(), &["apply", "night-*.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("no file matches"), "{}", said(&output));
    let output = quell(folder.path(), &["explain", "day-*.csv", "--row", "1"]);
    assert!(said(&output).contains("stands for 2 files"), "{}", said(&output));
}

#[test]
fn several_documents_are_one_result_and_other_shapes_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    let (benign, other) = (object("a", "setup.exe", 1), object("b", "x.exe", 2));
    let array = format!("[{benign},{other}]");
    write("1", array.as_bytes());
    write("2", format!("\u{feff}[ {benign} ]").as_bytes());
    write("lines", format!("{benign}\n").as_bytes());
    write("utf-16", &array.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let output = quell(folder.path(), &["apply", "1", "2", "--kept", "kept", "--format", "json"]);
    assert_eq!(report(&output)["totals"]["suppressed"], 2);
    // Documents one after the other, which are read again.
    assert_eq!(fs::read_to_string(folder.path().join("kept")).unwrap(), format!("[{other}]\n[  ]"));
    let again = quell(folder.path(), &["apply", "kept", "--format", "json"]);
    assert_eq!(report(&again)["totals"]["read"], 1);
    for (second, what) in [("lines", "format (jsonl after json array)"), ("utf-16", "encoding")] {
        let output = quell(folder.path(), &["apply", "1", second, "--kept", "mixed"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains(&format!("another {what} than")), "{}", said(&output));
        assert!(!folder.path().join("mixed").exists());
        let counted = quell(folder.path(), &["apply", "1", second, "--format", "json"]);
        assert_eq!(report(&counted)["results"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_row_of_a_document_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in documents() {
        fs::write(folder.path().join("in"), text).unwrap();
        let output = quell(folder.path(), &["explain", "in", "--where", "process.name=x.exe"]);
        assert!(said(&output).starts_with("row 2 "), "{name}: {}", said(&output));
        let lint = quell(folder.path(), &["lint", "-e", "documented", "--results", "in", "--format", "json"]);
        assert_ne!(lint.status.code(), Some(2), "{name}: {}", said(&lint));
    }
}

#[test]
fn an_answer_without_rows_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["[]", "{\"schema\":[],\"results\":[]}", "{\"records\":[]}"] {
        fs::write(folder.path().join("in"), text).unwrap();
        let output = quell(folder.path(), &["apply", "in"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains("THERE ARE NO ROWS"), "{}", said(&output));
        let output = quell(folder.path(), &["apply", "in", "--schema", "defender", "--kept", "kept"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert_eq!(fs::read_to_string(folder.path().join("kept")).unwrap(), text);
    }
}

#[test]
fn what_results_are_can_be_said() {
    let folder = tempfile::tempdir().unwrap();
    // One object a line, each of which looks like an envelope.
    let line =
        "{\"RemoteIP\":\"203.0.113.1\",\"InitiatingProcessFileName\":\"setup.exe\",\"results\":[{}]}\n";
    let count = |format: &str| {
        fs::write(folder.path().join("in"), line.repeat(3)).unwrap();
        let output = quell(
            folder.path(),
            &[
                "apply",
                "in",
                "--input-format",
                format,
                "--schema",
                "defender",
                "--format",
                "json",
                "--allow-missing-columns",
            ],
        );
        report(&output)["totals"]["read"].clone()
    };
    assert_eq!(count("jsonl"), 3);
    assert_eq!(count("json"), 3);
    fs::write(folder.path().join("in"), "a,b\n1,2\n").unwrap();
    let output = quell(folder.path(), &["apply", "in", "--input-format", "json"]);
    assert!(said(&output).contains("leave --input-format out"), "{}", said(&output));
    let (report, ..) =
        apply(folder.path(), &format!("sep=;\r\n{}a;b;c;setup.exe;d;1\n", HEADER.replace(',', ";")), &[]);
    assert_eq!(report["totals"]["suppressed"], 1);
}

#[test]
fn columns_that_a_union_renamed_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Timestamp,DeviceName_string,InitiatingProcessFileName_string,InitiatingProcessFileName_dynamic,RemoteIP,ReportId_long,ReportId_string\n\
        2026-11-16T08:00:00Z,a,setup.exe,,203.0.113.1,1,\n\
        2026-11-16T08:00:00Z,a,,setup.exe,203.0.113.1,,1\n\
        2026-11-16T08:00:00Z,a,,x.exe,203.0.113.1,2,\n";
    let (report, ..) = apply(folder.path(), text, &[]);
    assert_eq!(report["totals"]["suppressed"], 2);
    assert_eq!(codes(&report), ["duplicates"]);
    let lines = "{\"RemoteIP\":\"203.0.113.1\",\"InitiatingProcessFileName_string\":null,\"InitiatingProcessFileName_dynamic\":\"setup.exe\"}\n";
    let (report, ..) = apply(folder.path(), lines, &[]);
    assert_eq!(report["totals"]["suppressed"], 1);
}

#[test]
fn dates_of_one_country_are_read_where_they_tell() {
    let folder = tempfile::tempdir().unwrap();
    let text = |header: &str, dates: [&str; 2]| {
        let rows = dates.map(|date| format!("\"{date}\",setup.exe,203.0.113.1\n")).concat();
        format!("{header},InitiatingProcessFileName,RemoteIP\n{rows}")
    };
    let utc = "TimeGenerated [UTC]";
    let days = |header: &str, dates: [&str; 2]| {
        let (report, _, _, gone) = apply(folder.path(), &text(header, dates), &[]);
        assert!(gone.starts_with(header));
        let notes = report["notes"].to_string();
        (report["first"].clone(), report["last"].clone(), notes.contains("do not tell day from month"))
    };
    let told = days(utc, ["11/9/2026, 1:02:03.456 PM", "11/24/2026, 1:02:03.456 AM"]);
    assert_eq!(told, ("2026-11-09T13:02:03Z".into(), "2026-11-24T01:02:03Z".into(), false));
    let unclear = days(utc, ["11/9/2026, 1:02:03.456 PM", "11/10/2026, 1:02:03.456 AM"]);
    assert_eq!(unclear, (Value::Null, Value::Null, true));
    let no_zone = days("TimeGenerated", ["11/9/2026, 1:02:03.456 PM", "11/24/2026, 1:02:03.456 AM"]);
    assert_eq!(no_zone, (Value::Null, Value::Null, false));
    let iso = days(utc, ["2026-11-09T13:02:03Z", "2026-11-10T13:02:03Z"]);
    assert_eq!(iso, ("2026-11-09T13:02:03Z".into(), "2026-11-10T13:02:03Z".into(), false));
}
