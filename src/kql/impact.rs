//! One query that computes on the server what `quell apply` reports.
//!
//! In: exclusions. Out: a query with one row: totals, and for each exclusion matches, sole matches, scoped matches,
//! devices, first and last time, in columns named after it; and which exclusions it was made from.
//!
//! Each condition is a column of its own, computed once: `quell__process_name_1`. A cell that is empty is another:
//! `quell__no_process_name`. All that follows is made of these.

use super::KqlError;
use super::block::digest;
use super::expression::Expression;
use super::literal::{column, comment, string};
use super::predicate::{ClauseEntry, condition, is_unknown};
use super::values::Values;
use crate::exclusions::model::{Condition, Entry, Exclusion, FieldRef};
use crate::schema::Schema;
use hashbrown::HashMap;
use indexmap::IndexMap;
use std::fmt::Write;

/// The column that says which exclusions a query was made from.
pub const LISTS: &str = "quell_lists";

/// What [`LISTS`] holds: the same for the same conditions in the same schema, whatever the time span.
pub fn fingerprint(exclusions: &[&Exclusion], schema: &Schema) -> Result<String, Vec<KqlError>> {
    impact(exclusions, schema, None).map(|query| fingerprint_of(&query).unwrap_or_default().to_owned())
}

fn fingerprint_of(query: &str) -> Option<&str> {
    query.lines().last()?.strip_prefix(&format!("| extend {LISTS} = \""))?.strip_suffix('"')
}

/// The query; `since` is a time span of KQL such as `7d`, the whole table without it.
pub fn impact(
    exclusions: &[&Exclusion],
    schema: &Schema,
    since: Option<&str>,
) -> Result<String, Vec<KqlError>> {
    let mut columns =
        Columns { schema, conditions: IndexMap::new(), unknown: IndexMap::new(), counts: HashMap::new() };
    let (mut all, mut errors) = (Vec::new(), Vec::new());
    for exclusion in exclusions {
        match columns.exclusion(exclusion) {
            Ok(one) => all.push(one),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let table = schema.table.as_deref().unwrap_or(&schema.name);
    let body = body(&columns, all, schema);
    let mut out = format!("{table}\n");
    if let [one, other] = &of_two_products(schema)[..] {
        let (one, other) = (string(one), string(other));
        let time = format!("column_ifexists({other}, column_ifexists({one}, datetime(null)))");
        let _ = writeln!(out, "| extend {TIME} = {time}");
    }
    if let (Some(since), Some(time)) = (since, time(schema)) {
        let _ = writeln!(out, "| where {time} > ago({since})");
    }
    let _ = writeln!(out, "{body}| extend {LISTS} = \"{}\"", digest(&body));
    Ok(out)
}

/// The time of a row, where two products have the table and name it differently.
const TIME: &str = "quell_time";

/// The names of the time in Defender and in Sentinel, if a query cannot know which of them it meets.
fn of_two_products(schema: &Schema) -> Vec<&String> {
    let differs = schema.time.first().is_some_and(|time| time == "Timestamp") && schema.time.len() == 2;
    schema.time.iter().filter(|_| differs).collect()
}

/// The column with the time of a row.
fn time(schema: &Schema) -> Option<String> {
    if of_two_products(schema).is_empty() {
        return schema.time.first().map(|name| column(name));
    }
    Some(TIME.to_owned())
}

/// The column of an exclusion. Ids are kebab-case, so no two become one.
pub fn name(id: &str) -> String {
    format!("quell_{}", id.replace('-', "_"))
}

/// The columns that conditions and empty cells have.
struct Columns<'s> {
    schema: &'s Schema,
    /// Names by expression.
    conditions: IndexMap<Expression, String>,
    /// Expressions by name.
    unknown: IndexMap<String, String>,
    /// How many conditions look at a field.
    counts: HashMap<String, usize>,
}

/// An exclusion in terms of these columns.
struct One<'e> {
    exclusion: &'e Exclusion,
    covers: Expression,
    in_scope: Option<Expression>,
    /// For each entry, that no condition is known not to be met.
    possible: Vec<Expression>,
}

/// A condition and the column that says whether it is met.
type Met<'e> = (&'e Condition, String);

impl Columns<'_> {
    fn exclusion<'e>(&mut self, exclusion: &'e Exclusion) -> Result<One<'e>, KqlError> {
        let fitting = exclusion.entries.iter().filter(|entry| entry.is_in(self.schema));
        let entries: Vec<&Entry> = fitting.collect();
        let met = entries.iter().map(|entry| self.entry(exclusion, entry)).collect::<Result<Vec<_>, _>>()?;
        let named = |(_, name): &Met<'_>| Expression::plain(name);
        let entry = |conditions: &Vec<Met<'_>>| Expression::all(conditions.iter().map(named).collect());
        let possible = |conditions: &Vec<Met<'_>>| {
            let term = |met: &Met<'_>| {
                Expression::any(vec![named(met), Expression::plain(unknown_name(&met.0.field))])
            };
            Expression::all(conditions.iter().map(term).collect())
        };
        Ok(One {
            exclusion,
            covers: one_of(met.iter().map(entry).collect()),
            in_scope: (entries.len() > 1).then(|| in_scope(exclusion, &met)),
            possible: met.iter().map(possible).collect(),
        })
    }

    /// The conditions of an entry, each with its column.
    fn entry<'e>(&mut self, exclusion: &Exclusion, entry: &'e Entry) -> Result<Vec<Met<'e>>, KqlError> {
        let mut met: Vec<Met<'e>> = Vec::new();
        for each in &entry.conditions {
            let name = self.condition(&exclusion.id, each).map_err(|reason| KqlError {
                id: exclusion.id.clone(),
                field: each.field.name().to_owned(),
                reason,
            })?;
            met.push((each, name));
        }
        Ok(met)
    }

    fn condition(&mut self, id: &str, each: &Condition) -> Result<String, String> {
        let place = ClauseEntry { key: (id, 0), schema: self.schema };
        let expression = condition(each, &place, &mut Values::inline())?.never_null();
        let unknown = is_unknown(each, self.schema)?;
        self.unknown.insert(unknown_name(&each.field), unknown);
        if let Some(name) = self.conditions.get(&expression) {
            return Ok(name.clone());
        }
        let field = plain_name(each.field.name());
        let count = self.counts.entry(field.clone()).or_default();
        *count += 1;
        let name = format!("quell__{field}_{count}");
        self.conditions.insert(expression, name.clone());
        Ok(name)
    }
}

fn plain_name(field: &str) -> String {
    field.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn unknown_name(field: &FieldRef) -> String {
    format!("quell__no_{}", plain_name(field.name()))
}

/// One of the terms; false without any.
fn one_of(terms: Vec<Expression>) -> Expression {
    if terms.is_empty() { Expression::plain("false") } else { Expression::any(terms) }
}

/// Every field that the exclusion names is met by one of its conditions.
fn in_scope(exclusion: &Exclusion, met: &[Vec<Met<'_>>]) -> Expression {
    let of_field = |field: &&FieldRef| {
        let conditions = met.iter().flatten().filter(|(condition, _)| condition.field == **field);
        let names: Vec<Expression> = conditions.map(|(_, name)| Expression::plain(name)).collect();
        (!names.is_empty()).then(|| Expression::any(names))
    };
    Expression::all(exclusion.fields().iter().filter_map(of_field).collect())
}

fn body(columns: &Columns<'_>, all: Vec<One<'_>>, schema: &Schema) -> String {
    let mut out = String::new();
    let unknown = columns.unknown.iter().map(|(name, text)| format!("{name} = {text}"));
    let conditions = columns.conditions.iter();
    let conditions = conditions.map(|(condition, name)| assigned(name, condition));
    extend(&mut out, &unknown.chain(conditions).collect::<Vec<_>>());
    let mut covers = Vec::new();
    for one in &all {
        let name = name(&one.exclusion.id);
        covers.push(assigned(&name, &one.covers));
        covers.extend(one.in_scope.as_ref().map(|scope| assigned(&format!("{name}__in_scope"), scope)));
    }
    extend(&mut out, &covers);
    let names: Vec<String> = all.iter().map(|one| name(&one.exclusion.id)).collect();
    let _ = writeln!(out, "| extend quell_covering = {}", sum(&names));
    let mut counts = figures(&all, schema);
    let possible = one_of(all.into_iter().flat_map(|one| one.possible).collect());
    let _ = writeln!(out, "| extend quell_possible = {}", possible.text(1, 26));
    counts.insert(0, "quell_undecidable = countif(quell_covering == 0 and quell_possible)".to_owned());
    counts.insert(0, "quell_suppressed = countif(quell_covering > 0)".to_owned());
    counts.insert(0, "quell_kept = countif(quell_covering == 0)".to_owned());
    counts.insert(0, "quell_read = count()".to_owned());
    let _ = writeln!(out, "| summarize\n    {}", counts.join(",\n    "));
    out
}

/// A column of an `extend`, on lines of its own.
fn assigned(name: &str, value: &Expression) -> String {
    format!("{name} = {}", value.text(2, name.len() + " = ".len() + 4))
}

/// One operator for all: some hundred operators in a row are too many for the service.
fn extend(out: &mut String, columns: &[String]) {
    if !columns.is_empty() {
        let _ = writeln!(out, "| extend\n    {}", columns.join(",\n    "));
    }
}

/// What is counted of each exclusion.
fn figures(all: &[One<'_>], schema: &Schema) -> Vec<String> {
    let device = schema.device.first().map(|name| column(name));
    let time = time(schema);
    let mut out = Vec::new();
    for one in all {
        let name = name(&one.exclusion.id);
        let scope =
            if one.in_scope.is_some() { format!("{name} and {name}__in_scope") } else { name.clone() };
        out.push(format!("// {}\n    {name}__matches = countif({name})", comment(&one.exclusion.id)));
        out.push(format!("{name}__sole = countif({name} and quell_covering == 1)"));
        out.push(format!("{name}__scoped = countif({scope})"));
        if let Some(device) = &device {
            let met = format!("{name} and isnotempty({device})");
            out.push(format!("{name}__devices = count_distinctif({device}, {met})"));
        }
        if let Some(time) = &time {
            for (end, function) in [("first", "min"), ("last", "max")] {
                out.push(format!("{name}__{end} = {function}(iff({name}, {time}, datetime(null)))"));
            }
        }
    }
    out
}

/// The number of columns that are true.
fn sum(names: &[String]) -> String {
    const MOST: usize = 100;
    if names.is_empty() {
        return "0".to_owned();
    }
    if names.len() > MOST {
        let groups = names.chunks(names.len().div_ceil(MOST));
        let groups: Vec<String> = groups.map(|group| format!("({})", sum(group))).collect();
        return groups.join("\n    + ");
    }
    names.iter().map(|name| format!("toint({name})")).collect::<Vec<_>>().join("\n    + ")
}
