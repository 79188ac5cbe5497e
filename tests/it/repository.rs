//! The hooks and the action do what they say: their own commands are run in a repository of lists.

use serde::Deserialize;
use std::collections::HashMap;
use std::fs;
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
    let folder = repository();
    let hooks: Vec<Hook> =
        quell::yaml::from_str(&fs::read_to_string(".pre-commit-hooks.yaml").unwrap()).unwrap();
    assert_eq!(hooks.len(), 3);
    let all = |wanted: Option<i32>| {
        for hook in &hooks {
            let output = run(folder.path(), &format!("{} {}", hook.entry, hook.args.join(" ")), &[]);
            assert_eq!(output.status.code(), wanted, "{}: {output:?}", hook.id);
        }
    };
    all(Some(0));
    fs::write(folder.path().join("exclusions/mine.yaml"), LIST.replace("10.10.0.0/20", "10.10.10.20"))
        .unwrap();
    all(Some(1));
}
