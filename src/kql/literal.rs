//! Literals of KQL. Nothing else may quote.
//!
//! In: text. Out: the same text as a literal, by the rules of Microsoft's page on the string data type: in
//! `"..."` a backslash escapes; in `@"..."` only a doubled quotation mark does, and no line may end.

use std::fmt::Write;

/// A string literal.
pub fn string(text: &str) -> String {
    if text.contains('\\') && !text.chars().any(is_hidden) {
        return format!("@\"{}\"", text.replace('"', "\"\""));
    }
    escaped(text)
}

/// A text as literals that fit on a line of `width` characters each. Kusto joins literals that stand in a row.
///
/// A text is cut before a backslash, so that folders and the escapes of a regular expression stay whole.
pub fn pieces(text: &str, width: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while string(rest).chars().count() > width {
        // Quoting may double every character.
        let reach = rest.char_indices().nth(width / 2).map_or(rest.len(), |(at, _)| at);
        let far = rest.char_indices().nth(width.saturating_sub(4)).map_or(rest.len(), |(at, _)| at);
        let fits = |cut: &usize| string(&rest[..*cut]).chars().count() <= width;
        let Some(cut) = cut(rest, far).filter(fits).or_else(|| cut(rest, reach)) else { break };
        pieces.push(string(&rest[..cut]));
        rest = &rest[cut..];
    }
    pieces.push(string(rest));
    pieces
}

/// The last good place to cut a text, at most at `limit`: before backslashes, else behind a blank, else anywhere
/// that is not behind a backslash.
fn cut(text: &str, limit: usize) -> Option<usize> {
    let places = || text.char_indices().map(|(at, _)| at).filter(|at| *at > 0 && *at <= limit);
    let behind = |at: usize, sign: char| text[..at].ends_with(sign);
    let folder = |at: &usize| text[*at..].starts_with('\\') && !behind(*at, '\\');
    places()
        .rfind(folder)
        .or_else(|| places().rfind(|at| behind(*at, ' ')))
        .or_else(|| places().rfind(|at| !behind(*at, '\\')))
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
    let shown: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a reviewer cannot see the character, or would read the text around it in another order or on another
/// line than Kusto does. All such characters have a code of four hexadecimal digits.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
            c if is_hidden(c) => {
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

    #[test]
    fn a_long_text_is_cut_where_folders_begin_and_loses_nothing() {
        let long = format!(r"C:\{}\{} {}\c.exe", "a".repeat(30), "b".repeat(20), "é\"\n".repeat(30));
        for width in [12, 40, 60] {
            let pieces = pieces(&long, width);
            let back: String = pieces.iter().map(|piece| crate::kql::lex::literal(piece).unwrap()).collect();
            assert_eq!(back, long);
            assert!(pieces.iter().all(|piece| piece.chars().count() <= width), "{pieces:?}");
        }
        assert_eq!(pieces(r"C:\Program Files\a.exe", 20), [r#"@"C:\Program Files""#, r#"@"\a.exe""#]);
    }

    #[test]
    fn what_a_reviewer_cannot_see_is_written_out() {
        assert_eq!(string("C:\\a\u{2028}| take 0"), r#""C:\\a\u2028| take 0""#);
        assert_eq!(string("a\u{202e}exe.b"), r#""a\u202eexe.b""#);
        assert_eq!(comment("fine\u{202e} eurt ro"), "fine eurt ro");
    }
}
