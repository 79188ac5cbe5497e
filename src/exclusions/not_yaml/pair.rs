//! A pair that lacks a sign: `owner:me`, `owner me`, `process.name = a.exe`, `-id: a`.
//!
//! In: what was written. Out: the same as it should be, and where the sign is missing.

use crate::exclusions::validate::EXCLUSION_KEYS;
use crate::fields::Field;

/// A pair as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::exclusions) struct Mended {
    /// Which sign is missing.
    pub(in crate::exclusions) cause: String,
    /// Characters before the place of that sign.
    pub(in crate::exclusions) at: usize,
    /// What it should be.
    pub(in crate::exclusions) text: String,
}

const OTHER_KEYS: &[&str] = &["exclusions", "parameters", "base", "suppress", "keep", "meaning", "example"];

/// Whether a list has such a key, or a row such a field.
pub(super) fn is_known(word: &str) -> bool {
    EXCLUSION_KEYS.contains(&word)
        || OTHER_KEYS.contains(&word)
        || Field::named(word.split('|').next().unwrap_or(word)).is_some()
}

/// What is meant by a text that begins with a key of a list or the name of a field and is no pair.
pub(in crate::exclusions) fn mended(written: &str) -> Option<Mended> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '|');
    let word = &written[..written.find(|c| !is_name(c)).unwrap_or(written.len())];
    if !is_known(word) {
        return None;
    }
    let rest = &written[word.len()..];
    let value = rest.trim_start();
    let sign = ["==", "=~", "="].into_iter().find(|sign| value.starts_with(sign));
    let length = |text: &str| text.chars().count();
    match (sign, rest.strip_prefix(':')) {
        (Some(sign), _) => Some(Mended {
            cause: format!("`{sign}` stands between a field and its value; that sign is a colon"),
            at: length(word) + length(rest) - length(value),
            text: format!("{word}: {}", value[sign.len()..].trim()),
        }),
        (None, Some(value)) if !value.is_empty() && !value.starts_with(' ') => Some(Mended {
            cause: format!("a blank is missing behind `{word}:`"),
            at: length(word) + 1,
            text: format!("{word}: {value}"),
        }),
        (None, None) if rest.is_empty() || rest.starts_with(' ') => Some(Mended {
            cause: format!("a colon is missing behind `{word}`"),
            at: length(word),
            text: format!("{word}: {}", value.trim()).trim_end().to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_lacks_a_sign_is_mended() {
        for (written, text, at) in [
            ("owner:me", "owner: me", 6),
            ("owner me", "owner: me", 5),
            ("when", "when:", 4),
            ("process.path|endswith  = a", "process.path|endswith: a", 23),
        ] {
            let mended = mended(written).unwrap();
            assert_eq!((&*mended.text, mended.at), (text, at));
        }
        for written in ["owner: me", "nobody knows", "C:\\Windows", "ownership:x", "", "owner:"] {
            assert_eq!(mended(written), None, "{written}");
        }
    }
}
