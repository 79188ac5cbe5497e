//! The arrows between the rooms of the house: who may use whom, who may touch the world.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules a module may use. A module that is not here fails the test: decide, then add it.
const ARROWS: &[(&str, &[&str])] = &[
    ("fields", &[]),
    ("yaml", &[]),
    ("range", &[]),
    ("printable", &[]),
    ("diagnostic", &["printable"]),
    ("lines", &["diagnostic", "yaml"]),
    ("schema", &["fields", "yaml"]),
    ("exclusions", &["diagnostic", "fields", "lines", "range", "schema", "yaml"]),
    ("kql", &["exclusions", "fields", "schema"]),
    // The main job: read, judge, count, write.
    ("input", &["diagnostic", "schema"]),
    ("count", &["exclusions"]),
    ("groups", &["count"]),
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
    (
        "report",
        &[
            "count",
            "exclusions",
            "fields",
            "groups",
            "input",
            "judge",
            "kql",
            "printable",
            "rule",
            "run",
            "schema",
        ],
    ),
    ("rule", &["exclusions", "judge", "kql"]),
    ("cases", &["exclusions", "judge", "report"]),
    (
        "lint",
        &[
            "diagnostic",
            "exclusions",
            "fields",
            "judge",
            "kql",
            "printable",
            "report",
            "rule",
            "schema",
            "yaml",
        ],
    ),
    ("mutants", &["cases", "exclusions", "judge", "report", "yaml"]),
    ("probe", &["exclusions", "fields", "judge", "printable", "report", "schema", "yaml"]),
    ("tune", &["count", "exclusions", "report"]),
    ("suggest", &["cases", "exclusions", "fields", "judge", "printable", "probe", "range", "yaml"]),
];

/// Words that only some files may have, and those files.
const WORLD: &[(&str, &[&str])] = &[
    ("serde_yaml::", &["src/yaml/mod.rs"]),
    ("saphyr_parser", &["src/yaml/tree.rs"]),
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

/// Every source file and its text, without the tests at its end.
pub(crate) fn all() -> Vec<(String, String)> {
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

/// An arrow that nobody uses says that something was meant to be there, or is gone.
#[test]
fn every_arrow_is_used() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in all() {
        used.entry(room(&file).to_owned()).or_default().extend(used_rooms(&code(&text)));
    }
    let unused = ARROWS.iter().flat_map(|(from, to)| to.iter().map(move |to| (*from, *to)));
    let unused: Vec<_> = unused.filter(|(from, to)| !used[*from].contains(*to)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// No room leads back to itself by way of others.
#[test]
fn there_is_no_way_around() {
    let mut left: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    while let Some(free) = left.iter().find(|(_, to)| to.is_empty()).map(|(room, _)| *room) {
        left.remove(free);
        for to in left.values_mut() {
            to.remove(free);
        }
    }
    assert!(left.is_empty(), "{left:?}");
}

/// The map in docs/architecture.md has every room, with the rooms that it uses.
#[test]
fn the_map_is_the_one_of_the_code() {
    let map = fs::read_to_string("docs/architecture.md").unwrap();
    let mut drawn = BTreeMap::new();
    for line in map.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [room, _, uses] = cells[..] else { panic!("{line}") };
        let uses = uses.split(", ").map(|name| name.trim_matches('`')).filter(|name| *name != "-");
        drawn.insert(room.trim_matches('`'), uses.collect::<Vec<_>>());
    }
    let arrows: BTreeMap<&str, Vec<&str>> =
        ARROWS.iter().map(|(room, uses)| (*room, uses.to_vec())).collect();
    assert_eq!(drawn, arrows);
}

/// Files of a room use each other in one direction only.
#[test]
fn the_files_of_the_main_job_use_each_other_one_way() {
    for folder in ["count", "input", "judge", "output", "parallel", "run"] {
        let files: Vec<(String, String)> = all()
            .into_iter()
            .filter_map(|(file, text)| {
                let inside = file.strip_prefix(&format!("src/{folder}/"))?.strip_suffix(".rs")?.to_owned();
                Some((inside, code(&text)))
            })
            .collect();
        let mut left: BTreeMap<String, BTreeSet<String>> = files
            .iter()
            .filter(|(file, _)| !file.ends_with("mod"))
            .map(|(file, text)| (file.clone(), siblings(folder, file, text, &files)))
            .collect();
        while let Some(free) = left.iter().find(|(_, to)| to.is_empty()).map(|(file, _)| file.clone()) {
            left.remove(&free);
            for to in left.values_mut() {
                to.remove(&free);
            }
        }
        assert!(left.is_empty(), "{folder}: {left:#?}");
    }
}

/// The files of a room that one of them uses.
fn siblings(folder: &str, file: &str, text: &str, files: &[(String, String)]) -> BTreeSet<String> {
    let names = files.iter().map(|(name, _)| name).filter(|name| *name != file && !name.ends_with("mod"));
    let here = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let uses = |name: &str| {
        let path = name.replace('/', "::");
        let beside = name.strip_prefix(here).map(|rest| rest.trim_start_matches('/').replace('/', "::"));
        let above = format!("super::super::{path}::");
        text.contains(&format!("crate::{folder}::{path}::"))
            || (!here.is_empty() && text.contains(&above))
            || beside.is_some_and(|path| text.contains(&format!("super::{path}::")))
    };
    names.filter(|name| uses(name)).cloned().collect()
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
