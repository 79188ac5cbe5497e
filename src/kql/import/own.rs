//! Reads back what quell itself writes into clauses.
//!
//! In: nodes. Out: the column that an expression such as `extract(...)` looks at, the wildcards that a regular
//! expression stands for, and which parts are only guards of another part. Everything is compared with the text
//! that [`crate::kql::predicate`] writes, so that reading and writing cannot drift apart.

use crate::exclusions::model::Piece;
use crate::kql::literal::string;
use crate::kql::predicate::{NAME_OF, NUMBER_SHAPE, contains_regex, ipv4_of, ipv6_of};
use crate::kql::tree::{QueryNode, Tree};

/// What a comparison looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComparedCell {
    /// The column, or the field with its dots.
    pub(super) column: String,
    /// Its expression without blanks.
    pub(super) text: String,
    /// `tolower(column)`.
    pub(super) lowered: bool,
    /// Only what stands behind the last backslash or slash.
    pub(super) path: bool,
}

/// The nodes without blanks and comments.
pub(super) fn plain(tree: &Tree<'_>, nodes: &[QueryNode]) -> String {
    let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return String::new() };
    (first.first()..=last.last()).map(|index| tree.word(index)).collect()
}

fn plain_text(text: &str) -> String {
    let tree = Tree::new(text);
    plain(&tree, &tree.nodes)
}

/// A column, also `tolower(column)`, `extract(.., column)` and `process.name`; how many nodes it takes.
pub(super) fn cell(tree: &Tree<'_>, part: &[QueryNode]) -> Option<(ComparedCell, usize)> {
    let name = tree.name(part.first())?;
    let cell = |column: String, width: usize, lowered: bool, path: bool| {
        let text = plain(tree, &part[..width]);
        Some((ComparedCell { column, text, lowered, path }, width))
    };
    if let Some(group) = tree.opens(part.get(1), "(") {
        if let [inner] = &group.nodes[..] {
            let wraps = matches!(name, "tolower" | "tostring" | "tolong");
            return cell(tree.name(Some(inner)).filter(|_| wraps)?.to_owned(), 2, name == "tolower", false);
        }
        let column = tree.name(group.nodes.last())?;
        let own = plain_text(&format!("extract({NAME_OF}, 1, {column})"));
        return cell(column.to_owned(), 2, false, true).filter(|(cell, _)| cell.text == own);
    }
    let mut column = name.to_owned();
    let mut at = 1;
    while tree.is(part.get(at), ".") {
        column = format!("{column}.{}", tree.name(part.get(at + 1))?);
        at += 2;
    }
    cell(column, at, false, false)
}

/// The column of an address, also inside the expressions that unwrap a mapped address or leave it out.
pub(super) fn address_cell(tree: &Tree<'_>, nodes: &[QueryNode]) -> Option<String> {
    if let [column] = nodes {
        return tree.name(Some(column)).map(str::to_owned);
    }
    let text = plain(tree, nodes);
    let group = nodes.get(1)?.group()?;
    let own = |node: &QueryNode| {
        let column = tree.name(Some(node))?;
        let same = [ipv4_of(column), ipv6_of(column)].iter().any(|own| plain_text(own) == text);
        same.then(|| column.to_owned())
    };
    group.nodes.iter().find_map(own)
}

/// The guards that a clause may have beside this comparison. No guard is a comparison with guards of its own, so
/// two parts never remove each other.
pub(super) fn guards(cell: &ComparedCell, operator: &str, values: &[String]) -> Vec<String> {
    let (text, column) = (&cell.text, &cell.column);
    let ascii = values.iter().all(|value| value.is_ascii()) && !cell.lowered;
    let mut guards = Vec::new();
    if values.iter().all(|value| !value.is_empty() && value != "*") {
        guards.push(format!("isnotempty({text})"));
    }
    if *text == format!("tolong({column})") && matches!(operator, "==" | "in" | "between") {
        guards.push(format!("{column} matches regex {NUMBER_SHAPE}"));
    }
    match (operator, values) {
        ("in~" | "=~", _) if ascii => guards.push(format!("isascii({text})")),
        ("startswith", [value]) if ascii => {
            guards.push(format!("isascii(substring({text}, 0, {}))", value.len()));
        }
        ("endswith", [value]) if ascii => {
            guards.push(format!("isascii(substring({text}, -{}))", value.len()));
        }
        ("contains", [value]) if ascii => {
            guards.push(format!("{text} matches regex {}", string(&contains_regex(value))));
        }
        _ => {}
    }
    guards.iter().map(|guard| plain_text(guard)).collect()
}

/// The value that quell wrote as this regular expression, and whether its letter case counts.
pub(super) fn wildcards(regex: &str) -> Option<(String, bool)> {
    let mut rest = regex.strip_prefix("(?s)^")?.strip_suffix('$')?;
    let mut value = String::new();
    let (mut folded, mut cased) = (false, false);
    while !rest.is_empty() {
        let (piece, width) = piece(rest)?;
        match piece {
            Piece::Any => value.push('*'),
            Piece::One => value.push('?'),
            Piece::Text(text) => {
                let letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
                folded |= letter && width == 4;
                cased |= letter && width == 1;
                value.push_str(&text);
            }
        }
        rest = &rest[width..];
    }
    let unclear = folded && cased || value.is_empty();
    (!unclear).then_some((value, cased))
}

/// The first piece of a regular expression, and how many bytes it takes.
fn piece(rest: &str) -> Option<(Piece, usize)> {
    const ONE: &str = r"[\x01-\x7F]";
    if rest.starts_with(".*") {
        return Some((Piece::Any, 2));
    }
    if rest.starts_with(ONE) {
        return Some((Piece::One, ONE.len()));
    }
    let mut characters = rest.chars();
    let text = |character: char| Piece::Text(character.to_string());
    match characters.next()? {
        '[' => {
            let (lower, upper, end) = (characters.next()?, characters.next()?, characters.next()?);
            let alike = lower.is_ascii_lowercase() && upper == lower.to_ascii_uppercase() && end == ']';
            alike.then(|| (text(lower), 4))
        }
        '\\' => {
            let escaped = characters.next().filter(|character| !character.is_alphanumeric())?;
            (!matches!(escaped, '*' | '?')).then(|| (text(escaped), 1 + escaped.len_utf8()))
        }
        '.' | '*' | '?' | '+' | '(' | ')' | '{' | '}' | '|' | '^' | '$' | ']' => None,
        character => Some((text(character), character.len_utf8())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_that_is_not_quells_stays_one() {
        assert_eq!(wildcards(r"(?s)^[aA].*\.[eE]$"), Some(("a*.e".to_owned(), false)));
        assert_eq!(wildcards(r"(?s)^Ab\\[\x01-\x7F]$"), Some((r"Ab\?".to_owned(), true)));
        for other in
            ["a", "(?s)^a|b$", r"(?s)^\d$", "(?s)^[ab]$", r"(?s)^\*$", "(?s)^[aA]b$", "(?s)^a+$", "(?s)^$"]
        {
            assert_eq!(wildcards(other), None, "{other}");
        }
    }
}
