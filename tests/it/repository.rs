//! The hooks and the action do what they say: their own commands are run in a repository of lists.

use crate::common::has;
use serde::Deserialize;
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const LIST: &str = "exclusions:
  - id: ccm-client
    scenario: The ConfigMgr client talks to its management point
    when: {process.name: CcmExec.exe, process.path: 'C:\\Windows\\CCM\\*', destination.ip: 10.10.0.0/20}
    owner: endpoint-team
    reason: CHG-1204
    created: 2026-11-24
    expires: 2027-05-31
    cases:
      suppress: [{process.name: CcmExec.exe, process.path: 'C:\\Windows\\CCM\\CcmExec.exe', destination.ip: 10.10.10.10}]
      keep: [{process.name: CcmExec.exe, process.path: 'C:\\Users\\Public\\CcmExec.exe', destination.ip: 10.10.10.10}]
";

/// A repository with lists, rules that carry them, and results.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["exclusions", "rules"] {
        fs::create_dir(at(name)).unwrap();
    }
    fs::write(at("exclusions/mine.yaml"), LIST).unwrap();
    fs::copy("samples/action1.yaml", at("rules/action1.yaml")).unwrap();
    fs::copy("samples/action1-hunt.csv", at("hunt.csv")).unwrap();
    run(folder.path(), "quell splice rules -e exclusions --in-place", &[]);
    run(
        folder.path(),
        "git init -q -b main && git add . && git -c user.name=a -c user.email=a@b.example commit -qm lists",
        &[],
    );
    folder
}

fn run(folder: &Path, script: &str, variables: &[(String, String)]) -> Output {
    let tool = Path::new(env!("CARGO_BIN_EXE_quell")).parent().unwrap().display().to_string();
    let path = format!("{tool}:{}", std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-e", "-o", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .envs(variables.iter().cloned())
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("command not found"), "{output:?}");
    output
}

#[derive(Deserialize)]
struct Action {
    inputs: HashMap<String, Input>,
    runs: Runs,
}

#[derive(Deserialize)]
struct Input {
    default: String,
}

#[derive(Deserialize)]
struct Runs {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    run: String,
    #[serde(default)]
    env: HashMap<String, String>,
}

/// The exit code of each step of the action, as a runner runs it; the step that installs is left out.
fn act(folder: &Path, given: &[(&str, &str)]) -> Vec<(String, Option<i32>)> {
    let action: Action = quell::yaml::from_str(&fs::read_to_string("action.yml").unwrap()).unwrap();
    let input = |name: &str| {
        let given = given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        given.unwrap_or_else(|| action.inputs[name].default.clone())
    };
    let steps = action.runs.steps.iter().filter(|step| step.name != "install");
    steps
        .map(|step| {
            let value = |text: &String| {
                let name = text.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}"));
                name.map_or_else(|| text.clone(), input)
            };
            assert!(!step.run.contains("${{"), "an input in a script could be a command: {}", step.name);
            let mut variables: Vec<(String, String)> =
                step.env.iter().map(|(name, text)| (name.clone(), value(text))).collect();
            for name in ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"] {
                variables.push((name.into(), folder.join(name).display().to_string()));
            }
            (step.name.clone(), run(folder, &step.run, &variables).status.code())
        })
        .collect()
}

const GIVEN: [(&str, &str); 4] =
    [("rules", "rules"), ("results", "hunt.csv"), ("base", "main"), ("fail-on", "newly-suppressed")];

#[test]
fn the_action_passes_on_lists_that_are_right_and_says_what_a_change_does() {
    if !has(&["bash", "git"]) {
        return;
    }
    let folder = repository();
    let codes = act(folder.path(), &GIVEN);
    assert!(codes.iter().all(|(_, code)| *code == Some(0)), "{codes:?}");
    let sarif: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("quell.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(fs::read_to_string(folder.path().join("quell.xml")).unwrap().contains("<testsuite"));

    // The path is dropped: wider, a case fails, the rule is out of date, rows newly disappear.
    let wider = LIST.replace(
        ", process.path: 'C:\\Windows\\CCM\\*', destination.ip: 10.10.0.0/20}\n    owner",
        "}\n    owner",
    );
    assert_ne!(wider, LIST);
    fs::write(folder.path().join("exclusions/mine.yaml"), wider).unwrap();
    let codes = act(folder.path(), &GIVEN);
    for step in ["test", "splice", "diff"] {
        assert!(codes.contains(&(step.to_owned(), Some(1))), "{step}: {codes:?}");
    }
    let comment = fs::read_to_string(folder.path().join("quell.md")).unwrap();
    assert!(comment.contains("ccm-client"), "{comment}");
    let output = fs::read_to_string(folder.path().join("GITHUB_OUTPUT")).unwrap();
    assert!(output.contains("comment=quell.md"), "{output}");
}

#[derive(Deserialize)]
struct Hook {
    id: String,
    entry: String,
    args: Vec<String>,
}

#[test]
fn the_hooks_pass_on_lists_that_are_right_and_fail_on_others() {
    if !has(&["bash", "git"]) {
        return;
    }
    let folder = repository();
    let hooks: Vec<Hook> =
        quell::yaml::from_str(&fs::read_to_string(".pre-commit-hooks.yaml").unwrap()).unwrap();
    assert_eq!(hooks.len(), 4);
    let all = |wanted: Option<i32>| {
        for hook in &hooks {
            let output = run(folder.path(), &format!("{} {}", hook.entry, hook.args.join(" ")), &[]);
            assert_eq!(output.status.code(), wanted, "{}: {output:?}", hook.id);
        }
    };
    all(Some(0));
    // Another address, and a key that stands before the id.
    let wrong = LIST.replace("10.10.0.0/20", "10.10.10.20");
    let wrong = wrong.replace("  - id: ccm-client\n", "  - reference: CHG-1\n    id: ccm-client\n");
    fs::write(folder.path().join("exclusions/mine.yaml"), wrong).unwrap();
    all(Some(1));
}

/// The step that installs, with releases that come from a folder instead of the network.
fn install(folder: &Path, system: &str) -> Output {
    let action: Action = quell::yaml::from_str(&fs::read_to_string("action.yml").unwrap()).unwrap();
    let step = action.runs.steps.iter().find(|step| step.name == "install").unwrap();
    let curl = "#!/usr/bin/env bash\nwhile [ $# -gt 1 ]; do [ \"$1\" = -o ] && out=$2; shift; done; cp \"$1\" \"$out\"\n";
    let tools = folder.join("tools");
    fs::create_dir_all(&tools).unwrap();
    for (name, text) in [("curl", curl), ("cargo", "#!/usr/bin/env bash\necho compiled \"$@\"\n")] {
        fs::write(tools.join(name), text).unwrap();
        fs::set_permissions(tools.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let at = |name: &str| folder.join(name).display().to_string();
    let variables = [
        ("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap())),
        ("RUNNER_OS", system.split('-').next().unwrap().to_owned()),
        ("RUNNER_ARCH", system.split('-').nth(1).unwrap().to_owned()),
        ("RELEASES", at("releases")),
        ("RUNNER_TEMP", at("work")),
        ("GITHUB_PATH", at("path")),
        ("GITHUB_ACTION_PATH", at("source")),
    ];
    let variables: Vec<_> = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    fs::create_dir_all(folder.join("work")).unwrap();
    run(folder, &step.run, &variables)
}

#[test]
fn the_action_takes_a_released_binary_and_refuses_one_that_is_not_it() {
    if !has(&["bash", "tar", "sha256sum"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pack = "mkdir -p releases quell-x86_64-unknown-linux-gnu && echo binary > quell-x86_64-unknown-linux-gnu/quell
        cd releases && tar -czf quell-x86_64-unknown-linux-gnu.tar.gz -C .. quell-x86_64-unknown-linux-gnu
        sha256sum quell-x86_64-unknown-linux-gnu.tar.gz > quell-x86_64-unknown-linux-gnu.tar.gz.sha256";
    assert!(run(folder.path(), pack, &[]).status.success());
    let output = install(folder.path(), "Linux-X64");
    assert!(output.status.success(), "{output:?}");
    let path = || fs::read_to_string(folder.path().join("path")).unwrap();
    assert!(Path::new(path().trim()).join("quell").exists(), "{}", path());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("compiled"));

    let output = install(folder.path(), "Linux-RISCV");
    assert!(String::from_utf8_lossy(&output.stdout).contains("compiled install"), "{output:?}");
    assert!(path().lines().last().unwrap().ends_with("quell-built/bin"));

    let packed = folder.path().join("releases/quell-x86_64-unknown-linux-gnu.tar.gz");
    fs::write(&packed, [fs::read(&packed).unwrap(), b"x".to_vec()].concat()).unwrap();
    assert!(!install(folder.path(), "Linux-X64").status.success(), "the checksum is not that of the file");
}

/// The workflows are not run here. What can be known without: they parse, and every target that the action may ask for
/// is one that a release has.
#[test]
fn the_workflows_and_the_action_name_the_same_targets() {
    let read = |name: &str| fs::read_to_string(format!(".github/workflows/{name}")).unwrap();
    for name in ["ci.yml", "release.yml"] {
        let workflow: serde_json::Value = quell::yaml::from_str(&read(name)).unwrap();
        for (job, what) in workflow["jobs"].as_object().unwrap() {
            assert!(what["runs-on"].is_string() && what["steps"].is_array(), "{name}: {job}");
        }
    }
    let targets = |text: &str, before: &str| {
        let found =
            text.split(before).skip(1).map(|rest| rest.split([' ', ',', '}']).next().unwrap().to_owned());
        found
            .filter(|target| target != "none" && target.contains('-'))
            .collect::<std::collections::BTreeSet<_>>()
    };
    let released = targets(&read("release.yml"), "{target: ");
    assert_eq!(released.len(), 5, "{released:?}");
    assert_eq!(released, targets(&fs::read_to_string("action.yml").unwrap(), "target="));
}

#[test]
fn the_package_holds_what_a_build_needs_and_no_more() {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let about =
        ["Cargo.lock", "Cargo.toml", "Cargo.toml.orig", ".cargo_vcs_info.json", "README.md", "CHANGELOG.md"];
    for file in listed.lines() {
        let is_code = file.starts_with("src/") || file.starts_with("exclusions/");
        assert!(is_code || about.contains(&file) || file.starts_with("LICENSE-"), "{file}");
    }
    for file in ["src/main.rs", "src/lib.rs", "exclusions/field/sccm.yaml", "LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(listed.lines().any(|known| known == file), "{file} is missing:\n{listed}");
    }
}
