//! How a query is written inside of a rule file: as it is, or as a string of another language.
//!
//! In: the bytes of a file that hold a query. Out: the query, and where in the file each of its bytes stands, so that a
//! change of the query changes nothing else of the file. Only what is inserted is ever written anew.

use std::fmt::Write;

/// The notation of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The query as it is, on whole lines or behind something else.
    Plain,
    /// The inside of a JSON string.
    Json,
    /// The lines of a Terraform heredoc, in which `$${` stands for `${`.
    Heredoc,
    /// The inside of a quoted string of Terraform.
    Quoted,
}

/// A query, and the byte of the file that each of its bytes comes from; one more for its end.
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) origins: Vec<usize>,
}

impl Encoding {
    /// Reads a query; `None` if it is no string of this notation.
    pub(super) fn decode(self, raw: &str) -> Option<Decoded> {
        let mut decoded = Decoded { text: String::with_capacity(raw.len()), origins: Vec::new() };
        let mut at = 0;
        while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
            let (character, width) = self.character(rest)?;
            decoded.text.push(character);
            decoded.origins.resize(decoded.text.len(), at);
            at += width;
        }
        decoded.origins.push(raw.len());
        Some(decoded)
    }

    /// The first character, and the bytes that stand for it.
    fn character(self, rest: &str) -> Option<(char, usize)> {
        let first = rest.chars().next()?;
        if matches!(self, Self::Heredoc | Self::Quoted)
            && let Some(sign) = ["$${", "%%{"].iter().find(|sign| rest.starts_with(**sign))
        {
            // The sign is read once, the brace by itself.
            return sign.chars().next().map(|sign| (sign, 2));
        }
        if first != '\\' || matches!(self, Self::Plain | Self::Heredoc) {
            return Some((first, first.len_utf8()));
        }
        let plain = |character| Some((character, 2));
        match rest[1..].chars().next()? {
            'n' => plain('\n'),
            'r' => plain('\r'),
            't' => plain('\t'),
            'b' if self == Self::Json => plain('\u{8}'),
            'f' if self == Self::Json => plain('\u{c}'),
            '/' if self == Self::Json => plain('/'),
            quoted @ ('"' | '\\') => plain(quoted),
            'u' => code(rest),
            _ => None,
        }
    }

    /// Writes a piece of a query.
    pub(super) fn encode(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Heredoc => interpolations(text),
            Self::Json => escaped(text),
            Self::Quoted => interpolations(&escaped(text)),
        }
    }
}

fn interpolations(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// `\u0027`, also a pair of them for one character.
fn code(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        rest.get(at..at + 2).filter(|mark| *mark == "\\u")?;
        u32::from_str_radix(rest.get(at + 2..at + 6)?, 16).ok()
    };
    let first = unit(0)?;
    if (0xd800..0xdc00).contains(&first) {
        let second = unit(6).filter(|second| (0xdc00..0xe000).contains(second))?;
        let both = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((char::from_u32(both)?, 12));
    }
    Some((char::from_u32(first)?, 6))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_notation_is_read() {
        for (encoding, raw, text) in [
            (Encoding::Plain, r"a\n${b}", r"a\n${b}"),
            (
                Encoding::Json,
                r#"T\r\n| where a == \"\u0027\\x\"\t\ud83d\ude00\/"#,
                "T\r\n| where a == \"'\\x\"\t😀/",
            ),
            (Encoding::Heredoc, r"a\n $${b} ${c} %%{d", r"a\n ${b} ${c} %{d"),
            (Encoding::Quoted, r#"a\n $${b} \"c\""#, "a\n ${b} \"c\""),
        ] {
            assert_eq!(encoding.decode(raw).unwrap().text, text);
        }
        for raw in [r"\x", r"\ud83d", r"\u12", "a\\"] {
            assert!(Encoding::Json.decode(raw).is_none(), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in r#"(?s)([a-z"\\\n\r\t${}%']|\$\{|.){0,40}"#) {
            for encoding in [Encoding::Plain, Encoding::Json, Encoding::Quoted] {
                let raw = encoding.encode(&text);
                let decoded = encoding.decode(&raw).unwrap();
                // A dollar sign before `${` is told from an escape by nobody.
                if encoding != Encoding::Quoted || !text.contains("$${") && !text.contains("%%{") {
                    prop_assert_eq!(&decoded.text, &text);
                }
                prop_assert_eq!(decoded.origins.len(), decoded.text.len() + 1);
            }
        }
    }
}
