//! What nobody knows to be safe is never graded as safe: `quell probe` on fields without a known move, on columns by their
//! own names, on what pins a file and on folders that Windows protects.

use serde_json::Value;
use std::fs;
use std::process::Command;

/// The finding about an exclusion with this condition, for one malicious row of Defender.
fn probed(when: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let rows = folder.path().join("malicious.csv");
    fs::write(&list, format!("exclusions:\n- id: a\n  when: {when}\n")).unwrap();
    fs::write(
        &rows,
        "Timestamp,DeviceName,ActionType,RemoteIP,RemoteIPType,RemotePort,RemoteUrl,Protocol,ReportId,InitiatingProcessFileName,InitiatingProcessFolderPath,InitiatingProcessVersionInfoFileDescription,InitiatingProcessAccountSid,InitiatingProcessSHA1,InitiatingProcessSHA256,InitiatingProcessMD5\n\
         2026-11-16T08:00:00Z,pc-1,ConnectionSuccess,203.0.113.9,Public,443,evil.example,Tcp,7,evil.exe,C:\\Users\\Public\\evil.exe,Evil,S-1-5-21-1,aa,bb,cc\n",
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_quell"))
        .args([
            "probe",
            "--format",
            "json",
            "--malicious",
            rows.to_str().unwrap(),
            "-e",
            list.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{when}: {}", String::from_utf8_lossy(&output.stderr)));
    report["exclusions"][0].clone()
}

fn grade(when: &str) -> String {
    probed(when)["grade"].as_str().unwrap().to_owned()
}

/// Columns by their own names are as easy to forge as the fields that they hold.
#[test]
fn a_column_has_the_moves_of_its_field() {
    for (column, field) in [
        ("{InitiatingProcessFileName: setup.exe}", "{process.name: setup.exe}"),
        ("{RemoteIP: 10.0.0.1}", "{destination.ip: 10.0.0.1}"),
        ("{RemotePort: 80}", "{destination.port: 80}"),
        (r"{InitiatingProcessFolderPath: 'C:\ProgramData\x\*'}", r"{process.path: 'C:\ProgramData\x\*'}"),
        ("{Protocol: Udp}", "{network.transport: Udp}"),
    ] {
        let (column, field) = (probed(column), probed(field));
        assert_eq!(column["way_in"]["cost"], field["way_in"]["cost"], "{column} {field}");
        assert_eq!((&column["grade"], column["way_in"].is_object()), (&field["grade"], true), "{column}");
    }
}

#[test]
fn what_anybody_can_forge_is_not_graded_a() {
    for (when, worst) in [
        ("{RemoteIPType: Private}", "E"),
        ("{InitiatingProcessVersionInfoFileDescription: Setup}", "E"),
        ("{network.transport: Udp}", "E"),
        ("{process.name|re: '^setup[0-9]'}", "E"),
        ("{InitiatingProcessAccountSid: S-1-5-18}", "D"),
        (r"{process.path|startswith: 'C:\Users\', process.path|endswith: '\setup.exe'}", "E"),
    ] {
        assert_eq!(grade(when), worst, "{when}");
    }
}

/// Nothing is known of these, so nothing is claimed, and least of all that they are safe.
#[test]
fn a_field_without_a_known_move_is_unknown() {
    for when in ["{ReportId: 8}", "{AppGuardContainerId: x, ReportId: 8}"] {
        assert_eq!(grade(when), "unknown", "{when}");
    }
    // What is known of the other conditions still counts; it is the least that the way in costs.
    let both = probed("{process.name: setup.exe, ReportId: 8}");
    assert_eq!((&both["grade"], &both["way_in"]["cost"]), (&"E".into(), &1.into()), "{both}");
    assert_eq!(both["unknown"][0], "ReportId", "{both}");
}

/// A grade without a way in has its reason.
#[test]
fn what_pins_a_file_is_named_with_the_reason() {
    let hash = "a".repeat(64);
    for when in [
        format!("{{process.sha256: {hash}}}"),
        format!("{{InitiatingProcessSHA256: {hash}, process.name: setup.exe}}"),
        format!("{{InitiatingProcessSHA1: {}}}", "b".repeat(40)),
    ] {
        let found = probed(&when);
        assert_eq!(found["grade"], "A", "{when}: {found}");
        let reason = found["pinned"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("hash"), "{reason}");
    }
    // A wildcard where a hash should stand pins nothing.
    assert_eq!(grade("{process.sha256: 'c*'}"), "unknown");
}

#[test]
fn folders_that_windows_protects_are_not_writable_by_users() {
    let cost =
        |path: &str| probed(&format!("{{process.path: '{path}'}}"))["way_in"]["cost"].as_u64().unwrap();
    for path in [
        r"C:\ProgramData\Microsoft\Windows Defender\Platform\*",
        r"C:\ProgramData\Microsoft\Windows Defender\*",
        r"C:\Windows\CCM\*",
        r"C:\Program Files\Altiris\*",
    ] {
        assert_eq!(cost(path), 4, "{path}");
    }
    // Without a drive in front, a folder of the same name below one's own will do; so it does for a `*` between folders.
    for path in [
        r"*\ProgramData\Microsoft\Windows Defender\*",
        r"*\Windows\CCM\*",
        r"C:\*\CCM\x.exe",
        r"C:\Windows\Tasks\*",
    ] {
        assert_eq!(cost(path), 1, "{path}");
    }
}

/// The command for people says it in words, and `unknown` fails a run that asks for grade C.
#[test]
fn unknown_is_said_and_fails_a_run_that_asks_for_a_grade() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    fs::write(&list, "exclusions:\n- id: a\n  when: {ReportId: 999}\n").unwrap();
    let run = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_quell"))
            .args(["probe", "--malicious", "samples/malicious.csv", "-e", list.to_str().unwrap()])
            .args(more)
            .output()
            .unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let (said, code) = run(&["--min-grade", "C"]);
    assert!(said.contains("unknown  a") && said.contains("no move is known for ReportId"), "{said}");
    assert_eq!(code, Some(1));
    let (table, _) = run(&["--format", "markdown"]);
    assert!(table.contains("| unknown |"), "{table}");
}
