//! What a terminal gets: colours that are asked for and no others, the same words with and without them, lines that fit.

use std::process::Command;
use unicode_width::UnicodeWidthStr;

/// Commands whose output has colours.
const COLOURED: &[&[&str]] = &[
    &["apply", "samples/action1-hunt.csv", "--today", "2026-11-25"],
    &["apply", "samples/action1-hunt.csv", "-e", "tests/lint/expired/triggers.yaml", "--today", "2026-11-25"],
    &["explain", "samples/action1-hunt.csv", "--row", "3", "--all"],
    &["explain", "samples/action1-hunt.csv", "--row", "26"],
    &["probe", "--malicious", "samples/malicious.csv"],
    &[
        "diff",
        "exclusions/documented/sccm.yaml",
        "exclusions/documented",
        "--results",
        "samples/action1-hunt.csv",
    ],
    &["lint", "-e", "documented", "--today", "2026-11-25"],
];

fn printed(args: &[&str], color: &str, columns: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_quell"))
        .args(["--color", color])
        .args(args)
        .env_clear()
        .env("COLUMNS", columns)
        .output()
        .unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The text without its styles.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap().to_owned();
    first + &parts.map(|part| part.split_once('m').unwrap().1).collect::<String>()
}

#[test]
fn colours_are_there_when_they_are_asked_for_and_change_no_word() {
    for args in COLOURED {
        let [always, never, auto] = ["always", "never", "auto"].map(|color| printed(args, color, "100"));
        assert!(always.contains('\u{1b}'), "{args:?} has no colours");
        assert!(!never.contains('\u{1b}'), "{args:?} has colours that nobody wants");
        assert_eq!(plain(&always), never, "{args:?}");
        assert_eq!(auto, never, "{args:?}: a pipe is no terminal");
    }
}

#[test]
fn what_machines_read_has_no_colours() {
    for format in ["json", "csv", "markdown"] {
        let args = ["apply", "samples/action1-hunt.csv", "--format", format];
        assert!(!printed(&args, "always", "100").contains('\u{1b}'), "{format}");
    }
    let args = ["explain", "samples/action1-hunt.csv", "--row", "3", "--format", "json"];
    assert!(!printed(&args, "always", "100").contains('\u{1b}'));
}

#[test]
fn no_line_of_a_report_or_a_finding_is_wider_than_the_terminal() {
    for columns in [80, 100] {
        for args in COLOURED {
            for line in plain(&printed(args, "always", &columns.to_string())).lines() {
                assert!(line.width() <= columns, "{args:?} at {columns}: {line}");
            }
        }
    }
}

/// Tables with several columns of words, at the width of a usual terminal.
#[test]
fn no_line_of_a_table_is_wider_than_eighty_columns() {
    for args in [
        &["list", "-e", "field", "-e", "documented", "--today", "2026-11-25"][..],
        &["list", "-e", "field", "-e", "documented", "--results", "samples/action1-hunt.csv"],
        &["prune", "--results", "samples/action1-hunt.csv", "-e", "documented"],
        &["rows", "samples/action1-hunt.csv", "--group", "1"],
        &["schema"],
        &["schema", "defender"],
        &["test", "-e", "documented"],
    ] {
        for columns in [80, 72] {
            let text = printed(args, "never", &columns.to_string());
            for line in text.lines() {
                // A path is not broken, so that it can be opened.
                let is_one_word = !line.trim().contains(' ');
                assert!(line.width() <= columns || is_one_word, "{args:?} at {columns}: {line}\n{text}");
            }
        }
    }
}

#[test]
fn the_caret_stands_under_the_word_that_it_means() {
    let text = plain(&printed(&["lint", "-e", "documented", "--today", "2026-11-25"], "always", "80"));
    let lines: Vec<&str> = text.lines().collect();
    let found = lines.windows(2).filter(|pair| pair[1].contains("^^^")).filter(|pair| pair[0].contains("| "));
    let mut compared = 0;
    for pair in found {
        let start = pair[1].chars().position(|c| c == '^').unwrap();
        let length = pair[1].chars().filter(|c| *c == '^').count();
        let word: String = pair[0].chars().skip(start).take(length).collect();
        // A mark begins and ends where a word of YAML does.
        assert!(!word.contains([' ', ',', '[', ']']) && word == word.trim(), "{}\n{}", pair[0], pair[1]);
        compared += 1;
    }
    assert!(compared > 20);
}
