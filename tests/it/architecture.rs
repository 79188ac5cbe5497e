//! The arrows between the rooms of the house: who may use whom, who may touch the world.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules a module may use. A module that is not here fails the test: decide, then add it.
const ARROWS: &[(&str, &[&str])] = &[
    ("fields", &[]),
    ("verdict", &[]),
    ("diagnostic", &[]),
    ("yaml", &[]),
    ("range", &[]),
    ("schema", &["fields", "yaml"]),
    ("exclusions", &["diagnostic", "fields", "range", "schema", "yaml"]),
    ("matcher", &["exclusions", "fields", "verdict"]),
    ("cases", &["exclusions", "matcher", "report", "verdict"]),
    ("explain", &["exclusions", "matcher", "verdict"]),
    ("rule", &["exclusions", "kql", "matcher"]),
    ("results", &["schema"]),
    ("covers", &[]),
    ("tally", &["covers", "exclusions"]),
    ("ledger", &["covers", "exclusions", "matcher", "tally"]),
    ("scan", &["ledger", "matcher", "results", "tally"]),
    ("report", &["exclusions", "fields", "kql", "matcher", "results", "rule", "schema", "tally", "verdict"]),
    ("kql", &["diagnostic", "exclusions", "fields", "schema", "yaml"]),
    ("lint", &["cases", "diagnostic", "exclusions", "fields", "matcher", "report", "rule", "schema", "yaml"]),
    ("mutants", &["cases", "exclusions", "lint", "matcher", "report", "yaml"]),
    ("probe", &["exclusions", "fields", "matcher", "verdict", "yaml"]),
    ("tune", &["covers", "exclusions", "fields", "matcher", "report", "schema", "tally", "verdict", "yaml"]),
];

/// Words that only some files may have, and those files.
const WORLD: &[(&str, &[&str])] = &[
    ("serde_yaml::", &["src/yaml.rs"]),
    ("saphyr_parser", &["src/yaml.rs"]),
    ("std::fs", &["src/commands/"]),
    ("File::open", &["src/commands/"]),
    ("process::exit", &["src/main.rs"]),
    ("Zoned::now", &["src/main.rs"]),
    ("SystemTime", &["src/main.rs"]),
    ("Instant", &["src/main.rs"]),
    ("std::env::", &["src/main.rs"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(Path::new("src"), &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            // Tests at the end of a file may use what they like.
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            (path.to_str().unwrap().to_owned(), text)
        })
        .collect()
}

/// The text without its comments.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn room(file: &str) -> &str {
    file.trim_start_matches("src/").split('/').next().unwrap().trim_end_matches(".rs")
}

#[test]
fn arrows_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = BTreeSet::new();
    for (file, text) in all() {
        let room = room(&file);
        if ["main", "lib", "cli", "commands", "signals"].contains(&room) {
            continue;
        }
        let Some(may) = allowed.get(room) else {
            wrong.insert(format!("{room} is not in the table"));
            continue;
        };
        for used in code(&text).split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if used != room && !may.contains(&used.as_str()) {
                wrong.insert(format!("{file} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_model_knows_no_sibling() {
    let text = code(&fs::read_to_string("src/exclusions/model.rs").unwrap());
    assert!(
        !text.contains("super::shape")
            && !text.contains("super::validate")
            && !text.contains("super::document")
    );
}

#[test]
fn only_some_files_touch_the_world() {
    for (file, text) in all() {
        for (word, files) in WORLD {
            let may = files.iter().any(|allowed| file.starts_with(allowed));
            assert!(may || !text.contains(word), "{file} has `{word}`, which only {files:?} may");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (file, text) in all() {
        assert!(text.starts_with("//! "), "{file}");
        assert!(text.lines().count() <= 400, "{file} has {} lines: is it one room?", text.lines().count());
    }
}
