//! What `quell test` says about cases, in every format.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

fn quell(arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
    let output = command.arg("test").args(arguments).env_clear().output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

/// The document as a parser that shares no code with quell reads it.
fn parsed(document: &str) -> Value {
    let mut python = Command::new("python3")
        .arg("tests/junit_counts.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{document}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn junit_is_xml_that_holds_every_case_with_its_place() {
    let lists = [
        "-e",
        "tests/lists/failing-cases.yaml",
        "-e",
        "exclusions/documented",
        "-e",
        "tests/lists/none.yaml",
    ];
    let (document, code) = quell(&[&lists[..], &["--format", "junit"]].concat());
    assert_eq!(code, Some(1));
    let junit = parsed(&document);
    let (json, _) = quell(&[&lists[..], &["--format", "json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(junit["root"], "testsuites");
    let suites = junit["suites"].as_array().unwrap();
    assert_eq!(suites.len(), 7, "one for each file, also for an empty one");
    for (suite, list) in suites.iter().zip(json["lists"].as_array().unwrap()) {
        assert_eq!(suite["file"], list["file"]);
        let (cases, untested) = (list["cases"].as_array().unwrap(), list["untested"].as_array().unwrap());
        let told = suite["cases"].as_array().unwrap();
        assert_eq!(told.len(), cases.len() + untested.len());
        assert_eq!(suite["tests"], told.len());
        let failures = told.iter().filter(|case| !case["failure"].is_null()).count();
        assert_eq!(suite["failures"], failures);
        for (told, case) in told.iter().zip(cases) {
            assert_eq!((&told["class"], &told["line"]), (&case["exclusion"], &case["line"]));
            assert_eq!(told["failure"].is_null(), case["passed"] == true);
            assert!(told["name"].as_str().unwrap().starts_with("must "), "{told}");
        }
    }
    let total = |key: &str| suites.iter().map(|suite| suite[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!((junit["tests"].as_u64(), junit["failures"].as_u64()), (Some(total("tests")), Some(5)));
    assert!(document.contains("&lt;A&gt; &amp; &quot;B&quot;"), "what a cell holds is text, not markup");
}
