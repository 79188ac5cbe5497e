//! One condition as a KQL expression that is true or false and never null.
//!
//! In: a condition of the model, its column. Out: the expression. It follows Microsoft's pages on string
//! operators (case-insensitive ones are so for ASCII), `ipv4_is_in_any_range()`, `ipv6_is_in_any_range()`, `coalesce()`.
//!
//! Regular expressions that quell makes spell both cases out as `[aA]`: `(?i)` would also fold letters beyond
//! ASCII, and so hide more than the list says.

use super::block::tree;
use super::literal::{column, string};
use super::values::{ListKind, Values};
use crate::exclusions::model::{
    AddressRange, Condition, Family, FieldRef, NumberRange, Operator, Piece, Test, TextValue,
};
use crate::schema::{Schema, Source};
use ipnet::{Ipv4Subnets, Ipv6Subnets};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The shape of a dotted IPv4 address without leading zeros, which systems read differently.
const QUAD: &str = r"(?:(?:0|[1-9][0-9]*)\.){3}(?:0|[1-9][0-9]*)";

/// The last segment of a path, as a regular expression in a literal.
pub(super) const NAME_OF: &str = r#"@"([^\\/]*)$""#;

/// The shape of a whole number without leading zeros, as a regular expression in a literal.
pub(super) const NUMBER_SHAPE: &str = r#"@"^(?:0|[1-9][0-9]*)$""#;

/// A condition and where its values go.
pub(super) struct ClauseEntry<'p> {
    /// The exclusion's id, the number of the entry.
    pub(super) key: (&'p str, usize),
    pub(super) schema: &'p Schema,
}

/// The expression for a condition; the error says what cannot be said.
pub(super) fn condition(
    condition: &Condition,
    place: &ClauseEntry<'_>,
    values: &mut Values,
) -> Result<String, String> {
    let source = source(&condition.field, place.schema)?;
    let kind = place.schema.columns.get(&source.column).map_or("string", String::as_str);
    let key = format!("{}/{}/{}", place.key.0, place.key.1, condition.field.name());
    refuse(&condition.test, &source.column, kind)?;
    match &condition.test {
        Test::Text(texts) => text(texts, &text_of(&source, kind), &key, values),
        Test::Address(ranges) => Ok(addresses(ranges, &column(&source.column), &key, values)),
        Test::Number(ranges) => Ok(numbers(ranges, &column(&source.column), kind)),
    }
}

/// Capturing groups that Kusto takes in one regular expression.
const MOST_GROUPS: usize = 16;

/// What would be an approximation: text of a column that an export writes otherwise than KQL does, an
/// address or a number in a column that holds none, a regular expression that Kusto does not take.
fn refuse(test: &Test, column: &str, kind: &str) -> Result<(), String> {
    let legal: &[&str] = match test {
        Test::Text(_) | Test::Number(_) => &["string", "int", "long"],
        Test::Address(_) => &["string"],
    };
    if !legal.contains(&kind) {
        return Err(format!(
            "the column {column} is of type {kind}, whose text is not the same in an export"
        ));
    }
    let Test::Text(texts) = test else { return Ok(()) };
    for text in texts.iter().filter(|text| text.operator == Operator::Re) {
        // The whole match counts as a group of its own.
        let groups = regex::Regex::new(&text.text).map_or(0, |regex| regex.captures_len() - 1);
        if groups > MOST_GROUPS {
            return Err(format!(
                "Kusto takes {MOST_GROUPS} capturing groups, `{}` has {groups}; (?:) does not capture",
                text.text
            ));
        }
    }
    Ok(())
}

/// Whether a condition's cell can be read; its negation is what makes a row undecidable.
pub(super) fn is_readable(condition: &Condition, schema: &Schema) -> Result<String, String> {
    let source = source(&condition.field, schema)?;
    let kind = schema.columns.get(&source.column).map_or("string", String::as_str);
    let cell = column(&source.column);
    Ok(match &condition.test {
        Test::Text(_) => format!("isnotempty({})", text_of(&source, kind)),
        Test::Address(_) => {
            format!(
                "(isnotnull(parse_ipv4({})) or isnotempty(parse_ipv6({})))",
                ipv4_of(&cell),
                ipv6_of(&cell)
            )
        }
        Test::Number(_) if matches!(kind, "int" | "long") => format!("coalesce({cell} >= 0, false)"),
        Test::Number(_) => format!("{cell} matches regex {NUMBER_SHAPE}"),
    })
}

fn source(field: &FieldRef, schema: &Schema) -> Result<Source, String> {
    match field {
        FieldRef::Field(field) => schema
            .sources(*field)
            .first()
            .cloned()
            .ok_or_else(|| format!("schema {} has no column for it", schema.name)),
        FieldRef::Column(column) => Ok(Source { column: column.name.clone(), path: false }),
    }
}

fn text_of(source: &Source, kind: &str) -> String {
    let cell = column(&source.column);
    let cell = if kind == "string" { cell } else { format!("tostring({cell})") };
    if source.path { format!("extract({NAME_OF}, 1, {cell})") } else { cell }
}

fn any(terms: Vec<String>) -> String {
    match terms.len() {
        1 => terms.into_iter().next().unwrap_or_default(),
        _ => format!("({})", tree(&terms, " or ")),
    }
}

fn text(texts: &[TextValue], cell: &str, key: &str, values: &mut Values) -> Result<String, String> {
    let mut terms = Vec::new();
    for cased in [false, true] {
        let listed = texts.iter().filter(|value| value.cased == cased && is_listed(value));
        let whole = listed.filter_map(TextValue::whole);
        let whole: Vec<String> = whole.map(str::to_owned).collect();
        if !whole.is_empty() {
            let operator = if cased { "in" } else { "in~" };
            let key = if cased { format!("{key}|cased") } else { key.to_owned() };
            // A list that somebody else keeps may grow.
            let guarded = !cased && (values.may_grow() || whole.iter().any(|text| is_risky(text)));
            let list = format!("{cell} {operator} ({})", values.list(&key, ListKind::Text, whole));
            terms.push(if guarded { format!("({list} and isascii({cell}))") } else { list });
        }
    }
    for value in texts.iter().filter(|value| !is_listed(value)) {
        terms.push(pattern(value, cell)?);
    }
    Ok(any(terms))
}

/// Whether a value can stand in a list of `in` or `in~`.
fn is_listed(value: &TextValue) -> bool {
    value.whole().is_some() && folds_alike(value)
}

/// Whether an operator that folds case does so as quell does. For text beyond ASCII nobody promises it.
fn folds_alike(value: &TextValue) -> bool {
    value.cased || value.text.is_ascii()
}

fn pattern(value: &TextValue, cell: &str) -> Result<String, String> {
    let Some(pieces) = value.pieces() else {
        if value.text.contains('\0') {
            return Err("a regular expression with a NUL byte".to_owned());
        }
        // An empty cell meets nothing, and some expressions match empty text.
        return Ok(format!("(isnotempty({cell}) and {cell} matches regex {})", string(&value.text)));
    };
    Ok(match pieces.as_slice() {
        [Piece::Any] => format!("isnotempty({cell})"),
        pieces if !folds_alike(value) => format!("{cell} matches regex {}", string(&regex(pieces, false))),
        [Piece::Text(text), Piece::Any] => {
            let guard = format!("isascii(substring({cell}, 0, {}))", text.len());
            part(cell, "startswith", text, value.cased, &guard)
        }
        [Piece::Any, Piece::Text(text)] => {
            let guard = format!("isascii(substring({cell}, -{}))", text.len());
            part(cell, "endswith", text, value.cased, &guard)
        }
        [Piece::Any, Piece::Text(text), Piece::Any] => {
            let guard = format!("{cell} matches regex {}", string(&contains_regex(text)));
            part(cell, "contains", text, value.cased, &guard)
        }
        pieces => format!("{cell} matches regex {}", string(&regex(pieces, value.cased))),
    })
}

/// A part of the cell, and the guard that what an operator without regard to case found is ASCII.
fn part(cell: &str, operator: &str, text: &str, cased: bool, guard: &str) -> String {
    let cs = if cased { "_cs" } else { "" };
    let comparison = format!("{cell} {operator}{cs} {}", string(text));
    if cased || !is_risky(text) { comparison } else { format!("({comparison} and {guard})") }
}

/// Whether an engine that folds more than ASCII could take another character for a letter of this ASCII text:
/// the Kelvin sign for `k`, the long s for `s`, the dotted I or the dotless i for `i`. Microsoft documents
/// folding for ASCII and promises nothing of the rest, and a file so named would be hidden.
fn is_risky(text: &str) -> bool {
    text.contains(['k', 'K', 's', 'S', 'i', 'I'])
}

fn regex(pieces: &[Piece], cased: bool) -> String {
    let mut out = String::from("(?s)^");
    for piece in pieces {
        match piece {
            Piece::Any => out.push_str(".*"),
            Piece::One => out.push_str(r"[\x01-\x7F]"),
            Piece::Text(text) => text.chars().for_each(|character| push_literal(&mut out, character, cased)),
        }
    }
    out.push('$');
    out
}

/// Finds the text in both letter cases, ASCII only.
pub(super) fn contains_regex(text: &str) -> String {
    let mut both = String::new();
    text.chars().for_each(|character| push_literal(&mut both, character, false));
    both
}

fn push_literal(out: &mut String, character: char, cased: bool) {
    if character.is_ascii_alphabetic() && !cased {
        out.extend(['[', character.to_ascii_lowercase(), character.to_ascii_uppercase(), ']']);
    } else {
        out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
    }
}

/// The cell as dotted IPv4, also a mapped one; empty if it is none.
pub(super) fn ipv4_of(cell: &str) -> String {
    format!("extract(@\"^(?:::[fF]{{4}}:)?({QUAD})$\", 1, {cell})")
}

/// The cell as IPv6 that is no mapped IPv4; empty if it is none.
pub(super) fn ipv6_of(cell: &str) -> String {
    let shape = format!("@\"^[0-9A-Fa-f:]*:(?:[0-9A-Fa-f]{{0,4}}|{QUAD})$\"");
    format!(
        "iff({cell} matches regex {shape} and not(parse_ipv6({cell}) startswith \"0000:0000:0000:0000:0000:ffff:\"), {cell}, \"\")"
    )
}

fn addresses(ranges: &[AddressRange], cell: &str, key: &str, values: &mut Values) -> String {
    let mut terms = Vec::new();
    for (family, name, function) in
        [(Family::V4, "ipv4", "ipv4_is_in_any_range"), (Family::V6, "ipv6", "ipv6_is_in_any_range")]
    {
        let networks: Vec<String> =
            ranges.iter().filter(|range| range.family == family).flat_map(networks).collect();
        if !networks.is_empty() {
            let cell = if family == Family::V4 { ipv4_of(cell) } else { ipv6_of(cell) };
            let list = values.list(&format!("{key}|{name}"), ListKind::Network, networks);
            // Null for what is no address, and null must not reach `not`.
            terms.push(format!("coalesce({function}({cell}, {list}), false)"));
        }
    }
    any(terms)
}

/// The range as networks, since KQL knows no ranges from one address to another.
fn networks(range: &AddressRange) -> Vec<String> {
    match range.family {
        Family::V4 => {
            let end = |number: u128| Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX));
            Ipv4Subnets::new(end(range.first), end(range.last), 0).map(|net| net.to_string()).collect()
        }
        Family::V6 => Ipv6Subnets::new(Ipv6Addr::from(range.first), Ipv6Addr::from(range.last), 0)
            .map(|net| net.to_string())
            .collect(),
    }
}

fn numbers(ranges: &[NumberRange], cell: &str, kind: &str) -> String {
    let number = matches!(kind, "int" | "long");
    let guard = format!("{cell} matches regex {NUMBER_SHAPE}");
    let value = if number { cell.to_owned() } else { format!("tolong({cell})") };
    // Beyond what a long holds there is nothing to compare with.
    let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
    let sayable = || ranges.iter().filter(|range| range.first <= most);
    let single = sayable().filter(|range| range.first == range.last).map(|range| range.first.to_string());
    let single: Vec<String> = single.collect();
    // A missing number is null, and null must not reach `not`.
    let single = match single.as_slice() {
        [] => None,
        [one] => Some(format!("coalesce({value} == {one}, false)")),
        many => Some(format!("coalesce({value} in ({}), false)", many.join(", "))),
    };
    let between = sayable().filter(|range| range.first < range.last).map(|range| {
        format!("coalesce({value} between ({} .. {}), false)", range.first, range.last.min(most))
    });
    let terms: Vec<String> = single.into_iter().chain(between).collect();
    match (terms.is_empty(), number) {
        (true, _) => "false".to_owned(),
        (_, true) => any(terms),
        (_, false) => format!("({guard} and {})", any(terms)),
    }
}
