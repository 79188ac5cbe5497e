//! Pages that are made from the program: `QUELL_BLESS=1 cargo test --test it docs::` writes them, a plain run
//! compares them. Console blocks of the README and docs are run by trycmd.

use quell::fields::{FIELDS, Field};
use quell::schema::Schemas;
use std::fmt::Write;
use std::fs;
use std::process::Command;

fn quell(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_quell"))
        .args(args)
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Compares a page with what it must be, or writes it.
fn page(path: &str, wanted: &str) {
    if std::env::var_os("QUELL_BLESS").is_some() {
        fs::write(path, wanted).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{path} is out of date; QUELL_BLESS=1 writes it. It must be:\n{wanted}");
}

#[test]
fn the_command_line_pages_are_the_help_texts() {
    let mut wanted = String::from("# Commands\n\nMade from `quell help`.\n");
    let help = quell(&["help"]);
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    write!(wanted, "\n```text\n{help}```\n").unwrap();
    for name in names.filter(|name| !name.is_empty() && *name != "help") {
        write!(wanted, "\n## quell {name}\n\n```text\n{}```\n", quell(&["help", name])).unwrap();
    }
    page("docs/cli.md", &wanted);
}

#[test]
fn the_json_schemas_are_those_of_the_types() {
    page("docs/exclusions.schema.json", &quell(&["schema", "--json", "exclusions"]));
    page("docs/report.schema.json", &quell(&["schema", "--json", "report"]));
}

#[test]
fn the_table_of_fields_is_the_one_that_is_used() {
    let mut table = String::from("| field | also written | holds |\n|---|---|---|\n");
    for info in FIELDS {
        let spellings: Vec<String> = info.spellings.iter().map(|name| format!("`{name}`")).collect();
        writeln!(table, "| `{}` | {} | {} |", info.name, spellings.join(" "), info.meaning).unwrap();
    }
    for schema in Schemas::built_in().iter() {
        write!(table, "\n### {}\n\n{}\n\n| field | column |\n|---|---|\n", schema.name, schema.description)
            .unwrap();
        for field in Field::all() {
            let sources = schema.sources(field).iter();
            let columns: Vec<String> = sources
                .map(|source| {
                    format!("`{}`{}", source.column, if source.path { " (last segment)" } else { "" })
                })
                .collect();
            if !columns.is_empty() {
                writeln!(table, "| `{field}` | {} |", columns.join(", ")).unwrap();
            }
        }
    }
    let text = fs::read_to_string("docs/fields.md").unwrap();
    let (before, rest) = text.split_once("<!-- fields: generated -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- fields: end -->").unwrap();
    page(
        "docs/fields.md",
        &format!("{before}<!-- fields: generated -->\n{table}<!-- fields: end -->{after}"),
    );
}

#[test]
fn the_picture_shows_what_the_command_prints() {
    let printed = Command::new(env!("CARGO_BIN_EXE_quell"))
        .args(["apply", "samples/action1-hunt.csv", "--groups", "6"])
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text =
        format!("$ quell apply samples/action1-hunt.csv\n{}", String::from_utf8(printed.stdout).unwrap());
    page("docs/apply.svg", &svg(&text));
}

/// A terminal as a picture: one text element a line, so that it needs no font of its own.
fn svg(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (width, height) = (860, lines.len() * 17 + 32);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#11151c\"/>\n\
         <g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"13\" fill=\"#d6dde8\" xml:space=\"preserve\">\n"
    );
    for (place, line) in lines.iter().enumerate() {
        let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let color = if place == 0 { " fill=\"#8fd18f\"" } else { "" };
        writeln!(out, "<text x=\"16\" y=\"{}\"{color}>{line}</text>", place * 17 + 28).unwrap();
    }
    out + "</g>\n</svg>\n"
}

#[test]
fn every_console_block_prints_what_it_says() {
    trycmd::TestCases::new().env("COLUMNS", "100").case("README.md").case("docs/*.md");
}
