//! Parameters: what a site fills in, and that nothing is live before it has.

use quell::exclusions::Parameters;
use quell::exclusions::validate::{ListText, load_with};
use quell::schema::Schemas;
use serde_json::Value;
use std::fs;
use std::process::{Command, Output};

const LIST: &str = "parameters:
  server: {meaning: Your servers, example: 10.20.30.40}
exclusions:
  - id: a
    when: {process.name: agent.exe, destination.ip: '${server}'}
    cases:
      suppress: [{process.name: agent.exe, destination.ip: '${server}'}]
      keep: [{process.name: agent.exe, destination.ip: 198.51.100.7}]
";

fn quell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).args(arguments).output().unwrap()
}

/// The rows that are suppressed of one to each address.
fn suppressed(arguments: &[&str]) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let (list, rows, site) =
        (folder.path().join("list.yaml"), folder.path().join("rows.csv"), folder.path().join("site.yaml"));
    fs::write(&list, LIST).unwrap();
    fs::write(&site, "server: [10.0.0.1, 10.0.0.2/31]\nother_list: x\n").unwrap();
    let addresses = ["10.20.30.40", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.9.9.9"];
    let lines: String =
        addresses.iter().map(|ip| format!("2026-11-24T00:00:00Z,d,agent.exe,{ip}\n")).collect();
    fs::write(&rows, format!("Timestamp,DeviceName,InitiatingProcessFileName,RemoteIP\n{lines}")).unwrap();
    let given = arguments.iter().map(|argument| argument.replace("SITE", site.to_str().unwrap()));
    let mut all: Vec<String> =
        ["apply", rows.to_str().unwrap(), "--format", "json", "-e"].map(str::to_owned).to_vec();
    all.push(list.to_str().unwrap().to_owned());
    all.extend(given);
    let output = quell(&all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["totals"]["suppressed"].as_u64().unwrap()
}

#[test]
fn values_come_from_a_file_or_the_command_line_which_wins() {
    assert_eq!(suppressed(&["--parameters", "SITE"]), 3);
    assert_eq!(suppressed(&["--set", "server=10.9.9.9"]), 1);
    assert_eq!(suppressed(&["--set", "server=10.9.9.9", "--set", "server=10.0.0.1-10.0.0.2"]), 3);
    assert_eq!(suppressed(&["--parameters", "SITE", "--set", "server=10.9.9.9"]), 1);
}

/// Whatever suppresses or ships refuses a parameter that is not filled in; what examines lists takes examples.
#[test]
fn an_example_is_never_live() {
    for command in [
        &["apply", "samples/action1-hunt.csv", "-e", "field"][..],
        &["explain", "samples/action1-hunt.csv", "--row", "1", "-e", "field/kaseya"],
        &["kql", "-e", "field/sccm"],
        &["splice", "samples/action1.yaml", "-e", "field/altiris.yaml"],
    ] {
        let output = quell(command);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{command:?}");
        assert!(told.contains("unset-parameter") && told.contains("--set"), "{command:?}: {told}");
    }
    for command in ["test", "lint"] {
        assert_eq!(quell(&[command, "-e", "field"]).status.code(), Some(0), "{command}");
    }
}

#[test]
fn a_setting_that_no_list_has_is_an_error() {
    let output = quell(&[
        "kql",
        "-e",
        "field/sccm",
        "--set",
        "management_point=10.0.0.1",
        "--set",
        "vsa_srv=10.0.0.1",
    ]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("`vsa_srv`"), "{told}");
}

/// A list with other mistakes does not hide that a name is misspelt; one that is no list cannot tell.
#[test]
fn a_misspelt_parameter_is_said_beside_the_mistakes_of_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let site = folder.path().join("site.yaml");
    fs::write(&site, "servr: 10.0.0.1\n").unwrap();
    let told = |text: String, given: [&str; 2]| {
        fs::write(&list, text).unwrap();
        let output =
            quell(&["apply", "samples/action1-hunt.csv", "-e", list.to_str().unwrap(), given[0], given[1]]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    for given in [["--set", "servr=10.0.0.1"], ["--parameters", site.to_str().unwrap()]] {
        let wrong = told(LIST.replace("process.name: agent.exe, d", "proces.name: agent.exe, d"), given);
        assert!(wrong.contains("no field or column `proces.name`"), "{wrong}");
        assert!(wrong.contains("has the parameter `servr`") && wrong.contains("`server`"), "{wrong}");
        let no_list = told(LIST.replace("exclusions:", "exclusions"), given);
        assert!(no_list.contains("a colon is missing") && !no_list.contains("`servr`"), "{no_list}");
    }
}

/// A file of parameters with a slip of the pen.
#[test]
fn a_file_of_parameters_says_how_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site.yaml");
    for (text, wanted) in [
        ("server: *\\a\n", "`server: '*\\a'`"),
        ("server:\n\t- 10.0.0.1\n", "`  - 10.0.0.1`"),
        ("server:10.0.0.1\n", "one a line: `name: value`"),
        ("- server: 10.0.0.1\n", "one a line: `name: value`"),
        ("server: {value: 10.0.0.1}\n", "`server: 10.0.0.1`"),
    ] {
        fs::write(&site, text).unwrap();
        let output = quell(&["apply", "samples/action1-hunt.csv", "--parameters", site.to_str().unwrap()]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && told.contains(wanted), "{text}: {told}");
    }
}

/// The cases of a list hold for every site: a cell that names a parameter follows it.
#[test]
fn cases_follow_what_is_filled_in() {
    let lists = [ListText { file: "list.yaml".into(), text: LIST.into() }];
    for value in ["10.0.0.1", "10.0.0.0/8", "10.1.0.7-10.1.0.9", "2001:db8::/32"] {
        let mut parameters = Parameters::default();
        parameters.add("server", value);
        let exclusions = load_with(&lists, &Schemas::built_in(), &parameters).unwrap();
        assert!(quell::cases::run(&exclusions[0]).iter().all(|case| case.passed), "{value}");
    }
}

/// A list with parameters can be cut down like any other.
#[test]
fn prune_writes_a_list_with_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let head = "parameters:\n  server: {meaning: Your servers, example: 10.20.30.40}\nexclusions:\n  - id: live\n    when: {process.name: CcmExec.exe, destination.ip: '${server}'}\n";
    fs::write(
        &list,
        format!("{head}  - id: dead\n    when: {{process.name: none.exe, destination.ip: '${{server}}'}}\n"),
    )
    .unwrap();
    let name = list.to_str().unwrap();
    let output = quell(&[
        "prune",
        "-e",
        name,
        "--set",
        "server=10.10.10.10",
        "--results",
        "samples/action1-hunt.csv",
        "--write",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(&list).unwrap(), head);
}

/// An example that nobody has is the best one, and is no placeholder that somebody forgot; what a site gives may be.
#[test]
fn an_example_is_no_placeholder_and_a_value_may_be_one() {
    let lint = |set: &[&str]| quell(&[&["lint", "-e", "field/sccm", "--format", "json"], set].concat());
    assert_eq!(lint(&[]).status.code(), Some(0));
    let output = lint(&["--set", "management_point=198.51.100.40"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("placeholder-address"), "{said}");
}

/// What edits lists leaves the base of the cases as it is.
#[test]
fn lists_with_a_base_are_edited_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let name = list.to_str().unwrap();
    let cases = "    cases:\n      keep: [{process.name: [none.exe, '']}]\n      base: {process.name: CcmExec.exe,\n        destination.ip: 10.10.10.10} # mine\n      suppress: [{}]\n";
    let live = |ip: &str| {
        format!(
            "exclusions:\n  - id: live\n    when: {{process.name: CcmExec.exe, destination.ip: {ip}}}\n{cases}"
        )
    };
    let dead =
        format!("  - id: dead\n    when: {{process.name: none.exe}}\n{}", cases.replace("CcmExec", "none"));
    fs::write(&list, live("10.10.10.10") + &dead).unwrap();
    let output = quell(&["prune", "-e", name, "--results", "samples/action1-hunt.csv", "--write"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(&list).unwrap(), live("10.10.10.10"));
    fs::write(&list, live("[10.10.10.10, 10.10.10.10]")).unwrap();
    let output = quell(&["lint", "--fix", "-e", name]);
    assert_eq!(fs::read_to_string(&list).unwrap(), live("[10.10.10.10]"), "{output:?}");
}
