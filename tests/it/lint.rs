//! `quell lint` as a user meets it: a folder for each code, the documented pack, levels, formats, `--fix`.
//! `QUELL_BLESS=1 cargo test --test it lint::` writes what is expected; a plain run compares.

use quell::lint::{LINTS, Level, Needs};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const TODAY: [&str; 2] = ["--today", "2026-11-24"];

/// Runs `quell lint` in a folder.
fn lint(folder: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell"))
        .current_dir(folder)
        .arg("lint")
        .args(TODAY)
        .args(args)
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Compares a file with what it must be, or writes it.
fn golden(path: &str, wanted: &str) {
    if std::env::var_os("QUELL_BLESS").is_some() {
        fs::write(path, wanted).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{path} is out of date; QUELL_BLESS=1 writes it. It must be:\n{wanted}");
}

/// Only findings of this code, with what the folder holds beside the lists.
fn only(code: &str) -> Vec<String> {
    let folder = format!("tests/lint/{code}");
    let others: Vec<&str> = LINTS.iter().map(|lint| lint.code).filter(|other| *other != code).collect();
    let mut args = vec!["--allow".to_owned(), others.join(","), "--deny".to_owned(), code.to_owned()];
    for (flag, file) in [("--rule", "rule.yaml"), ("--results", "results.csv")] {
        if Path::new(&folder).join(file).exists() {
            args.extend([flag.to_owned(), file.to_owned()]);
        }
    }
    let options = fs::read_to_string(format!("{folder}/options")).unwrap_or_default();
    args.extend(options.lines().map(str::to_owned));
    args
}

#[test]
fn every_code_has_a_list_that_triggers_it_and_one_that_does_not() {
    for code in LINTS.iter().map(|lint| lint.code) {
        let folder = format!("tests/lint/{code}");
        let run = |list: &str| {
            let mut args = only(code);
            args.extend(["-e".to_owned(), list.to_owned()]);
            lint(&folder, &args.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let triggers = run("triggers.yaml");
        let printed = text(&triggers.stdout);
        assert_eq!(triggers.status.code(), Some(1), "{code}: {}", text(&triggers.stderr));
        assert!(printed.contains(&format!("error[{code}]")), "{code}: {printed}");
        golden(&format!("{folder}/triggers.stdout"), &printed);
        let clean = run("clean.yaml");
        assert_eq!(clean.status.code(), Some(0), "{code}: {}{}", text(&clean.stdout), text(&clean.stderr));
    }
}

#[test]
fn every_folder_is_that_of_a_code() {
    let codes: BTreeSet<String> = LINTS.iter().map(|lint| lint.code.to_owned()).collect();
    let folders: BTreeSet<String> = fs::read_dir("tests/lint")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.contains('.'))
        .collect();
    assert_eq!(folders, codes);
}

/// The flaws of the documented pack, each found in each of its lists where it is.
#[test]
fn the_documented_pack_has_the_flaws_that_are_known() {
    let output = lint(".", &["-e", "documented", "--rule", "samples/action1.yaml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut lines = String::new();
    for finding in report["findings"].as_array().unwrap() {
        let field = |name: &str| finding[name].as_str().unwrap();
        writeln!(lines, "{} {}: {}", field("exclusion"), field("code"), field("message")).unwrap();
    }
    golden("tests/lint/documented.txt", &lines);
    for id in [
        "sccm-software-update",
        "solarwinds-config-sync",
        "altiris-inventory-check",
        "intune-policy-sync",
        "kaseya-scheduled-backup",
    ] {
        for code in [
            "loose-reading",
            "name-only",
            "dead-name",
            "placeholder-address",
            "rule-drops-field",
            "renamed-product",
        ] {
            assert!(lines.contains(&format!("{id} {code}: ")), "{id} {code}");
        }
    }
    for name in ["setup.exe", "inventory.exe"] {
        assert!(lines.contains(&format!("generic-name: `{name}`")), "{name}");
    }
    for name in [
        "microsoft-windows-servicemodel-http-activation",
        "sccmclient",
        "ncc.exe",
        "solarwinds",
        "altirisagent.exe",
        "intunewin32.exe",
        "MicrosoftIntune",
        "vsaagent.exe",
        "kaseya",
    ] {
        assert!(lines.contains(&format!("is called `{name}`")), "{name}");
    }
}

#[test]
fn sarif_has_the_shape_of_2_1_0() {
    let output = lint(".", &["-e", "exclusions/documented", "--format", "sarif"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["version"], "2.1.0");
    assert!(document["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
    let run = &document["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "quell");
    let rules = driver["rules"].as_array().unwrap();
    assert_eq!(rules.len(), LINTS.len());
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string());
        assert!(
            ["none", "note", "warning", "error"]
                .contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
        );
    }
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let location = &result["locations"][0]["physicalLocation"];
        assert!(Path::new(location["artifactLocation"]["uri"].as_str().unwrap()).exists());
        let region = &location["region"];
        let number = |name: &str| region[name].as_u64().unwrap();
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        assert!(number("endColumn") > number("startColumn"));
        assert!(result["partialFingerprints"].as_object().unwrap().values().all(Value::is_string));
    }
}

#[test]
fn flags_go_before_settings_and_settings_before_the_lints_own_levels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    fs::copy("tests/lint/no-owner/triggers.yaml", folder.path().join("list.yaml")).unwrap();
    fs::write(folder.path().join("levels.yaml"), "lint:\n  levels: {no-owner: deny, no-reason: allow}\n")
        .unwrap();
    let codes = |args: &[&str]| {
        let mut all = vec!["-e", "list.yaml", "--format", "json"];
        all.extend(args);
        let output = lint(path, &all);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let level = |code: &str| {
            let all = report["findings"].as_array().unwrap();
            all.iter().find(|f| f["code"] == code).map(|f| f["level"].as_str().unwrap().to_owned())
        };
        (level("no-owner"), level("no-reason"), output.status.code().unwrap())
    };
    let some = |level: &str| Some(level.to_owned());
    assert_eq!(codes(&[]), (some("warn"), some("warn"), 0));
    assert_eq!(codes(&["--fail-on", "warn"]), (some("warn"), some("warn"), 1));
    assert_eq!(codes(&["--settings", "levels.yaml"]), (some("deny"), None, 1));
    let flags = ["--settings", "levels.yaml", "--warn", "no-owner", "--deny", "no-reason"];
    assert_eq!(codes(&flags), (some("warn"), some("deny"), 1));
    assert_eq!(lint(path, &["-e", "list.yaml", "--allow", "no-ownr"]).status.code(), Some(2));
    assert_eq!(lint(path, &["-e", "absent.yaml"]).status.code(), Some(2));
}

#[test]
fn a_list_without_exclusions_is_no_silent_pass() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list.yaml"), "exclusions: []\n").unwrap();
    let output = lint(folder.path().to_str().unwrap(), &["-e", "list.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("0 exclusions"));
}

#[test]
fn fix_removes_what_stands_twice_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let before = "# ours\nexclusions:\n  - id: configmgr # the client\n    when:\n      - process.name: [CcmExec.exe, ccmsetup.exe, CCMEXEC.EXE] # both\n        destination.ip:\n          - 10.20.0.5 # east\n          - 10.20.0.6\n          - 10.20.0.5\n\n      - {user.name: x, destination.port: 443}\n      - {destination.port: 443, user.name: X}\n";
    fs::write(&list, before).unwrap();
    let output = lint(folder.path().to_str().unwrap(), &["-e", "list.yaml", "--fix"]);
    let after = before
        .replace(", CCMEXEC.EXE", "")
        .replace("          - 10.20.0.5\n", "")
        .replace("      - {destination.port: 443, user.name: X}\n", "");
    assert_eq!(fs::read_to_string(&list).unwrap(), after);
    assert!(text(&output.stderr).contains("removed 3 duplicates"), "{}", text(&output.stderr));
    assert!(!text(&output.stdout).contains("duplicate"), "{}", text(&output.stdout));
    let again = lint(folder.path().to_str().unwrap(), &["-e", "list.yaml", "--fix"]);
    assert_eq!((fs::read_to_string(&list).unwrap(), again.stderr), (after, Vec::new()));
}

/// The page of the lints, with the examples of their folders.
#[test]
fn the_page_of_the_lints_is_the_list_of_codes() {
    let path = "docs/lints.md";
    let page = fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("<!-- lints: generated -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- lints: end -->").unwrap();
    let mut wanted = String::from("| code | level | finds |\n|---|---|---|\n");
    for lint in LINTS {
        writeln!(wanted, "| [`{0}`](#{0}) | {1} | {2} |", lint.code, word(lint.level), lint.meaning).unwrap();
    }
    for lint in LINTS {
        let file = |name: &str| fs::read_to_string(format!("tests/lint/{}/{name}", lint.code)).unwrap();
        let needs = match lint.needs {
            Needs::Lists => "",
            Needs::Schema => " Needs `--schema`.",
            Needs::Rule => " Needs `--rule`.",
            Needs::Results => " Needs `--results`.",
        };
        write!(
            wanted,
            "\n### {}\n\nLevel {}.{needs} Finds that {}.\n\n**Why.** {}.\n\n**What to do.** {}.\n\nFound:\n\n```yaml\n{}```\n\nNot found:\n\n```yaml\n{}```\n",
            lint.code,
            word(lint.level),
            lint.meaning,
            capital(lint.why),
            capital(lint.fix),
            file("triggers.yaml"),
            file("clean.yaml")
        )
        .unwrap();
    }
    golden(path, &format!("{before}<!-- lints: generated -->\n{wanted}<!-- lints: end -->{after}"));
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + characters.as_str())
}
