//! The arrows between the rooms of the house: who may use whom, who may touch the world.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules a module may use. A module that is not here fails the test: decide, then add it.
const ARROWS: &[(&str, &[&str])] = &[
    ("fields", &[]),
    ("diagnostic", &[]),
    ("yaml", &[]),
    ("range", &[]),
    ("lines", &["diagnostic", "yaml"]),
    ("schema", &["fields", "yaml"]),
    ("exclusions", &["diagnostic", "fields", "lines", "range", "schema", "yaml"]),
    ("kql", &["diagnostic", "exclusions", "fields", "schema", "yaml"]),
    // The main job: read, judge, count, write.
    ("input", &["diagnostic", "schema"]),
    ("count", &["exclusions"]),
    ("judge", &["count", "diagnostic", "exclusions", "fields", "schema"]),
    ("output", &["count", "input", "judge"]),
    ("parallel", &["count", "input", "judge", "output"]),
    (
        "run",
        &[
            "count",
            "diagnostic",
            "exclusions",
            "fields",
            "input",
            "judge",
            "output",
            "parallel",
            "rule",
            "schema",
        ],
    ),
    // What reads its outcome.
    ("report", &["count", "exclusions", "input", "rule", "run"]),
    ("rule", &["exclusions", "judge", "kql"]),
    ("cases", &["exclusions", "judge", "report"]),
    ("lint", &["diagnostic", "exclusions", "fields", "judge", "kql", "report", "rule", "schema", "yaml"]),
    ("mutants", &["cases", "exclusions", "judge", "report", "yaml"]),
    ("probe", &["exclusions", "fields", "judge", "yaml"]),
    ("tune", &["count", "exclusions", "report"]),
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

/// The rooms that a text uses, also by groups: `use crate::{fields, schema::Schema}`.
fn used_rooms(code: &str) -> Vec<String> {
    let first_name = |path: &str| {
        let letter = |c: &char| c.is_ascii_lowercase() || *c == '_';
        path.trim_start().chars().take_while(letter).collect::<String>()
    };
    let of_path = |path: &str| match path.strip_prefix('{') {
        Some(group) => top_level(group).into_iter().map(first_name).collect(),
        None => vec![first_name(path)],
    };
    code.split("crate::").skip(1).flat_map(of_path).filter(|name| !name.is_empty()).collect()
}

/// The members of a group of imports, whose opening brace stands before the text.
fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (place, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.push(&group[start..place]);
                start = place + 1;
                if sign == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}

#[test]
fn grouped_imports_are_seen() {
    let code = "use crate::{\n    fields, schema::{Schema, Source},\n    kql::lex,\n};\nuse crate::yaml::Node;\nlet x: crate::range::Range;";
    assert_eq!(used_rooms(code), ["fields", "schema", "kql", "yaml", "range"]);
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
        for used in used_rooms(&code(&text)) {
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

#[test]
fn modules_are_laid_out_in_one_way() {
    for (file, _) in all() {
        let folder = file.trim_end_matches(".rs");
        assert!(!Path::new(folder).is_dir(), "{file} belongs to {folder}/mod.rs");
    }
}
