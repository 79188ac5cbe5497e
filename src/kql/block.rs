//! The clause between its markers.
//!
//! In: exclusions. Out: lines that stand behind a table, and the statements that have to stand above the query.
//! Few exclusions get a `where` each, for the person who reviews it; many are merged into lists, because the
//! service gives up at some hundred operators.

use super::KqlError;
use super::expression::Expression;
use super::literal::comment;
use super::predicate::{ClauseEntry, condition};
use super::values::Values;
use crate::exclusions::model::{Condition, Entry, Exclusion, Test};
use crate::schema::Schema;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::Arc;

/// How the first line of a block begins.
pub const BEGIN: &str = "// quell:begin";
/// How the last line of a block begins.
pub const END: &str = "// quell:end";

/// How the first line of a block ends that holds the values for the top of a query.
pub const VALUES: &str = " (values)";

/// Exclusions that get a `where` of their own; beyond, they are merged.
pub const MOST_SINGLE: usize = 100;
/// The longest line of a comment.
const COMMENT: usize = 110;

/// What a block says of itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The lists that it was made from, for the marker.
    pub lists: Vec<String>,
    /// Ids of exclusions that were left out, each with the kind of reason, for a comment.
    pub left_out: Vec<(String, String)>,
    /// Beyond so many exclusions they are merged into lists; [`MOST_SINGLE`] without it.
    pub merge_beyond: Option<usize>,
    /// Whether an exclusion with an expiry goes on suppressing after that day where the query runs.
    pub without_expiry_guard: bool,
    /// How many lists of values other clauses of the same query have, so that no two get one name.
    pub lists_before: usize,
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
    let mut values = Values::named().after(options.lists_before);
    let block = clause(exclusions, schema, options, &mut values)?;
    Ok((above(&values.literals()), block))
}

/// The same with values from a table: `table` is the KQL that gives `SearchKey` and `Value`.
pub fn table_form(
    exclusions: &[&Exclusion],
    schema: &Schema,
    options: &Options,
    table: &str,
) -> Result<(Values, String, String), Vec<KqlError>> {
    let mut values = Values::kept_elsewhere().after(options.lists_before);
    let block = clause(exclusions, schema, options, &mut values)?;
    let name = match options.lists_before {
        0 => "quell_values".to_owned(),
        before => format!("quell_values_{before}"),
    };
    let lets = format!("let {name} = {table};\n{}", values.lookups(&name));
    let lets = if values.lists.is_empty() { String::new() } else { above(&lets) };
    Ok((values, lets, block))
}

/// Statements for the top of a query, between markers of their own; nothing if there are none.
fn above(statements: &str) -> String {
    if statements.is_empty() {
        return String::new();
    }
    format!("{BEGIN} {}{VALUES}\n{statements}{END}\n", digest(statements))
}

fn clause(
    exclusions: &[&Exclusion],
    schema: &Schema,
    options: &Options,
    values: &mut Values,
) -> Result<String, Vec<KqlError>> {
    let body = if exclusions.len() <= options.merge_beyond.unwrap_or(MOST_SINGLE) {
        each_alone(exclusions, schema, options, values)?
    } else {
        merged(exclusions, schema, options, values)?
    };
    let left = left_out(&options.left_out) + &without_column(exclusions, schema);
    let digest = digest(&format!("{left}{body}"));
    let lists: Vec<&str> = options.lists.iter().map(String::as_str).collect();
    let begin = listed(&format!("{BEGIN} {digest}"), &lists);
    Ok(format!("{begin}\n{left}{body}{END}\n"))
}

/// One line for each kind of reason.
fn left_out(all: &[(String, String)]) -> String {
    let mut kinds: Vec<&str> = all.iter().map(|(_, kind)| kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let of = |kind: &str| {
        let of_kind = all.iter().filter(|(_, known)| known == kind);
        let ids: Vec<&str> = of_kind.map(|(id, _)| id.as_str()).collect();
        listed(&format!("// left out, {}:", comment(kind)), &ids) + "\n"
    };
    kinds.into_iter().map(of).collect()
}

/// One line for what rows of the schema have no column for: whole exclusions, or entries of them.
fn without_column(exclusions: &[&Exclusion], schema: &Schema) -> String {
    let mut lacking = Vec::new();
    for exclusion in exclusions {
        let entries = exclusion.entries.iter().zip(1..).filter(|(entry, _)| !entry.is_in(schema));
        let entries: Vec<String> = entries
            .map(|(entry, number)| {
                let lacks = entry.lacks(schema).join(", ");
                format!("entry {number} of {} ({lacks})", exclusion.id)
            })
            .collect();
        lacking.extend(entries);
    }
    if lacking.is_empty() {
        return String::new();
    }
    let lacking: Vec<&str> = lacking.iter().map(String::as_str).collect();
    listed(&format!("// left out, no column in {}:", comment(&schema.name)), &lacking) + "\n"
}

/// Names behind the beginning of a comment, as many as fit on its line.
fn listed(start: &str, names: &[&str]) -> String {
    let mut out = start.to_owned();
    for (place, name) in names.iter().enumerate() {
        let name = comment(name);
        if place > 0 && out.chars().count() + name.chars().count() > COMMENT - 16 {
            return format!("{out}, and {} more", names.len() - place);
        }
        out += if place == 0 { " " } else { ", " };
        out += &name;
    }
    out
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
    let room = COMMENT.saturating_sub(expires.len());
    format!("{}{expires}\n", shortened(&format!("// {}{why}", exclusion.id), room))
}

/// As many words as fit.
fn shortened(text: &str, room: usize) -> String {
    const MARK: &str = " ...";
    let Some((end, _)) = text.char_indices().nth(room) else { return text.to_owned() };
    let reach = text.char_indices().nth(room.saturating_sub(MARK.len())).map_or(end, |(at, _)| at + 1);
    let kept =
        text.get(..reach).and_then(|kept| kept.rsplit_once(' ')).map_or(&text[..end], |(kept, _)| kept);
    format!("{kept}{MARK}")
}

/// The first moment at which an exclusion suppresses no more.
pub(super) fn guard(expires: Option<Date>, options: &Options) -> Option<Expression> {
    let next = expires.filter(|_| !options.without_expiry_guard)?.tomorrow().ok()?;
    Some(Expression::plain(format!("now() < datetime({next})")))
}

pub(super) fn where_not(suppressed: &Expression) -> String {
    const WHERE: &str = "| where not(";
    format!("{WHERE}{})\n", suppressed.text(1, WHERE.len()))
}

fn each_alone(
    exclusions: &[&Exclusion],
    schema: &Schema,
    options: &Options,
    values: &mut Values,
) -> Result<String, Vec<KqlError>> {
    let mut out = String::new();
    let mut errors = Vec::new();
    for exclusion in exclusions {
        match entries(exclusion, schema, values) {
            Ok(terms) if terms.is_empty() => {}
            Ok(terms) => {
                out += &headline(exclusion);
                out += &where_not(&whole(exclusion, terms, options));
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(out) } else { Err(errors) }
}

/// What an exclusion suppresses as long as it lasts: rows that meet one of its entries, of which there is one at least.
pub(super) fn whole(exclusion: &Exclusion, entries: Vec<Expression>, options: &Options) -> Expression {
    let guard = guard(exclusion.expires, options);
    Expression::all(guard.into_iter().chain([Expression::any(entries)]).collect()).never_null()
}

/// The entries of an exclusion as expressions.
pub(super) fn entries(
    exclusion: &Exclusion,
    schema: &Schema,
    values: &mut Values,
) -> Result<Vec<Expression>, KqlError> {
    let fitting = exclusion.entries.iter().enumerate().filter(|(_, entry)| entry.is_in(schema));
    fitting
        .map(|(place, entry)| expression(&entry.conditions, &exclusion.id, place + 1, schema, values))
        .collect()
}

fn expression(
    conditions: &[Arc<Condition>],
    id: &str,
    entry: usize,
    schema: &Schema,
    values: &mut Values,
) -> Result<Expression, KqlError> {
    let place = ClauseEntry { key: (id, entry), schema };
    let term = |each: &Arc<Condition>| {
        condition(each, &place, values).map_err(|reason| KqlError {
            id: id.to_owned(),
            field: each.field.name().to_owned(),
            reason,
        })
    };
    Ok(Expression::all(conditions.iter().map(term).collect::<Result<_, _>>()?))
}

/// Entries that differ in the values of one condition become one entry with all of them.
fn merged(
    exclusions: &[&Exclusion],
    schema: &Schema,
    options: &Options,
    values: &mut Values,
) -> Result<String, Vec<KqlError>> {
    // Once merged, nobody knows any more whose a value is that cannot be said.
    let alone = exclusions.iter().map(|exclusion| entries(exclusion, schema, &mut Values::inline()));
    let errors: Vec<KqlError> = alone.filter_map(Result::err).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut groups: BTreeMap<String, (Option<Date>, Entry)> = BTreeMap::new();
    let mut out = String::new();
    for exclusion in exclusions {
        out += &headline(exclusion);
        let expires = exclusion.expires.filter(|_| !options.without_expiry_guard);
        for entry in exclusion.entries.iter().filter(|entry| entry.is_in(schema)) {
            let (others, open) = apart(entry);
            let kind = std::mem::discriminant(&open.test);
            let key = format!("{expires:?} {others:?} {:?} {kind:?}", open.field);
            if let Some(known) = groups.get_mut(&key).and_then(|(_, known)| known.conditions.last_mut()) {
                Arc::make_mut(known).test.join(&open.test);
            } else {
                let conditions = others.into_iter().chain([open]).cloned().collect();
                groups.insert(key, (expires, Entry { conditions }));
            }
        }
    }
    let mut terms = Vec::new();
    let mut errors = Vec::new();
    for (place, (expires, entry)) in groups.values().enumerate() {
        match expression(&entry.conditions, "merged", place + 1, schema, values) {
            Ok(term) => {
                let all = guard(*expires, options).into_iter().chain([term]).collect();
                terms.push(Expression::all(all).never_null());
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if !terms.is_empty() {
        out += &where_not(&Expression::any(terms));
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
