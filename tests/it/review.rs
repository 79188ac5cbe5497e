//! `quell apply --review`: what somebody switched and drafted on the page of a report, applied.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Applies the documented pack to the sample with a review; the report, or what was said.
fn applied(folder: &Path, review: &Value) -> Result<Value, String> {
    let file = folder.join("review.json");
    fs::write(&file, review.to_string()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_quell"))
        .args(["apply", "samples/action1-hunt.csv", "--format", "json", "--review"])
        .arg(&file)
        .env_clear()
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())
}

fn review(switches: &Value, drafts: &Value) -> Value {
    json!({"format": "quell-review/1", "switches": switches, "drafts": drafts, "labels": [], "later": 1})
}

#[test]
fn what_is_off_is_not_applied_and_drafts_that_are_on_are() {
    let folder = tempfile::tempdir().unwrap();
    let draft = |id: &str, on: bool| {
        let yaml = format!("exclusions:\n- id: {id}\n  when: {{process.name: action1_connector.exe}}\n");
        json!({"id": id, "on": on, "reason": "", "yaml": yaml})
    };
    let plain = applied(folder.path(), &review(&json!({}), &json!([]))).unwrap();
    assert_eq!(plain["totals"]["suppressed"], 114);
    let switches = json!({"off": ["sccm-software-update"], "without": [], "scoped": []});
    let report =
        applied(folder.path(), &review(&switches, &json!([draft("a", true), draft("b", false)]))).unwrap();
    let matches = |id: &str| {
        let all = report["exclusions"].as_array().unwrap();
        all.iter().find(|each| each["id"] == id).map(|each| each["matches"].as_u64().unwrap())
    };
    assert_eq!(matches("sccm-software-update"), None);
    assert_eq!(matches("b"), None);
    // Just the rows that only the pack's exclusion covered come back, and the draft takes its own.
    let drafted = matches("a").unwrap();
    assert!(drafted > 0);
    assert_eq!(report["totals"]["suppressed"].as_u64().unwrap(), 114 - 43 + drafted);
    assert!(report["notes"].to_string().contains("SWITCHED OFF"), "{}", report["notes"]);
}

#[test]
fn what_cannot_be_applied_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for (text, wanted) in [
        (json!([1]), "this is no review"),
        (json!({"format": "quell-review/2"}), "its format is `quell-review/2`"),
        (review(&json!({"scoped": ["kaseya-scheduled-backup"]}), &json!([])), "switches inside of"),
        (review(&json!({"without": [{"id": "a", "entry": 1}]}), &json!([])), "switches inside of"),
        (review(&json!({"off": ["nobody"]}), &json!([])), "`nobody`, which it switches off"),
        (
            review(&json!({}), &json!([{"id": "d", "on": true, "yaml": "exclusions:\n- {id: d}\n"}])),
            "draft d",
        ),
    ] {
        let said = applied(folder.path(), &text).unwrap_err();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(wanted) && said.contains("nothing was suppressed"), "{wanted}: {said}");
    }
}
