//! The clause in parts, for whoever puts it together again from those exclusions and entries that somebody chose.
//!
//! In: an exclusion. Out: what is said of it, and the expression of each of its conditions. Entries are conditions
//! joined by `and`, exclusions are entries joined by `or`, as [`super::where_block`] joins them.

use super::KqlError;
use super::block::headline;
use super::predicate::{ClauseEntry, condition};
use super::values::Values;
use crate::exclusions::model::Exclusion;
use crate::schema::Schema;

/// An exclusion in KQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The comment that stands above it, with its line feed.
    pub headline: String,
    /// For each entry that fits the schema the expressions of its conditions.
    pub entries: Vec<Vec<String>>,
}

/// Takes an exclusion apart.
pub fn parts(exclusion: &Exclusion, schema: &Schema) -> Result<Parts, KqlError> {
    let fitting = exclusion.entries.iter().filter(|entry| entry.fits(&schema.name));
    let entries = fitting.enumerate().map(|(place, entry)| {
        let place = ClauseEntry { key: (&exclusion.id, place + 1), schema };
        let terms = entry.conditions.iter().map(|each| {
            condition(each, &place, &mut Values::inline()).map_err(|reason| KqlError {
                id: exclusion.id.clone(),
                field: each.field.name().to_owned(),
                reason,
            })
        });
        terms.collect()
    });
    let entries = entries.collect::<Result<_, _>>()?;
    Ok(Parts { headline: headline(exclusion), entries })
}
