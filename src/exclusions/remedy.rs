//! What to write instead of a value that has the wrong shape.
//!
//! In: what the value is for, and the value. Out: a sentence for a person, with the line as it should be where that can be
//! known.

use super::parameters::ONE_A_LINE;
use super::validate::EXCLUSION_KEYS;
use super::value::MODIFIERS;
use crate::yaml::{Node, Value};

const DOCS: &str = "docs/exclusions.md shows the shape of a list";

/// The remedy for a value of the wrong shape.
pub(super) fn shape(what: &str, node: &Node<'_>) -> String {
    let text = text(node);
    let field = what.strip_prefix("a value of `").and_then(|what| what.strip_suffix('`'));
    match (what, &node.value) {
        ("a file of parameters", _) => ONE_A_LINE.to_owned(),
        ("an exclusion list", Value::List(_)) => {
            "write `exclusions:` on a line above it; a list is a mapping with that key".to_owned()
        }
        ("an exclusion list", Value::Scalar(..)) => {
            "is this the right file? A list begins with `exclusions:`; results go to `quell apply`, rules to --rule".to_owned()
        }
        ("`exclusions`", _) => exclusions(node),
        ("an exclusion", Value::List(_)) => "one `-` is enough: `- id: sccm-software-update`".to_owned(),
        ("an exclusion", Value::Scalar(..)) => {
            "an exclusion has an id and a condition: `- id: sccm-software-update`, and below `id` the key `when: {process.name: CcmExec.exe}`".to_owned()
        }
        ("`when`", Value::Scalar(..)) if node.is_null() => {
            "its fields stand below it, indented by two more: `when:`, then `  process.name: CcmExec.exe`".to_owned()
        }
        ("`when`", Value::Scalar(..)) => {
            "write `when: {process.name: CcmExec.exe}`; `quell import --text` makes a list of a condition in words".to_owned()
        }
        ("an entry", Value::List(_)) => "one list is enough: `when: [{process.name: CcmExec.exe}]`".to_owned(),
        ("an entry", _) => entry(text.unwrap_or_default()),
        ("the base" | "a case", _) => {
            "a row is a mapping of fields to cells: `{process.name: CcmExec.exe}`".to_owned()
        }
        ("`suppress`" | "`keep`", value) => {
            let name = what.trim_matches('`');
            match value {
                Value::Map(pairs) => {
                    let pairs: Option<Vec<String>> = pairs.iter().map(|(key, value)| pair(key, value)).collect();
                    let row = pairs.map_or_else(|| "...".to_owned(), |pairs| pairs.join(", "));
                    format!("the rows are a list: `{name}: [{{{row}}}]`")
                }
                _ => format!("the rows are a list: `{name}: [{{process.name: CcmExec.exe}}]`"),
            }
        }
        ("`cases`", _) => {
            "write `cases:`, and below it rows to `suppress` and rows to `keep`, each a list of rows".to_owned()
        }
        (_, Value::Map(pairs)) if let (Some(field), [(key, value)]) = (field, pairs.as_slice()) => {
            operator(field, key, value).unwrap_or_else(|| DOCS.to_owned())
        }
        (_, Value::List(items)) if let [Node { value: Value::Scalar(only, _), .. }] = items.as_slice() => {
            format!("one value, without brackets: `{}: {only}`", what.trim_matches('`'))
        }
        ("`owner`", _) => "write a team or a person: `owner: detection-engineering`".to_owned(),
        _ => DOCS.to_owned(),
    }
}

fn text<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    if let Value::Scalar(text, _) = &node.value { Some(text) } else { None }
}

fn pair(key: &Node<'_>, value: &Node<'_>) -> Option<String> {
    Some(format!("{}: {}", text(key)?, text(value)?))
}

/// A key `exclusions` without a list.
fn exclusions(node: &Node<'_>) -> String {
    let Value::Map(pairs) = &node.value else {
        return "write the exclusions below it, each beginning with `- id: `; a list that is meant to be empty is `exclusions: []`"
            .to_owned();
    };
    let id = pairs.iter().find(|(key, _)| key.is_text("id")).and_then(|(_, id)| text(id));
    let name = pairs.first().and_then(|(key, _)| text(key)).filter(|name| !EXCLUSION_KEYS.contains(name));
    let id = id.or(name).unwrap_or("sccm-software-update");
    format!(
        "each exclusion begins with a dash, also the only one: `- id: {id}`, and its other keys stand below `id`"
    )
}

/// Text where an entry should be.
fn entry(text: &str) -> String {
    if text.contains(": ") {
        return format!("a pair stands without quotation marks: `- {text}`");
    }
    if text.contains(['=', ' ']) || text.is_empty() {
        return "an entry is a field and its value: `- process.name: CcmExec.exe`; `quell import --text` makes a list of a condition in words".to_owned();
    }
    format!("an entry says which field has this value: `- process.name: {text}`")
}

/// `{process.name: {contains: a}}`, as other languages write it.
fn operator(field: &str, key: &Node<'_>, value: &Node<'_>) -> Option<String> {
    let (key, value) = (text(key)?, text(value)?);
    Some(if MODIFIERS.contains(&key) {
        format!("a modifier stands behind the name of the field: `{field}|{key}: {value}`")
    } else {
        format!("write the value itself, or a list of values: `{field}: {value}`")
    })
}
