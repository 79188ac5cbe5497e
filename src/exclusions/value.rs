//! One condition: `field|modifier: values`.
//!
//! In: a key and its values. Out: a [`Condition`], or a mistake for each word that is wrong.

use super::expressions::{Expressions, Refused};
use super::model::{AddressRange, Column, Condition, FieldRef, NumberRange, Operator, Test, TextValue};
use super::not_yaml::mended;
use super::parameters::filled;
use super::shape::{KeyValue, ShapeReader};
use crate::fields::{Field, Kind, did_you_mean, which_field};
use crate::schema::Schemas;
use crate::yaml::{Node, Span, Value};
use std::sync::Arc;

pub(super) const MODIFIERS: &[&str] = &["startswith", "endswith", "contains", "re", "cased"];

struct Modifiers {
    operator: Operator,
    cased: bool,
}

/// Reads a condition.
pub(super) fn condition<'a>(
    reader: &ShapeReader<'a>,
    schemas: &Schemas,
    pair: &KeyValue<'_, 'a>,
) -> Option<Condition> {
    let is_odd = pair.name.contains([' ', ':', '=']);
    if let Some(mended) = Some(pair.name).filter(|_| is_odd).and_then(mended) {
        reader.lacks_a_sign("unknown-field", pair.key.span, &mended);
        return None;
    }
    let (name, modifiers) = match pair.name.split_once('|') {
        Some((name, modifiers)) => (name, Some(modifiers)),
        None => (pair.name, None),
    };
    if let Some(field) = parts(name, pair.value) {
        let message = format!("there is no field or column `{name}`");
        let help = format!("the parts of a name stand together: `{field}`");
        reader.report("unknown-field", part(pair.key.span, 0, name), message, help);
        return None;
    }
    let key = part(pair.key.span, 0, name);
    if pair.value.is_null()
        && !name.contains('.')
        && Field::named(name).is_none()
        && schemas.owners(name).is_none()
    {
        let message = format!("`{name}` has no value, and is no field");
        let help = format!(
            "in braces a comma begins another field; if it belongs to the value before it, put that into single quotes: '..., {name}'"
        );
        reader.report("unknown-field", key, message, help);
        return None;
    }
    let field = field(reader, schemas, key, name);
    let words = modifiers_of(reader, pair.key.span, name, modifiers);
    let (field, words) = (field?, words?);
    let test = test(reader, &field, &words, pair)?;
    Some(Condition { field, test })
}

/// `process: {name: a.exe}`, as nested documents have it, as it is written here.
fn parts(name: &str, value: &Node<'_>) -> Option<String> {
    let Value::Map(pairs) = &value.value else { return None };
    let (Node { value: Value::Scalar(key, _), .. }, value) = pairs.first()? else { return None };
    let field = Field::named(&format!("{name}.{key}"))?.name();
    let text = if let Value::Scalar(text, _) = &value.value { text } else { "..." };
    Some(format!("{field}: {text}"))
}

/// The field or raw column of a name.
pub(super) fn field(reader: &ShapeReader<'_>, schemas: &Schemas, span: Span, name: &str) -> Option<FieldRef> {
    if let Some(field) = Field::named(name) {
        return Some(FieldRef::Field(field));
    }
    if let Some((kind, owners)) = schemas.owners(name) {
        let schemas = Arc::clone(owners);
        return Some(FieldRef::Column(Column { name: name.to_owned(), kind: *kind, schemas }));
    }
    unknown_field(reader, schemas, span, name);
    None
}

fn unknown_field(reader: &ShapeReader<'_>, schemas: &Schemas, span: Span, name: &str) {
    let columns = schemas.iter().flat_map(|schema| schema.columns.keys()).map(String::as_str);
    let fields = Field::all().map(|field| -> &str { field.name() });
    let near = which_field(name, fields.chain(columns));
    let help = match name {
        "not" => "there is no `not`: a condition says what a benign row is; write narrower values, and rows that must stay under `cases: keep:`".to_owned(),
        "or" | "any" | "any_of" => "alternatives are a list of entries: `when: [{process.name: a.exe}, {process.name: b.exe}]`, or a list of values".to_owned(),
        "and" | "all" | "all_of" => "all fields of one entry must hold: `when: {process.name: a.exe, destination.ip: 10.20.0.5}`".to_owned(),
        "<<" => "there are no merge keys here; write the fields into the entry, or give `when` an alias".to_owned(),
        _ => format!("{near}`quell schema` lists the fields, `quell schema NAME` the columns of one table"),
    };
    reader.report("unknown-field", span, format!("there is no field or column `{name}`"), help);
}

fn modifiers_of(
    reader: &ShapeReader<'_>,
    key: Span,
    name: &str,
    modifiers: Option<&str>,
) -> Option<Modifiers> {
    let mut words = Modifiers { operator: Operator::Is, cased: false };
    let mut offset = name.chars().count() + 1;
    let mut right = true;
    for word in modifiers.into_iter().flat_map(|words| words.split('|')) {
        let operator = match word {
            "startswith" => Some(Operator::StartsWith),
            "endswith" => Some(Operator::EndsWith),
            "contains" => Some(Operator::Contains),
            "re" => Some(Operator::Re),
            _ => None,
        };
        let span = part(key, offset, word);
        offset += word.chars().count() + 1;
        match operator {
            Some(_) if words.operator != Operator::Is => {
                reader.report(
                    "bad-modifier",
                    span,
                    "two of these modifiers at once contradict each other",
                    "keep one of startswith, endswith, contains, re",
                );
                right = false;
            }
            Some(operator) => words.operator = operator,
            None if word == "cased" => words.cased = true,
            None => {
                let message = if word.is_empty() {
                    "a modifier is missing after `|`".to_owned()
                } else {
                    format!("there is no modifier `{word}`")
                };
                let near = did_you_mean(word, MODIFIERS.iter().copied(), 1);
                let help = format!("{near}legal here: {}", MODIFIERS.join(", "));
                reader.report("bad-modifier", span, message, help);
                right = false;
            }
        }
    }
    right.then_some(words)
}

fn test<'a>(
    reader: &ShapeReader<'a>,
    field: &FieldRef,
    words: &Modifiers,
    pair: &KeyValue<'_, 'a>,
) -> Option<Test> {
    let kind = field.kind();
    if kind != Kind::Text && (words.operator != Operator::Is || words.cased) {
        let help = match kind {
            Kind::Address => "write an address, a network 10.20.0.0/16 or a range 10.0.0.1-10.0.0.9",
            _ => "write a number or a range 8530-8531",
        };
        let message = format!("`{}` is not text and takes no modifier", pair.name);
        reader.report("bad-modifier", pair.key.span, message, help);
        // The values are still read, for mistakes in them.
        values(reader, pair, |_, _| Some(()));
        return None;
    }
    let name = pair.name.split('|').next().unwrap_or(pair.name);
    match kind {
        Kind::Text => {
            values(reader, pair, |node, text| text_value(reader, node, (name, text), words)).map(Test::Text)
        }
        Kind::Address => values(reader, pair, |node, text| address(reader, node, text)).map(Test::Address),
        Kind::Number => values(reader, pair, |node, text| number(reader, node, text)).map(Test::Number),
    }
}

/// Reads every value, so that every mistake is reported, and gives none if one is wrong.
fn values<'n, 'a, T>(
    reader: &ShapeReader<'a>,
    pair: &KeyValue<'n, 'a>,
    read: impl Fn(&'n Node<'a>, &str) -> Option<T>,
) -> Option<Vec<T>> {
    let nodes = reader.one_or_many(pair.value, format_args!("`{}`", pair.name));
    let mut values = Some(Vec::with_capacity(nodes.len()));
    let mut add = |value: Option<T>| match (&mut values, value) {
        (Some(values), Some(value)) => values.push(value),
        (values, _) => *values = None,
    };
    for node in nodes {
        if is_without_blanks(node) {
            let first = node_words(node);
            let help = format!("the items of a list: `- {first}`, each on its own line");
            reader.report("wrong-type", node.span, "a blank is missing behind the dash", help);
            add(None);
            continue;
        }
        let Some(text) = reader.text(node, format_args!("a value of `{}`", pair.name)) else {
            add(None);
            continue;
        };
        match filled(reader, node.span, text) {
            None => add(read(node, text)),
            Some(given) if given.is_empty() => add(None),
            Some(given) => given.iter().for_each(|text| add(read(node, text))),
        }
    }
    values.filter(|all| !all.is_empty())
}

/// Whether a value without quotes begins with a dash and goes on on other lines: a list whose dashes lack their blank.
fn is_without_blanks(node: &Node<'_>) -> bool {
    matches!(&node.value, Value::Scalar(text, true) if text.starts_with('-') && text.contains(" -") && node.span.width == 0)
}

/// The first item of such a list.
fn node_words<'n>(node: &'n Node<'_>) -> &'n str {
    let Value::Scalar(text, _) = &node.value else { return "" };
    text.split(" -").next().unwrap_or_default().trim_start_matches('-')
}

fn text_value(
    reader: &ShapeReader<'_>,
    node: &Node<'_>,
    (field, text): (&str, &str),
    words: &Modifiers,
) -> Option<TextValue> {
    if text.is_empty() {
        reader.report(
            "empty-value",
            node.span,
            "an empty value can never be met: empty cells are never suppressed",
            "remove it",
        );
        return None;
    }
    if text.contains(is_escaped)
        && let Some(written) = reader
            .written_in_double_quotes(node.span)
            .filter(|written| is_path(written) && begins_an_escape(written))
    {
        let message = "this value holds a tab, a line feed or another sign that nobody sees";
        let help =
            format!("between double quotes a backslash begins an escape; use single quotes: '{written}'");
        reader.report("control-character", node.span, message, help);
        return None;
    }
    if words.operator == Operator::Re
        && let Err(refused) = reader.expressions.take(text)
    {
        expression(reader, node.span, (field, text), refused);
        return None;
    }
    Some(TextValue {
        text: text.to_owned(),
        operator: words.operator,
        cased: words.cased || words.operator == Operator::Re,
    })
}

/// Reports an expression that cannot be taken.
fn expression(reader: &ShapeReader<'_>, span: Span, (field, text): (&str, &str), refused: Refused) {
    match refused {
        Refused::Wrong(cause) => {
            let cause = cause.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let message = format!("this regular expression does not compile: {cause}");
            reader.report("bad-regex", span, message, expression_help(field, text));
        }
        Refused::TooMuch => {
            let limit = Expressions::limit();
            let message =
                format!("the regular expressions up to here take more than {limit} when they are compiled");
            let help = r"`\w`, `\d` and repetitions such as `{50}` are what costs: write `[A-Za-z0-9_]`, `*` and `?` in a plain value, or fewer expressions";
            reader.report("costly-regexes", span, message, help);
        }
        // The one before it has been reported.
        Refused::Unseen => {}
    }
}

/// What was probably meant by an expression that does not compile.
fn expression_help(field: &str, text: &str) -> String {
    if text.starts_with(['*', '?']) {
        let literal = regex::escape(text.trim_start_matches(['*', '?']));
        let (sign, what) = if text.starts_with('*') { ("*", "any text") } else { ("?", "one character") };
        return format!(
            "`{sign}` stands for {what} only without `|re`: `{field}: '{text}'`; as an expression: '.*{literal}$'"
        );
    }
    if is_path(text) {
        return format!("a backslash of a path is doubled: '{}'", text.replace('\\', r"\\"));
    }
    "the syntax is that of Rust's regex crate; a backslash before a special character makes it literal"
        .to_owned()
}

/// Whether a backslash and a letter between double quotes stand for this sign: `\t`, `\n`, and `\P` as in `\Program Files`.
fn is_escaped(sign: char) -> bool {
    sign < ' ' || matches!(sign, '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}')
}

/// Whether a text has such a backslash, and not only doubled ones or numbers of characters.
fn begins_an_escape(written: &str) -> bool {
    let mut signs = written.chars();
    while let Some(sign) = signs.next() {
        if sign == '\\' && signs.next().is_some_and(|next| "0abtnvfreNLP_".contains(next)) {
            return true;
        }
    }
    false
}

/// Whether somebody has probably written a path of Windows.
fn is_path(written: &str) -> bool {
    written.contains(":\\") || written.starts_with(['\\', '%']) || written.starts_with("*\\")
}

/// The values that somebody has written into one text with commas, as a list.
fn as_list(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    text.contains(',').then(|| format!("several values are a list: [{}]", parts.join(", ")))
}

/// Whether a text may be the name of a host.
fn is_host_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    text.chars().all(is_part) && text.contains(|c: char| c.is_ascii_alphabetic())
}

fn address(reader: &ShapeReader<'_>, node: &Node<'_>, text: &str) -> Option<AddressRange> {
    AddressRange::parse(text)
        .map_err(|cause| {
            let help = match as_list(text) {
                Some(list) => list,
                None if is_host_name(text) => format!("a host name goes into destination.domain: `{text}`"),
                None => "write an address, a network 10.20.0.0/16 or a range 10.0.0.1-10.0.0.9".to_owned(),
            };
            reader.report("bad-address", node.span, cause, help);
        })
        .ok()
}

fn number(reader: &ShapeReader<'_>, node: &Node<'_>, text: &str) -> Option<NumberRange> {
    NumberRange::parse(text)
        .map_err(|cause| {
            let above = text.trim_start_matches(['>', '=', ' ']).parse::<u64>().ok();
            let help = match above.filter(|_| text.starts_with('>')) {
                Some(first) => {
                    let first = if text.starts_with(">=") { first } else { first.saturating_add(1) };
                    format!("write a range: {first}-65535")
                }
                None => as_list(text).unwrap_or_else(|| "write a number or a range 8530-8531".to_owned()),
            };
            reader.report("bad-number", node.span, cause, help);
        })
        .ok()
}

/// The span of a part of a key that stands on one line.
fn part(key: Span, offset: usize, word: &str) -> Span {
    Span { line: key.line, column: key.column + offset, width: word.chars().count().max(1) }
}
