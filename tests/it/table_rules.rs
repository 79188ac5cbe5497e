//! Rules over any table: which table a query reads decides what its columns mean; and headers that do not say their table.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const LIST: &str = "exclusions:
- {id: agent, when: {process.name: agent.exe, process.path: 'C:\\Apps\\*'}}
- {id: backup-signs-in, when: {user.name: svc@contoso.example, source.ip: 10.20.0.0/16}}
- {id: either, when: [{file.name: x.tmp}, {dns.question.name: time.example}]}
";

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).current_dir(folder).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn folder(rule: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list.yaml"), LIST).unwrap();
    fs::write(folder.path().join("rule.kql"), rule).unwrap();
    fs::write(
        folder.path().join("rule.yaml"),
        format!("id: r1\nname: A rule\nquery: |\n  {}\n", rule.trim_end().replace('\n', "\n  ")),
    )
    .unwrap();
    folder
}

#[test]
fn a_union_gets_a_clause_behind_each_table_in_its_own_columns() {
    let folder = folder(
        "union DeviceProcessEvents, (DeviceFileEvents | where Timestamp > ago(1d)), SigninLogs\n| take 5\n",
    );
    let spliced = quell(folder.path(), &["splice", "rule.kql", "-e", "list.yaml"]);
    let (text, said) = (out(&spliced), told(&spliced));
    for wanted in [
        "(DeviceProcessEvents\n// quell:begin",
        "| where not(FileName =~ \"agent.exe\"\n    and FolderPath startswith @\"C:\\Apps\\\")",
        "| where Timestamp > ago(1d)\n// quell:begin",
        "| where not(InitiatingProcessFileName =~ \"agent.exe\"\n    and InitiatingProcessFolderPath startswith @\"C:\\Apps\\\")",
        "| where not(FileName =~ \"x.tmp\")",
        "(SigninLogs\n// quell:begin",
        "UserPrincipalName =~ \"svc@contoso.example\"",
        // What a table lacks is named in its clause.
        "// left out, no column in DeviceFileEvents: entry 2 of either (dns.question.name)",
        "// left out, of other schemas: agent, either",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    for wanted in [
        "left out: agent names process.name, process.path, for which SigninLogs has no column",
        "left out: entry 2 of either (dns.question.name): DeviceFileEvents has no column for it",
    ] {
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
    fs::write(folder.path().join("rule.kql"), &text).unwrap();
    let again = quell(folder.path(), &["splice", "--check", "rule.kql", "-e", "list.yaml"]);
    assert!(again.status.success(), "{}{}", out(&again), told(&again));
    // The forms that keep values above the query have one name for one list.
    let named = out(&quell(
        folder.path(),
        &["splice", "rule.kql", "-e", "list.yaml", "--form", "watchlist", "--values", "v.csv"],
    ));
    let lets: Vec<&str> = named
        .lines()
        .filter(|line| line.starts_with("let "))
        .map(|line| line.split(' ').nth(1).unwrap())
        .collect();
    let mut once = lets.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), lets.len(), "{named}");
}

#[test]
fn a_parser_of_asim_gets_the_clause_behind_what_it_filters_by() {
    for (query, wanted) in [
        ("_Im_Dns(starttime=ago(1d))\n| take 5\n", "_Im_Dns(starttime=ago(1d))\n// quell:begin"),
        ("imDns\n| take 5\n", "imDns\n// quell:begin"),
    ] {
        let folder = folder(query);
        let text = out(&quell(folder.path(), &["splice", "rule.kql", "-e", "list.yaml"]));
        assert!(text.contains(wanted) && text.contains("DnsQuery =~ \"time.example\""), "{text}");
    }
}

#[test]
fn the_query_of_a_rule_says_what_the_clause_is_for() {
    let folder = folder("DeviceProcessEvents\n| join kind=inner (SigninLogs) on DeviceId");
    let output = quell(folder.path(), &["kql", "-e", "list.yaml", "--rule", "rule.yaml"]);
    let text = out(&output);
    assert!(
        text.contains("// Behind DeviceProcessEvents:\n") && text.contains("// Behind SigninLogs:\n"),
        "{text}"
    );
    assert!(text.contains("FileName =~ \"agent.exe\"") && text.contains("UserPrincipalName =~"), "{text}");
    assert!(told(&output).contains("for which SigninLogs has no column"), "{}", told(&output));
}

#[test]
fn a_list_is_looked_at_beside_the_rule_of_any_table() {
    let folder =
        folder("DeviceProcessEvents\n| where FileName =~ \"other.exe\"\n| project DeviceName, FileName");
    let output =
        quell(folder.path(), &["lint", "-e", "list.yaml", "--rule", "rule.yaml", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes: Vec<&str> =
        found["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"contradicts-rule"), "{codes:?}");
    assert!(codes.contains(&"rule-drops-field"), "{codes:?}");
}

#[test]
fn what_is_typed_into_a_rule_comes_back_in_the_fields_of_its_table() {
    let folder = folder(
        "DeviceProcessEvents\n| where InitiatingProcessFileName !~ \"agent.exe\"\n| where FileName !in~ (\"a.exe\", \"b.exe\")\n",
    );
    let text = out(&quell(folder.path(), &["import", "rule.kql"]));
    assert!(text.contains("process.parent.name: agent.exe"), "{text}");
    assert!(text.contains("process.name:\n    - a.exe\n    - b.exe"), "{text}");
}

#[test]
fn a_header_of_several_tables_is_asked_about_and_the_rule_answers() {
    let folder = folder(
        "DeviceFileEvents\n| where Timestamp > ago(1d)\n| project Timestamp, DeviceName, FileName, SHA256, InitiatingProcessFileName",
    );
    let rows = "Timestamp,DeviceName,FileName,FolderPath,InitiatingProcessFileName,InitiatingProcessFolderPath\n2026-11-16T08:00:00Z,pc,agent.exe,C:\\Apps,evil.exe,C:\\Users\n2026-11-16T08:00:00Z,pc,x,C:\\Apps,agent.exe,C:\\Apps\\agent.exe\n";
    fs::write(folder.path().join("rows.csv"), rows).unwrap();
    let output = quell(folder.path(), &["apply", "rows.csv", "-e", "list.yaml"]);
    let said = told(&output);
    assert_eq!(output.status.code(), Some(2));
    for wanted in ["ambiguous-columns", "DeviceProcessEvents, DeviceFileEvents", "--schema", "--rule"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let with_rule = [
        "apply",
        "rows.csv",
        "-e",
        "list.yaml",
        "--rule",
        "rule.yaml",
        "--allow-missing-columns",
        "--format",
        "json",
    ];
    let report: serde_json::Value = serde_json::from_slice(&quell(folder.path(), &with_rule).stdout).unwrap();
    assert_eq!(report["results"][0]["schema"], "DeviceFileEvents");
    assert_eq!(report["totals"]["suppressed"], 1);
}

#[test]
fn columns_in_another_spelling_are_told_with_what_to_do() {
    let folder = folder("");
    for (header, wanted) in [
        (
            "TimeGenerated,DeviceName_s,RemoteIP_s,RemotePort_d,InitiatingProcessFileName_s",
            "project-rename DeviceName = DeviceName_s, RemoteIP = RemoteIP_s",
        ),
        ("time generated,device name,remote ip,remote port", "RemoteIP = ['remote ip']"),
        (
            "timegenerated,userprincipalname,ipaddress,appdisplayname",
            "those of SigninLogs but for letter case",
        ),
    ] {
        fs::write(folder.path().join("rows.csv"), format!("{header}\n")).unwrap();
        let said = told(&quell(folder.path(), &["apply", "rows.csv", "-e", "list.yaml"]))
            .replace("\n         ", " ");
        assert!(said.contains(wanted), "{header}: {said}");
    }
    let rows = "TimeGenerated,UserPrincipalName,SrcIp,AppDisplayName\n2026-11-16T08:00:00Z,a@contoso.example,10.0.0.1,x\n";
    fs::write(folder.path().join("rows.csv"), rows).unwrap();
    let said = told(&quell(folder.path(), &["apply", "rows.csv", "-e", "list.yaml"]));
    assert!(said.contains("`SrcIp` is probably it, renamed by the query's `project`"), "{said}");
}
