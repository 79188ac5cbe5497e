//! The table of attacks in docs/security.md names tests that are there.

use std::fs;

/// The text of every test file.
fn tests() -> Vec<(String, String)> {
    let files = fs::read_dir("tests/it").unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "rs"));
    files
        .map(|file| {
            (file.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&file).unwrap())
        })
        .collect()
}

#[test]
fn every_attack_has_a_test_of_that_name() {
    let page = fs::read_to_string("docs/security.md").unwrap();
    let tests = tests();
    let attacks: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ") && line.contains("::")).collect();
    assert!(attacks.len() >= 20, "{}", attacks.len());
    for attack in attacks {
        let names: Vec<&str> =
            attack.split('`').filter(|part| part.contains("::") && !part.contains(' ')).collect();
        let Some(name) = names.last() else { panic!("{attack}") };
        let (file, test) = name.split_once("::").unwrap();
        let found = tests.iter().any(|(known, text)| known == file && text.contains(&format!("fn {test}(")));
        assert!(found, "{name}: there is no such test");
    }
}

/// A file that is replaced or cut short while it is read: a run judges what it has read, accounts for every row of it, and says
/// so if the end is no end of a row.
#[cfg(unix)]
#[test]
fn results_that_change_while_they_are_read_are_accounted_for() {
    use std::process::{Command, Stdio};
    use std::time::Duration;
    let header = "Timestamp,DeviceName,InitiatingProcessFileName,RemoteIP\n";
    let row = "2026-11-16T08:00:00Z,pc,other-program.exe,203.0.113.9\n";
    let whole = header.to_owned() + &row.repeat(200_000);
    for (moment, replaced) in [(0, false), (3, false), (8, false), (15, false), (3, true), (8, true)] {
        let folder = tempfile::tempdir().unwrap();
        let hunt = folder.path().join("hunt.csv");
        fs::write(&hunt, &whole).unwrap();
        let running = Command::new(env!("CARGO_BIN_EXE_quell"))
            .current_dir(folder.path())
            .args(["apply", "hunt.csv", "--kept", "kept.csv", "--format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(moment));
        if replaced {
            fs::write(folder.path().join("new.csv"), header).unwrap();
            fs::rename(folder.path().join("new.csv"), &hunt).unwrap();
        } else {
            // In the middle of a row.
            let file = fs::OpenOptions::new().write(true).open(&hunt).unwrap();
            file.set_len((header.len() + row.len() * 90_000 + 20) as u64).unwrap();
        }
        let output = running.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0 | 1) => {
                let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
                let kept = fs::read_to_string(folder.path().join("kept.csv")).unwrap();
                let rows = report["totals"]["read"].as_u64().unwrap();
                assert_eq!(kept.lines().count() as u64, rows + 1, "{moment} {replaced}");
                assert!(whole.starts_with(&kept) || header.starts_with(&kept), "{moment} {replaced}");
                let whole_rows = kept.len() == whole.len() || kept == header;
                assert!(whole_rows || report["warnings"].to_string().contains("cut-off"), "{report}");
            }
            Some(2) => {
                assert!(!folder.path().join("kept.csv").exists() && !said.contains("panicked"), "{said}");
            }
            other => panic!("{other:?}: {said}"),
        }
    }
}
