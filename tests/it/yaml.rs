//! The quick reader of YAML beside the crate that knows all of it.

use crate::common::cases;
use proptest::prelude::*;
use proptest::sample::select;
use quell::yaml::{Node, Value, parse_any, parse_items, parse_plain};
use std::fmt::Write;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A value with the style in which it is written.
#[derive(Debug, Clone)]
enum Tree {
    Scalar(&'static str),
    List(Vec<Tree>),
    Map(Vec<(&'static str, Tree)>),
    Flow(Box<Tree>),
}

/// Scalars as they are written.
const SCALARS: &[&str] = &[
    "a",
    "setup.exe",
    "10.20.3.0/24",
    "fd00::1",
    "443",
    "~",
    "null",
    "C:\\Program Files\\A\\*",
    "a b  c",
    "it's",
    "é",
    "'it''s'",
    "'a: b # c'",
    "\"\"",
    "''",
    "\"a\\\\b\\\"\"",
    "文字",
    "a:b",
    "<<",
    "=",
    "${site}",
    "(a)",
    "1.0",
    "a-b",
    "a?",
    "/x/",
    "-1",
    "*x",
    "a,b",
    "a]",
    "\"\\u0041\"",
    "...",
    "---",
    ".",
    "|",
    "> ",
    "!!str a",
    "&a b",
    "@x",
    "% x",
    "a\u{a0}b",
    "\u{feff}",
    "a: b",
    "?",
    "? a",
    "- a",
    "#c",
    "a #c",
    "'a",
    "\"a",
    "\ta",
    "x#y",
    "\"C:\\/x\"",
];
const KEYS: &[&str] = &[
    "id",
    "when",
    "process.name",
    "process.path|startswith",
    "'quoted'",
    "\"double\"",
    "a b",
    "é",
    "exclusions",
    "a:b",
    "?",
    "-",
    "~",
    "id",
    "*k",
    "{x}",
];

fn trees() -> impl Strategy<Value = Tree> {
    // Mostly those that are plain; each other one makes the whole text one that is not.
    let scalar = || prop_oneof![12 => select(&SCALARS[..27]), 1 => select(SCALARS)];
    let key = || prop_oneof![12 => select(&KEYS[..9]), 1 => select(KEYS)];
    scalar().prop_map(Tree::Scalar).prop_recursive(5, 40, 5, move |inner| {
        let map = || prop::collection::vec((key(), inner.clone()), 1..5).prop_map(Tree::Map);
        let list = || prop::collection::vec(inner.clone(), 1..5).prop_map(Tree::List);
        prop_oneof![map(), list(), prop_oneof![map(), list()].prop_map(|tree| Tree::Flow(Box::new(tree)))]
    })
}

fn flow(tree: &Tree, gap: &str, out: &mut String) {
    let each = |items: Vec<String>, open: char, close: char| {
        format!("{open}{gap}{}{gap}{close}", items.join(&format!(",{gap}")))
    };
    let text = |tree: &Tree| {
        let mut out = String::new();
        flow(tree, gap, &mut out);
        out
    };
    *out += &match tree {
        Tree::Scalar(scalar) => (*scalar).to_owned(),
        Tree::List(items) => each(items.iter().map(text).collect(), '[', ']'),
        Tree::Map(pairs) => {
            each(pairs.iter().map(|(key, value)| format!("{key}: {}", text(value))).collect(), '{', '}')
        }
        Tree::Flow(tree) => text(tree),
    };
}

/// Block style, with what comes first on a line that begins already.
fn block(tree: &Tree, indent: usize, step: usize, out: &mut String) {
    let blanks = " ".repeat(indent);
    match tree {
        Tree::Scalar(_) | Tree::Flow(_) => {
            flow(tree, "", out);
            out.push('\n');
        }
        Tree::List(items) => {
            for (place, item) in items.iter().enumerate() {
                let _ = write!(out, "{}- ", if place == 0 { "" } else { &blanks });
                block(item, indent + 2, step, out);
            }
        }
        Tree::Map(pairs) => {
            for (place, (key, value)) in pairs.iter().enumerate() {
                let _ = write!(out, "{}{key}:", if place == 0 { "" } else { &blanks });
                match value {
                    Tree::Scalar(_) | Tree::Flow(_) => {
                        out.push(' ');
                        block(value, indent, step, out);
                    }
                    _ => {
                        let deeper =
                            if matches!(value, Tree::List(_)) && step == 1 { indent } else { indent + step };
                        let _ = write!(out, "\n{}", " ".repeat(deeper));
                        block(value, deeper, step, out);
                    }
                }
            }
        }
    }
}

/// A document in one of the styles that are read, or not: block, flow, flow over several lines, with other ends of lines.
fn documents() -> impl Strategy<Value = String> {
    (trees(), 0..6_usize, 1..4_usize).prop_map(|(tree, style, step)| {
        let mut out = String::new();
        match style {
            0 => flow(&tree, "", &mut out),
            1 => flow(&tree, "\n  ", &mut out),
            2 => flow(&tree, " ", &mut out),
            _ => block(&tree, 0, step, &mut out),
        }
        match style {
            4 => out.replace('\n', "\r\n"),
            5 => out.replace('\n', " # a comment\n\n  # another\n"),
            _ => out,
        }
    })
}

/// A text with a few pieces put in or left out.
fn changed() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "", "", "", " ", "  ", "\n", "\n  ", "-", "- ", ":", ": ", "{", "}", "[", "]", ",", "#", " #", "'",
        "\"", "\\", "|", ">", "&a ", "*a", "!", "%", "@", "`", "?", "? ", "---\n", "...\n", "\t", "\r",
        "\r\n", "é", "\u{85}", "\u{2028}", "~", ".",
    ]);
    let change = (any::<prop::sample::Index>(), 0..3_usize, pieces);
    (documents(), prop::collection::vec(change, 1..4)).prop_map(|(mut text, changes)| {
        for (place, width, piece) in changes {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = place.index(places.len());
            let to = (from + width).min(places.len() - 1);
            text.replace_range(places[from]..places[to], piece);
        }
        text
    })
}

fn check(text: &str) -> Result<bool, TestCaseError> {
    let Some(quick) = parse_plain(text) else { return Ok(false) };
    let full = parse_any(text);
    let full = full.map_err(|error| TestCaseError::fail(format!("{text:?}: {error:?}")))?;
    prop_assert_eq!(format!("{full:?}"), format!("{:?}", Some(&quick)), "{:?}", text);
    Ok(true)
}

static READ: AtomicUsize = AtomicUsize::new(0);

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(2_000, 300_000), ..ProptestConfig::default() })]

    /// What the quick reader reads is what the other one reads, with all places.
    fn both_readers_give_one_tree(text in documents()) {
        READ.fetch_add(usize::from(check(&text)?), Ordering::Relaxed);
    }

    #[test]
    fn both_readers_give_one_tree_whatever_was_changed(text in changed()) {
        check(&text)?;
    }

    /// Items that are handed over are those of the whole tree.
    #[test]
    fn items_handed_over_are_those_of_the_tree(text in documents()) {
        let mut items = Vec::new();
        let text = format!("exclusions:\n- {}\nother: x\n", text.replace('\n', "\n  "));
        let Some(root) = parse_plain(&text) else { return Ok(()) };
        parse_items(&text, "exclusions", |item| items.push(item)).unwrap();
        prop_assert_eq!(format!("{items:?}"), format!("{:?}", root.get("exclusions").map(Node::items).unwrap_or_default()));
    }
}

/// More than half of what is written as scripts write it is read quickly, or the law says nothing.
#[test]
fn both_readers_give_one_tree_and_most_texts_are_read_by_both() {
    both_readers_give_one_tree();
    let (read, all) = (READ.load(Ordering::Relaxed), usize::try_from(cases(2_000, 300_000)).unwrap());
    assert!(read * 2 > all, "{read} of {all}");
}

/// The ways in which scripts write a list: none of them may fall back to the slow reader.
#[test]
fn lists_as_scripts_write_them_are_read_quickly() {
    let flow = "exclusions:\n- {id: e1, when: {process.name: a.exe, process.path: 'C:\\Program Files\\A\\*', destination.ip: 10.0.0.0/24}}\n";
    let dumped = "exclusions:\n- id: e1\n  when:\n    process.name: a.exe\n    destination.ip:\n    - 10.0.0.0/24\n    - fd00::/64\n  owner: Müller\n";
    let indented = "# made by a script\nexclusions:\n  - id: e1\n    when:\n      - process.name: \"a.exe\"\n        process.path: \"C:\\\\Program Files\\\\A\\\\*\"\n    created: 2026-11-20\n";
    let json = "{\n  \"exclusions\": [\n    {\n      \"id\": \"e1\",\n      \"when\": {\"process.name\": [\"a.exe\"]}\n    }\n  ]\n}\n";
    let line =
        "{\"exclusions\":[{\"id\":\"e1\",\"when\":{\"process.name\":[\"a.exe\"],\"destination.port\":443}}]}";
    for text in [flow, dumped, indented, json, line, &dumped.replace('\n', "\r\n"), flow.trim_end()] {
        let quick = parse_plain(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(format!("{:?}", parse_any(text).unwrap().unwrap()), format!("{quick:?}"));
        assert!(matches!(quick.get("exclusions").unwrap().value, Value::List(_)));
    }
}

/// What is no mistake and not plain is left to the other reader, whole.
#[test]
fn what_is_not_plain_is_left_to_the_other_reader() {
    for text in [
        "a: |\n  b\n",
        "a: &x b\n",
        "a: b\n  c\n",
        "a:\n",
        "a: !!str b\n",
        "? a\n: b\n",
        "a: \"b\\tc\"\n",
        "a: \"b\\/c\"\n",
        "---\na: b\n",
        "- - a\n",
        "a: [b,\n  c]\n",
        "",
    ] {
        assert!(parse_plain(text).is_none(), "{text}");
        assert!(parse_any(text).is_ok(), "{text}");
    }
    // Both readers on every list that is at hand.
    for file in walkdir::WalkDir::new("exclusions")
        .into_iter()
        .chain(walkdir::WalkDir::new("samples"))
        .filter_map(Result::ok)
    {
        if file.path().extension().is_some_and(|end| end == "yaml") {
            check(&fs::read_to_string(file.path()).unwrap()).unwrap();
        }
    }
}
