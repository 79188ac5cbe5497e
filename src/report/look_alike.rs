//! Names of kept rows that look like a name that an exclusion names, and are another.
//!
//! In: the exclusions that applied, the groups of kept rows. Out: warnings. What looks alike is said by the skeletons of
//! Unicode Technical Standard 39, after letters are made small, as Windows and the matcher compare names.

use super::{Warning, WarningCode};
use crate::count::tally::Tally;
use crate::exclusions::model::{Exclusion, Test, TextValue};
use crate::printable::{is_deceptive, written_out};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use unicode_security::confusable_detection::skeleton;

/// Names that are pointed out.
const SHOWN: usize = 20;

/// A warning for each name of a kept row that only looks like an excluded one.
pub(super) fn warnings(applied: &[&Exclusion], tally: &Tally) -> Vec<Warning> {
    // Long lists name the same few programs again and again.
    let named: BTreeSet<&str> = applied.iter().flat_map(|exclusion| names(exclusion)).collect();
    let excluded: BTreeMap<String, &str> = named.into_iter().map(|name| (looks(name), name)).collect();
    if excluded.is_empty() {
        return Vec::new();
    }
    let mut kept: HashMap<&str, u64> = HashMap::new();
    for (process, _, rows) in tally.groups.iter() {
        *kept.entry(process).or_default() += rows;
    }
    let ascii = AsciiLooks::new();
    let mut found: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    for (name, rows) in kept {
        let alike = excluded.get(&ascii.of(name)).filter(|other| !other.eq_ignore_ascii_case(name));
        if let Some(other) = alike.filter(|_| !is_excluded(applied, name)) {
            found.insert(name, (other, rows));
        }
    }
    found.into_iter().take(SHOWN).map(|(name, (other, rows))| warning(name, other, rows)).collect()
}

fn warning(name: &str, other: &str, rows: u64) -> Warning {
    let are = if rows == 1 { "1 kept row has" } else { &format!("{rows} kept rows have") };
    let message = format!(
        "{are} the process {}, which LOOKS LIKE {}, the name in an exclusion, and is another: {}.",
        written_out(name),
        written_out(other),
        spelt(name)
    );
    Warning { code: WarningCode::LookAlike, file: None, rows: Some(rows), message }
}

/// The whole names that an exclusion names.
fn names(exclusion: &Exclusion) -> Vec<&str> {
    let conditions = exclusion.entries.iter().flat_map(|entry| &entry.conditions);
    let of_names = conditions.filter(|condition| condition.field.name() == "process.name");
    let values = of_names.filter_map(|condition| match &condition.test {
        Test::Text(values) => Some(values),
        _ => None,
    });
    values.flatten().filter_map(TextValue::whole).collect()
}

fn is_excluded(applied: &[&Exclusion], name: &str) -> bool {
    applied.iter().any(|exclusion| names(exclusion).iter().any(|other| other.eq_ignore_ascii_case(name)))
}

/// What a name looks like: names that look alike have the same.
fn looks(name: &str) -> String {
    let seen: String = name.chars().filter(|c| !is_deceptive(*c)).flat_map(char::to_lowercase).collect();
    skeleton(&seen).collect::<String>().to_lowercase()
}

/// What each ASCII character looks like. Results may have tens of thousands of names, and nearly all are ASCII.
struct AsciiLooks([String; 128]);

impl AsciiLooks {
    fn new() -> Self {
        Self(std::array::from_fn(|byte| {
            u8::try_from(byte).map_or_else(|_| String::new(), |byte| looks(&char::from(byte).to_string()))
        }))
    }

    /// What a name looks like. A skeleton is made character by character.
    fn of(&self, name: &str) -> String {
        if !name.is_ascii() {
            return looks(name);
        }
        name.bytes().map(|byte| self.0[usize::from(byte)].as_str()).collect()
    }
}

/// The characters of a name that are not ASCII, by their numbers; else that the letters differ.
fn spelt(name: &str) -> String {
    let others: Vec<String> =
        name.chars().filter(|c| !c.is_ascii()).map(|c| format!("U+{:04X}", u32::from(c))).collect();
    if others.is_empty() {
        "its letters or digits differ".to_owned()
    } else {
        format!("it holds {}", others.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::looks;

    proptest::proptest! {
        #[test]
        fn an_ascii_name_looks_as_its_characters_do(name in "[ -~]{0,20}|[\\x00-\\x7f]{0,20}") {
            proptest::prop_assert_eq!(super::AsciiLooks::new().of(&name), super::looks(&name));
        }
    }

    #[test]
    fn what_looks_alike_has_one_look() {
        for alike in ["ѕеtup.exe", "setup\u{200b}.exe", "SETUP.EXE", "setup\u{a0}.exe", "ｓetup.exe"] {
            assert_eq!(looks(alike), looks("setup.exe"), "{alike}");
        }
        assert_eq!(looks("explorer.exe"), looks("exp1orer.exe"));
        assert_ne!(looks("setup.exe"), looks("setups.exe"));
    }
}
