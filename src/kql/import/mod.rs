//! Exclusions that others wrote: as a documented condition, or typed into a query.
//!
//! In: a condition (`process.name != "a" && destination_ip != "b"`) or a query with the table it reads.
//! Out: exclusions as they are written in YAML, every condition that cannot be carried exactly with the
//! reason, and every trap that somebody fell into. Nothing is dropped quietly. It opens no files.
//!
//! A condition says what is *shown*; the exclusion is its negation, as entries: OR between them, AND in
//! them. An entry is carried if every part of it is a positive condition that a list can say.

mod condition;
mod expression;
mod literals;
mod old;
mod own;
mod query;

pub use query::{ImportedQuery, QuerySource, import_query};

use crate::exclusions::document::{OneOrMany, Scalar, WrittenEntry, WrittenExclusion, WrittenWhen};
use crate::fields::Kind;
use crate::kql::tree::{QueryNode, Tree};
use crate::schema::Schema;
use condition::{Carried, Notation, carry, guards};
use expression::{Expression, parse};
use jiff::civil::Date;
use std::collections::HashSet;

/// How a documented condition is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// To the letter: a row is suppressed if one of the fields alone has such a value.
    Loose,
    /// As the story means it: only if all fields have such values at once.
    Scoped,
}

/// Something that could not be carried, or that is not what it looks like.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Where it stands in the text that came in.
    pub span: TextSpan,
    /// What is to be said.
    pub reason: String,
}

/// First byte and the byte after the last.
pub type TextSpan = (usize, usize);

/// The most entries that one condition may become. Nobody could check more.
const MAX_ENTRIES: usize = 1000;

/// Reads a documented condition.
///
/// The error has every part that no exclusion can say.
pub fn import_text(
    id: &str,
    text: &str,
    reading: Reading,
    schema: &Schema,
) -> Result<WrittenExclusion, Vec<Remark>> {
    let tree = Tree::new(text);
    let shown = parse(&tree, &tree.nodes);
    let read = entries(&tree, &shown, schema, Notation::Documented, &|_| None);
    let wrong: Vec<Remark> = read.remarks.into_iter().chain(read.leftovers).collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let entries = match reading {
        Reading::Loose => merged(conditions(read.alternatives)),
        Reading::Scoped => vec![flattened(conditions(read.alternatives))],
    };
    let documented = Some(text.to_owned());
    Ok(WrittenExclusion { id: id.to_owned(), when: when(entries), documented, ..WrittenExclusion::default() })
}

/// An entry that was read.
struct ReadEntry {
    conditions: Vec<Carried>,
    /// The last day on which it suppresses.
    expires: Option<Date>,
}

fn conditions(entries: Vec<ReadEntry>) -> Vec<Vec<Carried>> {
    entries.into_iter().map(|entry| entry.conditions).collect()
}

/// The entries of a condition, and what is to be said about it.
#[derive(Default)]
struct Entries {
    alternatives: Vec<ReadEntry>,
    /// Parts that cannot be carried.
    remarks: Vec<Remark>,
    /// Values that cannot be carried, of parts that are carried without them.
    leftovers: Vec<Remark>,
    traps: Vec<Remark>,
}

/// Negates a condition that says what is shown.
fn entries(
    tree: &Tree<'_>,
    shown: &Expression<'_>,
    schema: &Schema,
    notation: Notation,
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Entries {
    let mut out = Entries::default();
    let Some(all) = expression::alternatives(shown, false, MAX_ENTRIES) else {
        let span = shown.span(tree);
        let reason = format!("it stands for more than {MAX_ENTRIES} entries");
        out.remarks.push(Remark { span, reason });
        return out;
    };
    for alternative in all {
        let mut entry: Vec<Carried> = Vec::new();
        let (mut traps, mut leftovers, mut whole) = (Vec::new(), Vec::new(), true);
        let mut expires = None;
        for (part, wanted) in unguarded(tree, &alternative, values_of) {
            if let Some(day) = own::last_day(tree, part).filter(|_| wanted) {
                expires = Some(day);
                continue;
            }
            match carry(tree, part, wanted, schema, notation, values_of) {
                Ok(read) => {
                    traps.extend(read.traps);
                    leftovers.extend(read.leftovers);
                    entry.push(read.carried);
                }
                Err(remark) => {
                    whole = false;
                    out.remarks.push(remark);
                }
            }
        }
        match twice(&entry) {
            Some(remark) => out.remarks.push(remark),
            None if whole => {
                out.alternatives.push(ReadEntry { conditions: entry, expires });
                out.traps.extend(traps);
                out.leftovers.extend(leftovers);
            }
            None => {}
        }
    }
    out.remarks.sort();
    out.remarks.dedup();
    let guarded = expression::never_null_spans(tree);
    let is_safe =
        |trap: &Remark| guarded.iter().any(|(start, end)| *start <= trap.span.0 && trap.span.1 <= *end);
    out.traps.retain(|trap| trap.reason != condition::NULL_TRAP || !is_safe(trap));
    out
}

/// The parts without the guards. A guard is what a clause adds to a part to keep an engine from matching more
/// than the list says; the list itself needs none.
fn unguarded<'n>(
    tree: &Tree<'_>,
    alternative: &[(&&'n [QueryNode], bool)],
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Vec<(&'n [QueryNode], bool)> {
    let all: HashSet<String> = alternative
        .iter()
        .filter(|(_, wanted)| *wanted)
        .flat_map(|(part, _)| guards(tree, part, values_of))
        .collect();
    let says_more =
        |(part, wanted): &&(&&[QueryNode], bool)| !wanted || !all.contains(&own::plain(tree, part));
    alternative.iter().filter(says_more).map(|(part, wanted)| (**part, *wanted)).collect()
}

/// The complaint if an entry has two conditions on one field. YAML allows a key once.
fn twice(entry: &[Carried]) -> Option<Remark> {
    entry.iter().enumerate().find_map(|(at, one)| {
        let other = entry[..at].iter().find(|other| other.key == one.key)?;
        let whole = !one.key.contains("|contains");
        let reason = if whole && one.values.iter().all(|value| !other.values.contains(value)) {
            "De Morgan slip: `!=` with `or` on one column is always true and excludes nothing; `and` was meant"
        } else {
            "two conditions on one field that must both hold; an entry holds a field once"
        };
        Some(Remark { span: one.span, reason: reason.to_owned() })
    })
}

/// Joins entries that differ only in the values of one condition.
fn merged(entries: Vec<Vec<Carried>>) -> Vec<Vec<Carried>> {
    let mut out: Vec<Vec<Carried>> = Vec::new();
    for mut entry in entries {
        let open = out.iter().enumerate().find_map(|(place, known)| Some((place, differs(known, &entry)?)));
        match open {
            Some((place, condition)) => out[place][condition].values.append(&mut entry[condition].values),
            None => out.push(entry),
        }
    }
    out
}

/// The one condition whose values differ, if everything else is the same.
fn differs(known: &[Carried], entry: &[Carried]) -> Option<usize> {
    if known.len() != entry.len() || known.iter().zip(entry).any(|(a, b)| a.key != b.key) {
        return None;
    }
    let mut different = (0..known.len()).filter(|place| known[*place].values != entry[*place].values);
    match (different.next(), different.next()) {
        (None, _) => Some(0),
        (one, None) => one,
        _ => None,
    }
}

/// All conditions in one entry.
fn flattened(entries: Vec<Vec<Carried>>) -> Vec<Carried> {
    let mut out: Vec<Carried> = Vec::new();
    for mut carried in entries.into_iter().flatten() {
        match out.iter_mut().find(|known| known.key == carried.key) {
            Some(known) => known.values.append(&mut carried.values),
            None => out.push(carried),
        }
    }
    out
}

fn when(entries: Vec<Vec<Carried>>) -> WrittenWhen {
    let mut written: Vec<WrittenEntry> = entries
        .into_iter()
        .map(|entry| {
            entry.into_iter().map(|carried| (carried.key, values(carried.values, carried.kind))).collect()
        })
        .collect();
    if written.len() == 1 { WrittenWhen::Entry(written.remove(0)) } else { WrittenWhen::Entries(written) }
}

fn values(values: Vec<String>, kind: Kind) -> OneOrMany {
    let mut unique: Vec<String> = Vec::with_capacity(values.len());
    for value in values {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    let scalar = |value: String| match value.parse() {
        Ok(number) if kind == Kind::Number => Scalar::Number(number),
        _ => Scalar::Text(value),
    };
    let mut texts: Vec<Scalar> = unique.into_iter().map(scalar).collect();
    if texts.len() == 1 { OneOrMany::One(texts.remove(0)) } else { OneOrMany::Many(texts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exclusions::{DOCUMENTED, document::ListFile};
    use crate::schema::Schemas;
    use crate::yaml;

    fn read(text: &str, reading: Reading) -> Result<String, String> {
        let schemas = Schemas::built_in();
        let schema = schemas.named("defender").unwrap();
        match import_text("x", text, reading, schema) {
            Ok(exclusion) => Ok(yaml::to_string(&exclusion.when).unwrap()),
            Err(remarks) => Err(remarks.into_iter().map(|remark| remark.reason).collect()),
        }
    }

    #[test]
    fn the_five_documented_conditions_give_the_shipped_lists() {
        let schemas = Schemas::built_in();
        let schema = schemas.named("defender").unwrap();
        for (file, text) in DOCUMENTED {
            let list: ListFile = yaml::from_str(text).unwrap();
            for exclusion in list.exclusions {
                let documented = exclusion.documented.unwrap();
                let imported = import_text(&exclusion.id, &documented, Reading::Loose, schema).unwrap();
                assert_eq!(imported.when, exclusion.when, "{file}");
            }
        }
    }

    #[test]
    fn the_two_readings_differ_in_and_and_or() {
        let text = r#"process.name != "a" && process.name != "b" && destination_ip != "10.0.0.1""#;
        assert_eq!(
            read(text, Reading::Loose).unwrap(),
            "- process.name:\n  - a\n  - b\n- destination.ip: 10.0.0.1\n"
        );
        assert_eq!(
            read(text, Reading::Scoped).unwrap(),
            "process.name:\n- a\n- b\ndestination.ip: 10.0.0.1\n"
        );
        assert_eq!(
            read(r#"!(process.name == "a" && destination_ip == "10.0.0.1")"#, Reading::Loose).unwrap(),
            "process.name: a\ndestination.ip: 10.0.0.1\n"
        );
    }

    #[test]
    fn what_no_exclusion_can_say_is_refused() {
        for (text, why) in [
            (r#"proces.name != "a""#, "no field"),
            (r#"process.name == "a""#, "negative"),
            (r#"destination_ip != "server""#, "not an IPv4"),
            (r#"process.name != "a*""#, "wildcard"),
            (r#"process.name != """#, "empty"),
            ("process.name", "not a condition"),
            ("", "not a condition"),
            (r#"process.name != "a" || process.name != "b""#, "De Morgan"),
        ] {
            let error = read(text, Reading::Loose).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
