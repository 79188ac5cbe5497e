//! From a noisy group to a reviewed exclusion: `quell suggest`, `quell accept` and `quell test --mutate --write` as somebody
//! uses them, on the sample hunt.

use crate::common::cases;
use proptest::prelude::*;
use quell::exclusions::edit::add::{ExclusionBlock, with};
use quell::exclusions::edit::cases::{NewCase, with_cases};
use quell::exclusions::edit::ordered;
use quell::exclusions::validate::{ListText, load};
use quell::schema::Schemas;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const HUNT: &str = "samples/action1-hunt.csv";

fn quell(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).args(args).env_clear().stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn said(output: &Output) -> String {
    out(output) + &String::from_utf8_lossy(&output.stderr)
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// The list that is suggested for the group of DNS requests, in a file.
fn suggested(folder: &Path) -> String {
    let file = path(folder, "suggested.yaml");
    let output = quell(&["suggest", HUNT, "--group", "9", "--malicious", "samples/malicious.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    fs::write(&file, output.stdout).unwrap();
    file
}

/// The list that docs/tune.md accepts and turns into KQL is what the command before it prints.
#[test]
fn the_list_of_the_docs_is_what_is_suggested() {
    let folder = tempfile::tempdir().unwrap();
    let suggested = fs::read_to_string(suggested(folder.path())).unwrap();
    assert_eq!(suggested, fs::read_to_string("tests/lists/suggested-dns.yaml").unwrap());
}

/// What stands in a list is what stood there, with something added at one place.
fn is_added_to(before: &str, after: &str) -> bool {
    let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let end = before.bytes().rev().zip(after.bytes().rev()).take_while(|(a, b)| a == b).count();
    after.len() > before.len() && same + end >= before.len()
}

#[test]
fn three_commands_lead_from_the_export_to_a_reviewed_exclusion() {
    let folder = tempfile::tempdir().unwrap();
    let list = path(folder.path(), "mine.yaml");
    let before = "# ours\nexclusions:\n\n- id: a # the first\n  when: {process.name: a.exe, destination.ip: 10.1.2.3}\n\n# end\n";
    fs::write(&list, before).unwrap();
    let file = suggested(folder.path());
    let output = quell(&[
        "accept",
        &file,
        "-e",
        &list,
        "--owner",
        "IT operations",
        "--reason",
        "DNS to our own servers",
        "--expires",
        "90d",
        "--today",
        "2026-11-25",
        "--results",
        HUNT,
        "--malicious",
        "samples/malicious.csv",
    ]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for wanted in ["lint: nothing", "blind spots: grade A", "6 rows newly suppressed", "1 exclusion added"] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    let after = fs::read_to_string(&list).unwrap();
    assert!(is_added_to(before, &after), "{after}");
    assert!(after.contains("\n- id: svchost\n") && after.contains("  expires: 2027-02-23\n"), "{after}");
    assert!(!after.contains("FILL IN"), "nobody has to take it out");
    // All that was said of it is so.
    let report: Value =
        serde_json::from_str(&out(&quell(&["apply", HUNT, "-e", &list, "--format", "json"]))).unwrap();
    assert_eq!(report["totals"]["suppressed"], 6);
    let changes = quell(&["test", "-e", &list, "--mutate", "--format", "json"]);
    let changes: Value = serde_json::from_str(&out(&changes)).unwrap();
    let of_it = |missed: &Value| missed["exclusion"] == "svchost";
    assert!(!changes["missed"].as_array().unwrap().iter().any(of_it), "{changes}");
    assert!(
        out(&quell(&["kql", "-e", &list, "--id", "svchost", "--schema", "defender"])).contains("ipv4_is_in")
    );
    // The same again is not added again.
    let again = quell(&["accept", &file, "-e", &list]);
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("has an exclusion `svchost` already"), "{}", said(&again));
    assert_eq!(fs::read_to_string(&list).unwrap(), after);
}

#[test]
fn what_falls_short_is_not_written_unless_told() {
    let folder = tempfile::tempdir().unwrap();
    let (list, draft) = (path(folder.path(), "mine.yaml"), path(folder.path(), "draft.yaml"));
    fs::write(
        &draft,
        "exclusions:\n- id: agent\n  when: {process.name: action1_agent.exe, destination.port: 443}\n",
    )
    .unwrap();
    let args = ["accept", &draft, "-e", &list, "--malicious", "samples/malicious.csv"];
    let refused = quell(&args);
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    for wanted in ["lint freely-chosen", "lacks cases", "grade F is worse than E", "NOT WRITTEN"] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(!Path::new(&list).exists());
    let told = quell(&[&args[..], &["--anyway"]].concat());
    assert_eq!(told.status.code(), Some(1), "it falls short all the same");
    assert!(fs::read_to_string(&list).unwrap().starts_with("exclusions:\n  - id: agent\n"));
    let dry = quell(&["accept", &suggested(folder.path()), "-e", &list, "--dry-run", "--owner", "IT"]);
    assert!(
        dry.status.success() && said(&dry).contains("not written, because of --dry-run"),
        "{}",
        said(&dry)
    );
    assert!(!fs::read_to_string(&list).unwrap().contains("svchost"));
}

/// The page of a report labels rows and drafts exclusions; both are taken without a detour.
#[test]
fn what_the_page_exports_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let report: Value = serde_json::from_str(&out(&quell(&[
        "suggest",
        HUNT,
        "-e",
        "tests/lists/none.yaml",
        "--where",
        "process.name=svchost.exe",
        "--where",
        "destination.port=53",
        "--format",
        "json",
    ])))
    .unwrap();
    let by_value = report["totals"]["benign"].as_u64().unwrap();
    let mut table = csv::Reader::from_path(HUNT).unwrap();
    let is_dns = |record: &csv::StringRecord| &record[13] == "svchost.exe" && &record[5] == "53";
    let rows: Vec<u64> = (1..)
        .zip(table.records())
        .filter(|(_, record)| is_dns(record.as_ref().unwrap()))
        .map(|(row, _)| row)
        .collect();
    assert_eq!(rows.len() as u64, by_value);
    let label =
        |row: &u64| json!({"file": HUNT, "row": row, "line": row + 1, "label": "benign", "cells": {}});
    let mut labels: Vec<Value> = rows.iter().map(label).collect();
    labels.push(json!({"file": HUNT, "row": 1, "line": 2, "label": "unsure", "cells": {}}));
    let draft = "exclusions:\n  - id: dns\n    when:\n      process.path: 'C:\\Windows\\System32\\svchost.exe'\n      destination.ip: 10.20.0.0/24\n    cases:\n      suppress: [{process.path: 'C:\\Windows\\System32\\svchost.exe', destination.ip: 10.20.0.1}]\n      keep: [{process.path: 'C:\\Windows\\System32\\svchost.exe', destination.ip: 10.20.1.1}]\n";
    let review = json!({
        "format": "quell-review/1", "switches": {"scoped": ["x"]}, "labels": labels,
        "drafts": [{"id": "dns", "on": true, "yaml": draft}, {"id": "off", "on": false, "yaml": "no list"}],
    });
    let file = path(folder.path(), "review.json");
    fs::write(&file, review.to_string()).unwrap();
    let marked =
        quell(&["suggest", HUNT, "-e", "tests/lists/none.yaml", "--labels", &file, "--format", "json"]);
    let marked: Value = serde_json::from_str(&out(&marked)).unwrap();
    assert_eq!((&marked["totals"]["benign"], &marked["totals"]["unsure"]), (&json!(by_value), &json!(1)));
    assert_eq!(marked["exclusions"][0]["when"], report["exclusions"][0]["when"]);
    let list = path(folder.path(), "mine.yaml");
    let output = quell(&["accept", "--from-page", &file, "-e", &list, "--owner", "me", "--min-score", "0"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = fs::read_to_string(&list).unwrap();
    assert!(
        text.contains("  - id: dns\n") && text.contains("    owner: me\n") && !text.contains("off"),
        "{text}"
    );
    // What its cases miss is added to it where it stands.
    let written = quell(&["test", "-e", &list, "--mutate", "--write", "--min-score", "100"]);
    assert_eq!(written.status.code(), Some(0), "{}", said(&written));
    assert!(said(&written).contains("score 100 %"), "{}", said(&written));
    let after = fs::read_to_string(&list).unwrap();
    assert!(after.lines().zip(text.lines()).take(6).all(|(a, b)| a == b), "{after}");
}

/// The last days are judged by what was chosen without them.
#[test]
fn days_that_are_kept_back_judge_what_was_chosen() {
    let args = [
        "suggest",
        HUNT,
        "-e",
        "tests/lists/none.yaml",
        "--where",
        "process.name=action1_agent.exe",
        "--format",
        "json",
    ];
    let read = |args: &[&str]| -> Value { serde_json::from_str(&out(&quell(args))).unwrap() };
    let (all, part) = (read(&args), read(&[&args[..], &["--holdout", "2"]].concat()));
    let number = |value: &Value| value.as_u64().unwrap();
    let (chosen, held) = (number(&part["totals"]["benign"]), number(&part["holdout"]["benign"]));
    assert!(held > 0 && chosen + held == number(&all["totals"]["benign"]), "{part}");
    assert!(number(&part["holdout"]["covered"]) > 0);
}

/// Once the list has grown a number means another group, so the guarded form refuses, and the bare one says what it takes.
#[test]
fn a_group_that_is_another_one_now_is_not_taken_for_the_one_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let list = path(folder.path(), "mine.yaml");
    let row =
        |process: &str, last: usize| format!("{process},C:\\Program Files\\{process},10.20.3.{last},443\n");
    let mut text =
        String::from("InitiatingProcessFileName,InitiatingProcessFolderPath,RemoteIP,RemotePort\n");
    (0..9).for_each(|at| text += &row("backup.exe", 1 + at % 3));
    (0..6).for_each(|at| text += &row("hunted.exe", 1 + at % 3));
    let hunt = path(folder.path(), "hunt.csv");
    fs::write(&hunt, text).unwrap();
    fs::write(&list, "exclusions: []\n").unwrap();
    let suggest = |group: &str| quell(&["suggest", &hunt, "-e", &list, "--group", group]);
    let first = suggest("1=backup.exe");
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    let named = "group 1: backup.exe, 10.20.3.0/24, 9 rows";
    assert!(out(&first).starts_with(&format!("# {named}\n")), "{}", out(&first));
    assert!(String::from_utf8_lossy(&first.stderr).contains(named));
    let draft = path(folder.path(), "draft.yaml");
    fs::write(&draft, &first.stdout).unwrap();
    let accepted = quell(&["accept", &draft, "-e", &list, "--anyway"]);
    let text = out(&accepted);
    for wanted in [named, "process.name=backup.exe, ", "as suggested: 9 rows of noise"] {
        assert!(text.contains(wanted), "{wanted}\n{}", said(&accepted));
    }
    let again = suggest("1=backup.exe");
    assert_eq!(again.status.code(), Some(2), "{}", said(&again));
    let wanted = "--group 1=backup.exe: group 1 is hunted.exe, 10.20.3.0/24, 6 rows now";
    assert!(again.stdout.is_empty() && said(&again).contains(wanted), "{}", said(&again));
    assert!(out(&suggest("1")).starts_with("# group 1: hunted.exe, "));
    assert!(said(&suggest("1=10.20.3.0/24")).contains("group 1: hunted.exe, "));
}

/// A file of the name of a built-in pack would be read in its place from then on.
#[test]
fn no_list_hides_a_built_in_pack_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let file = suggested(folder.path());
    let here = |args: &[&str]| {
        let mut quell = Command::new(env!("CARGO_BIN_EXE_quell"));
        quell.args(args).env_clear().stdin(Stdio::null()).current_dir(folder.path()).output().unwrap()
    };
    for name in ["documented", "./documented", "field", "documented/sccm.yaml"] {
        let output = here(&["accept", &file, "-e", name, "--anyway"]);
        assert_eq!(output.status.code(), Some(2), "{name} {}", said(&output));
        assert!(said(&output).contains("the name of a built-in pack"), "{}", said(&output));
        assert!(!folder.path().join("documented").exists() && !folder.path().join("field").exists());
    }
    let output = here(&[
        "import",
        "--text",
        "process.name != \"a.exe\" && destination.ip != \"10.1.2.3\"",
        "-o",
        "field",
    ]);
    assert!(said(&output).contains("the name of a built-in pack"), "{}", said(&output));
    let silent = here(&["lint", "-e", "documented"]);
    assert!(!said(&silent).contains("NOT the built-in"), "{}", said(&silent));
    fs::write(folder.path().join("documented"), "exclusions: []\n").unwrap();
    for args in [&["lint", "-e", "documented"][..], &["accept", &file, "-e", "documented", "--anyway"]] {
        let output = here(args);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            text.contains("-e documented is the file of this name, NOT the built-in `documented`"),
            "{text}"
        );
    }
}

/// A field whose cells cannot be read is no condition, and the exclusion is wider for it, so that is said.
#[test]
fn what_cannot_be_read_is_said_and_devices_are_those_of_the_noise() {
    let folder = tempfile::tempdir().unwrap();
    let hunt = path(folder.path(), "hunt.csv");
    let mut text = String::from(
        "DeviceName,InitiatingProcessFileName,InitiatingProcessFolderPath,RemoteIP,RemotePort\n",
    );
    // Of most rows nothing says where they go, so the exclusion is for them too and has no address.
    for (device, port, ip, rows) in [("pc-1", "443.0", "10.20.3.1", 20), ("pc-2", "", "server.example", 40)] {
        for _ in 0..rows {
            text += &format!("{device},agent.exe,C:\\Program Files\\Fab\\agent.exe,{ip},{port}\n");
        }
    }
    text += "pc-3,agent.exe,C:\\Program Files\\Fab\\agent.exe,10.20.3.1,\n";
    fs::write(&hunt, text).unwrap();
    let labels = path(folder.path(), "labels.csv");
    let all: String = (1..=60).map(|row| format!("{row},benign\n")).collect();
    fs::write(&labels, format!("row,label\n{all}")).unwrap();
    let output = quell(&["suggest", &hunt, "-e", "tests/lists/none.yaml", "--labels", &labels]);
    let (list, told) = (out(&output), String::from_utf8_lossy(&output.stderr).into_owned());
    for wanted in [
        "# not destination.port: its cells cannot be read as numbers in 20 rows, e.g. \"443.0\"\n",
        "# not destination.ip: its cells cannot be read as addresses in 40 rows, e.g. \"server.example\", and the others have 1 value\n",
        "60 rows of noise, all only by it, 2 devices (pc-1, pc-2)",
        "TAKES IN 1 row that nobody labelled: 61",
    ] {
        assert!(list.contains(wanted), "{wanted}\n{list}");
    }
    let wider = "agent may be WIDER than you think: it has no destination.port, for its cells cannot be read as numbers";
    assert!(told.contains(wider), "{told}");
    // Of what can be read nothing is said.
    let plain = said(&quell(&["suggest", HUNT, "--group", "9"]));
    assert!(!plain.contains("cannot be read as") && !plain.contains("WIDER"), "{plain}");
}

/// Rows that are suppressed already need no exclusion, and how many and by what is said of them alone.
#[test]
fn noise_that_is_suppressed_already_is_said_to_be() {
    let mut table = csv::Reader::from_path(HUNT).unwrap();
    let rows = table
        .records()
        .filter(|record| record.as_ref().unwrap()[13].eq_ignore_ascii_case("ccmexec.exe"))
        .count();
    let output = quell(&["suggest", HUNT, "--where", "process.name=ccmexec.exe"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let wanted =
        format!("{rows} rows are meant, and all are suppressed already, by sccm-software-update ({rows})");
    assert!(rows > 1 && said(&output).contains(&wanted), "{}", said(&output));
    let none = said(&quell(&["suggest", HUNT, "--where", "process.name=nobody.exe"]));
    assert!(none.contains("no row has what was asked for") && !none.contains("114"), "{none}");
}

/// A table is for a person, and a list that is made is called new.
#[test]
fn a_table_is_no_list_and_a_new_list_is_called_new() {
    let folder = tempfile::tempdir().unwrap();
    let (table, list) = (path(folder.path(), "table.txt"), path(folder.path(), "mine.yaml"));
    fs::write(&table, quell(&["suggest", HUNT, "--group", "9", "--format", "table"]).stdout).unwrap();
    let output = quell(&["accept", &table, "-e", &list]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("the table that `quell suggest` shows a person"), "{}", said(&output));
    let file = suggested(folder.path());
    let added = quell(&["accept", &file, "-e", &list, "--owner", "IT"]);
    assert!(out(&added).contains("mine.yaml: new list, 1 exclusion added"), "{}", said(&added));
    let dry = quell(&["accept", &file, "-e", "tests/lists/none.yaml", "--dry-run"]);
    assert!(!out(&dry).contains("new list"), "{}", said(&dry));
}

/// A label file says where it is wrong.
#[test]
fn labels_that_cannot_be_read_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "labels.csv");
    for (text, wanted) in [
        ("row,label\n1,fine\n", "line 2: `fine` is no label; benign, malicious, unsure"),
        ("row,label\n1,\n", "line 2: it has no label"),
        ("row,label\n9999,benign\n", "row 9999 of samples/action1-hunt.csv: there are 320 rows"),
        ("row,label\n320,benign\n321,benign\n", "row 321 of samples/action1-hunt.csv: there are 320 rows"),
        ("row,label\n0,benign\n", "row 0 of samples/action1-hunt.csv"),
        ("label\nbenign\n", "it lacks `label`, or `row` and `ReportId`"),
        ("row,label\n,benign\n", "line 2: it names no row"),
        ("{\"format\": \"quell-review/2\"}", "and not quell-review/1"),
        ("row,file,label\n1,other.csv,benign\n", "it labels rows of other.csv"),
    ] {
        fs::write(&file, text).unwrap();
        let output = quell(&["suggest", HUNT, "--labels", &file]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains(wanted), "{wanted}\n{}", said(&output));
    }
}

/// Lists as people write them: with comments and blank lines, blocks and flow, at any indentation, with either line end.
fn list() -> impl Strategy<Value = String> {
    let cases = prop_oneof![
        Just(String::new()),
        Just("  cases: {suppress: [{process.name: 'x#y]'}], keep: []} # both\n".to_owned()),
        Just("  cases:\n    base: {process.name: '}'}\n    keep:\n    - {} # one\n    suppress:\n      - process.name: a.exe\n        # below\n".to_owned()),
        Just("  cases:\n    suppress: [\n      {process.name: a.exe}, # first\n    ]\n".to_owned()),
    ];
    let tail = prop_oneof![
        Just(""),
        Just("  reason: >\n    two\n    lines\n"),
        Just("  # inside\n"),
        Just("\n"),
        Just("\n# between\n")
    ];
    let item = (cases, tail, any::<bool>());
    let items = prop::collection::vec(item, 0..4);
    let end = prop_oneof![Just(""), Just("\n# end\n"), Just("parameters: {}\n")];
    (items, end, 0..4_usize, any::<bool>(), any::<bool>()).prop_map(|(items, end, indent, crlf, newline)| {
        let mut text = String::from("# top\n");
        text += if items.is_empty() { "exclusions: [] # none\n" } else { "exclusions: # some\n" };
        for (number, (cases, tail, when_first)) in items.iter().enumerate() {
            let when = "when: {process.name: a.exe, destination.ip: 10.1.2.3}";
            let id = format!("id: e{number} # it");
            let (first, second) = if *when_first { (when, &*id) } else { (&*id, when) };
            for line in format!("- {first}\n  {second}\n{cases}{tail}").lines() {
                text += &format!("{:indent$}{line}\n", "");
            }
        }
        text += end;
        if !newline {
            text.truncate(text.trim_end().len());
        }
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(200, 5_000)))]

    /// Whatever a list looks like, an exclusion or case that is added is one run of bytes in it, and means what it says.
    #[test]
    fn an_edit_leaves_every_other_byte_alone(text in list()) {
        let schemas = Schemas::built_in();
        let list = |text: &str| ListText { file: "list.yaml".into(), text: text.into() };
        let before = list(&text);
        let old = load(std::slice::from_ref(&before), &schemas).unwrap();
        let new = "exclusions:\n- id: new\n  # first\n  rules: [b, a]\n  cases: {keep: [{process.name: x.exe}]}\n  when:\n    destination.ip: [10.1.2.3, 10.0.0.1]\n    process.name: # why\n    - n.exe # seen\n    - m.exe\n";
        let mut block = ExclusionBlock::of(&list(new), "new").unwrap();
        prop_assert!(block.set("owner", "me") && block.set("scenario", "why: so"));
        let after = with(&before, &[block], &schemas).unwrap();
        // A list that is in order stays in order.
        let (was, is) = (ordered(&before, &schemas), ordered(&list(&after), &schemas));
        prop_assert_eq!(was == text, is == after, "{}\n{}", after, is);
        let tidy = list(&was);
        let mut block = ExclusionBlock::of(&list(new), "new").unwrap();
        prop_assert!(block.set("expires", "2027-01-31"));
        let added_to_it = with(&tidy, &[block], &schemas).unwrap();
        prop_assert_eq!(&ordered(&list(&added_to_it), &schemas), &added_to_it);
        let added = after.replacen("exclusions: # none", "exclusions: [] # none", 1);
        prop_assert!(is_added_to(&text, &added), "{text}\n{after}");
        prop_assert!(text.contains("\r\n") == after.contains("\r\n"));
        let loaded = load(&[list(&after)], &schemas).unwrap();
        prop_assert_eq!((loaded.len(), &*loaded.last().unwrap().id), (old.len() + 1, "new"));
        for exclusion in &old {
            for kind in ["keep", "suppress"] {
                let case = NewCase { id: exclusion.id.clone(), kind, case: "{process.name: new.exe}".to_owned() };
                let after = with_cases(&before, &[case], &schemas).unwrap();
                prop_assert!(is_added_to(&text, &after), "{text}\n{after}");
                let loaded = load(&[list(&after)], &schemas).unwrap();
                let changed = &loaded.iter().find(|known| known.id == exclusion.id).unwrap().cases;
                let now = if kind == "keep" { changed.keep.len() } else { changed.suppress.len() };
                let was = if kind == "keep" { exclusion.cases.keep.len() } else { exclusion.cases.suppress.len() };
                prop_assert_eq!(now, was + 1);
            }
        }
    }
}

/// Whoever gives an option expects something of it.
#[test]
fn options_that_would_do_nothing_are_refused() {
    let none = ["-e", "tests/lists/none.yaml"];
    let few = "tests/lists/few-cases.yaml";
    let suggest = |more: &[&str]| quell(&[&["suggest"], more, &none].concat());
    let accept = |more: &[&str]| quell(&[&["accept", few, "--dry-run"], more, &none].concat());
    let noise = "samples/malicious.csv";
    let narrow = ["suggest", HUNT, "-e", "tests/lists/narrower.yaml", "--narrow", "browser-to-the-lab"];
    let all = [
        ("--format", quell(&[&narrow[..], &["--format", "json"]].concat())),
        ("--where", suggest(&["--benign", noise, "--where", "process.name=a.exe"])),
        ("--labels", suggest(&["--benign", noise, "--labels", "tests/results/labels.csv"])),
        ("--allow-missing-columns", suggest(&[HUNT, "--group", "9", "--allow-missing-columns"])),
        ("--anyway", accept(&["--anyway"])),
        ("--input-format", accept(&["--input-format", "csv"])),
        ("--delimiter", accept(&["--delimiter", ";"])),
        ("--allow-missing-columns", accept(&["--allow-missing-columns", "--malicious", noise])),
        ("--rule", accept(&["--rule", "samples/action1.yaml"])),
        ("--rule-id", accept(&["--rule-id", "a"])),
    ];
    for (option, output) in all {
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{option}: {text}");
        assert!(
            text.contains(&format!("error[idle-option]: {option} does nothing here")),
            "{option}: {text}"
        );
    }
    for used in
        [&["--delimiter", ",", "--results", HUNT][..], &["--input-format", "csv", "--malicious", noise]]
    {
        assert_eq!(accept(used).status.code(), Some(1), "it falls short: {}", said(&accept(used)));
    }
}

/// A parameter that neither the drafts nor the list have is a mistake, as it is everywhere else.
#[test]
fn a_misspelt_parameter_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (draft, list) = (path(folder.path(), "draft.yaml"), path(folder.path(), "mine.yaml"));
    fs::write(&draft, "parameters: {server: {meaning: ours, example: 10.1.2.3}}\nexclusions:\n  - id: a\n    scenario: s\n    when: {process.name: a.exe, destination.ip: '${server}'}\n").unwrap();
    let accept = |set| quell(&["accept", &draft, "-e", &list, "--dry-run", "--set", set]);
    let text = said(&accept("servre=10.9.9.9"));
    assert!(text.contains("no list that was loaded has the parameter `servre`"), "{text}");
    assert!(text.contains("did you mean `server`?"), "{text}");
    assert!(!said(&accept("server=10.9.9.9")).contains("unknown-parameter"));
}

/// What is narrowed covers rows that nobody has judged. They are counted, and labels keep rows out.
#[test]
fn what_is_narrowed_without_labels_is_said_and_labels_keep_rows_out() {
    let folder = tempfile::tempdir().unwrap();
    let narrow = |more: &[&str]| {
        let given = ["suggest", HUNT, "-e", "tests/lists/narrower.yaml", "--narrow", "browser-to-the-lab"];
        quell(&[&given, more].concat())
    };
    let plain = narrow(&[]);
    let text = String::from_utf8_lossy(&plain.stderr).replace("\n  ", " ");
    assert!(
        text.contains("10 rows are taken for noise only because browser-to-the-lab covers them"),
        "{text}"
    );
    assert!(text.contains("--malicious and --labels say which rows must stay"), "{text}");
    let mut table = csv::Reader::from_path(HUNT).unwrap();
    let covered =
        |record: &csv::StringRecord| &record[13] == "chrome.exe" && record[4].starts_with("198.51.100.");
    let rows: Vec<usize> = (1..)
        .zip(table.records())
        .filter(|(_, record)| covered(record.as_ref().unwrap()))
        .map(|(row, _)| row)
        .collect();
    assert_eq!(rows.len(), 10);
    let labels = path(folder.path(), "labels.csv");
    let all: String = rows.iter().skip(3).map(|row| format!("{row},benign\n")).collect();
    fs::write(&labels, format!("row,label\n{},malicious\n{},unsure\n{all}", rows[0], rows[1])).unwrap();
    let output = narrow(&["--labels", &labels]);
    let text = String::from_utf8_lossy(&output.stderr).replace("\n  ", " ");
    assert!(text.contains("1 row is taken for noise only because browser-to-the-lab covers it"), "{text}");
    assert!(text.contains("8 rows of noise. Beside them stand 1 malicious and 1 unsure"), "{text}");
    assert!(!text.contains("say which rows must stay"), "{text}");
}

/// A pipeline reads what was found and what became of it.
#[test]
fn what_is_accepted_is_told_to_machines() {
    let folder = tempfile::tempdir().unwrap();
    let (file, list) = (suggested(folder.path()), path(folder.path(), "mine.yaml"));
    let accept = |more: &[&str]| {
        let given = [
            "accept",
            &file,
            "-e",
            &list,
            "--format",
            "json",
            "--results",
            HUNT,
            "--malicious",
            "samples/malicious.csv",
        ];
        let output = quell(&[&given, more].concat());
        let found: Value =
            serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("{}", said(&output)));
        (output.status.code(), found)
    };
    let owned = ["--owner", "IT", "--reason", "DNS", "--expires", "90d"];
    let (code, short) = accept(&["--min-grade", "A", "--min-score", "100", "--dry-run", "--owner", "IT"]);
    assert_eq!((code, &short["written"], &short["new_list"]), (Some(0), &json!(false), &json!(true)));
    let (code, found) = accept(&owned);
    assert_eq!((code, &found["written"], &found["falls_short"]), (Some(0), &json!(true), &json!([])));
    let one = &found["exclusions"][0];
    assert_eq!(
        (&one["id"], &one["when"][0]["destination.ip"]),
        (&json!("svchost"), &json!(["10.20.0.0/24"]))
    );
    assert_eq!((&one["lint"], &one["grade"]["grade"], &one["missed"]), (&json!([]), &json!("A"), &json!(0)));
    assert_eq!(one["cases"]["all"], one["cases"]["passed"]);
    assert_eq!(found["effect"]["newly_suppressed"], 6);
    assert!(fs::read_to_string(&list).unwrap().contains("- id: svchost"));
    // What falls short is told, and nothing is written.
    let before = fs::read_to_string("tests/lists/none.yaml").unwrap();
    let output =
        quell(&["accept", "tests/lists/few-cases.yaml", "-e", "tests/lists/none.yaml", "--format", "json"]);
    let short: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(
        (output.status.code(), &short["written"], &short["effect"]),
        (Some(1), &json!(false), &Value::Null)
    );
    assert!(short["falls_short"][0].as_str().unwrap().contains("nobody answers for it"), "{short}");
    assert!(short["falls_short"][1].as_str().unwrap().contains("fewer than 80 %"), "{short}");
    assert_eq!(fs::read_to_string("tests/lists/none.yaml").unwrap(), before);
}

/// A known intruder who lacks only the name says little of an exclusion, so its grade for any other is said as well.
#[test]
fn the_grade_for_a_stranger_stands_beside_that_of_the_nearest_malicious_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = csv::Reader::from_path(HUNT).unwrap();
    let header = table.headers().unwrap().clone();
    let of_group =
        |record: &csv::StringRecord| &record[13] == "svchost.exe" && record[4].starts_with("10.20.0.");
    let row = table.records().map(Result::unwrap).find(of_group).unwrap();
    let renamed: Vec<&str> =
        row.iter().enumerate().map(|(at, cell)| if at == 13 { "evil.exe" } else { cell }).collect();
    let near = path(folder.path(), "near.csv");
    let mut file = csv::Writer::from_path(&near).unwrap();
    file.write_record(&header).unwrap();
    file.write_record(&renamed).unwrap();
    file.flush().unwrap();
    let suggest =
        |format| out(&quell(&["suggest", HUNT, "--group", "9", "--malicious", &near, "--format", format]));
    let wanted = "grade E: the nearest malicious row pays 1: rename the binary; grade A for one of whom nothing is known, who pays ";
    let list = suggest("yaml");
    assert!(list.contains(wanted), "{list}");
    let found: Value = serde_json::from_str(&suggest("json")).unwrap();
    let one = &found["exclusions"][0];
    assert_eq!((&one["grade"], &one["grade_of_a_stranger"]), (&json!("E"), &json!("A")), "{one}");
}
