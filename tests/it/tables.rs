//! Every table: the same verdict from apply, explain, the clause, and the clause in a rule; and rows of several tables in
//! one file. Microsoft's analyser and an engine take the same cases in `.ci/kql`.

use super::common::tables::{TableCase, as_csv, table_cases};
use quell::schema::Schemas;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).current_dir(folder).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A folder with the list and the rows of a case.
fn folder(case: &TableCase) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list.yaml"), &case.list).unwrap();
    fs::write(folder.path().join("rows.csv"), as_csv(&case.columns, &case.rows)).unwrap();
    folder
}

#[test]
fn every_table_gives_the_verdicts_of_the_plain_reading() {
    for case in table_cases() {
        let folder = folder(&case);
        let with = ["rows.csv", "-e", "list.yaml", "--schema", &case.schema];
        let output = quell(
            folder.path(),
            &[&["apply"], &with[..], &["--suppressed", "gone.csv", "--format", "json"]].concat(),
        );
        let report = json(&output);
        let wanted = case.covered.iter().filter(|ids| !ids.is_empty()).count();
        let (all, gone) = (&report["totals"]["read"], &report["totals"]["suppressed"]);
        assert_eq!((all, gone), (&case.rows.len().into(), &wanted.into()), "{}", case.schema);
        assert!(wanted >= case.rows.len() / 20, "{}: {wanted} of {}", case.schema, case.rows.len());
        let mut gone = ::csv::Reader::from_path(folder.path().join("gone.csv")).unwrap();
        let by: Vec<String> =
            gone.records().map(|row| row.unwrap().iter().next_back().unwrap().to_owned()).collect();
        let wanted: Vec<String> =
            case.covered.iter().filter(|ids| !ids.is_empty()).map(|ids| ids.join(";")).collect();
        assert_eq!(by, wanted, "{}", case.schema);
        // A row that is explained has the same verdict.
        for place in [0, case.rows.len() / 3, case.rows.len() - 1] {
            let row = (place + 1).to_string();
            let output = quell(
                folder.path(),
                &[&["explain"], &with[..], &["--row", &row, "--format", "json"]].concat(),
            );
            let is_gone = json(&output)["suppressed"].as_bool().unwrap();
            assert_eq!(is_gone, !case.covered[place].is_empty(), "{}, row {row}", case.schema);
        }
    }
}

#[test]
fn the_clause_of_every_table_stands_behind_it_in_a_rule() {
    let schemas = Schemas::built_in();
    for case in table_cases() {
        let table = schemas.named(&case.schema).unwrap().table.clone().unwrap();
        let folder = folder(&case);
        let query = format!("{table}\n| where 1 == 1\n| take 5\n");
        fs::write(folder.path().join("rule.kql"), &query).unwrap();
        let clause = quell(folder.path(), &["kql", "-e", "list.yaml", "--schema", &case.schema]);
        let clause = String::from_utf8(clause.stdout).unwrap();
        let spliced = quell(folder.path(), &["splice", "rule.kql", "-e", "list.yaml"]);
        assert_eq!(
            String::from_utf8_lossy(&spliced.stdout),
            format!("{table}\n{clause}| where 1 == 1\n| take 5\n"),
            "{}",
            said(&spliced)
        );
        fs::write(folder.path().join("rule.kql"), &spliced.stdout).unwrap();
        let back = quell(folder.path(), &["splice", "--remove", "rule.kql"]);
        assert_eq!(String::from_utf8_lossy(&back.stdout), query);
        // What stands in the rule comes back as the list that it was.
        let imported = quell(folder.path(), &["import", "rule.kql", "--unscoped", "-o", "back.yaml"]);
        assert!(imported.status.code() == Some(0), "{}: {}", case.schema, said(&imported));
        let diff = quell(
            folder.path(),
            &[
                "diff",
                "list.yaml",
                "back.yaml",
                "--results",
                "rows.csv",
                "--schema",
                &case.schema,
                "--format",
                "json",
            ],
        );
        let diff = json(&diff);
        assert_eq!(
            (&diff["newly_suppressed"], &diff["newly_shown"]),
            (&0.into(), &0.into()),
            "{}",
            case.schema
        );
    }
}

const FIVE: &str = "Type,TimeGenerated,DeviceName,FileName,InitiatingProcessFileName,RemoteIP,UserPrincipalName,IPAddress,RegistryKey
DeviceProcessEvents,2026-11-16T08:00:00Z,pc1,agent.exe,services.exe,,,,
DeviceProcessEvents,2026-11-16T08:01:00Z,pc1,other.exe,agent.exe,,,,
DeviceFileEvents,2026-11-16T08:02:00Z,pc1,agent.exe,evil.exe,,,,
DeviceFileEvents,2026-11-16T08:03:00Z,pc2,x.tmp,agent.exe,,,,
DeviceNetworkEvents,2026-11-16T08:04:00Z,pc2,,agent.exe,10.20.0.7,,,
DeviceNetworkEvents,2026-11-16T08:05:00Z,pc2,,evil.exe,10.20.0.7,,,
SigninLogs,2026-11-16T08:06:00Z,,,,,svc@contoso.example,10.20.0.9,
SigninLogs,2026-11-16T08:07:00Z,,,,,eve@contoso.example,10.20.0.9,
DeviceRegistryEvents,2026-11-16T08:08:00Z,pc3,,agent.exe,,,,HKEY_LOCAL_MACHINE\\SOFTWARE\\Agent
Heartbeat,2026-11-16T08:09:00Z,pc3,agent.exe,agent.exe,10.20.0.7,,,
";

const FIVE_LIST: &str = "exclusions:
- {id: agent, when: {process.name: agent.exe}}
- {id: agent-talks, when: {process.name: agent.exe, destination.ip: 10.20.0.0/16}}
- {id: backup-signs-in, when: {user.name: svc@contoso.example, source.ip: 10.20.0.0/16}}
- {id: agent-key, when: {registry.path: 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Agent', process.name: agent.exe}}
- {id: by-mail, when: {email.subject: hello}}
";

/// The rows of five tables as CSV and as JSON Lines, and the list.
fn five() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list.yaml"), FIVE_LIST).unwrap();
    fs::write(folder.path().join("five.csv"), FIVE).unwrap();
    let header: Vec<&str> = FIVE.lines().next().unwrap().split(',').collect();
    let object = |line: &str| {
        let cells = header.iter().zip(line.split(','));
        let row: serde_json::Map<String, Value> =
            cells.map(|(name, cell)| ((*name).to_owned(), Value::from(cell))).collect();
        format!("{}\n", Value::Object(row))
    };
    let lines: String = FIVE.lines().skip(1).map(object).collect();
    fs::write(folder.path().join("five.jsonl"), lines).unwrap();
    folder
}

fn matches(report: &Value, id: &str) -> (u64, String) {
    let all = report["exclusions"].as_array().unwrap();
    let one = all.iter().find(|one| one["id"] == id).unwrap();
    (one["matches"].as_u64().unwrap(), one["status"].as_str().unwrap().to_owned())
}

fn tables(report: &Value) -> Vec<String> {
    let tables = report["results"][0]["tables"].as_array().unwrap();
    tables.iter().map(|of| format!("{} {}", of["table"].as_str().unwrap(), of["rows"])).collect()
}

/// `process.name` is `FileName` of a process that starts, and the initiating process everywhere else.
#[test]
fn rows_of_five_tables_are_each_judged_by_their_own() {
    let folder = five();
    for (name, threads) in [("five.csv", "1"), ("five.csv", "4"), ("five.jsonl", "1"), ("five.jsonl", "4")] {
        let run =
            ["apply", name, "-e", "list.yaml", "--kept", "kept", "--threads", threads, "--format", "json"];
        let report = json(&quell(folder.path(), &run));
        assert_eq!(
            tables(&report),
            [
                "DeviceFileEvents 2",
                "DeviceNetworkEvents 2",
                "DeviceProcessEvents 2",
                "SigninLogs 2",
                "DeviceRegistryEvents 1"
            ],
            "{name}"
        );
        for (id, rows) in [("agent", 4), ("agent-talks", 1), ("backup-signs-in", 1), ("agent-key", 1)] {
            assert_eq!(matches(&report, id).0, rows, "{name}: {id}");
        }
        // JSON may have a key in later rows.
        let elsewhere = if name == "five.csv" { "other-schema" } else { "dead" };
        assert_eq!(matches(&report, "by-mail"), (0, elsewhere.to_owned()), "{name}");
        let kept = fs::read_to_string(folder.path().join("kept")).unwrap();
        for minute in 0..10 {
            let is_kept = [1, 2, 5, 7, 9].contains(&minute);
            assert_eq!(kept.contains(&format!("08:0{minute}:00")), is_kept, "{name}, {minute}\n{kept}");
        }
        let warning = report["warnings"].to_string();
        assert!(warning.contains("unknown-table") && warning.contains("Heartbeat 1"), "{warning}");
    }
    let table = said(&quell(folder.path(), &["apply", "five.csv", "-e", "list.yaml"]));
    assert!(table.contains("five.csv (csv, 5 tables, 10 rows"), "{table}");
    assert!(table.contains("\n  SigninLogs: 2 rows\n"), "{table}");
}

#[test]
fn a_row_of_several_tables_is_explained_by_its_own() {
    let folder = five();
    for name in ["five.csv", "five.jsonl"] {
        for (row, is_gone) in [("1", true), ("2", false), ("3", false), ("4", true), ("10", false)] {
            let explain = ["explain", name, "--row", row, "-e", "list.yaml", "--format", "json"];
            assert_eq!(json(&quell(folder.path(), &explain))["suppressed"], is_gone, "{name}, row {row}");
        }
    }
}

/// Whoever writes name OR address sees that only the name was judged, in every format.
#[test]
fn an_entry_that_no_table_has_columns_for_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(
        path("list.yaml"),
        "exclusions:\n- id: a\n  when:\n  - {process.name: agent.exe}\n  - {destination.ip: 10.0.0.0/8}\n- id: b\n  when: {process.name: agent.exe, destination.ip: 10.0.0.0/8}\n",
    )
    .unwrap();
    fs::write(
        path("hunt.csv"),
        "Timestamp,DeviceId,DeviceName,ActionType,FileName,FolderPath,ProcessCommandLine,ProcessId,InitiatingProcessFileName,ReportId\n2026-11-16T00:06:14Z,1,x,ProcessCreated,agent.exe,C:\\a.exe,a,3,cmd.exe,4\n",
    )
    .unwrap();
    for format in ["table", "md", "json"] {
        let run = ["apply", "hunt.csv", "-e", "list.yaml", "--format", format];
        let told = said(&quell(folder.path(), &run));
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for wanted in [
            "entry 2 of a (destination.ip), for which none of the tables of these rows has columns",
            "names destination.ip, for which none of the tables of these rows has columns",
        ] {
            assert!(told.contains(wanted), "{format}: {wanted}: {told}");
        }
    }
}

/// Without a column for the table what happened tells it, row by row.
#[test]
fn rows_that_only_say_what_happened_are_judged_by_that() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list.yaml"), "exclusions:\n- {id: a, when: {process.name: agent.exe}}\n")
        .unwrap();
    let rows = "Timestamp,DeviceName,ActionType,FileName,InitiatingProcessFileName
2026-11-16T08:00:00Z,pc,ProcessCreated,agent.exe,evil.exe
2026-11-16T08:01:00Z,pc,ProcessCreated,evil.exe,agent.exe
2026-11-16T08:02:00Z,pc,FileCreated,agent.exe,evil.exe
2026-11-16T08:03:00Z,pc,FileCreated,evil.exe,agent.exe
2026-11-16T08:04:00Z,pc,SomethingElse,agent.exe,agent.exe
";
    fs::write(folder.path().join("rows.csv"), rows).unwrap();
    let run = ["apply", "rows.csv", "-e", "list.yaml", "--suppressed", "gone", "--format", "json"];
    let report = json(&quell(folder.path(), &run));
    assert_eq!(report["totals"]["suppressed"], 2, "{report}");
    let gone = fs::read_to_string(folder.path().join("gone")).unwrap();
    assert!(gone.contains("08:00:00") && gone.contains("08:03:00"), "{gone}");
    // If no row says it, somebody has to.
    let nothing: String =
        rows.lines().filter(|line| !line.contains("ed,")).map(|line| format!("{line}\n")).collect();
    fs::write(folder.path().join("rows.csv"), nothing).unwrap();
    let output = quell(folder.path(), &run);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("ambiguous-columns") && said(&output).contains("--schema"),
        "{}",
        said(&output)
    );
}

/// Streamed records name their table beside their columns.
#[test]
fn streamed_records_of_several_tables_are_each_judged_by_their_own() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list.yaml"), "exclusions:\n- {id: a, when: {process.name: agent.exe}}\n")
        .unwrap();
    let record = |table: &str, columns: &str| {
        format!(
            "{{\"time\":\"2026-11-16T08:00:00Z\"{table},\"properties\":{{\"DeviceName\":\"pc\",{columns}}}}}\n"
        )
    };
    let of = |table: &str| format!(",\"category\":\"AdvancedHunting-{table}\"");
    let process =
        "\"FileName\":\"agent.exe\",\"ProcessCommandLine\":\"x\",\"InitiatingProcessFileName\":\"evil.exe\"";
    let file =
        "\"FileName\":\"agent.exe\",\"PreviousFileName\":\"x\",\"InitiatingProcessFileName\":\"evil.exe\"";
    let rows = [
        record(&of("DeviceProcessEvents"), process),
        record(&of("DeviceFileEvents"), file),
        record(&of("DeviceProcessEvents"), &process.replace("agent", "other")),
    ];
    fs::write(folder.path().join("rows.jsonl"), rows.concat()).unwrap();
    let run = ["apply", "rows.jsonl", "-e", "list.yaml", "--suppressed", "gone", "--format", "json"];
    let report = json(&quell(folder.path(), &run));
    assert_eq!(tables(&report), ["DeviceProcessEvents 2", "DeviceFileEvents 1"], "{report}");
    assert_eq!(report["totals"]["suppressed"], 1, "{report}");
    assert_eq!(fs::read_to_string(folder.path().join("gone")).unwrap().lines().count(), 1);
    // Nor do these columns say it.
    fs::write(folder.path().join("rows.jsonl"), record("", "\"FileName\":\"agent.exe\"")).unwrap();
    let refused = said(&quell(folder.path(), &run));
    assert!(refused.contains("ambiguous-columns") && refused.contains("DeviceFileEvents"), "{refused}");
    let own = "\"FileName\":\"agent.exe\",\"ProcessVersionInfoProductName\":\"x\",\"ProcessVersionInfoCompanyName\":\"x\"";
    // Records that do not say it are of the table of their columns.
    fs::write(folder.path().join("rows.jsonl"), record("", own) + &record("", own)).unwrap();
    let report = json(&quell(folder.path(), &run));
    assert_eq!(report["results"][0]["schema"], "DeviceProcessEvents");
    assert_eq!(report["totals"]["suppressed"], 2, "{report}");
}

/// An export of one table that says so in each row is what it was without that.
#[test]
fn a_column_that_says_what_the_header_says_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let list = "exclusions:\n- {id: a, when: {process.name: agent.exe, destination.ip: 10.20.0.0/16}}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    let header = "TimeGenerated [UTC],DeviceName,InitiatingProcessFileName,RemoteIP";
    let cells = "2026-11-16T08:00:00Z,pc,agent.exe,10.20.0.7";
    fs::write(folder.path().join("plain.csv"), format!("{header}\n{cells}\n")).unwrap();
    fs::write(folder.path().join("told.csv"), format!("{header},Type\n{cells},DeviceNetworkEvents\n"))
        .unwrap();
    let report = |name: &str| {
        let output = quell(folder.path(), &["apply", name, "-e", "list.yaml", "--format", "json"]);
        json(&output).to_string().replace(name, "")
    };
    assert_eq!(report("plain.csv"), report("told.csv"));
    assert!(report("told.csv").contains("\"schema\":\"sentinel\""), "{}", report("told.csv"));
    // What the exclusions need is missed as it was.
    let short = header.replace(",RemoteIP", ",LocalIP");
    fs::write(folder.path().join("told.csv"), format!("{short},Type\n{cells},DeviceNetworkEvents\n"))
        .unwrap();
    let output = quell(folder.path(), &["apply", "told.csv", "-e", "list.yaml"]);
    assert!(said(&output).contains("there is no column RemoteIP"), "{}", said(&output));
}

/// The minutes of the rows that a command prints.
fn minutes(printed: &str) -> Vec<usize> {
    (0..10).filter(|minute| printed.contains(&format!("08:0{minute}:00"))).collect()
}

/// A field is that of the row's own table wherever kept rows are asked about; a column is the same in every row.
#[test]
fn what_is_kept_of_several_tables_is_grouped_and_found_by_the_fields_of_each() {
    let folder = five();
    for name in ["five.csv", "five.jsonl"] {
        let run = ["apply", name, "-e", "list.yaml", "--group-by", "process.name", "--format", "json"];
        let report = json(&quell(folder.path(), &run));
        let groups = report["grouped"]["groups"].as_array().unwrap();
        let mut found: Vec<(&str, u64)> = groups
            .iter()
            .map(|group| (group["by"]["process.name"].as_str().unwrap(), group["rows"].as_u64().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [("", 2), ("evil.exe", 2), ("other.exe", 1)], "{name}");
        for (condition, wanted) in [
            ("process.name=evil.exe", vec![2, 5]),
            ("process.name=other.exe", vec![1]),
            // In the kept row of a process that starts it is the parent; another is of a table that nobody knows.
            ("process.name=agent.exe", vec![]),
            ("process.parent.name=agent.exe", vec![1]),
            ("file.name=agent.exe", vec![2]),
            ("user.name=eve@contoso.example", vec![7]),
            ("FileName=agent.exe", vec![2, 9]),
            ("RemoteIP=10.20.0.7", vec![5, 9]),
            ("destination.ip=10.20.0.7", vec![5]),
        ] {
            let rows = ["rows", name, "-e", "list.yaml", "--where", condition, "--format", "rows"];
            let printed = String::from_utf8(quell(folder.path(), &rows).stdout).unwrap();
            assert_eq!(minutes(&printed), wanted, "{name}: {condition}");
        }
        // The groups of the report are those that its numbers open.
        let mut opened = Vec::new();
        let groups = report["kept_groups"].as_array().unwrap();
        for (number, group) in (1..).zip(groups) {
            let number = number.to_string();
            let rows = ["rows", name, "-e", "list.yaml", "--group", &number, "--format", "rows"];
            let found = minutes(&String::from_utf8(quell(folder.path(), &rows).stdout).unwrap());
            assert_eq!(group["rows"], found.len(), "{name}: {group}");
            let profile = ["rows", name, "-e", "list.yaml", "--group", &number, "--format", "json"];
            let profile = json(&quell(folder.path(), &profile));
            assert_eq!(profile["group"]["by"]["process.name"], group["process"], "{name}: {group}");
            opened.extend(found);
        }
        opened.sort_unstable();
        assert_eq!(opened, [1, 2, 5, 7, 9], "{name}");
    }
}

#[test]
fn a_row_of_several_tables_is_found_by_the_fields_of_its_own() {
    let folder = five();
    for name in ["five.csv", "five.jsonl"] {
        for (condition, row, group) in [
            ("process.name=other.exe", 2, "other.exe"),
            ("process.name=evil.exe", 3, "evil.exe"),
            ("user.name=eve@contoso.example", 8, ""),
            ("Type=Heartbeat", 10, ""),
        ] {
            let explain = ["explain", name, "--where", condition, "-e", "list.yaml", "--format", "json"];
            let explained = json(&quell(folder.path(), &explain));
            let found = (&explained["row"], &explained["group"]["by"]["process.name"]);
            assert_eq!(found, (&row.into(), &group.into()), "{name}: {condition}");
        }
        let none = quell(folder.path(), &["rows", name, "-e", "list.yaml", "--where", "proces.name=a"]);
        assert!(said(&none).contains("did you mean `process.name`"), "{}", said(&none));
    }
    let nowhere = quell(folder.path(), &["rows", "five.csv", "-e", "list.yaml", "--where", "rule.name=a"]);
    assert!(said(&nowhere).contains("unknown-field"), "{}", said(&nowhere));
}

#[test]
fn the_inventory_counts_rows_of_several_tables() {
    let folder = five();
    let list = ["list", "-e", "list.yaml", "--results", "five.csv", "--format", "json"];
    let all = json(&quell(folder.path(), &list));
    let seen = |id: &str| {
        let all = all["exclusions"].as_array().unwrap();
        all.iter().find(|one| one["id"] == *id).unwrap()["seen"].clone()
    };
    for (id, rows) in [("agent", 4), ("agent-talks", 1), ("backup-signs-in", 1)] {
        assert_eq!(seen(id)["matches"], rows, "{id}");
    }
    assert_eq!(seen("by-mail"), Value::Null);
}

/// A query of two tables says once what has expired, however many clauses it gets.
#[test]
fn what_has_expired_is_said_once_for_all_tables() {
    let folder = tempfile::tempdir().unwrap();
    let list = "exclusions:
- {id: a, when: {process.name: agent.exe}}
- {id: over, expires: 2020-01-01, when: {process.name: agent.exe, process.parent.name: b.exe}}
";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    let rule =
        "id: 1\nname: two\nquery: |\n  union DeviceProcessEvents, DeviceFileEvents\n  | where 1 == 1\n";
    fs::write(folder.path().join("rule.yaml"), rule).unwrap();
    for command in
        [&["kql", "-e", "list.yaml", "--rule", "rule.yaml"][..], &["splice", "rule.yaml", "-e", "list.yaml"]]
    {
        let output = quell(folder.path(), command);
        let told = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(told.matches("expired, so not in the clause: over").count(), 1, "{}", said(&output));
    }
}

/// What drafts exclusions reads rows by one table, and says so.
#[test]
fn nothing_is_drafted_from_rows_of_several_tables() {
    let folder = five();
    let noise = ["--where", "process.name=evil.exe", "-e", "list.yaml"];
    for name in ["five.csv", "five.jsonl"] {
        let output = quell(folder.path(), &[&["suggest", name][..], &noise].concat());
        let told = said(&output);
        assert!(output.status.code() == Some(2) && told.contains("error[several-tables]"), "{told}");
        assert!(told.contains("--schema"), "{told}");
    }
    // All rows say that they are of one table, until one says otherwise.
    let header = "Type,Timestamp,DeviceName,ActionType,RemoteIP,RemotePort,RemoteUrl,Protocol,LocalPort,InitiatingProcessFileName,InitiatingProcessFolderPath\n";
    let row = |table: &str, minute: usize, name: &str| {
        format!(
            "{table},2026-11-16T08:0{minute}:00Z,pc{minute},ConnectionSuccess,10.20.0.7,443,,Tcp,50000,{name},C:\\A\\{name}\n"
        )
    };
    let rows = |last: &str| {
        let name = |minute| if minute < 5 { "noisy.exe" } else { "other.exe" };
        let table = |minute| if minute == 9 { last } else { "DeviceNetworkEvents" };
        let rows: String = (1..10).map(|minute| row(table(minute), minute, name(minute))).collect();
        format!("{header}{rows}")
    };
    let noise = ["--where", "process.name=noisy.exe", "-e", "list.yaml", "--format", "json"];
    fs::write(folder.path().join("rows.csv"), rows("DeviceNetworkEvents")).unwrap();
    let output = quell(folder.path(), &[&["suggest", "rows.csv"][..], &noise].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("noisy.exe"), "{}", said(&output));
    fs::write(folder.path().join("rows.csv"), rows("DeviceFileEvents")).unwrap();
    let output = quell(folder.path(), &[&["suggest", "rows.csv"][..], &noise].concat());
    let told = said(&output);
    assert!(output.status.code() == Some(2) && told.contains("row 9 is of DeviceFileEvents"), "{told}");
    // So do the malicious rows by which an exclusion is graded.
    fs::write(folder.path().join("draft.yaml"), DRAFT).unwrap();
    let accept = ["accept", "draft.yaml", "-e", "mine.yaml", "--dry-run", "--malicious", "rows.csv"];
    let told = said(&quell(folder.path(), &accept));
    assert!(told.contains("error[several-tables]"), "{told}");
}

const DRAFT: &str = "exclusions:
- id: talks
  when: {process.name: agent.exe, destination.ip: 10.20.0.0/16}
- id: starts
  when: {process.name: agent.exe, process.parent.name: services.exe}
";

/// The effect of what is added is counted for each row by its own table.
#[test]
fn what_is_accepted_is_shown_on_rows_of_several_tables() {
    let folder = five();
    fs::write(folder.path().join("draft.yaml"), DRAFT).unwrap();
    for name in ["five.csv", "five.jsonl"] {
        let accept = ["accept", "draft.yaml", "-e", "mine.yaml", "--dry-run", "--results", name];
        let told = said(&quell(folder.path(), &accept));
        for wanted in [
            format!("10 rows in {name}"),
            "2 by mine.yaml after (2".to_owned(),
            "talks: 1 row".to_owned(),
            "starts: 1 row".to_owned(),
        ] {
            assert!(told.contains(&wanted), "{name}: {wanted}: {told}");
        }
    }
}
