//! One part of a condition as a line of an exclusion: `field|modifier: values`.
//!
//! In: a part such as `InitiatingProcessFileName !in~ ("a", "b")`. Out: [`Carried`], or why no list can
//! say exactly that. A part is carried only if the exclusion suppresses exactly the rows that it takes
//! away; where KQL itself takes away more than it says, that is a trap and is told.

use super::literals::{Literals, listed, values};
use super::own::{self, ComparedCell};
use super::{Remark, TextSpan};
use crate::exclusions::model::{AddressRange, NumberRange};
use crate::exclusions::reference;
use crate::fields::{Field, Kind};
use crate::kql::lex::TokenKind;
use crate::kql::nrt::network_of;
use crate::kql::tree::{QueryNode, Tree};
use crate::schema::Schema;

/// A line of an entry.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    /// Field and modifiers.
    pub(super) key: String,
    pub(super) values: Vec<String>,
    pub(super) span: TextSpan,
    /// The column or field as it was written.
    pub(super) column: String,
    pub(super) kind: Kind,
}

/// A part that was read.
pub(super) struct CarriedPart {
    pub(super) carried: Carried,
    /// Values of the part that cannot be carried. The part is carried without them.
    pub(super) leftovers: Vec<Remark>,
    pub(super) traps: Vec<Remark>,
}

/// In which notation a condition is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    /// That of the documents. Its `!=` ignores letter case, as lists do.
    Documented,
    /// KQL. Its `!=` counts letter case.
    Kql,
}

/// The guards that a clause of quell's would put beside this part, each as its text in a query.
pub(super) fn guards(
    tree: &Tree<'_>,
    part: &[QueryNode],
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Vec<String> {
    let written = call(tree, part, values_of).or_else(|| comparison(tree, part, values_of));
    match written.filter(|written| !written.negated) {
        Some(WrittenPart { cell, operator, values: Ok(values), .. }) => {
            own::guards(&cell, &operator, &values)
        }
        _ => Vec::new(),
    }
}

/// A part as it is written.
struct WrittenPart {
    cell: ComparedCell,
    /// `==`, `in~`, `contains`, `ipv4`.
    operator: String,
    negated: bool,
    /// Whether it is null for a cell that is no address. Its negation is then null too, and the query drops the row.
    nullable: bool,
    values: Result<Vec<String>, String>,
}

/// Reads a part. `wanted` is the truth value that it has in rows that are suppressed.
pub(super) fn carry(
    tree: &Tree<'_>,
    part: &[QueryNode],
    wanted: bool,
    schema: &Schema,
    notation: Notation,
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Result<CarriedPart, Remark> {
    let span = super::expression::span(tree, part);
    let refuse = |reason: String| Remark { span, reason };
    let Some(written) = call(tree, part, values_of).or_else(|| comparison(tree, part, values_of)) else {
        return Err(refuse("this is not a condition that a list can say".into()));
    };
    let (name, kind) = field(&written.cell, schema, notation).ok_or_else(|| {
        refuse(format!("there is no field or column `{}` that rows have from the start", written.cell.column))
    })?;
    if written.negated == wanted {
        let reason = "rows are taken away unless this holds; an exclusion has no negative conditions";
        return Err(refuse(reason.into()));
    }
    let modifiers = if kind == Kind::Text { modifiers(&written, notation).map_err(&refuse)? } else { "" };
    let mut all = written.values.clone().map_err(&refuse)?;
    if written.operator == "between" {
        all = vec![all.join("-")];
    }
    let mut values = Vec::new();
    let mut leftovers = Vec::new();
    let mut ranges: Vec<AddressRange> = Vec::new();
    for value in all {
        // A clause names an address also as it looks when it is mapped into IPv6; a list needs it once.
        if kind == Kind::Address
            && let Ok(range) = AddressRange::parse(&value)
        {
            if ranges.iter().any(|known| {
                (known.family, known.first, known.last) == (range.family, range.first, range.last)
            }) {
                continue;
            }
            ranges.push(range);
        }
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
    let mut modifiers = modifiers;
    if kind == Kind::Text && values.iter().any(|value| reference(value).is_some()) {
        modifiers = literally(&mut values, &mut leftovers, modifiers, span);
    }
    if values.is_empty() {
        return Err(leftovers.pop().unwrap_or_else(|| refuse("it has no values".into())));
    }
    let mut traps = traps(&written, modifiers, &name, kind, span);
    if joins_texts(tree, part) {
        let reason = "two texts stand without a comma between them, and Kusto joins them to one";
        traps.push(Remark { span, reason: reason.to_owned() });
    }
    let carried = Carried { key: name + modifiers, values, span, column: written.cell.column, kind };
    Ok(CarriedPart { carried, leftovers, traps })
}

/// Whether two string literals stand in a row.
fn joins_texts(tree: &Tree<'_>, nodes: &[QueryNode]) -> bool {
    let pair = nodes.windows(2).any(|pair| pair.iter().all(|node| tree.is_text(node)));
    pair || nodes.iter().filter_map(QueryNode::group).any(|group| joins_texts(tree, &group.nodes))
}

/// Said where a negation of a null drops rows.
pub(super) const NULL_TRAP: &str = "null-dropping range: where the column is no IPv4 address the query drops the row too; the exclusion does not";

fn traps(written: &WrittenPart, modifiers: &str, name: &str, kind: Kind, span: TextSpan) -> Vec<Remark> {
    let mut traps = Vec::new();
    let mut trap = |reason: &str| traps.push(Remark { span, reason: reason.to_owned() });
    if written.nullable {
        trap(NULL_TRAP);
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
fn field(cell: &ComparedCell, schema: &Schema, notation: Notation) -> Option<(String, Kind)> {
    let column = &cell.column;
    if notation == Notation::Documented
        && let Some(field) = Field::named(column)
    {
        return Some((field.name().to_owned(), field.kind()));
    }
    let holds = |field: &Field| {
        let source = schema.sources(*field).first();
        source.is_some_and(|source| source.column == *column && source.path == cell.path)
    };
    if let Some(field) = Field::all().find(holds) {
        return Some((field.name().to_owned(), field.kind()));
    }
    // A list compares text, addresses and whole numbers; a time or a bag of properties is none of these.
    let type_of = schema.columns.get(column).filter(|_| !cell.path)?;
    if !matches!(type_of.as_str(), "string" | "int" | "long") {
        return None;
    }
    Some((column.to_owned(), schema.column_kind(column)?))
}

/// The modifiers that compare text as an operator does.
fn modifiers(written: &WrittenPart, notation: Notation) -> Result<&'static str, String> {
    let operator = written.operator.trim_end_matches("_cs");
    let sensitive = written.operator.ends_with("_cs") || matches!(operator, "==" | "in");
    let cased = sensitive && notation == Notation::Kql && !written.cell.lowered;
    Ok(match (operator, cased) {
        ("==" | "=~" | "in" | "in~" | "like", false) => "",
        ("==" | "=~" | "in" | "in~" | "like", true) => "|cased",
        ("contains", false) => "|contains",
        ("contains", true) => "|contains|cased",
        ("startswith", false) => "|startswith",
        ("startswith", true) => "|startswith|cased",
        ("endswith", false) => "|endswith",
        ("endswith", true) => "|endswith|cased",
        ("matches regex", _) if !written.cell.lowered => "|re",
        (other, _) if other.starts_with("has") => {
            return Err(format!("`{other}` matches whole terms; no operator of a list does exactly that"));
        }
        (other, _) => return Err(format!("`{other}` on text has no counterpart in a list")),
    })
}

fn text(written: &WrittenPart, modifiers: &str, value: String) -> Result<String, String> {
    if written.cell.lowered && value != value.to_lowercase() {
        return Err(format!("`tolower` never gives `{value}`, so this takes nothing away"));
    }
    if modifiers == "|re" {
        let compiles = regex::Regex::new(&value).is_ok();
        return compiles
            .then_some(value)
            .ok_or_else(|| "this regular expression does not compile here".into());
    }
    if value.contains(['*', '?']) && !written.operator.starts_with("like") {
        return Err(format!("`{value}` holds a `*` or `?`, which a list would read as a wildcard"));
    }
    Ok(value)
}

/// Says values that a list would take for its parameters, such as `${home}`, as regular expressions for just that text.
/// Beside other values they cannot be said so. Returns the modifiers.
fn literally(
    values: &mut Vec<String>,
    leftovers: &mut Vec<Remark>,
    modifiers: &'static str,
    span: TextSpan,
) -> &'static str {
    let is_reference = |value: &String| reference(value).is_some();
    if modifiers != "|re" && values.iter().all(is_reference) {
        for value in values.iter_mut() {
            *value = expression_of(value, modifiers);
        }
        return "|re";
    }
    let reason =
        |value: String| format!("`{value}` is a parameter in a list; put it into a condition of its own");
    let references = values.extract_if(.., |value| is_reference(value));
    leftovers.extend(references.map(|value| Remark { span, reason: reason(value) }));
    modifiers
}

/// A regular expression that finds what the modifiers say of a text.
fn expression_of(text: &str, modifiers: &str) -> String {
    let is_cased = modifiers.contains("|cased");
    let letter = |c: char| {
        if c.is_ascii_alphabetic() && !is_cased {
            format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase())
        } else {
            regex::escape(&c.to_string())
        }
    };
    let open = |modifier: &str| modifiers.contains(modifier) || modifiers.contains("|contains");
    let begin = if open("|endswith") { "" } else { "^" };
    let end = if open("|startswith") { "" } else { "$" };
    format!("{begin}{}{end}", text.chars().map(letter).collect::<String>())
}

fn address(operator: &str, value: String) -> Result<String, String> {
    let value = match operator {
        "startswith" => prefix(&value)?,
        "==" | "=~" | "in" | "in~" | "ipv4" | "ipv6" => value,
        "matches regex" => network_of(&value).ok_or("a pattern of addresses is no network")?,
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
    part: &[QueryNode],
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Option<WrittenPart> {
    let (cell, mut at) = own::cell(tree, part)?;
    let bang = tree.is(part.get(at), "!");
    at += usize::from(bang);
    let Some(QueryNode::Leaf(index)) = part.get(at) else { return None };
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
    let (operator, values) = wildcards(operator, values);
    Some(WrittenPart { cell, operator, negated, nullable: false, values })
}

/// A regular expression that says `*` and `?` becomes a value with those.
fn wildcards(operator: String, values: Literals) -> (String, Literals) {
    let found = match &values {
        Ok(values) if operator == "matches regex" && values.len() == 1 => own::wildcards(&values[0]),
        _ => None,
    };
    match found {
        Some((values, cased)) => (if cased { "like_cs" } else { "like" }.to_owned(), Ok(values)),
        None => (operator, values),
    }
}

const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// `ipv4_is_in_range(column, "network")`, also `== false`, also inside `coalesce(.., false)`.
fn call(
    tree: &Tree<'_>,
    part: &[QueryNode],
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Option<WrittenPart> {
    let name = tree.name(part.first())?;
    let group = tree.opens(part.get(1), "(")?;
    let compared = match part.get(2..)? {
        [] => false,
        [QueryNode::Leaf(sign), QueryNode::Leaf(truth)] => match (tree.word(*sign), tree.word(*truth)) {
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
    let column = own::address_cell(tree, arguments.first()?);
    let (cell, _) = match column {
        Some(column) => (ComparedCell { text: column.clone(), column, lowered: false, path: false }, 0),
        None => own::cell(tree, arguments.first()?)?,
    };
    let rest = arguments[1..].iter().map(|argument| listed(tree, argument, values_of));
    let values: Literals = rest.collect::<Result<Vec<_>, _>>().map(|lists| lists.concat());
    let (operator, values) = match name {
        "ipv4_is_in_range" | "ipv4_is_in_any_range" | "ipv4_is_match" => ("ipv4", values),
        "ipv6_is_in_range" | "ipv6_is_in_any_range" | "ipv6_is_match" => ("ipv6", values),
        "ipv4_is_private" => ("ipv4", Ok(PRIVATE.map(str::to_owned).to_vec())),
        "has_any_ipv4" | "has_ipv4" | "has_ipv4_prefix" | "has_any_ipv4_prefix" => ("has", values),
        "isnotempty" => ("like", Ok(vec!["*".to_owned()])),
        "isempty" | "isnull" | "isnotnull" => ("==", Ok(vec![String::new()])),
        _ => return None,
    };
    let negated = (name == "isnotnull") ^ compared;
    let operator = operator.to_owned();
    Some(WrittenPart { cell, nullable: operator.starts_with("ipv"), operator, negated, values })
}
