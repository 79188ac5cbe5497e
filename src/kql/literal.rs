//! Literals of KQL. Nothing else may quote.
//!
//! In: text. Out: the same text as a literal, by the rules of Microsoft's page on the string data type: in
//! `"..."` a backslash escapes; in `@"..."` only a doubled quotation mark does, and no line may end.

use std::fmt::Write;

/// A string literal.
pub fn string(text: &str) -> String {
    if text.contains('\\') && !text.chars().any(char::is_control) {
        return format!("@\"{}\"", text.replace('"', "\"\""));
    }
    escaped(text)
}

/// A member of a dynamic list, which is JSON.
pub fn dynamic(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| escaped(item)).collect();
    format!("dynamic([{}])", items.join(", "))
}

/// A column; one whose name is no plain identifier is bracketed.
pub fn column(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

/// Text for a comment: one line of it.
pub fn comment(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_so_that_it_stays_itself() {
        assert_eq!(string("it's"), "\"it's\"");
        assert_eq!(string(r"C:\Windows"), r#"@"C:\Windows""#);
        assert_eq!(string(r#"C:\a"b"#), r#"@"C:\a""b""#);
        assert_eq!(string("a\\b\nc"), r#""a\\b\nc""#);
        assert_eq!(string("say \"x\""), r#""say \"x\"""#);
        assert_eq!(column("process.name"), "['process.name']");
        assert_eq!(comment("a\nb // c"), "a b // c");
    }
}
