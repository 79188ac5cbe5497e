//! Which characters of somebody else's text may be shown as they are.
//!
//! In: text from rows, lists and file names. Out: the same, in which every character that cannot be seen, moves the cursor,
//! turns text around or looks like a plain space is written out as `\u{200b}`. It does not know where the text goes: each way
//! out (terminal, Markdown, CSV) adds what is special there, and none goes beside it.
//!
//! Unicode's own properties decide (Unicode Standard, chapter 4.5, and DerivedCoreProperties.txt): the general categories
//! Other (control, format, surrogate, private use, unassigned), line, paragraph and space separators except the plain space,
//! and `Default_Ignorable_Code_Point`. U+2800 is a symbol by its category, and blank.

use regex::Regex;
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

static DECEPTIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}[\p{Zs}--\u{20}]]").ok()
});

/// The text with each deceptive character written out.
pub fn written_out(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    match &*DECEPTIVE {
        Some(deceptive) => deceptive.replace_all(text, |found: &regex::Captures<'_>| codes(&found[0])),
        // A test compiles the expression; without it nothing but ASCII is shown.
        None => Cow::Owned(
            text.chars().map(|c| if c.is_ascii_graphic() { c.to_string() } else { code(c) }).collect(),
        ),
    }
}

/// Whether a character is one that is written out.
pub fn is_deceptive(character: char) -> bool {
    matches!(written_out(character.encode_utf8(&mut [0; 4])), Cow::Owned(text) if text.starts_with("\\u{"))
}

/// Text of several lines, of which each is written out.
pub fn lines_written_out(text: &str) -> String {
    text.split('\n').map(written_out).collect::<Vec<_>>().join("\n")
}

/// A JSON document in which deceptive characters are escaped. They stand in strings only, so that no value changes.
pub fn json_written_out(document: &str) -> Cow<'_, str> {
    // The last of ASCII, U+007F, is a control character, which JSON allows in a string.
    if document.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len());
    for part in document.split_inclusive('\n') {
        let (text, end) = part.strip_suffix('\n').map_or((part, ""), |text| (text, "\n"));
        out += &match &*DECEPTIVE {
            Some(deceptive) => {
                deceptive.replace_all(text, |found: &regex::Captures<'_>| json_codes(&found[0]))
            }
            None => Cow::Owned(json_codes(text)),
        };
        out += end;
    }
    Cow::Owned(out)
}

fn json_codes(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn codes(text: &str) -> String {
    text.chars().map(code).collect()
}

fn code(character: char) -> String {
    let mut out = String::new();
    let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        for (text, wanted) in [
            ("setup.exe", "setup.exe"),
            ("größe 文字 🙂 ﾃ", "größe 文字 🙂 ﾃ"),
            ("\u{1b}[2J\r\n\t", r"\u{1b}[2J\u{d}\u{a}\u{9}"),
            ("setup\u{200b}.exe", r"setup\u{200b}.exe"),
            ("so\u{ad}ft", r"so\u{ad}ft"),
            ("a\u{61c}b\u{202e}c", r"a\u{61c}b\u{202e}c"),
            ("a\u{2028}b\u{2029}", r"a\u{2028}b\u{2029}"),
            ("\u{e0041}\u{e0001}", r"\u{e0041}\u{e0001}"),
            ("a\u{a0}b\u{3000}", r"a\u{a0}b\u{3000}"),
            ("\u{3164}\u{115f}\u{2800}\u{feff}\u{fe0f}", r"\u{3164}\u{115f}\u{2800}\u{feff}\u{fe0f}"),
            ("\u{e000}\u{378}\u{85}\u{180e}", r"\u{e000}\u{378}\u{85}\u{180e}"),
        ] {
            assert_eq!(written_out(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn json_shows_no_control_character() {
        assert_eq!(json_written_out("{\n\"a\": \"b\u{7f}\"\n}"), "{\n\"a\": \"b\\u007f\"\n}");
        assert!(matches!(json_written_out("{\n\"a\": \"~\"\n}"), Cow::Borrowed(_)));
    }

    /// No character of the classes that deceive is left, of all that Unicode has.
    #[test]
    fn every_character_is_shown_or_written_out() {
        assert!(DECEPTIVE.is_some());
        for character in ('\0'..=char::MAX).filter(|c| c.is_control() || (c.is_whitespace() && *c != ' ')) {
            assert_eq!(written_out(&character.to_string()), code(character));
        }
    }
}
