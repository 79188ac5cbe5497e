//! The block in rules of every shape: one folder a case, named in words. `QUELL_BLESS=1 cargo test --test it splice::`
//! writes what a splice gives now; read it before you commit it.

use quell::exclusions::{documented, validate::load};
use quell::kql::{Options, where_block};
use quell::rule::queries::FileKind;
use quell::rule::splice::{RuleBlock, SplicedFile, splice_file};
use quell::schema::Schemas;
use std::fs;
use std::path::{Path, PathBuf};

const BLOCK: &str = "// quell:begin\n| where not(InitiatingProcessFileName =~ \"setup.exe\" and RemoteIP == \"192.0.2.7\")\n// quell:end";

/// The block of a case: the documented exclusions for the one named after them.
fn block(folder: &Path) -> String {
    if !folder.ends_with("action1-with-the-documented-exclusions") {
        return BLOCK.to_owned();
    }
    let schemas = Schemas::built_in();
    let exclusions = load(&documented(), &schemas).unwrap();
    let lists = exclusions.iter().map(|exclusion| exclusion.origin.file.to_string()).collect();
    let applied: Vec<_> = exclusions.iter().collect();
    let options = Options { lists, ..Options::default() };
    where_block(&applied, schemas.named("defender").unwrap(), &options).unwrap()
}

fn splice(kind: FileKind, text: &str, block: Option<&str>) -> SplicedFile {
    let columns = ["InitiatingProcessFileName".to_owned(), "RemoteIP".to_owned()];
    splice_file(kind, text, RuleBlock { table: "DeviceNetworkEvents", text: block, columns: &columns })
}

fn cases() -> Vec<(PathBuf, PathBuf)> {
    let mut cases = Vec::new();
    for folder in fs::read_dir("tests/splice").unwrap() {
        let folder = folder.unwrap().path();
        if let Some(file) = ["rule.yaml", "query.kql", "page.md"]
            .iter()
            .map(|name| folder.join(name))
            .find(|file| file.exists())
        {
            cases.push((folder, file));
        }
    }
    cases.sort();
    cases
}

fn read(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap_or_default()).unwrap()
}

/// What was left alone and what is lost, one line each.
fn told(spliced: &SplicedFile) -> String {
    let left = spliced
        .left_alone
        .iter()
        .map(|left| format!("{}:{}: left alone: {}\n", left.place.line, left.place.column, left.reason));
    let lost = spliced.lost.iter().map(|lost| {
        format!("{}:{}: `{}` drops {}\n", lost.place.line, lost.place.column, lost.operator, lost.column)
    });
    left.chain(lost).collect()
}

#[test]
fn the_block_stands_at_every_reference_that_may_take_it() {
    let update = std::env::var_os("QUELL_BLESS").is_some();
    let cases = cases();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (folder, file) in cases {
        let spliced = splice(FileKind::of(&file).unwrap(), &read(&file), Some(&block(&folder)));
        let name = format!("expected.{}", file.extension().unwrap().to_str().unwrap());
        for (name, text) in [(name.as_str(), spliced.text.clone()), ("told.txt", told(&spliced))] {
            let path = folder.join(name);
            if update && (name != "told.txt" || !text.is_empty()) {
                fs::write(&path, &text).unwrap();
            } else if read(&path) != text {
                wrong.push(format!("{}:\n{text}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_second_splice_changes_nothing_and_removing_gives_the_file_back() {
    for (folder, file) in cases() {
        let (kind, text, block) = (FileKind::of(&file).unwrap(), read(&file), block(&folder));
        let once = splice(kind, &text, Some(&block));
        let twice = splice(kind, &once.text, Some(&block));
        assert_eq!(twice.text, once.text, "{}", folder.display());
        assert_eq!(twice.placed.len(), once.placed.len(), "{}", folder.display());
        assert_eq!(told(&twice).lines().count(), told(&once).lines().count(), "{}", folder.display());
        let back = splice(kind, &once.text, None);
        assert_eq!(back.text, text, "{}", folder.display());
        assert_eq!(back.placed.len(), once.placed.len(), "{}", folder.display());
    }
}

/// The text without the lines of blocks, blanks and round brackets: read by lines alone, sharing nothing with the
/// splicer.
fn bare(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.lines() {
        inside |= line.trim_start().starts_with("// quell:begin");
        if !inside {
            out.extend(line.chars().filter(|c| !c.is_whitespace() && !"()".contains(*c)));
        }
        inside &= !line.trim_start().starts_with("// quell:end");
    }
    out
}

#[test]
fn nothing_outside_the_block_is_touched() {
    for (folder, file) in cases() {
        let text = read(&file);
        let spliced = splice(FileKind::of(&file).unwrap(), &text, Some(BLOCK)).text;
        assert_eq!(bare(&spliced), bare(&text), "{}", folder.display());
    }
}
