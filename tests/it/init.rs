//! A repository from nothing, and the settings that are found in it.

use quell::lint::settings::{ProjectSettings, Settings};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn quell(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

const LIST: &str = "exclusions:\n- id: a\n  when: {process.name: a.exe, process.path: 'C:\\A\\*', destination.ip: 10.9.0.0/16}\n";

#[test]
fn it_writes_what_a_repository_needs_and_says_what_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("new/repository");
    let output = quell(folder.path(), &["init", "new/repository"]);
    assert!(output.status.success() && said(&output).contains("Next:"), "{}", said(&output));
    for wanted in ["quell suggest hunt.csv -e exclusions --group 1", "quell accept -e exclusions/mine.yaml"] {
        assert!(said(&output).contains(wanted), "{}", said(&output));
    }
    let read = |name: &str| fs::read_to_string(at.join(name)).unwrap();
    let project = ProjectSettings::parse(&read("quell.yaml")).unwrap();
    assert_eq!(project.lint, Settings::default(), "the file documents the defaults");
    // Every field is in it, with a line above that says what it is.
    let shown = format!("{:?}", Settings::default());
    for field in shown.split(['{', ',', ' ']).filter_map(|word| word.strip_suffix(':')) {
        let field = field.replace('_', "-");
        assert!(read("quell.yaml").contains(&format!("\n  {field}:")), "{field}");
    }
    let list = read("exclusions/mine.yaml");
    let schema = list.lines().find_map(|line| line.strip_prefix("# yaml-language-server: $schema=")).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&read(&format!("exclusions/{schema}"))).is_ok());
    for name in [".pre-commit-config.yaml", ".github/workflows/exclusions.yaml"] {
        assert!(
            serde_yaml::from_str::<serde_yaml::Value>(&read(name)).is_ok_and(|value| value.is_mapping()),
            "{name}"
        );
    }
    // The example in the list is right once its comment signs are gone.
    let example: String =
        list.lines().filter_map(|line| line.strip_prefix("#   ")).map(|line| format!("{line}\n")).collect();
    fs::write(at.join("exclusions/mine.yaml"), format!("exclusions:\n{example}")).unwrap();
    for command in [
        &["lint", "--today", "2026-11-25"][..],
        &["test", "-e", "exclusions"],
        &["fmt", "--check"],
        &["list"],
    ] {
        let output = quell(&at, command);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {}", said(&output));
    }
}

#[test]
fn it_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("exclusions")).unwrap();
    fs::write(folder.path().join("exclusions/mine.yaml"), LIST).unwrap();
    fs::write(folder.path().join("quell.yaml"), "exclusions: [exclusions]\n").unwrap();
    let output = quell(folder.path(), &["init"]);
    assert!(said(&output).contains("left as it is: quell.yaml"), "{}", said(&output));
    assert_eq!(fs::read_to_string(folder.path().join("exclusions/mine.yaml")).unwrap(), LIST);
    assert_eq!(fs::read_to_string(folder.path().join("quell.yaml")).unwrap(), "exclusions: [exclusions]\n");
    assert!(folder.path().join(".pre-commit-config.yaml").exists());
    // A link that leads nowhere is there, too.
    let folder = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", folder.path().join("quell.yaml")).unwrap();
        quell(folder.path(), &["init"]);
        assert!(!folder.path().join("nowhere").exists());
    }
}

/// Settings hold for every folder below them, and not for another repository.
#[test]
fn settings_are_found_upwards_to_the_top_of_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(folder.path().join("l.yaml"), LIST).unwrap();
    fs::write(folder.path().join("quell.yaml"), "exclusions: [l.yaml]\nlint: {levels: {no-owner: allow}}\n")
        .unwrap();
    let codes = |folder: &Path, arguments: &[&str]| {
        said(&quell(folder, &[&["lint", "--format", "json"], arguments].concat()))
    };
    for below in [folder.path(), &deep] {
        let found = codes(below, &[]);
        assert!(found.contains("no-expiry") && !found.contains("no-owner"), "{found}");
    }
    assert!(codes(&deep, &["--deny", "no-owner"]).contains("no-owner"), "a flag goes before the file");
    let named = quell(&deep, &["lint", "-e", "documented", "--format", "json"]);
    assert!(
        said(&named).contains("sccm-software-update"),
        "lists that are named go before those of the file"
    );
    fs::create_dir(folder.path().join("a/.git")).unwrap();
    let output = quell(&deep, &["lint"]);
    assert!(
        output.status.code() == Some(2) && said(&output).contains("no list was named"),
        "{}",
        said(&output)
    );
    fs::write(folder.path().join("quell.yaml"), "exclusion: [l.yaml]\n").unwrap();
    let output = quell(folder.path(), &["lint"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("exclusions"), "{}", said(&output));
    // What suppresses rows takes no list from there.
    fs::write(folder.path().join("quell.yaml"), "exclusions: [l.yaml]\n").unwrap();
    fs::copy("samples/action1-hunt.csv", folder.path().join("hunt.csv")).unwrap();
    assert!(said(&quell(folder.path(), &["apply", "hunt.csv"])).contains("sccm-software-update"));
}

/// What is written passes at once, with the loud word that there is nothing yet; a list that is named and empty does not.
#[test]
fn a_repository_that_has_just_begun_passes_its_own_workflow() {
    let folder = tempfile::tempdir().unwrap();
    quell(folder.path(), &["init"]);
    let workflow = fs::read_to_string(folder.path().join(".github/workflows/exclusions.yaml")).unwrap();
    let steps = workflow.lines().filter_map(|line| line.trim().strip_prefix("- run: quell "));
    let mut commands: Vec<Vec<&str>> =
        steps.map(|step| step.split('|').next().unwrap().split_whitespace().collect()).collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
    let hooks = fs::read_to_string(folder.path().join(".pre-commit-config.yaml")).unwrap();
    let hooks: Vec<&str> =
        hooks.lines().filter_map(|line| line.trim().strip_prefix("- id: quell-")).collect();
    assert_eq!(hooks, ["lint", "test", "fmt"], "each of them is a command without arguments");
    commands.extend(hooks.iter().map(|hook| vec![*hook]));
    for command in &commands {
        let output = quell(folder.path(), command);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {}", said(&output));
    }
    assert!(said(&quell(folder.path(), &["test"])).contains("THERE ARE NO EXCLUSIONS"));
    assert!(said(&quell(folder.path(), &["lint"])).contains("0 exclusions"));
    for command in ["test", "lint", "list"] {
        let named = quell(folder.path(), &[command, "-e", "exclusions"]);
        assert_eq!(named.status.code(), Some(1), "{command}: {}", said(&named));
    }
}

/// `quell test` examines lists, as `quell lint` does, so it knows those of the settings too.
#[test]
fn cases_are_those_of_the_lists_that_the_settings_name() {
    let folder = tempfile::tempdir().unwrap();
    assert!(said(&quell(folder.path(), &["test"])).starts_with("5 exclusions"), "the built-in pack");
    fs::write(folder.path().join("l.yaml"), LIST).unwrap();
    fs::write(folder.path().join("quell.yaml"), "exclusions: [l.yaml]\n").unwrap();
    let output = quell(folder.path(), &["test"]);
    assert_eq!(output.status.code(), Some(1), "it has no cases: {}", said(&output));
    assert!(said(&output).contains("a: l.yaml:2: no case to suppress"), "{}", said(&output));
    fs::write(folder.path().join("quell.yaml"), "lint: {levels: {no-owner: allow}}\n").unwrap();
    let output = quell(folder.path(), &["test"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("no list was named"), "{}", said(&output));
}
