//! Pages that are made from the program: `QUELL_BLESS=1 cargo test --test it docs::` writes them, a plain run
//! compares them. Console blocks of the README and docs are run by trycmd.

use quell::fields::{FIELDS, Field};
use quell::schema::{Schema, Schemas};
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

/// Schemas that stand in one matrix, under a heading.
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "Defender for Endpoint",
        &[
            "defender",
            "DeviceProcessEvents",
            "DeviceFileEvents",
            "DeviceRegistryEvents",
            "DeviceLogonEvents",
            "DeviceImageLoadEvents",
            "DeviceEvents",
            "DeviceFileCertificateInfo",
            "AlertEvidence",
        ],
    ),
    (
        "Logs of Windows, Linux and networks",
        &[
            "SecurityEvent",
            "WindowsEvent",
            "Event",
            "Syslog",
            "CommonSecurityLog",
            "DnsEvents",
            "W3CIISLog",
            "VMConnection",
        ],
    ),
    (
        "Accounts and clouds",
        &[
            "SigninLogs",
            "AADNonInteractiveUserSignInLogs",
            "AuditLogs",
            "OfficeActivity",
            "CloudAppEvents",
            "AzureActivity",
            "AWSCloudTrail",
            "IdentityLogonEvents",
            "IdentityQueryEvents",
            "IdentityDirectoryEvents",
        ],
    ),
    ("Mail", &["EmailEvents", "EmailUrlInfo", "UrlClickEvents"]),
    ("ASIM", &["asim", "_Im_ProcessEvent", "_Im_Dns", "_Im_WebSession", "_Im_Authentication"]),
    ("Other products", &["sysmon", "ecs"]),
];

/// The columns that hold a field, as they stand in a cell.
fn cell(schema: &Schema, field: Field) -> String {
    let sources = schema.sources(field).iter();
    let columns: Vec<String> = sources
        .map(|source| format!("`{}`{}", source.column, if source.path { " (last segment)" } else { "" }))
        .collect();
    columns.join(", ")
}

fn matrix(heading: &str, schemas: &[&Schema]) -> String {
    let mut out = format!("\n### {heading}\n\n");
    for schema in schemas {
        let also: Vec<String> = schema.also.iter().map(|name| format!("`{name}`")).collect();
        let also = if also.is_empty() { String::new() } else { format!("; also {}", also.join(", ")) };
        writeln!(out, "- `{}`: {}{also}", schema.name, schema.description).unwrap();
    }
    let names: Vec<&str> = schemas.iter().map(|schema| schema.name.as_str()).collect();
    write!(out, "\n| field | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len())).unwrap();
    for field in Field::all() {
        let cells: Vec<String> = schemas.iter().map(|schema| cell(schema, field)).collect();
        if !cells.concat().is_empty() {
            writeln!(out, "| `{field}` | {} |", cells.join(" | ")).unwrap();
        }
    }
    out
}

#[test]
fn the_matrix_of_fields_is_the_one_that_is_used() {
    let mut table = String::from("| field | also written | kind | holds |\n|---|---|---|---|\n");
    for info in FIELDS {
        let spellings: Vec<String> = info.spellings.iter().map(|name| format!("`{name}`")).collect();
        let kind = format!("{:?}", info.kind).to_lowercase();
        writeln!(table, "| `{}` | {} | {kind} | {} |", info.name, spellings.join(" "), info.meaning).unwrap();
    }
    let schemas = Schemas::built_in();
    let mut shown: Vec<&str> = FAMILIES.iter().flat_map(|(_, names)| *names).copied().collect();
    for (heading, names) in FAMILIES {
        let of_family: Vec<&Schema> = names.iter().map(|name| schemas.named(name).unwrap()).collect();
        table += &matrix(heading, &of_family);
    }
    let (defender, sentinel) = (schemas.named("defender").unwrap(), schemas.named("sentinel").unwrap());
    assert_eq!(defender.fields, sentinel.fields);
    table += "\n`sentinel` is `defender` with `TimeGenerated`; both are `DeviceNetworkEvents`.\n";
    shown.push("sentinel");
    shown.sort_unstable();
    let mut all: Vec<&str> = schemas.iter().map(|schema| schema.name.as_str()).collect();
    all.sort_unstable();
    assert_eq!(shown, all);
    let text = fs::read_to_string("docs/fields.md").unwrap();
    let (before, rest) = text.split_once("<!-- fields: generated -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- fields: end -->").unwrap();
    page(
        "docs/fields.md",
        &format!("{before}<!-- fields: generated -->\n{table}<!-- fields: end -->{after}"),
    );
}

/// What `quell apply` prints on the sample, in its colours, as a picture.
#[test]
fn the_picture_is_the_output() {
    let output = Command::new(env!("CARGO_BIN_EXE_quell"))
        .args(["--color", "always", "apply", "samples/action1-hunt.csv", "--groups", "6"])
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    page(
        "docs/apply.svg",
        &picture("quell apply samples/action1-hunt.csv", &String::from_utf8(output.stdout).unwrap()),
    );
}

/// Text with ANSI styles as a drawing of a terminal.
fn picture(command: &str, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let height = 46 + 17 * (lines.len() + 1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"{height}\" viewBox=\"0 0 860 {height}\">\n"
    );
    out += "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#11151c\"/>\n";
    out += "<g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"13\" fill=\"#d6dde8\">\n";
    writeln!(out, "<text x=\"16\" y=\"28\" fill=\"#8fd18f\">$ {command}</text>").unwrap();
    let mut style = String::new();
    for (number, line) in lines.iter().enumerate() {
        write!(out, "<text x=\"16\" y=\"{}\">", 45 + 17 * number).unwrap();
        for (place, part) in line.split('\u{1b}').enumerate() {
            // What follows an escape up to `m` is a style, which lasts until the next.
            let (code, rest) = if place == 0 {
                (None, part)
            } else {
                part.split_once('m').map(|(code, rest)| (Some(code), rest)).unwrap()
            };
            if let Some(code) = code {
                style = drawn(code);
            }
            let rest = rest.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            // Browsers join blanks.
            let rest = rest.replace(' ', "\u{a0}");
            match (rest.is_empty(), style.is_empty()) {
                (true, _) => {}
                (_, true) => out += &rest,
                _ => write!(out, "<tspan{style}>{rest}</tspan>").unwrap(),
            }
        }
        out += "</text>\n";
    }
    out + "</g>\n</svg>\n"
}

fn drawn(code: &str) -> String {
    match code {
        "[0" => String::new(),
        "[1;34" => " fill=\"#6ea8ff\" font-weight=\"bold\"".into(),
        "[90" | "[2" => " fill=\"#8b95a3\"".into(),
        "[33" => " fill=\"#e0a458\"".into(),
        "[31" => " fill=\"#ff8a80\"".into(),
        other => panic!("the picture has no colour for {other}"),
    }
}

#[test]
fn every_console_block_prints_what_it_says() {
    trycmd::TestCases::new().env("COLUMNS", "100").case("README.md").case("docs/*.md");
}
