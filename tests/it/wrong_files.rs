//! Each command with a file of another kind than it wants: the answer names the kind, and where the file belongs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROWS: &str =
    "Timestamp,DeviceName,InitiatingProcessFileName,RemoteIP\n2026-11-16T08:00:00Z,pc,a.exe,10.0.0.1\n";
const LIST: &str = "exclusions:\n- id: a\n  when: {process.name: a.exe}\n";
const QUERY: &str = "// Hunt\nDeviceNetworkEvents\n| where RemoteIP != '10.0.0.1'\n";
const RULE: &str = "id: a\nname: b\nquery: |\n  DeviceNetworkEvents\n  | where RemoteUrl has 'x'\n";

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).current_dir(folder).args(arguments).output().unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("hunt.csv", ROWS),
        ("list.yaml", LIST),
        ("rule.kql", QUERY),
        ("rule.yaml", RULE),
        ("header.csv", ROWS.lines().next().unwrap()),
        ("brace.json", "{}\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::create_dir(folder.path().join("nothing")).unwrap();
    folder
}

/// What is said: it cannot run, prints no result, and says it shortly.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = quell(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert!(said.len() < 1_500, "{arguments:?}: {said}");
    said
}

fn check(asked: &[(&str, &[&str])]) {
    let folder = folder();
    let mut wrong = Vec::new();
    for (arguments, wanted) in asked {
        let said = refused(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
        if !wanted.iter().all(|wanted| said.contains(wanted)) {
            wrong.push(format!("quell {arguments}\nwanted: {wanted:?}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_query_is_no_results_and_no_list() {
    let is_query = "this is a query in KQL, and no";
    check(&[
        ("apply rule.kql", &[is_query, "export", "quell import rule.kql"]),
        ("rows rule.kql", &[is_query, "quell import rule.kql"]),
        ("suggest rule.kql --group 1", &[is_query]),
        ("explain rule.kql --row 1", &[is_query]),
        ("apply hunt.csv -e rule.kql", &[is_query, "quell import rule.kql"]),
        ("lint -e rule.kql", &[is_query]),
        ("kql -e rule.kql", &[is_query, "quell splice rule.kql"]),
        ("lint rule.kql", &["--rule rule.kql"]),
        ("kql rule.kql", &["quell splice rule.kql"]),
        ("apply hunt.csv -e list.yaml --rule rule.kql", &["a query alone", "--rule-id"]),
    ]);
}

#[test]
fn results_are_no_rule_no_schema_and_no_list() {
    check(&[
        ("import hunt.csv", &["this is CSV", "quell apply hunt.csv"]),
        ("splice hunt.csv -e list.yaml", &["this is CSV", "quell apply hunt.csv"]),
        ("lint -e list.yaml --rule hunt.csv", &["this is CSV", "quell apply hunt.csv"]),
        ("apply hunt.csv --rule hunt.csv", &["this is CSV"]),
        ("kql hunt.csv", &["quell apply hunt.csv"]),
        ("lint hunt.csv", &["quell lint --results hunt.csv"]),
        ("lint -e hunt.csv", &["this is CSV", "quell apply hunt.csv"]),
        ("accept list.yaml -e hunt.csv", &["an exclusion list", "quell apply"]),
        ("schema hunt.csv", &["this is CSV", "quell apply hunt.csv"]),
        ("apply hunt.csv --schema hunt.csv", &["this is CSV"]),
        ("apply hunt.csv -e list.yaml --parameters hunt.csv", &["one a line: `name: value`"]),
        ("diff hunt.csv hunt.csv", &["quell diff LIST --results hunt.csv --against hunt.csv"]),
        (
            "diff hunt.csv hunt.csv --results hunt.csv",
            &["this is CSV", "quell diff LIST --results hunt.csv --against"],
        ),
        ("init hunt.csv", &["hunt.csv: this is a file", "quell init"]),
    ]);
}

#[test]
fn lists_and_rules_are_no_results() {
    check(&[
        ("apply list.yaml", &["no results of a hunt", "`-e list.yaml`"]),
        ("apply rule.yaml -e list.yaml", &["no results of a hunt", "--rule"]),
        ("lint -e list.yaml --rule list.yaml", &["this is an exclusion list", "`-e list.yaml`"]),
        ("import list.yaml", &["this is an exclusion list"]),
        ("schema list.yaml", &["this is an exclusion list", "quell lint -e list.yaml"]),
        ("lint -e rule.yaml", &["this is a rule", "--rule"]),
        ("test -e list.yaml --keep list.yaml", &["no results of a hunt"]),
    ]);
}

/// Schemas that are not those of the results.
#[test]
fn a_schema_of_another_product_is_told_with_the_right_one() {
    check(&[
        (
            "apply hunt.csv -e list.yaml --schema sysmon",
            &["its columns are those of defender", "without --schema"],
        ),
        ("explain hunt.csv --row 1 -e list.yaml --schema ecs", &["its columns are those of defender"]),
        ("apply hunt.csv -e list.yaml --schema defendr", &["did you mean `defender`?"]),
    ]);
    // Where the schema is right, no other is proposed.
    let folder = folder();
    fs::write(folder.path().join("list.yaml"), LIST.replace("process.name", "process.path")).unwrap();
    let said = refused(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml", "--schema", "defender"]);
    assert!(said.contains("there is no column") && !said.contains("those of"), "{said}");
}

/// A wildcard or a path in a regular expression.
#[test]
fn an_expression_that_is_a_wildcard_or_a_path_is_told_so() {
    let folder = folder();
    for (value, wanted) in [
        (
            "'*.exe'",
            &["`*` stands for any text only without `|re`", "`process.path: '*.exe'`", r"'.*\.exe$'"][..],
        ),
        ("'?:\\x'", &["`?` stands for one character only without `|re`"]),
        (r"'C:\Users\a.exe'", &["a backslash of a path is doubled", r"'C:\\Users\\a.exe'"]),
        ("'a('", &["Rust's regex crate"]),
    ] {
        let list = format!("exclusions:\n- id: a\n  when: {{process.path|re: {value}}}\n");
        fs::write(folder.path().join("list.yaml"), list).unwrap();
        let said = refused(folder.path(), &["lint", "-e", "list.yaml"]);
        assert!(wanted.iter().all(|wanted| said.contains(wanted)), "{value}: {said}");
    }
}

/// A query alone in its file is a rule for lint.
#[test]
fn lint_reads_a_query_without_a_rule_around_it() {
    let folder = folder();
    let list = "exclusions:\n- id: a\n  when: {process.name: a.exe, destination.ip: 10.0.0.1}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    let codes = |rule: &str| {
        let output = quell(folder.path(), &["lint", "-e", "list.yaml", "--rule", rule, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let inside = QUERY.replace('\n', "\n  ");
    fs::write(folder.path().join("same.yaml"), format!("id: a\nname: b\nquery: |\n  {inside}\n")).unwrap();
    assert!(codes("same.yaml").contains(&"already-in-rule".to_owned()), "{:?}", codes("same.yaml"));
    assert_eq!(codes("rule.kql"), codes("same.yaml"));
}

/// Files that are not there, not readable, or no files.
#[test]
fn what_is_no_file_to_read_is_told_with_what_to_name() {
    check(&[
        ("apply - - -e list.yaml", &["standard input is named 2 times"]),
        ("apply no*.csv -e list.yaml", &["no file matches this pattern", "is this the right folder"]),
        ("apply hunt.csv -e *.yaml", &["no pattern", "-e FOLDER"]),
        ("apply hunt.csv -e -", &["standard input is read as results"]),
        ("import -", &["standard input is read as results"]),
        ("apply hunt.csv -e list.yaml -e list.yaml", &["this list is named twice"]),
        ("apply hunt.csv --rule nothing", &["nothing is a folder", "name a file in it"]),
        ("apply hunt.csv --schema nothing", &["nothing is a folder", "name a file in it"]),
        ("apply hunt.csv --parameters nothing", &["nothing is a folder"]),
        ("apply nothing", &["nothing is a folder", "there is no file in it"]),
        ("apply .", &[". is a folder", "./header.csv"]),
        ("explain hunt.csv --row x -e list.yaml", &["a whole number", "3"]),
        ("apply hunt.csv --threads x", &["a whole number"]),
        ("explain hunt.csv -e list.yaml", &["quell explain hunt.csv --row 1"]),
        ("list -e list.yaml --results header.csv", &["there are no rows"]),
        ("lint -e list.yaml --results header.csv", &["there are no rows", "give results with rows"]),
        ("apply brace.json -e list.yaml", &["holds no row"]),
        ("apply gone.json -e list.yaml", &["there is no such file"]),
        ("apply hunt.jsn -e list.yaml", &["did you mean `hunt.csv`?"]),
    ]);
}

/// A file that somebody else may read.
#[cfg(unix)]
#[test]
fn a_file_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = folder();
    let set = |name: &str, mode| {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("", 0o755);
    // A program of its own place, which everybody may run.
    let program = folder.path().join("quell");
    fs::copy(env!("CARGO_BIN_EXE_quell"), &program).unwrap();
    set("quell", 0o755);
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0);
    for (name, arguments) in [
        ("hunt.csv", &["apply", "hunt.csv", "-e", "list.yaml"][..]),
        ("list.yaml", &["apply", "hunt.csv", "-e", "list.yaml"]),
        ("rule.yaml", &["import", "rule.yaml"]),
    ] {
        set(name, 0);
        let mut command = Command::new(&program);
        command.current_dir(folder.path()).args(arguments);
        if is_root {
            // Root may read everything.
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(&format!("{name}: ")) && said.contains("you may not read it"), "{said}");
        set(name, 0o644);
    }
}

/// What other programs write: PowerShell's `>`, a download that broke off, a form of XML.
#[test]
fn what_other_programs_write_is_told() {
    let folder = folder();
    let utf16 = |text: &str, mark: &str| -> Vec<u8> {
        format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("u16.yaml", &utf16(LIST, "\u{feff}"));
    write("u16le.yaml", &utf16(LIST, ""));
    write("latin.yaml", b"exclusions:\n- id: a\n  owner: Jos\xe9\n  when: {process.name: a}\n");
    write("cut.json", b"{\"results\":[{\"Timestamp\":\"2026-11-16T08:00:00Z\",\"DeviceName\":\"p");
    write("x.xml", b"<?xml version=\"1.0\"?>\n<Events/>\n");
    for (arguments, wanted) in [
        (["lint", "-e", "u16.yaml"], &["this is UTF-16", "Set-Content -Encoding utf8"][..]),
        (["lint", "-e", "u16le.yaml"], &["this is UTF-16"]),
        (["lint", "-e", "latin.yaml"], &["line 3 is not UTF-8"]),
        (["apply", "x.xml", "-edocumented"], &["an XML document", "CSV or JSON"]),
        (["apply", "cut.json", "-edocumented"], &["cut off inside of its first row"]),
        (["import", "--text", "process.name"], &["process.name != \"setup.exe\""]),
        (["import", "--text", "process.name == 'a'"], &["process.name != \"setup.exe\""]),
    ] {
        let said = refused(folder.path(), &arguments);
        assert!(wanted.iter().all(|wanted| said.contains(wanted)), "{arguments:?}: {said}");
    }
}
