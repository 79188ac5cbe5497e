//! What the page says of each exclusion.
//!
//! In: an exclusion of the model, what it did, and what else is known of it. Out: JSON, in which conditions have the
//! numbers that [`super::outcomes`](mod@super::outcomes) gives them. Values are written as a list would write them, so that the page can
//! give a list back.

use super::Known;
use crate::exclusions::model::{Condition, Entry, Exclusion, Operator, Test, TextValue};
use crate::kql::{self, Parts};
use crate::schema::Schema;
use serde_json::{Value, json};

/// One exclusion. `place` is its place among those that were applied.
pub(super) fn exclusion(
    exclusion: &Exclusion,
    place: Option<usize>,
    schema: &Schema,
    known: &Known,
) -> Value {
    let date = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string());
    let lints: Vec<&super::PageLint> =
        known.lints.iter().filter(|lint| lint.exclusion == exclusion.id).collect();
    let grade = known.grades.iter().find(|grade| grade.exclusion == exclusion.id);
    let (parts, cannot) = match kql(exclusion, schema) {
        Ok(parts) => (Some(parts), None),
        Err(why) => (None, Some(why)),
    };
    let fitting = exclusion.entries.iter().filter(|entry| entry.is_in(schema));
    let entries: Vec<Value> = fitting
        .enumerate()
        .map(|(number, entry)| self::entry(entry, parts.as_ref().and_then(|parts| parts.entries.get(number))))
        .collect();
    json!({
        "id": exclusion.id,
        "place": place,
        "file": &*exclusion.origin.file,
        "line": exclusion.origin.line,
        "scenario": exclusion.scenario,
        "owner": exclusion.owner,
        "reason": exclusion.reason,
        "reference": exclusion.reference,
        "created": date(exclusion.created),
        "expires": date(exclusion.expires),
        "rules": exclusion.rules,
        "lints": lints,
        "grade": grade,
        "headline": parts.as_ref().map(|parts| &parts.headline),
        "clause": parts.as_ref().map(|parts| &parts.clause),
        "guard": parts.as_ref().and_then(|parts| parts.guard.as_ref()),
        "noKql": cannot,
        "otherEntries": exclusion.entries.len() - entries.len(),
        "entries": entries,
    })
}

fn kql(exclusion: &Exclusion, schema: &Schema) -> Result<Parts, String> {
    if schema.table.is_none() {
        return Err(format!("schema {} has no KQL table", schema.name));
    }
    kql::parts(exclusion, schema)
        .map_err(|error| format!("{} cannot be said in KQL: {}", error.field, error.reason))
}

fn entry(entry: &Entry, kql: Option<&Vec<String>>) -> Value {
    let conditions = entry.conditions.iter().enumerate();
    let conditions: Vec<Value> = conditions
        .map(|(place, condition)| {
            json!({
                "field": condition.field.name(),
                "key": key(condition),
                "values": values(condition),
                "kql": kql.and_then(|terms| terms.get(place)),
            })
        })
        .collect();
    Value::Array(conditions)
}

/// The key that a list writes: the field and its modifiers.
fn key(condition: &Condition) -> String {
    let mut key = condition.field.name().to_owned();
    if let Test::Text(texts) = &condition.test
        && let Some(TextValue { operator, cased, .. }) = texts.first()
    {
        key += match operator {
            Operator::Is => "",
            Operator::StartsWith => "|startswith",
            Operator::EndsWith => "|endswith",
            Operator::Contains => "|contains",
            Operator::Re => "|re",
        };
        if *cased && *operator != Operator::Re {
            key += "|cased";
        }
    }
    key
}

/// The values as a list writes them.
fn values(condition: &Condition) -> Vec<String> {
    match &condition.test {
        Test::Text(texts) => texts.iter().map(|value| value.text.clone()).collect(),
        Test::Address(ranges) => ranges.iter().map(|range| range.text.clone()).collect(),
        Test::Number(ranges) => ranges.iter().map(|range| range.wanted()).collect(),
    }
}
