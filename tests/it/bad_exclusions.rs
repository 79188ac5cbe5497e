//! Wrong lists and what is said about them: `tests/bad_exclusions/<what-is-wrong>.yaml` and `.stderr`.
//! `QUELL_BLESS=1` writes what is said now.

use quell::exclusions::validate::{ListText, load};
use quell::schema::Schemas;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

const FOLDER: &str = "tests/bad_exclusions";
const RESULTS: &str = "samples/action1-hunt.csv";

fn lists() -> Vec<PathBuf> {
    // Paths are shown as they are named: with a slash, on every system.
    let named = |entry: fs::DirEntry| PathBuf::from(format!("{FOLDER}/{}", entry.file_name().display()));
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| named(entry.unwrap()));
    let mut lists: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    lists.sort();
    lists
}

fn apply(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).arg("apply").args(arguments).env_clear().output().unwrap()
}

#[test]
fn each_wrong_list_is_refused_with_its_place_cause_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.csv");
    fs::write(&kept, "what was there before").unwrap();
    let mut wrong = Vec::new();
    for list in lists() {
        let output = apply(&[RESULTS, "-e", list.to_str().unwrap(), "--kept", kept.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{}", list.display());
        assert!(output.stdout.is_empty(), "{}", list.display());
        assert_eq!(fs::read_to_string(&kept).unwrap(), "what was there before");
        let said = String::from_utf8(output.stderr).unwrap();
        let golden = list.with_extension("stderr");
        if std::env::var_os("QUELL_BLESS").is_some() {
            fs::write(&golden, &said).unwrap();
        }
        if fs::read_to_string(&golden).unwrap_or_default() != said {
            wrong.push(format!("{}:\n{said}", list.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing unfinished is left");
}

/// A list is read exclusion by exclusion, unless it might have parameters, which are needed first.
#[test]
fn a_list_that_is_read_at_once_has_the_same_mistakes() {
    let said = |list: &Path| {
        let text = fs::read_to_string(list).ok()?;
        let load = |text: String| {
            let texts = [ListText { file: "list".into(), text }];
            let mistakes = load(&texts, &Schemas::built_in()).unwrap_err();
            mistakes
                .iter()
                .map(|mistake| format!("{mistake:?}").replace("# parameters", "# "))
                .collect::<Vec<_>>()
        };
        Some((load(format!("# \n{text}")), load(format!("# parameters\n{text}"))))
    };
    let said: Vec<_> = lists().iter().filter_map(|list| said(list)).collect();
    assert!(said.len() > 40);
    for (one_by_one, at_once) in said {
        assert_eq!(one_by_one, at_once);
    }
}

/// Every code that the checks of lists can give is shown by some golden.
#[test]
fn every_code_has_a_golden() {
    let mut codes = BTreeSet::new();
    for file in ["cases.rs", "parameters.rs", "shape.rs", "validate.rs", "value.rs"] {
        let source = fs::read_to_string(Path::new("src/exclusions").join(file)).unwrap();
        for call in source.split("report(").skip(1) {
            if let Some(code) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                codes.insert(code.to_owned());
            }
        }
    }
    assert!(codes.len() > 15, "{codes:?}");
    let goldens = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let goldens = goldens.filter(|path| path.extension().is_some_and(|end| end == "stderr"));
    let said: String = goldens.map(|path| fs::read_to_string(path).unwrap()).collect();
    for code in codes {
        assert!(said.contains(&format!("error[{code}]")), "no golden shows {code}");
    }
}

#[test]
fn every_mistake_of_every_file_is_said_in_one_run() {
    let output = apply(&[RESULTS, "-e", FOLDER]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    for list in lists() {
        assert!(said.contains(&format!("{}:", list.display())), "{} is not named", list.display());
    }
}

#[test]
fn a_huge_file_and_one_that_is_not_utf8_are_refused_cheaply() {
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge.yaml");
    fs::File::create(&huge).unwrap().set_len(100 << 20).unwrap();
    let latin = folder.path().join("latin.yaml");
    fs::write(&latin, b"exclusions: []\n# \xe9\n").unwrap();
    let begun = std::time::Instant::now();
    let output = apply(&[RESULTS, "-e", folder.path().to_str().unwrap()]);
    // Reading it would take longer by orders of magnitude; this is no measurement.
    assert!(begun.elapsed() < Duration::from_secs(20));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("larger than 64 MiB"), "{said}");
    assert!(said.contains("line 2 is not UTF-8"), "{said}");
}
