//! The HTML report without a browser: what stands in the file, and when there is none. `.ci/page` opens it in one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn quell(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).args(args).output().unwrap()
}

fn page(folder: &Path, results: &str, more: &[&str]) -> String {
    let file = folder.join("report.html");
    let output = quell(&[&["apply", results, "--report", file.to_str().unwrap(), "--quiet"], more].concat());
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    fs::read_to_string(file).unwrap()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before).unwrap().1.split_once(after).unwrap().0
}

fn data(page: &str) -> Value {
    serde_json::from_str(between(page, "id=\"data\">", "</script>")).unwrap()
}

#[test]
fn the_policy_allows_the_one_script_and_the_one_style() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), "samples/action1-hunt.csv", &[]);
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    let script = hash(between(&page, "<script type=\"module\">", "</script>"));
    let style = hash(between(&page, "<style>", "</style>"));
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(policy.contains(&format!("script-src 'sha256-{script}';")), "{policy}");
    assert!(policy.contains(&format!("style-src 'sha256-{style}';")), "{policy}");
    assert!(policy.ends_with("require-trusted-types-for 'script'; trusted-types 'none'"), "{policy}");
    assert!(page.find("Content-Security-Policy").unwrap() < page.find("<style>").unwrap());
}

#[test]
fn nothing_from_rows_or_lists_ends_a_block() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, list) = (folder.path().join("rows.csv"), folder.path().join("list.yaml"));
    let evil = "</script><script>x</script><!--{{script}}{{rows}}";
    fs::write(
        &rows,
        format!("Timestamp,DeviceName,RemoteIP,{evil}\n2026-11-16T00:00:00Z,{evil},10.10.10.10,{evil}\n"),
    )
    .unwrap();
    fs::write(&list, format!("exclusions:\n- {{id: a, reason: '{evil}', when: {{host.name: '{evil}'}}}}\n"))
        .unwrap();
    let page = page(folder.path(), rows.to_str().unwrap(), &["-e", list.to_str().unwrap()]);
    assert_eq!(page.to_ascii_lowercase().matches("</script").count(), 3);
    assert!(!page.contains("<!--"));
    let data = data(&page);
    assert_eq!(data["exclusions"][0]["reason"], evil);
    assert_eq!(data["columns"][3]["name"], evil);
}

#[test]
fn a_page_says_how_many_of_how_many_rows_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let all = data(&page(folder.path(), "samples/action1-hunt.csv", &[]));
    assert_eq!((&all["held"], &all["rows"]), (&Value::from(320), &Value::from(320)));
    let some = data(&page(folder.path(), "samples/action1-hunt.csv", &["--report-rows", "50"]));
    assert_eq!((&some["held"], &some["rows"]), (&Value::from(50), &Value::from(320)));
    // What is counted does not change with what is held.
    for block in ["timed.rows", "grouped.rows", "set.patterns.start"] {
        assert_eq!(all["blocks"][block]["n"], some["blocks"][block]["n"], "{block}");
    }
}

#[test]
fn there_is_no_page_without_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let output = quell(&["apply", "--from-impact", "answer.json", "--report", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("an HTML report shows rows") && said.contains("help"), "{said}");
    assert!(!file.exists());
}

#[test]
fn a_page_of_standard_input_is_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let of_file = data(&page(folder.path(), "samples/action1-hunt.jsonl", &[]));
    let piped = folder.path().join("piped.html");
    let output = Command::new(env!("CARGO_BIN_EXE_quell"))
        .args(["apply", "-", "--quiet", "--report", piped.to_str().unwrap()])
        .stdin(fs::File::open("samples/action1-hunt.jsonl").unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut of_pipe = data(&fs::read_to_string(piped).unwrap());
    assert_eq!(of_pipe["report"]["results"][0]["file"], "-");
    of_pipe["report"]["results"] = of_file["report"]["results"].clone();
    assert_eq!(of_pipe, of_file);
}

#[test]
fn a_column_that_stands_twice_is_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows.csv");
    let header = "Timestamp,DeviceName,InitiatingProcessFileName,RemoteIP,Note,Note";
    fs::write(&rows, format!("{header}\n2026-11-16T00:00:00Z,d,setup.exe,10.0.0.1,one,two\n")).unwrap();
    let data = data(&page(folder.path(), rows.to_str().unwrap(), &[]));
    assert_eq!(data["columnsLeftOut"], serde_json::json!(["Note (stands twice)"]));
}

#[test]
fn malicious_rows_give_each_exclusion_the_grade_of_probe() {
    let folder = tempfile::tempdir().unwrap();
    let data =
        data(&page(folder.path(), "samples/action1-hunt.csv", &["--malicious", "samples/malicious.csv"]));
    let probed = quell(&["probe", "--malicious", "samples/malicious.csv", "--format", "json"]).stdout;
    let probed: Value = serde_json::from_slice(&probed).unwrap();
    for exclusion in probed["exclusions"].as_array().unwrap() {
        let shown = data["exclusions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|shown| shown["id"] == exclusion["id"])
            .unwrap();
        assert_eq!(shown["grade"]["grade"], exclusion["grade"]);
        assert!(shown["grade"]["way"].as_str().unwrap().contains("malicious row"));
    }
}
