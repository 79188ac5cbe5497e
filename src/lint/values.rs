//! Values that no sensor writes into the field, so that the condition is never met, and networks that are wider than they
//! look.

use super::{Context, Finding, Level, Lint, Needs};
use crate::exclusions::model::{Condition, Operator, Test, TextValue};
use crate::printable::written_out;
use crate::range::AddressRange;

/// A value that no cell has.
pub(super) const NEVER_MATCHES: Lint = Lint {
    code: "never-matches",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "no sensor writes such a value into the field",
    why: "the condition is never met, so the entry suppresses nothing that it was written for",
    fix: "write the value as it stands in your results; `quell explain` shows the cells of a row",
    check: never_matches,
};

/// The highest port.
const LAST_PORT: u64 = 65_535;

fn never_matches(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, place, condition) in context.conditions() {
        let name = context.name(condition);
        for (value, reason) in impossible(name, condition) {
            let wanted = condition.wanted().get(value).cloned().unwrap_or_default();
            let message = format!("no `{}` is `{}`: {reason}", condition.field.name(), written_out(&wanted));
            found.push(Finding::new(NEVER_MATCHES.code, at.exclusion, at.value(place, value), message));
        }
    }
}

/// The values of a condition that no sensor writes, by their places, and why.
fn impossible(name: &str, condition: &Condition) -> Vec<(usize, &'static str)> {
    match &condition.test {
        Test::Text(values) => {
            let reasons = values.iter().map(|value| impossible_text(name, value));
            reasons.enumerate().filter_map(|(place, reason)| Some((place, reason?))).collect()
        }
        Test::Number(ranges) if ["source.port", "destination.port"].contains(&name) => {
            let outside =
                ranges.iter().enumerate().filter(|(_, range)| range.first > LAST_PORT || range.last == 0);
            outside.map(|(place, _)| (place, "ports go from 1 to 65535")).collect()
        }
        Test::Number(_) | Test::Address(_) => Vec::new(),
    }
}

/// Fields with the name of a file.
const NAMES: &[&str] = &["process.name", "process.parent.name", "process.original_file_name"];
/// Fields with the path of a file.
const PATHS: &[&str] = &["process.path", "process.parent.path"];

fn impossible_text(name: &str, value: &TextValue) -> Option<&'static str> {
    if value.operator == Operator::Re {
        return None;
    }
    let text = value.text.as_str();
    // Whoever starts a process chooses its command line to the last character.
    if name == "process.command_line" {
        return None;
    }
    if text.contains(['\n', '\r']) {
        return Some(
            "it holds a line feed, which a YAML block `|` keeps at its end; write the value on one line",
        );
    }
    if written_out(text) != text {
        return Some(
            "it holds a character that cannot be seen, or that looks like a space; type the value again",
        );
    }
    if has_spaces_at_an_end(value) {
        return Some("it begins or ends with a space");
    }
    match name {
        _ if NAMES.contains(&name) => impossible_name(text),
        _ if PATHS.contains(&name) => impossible_path(text),
        "process.sha256" if value.whole().is_some_and(|hash| !is_sha256(hash)) => {
            Some("a SHA-256 hash has 64 hexadecimal digits")
        }
        "destination.domain" if text.contains("://") => Some(
            "it is a URL, and a row of a connection holds the name of the host; write the host, or `*host*` if your rows do hold URLs",
        ),
        _ => None,
    }
}

/// Whether a space stands at an end that no wildcard opens.
fn has_spaces_at_an_end(value: &TextValue) -> bool {
    let (start, end) = match value.operator {
        Operator::Is => (true, true),
        Operator::StartsWith => (true, false),
        Operator::EndsWith => (false, true),
        Operator::Contains | Operator::Re => (false, false),
    };
    start && value.text.starts_with(' ') || end && value.text.ends_with(' ')
}

fn impossible_name(text: &str) -> Option<&'static str> {
    if text.contains(['\\', '/']) {
        return Some(
            "it is a path, and the field holds the file's name alone; `process.path` holds the path",
        );
    }
    (text.contains('"')).then_some("it holds a quotation mark, which no file name has; leave the marks out")
}

fn impossible_path(text: &str) -> Option<&'static str> {
    let after_drive = text.as_bytes().get(1) == Some(&b':');
    if text.contains('/') && (after_drive || text.contains('\\')) {
        return Some("sensors write the paths of Windows with backslashes");
    }
    if text.split('%').count() > 2 || text.to_ascii_lowercase().starts_with("$env:") {
        return Some(
            "sensors write the folder that a variable stands for; write `C:\\Windows` instead of `%WINDIR%`",
        );
    }
    if text.get(1..).is_some_and(|rest| rest.contains("\\\\")) {
        return Some(
            "it holds two backslashes in a row; between single quotes and without quotes one is one",
        );
    }
    (text.contains('"')).then_some("it holds a quotation mark, which no path has; leave the marks out")
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An address of a host where that of a network should stand.
pub(super) const HOST_BITS: Lint = Lint {
    code: "host-bits",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "the address in front of the prefix length is not the first of the network",
    why: "the prefix counts and the rest is ignored: what looks like one server is the whole network",
    fix: "write the address alone if one server is meant, or the first address of the network if all of it is",
    check: host_bits,
};

fn host_bits(context: &Context<'_>, found: &mut Vec<Finding>) {
    for (at, place, condition) in context.conditions() {
        let Test::Address(ranges) = &condition.test else { continue };
        for (value, range) in ranges.iter().enumerate() {
            if let Some(server) = server_of(range) {
                let (_, length) = range.text.split_once('/').unwrap_or_default();
                let message =
                    format!("`{}` is the whole network {}/{length}", range.text, range.first_address());
                let help = format!("if one server is meant: `{server}`");
                let spot = at.value(place, value);
                found.push(Finding::new(HOST_BITS.code, at.exclusion, spot, message).help(help));
            }
        }
    }
}

/// The address that is written in front of a prefix, if it is not the first of the network.
fn server_of(range: &AddressRange) -> Option<&str> {
    let (address, _) = range.text.split_once('/')?;
    let written = AddressRange::parse(address).ok()?;
    (written.first != range.first).then_some(address)
}
