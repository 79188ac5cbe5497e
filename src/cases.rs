//! Rows with the verdict that they must get.
//!
//! In: exclusions with their cases. Out: the cases that come out otherwise. Each exclusion is judged
//! alone, whatever its scope and its expiry.

use crate::exclusions::model::{Case, Exclusion, FieldRef};
use crate::matcher::{Matcher, Scratch};

/// A case that came out otherwise than it must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The exclusion.
    pub id: String,
    /// Its list.
    pub file: String,
    /// Line of the case.
    pub line: usize,
    /// The verdict that it must get: suppressed or kept.
    pub must_suppress: bool,
    /// Its cells as `field=value`.
    pub row: String,
}

/// Runs the cases of an exclusion.
pub fn run(exclusion: &Exclusion) -> Vec<Failed> {
    let suppress = exclusion.cases.suppress.iter().map(|case| (case, true));
    let keep = exclusion.cases.keep.iter().map(|case| (case, false));
    let failed = suppress.chain(keep).filter(|(case, must)| is_suppressed(exclusion, case) != *must);
    failed
        .map(|(case, must_suppress)| Failed {
            id: exclusion.id.clone(),
            file: exclusion.origin.file.to_string(),
            line: case.line,
            must_suppress,
            row: describe(case),
        })
        .collect()
}

/// Whether an exclusion alone suppresses the row of a case.
pub fn is_suppressed(exclusion: &Exclusion, case: &Case) -> bool {
    // A raw column belongs to some schema; a case is judged in the first in which all its columns exist.
    let columns = case.cells.iter().map(|(field, _)| field).chain(exclusion.fields());
    let schemas: Vec<&str> = columns
        .filter_map(|field| match field {
            FieldRef::Column(column) => Some(column.schemas.iter().map(String::as_str)),
            FieldRef::Field(_) => None,
        })
        .flatten()
        .collect();
    let schemas = if schemas.is_empty() { vec![""] } else { schemas };
    schemas.iter().any(|schema| {
        let Ok(matcher) = Matcher::new(&[exclusion], schema) else { return false };
        let cells: Vec<Option<&str>> = matcher.slots().iter().map(|slot| cell(case, slot)).collect();
        matcher.judge(&cells, &mut Scratch::default()).is_suppressed()
    })
}

fn cell<'c>(case: &'c Case, slot: &FieldRef) -> Option<&'c str> {
    let found = case.cells.iter().find(|(field, _)| field == slot);
    found.map(|(_, text)| text.as_str())
}

fn describe(case: &Case) -> String {
    let cells: Vec<String> =
        case.cells.iter().map(|(field, text)| format!("{}={text}", field.name())).collect();
    cells.join(", ")
}
