//! Texts as YAML.
//!
//! In: a text. Out: how it is written so that any reader of YAML reads it back.

use super::{Node, Value, parse};

/// A text as a scalar that may stand in a flow mapping and is read back as this text, by any reader of YAML.
pub fn flow_scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '\\' | '(' | ')');
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let number = text.parse::<f64>().is_ok() && text.parse::<u64>().map_or(true, |n| n.to_string() != text);
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(plain)
        && !reserved.contains(&&*text.to_ascii_lowercase())
        && !(number || text.starts_with("0x") || text.starts_with("0o"));
    if is_plain {
        return text.to_owned();
    }
    // JSON's escapes are YAML's too; what no line can hold stands in double quotes.
    let unprintable = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    if text.contains(unprintable) {
        return escaped(text);
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// A document of which every scalar on one line that `hides` something stands in double quotes, with that written out.
/// Whatever is not so plain stays as it is.
pub fn with_escapes(text: &str, hides: impl Fn(&str) -> bool) -> String {
    let line = |line: &str| {
        let (content, end) = line.strip_suffix('\n').map_or((line, ""), |content| (content, "\n"));
        let key = content.find(": ").map_or(0, |at| at + 2);
        let start = if key > 0 { key } else { content.len() - content.trim_start_matches([' ', '-']).len() };
        match parse(&content[start..]) {
            Ok(Some(Node { value: Value::Scalar(value, _), .. })) if hides(content) => {
                format!("{}{}{end}", &content[..start], escaped(&value))
            }
            _ => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    out.push('"');
    out
}
