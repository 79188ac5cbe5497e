//! One part of a condition as a line of an exclusion: `field|modifier: values`.
//!
//! In: a part such as `InitiatingProcessFileName !in~ ("a", "b")`. Out: [`Carried`], or why no list can
//! say exactly that. A part is carried only if the exclusion suppresses exactly the rows that it takes
//! away; where KQL itself takes away more than it says, that is a trap and is told.

use super::{Remark, Span};
use crate::exclusions::model::{AddressRange, NumberRange};
use crate::fields::{Field, Kind};
use crate::kql::lex::{TokenKind, literal};
use crate::kql::tree::{Node, Tree};
use crate::schema::Schema;

/// A line of an entry.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    /// Field and modifiers.
    pub(super) key: String,
    pub(super) values: Vec<String>,
    pub(super) span: Span,
    /// The column or field as it was written.
    pub(super) column: String,
    pub(super) kind: Kind,
}

/// A part that was read.
pub(super) struct Read {
    pub(super) carried: Carried,
    /// Values that it has and that cannot be carried.
    pub(super) leftovers: Vec<Remark>,
    pub(super) traps: Vec<Remark>,
}

/// Whose signs they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    /// `!=` is compared as lists compare: without regard to letter case.
    Documented,
    /// `!=` is compared as Kusto does.
    Kql,
}

/// A part as it is written.
struct Written {
    column: String,
    /// `==`, `in~`, `contains`, `ipv4`.
    operator: String,
    negated: bool,
    /// `tolower(column)`.
    lowered: bool,
    /// Null where the value is no address, so that its negation drops those rows.
    nullable: bool,
    values: Result<Vec<String>, String>,
}

/// Reads a part that must be `wanted` for the row to be suppressed.
pub(super) fn carry(
    tree: &Tree<'_>,
    part: &[Node],
    wanted: bool,
    schema: &Schema,
    notation: Notation,
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Result<Read, Remark> {
    let span = super::expression::span(tree, part);
    let refuse = |reason: String| Remark { span, reason };
    let Some(written) = call(tree, part, values_of).or_else(|| comparison(tree, part, values_of)) else {
        return Err(refuse("this is not a condition that a list can say".into()));
    };
    let (name, kind) = field(&written.column, schema, notation).ok_or_else(|| {
        refuse(format!("there is no field or column `{}` that rows have from the start", written.column))
    })?;
    if written.negated == wanted {
        let reason = "rows are taken away unless this holds; an exclusion has no negative conditions";
        return Err(refuse(reason.into()));
    }
    let mut all = written.values.clone().map_err(&refuse)?;
    if written.operator == "between" {
        all = vec![all.join("-")];
    }
    let modifiers = if kind == Kind::Text { modifiers(&written, notation).map_err(&refuse)? } else { "" };
    let mut values = Vec::new();
    let mut leftovers = Vec::new();
    for value in all {
        let read = match kind {
            _ if value.is_empty() => Err("empty cells are never suppressed".to_owned()),
            Kind::Text => text(&written, modifiers, value),
            Kind::Address => address(&written.operator, value),
            Kind::Number => number(&written.operator, value),
        };
        match read {
            Ok(value) => values.push(value),
            Err(reason) => leftovers.push(refuse(reason)),
        }
    }
    if values.is_empty() {
        return Err(leftovers.pop().unwrap_or_else(|| refuse("it has no values".into())));
    }
    let traps = traps(&written, modifiers, &name, kind, span);
    let carried = Carried { key: name + modifiers, values, span, column: written.column, kind };
    Ok(Read { carried, leftovers, traps })
}

fn traps(written: &Written, modifiers: &str, name: &str, kind: Kind, span: Span) -> Vec<Remark> {
    let mut traps = Vec::new();
    let mut trap = |reason: &str| traps.push(Remark { span, reason: reason.to_owned() });
    if written.nullable {
        trap(
            "null-dropping range: where the column is no IPv4 address the query drops the row too; the exclusion does not",
        );
    }
    let names = ["name", "path", "domain", "command_line", "company", "product"];
    if modifiers.contains("cased") && names.iter().any(|end| name.ends_with(end)) {
        trap(
            "letter case counts in this operator, though not in Windows names; carried with `|cased`, without it more is suppressed",
        );
    }
    if kind == Kind::Address && !written.nullable && written.operator != "ipv4" && written.operator != "ipv6"
    {
        trap(
            "compared as text here, as an address in a list: the exclusion also covers the other ways to write it, such as ::ffff:a.b.c.d",
        );
    }
    traps
}

/// The name in a list of a column or field, and how it is compared.
fn field(column: &str, schema: &Schema, notation: Notation) -> Option<(String, Kind)> {
    if notation == Notation::Documented
        && let Some(field) = Field::named(column)
    {
        return Some((field.name().to_owned(), field.kind()));
    }
    let holds = |field: &Field| {
        schema.sources(*field).first().is_some_and(|source| source.column == column && !source.path)
    };
    if let Some(field) = Field::all().find(holds) {
        return Some((field.name().to_owned(), field.kind()));
    }
    // A list compares text, addresses and whole numbers; a time or a bag of properties is none of these.
    let type_of = schema.columns.get(column)?;
    if !matches!(type_of.as_str(), "string" | "int" | "long") {
        return None;
    }
    Some((column.to_owned(), schema.column_kind(column)?))
}

/// The modifiers that compare text as an operator does.
fn modifiers(written: &Written, notation: Notation) -> Result<&'static str, String> {
    let operator = written.operator.trim_end_matches("_cs");
    let sensitive = written.operator.ends_with("_cs") || matches!(operator, "==" | "in");
    let cased = sensitive && notation == Notation::Kql && !written.lowered;
    Ok(match (operator, cased) {
        ("==" | "=~" | "in" | "in~", false) => "",
        ("==" | "=~" | "in" | "in~", true) => "|cased",
        ("contains", false) => "|contains",
        ("contains", true) => "|contains|cased",
        ("startswith", false) => "|startswith",
        ("startswith", true) => "|startswith|cased",
        ("endswith", false) => "|endswith",
        ("endswith", true) => "|endswith|cased",
        ("matches regex", _) if !written.lowered => "|re",
        (other, _) if other.starts_with("has") => {
            return Err(format!("`{other}` matches whole terms; no operator of a list does exactly that"));
        }
        (other, _) => return Err(format!("`{other}` on text has no counterpart in a list")),
    })
}

fn text(written: &Written, modifiers: &str, value: String) -> Result<String, String> {
    if written.lowered && value != value.to_lowercase() {
        return Err(format!("`tolower` never gives `{value}`, so this takes nothing away"));
    }
    if modifiers == "|re" {
        let compiles = regex::Regex::new(&value).is_ok();
        return compiles
            .then_some(value)
            .ok_or_else(|| "this regular expression does not compile here".into());
    }
    if value.contains(['*', '?']) {
        return Err(format!("`{value}` holds a `*` or `?`, which a list would read as a wildcard"));
    }
    Ok(value)
}

fn address(operator: &str, value: String) -> Result<String, String> {
    let value = match operator {
        "startswith" => prefix(&value)?,
        "==" | "=~" | "in" | "in~" | "ipv4" | "ipv6" => value,
        other => return Err(format!("`{other}` compares an address as text; name the network instead")),
    };
    AddressRange::parse(&value).map(|_| value)
}

/// `10.1.` is 10.1.0.0/16.
fn prefix(text: &str) -> Result<String, String> {
    let octets: Vec<&str> = text.split('.').collect();
    let whole = text.ends_with('.') && (2..=4).contains(&octets.len());
    if !whole || octets[..octets.len() - 1].iter().any(|octet| octet.parse::<u8>().is_err()) {
        return Err(format!("`{text}` is no beginning of an address that is a network"));
    }
    let missing = 5 - octets.len();
    Ok(format!("{}{}/{}", text, vec!["0"; missing].join("."), (octets.len() - 1) * 8))
}

fn number(operator: &str, value: String) -> Result<String, String> {
    if !matches!(operator, "==" | "in" | "between") {
        return Err(format!("`{operator}` on a number has no counterpart in a list"));
    }
    NumberRange::parse(&value).map(|_| value)
}

/// `column operator values`.
fn comparison(
    tree: &Tree<'_>,
    part: &[Node],
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Option<Written> {
    let (column, lowered, mut at) = column(tree, part)?;
    let bang = tree.is(part.get(at), "!");
    at += usize::from(bang);
    let Some(Node::Leaf(index)) = part.get(at) else { return None };
    let sign = tree.word(*index);
    at += 1;
    let (operator, negated) = match sign {
        "==" | "=" => ("==".to_owned(), false),
        "=~" => ("=~".to_owned(), false),
        "!=" | "<>" => ("==".to_owned(), true),
        "!~" => ("=~".to_owned(), true),
        "matches" => {
            at += 1;
            ("matches regex".to_owned(), bang)
        }
        word if tree.kind(*index) == Some(TokenKind::Name) => {
            let tilde = tree.is(part.get(at), "~");
            at += usize::from(tilde);
            (format!("{word}{}", if tilde { "~" } else { "" }), bang)
        }
        _ => return None,
    };
    let values = values(tree, &part[at..], values_of)?;
    Some(Written { column, operator, negated, lowered, nullable: false, values })
}

/// A column, also `tolower(column)` and `process.name`; how many nodes it takes.
fn column(tree: &Tree<'_>, part: &[Node]) -> Option<(String, bool, usize)> {
    let name = tree.name(part.first())?;
    if let Some(group) = tree.opens(part.get(1), "(") {
        let [inner] = &group.nodes[..] else { return None };
        let lowered = name == "tolower";
        return (lowered || name == "tostring").then_some((tree.name(Some(inner))?.to_owned(), lowered, 2));
    }
    let mut column = name.to_owned();
    let mut at = 1;
    while tree.is(part.get(at), ".") {
        column = format!("{column}.{}", tree.name(part.get(at + 1))?);
        at += 2;
    }
    Some((column, false, at))
}

type Values = Result<Vec<String>, String>;

/// The values of a comparison: a literal, a list of them, a name that `let` binds to one.
fn values(
    tree: &Tree<'_>,
    nodes: &[Node],
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Option<Values> {
    match nodes {
        [] => None,
        [Node::Group(group)] => Some(listed(tree, &group.nodes, values_of)),
        _ => Some(listed(tree, nodes, values_of)),
    }
}

fn listed(tree: &Tree<'_>, nodes: &[Node], values_of: &dyn Fn(&str) -> Option<Vec<String>>) -> Values {
    let mut out = Vec::new();
    let sign = |node: &Node| matches!(node, Node::Leaf(index) if matches!(tree.word(*index), "," | ".."));
    for item in nodes.split(sign) {
        match item {
            [] => {}
            [Node::Leaf(index)] if tree.kind(*index) == Some(TokenKind::Name) => {
                let name = tree.word(*index);
                let known = values_of(name);
                out.extend(known.ok_or_else(|| format!("`{name}` is not a list of literals in this query"))?);
            }
            [Node::Leaf(index)] => out.push(value(tree, *index)?),
            [Node::Leaf(_), Node::Group(group)] if tree.name(item.first()) == Some("dynamic") => {
                for inner in &group.nodes {
                    out.extend(listed(tree, inner.group().map_or(&[], |list| &list.nodes), values_of)?);
                }
            }
            [Node::Group(group)] => out.extend(listed(tree, &group.nodes, values_of)?),
            _ => return Err("its values are computed, not written out".into()),
        }
    }
    if out.is_empty() { Err("it has no values that are written out".into()) } else { Ok(out) }
}

fn value(tree: &Tree<'_>, index: usize) -> Result<String, String> {
    let word = tree.word(index);
    match tree.kind(index) {
        Some(TokenKind::Number) => Ok(word.to_owned()),
        Some(TokenKind::Text) => literal(word).ok_or_else(|| format!("`{word}` is not a string that closes")),
        Some(TokenKind::Placeholder) => Err(format!("`{word}` is filled in elsewhere")),
        _ => Err(format!("`{word}` is not a value that is written out")),
    }
}

/// The literals that a name is bound to: `let names = dynamic(["a", "b"]);`.
pub(super) fn bound(tree: &Tree<'_>, nodes: &[Node]) -> Option<Vec<String>> {
    listed(tree, nodes, &|_| None).ok()
}

const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// `ipv4_is_in_range(column, "network")`, also `== false`, also inside `coalesce(.., false)`.
fn call(tree: &Tree<'_>, part: &[Node], values_of: &dyn Fn(&str) -> Option<Vec<String>>) -> Option<Written> {
    let name = tree.name(part.first())?;
    let group = tree.opens(part.get(1), "(")?;
    let compared = match part.get(2..)? {
        [] => false,
        [Node::Leaf(sign), Node::Leaf(truth)] => match (tree.word(*sign), tree.word(*truth)) {
            ("==", "true") | ("!=", "false") => false,
            ("==", "false") | ("!=", "true") => true,
            _ => return None,
        },
        _ => return None,
    };
    let arguments = tree.split(&group.nodes, TokenKind::Comma);
    if name == "coalesce" {
        let inner = arguments.first()?;
        let mut inner = call(tree, inner, values_of).or_else(|| comparison(tree, inner, values_of))?;
        inner.negated ^= compared;
        inner.nullable &= tree.name(arguments.get(1)?.first()) != Some("false");
        return Some(inner);
    }
    let column = address_column(tree, arguments.first()?)?;
    let rest = arguments[1..].iter().map(|argument| listed(tree, argument, values_of));
    let values: Values = rest.collect::<Result<Vec<_>, _>>().map(|lists| lists.concat());
    let (operator, values) = match name {
        "ipv4_is_in_range" | "ipv4_is_in_any_range" | "ipv4_is_match" => ("ipv4", values),
        "ipv6_is_in_range" | "ipv6_is_in_any_range" | "ipv6_is_match" => ("ipv6", values),
        "ipv4_is_private" => ("ipv4", Ok(PRIVATE.map(str::to_owned).to_vec())),
        "has_any_ipv4" | "has_ipv4" | "has_ipv4_prefix" | "has_any_ipv4_prefix" => ("has", values),
        "isempty" | "isnull" | "isnotempty" | "isnotnull" => ("==", Ok(vec![String::new()])),
        _ => return None,
    };
    let negated = name.starts_with("isnot") ^ compared;
    let operator = operator.to_owned();
    Some(Written { column, nullable: operator == "ipv4", operator, negated, lowered: false, values })
}

/// A column, also behind the `extract` by which quell's own clauses read mapped addresses as IPv4.
fn address_column(tree: &Tree<'_>, nodes: &[Node]) -> Option<String> {
    if let [Node::Leaf(column)] = nodes {
        return (tree.kind(*column) == Some(TokenKind::Name)).then(|| tree.word(*column).to_owned());
    }
    let [_, Node::Group(group)] = nodes else { return None };
    let arguments = tree.split(&group.nodes, TokenKind::Comma);
    let [pattern, _, column] = arguments.as_slice() else { return None };
    let own = tree.word(pattern.first()?.first()).contains("^(?:::[fF]{4}:)?(");
    (tree.name(nodes.first()) == Some("extract") && own).then_some(tree.name(column.first())?.to_owned())
}
