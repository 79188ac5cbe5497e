//! The clause in parts, for whoever puts it together again from those exclusions and entries that somebody chose.
//!
//! In: an exclusion. Out: its clause as [`super::where_block`] writes it, and the expression of each of its conditions by
//! itself. Entries are conditions joined by `and`, exclusions are entries joined by `or`. No expression is ever null, so
//! that they can be joined in any way.

use super::KqlError;
use super::block::{Options, entries, guard, headline, where_not, whole};
use super::predicate::{ClauseEntry, condition};
use super::values::Values;
use crate::exclusions::model::Exclusion;
use crate::schema::Schema;

/// An exclusion in KQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The comment that stands above it, with its line feed.
    pub headline: String,
    /// The `where` operator of the whole exclusion, with its line feed.
    pub clause: String,
    /// Until when it suppresses, if it expires.
    pub guard: Option<String>,
    /// For each entry that fits the schema the expressions of its conditions.
    pub entries: Vec<Vec<String>>,
}

/// Takes an exclusion apart.
pub fn parts(exclusion: &Exclusion, schema: &Schema) -> Result<Parts, KqlError> {
    let fitting = exclusion.entries.iter().filter(|entry| entry.is_in(schema));
    let each = fitting.enumerate().map(|(place, entry)| {
        let place = ClauseEntry { key: (&exclusion.id, place + 1), schema };
        let terms =
            entry.conditions.iter().map(|each| {
                let expression = condition(each, &place, &mut Values::inline()).map_err(|reason| {
                    KqlError { id: exclusion.id.clone(), field: each.field.name().to_owned(), reason }
                })?;
                Ok(expression.never_null().text(2, 0))
            });
        terms.collect()
    });
    let options = Options::default();
    let terms = entries(exclusion, schema, &mut Values::inline())?;
    let clause = if terms.is_empty() { String::new() } else { where_not(&whole(exclusion, terms, &options)) };
    Ok(Parts {
        headline: headline(exclusion),
        clause,
        guard: guard(exclusion.expires, &options).map(|guard| guard.text(2, 0)),
        entries: each.collect::<Result<_, _>>()?,
    })
}
