//! What earlier releases wrote into clauses, so that a block in a rule can still be read back.
//!
//! In: a column, values. Out: the text of the expressions of that time. Nothing is generated from it any more.

use crate::kql::literal::string;

/// The shape of a dotted IPv4 address without leading zeros.
const QUAD: &str = r"(?:(?:0|[1-9][0-9]*)\.){3}(?:0|[1-9][0-9]*)";

/// The expressions that stood for the cell of an address: as IPv4, and as IPv6.
pub(super) fn address_cells(column: &str) -> [String; 2] {
    let shape = format!("@\"^[0-9A-Fa-f:]*:(?:[0-9A-Fa-f]{{0,4}}|{QUAD})$\"");
    [
        format!("extract(@\"^(?:::[fF]{{4}}:)?({QUAD})$\", 1, {column})"),
        format!(
            "iff({column} matches regex {shape} and not(parse_ipv6({column}) startswith \"0000:0000:0000:0000:0000:ffff:\"), {column}, \"\")"
        ),
    ]
}

/// What stood beside a comparison that ignores letter case, lest an engine fold more than ASCII.
pub(super) fn guard(text: &str, operator: &str, values: &[String]) -> Option<String> {
    match (operator, values) {
        ("in~" | "=~", _) => Some(format!("isascii({text})")),
        ("startswith", [value]) => Some(format!("isascii(substring({text}, 0, {}))", value.len())),
        ("endswith", [value]) => Some(format!("isascii(substring({text}, -{}))", value.len())),
        ("contains", [value]) => Some(format!("{text} matches regex {}", string(&both_cases(value)))),
        _ => None,
    }
}

/// Finds the text in both letter cases, ASCII only.
fn both_cases(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_ascii_alphabetic() {
            out.extend(['[', character.to_ascii_lowercase(), character.to_ascii_uppercase(), ']']);
        } else {
            out += &regex::escape(character.encode_utf8(&mut [0; 4]));
        }
    }
    out
}
