//! Nothing that others wrote (rows, lists, names of files) shows a reader something else than what is there: not in a
//! terminal, not on a page, not in the log of a CI system.

use quell::printable::{is_deceptive, written_out};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Characters that deceive, one of each kind: zero width, soft hyphen, Arabic letter mark, line and paragraph separator, tags,
/// turned text, escape, no-break space, filler, private use.
const HOSTILE: &str =
    "\u{200b}\u{ad}\u{61c}\u{2028}\u{2029}\u{e0041}\u{202e}\u{1b}[2J\u{a0}\u{3164}\u{e000}\u{7}";

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell"))
        .current_dir(folder)
        .args(arguments)
        .env("COLUMNS", "200")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr[..]].concat()).unwrap()
}

/// A folder with a list and rows in which everything that can be hostile is.
fn hostile() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let row = |name: &str| {
        format!(
            "2026-11-16T08:00:00Z,\"pc{HOSTILE}\",203.0.113.9,\"{HOSTILE}.example\",\"{name}\",\"C:\\{HOSTILE}\"\n"
        )
    };
    let header =
        "Timestamp,DeviceName,RemoteIP,RemoteUrl,InitiatingProcessFileName,InitiatingProcessFolderPath\n";
    let rows = format!(
        "{header}{}{}{}",
        row(&format!("a{HOSTILE}.exe")),
        row("b.exe"),
        row("@all https://evil.example #1 GH-7")
    );
    fs::write(folder.path().join("hunt.csv"), rows).unwrap();
    let escaped: String = HOSTILE.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    let list = format!(
        "exclusions:\n- id: a\n  scenario: \"x{escaped}\"\n  when: [{{process.name: b.exe}}, {{process.path: \"D:\\\\{escaped}\", destination.ip: 10.0.0.1}}]\n  cases: {{keep: [{{process.name: \"b.exe{escaped}\"}}], suppress: [{{process.name: \"c{escaped}\"}}]}}\n"
    );
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    fs::write(folder.path().join("old.yaml"), "exclusions:\n- id: b\n  when: {process.name: 'a*'}\n")
        .unwrap();
    folder
}

#[test]
fn nothing_from_rows_or_lists_reaches_a_reader_as_it_is_if_it_deceives() {
    let folder = hostile();
    for arguments in [
        &["apply", "hunt.csv", "-e", "list.yaml"][..],
        &["apply", "hunt.csv", "-e", "list.yaml", "--format", "markdown"],
        &["apply", "hunt.csv", "-e", "list.yaml", "--format", "csv"],
        &["apply", "hunt.csv", "-e", "list.yaml", "--format", "json"],
        &["explain", "hunt.csv", "--row", "1", "-e", "list.yaml", "--all"],
        &["explain", "hunt.csv", "--row", "1", "-e", "list.yaml", "--format", "json"],
        &["explain", "hunt.csv", "--where", &format!("process.name=none{HOSTILE}"), "-e", "list.yaml"],
        &["lint", "-e", "list.yaml"],
        &["lint", "-e", "list.yaml", "--format", "json"],
        &["lint", "-e", "list.yaml", "--format", "sarif"],
        &["test", "-e", "list.yaml"],
        &["test", "-e", "list.yaml", "--format", "json"],
        &["probe", "--malicious", "hunt.csv", "-e", "list.yaml"],
        &["probe", "--malicious", "hunt.csv", "-e", "list.yaml", "--format", "markdown"],
        &["diff", "old.yaml", "list.yaml", "--results", "hunt.csv"],
        &["diff", "old.yaml", "list.yaml", "--results", "hunt.csv", "--format", "markdown"],
        &["diff", "old.yaml", "list.yaml", "--results", "hunt.csv", "--format", "json"],
        &["prune", "-e", "list.yaml", "--results", "hunt.csv"],
    ] {
        let output = quell(folder.path(), arguments);
        let said = said(&output);
        let found = said.chars().find(|c| *c != '\n' && is_deceptive(*c));
        assert_eq!(found, None, "{arguments:?}: {said}");
        assert!(!said.trim().is_empty(), "{arguments:?}");
    }
}

/// A CI system takes a line that begins with `::` as a command. The name of a file is no way to write one.
#[cfg(unix)]
#[test]
fn the_name_of_a_file_is_no_command_for_a_ci_system() {
    let folder = hostile();
    let name = "x\n::error::all is lost\u{1b}[2J\n.csv";
    fs::copy(folder.path().join("hunt.csv"), folder.path().join(name)).unwrap();
    let list = "y\n::error::z.yaml";
    fs::copy(folder.path().join("list.yaml"), folder.path().join(list)).unwrap();
    let bad = "z\n::warning::z.yaml";
    fs::write(folder.path().join(bad), "exclusions:\n- id: A\n").unwrap();
    let gone = "w\n::error::gone.csv";
    let rule = "r\n::error::r.kql";
    let query = "DeviceNetworkEvents\n| where InitiatingProcessFileName !~ \"se\u{200b}tup.exe\"\n| where RemoteUrl has 'x'\n| where RemoteUrl != '";
    fs::write(folder.path().join(rule), query).unwrap();
    let empty = "e\n::error::e.kql";
    fs::write(folder.path().join(empty), "").unwrap();
    for arguments in [
        &["apply", name, "-e", list][..],
        &["apply", name, "-e", list, "--group-by", "process.name"],
        &["rows", name, "-e", list],
        &["rows", name, "-e", list, "--format", "markdown"],
        &["list", "-e", list],
        &["list", "-e", list, "--format", "markdown"],
        &["fmt", "-e", list, "--check"],
        &["lint", "-e", list, "--format", "json"],
        &["test", "-e", list, "--format", "junit"],
        &["test", "-e", list, "--keep", name, "--format", "junit"],
        &["kql", "-e", list],
        &["splice", rule, "-e", list, "--check"],
        &["splice", rule, "-e", list, "--diff"],
        &["splice", empty, "-e", list, "--check"],
        &["import", rule],
        &["apply", name, "-e", list, "--format", "markdown"],
        &["apply", name, "-e", bad],
        &["apply", gone, "-e", list],
        &["explain", name, "-e", list],
        &["explain", gone, "-e", list],
        &["lint", "-e", list],
        &["lint", "-e", bad],
        &["test", "-e", list],
        &["test", "-e", list, "--keep", name],
        &["probe", "--malicious", name, "-e", list],
        &["diff", list, "old.yaml", "--results", name],
        &["prune", "-e", list, "--results", name],
    ] {
        let said = said(&quell(folder.path(), arguments));
        let found = said.lines().find(|line| line.trim_start().starts_with("::"));
        assert_eq!(found, None, "{arguments:?}: {said}");
        assert!(!said.contains('\u{1b}'), "{arguments:?}");
    }
}

/// A command line that cannot be read repeats what was typed.
#[test]
fn what_was_typed_is_written_out_in_errors_of_the_command_line() {
    let folder = hostile();
    let name = "x\n::error::all is lost\u{1b}[2J\n.csv";
    let list = "list.yaml";
    for arguments in [
        &[name][..],
        &["help", name],
        &["lint", name],
        &["kql", name],
        &["diff", name, name],
        &["completions", name],
        &["apply", "hunt.csv", "--today", name],
        &["apply", "hunt.csv", "--set", name],
        &["apply", "hunt.csv", "--format", name],
        &["apply", "hunt.csv", "--threads", name],
        &["apply", "hunt.csv", "--delimiter", name],
        &["apply", "hunt.csv", "--x\n::error::y"],
        &["explain", "hunt.csv", "--row", name],
        &["explain", "hunt.csv", "--where", name],
        &["list", "-e", list, "--expiring", name],
        &["suggest", "hunt.csv", "--group", name],
        &["kql", "-e", list, "--since", name],
    ] {
        let output = quell(folder.path(), arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        let found = said.lines().find(|line| line.trim_start().starts_with("::"));
        assert_eq!(found, None, "{arguments:?}: {said}");
        assert!(!said.contains('\u{1b}'), "{arguments:?}");
    }
}

/// URLs, mentions and references of a page live even behind a backslash; they are shown as code.
#[test]
fn a_page_has_no_live_links_or_mentions_from_rows() {
    let folder = hostile();
    let loose = "exclusions:\n- id: a\n  when: [{process.name: b.exe}, {destination.ip: 203.0.113.9}]\n";
    fs::write(folder.path().join("list.yaml"), loose).unwrap();
    for arguments in [
        &["apply", "hunt.csv", "-e", "list.yaml", "--format", "markdown"][..],
        &["diff", "old.yaml", "list.yaml", "--results", "hunt.csv", "--format", "markdown"],
    ] {
        let page = String::from_utf8(quell(folder.path(), arguments).stdout).unwrap();
        // Every second part stands between two backticks. A heading begins with `#` of our own.
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            for prose in line.split('`').step_by(2) {
                for live in ["@", "://", "#1", "GH-7"] {
                    assert!(!prose.contains(live), "{arguments:?}: {line}");
                }
            }
        }
    }
}

/// A kept name that looks like an excluded one is pointed out, and told apart.
#[test]
fn a_look_alike_of_an_excluded_name_is_pointed_out() {
    let folder = tempfile::tempdir().unwrap();
    let list = "exclusions:\n- id: a\n  when: {process.name: setup.exe}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    let rows = ["ѕetup.exe", "setup\u{200b}.exe", "SETUP.EXE", "other.exe"]
        .map(|name| format!("2026-11-16T08:00:00Z,pc,{name}\n"))
        .concat();
    fs::write(
        folder.path().join("hunt.csv"),
        format!("Timestamp,DeviceName,InitiatingProcessFileName\n{rows}"),
    )
    .unwrap();
    let table = said(&quell(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml"]));
    assert!(table.contains("ѕetup.exe, which LOOKS LIKE setup.exe"), "{table}");
    assert!(table.contains("it holds U+0455"), "{table}");
    assert!(table.contains(r"setup\u{200b}.exe, which LOOKS LIKE setup.exe"), "{table}");
    assert_eq!(table.matches("LOOKS LIKE").count(), 2, "{table}");
    let json = said(&quell(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml", "--format", "json"]));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["warnings"][0]["code"], "look-alike");
    // What is escaped in JSON is the same value.
    assert!(report["kept_groups"].to_string().contains("setup\u{200b}.exe"), "{json}");
}

/// Dates that no reader of ISO 8601 understands are said to be so, with the column and what to do.
#[test]
fn a_column_of_times_that_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let list = "exclusions:\n- id: a\n  when: {process.name: setup.exe}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    let rows = "Timestamp,DeviceName,InitiatingProcessFileName\n11/16/2026 1:02 PM,pc,a.exe\n11/17/2026 1:02 PM,pc,b.exe\n";
    fs::write(folder.path().join("hunt.csv"), rows).unwrap();
    let table = said(&quell(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml"]));
    assert!(table.contains("NO TIME in the column Timestamp could be read"), "{table}");
    fs::write(folder.path().join("hunt.csv"), rows.replace("11/16/2026 1:02 PM", "2026-11-16T08:00:00Z"))
        .unwrap();
    let table = said(&quell(folder.path(), &["apply", "hunt.csv", "-e", "list.yaml"]));
    assert!(!table.contains("NO TIME"), "{table}");
}

/// Who writes to a person goes through the functions that write deceptive characters out; who does not is here by name.
#[test]
fn no_way_out_goes_beside_the_one_function() {
    // Words that write, and the files that may have them: the functions themselves, bytes of rows, and languages with rules
    // of their own (KQL, rules, YAML, XML, shells, troff).
    let allowed: &[(&str, &[&str])] = &[
        ("println!", &[]),
        ("eprint", &[]),
        (
            "stdout()",
            &[
                "commands/mod.rs",
                "commands/lint.rs",
                "commands/files/output.rs",
                "commands/files/read.rs",
                "main.rs",
            ],
        ),
        ("stderr()", &["commands/mod.rs", "commands/apply.rs", "main.rs"]),
        (
            " print(",
            &[
                "commands/mod.rs",
                "commands/kql.rs",
                "commands/splice.rs",
                "commands/import.rs",
                "commands/test.rs",
            ],
        ),
        ("tell_styled(", &["commands/mod.rs", "main.rs"]),
        ("to_string_pretty", &["commands/mod.rs", "commands/explain.rs"]),
        ("to_writer", &["report/json.rs"]),
        ("is_control", &["kql/", "rule/encoding.rs", "yaml/"]),
        ("\\u{200b}", &["kql/", "printable.rs", "report/look_alike.rs"]),
    ];
    let mut beside = Vec::new();
    for (file, text) in crate::architecture::all() {
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (word, files) in allowed {
            let name = file.strip_prefix("src/").unwrap();
            if text.contains(word) && !files.iter().any(|known| name.starts_with(known)) {
                beside.push(format!("{name}: {word}"));
            }
        }
    }
    assert!(beside.is_empty(), "{beside:#?}");
    assert_eq!(written_out("a\u{200b}"), r"a\u{200b}");
}
