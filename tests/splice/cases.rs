//! Queries before and after a splice, for Microsoft's analyser: `cargo run --example splice_cases -- OUT RULE...`
//! writes `OUT/before/N.kql` and `OUT/after/N.kql` for every query of the files and folders that reads the table.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a tool of the tests that cannot go on fails")]

use quell::kql::pipeline::Query;
use quell::kql::splice::splice;
use quell::rule::queries::{FileKind, queries};
use std::fs;
use std::path::{Path, PathBuf};

const TABLE: &str = "DeviceNetworkEvents";
const BLOCK: &str = "// quell:begin\n| where not(InitiatingProcessFileName =~ \"setup.exe\" and RemoteIP == \"192.0.2.7\")\n// quell:end";

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (out, rules) = arguments.split_first().expect("usage: splice_cases OUT RULE...");
    for folder in ["before", "after"] {
        fs::create_dir_all(out.join(folder)).unwrap();
    }
    let mut files = Vec::new();
    for rule in rules {
        collect(rule, &mut files);
    }
    files.sort();
    let (mut number, mut placed, mut alone, mut seen) = (0, 0, 0, std::collections::BTreeSet::new());
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for query in queries(FileKind::of(&file).unwrap(), &text).found {
            let query = &text[query.range];
            // What another workspace's table has, the analyser is not told.
            let elsewhere = ["workspace(", "cluster("].iter().any(|call| query.contains(call));
            if !query.contains(TABLE) || elsewhere || !seen.insert(query.to_owned()) {
                continue;
            }
            let spliced = splice(query, TABLE, BLOCK, &[]);
            fs::write(out.join(format!("before/{number}.kql")), query).unwrap();
            fs::write(out.join(format!("after/{number}.kql")), &spliced.text).unwrap();
            // The table is read as often as before.
            let reads = |query| Query::read(query, TABLE).references.len();
            assert_eq!(reads(query), reads(&spliced.text), "{}", file.display());
            println!("{number}\t{}\t{}\t{}", spliced.placed.len(), spliced.left_alone.len(), file.display());
            number += 1;
            placed += spliced.placed.len();
            alone += spliced.left_alone.len();
        }
    }
    println!("{number} queries, {placed} references with the block, {alone} left alone");
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap().flatten() {
            let name = entry.file_name();
            if !name.to_string_lossy().starts_with('.') && name != "expected.kql" {
                collect(&entry.path(), files);
            }
        }
    } else if FileKind::of(path).is_some() && !path.to_string_lossy().contains("/expected.") {
        files.push(path.to_owned());
    }
}
