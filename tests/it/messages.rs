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
    assert!(!said.contains("there is no such file"), "{said}");
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
        (r"{process.path: *\CCM\*}", r"into single quotes: '*\CCM\*'"),
        ("{process.path: %WINDIR%}", "into single quotes: '%WINDIR%'"),
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

/// An option that does nothing where it is given is an error that says what it needs.
#[test]
fn options_that_would_do_nothing_are_refused() {
    let folder = folder();
    fs::write(
        folder.path().join("rule.yaml"),
        "id: a\nname: b\nquery: |\n  DeviceNetworkEvents\n  | where true\n",
    )
    .unwrap();
    fs::write(folder.path().join("block.kql"), "// quell:begin\n| where true\n// quell:end\n").unwrap();
    fs::write(folder.path().join("impact.json"), "[]").unwrap();
    let condition = "process.name != \"a\"";
    for (option, arguments) in [
        ("--values", vec!["kql", "-e", "list.yaml", "--form", "let", "--values", "v.csv"]),
        ("--since", vec!["kql", "-e", "list.yaml", "--form", "where", "--since", "7d"]),
        ("--watchlist", vec!["kql", "-e", "list.yaml", "--watchlist", "w"]),
        ("--url", vec!["kql", "-e", "list.yaml", "--form", "watchlist", "--values", "v.csv", "--url", "u"]),
        ("--no-expiry-guard", vec!["kql", "-e", "list.yaml", "--form", "nrt", "--no-expiry-guard"]),
        ("-e", vec!["splice", "rule.yaml", "--remove", "-e", "list.yaml"]),
        ("--form", vec!["splice", "rule.yaml", "--block", "block.kql", "--form", "let"]),
        ("--today", vec!["splice", "rule.yaml", "--block", "block.kql", "--today", "2026-11-24"]),
        ("--delimiter", vec!["import", "--text", condition, "--delimiter", ";"]),
        ("2 ids", vec!["import", "--text", condition, "--id", "a", "--id", "b"]),
        ("--reading", vec!["import", "rule.yaml", "--reading", "scoped"]),
        ("--id", vec!["import", "rule.yaml", "--id", "a"]),
        ("--results", vec!["import", "rule.yaml", "--results", "hunt.csv"]),
        ("--stale-after", vec!["lint", "-e", "list.yaml", "--stale-after", "3"]),
        ("--allow-missing-columns", vec!["lint", "-e", "list.yaml", "--allow-missing-columns"]),
        ("--rule-id", vec!["lint", "-e", "list.yaml", "--rule-id", "a"]),
        ("--fix", vec!["lint", "-e", "documented", "--fix"]),
        ("--input-format", vec!["test", "-e", "list.yaml", "--input-format", "csv"]),
        ("--min-score", vec!["test", "-e", "list.yaml", "--min-score", "9"]),
        (
            "--allow-missing-columns",
            vec!["probe", "-e", "list.yaml", "--malicious", "hunt.csv", "--allow-missing-columns"],
        ),
        ("--all", vec!["explain", "hunt.csv", "--row", "1", "--all", "--format", "json"]),
        ("--report-rows", vec!["apply", "hunt.csv", "--report-rows", "9"]),
        ("--malicious", vec!["apply", "hunt.csv", "--report", "a.md", "--malicious", "hunt.csv"]),
        ("--groups", vec!["apply", "hunt.csv", "--groups", "3", "--format", "json"]),
        ("--dedupe", vec!["apply", "--from-impact", "impact.json", "--dedupe"]),
        ("--delimiter", vec!["apply", "--from-impact", "impact.json", "--delimiter", ";"]),
        ("--group-by", vec!["apply", "--from-impact", "impact.json", "--group-by", "user.name"]),
        ("--rule", vec!["list", "-e", "list.yaml", "--rule", "rule.yaml"]),
        ("--delimiter", vec!["list", "-e", "list.yaml", "--delimiter", ";"]),
        ("--top", vec!["rows", "hunt.csv", "--format", "rows", "--top", "3"]),
        ("--group-by", vec!["rows", "hunt.csv", "--group-by", "user.name"]),
        ("the name of a schema", vec!["schema", "defender", "--json", "report"]),
    ] {
        let said = refused(folder.path(), &arguments);
        assert!(said.contains(option), "{arguments:?}: {said}");
    }
}

#[test]
fn options_that_do_something_are_taken() {
    let folder = folder();
    fs::write(folder.path().join("rule.yaml"), "id: a\nname: b\nquery: |\n  DeviceNetworkEvents\n").unwrap();
    for arguments in [
        vec!["kql", "-e", "list.yaml", "--form", "impact", "--since", "7d"],
        vec!["kql", "-e", "list.yaml", "--form", "watchlist", "--values", "v.csv", "--watchlist", "w"],
        vec!["splice", "rule.yaml", "--remove"],
        vec!["apply", "hunt.csv", "--groups", "3", "--format", "json", "--report", "a.md"],
    ] {
        let output = quell(folder.path(), &arguments);
        assert_ne!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// What a rule that is deployed would lack is said where the clause is made, whatever the exit code.
#[test]
fn what_is_unset_or_expired_in_a_rule_is_said() {
    let folder = folder();
    let list = "exclusions:\n- {id: old, expires: 2026-01-01, when: {process.name: a.exe}}\n- {id: live, when: {process.name: b.exe}}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    fs::write(folder.path().join("rule.yaml"), "id: a\nname: b\nquery: |\n  DeviceNetworkEvents\n").unwrap();
    fs::write(folder.path().join("none.yaml"), "id: a\nname: b\n").unwrap();
    let said = |arguments: &[&str]| String::from_utf8(quell(folder.path(), arguments).stderr).unwrap();
    for arguments in
        [&["kql", "-e", "list.yaml"][..], &["splice", "rule.yaml", "-e", "list.yaml", "--in-place"]]
    {
        assert!(
            said(arguments).contains("expired, so not in the clause: old"),
            "{arguments:?}: {}",
            said(arguments)
        );
        let before = said(&[arguments, &["--today", "2025-12-31"]].concat());
        assert!(!before.contains("expired"), "{before}");
    }
    for command in [&["kql"][..], &["splice", "rule.yaml", "--diff"]] {
        let form = ["-e", "list.yaml", "--form", "externaldata", "--values", "v.csv"];
        let arguments = [command, &form].concat();
        assert!(said(&arguments).contains("no --url was given"), "{}", said(&arguments));
        let arguments = [&arguments[..], &["--url", "https://example.com/v.csv"]].concat();
        assert!(!said(&arguments).contains("no --url"), "{}", said(&arguments));
    }
    for arguments in [&["splice", "none.yaml", "-e", "list.yaml", "--check"][..], &["import", "none.yaml"]] {
        let output = quell(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(arguments).contains("none.yaml: no query was found in it"), "{}", said(arguments));
    }
    // Beside a rule with a query it is said, too, and a condition is in it.
    fs::write(folder.path().join("typed.kql"), "DeviceNetworkEvents\n| where RemoteUrl !~ 'x'\n").unwrap();
    let output = quell(folder.path(), &["import", "none.yaml", "typed.kql"]);
    assert_eq!(output.status.code(), Some(1), "something is to look at");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("none.yaml: no query was found in it") && said.contains("1 imported"), "{said}");
}

/// Likely mistakes on the command line: what was probably meant stands in the answer.
#[test]
fn a_command_line_that_cannot_be_read_says_what_was_meant() {
    let folder = folder();
    fs::write(folder.path().join("rule.yaml"), "id: a\nname: b\nquery: |\n  DeviceNetworkEvents\n").unwrap();
    for (arguments, wanted) in [
        (vec!["hunt.csv"], "quell apply hunt.csv"),
        (vec!["aply", "hunt.csv"], "'apply'"),
        (vec!["lint", "list.yaml"], "quell lint -e list.yaml"),
        (vec!["test", "list.yaml"], "quell test -e list.yaml"),
        (vec!["kql", "list.yaml"], "quell kql -e list.yaml"),
        (vec!["fmt", "exclusions/"], "quell fmt -e exclusions/"),
        (vec!["list", "list.yaml"], "quell list -e list.yaml"),
        (vec!["apply", "hunt.csv", "--exclusion", "list.yaml"], "--exclusions"),
        (vec!["apply", "hunt.csv", "list.yaml"], "`-e list.yaml`"),
        (vec!["apply", "rule.yaml"], "if it is a rule, with --rule"),
        (vec!["apply", "hunt.cvs", "-e", "list.yaml"], "did you mean `hunt.csv`?"),
        (vec!["apply", "hunt.csv", "-e", "lst.yaml"], "did you mean `list.yaml`?"),
        (vec!["apply", "hunt.csv", "--rule", "rules.yaml"], "did you mean `rule.yaml`?"),
        (vec!["apply", "gone/hunt.csv"], "there is no folder gone"),
        (vec!["apply", "hunt.csv", "--kept", "gone/kept.csv"], "there is no folder gone"),
        (vec!["apply", "hunt.csv", "--today", "31.12.2026"], "such as 2027-05-31"),
        (vec!["apply", "hunt.csv", "--today", "20261231"], "such as 2027-05-31"),
        (vec!["list", "-e", "list.yaml", "--expiring", "a month"], "such as 30d"),
        (vec!["lint"], "quell lint -e exclusions/"),
        (vec!["rows", "hunt.csv", "--where", "process.nam=x"], "did you mean `process.name`"),
    ] {
        let said = refused(folder.path(), &arguments);
        assert!(said.contains(wanted), "{arguments:?}: {said}");
    }
    let said = refused(folder.path(), &["apply", "hunt.csv", "-e", "."]);
    assert!(
        said.contains("rule.yaml:1:1") && said.contains("this is a rule") && !said.contains("unknown-key"),
        "{said}"
    );
    // What is not probably meant is not proposed.
    let said = refused(folder.path(), &["hunt"]);
    assert!(!said.contains("quell apply hunt"), "{said}");
    let said = refused(folder.path(), &["lint", "--list.yaml"]);
    assert!(!said.contains("-e --list"), "{said}");
}

#[test]
fn blanks_around_the_sign_of_a_condition_are_no_part_of_it() {
    let folder = folder();
    for condition in
        ["process.name=a.exe", "process.name = a.exe", "process.name == a.exe", " process.name=A.EXE"]
    {
        let output = quell(folder.path(), &["explain", "hunt.csv", "-e", "list.yaml", "--where", condition]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with("row 1 "), "{condition}: {said}");
    }
}

/// Likely mistakes in a list.
#[test]
fn mistakes_of_shape_say_how_it_is_written() {
    let folder = folder();
    for (list, wanted) in [
        ("- id: a\n  when: {process.name: a}\n", "write `exclusions:` on a line above it"),
        ("exclusions:\n- id: a\n  when: process.name == a\n", "quell import --text"),
        ("exclusions:\n- id: a\n  when: - process.name: a\n", "on a line of their own"),
        ("exclusions:\n- id: a\n  when:\n  process.name: a\n", "a field stands below `when:`"),
        ("exclusions:\n- id: a\n  when: {process.name: a, process.name: b}\n", "`process.name: [a, b]`"),
        ("exclusions:\n- id: a\n  when: {destination.port: '>1024'}\n", "1025-65535"),
        ("exclusions:\n- id: a\n  when: {destination.port: '>= 1024'}\n", "1024-65535"),
        ("exclusion:\n- id: a\n  when: {process.name: a}\n", "did you mean `exclusions`?"),
        ("exclusions:\n- id: a\n  when: {process.name|regex: a}\n", "did you mean `re`?"),
        ("exclusions:\n- id: a\n  when: {process.name|startwith: a}\n", "did you mean `startswith`?"),
        ("exclusions:\n- id: a\n  expires: in 90 days\n  when: {process.name: a}\n", "year, month and day"),
    ] {
        fs::write(folder.path().join("l.yaml"), list).unwrap();
        let said = refused(folder.path(), &["lint", "-e", "l.yaml"]);
        assert!(said.contains(wanted), "{list}: {said}");
    }
}

/// A column that nobody can read makes every exclusion that names it undecidable, and somebody has to be told why.
#[test]
fn cells_that_cannot_be_read_are_told_with_an_example() {
    let folder = folder();
    let list = "exclusions:\n- id: a\n  when: {process.name: a.exe, destination.ip: 10.0.0.1, destination.port: 443}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    let head = "Timestamp,DeviceName,InitiatingProcessFileName,RemoteIP,RemotePort\n";
    let said = |rows: &[(&str, &str)], more: &[&str]| {
        let rows: String =
            rows.iter().map(|(ip, port)| format!("2026-11-16T08:00:00Z,pc,a.exe,{ip},{port}\n")).collect();
        fs::write(folder.path().join("hunt.csv"), format!("{head}{rows}")).unwrap();
        let arguments = [&["apply", "hunt.csv", "-e", "list.yaml", "--format", "json"], more].concat();
        let output = quell(folder.path(), &arguments);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let warnings = report["warnings"].as_array().unwrap().iter();
        let unreadable = warnings.filter(|warning| warning["code"] == "unreadable");
        unreadable.map(|warning| warning["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (ip, port, wanted) in [
        (
            "10.0.0.1",
            "443.0",
            &["NO CELL of RemotePort could be read as a number, e.g. `443.0`", "Int64"][..],
        ),
        ("10.0.0.1", "https", &["NO CELL of RemotePort", "e.g. `https`", "in digits"]),
        ("server.corp", "443", &["NO CELL of RemoteIP could be read as an address", "destination.domain"]),
        ("10.0.0.1:443", "443", &["NO CELL of RemoteIP", "stands alone"]),
    ] {
        for threads in [&["--threads", "1"], &["--threads", "3"]] {
            // An empty cell is no value and no mistake.
            let found = said(&[("", ""), (ip, port), (ip, port)], threads);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(wanted.iter().all(|part| found[0].contains(part)), "{found:?}");
        }
    }
    // Many that cannot be read are counted, whatever the others are; a few among many are not.
    for (unreadable, others, is_said) in
        [(10, 10, true), (10, 980, true), (10, 991, false), (9, 9, false), (20_000, 20_000, true)]
    {
        for threads in [&["--threads", "1"], &["--threads", "3"]] {
            let mut rows = vec![("10.0.0.1", "443"); others];
            rows.resize(others + unreadable, ("10.0.0.1", "443.0"));
            let found = said(&rows, threads);
            assert_eq!(found.len(), usize::from(is_said), "{unreadable} {others} {found:?}");
            let wanted =
                format!("{unreadable} CELLS of RemotePort COULD NOT BE READ as a number, e.g. `443.0`");
            assert!(
                found.iter().all(|found| found.contains(&wanted) && found.contains("Int64")),
                "{found:?}"
            );
        }
    }
    // Where one cell can be read, and where all are empty, there is nothing to say.
    for rows in
        [&[("10.0.0.1", "443.0"), ("10.0.0.1", "443")][..], &[("10.0.0.1", "443"), ("x", "y")], &[("", "")]]
    {
        assert_eq!(said(rows, &[]), Vec::<String>::new(), "{rows:?}");
    }
}

/// A name that no list has as a parameter is somebody's misspelling, wherever it is given.
#[test]
fn a_misspelt_parameter_is_refused_everywhere() {
    let folder = folder();
    let list = "parameters:\n  server: {meaning: the server, example: 10.0.0.1}\nexclusions:\n- id: a\n  when: {process.name: a.exe, destination.ip: '${server}'}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    fs::write(folder.path().join("wrong.yaml"), "servr: 10.0.0.1\n").unwrap();
    // One file may serve several lists.
    fs::write(folder.path().join("site.yaml"), "server: 10.0.0.1\nproxy: 10.0.0.2\n").unwrap();
    for command in [
        &["test", "-e", "list.yaml"][..],
        &["lint", "-e", "list.yaml"],
        &["list", "-e", "list.yaml"],
        &["probe", "-e", "list.yaml", "--malicious", "hunt.csv"],
        &["apply", "hunt.csv", "-e", "list.yaml"],
        &["kql", "-e", "list.yaml"],
        &["diff", "list.yaml", "list.yaml", "--results", "hunt.csv"],
    ] {
        let is_known = |more: &[&str]| {
            let said = String::from_utf8(quell(folder.path(), &[command, more].concat()).stderr).unwrap();
            !said.contains("no list that was loaded has")
        };
        if command[0] != "diff" {
            for more in [&["--set", "servr=10.0.0.1"][..], &["--parameters", "wrong.yaml"]] {
                let said = refused(folder.path(), &[command, more].concat());
                let wanted = "no list that was loaded has the parameter `servr`";
                assert!(
                    said.contains(wanted) && said.contains("did you mean `server`?"),
                    "{command:?}: {said}"
                );
            }
        }
        let both = ["--set", "server=10.0.0.1", "--set", "servr=10.0.0.1"];
        assert!(!is_known(&both), "{command:?}");
        assert!(is_known(&["--parameters", "site.yaml"]), "{command:?}");
    }
    // Of a list that cannot be read nobody knows it.
    fs::write(folder.path().join("list.yaml"), "exclusions: [").unwrap();
    let said = refused(folder.path(), &["test", "-e", "list.yaml", "--set", "server=1"]);
    assert!(!said.contains("no list that was loaded has"), "{said}");
}

/// Values that no cell has, for the way they were typed.
#[test]
fn values_that_were_typed_as_no_list_takes_them_are_told() {
    let folder = folder();
    let said = |when: &str| {
        fs::write(folder.path().join("l.yaml"), format!("exclusions:\n- id: a\n  when: {{{when}}}\n"))
            .unwrap();
        let output = quell(folder.path(), &["lint", "-e", "l.yaml"]);
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    for (when, wanted) in [
        ("process.name: 'setup.exe, sccmclient'", "several values are a list"),
        ("destination.domain: 'a.example,b.example'", "several values are a list"),
        ("process.name: \u{201c}setup.exe\u{201d}", "typographic quotation marks"),
        ("process.path: '\u{2018}C:\\a\\b.exe\u{2019}'", "typographic quotation marks"),
        ("process.name: '!setup.exe'", "there is no negation"),
        ("destination.domain: '!a.example'", "there is no negation"),
    ] {
        let (_, said) = said(when);
        assert!(said.contains("never-matches") && said.contains(wanted), "{when}: {said}");
    }
    for when in [
        "process.name: 'Tools, Inc.exe'",
        "process.name|contains: '!'",
        "process.command_line: '!a, b.exe, c'",
    ] {
        let (_, said) = said(when);
        assert!(!said.contains("never-matches"), "{when}: {said}");
    }
    for field in ["process.path", "process.command_line|contains", "process.path|re"] {
        let (code, said) = said(&format!(r#"{field}: "C:\temp\new""#));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(r"use single quotes: 'C:\temp\new'"), "{said}");
    }
    let (code, message) = said(r#"process.path: "C:\Program Files\*""#);
    assert!(code == Some(2) && message.contains("use single quotes"), "{message}");
    let (_, message) = said(r#"process.path: "C:\\new\\a\U0000200b.exe""#);
    assert!(!message.contains("control-character"), "{message}");
    for (when, wanted) in [
        ("destination.port: '443, 8530'", "several values are a list: [443, 8530]"),
        ("destination.ip: '10.0.0.1, 10.0.0.2'", "several values are a list: [10.0.0.1, 10.0.0.2]"),
        ("destination.ip: server.corp.example", "a host name goes into destination.domain"),
        ("destination.ip: 10.0.0.0/33", "write an address"),
        ("destination.port: https", "write a number"),
    ] {
        let (code, said) = said(when);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(wanted), "{when}: {said}");
    }
}

#[test]
fn malicious_rows_that_were_summarised_are_refused() {
    let folder = folder();
    fs::write(folder.path().join("sum.csv"), "InitiatingProcessFileName,DeviceName,count_\na.exe,pc,3\n")
        .unwrap();
    let list = "exclusions:\n- id: a\n  when: {process.name: a.exe, destination.ip: 10.0.0.1}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    let probe = ["probe", "-e", "list.yaml", "--malicious", "sum.csv", "--schema", "defender"];
    let page = ["apply", "hunt.csv", "-e", "list.yaml", "--report", "r.html", "--malicious", "sum.csv"];
    for arguments in [&probe[..], &page] {
        let said = refused(folder.path(), arguments);
        assert!(said.contains("these results are summarised"), "{said}");
    }
}

#[test]
fn a_delimiter_that_the_file_does_not_have_is_told() {
    let folder = folder();
    let said = refused(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml", "--delimiter", ";"]);
    assert!(
        said.contains("it looks separated by commas") && said.contains("leave --delimiter out"),
        "{said}"
    );
    fs::write(folder.path().join("long.csv"), format!("{}\nx\n", "é".repeat(800))).unwrap();
    let said = refused(folder.path(), &["apply", "long.csv", "-e", "list.yaml"]);
    assert!(said.len() < 600, "{said}");
}

/// A file of the wrong kind is named as what it is, with the place where it belongs.
#[test]
fn a_file_of_another_kind_is_told_where_it_belongs() {
    let folder = folder();
    for (name, text) in [
        ("data.json", r#"{"data": [{"Timestamp": "2026-11-16T08:00:00Z", "DeviceName": "pc"}]}"#.to_owned()),
        ("headless.csv", ROWS.lines().nth(1).unwrap().to_owned() + "\n"),
        ("title.csv", format!("Hunt of Monday\n{ROWS}")),
        ("empty.yaml", "exclusions: []\n".to_owned()),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::create_dir(folder.path().join("hunts.csv")).unwrap();
    fs::remove_file(folder.path().join("hunt.csv")).unwrap();
    fs::write(folder.path().join("rows.csv"), ROWS).unwrap();
    for (arguments, wanted) in [
        ("apply rows.csv -e rows.csv", "results stand without -e"),
        ("splice rows.csv -e list.yaml", "this is CSV, and no rule"),
        ("splice list.yaml -e list.yaml", "this is an exclusion list, and no rule"),
        ("import rows.csv", "this is CSV, and no rule"),
        ("import list.yaml", "lists are named with -e"),
        ("apply rows.csv -e list.yaml --rule list.yaml", "`-e list.yaml`"),
        ("prune rows.csv", "quell prune --results rows.csv"),
        ("lint rows.csv", "quell lint --results rows.csv"),
        ("test rows.csv", "quell apply rows.csv"),
        ("apply rows.csv -e list.yaml --input-format json", "leave --input-format out"),
        ("apply rows.csv -e list.yaml --input-format jsonl", "leave --input-format out"),
        ("apply data.json -e list.yaml", "jq -c '.data[]' data.json"),
        ("apply headless.csv -e list.yaml", "looks like a row"),
        ("apply title.csv -e list.yaml", "looks like a title"),
        ("help aply", "quell help apply"),
        ("completions", "bash, elvish, fish"),
        ("kql -e empty.yaml", "the lists hold no exclusion"),
        ("explain rows.csv -e list.yaml --where process.nam=x", "nothing was done"),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let output = quell(folder.path(), &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(wanted), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    // No folder is proposed where a file is wanted.
    let said = refused(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml"]);
    assert!(!said.contains("hunts.csv"), "{said}");
}

#[test]
fn files_that_were_put_one_behind_the_other_are_told() {
    let folder = folder();
    for (text, line) in [
        (format!("{ROWS}{ROWS}"), Some(3)),
        (format!("\u{feff}{ROWS}{ROWS}").replace('\n', "\r\n"), Some(3)),
        // Each file brings its byte order mark along.
        (format!("\u{feff}{ROWS}\u{feff}{ROWS}"), Some(3)),
        (format!("{ROWS}\u{feff}{ROWS}").replace('\n', "\r\n"), Some(3)),
        (format!("{ROWS} \u{feff} {ROWS}"), Some(3)),
        (ROWS.repeat(40_000), Some(3)),
        (ROWS.to_owned(), None),
        (format!("{ROWS}\n\n"), None),
    ] {
        fs::write(folder.path().join("hunt.csv"), text).unwrap();
        for threads in ["1", "3"] {
            let arguments =
                ["apply", "hunt.csv", "-e", "list.yaml", "--format", "json", "--threads", threads];
            let output = quell(folder.path(), &arguments);
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let warnings = report["warnings"].as_array().unwrap().iter();
            let found: Vec<_> = warnings.filter(|warning| warning["code"] == "header-again").collect();
            assert_eq!(found.len(), usize::from(line.is_some()), "{found:?}");
            for warning in found {
                let wanted = format!("hunt.csv:{} REPEATS THE HEADER", line.unwrap());
                assert!(warning["message"].as_str().unwrap().contains(&wanted), "{warning}");
            }
        }
    }
}

/// A network with the address of a host in front of its prefix covers more than whoever wrote it may think, so it is said
/// wherever it counts, not only by lint.
#[test]
fn a_network_with_the_address_of_a_host_is_told_wherever_it_counts() {
    let folder = folder();
    let list = |ip: &str| {
        format!(
            "exclusions:\n- id: a\n  when: {{process.name: a.exe, destination.ip: {ip}}}\n  cases: {{suppress: [{{process.name: a.exe, destination.ip: 10.20.0.5}}], keep: [{{process.name: b.exe}}]}}\n"
        )
    };
    let commands = [
        vec!["apply", "hunt.csv", "-e", "list.yaml"],
        vec!["explain", "hunt.csv", "--row", "1", "-e", "list.yaml"],
        vec!["test", "-e", "list.yaml"],
        vec!["kql", "-e", "list.yaml"],
        vec!["prune", "-e", "list.yaml", "--results", "hunt.csv"],
        vec!["diff", "other.yaml", "list.yaml", "--results", "hunt.csv"],
    ];
    fs::write(folder.path().join("other.yaml"), LIST).unwrap();
    for arguments in &commands {
        let said = |ip: &str| {
            fs::write(folder.path().join("list.yaml"), list(ip)).unwrap();
            let output = quell(folder.path(), arguments);
            assert_ne!(
                output.status.code(),
                Some(2),
                "{arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            String::from_utf8(output.stderr).unwrap()
        };
        let told = said("10.20.0.5/16");
        assert!(
            told.contains(
                "list.yaml:2: a: `10.20.0.5/16` is the WHOLE NETWORK 10.20.0.0/16, 65,536 addresses"
            ) && told.contains("`10.20.0.5`"),
            "{arguments:?}: {told}"
        );
        assert_eq!(told.matches("WHOLE").count(), 1, "{told}");
        assert!(
            said("'2001:470:1::5/64'").contains("is the WHOLE NETWORK 2001:470:1::/64;"),
            "{arguments:?}"
        );
        for right in ["10.20.0.0/16", "10.20.0.5", "10.20.0.5/32", "10.20.0.5-10.20.0.9"] {
            assert!(!said(right).contains("WHOLE"), "{arguments:?} {right}");
        }
    }
    // Lint has its own words for it, with the line of the value.
    fs::write(folder.path().join("list.yaml"), list("10.20.0.5/16")).unwrap();
    let output = quell(folder.path(), &["lint", "-e", "list.yaml"]);
    assert!(!String::from_utf8(output.stderr).unwrap().contains("WHOLE"));
    assert!(String::from_utf8(output.stdout).unwrap().contains("host-bits"));
}

/// The warnings of one kind in the report of `hunt.csv`, whatever the number of threads.
fn warnings(folder: &Path, code: &str) -> Vec<String> {
    let mut all = Vec::new();
    for threads in ["1", "3"] {
        let arguments = ["apply", "hunt.csv", "-e", "list.yaml", "--format", "json", "--threads", threads];
        let output = quell(folder, &arguments);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = report["warnings"].as_array().unwrap().iter().filter(|warning| warning["code"] == code);
        all.push(found.map(|warning| warning["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
    }
    assert_eq!(all[0], all[1]);
    all.remove(0)
}

/// Excel saves CSV in the code page of the country unless it is asked for UTF-8.
#[test]
fn text_in_another_encoding_is_told_with_the_way_out() {
    let folder = folder();
    let latin = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let row = "2026-11-16T08:00:00Z,Ger\u{e4}t,a.exe,10.0.0.1\n";
    fs::write(folder.path().join("hunt.csv"), latin(&format!("{ROWS}{row}{ROWS}{row}"))).unwrap();
    let found = warnings(folder.path(), "encoding");
    assert_eq!(found.len(), 1, "{found:?}");
    for part in ["hunt.csv:3 ", "NOT UTF-8", "Windows-1252", "CSV UTF-8", "iconv -f WINDOWS-1252 -t UTF-8"] {
        assert!(found[0].contains(part), "{part}: {found:?}");
    }
    // The rows are kept as they are.
    let kept = quell(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml", "--kept", "-"]).stdout;
    assert!(kept.windows(row.chars().count()).filter(|bytes| *bytes == latin(row)).count() == 2);
    fs::write(folder.path().join("hunt.csv"), format!("{ROWS}{row}")).unwrap();
    assert!(warnings(folder.path(), "encoding").is_empty());
}

/// Two results in one file, each with its own header: rows below the second would be read by the columns of the first.
#[test]
fn another_table_below_the_first_is_told() {
    let folder = folder();
    let same_width = "DeviceName,FileName,FolderPath,SHA256\npc,a.exe,C:\\x,ab\n";
    let narrower = "\nDeviceName,FileName\npc,a.exe\n";
    let many = ROWS.to_owned() + &"2026-11-16T08:00:00Z,pc,a.exe,10.0.0.1\n".repeat(60_000);
    for (text, line) in [
        (format!("{ROWS}{same_width}"), Some(3)),
        (format!("{ROWS}{narrower}"), Some(4)),
        (format!("{ROWS}{narrower}").replace('\n', "\r\n"), Some(4)),
        (
            format!("{ROWS}{}", narrower.replace("DeviceName,FileName", "\"DeviceName\",\"FileName\"")),
            Some(4),
        ),
        (format!("{many}{same_width}"), Some(60_003)),
        (format!("{ROWS}\u{feff}{same_width}"), Some(3)),
        (format!("{ROWS}\u{feff}{}", same_width.replace("DeviceName,", "\"DeviceName\",")), Some(3)),
        (format!("{ROWS}{}", narrower.replace("DeviceName", "\u{feff}DeviceName")), Some(4)),
        // A row of words above it hides it from nobody.
        (format!("{ROWS}yesterday,pc,a\n{same_width}"), Some(4)),
        // Rows of words are no header.
        (format!("{ROWS}yesterday,pc,a,b\nyesterday,pc,a\n"), None),
        (ROWS.to_owned(), None),
    ] {
        fs::write(folder.path().join("hunt.csv"), text).unwrap();
        let found = warnings(folder.path(), "other-header");
        assert_eq!(found.len(), usize::from(line.is_some()), "{line:?} {found:?}");
        if let Some(line) = line {
            let wanted = format!("hunt.csv:{line} IS THE HEADER OF ANOTHER TABLE (DeviceName, FileName");
            assert!(found[0].contains(&wanted) && found[0].contains("run quell once for each"), "{found:?}");
            // Rows that were read by the wrong columns were not checked.
            let output = quell(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml"]);
            assert_eq!(output.status.code(), Some(1));
        }
    }
}

/// A list that somebody wrote by hand is not lost to an import.
#[test]
fn import_replaces_no_other_list() {
    let folder = folder();
    let path = folder.path().join("out.yaml");
    let import = |more: &[&str]| {
        let text = r#"process.name != "setup.exe""#;
        quell(folder.path(), &[&["import", "--text", text, "-o", "out.yaml"], more].concat())
    };
    // What is not there, what is empty and what is the same may be written.
    assert_eq!(import(&[]).status.code(), Some(0));
    let list = fs::read_to_string(&path).unwrap();
    assert_eq!(import(&[]).status.code(), Some(0));
    fs::write(&path, "\n").unwrap();
    assert_eq!(import(&[]).status.code(), Some(0));
    fs::write(&path, LIST).unwrap();
    let output = import(&[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("out.yaml") && said.contains("list-exists") && said.contains("--force"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), LIST);
    assert_eq!(import(&["--force"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), list);
}

#[test]
fn every_name_of_a_table_may_be_meant() {
    let folder = folder();
    let said =
        refused(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml", "--schema", "DeviceNetworkEvent"]);
    assert!(said.contains("did you mean `DeviceNetworkEvents`?"), "{said}");
}

#[test]
fn what_diff_cannot_read_is_answered_with_the_way() {
    let folder = folder();
    let said = refused(folder.path(), &["diff", "HEAD:list.yaml", "list.yaml", "--results", "hunt.csv"]);
    assert!(said.contains("`git:HEAD:list.yaml`"), "{said}");
    let said = refused(folder.path(), &["diff", "list.yaml", "HEAD~1:list.yaml", "--results", "hunt.csv"]);
    assert!(said.contains("`git:HEAD~1:list.yaml`"), "{said}");
    let said = refused(folder.path(), &["diff", "list.yaml", "--results", "-", "--against", "-"]);
    assert!(said.contains("standard input is asked for twice"), "{said}");
}
