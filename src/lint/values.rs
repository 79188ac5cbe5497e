//! Values that no sensor writes into the field, so that the condition is never met, and networks that are wider than they
//! look.

use super::{Context, Finding, Level, Lint, Needs};
use crate::exclusions::model::{Condition, Operator, Piece, Test, TextValue};
use crate::printable::written_out;

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
    if let Some(reason) = typed_otherwise(name, value) {
        return Some(reason);
    }
    match name {
        _ if NAMES.contains(&name) => impossible_name(text),
        _ if PATHS.contains(&name) => impossible_path(text).or_else(|| without_a_folder(value)),
        "user.domain" if text.contains(['\\', '@']) => {
            Some("the field holds the domain alone; `user.name` holds the account")
        }
        "host.name" if text.contains(['\\', '/', ' ']) => Some("the name of a device has no such sign"),
        "destination.domain" if text.contains(' ') => Some("neither a host name nor a URL has a space in it"),
        "destination.domain" if text.contains("://") => Some(
            "it is a URL, and a row of a connection holds the name of the host; write the host, or `*host*` if your rows do hold URLs",
        ),
        _ => {
            digits_of_hash(name).and_then(|(digits, reason)| (!may_be_hash(value, digits)).then_some(reason))
        }
    }
}

/// Endings of what is run or loaded.
const ENDINGS: &[&str] = &[".exe", ".dll", ".com", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".msi", ".sys"];

/// Marks of typography that an editor has put in place of plain quotation marks.
const TYPOGRAPHIC: &[char] = &['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{201a}'];

/// What somebody has written that a list means in another way: several names in one text, quotation marks, a negation.
fn typed_otherwise(name: &str, value: &TextValue) -> Option<&'static str> {
    let text = value.text.as_str();
    let is_file = NAMES.contains(&name) || PATHS.contains(&name);
    let is_host = matches!(name, "host.name" | "destination.domain");
    if !is_file && !is_host && name != "user.name" {
        return None;
    }
    if text.starts_with(TYPOGRAPHIC) || text.ends_with(TYPOGRAPHIC) {
        return Some(
            "it holds typographic quotation marks, which some editor has put in; leave the marks out",
        );
    }
    let is_from_start = matches!(value.operator, Operator::Is | Operator::StartsWith);
    if is_from_start && text.starts_with('!') {
        return Some(
            "`!` is a sign like any other, and there is no negation; say what a benign row is instead",
        );
    }
    let ends_a_file = |part: &str| {
        let part = part.trim_end().to_ascii_lowercase();
        ENDINGS.iter().any(|end| part.ends_with(end))
    };
    let several = match text.rsplit_once(',') {
        Some(_) if is_host => true,
        Some((before, _)) if is_file => before.split(',').any(ends_a_file),
        _ => false,
    };
    several.then_some("it is one text with a comma; several values are a list: `[a, b]`")
}

/// How many hexadecimal digits the hash in a field or column has.
fn digits_of_hash(name: &str) -> Option<(usize, &'static str)> {
    let name = name.to_ascii_lowercase();
    match () {
        () if name.ends_with("sha256") => Some((64, "a SHA-256 hash has 64 hexadecimal digits")),
        () if name.ends_with("sha1") => Some((40, "a SHA-1 hash has 40 hexadecimal digits")),
        () if name.ends_with("md5") => Some((32, "an MD5 hash has 32 hexadecimal digits")),
        () => None,
    }
}

/// Whether some hash of so many digits has this value.
fn may_be_hash(value: &TextValue, digits: usize) -> bool {
    let pieces = value.pieces().unwrap_or_default();
    let count = |piece: &Piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::One => 1,
        Piece::Any => 0,
    };
    let is_hex = |piece: &Piece| match piece {
        Piece::Text(text) => text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        Piece::One | Piece::Any => true,
    };
    let all: usize = pieces.iter().map(count).sum();
    let fits = if pieces.contains(&Piece::Any) { all <= digits } else { all == digits };
    fits && pieces.iter().all(is_hex)
}

/// Processes of the system that have a name where others have a path.
const WITHOUT_A_PATH: &[&str] =
    &["system", "registry", "memory compression", "memcompression", "vmmem", "idle", "<unknown process>"];

/// A path begins with a drive, a backslash or a slash.
fn without_a_folder(value: &TextValue) -> Option<&'static str> {
    let is_whole = value.operator == Operator::Is;
    if !(is_whole || value.operator == Operator::StartsWith) {
        return None;
    }
    let text = value.text.as_str();
    let mut signs = text.chars();
    let (first, second) = (signs.next(), signs.next());
    let may_begin = match (first, second) {
        (Some('\\' | '/' | '*' | '?'), _) | (_, Some('*' | '?')) => true,
        (Some(letter), Some(':')) => letter.is_ascii_alphabetic(),
        // The letter of a drive.
        (Some(_), None) => !is_whole,
        _ => false,
    };
    let is_known = WITHOUT_A_PATH.iter().any(|known| {
        text.eq_ignore_ascii_case(known) || (!is_whole && known.starts_with(&text.to_ascii_lowercase()))
    });
    (!may_begin && !is_known).then_some(
        "a path begins with a drive or a folder, such as `C:\\Windows\\`; begin it with `*\\` if the drive does not matter",
    )
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
            if let Some(server) = range.host_before_prefix() {
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
