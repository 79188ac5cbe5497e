//! Whether one entry covers every row that another covers, and whether any row can meet an entry at all.
//!
//! In: conditions of the model. Out: yes only if it is certain. Addresses and numbers are compared exactly. Text
//! with wildcards is too, unless the search grows too large. A regular expression is only known to equal itself,
//! and to match or not to match a fixed text. It knows neither lists nor rows.
//!
//! Fields are taken as independent: that a path ends with the name of the process is not used.

mod ranges;
mod text;

use crate::exclusions::model::{Condition, Entry, FieldRef, Operator, Piece, Test, TextValue};

/// Whether every row that meets `narrow` meets `wide`, given that `narrow` can be met.
pub fn implies(narrow: &Entry, wide: &Entry) -> bool {
    wide.conditions.iter().all(|condition| {
        let known = on(narrow, &condition.field);
        !known.is_empty() && all_imply(&known, condition)
    })
}

/// The conditions of an entry on a field.
pub fn on<'e>(entry: &'e Entry, field: &FieldRef) -> Vec<&'e Condition> {
    entry
        .conditions
        .iter()
        .filter(|condition| condition.field == *field)
        .map(|condition| &**condition)
        .collect()
}

/// The fields of an entry, once each.
pub fn fields(entry: &Entry) -> Vec<&FieldRef> {
    let mut fields: Vec<&FieldRef> = Vec::new();
    for condition in &entry.conditions {
        if !fields.contains(&&condition.field) {
            fields.push(&condition.field);
        }
    }
    fields
}

/// The field on which no value can meet all conditions of an entry, if there is one.
pub fn contradiction(entry: &Entry) -> Option<&FieldRef> {
    fields(entry).into_iter().find(|field| are_contradictory(&on(entry, field)))
}

/// Whether no value meets all of these conditions on one field.
pub fn are_contradictory(conditions: &[&Condition]) -> bool {
    match conditions {
        // A condition always has values, and each value alone can be met.
        [] | [_] => false,
        [first, ..] => match &first.test {
            Test::Text(_) => text::are_contradictory(&texts(conditions)),
            _ => ranges::intersection(conditions).is_empty(),
        },
    }
}

/// Whether a value that meets all of `known` meets `wide`, all of one field.
fn all_imply(known: &[&Condition], wide: &Condition) -> bool {
    match &wide.test {
        Test::Text(values) => text::all_imply(&texts(known), values),
        _ => ranges::is_subset(&ranges::intersection(known), &ranges::of(&wide.test)),
    }
}

/// A value that meets all of these conditions on one field; `None` if none is found.
pub fn witness(conditions: &[&Condition]) -> Option<String> {
    match &conditions.first()?.test {
        Test::Text(_) => text::witness(&texts(conditions)),
        Test::Address(_) => ranges::first_address(&ranges::intersection(conditions)),
        Test::Number(_) => ranges::first_number(&ranges::intersection(conditions)),
    }
}

fn texts<'c>(conditions: &[&'c Condition]) -> Vec<&'c [TextValue]> {
    let text = |condition: &&'c Condition| match &condition.test {
        Test::Text(values) => Some(values.as_slice()),
        _ => None,
    };
    conditions.iter().filter_map(text).collect()
}

/// A value in the one spelling that all values with its meaning share.
pub fn canonical_value(value: &TextValue) -> TextValue {
    let Some(pieces) = value.pieces() else { return value.clone() };
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(literal) => text.push_str(&literal),
            Piece::One => text.push('?'),
            Piece::Any => text.push('*'),
        }
    }
    let cased = value.cased && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !cased {
        text.make_ascii_lowercase();
    }
    TextValue { text, operator: Operator::Is, cased }
}

/// A condition in the one spelling of its meaning: values sorted, each once, differences of spelling removed.
pub fn canonical(condition: &Condition) -> Condition {
    let test = match &condition.test {
        Test::Text(values) => {
            let mut values: Vec<TextValue> = values.iter().map(canonical_value).collect();
            values.sort();
            values.dedup();
            Test::Text(values)
        }
        test => ranges::canonical(test),
    };
    Condition { field: condition.field.clone(), test }
}

/// An entry in one spelling.
pub fn canonical_entry(entry: &Entry) -> Vec<Condition> {
    let mut conditions: Vec<Condition> =
        entry.conditions.iter().map(|condition| canonical(condition)).collect();
    // Conditions are sorted, so that the order in which they were written does not count.
    conditions.sort_by(|a, b| a.field.cmp(&b.field).then_with(|| a.wanted().cmp(&b.wanted())));
    conditions.dedup();
    conditions
}
