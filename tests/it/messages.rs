//! The likeliest mistakes of somebody new, and what is said: the cause, and what to do next.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROWS: &str =
    "Timestamp,DeviceName,InitiatingProcessFileName,RemoteIP\n2026-11-16T08:00:00Z,pc,a.exe,10.0.0.1\n";
const LIST: &str = "exclusions:\n- id: a\n  when: {process.name: a.exe}\n";

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).current_dir(folder).args(arguments).output().unwrap()
}

/// What is said of a mistake: it cannot run.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = quell(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    said
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hunt.csv"), ROWS).unwrap();
    fs::write(folder.path().join("list.yaml"), LIST).unwrap();
    folder
}

#[test]
fn a_misspelt_pack_finds_its_name() {
    let folder = folder();
    let said = refused(folder.path(), &["apply", "hunt.csv", "-e", "feild"]);
    assert!(said.contains("did you mean `field`?") && said.contains("built in: documented, field"), "{said}");
    let said = refused(folder.path(), &["apply", "hunt.csv", "-e", "mine.yaml"]);
    assert!(said.contains("built in: documented, field"), "{said}");
}

/// Names that other products and other tables use for the same thing.
#[test]
fn the_usual_names_of_a_field_lead_to_it() {
    let folder = folder();
    for (name, field) in [
        ("dest_ip", "destination.ip"),
        ("dst_ip", "destination.ip"),
        ("RemoteAddress", "destination.ip"),
        ("dest_port", "destination.port"),
        ("file_name", "process.name"),
        ("folder_path", "process.path"),
        ("process_command_line", "process.command_line"),
        ("account_name", "user.name"),
        ("hostname", "host.name"),
        ("url", "destination.domain"),
        ("sha256", "process.sha256"),
    ] {
        fs::write(folder.path().join("l.yaml"), format!("exclusions:\n- id: a\n  when: {{{name}: x}}\n"))
            .unwrap();
        let said = refused(folder.path(), &["lint", "-e", "l.yaml"]);
        assert!(said.contains(&format!("did you mean `{field}`?")), "{name}: {said}");
    }
    let said = refused(folder.path(), &["explain", "hunt.csv", "--where", "dest_ip=1", "-e", "list.yaml"]);
    assert!(said.contains("did you mean `destination.ip`?"), "{said}");
    let said = refused(folder.path(), &["explain", "hunt.csv", "--where", "zzz=1", "-e", "list.yaml"]);
    assert!(!said.contains("did you mean") && said.contains("`quell schema` lists"), "{said}");
}

#[test]
fn mistakes_of_yaml_and_of_logic_say_how_it_is_written() {
    let folder = folder();
    for (when, wanted) in [
        (r#"{process.path: "C:\Windows\CCM\*"}"#, r"single quotes: 'C:\Windows\CCM\*'"),
        (r"{process.path: *\CCM\*}", r"in single quotes: '*\CCM\*'"),
        ("{process.path: %WINDIR%}", "in single quotes: '%WINDIR%'"),
        ("{not: {process.name: a}}", "there is no `not`"),
        ("{or: [{process.name: a}]}", "a list of entries"),
        ("{and: [{process.name: a}]}", "one entry"),
    ] {
        fs::write(folder.path().join("l.yaml"), format!("exclusions:\n- id: a\n  when: {when}\n")).unwrap();
        let said = refused(folder.path(), &["lint", "-e", "l.yaml"]);
        assert!(said.contains(wanted), "{when}: {said}");
    }
}

#[test]
fn files_that_are_no_table_are_named_with_the_way_out() {
    let folder = folder();
    for (name, bytes, wanted) in [
        ("x.html", &b"<!DOCTYPE html>\n<html><body>Sign in</body></html>"[..], "a web page"),
        ("x.xlsx", b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "CSV UTF-8"),
        ("x.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\x00\x00", "CSV UTF-8"),
        ("x.pdf", b"%PDF-1.7\n", "a PDF document"),
        ("x.bin", b"\x7fELF\x02\x01\x01\x00\x00\x00,x\n", "not text"),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
        let said = refused(folder.path(), &["apply", name, "-e", "list.yaml"]);
        assert!(said.contains(wanted) && !said.contains("its columns begin"), "{name}: {said}");
    }
}

#[test]
fn pipes_are_a_delimiter_and_letter_case_of_a_header_is_told() {
    let folder = folder();
    fs::write(folder.path().join("pipes.csv"), ROWS.replace(',', "|")).unwrap();
    let output = quell(folder.path(), &["apply", "pipes.csv", "-e", "list.yaml", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["totals"]["read"], &report["totals"]["suppressed"]), (&1.into(), &1.into()));
    fs::write(folder.path().join("small.csv"), ROWS.to_lowercase()).unwrap();
    let said = refused(folder.path(), &["apply", "small.csv", "-e", "list.yaml"]);
    assert!(said.contains("but for letter case") && said.contains("`Timestamp`"), "{said}");
}

#[test]
fn the_help_says_what_happens() {
    let folder = folder();
    let help = String::from_utf8(quell(folder.path(), &["apply", "--help"]).stdout).unwrap();
    assert!(help.contains("the same to the last byte"), "{help}");
    let man = String::from_utf8(quell(folder.path(), &["man"]).stdout).unwrap();
    for page in ["quell\\-apply", "quell\\-lint", "quell\\-diff", "\\-\\-bypasses"] {
        assert!(man.contains(page), "{page}");
    }
}

/// What a list was before it was there is nothing, and that is said; a revision that is not there is a mistake.
#[test]
fn a_base_without_the_folder_is_an_empty_list() {
    let folder = folder();
    let git = |arguments: &[&str]| {
        let about = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
        let done =
            Command::new("git").current_dir(folder.path()).args(about).args(arguments).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "hunt.csv"]);
    git(&["commit", "-qm", "rows"]);
    let diff = |old: &str| quell(folder.path(), &["diff", old, "list.yaml", "--results", "hunt.csv"]);
    let output = diff("git:main:exclusions");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("is not in that revision"), "{said}");
    assert_eq!(diff("git:none:exclusions").status.code(), Some(2));
    git(&["add", "list.yaml"]);
    git(&["commit", "-qm", "list"]);
    for old in ["git:HEAD:./", "git:HEAD:.", "git:HEAD:", "git:HEAD:./list.yaml"] {
        let output = diff(old);
        assert_eq!(output.status.code(), Some(0), "{old}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let output = quell(folder.path(), &["diff", "list.yaml", "git:main:exclusions", "--results", "hunt.csv"]);
    assert_eq!(output.status.code(), Some(2));
}
