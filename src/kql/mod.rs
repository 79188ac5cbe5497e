//! The same exclusions as KQL.
//!
//! In: exclusions and a schema. Out: text for Sentinel and Defender that keeps and suppresses the rows that
//! quell keeps and suppresses; or an error for what KQL cannot say exactly. It has never heard of the matcher:
//! both read the model, so that each can be checked against the other.
//!
//! What it guards against is in `docs/kql.md`: nulls that make rows vanish, letter case, mapped addresses, ranges
//! that one bad member spoils, De Morgan.

mod address;
mod block;
mod expression;
mod impact;
pub mod import;
pub mod lex;
pub mod literal;
mod nrt;
mod parts;
mod pattern;
pub mod pipeline;
pub mod position;
mod predicate;
pub mod rows;
pub mod splice;
pub mod tables;
pub mod tree;
mod unsplice;
mod values;

pub use block::{BEGIN, END, MOST_SINGLE, Options, VALUES, let_form, table_form, where_block};
pub use impact::{LISTS, fingerprint, impact, name as column_of};
pub use nrt::nrt_block;
pub use parts::{Parts, parts};
pub use values::{Values, external_table, watchlist_csv, watchlist_table};

use crate::exclusions::model::{Exclusion, FieldRef};
use crate::schema::Schema;

/// Something that KQL cannot say exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KqlError {
    /// The exclusion.
    pub id: String,
    /// The field.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// The columns that the clause for these exclusions looks at, once each.
pub fn columns(exclusions: &[&Exclusion], schema: &Schema) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let entries = exclusions.iter().flat_map(|exclusion| &exclusion.entries);
    for condition in entries.filter(|entry| entry.is_in(schema)).flat_map(|entry| &entry.conditions) {
        let column = match &condition.field {
            FieldRef::Field(field) => schema.sources(*field).first().map(|source| source.column.clone()),
            FieldRef::Column(column) => Some(column.name.clone()),
        };
        columns.extend(column.filter(|column| !columns.contains(column)));
    }
    columns
}
