//! The clause between its markers.
//!
//! In: exclusions. Out: lines that stand behind a table, and the statements that have to stand above the query.
//! Few exclusions get a `where` each, for the person who reviews it; many are merged into lists, because the
//! service gives up at some hundred operators.

use super::KqlError;
use super::literal::comment;
use super::predicate::{ClauseEntry, condition};
use super::values::Values;
use crate::exclusions::model::{Condition, Entry, Exclusion, Test};
use crate::schema::Schema;
use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::Arc;

/// How the first line of a block begins.
pub const BEGIN: &str = "// quell:begin";
/// How the last line of a block begins.
pub const END: &str = "// quell:end";

/// Exclusions that get a `where` of their own; beyond, they are merged.
pub const MOST_SINGLE: usize = 100;
/// Terms of one `or`; more are nested.
const MOST_TERMS: usize = 100;

/// What a block says of itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The lists that it was made from, for the marker.
    pub lists: Vec<String>,
    /// Exclusions that were left out and why, for a comment.
    pub left_out: Vec<String>,
    /// Beyond so many exclusions they are merged into lists; [`MOST_SINGLE`] without it.
    pub merge_beyond: Option<usize>,
}

/// The block: markers, a comment for each exclusion, `where` operators. Values stand in it.
pub fn where_block(
    exclusions: &[&Exclusion],
    schema: &Schema,
    options: &Options,
) -> Result<String, Vec<KqlError>> {
    clause(exclusions, schema, options, &mut Values::inline())
}

/// `let` statements for the top of a query, and the block for behind the table.
pub fn let_form(
    exclusions: &[&Exclusion],
    schema: &Schema,
    options: &Options,
) -> Result<(String, String), Vec<KqlError>> {
    let mut values = Values::named();
    let block = clause(exclusions, schema, options, &mut values)?;
    Ok((values.literals(), block))
}

/// The same with values from a table: `table` is the KQL that gives `SearchKey` and `Value`.
pub fn table_form(
    exclusions: &[&Exclusion],
    schema: &Schema,
    options: &Options,
    table: &str,
) -> Result<(Values, String, String), Vec<KqlError>> {
    let mut values = Values::kept_elsewhere();
    let block = clause(exclusions, schema, options, &mut values)?;
    let lets = format!("let quell_values = {table};\n{}", values.lookups("quell_values"));
    Ok((values, lets, block))
}

fn clause(
    exclusions: &[&Exclusion],
    schema: &Schema,
    options: &Options,
    values: &mut Values,
) -> Result<String, Vec<KqlError>> {
    let body = if exclusions.len() <= options.merge_beyond.unwrap_or(MOST_SINGLE) {
        each_alone(exclusions, schema, values)?
    } else {
        merged(exclusions, schema, values)?
    };
    let lists = options.lists.join(", ");
    let left: String =
        options.left_out.iter().map(|why| format!("// left out: {}\n", comment(why))).collect();
    let digest = digest(&format!("{left}{body}"));
    Ok(format!("{BEGIN} {digest} {}\n{left}{body}{END}\n", comment(&lists)))
}

/// A fingerprint of the text, so that drift can be seen: FNV-1a, 64 bits.
pub(super) fn digest(text: &str) -> String {
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    hasher.write(text.as_bytes());
    format!("{:016x}", hasher.finish())
}

/// What is said of an exclusion: id, reason or scenario, expiry.
pub(super) fn headline(exclusion: &Exclusion) -> String {
    let why = exclusion.reason.as_ref().or(exclusion.scenario.as_ref());
    let why = why.map(|why| format!(": {}", comment(why))).unwrap_or_default();
    let expires = exclusion.expires.map(|day| format!(" (until {day})")).unwrap_or_default();
    format!("// {}{why}{expires}\n", exclusion.id)
}

fn each_alone(
    exclusions: &[&Exclusion],
    schema: &Schema,
    values: &mut Values,
) -> Result<String, Vec<KqlError>> {
    let mut out = String::new();
    let mut errors = Vec::new();
    for exclusion in exclusions {
        match entries(exclusion, schema, values) {
            Ok(terms) if terms.is_empty() => {}
            Ok(terms) => {
                out += &headline(exclusion);
                out += &format!("| where not({})\n", tree(&terms, "\n    or "));
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(out) } else { Err(errors) }
}

/// The entries of an exclusion as expressions.
pub(super) fn entries(
    exclusion: &Exclusion,
    schema: &Schema,
    values: &mut Values,
) -> Result<Vec<String>, KqlError> {
    let fitting = exclusion.entries.iter().enumerate().filter(|(_, entry)| entry.fits(&schema.name));
    fitting
        .map(|(place, entry)| expression(&entry.conditions, &exclusion.id, place + 1, schema, values))
        .collect()
}

pub(super) fn expression(
    conditions: &[Arc<Condition>],
    id: &str,
    entry: usize,
    schema: &Schema,
    values: &mut Values,
) -> Result<String, KqlError> {
    let place = ClauseEntry { key: (id, entry), schema };
    let mut terms = Vec::with_capacity(conditions.len());
    for each in conditions {
        let term = condition(each, &place, values);
        terms.push(term.map_err(|reason| KqlError {
            id: id.to_owned(),
            field: each.field.name().to_owned(),
            reason,
        })?);
    }
    Ok(if terms.len() == 1 { terms.remove(0) } else { format!("({})", terms.join(" and ")) })
}

/// Terms joined by an operator that may be bracketed at will, such as `or`, nested where they are many.
pub(super) fn tree(terms: &[String], or: &str) -> String {
    if terms.len() <= MOST_TERMS {
        return terms.join(or);
    }
    let groups: Vec<String> = terms
        .chunks(terms.len().div_ceil(MOST_TERMS))
        .map(|group| {
            if group.len() == 1 {
                group[0].clone()
            } else {
                format!("({})", tree(group, &format!(" {} ", or.trim())))
            }
        })
        .collect();
    groups.join(or)
}

/// Entries that differ in the values of one condition become one entry with all of them.
fn merged(exclusions: &[&Exclusion], schema: &Schema, values: &mut Values) -> Result<String, Vec<KqlError>> {
    // Once merged, nobody knows any more whose a value is that cannot be said.
    let alone = exclusions.iter().map(|exclusion| entries(exclusion, schema, &mut Values::inline()));
    let errors: Vec<KqlError> = alone.filter_map(Result::err).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut groups: BTreeMap<String, Entry> = BTreeMap::new();
    let mut out = String::new();
    for exclusion in exclusions {
        out += &headline(exclusion);
        for entry in exclusion.entries.iter().filter(|entry| entry.fits(&schema.name)) {
            let (others, open) = apart(entry);
            let kind = std::mem::discriminant(&open.test);
            let key = format!("{others:?} {:?} {kind:?}", open.field);
            if let Some(known) = groups.get_mut(&key).and_then(|known| known.conditions.last_mut()) {
                Arc::make_mut(known).test.join(&open.test);
            } else {
                let conditions = others.into_iter().chain([open]).cloned().collect();
                groups.insert(key, Entry { conditions });
            }
        }
    }
    let mut terms = Vec::new();
    let mut errors = Vec::new();
    for (place, entry) in groups.values().enumerate() {
        match expression(&entry.conditions, "merged", place + 1, schema, values) {
            Ok(term) => terms.push(term),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if !terms.is_empty() {
        out += &format!("| where not({})\n", tree(&terms, "\n    or "));
    }
    Ok(out)
}

/// The other conditions in an order of their own, whatever order they were written in, and the condition
/// whose values are joined: the first of addresses, else the last as written.
fn apart(entry: &Entry) -> (Vec<&Arc<Condition>>, &Arc<Condition>) {
    let address = entry.conditions.iter().position(|condition| matches!(condition.test, Test::Address(_)));
    let open = address.unwrap_or(entry.conditions.len() - 1);
    let others = entry.conditions.iter().enumerate().filter(|(place, _)| *place != open);
    let mut others: Vec<&Arc<Condition>> = others.map(|(_, condition)| condition).collect();
    others.sort_by_cached_key(|condition| format!("{condition:?}"));
    (others, &entry.conditions[open])
}
