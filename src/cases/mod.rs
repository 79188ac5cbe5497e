//! Rows with the verdict that they must get.
//!
//! In: exclusions with their cases. Out: for each case a [`CaseResult`]: whether it got its verdict, and if not, why. Each
//! exclusion is judged alone; scope and expiry are ignored. It opens no files.

pub mod junit;
pub mod report;

use crate::exclusions::model::{Case, Exclusion, FieldRef};
use crate::judge::explain::{ExplainedCondition, explain, telling};
use crate::judge::verdict::ConditionOutcome;
use crate::judge::{Matcher, Scratch};
use serde::Serialize;
use std::fmt::Write;

/// Values of a condition that are shown; of the rest only the number is.
const SHOWN_VALUES: usize = 5;

/// A case and its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// The exclusion.
    pub exclusion: String,
    /// Line of the case in its list, from 1.
    pub line: usize,
    /// The verdict that it must get.
    pub expected: Expected,
    /// Whether it got that verdict.
    pub passed: bool,
    /// Its cells as `field=value`.
    pub row: String,
    /// Why it got the other verdict; absent if the case passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The verdict that a case must get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// The exclusion must suppress the row.
    Suppress,
    /// It must keep the row.
    Keep,
}

impl Expected {
    /// The key of the list, which is also the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Suppress => "suppress",
            Self::Keep => "keep",
        }
    }

    /// The other verdict, as a word in the past: what the row was.
    pub fn otherwise(self) -> &'static str {
        match self {
            Self::Suppress => "kept",
            Self::Keep => "suppressed",
        }
    }
}

/// The cases of an exclusion and the verdicts that they must get.
pub fn of(exclusion: &Exclusion) -> impl Iterator<Item = (&Case, Expected)> {
    let suppress = exclusion.cases.suppress.iter().map(|case| (case, Expected::Suppress));
    suppress.chain(exclusion.cases.keep.iter().map(|case| (case, Expected::Keep)))
}

/// Runs the cases of an exclusion.
pub fn run(exclusion: &Exclusion) -> Vec<CaseResult> {
    let judged = of(exclusion).map(|(case, expected)| {
        let suppressed = is_suppressed(exclusion, case);
        let passed = suppressed == (expected == Expected::Suppress);
        CaseResult {
            exclusion: exclusion.id.clone(),
            line: case.line,
            expected,
            passed,
            row: describe(case),
            why: (!passed).then(|| why(exclusion, case, suppressed)),
        }
    });
    judged.collect()
}

/// Whether an exclusion alone suppresses the row of a case.
pub fn is_suppressed(exclusion: &Exclusion, case: &Case) -> bool {
    schemas(exclusion, case).iter().any(|schema| is_suppressed_in(schema, exclusion, case))
}

/// The schemas in which a case is judged: a raw column belongs to some of them; without one, any will do.
fn schemas<'e>(exclusion: &'e Exclusion, case: &'e Case) -> Vec<&'e str> {
    // An empty cell is no column that the row has.
    let cells = case.cells.iter().filter(|(_, text)| !text.is_empty());
    let columns = cells.map(|(field, _)| field).chain(exclusion.fields());
    let schemas: Vec<&str> = columns
        .filter_map(|field| match field {
            FieldRef::Column(column) => Some(column.schemas.iter().map(String::as_str)),
            FieldRef::Field(_) => None,
        })
        .flatten()
        .collect();
    if schemas.is_empty() { vec![""] } else { schemas }
}

fn is_suppressed_in(schema: &str, exclusion: &Exclusion, case: &Case) -> bool {
    let Ok(matcher) = Matcher::new(&[exclusion], schema) else { return false };
    matcher.judge(&cells(&matcher, case), &mut Scratch::default()).is_suppressed()
}

fn cells<'c>(matcher: &Matcher, case: &'c Case) -> Vec<Option<&'c str>> {
    matcher.slots().iter().map(|slot| cell(case, slot)).collect()
}

/// The cell of a field; `None` if the case does not name it.
pub fn cell<'c>(case: &'c Case, slot: &FieldRef) -> Option<&'c str> {
    let found = case.cells.iter().find(|(field, _)| field == slot);
    found.map(|(_, text)| text.as_str())
}

fn describe(case: &Case) -> String {
    let cells: Vec<String> =
        case.cells.iter().map(|(field, text)| format!("{}={text}", field.name())).collect();
    cells.join(", ")
}

/// Why a case got the verdict that it must not get.
fn why(exclusion: &Exclusion, case: &Case, suppressed: bool) -> String {
    let schemas = schemas(exclusion, case);
    let decided = schemas.iter().find(|schema| is_suppressed_in(schema, exclusion, case) == suppressed);
    let Some(Ok(matcher)) = decided.map(|schema| Matcher::new(&[exclusion], schema)) else {
        return "its fields cannot be looked at together".to_owned();
    };
    let explained = explain(&matcher, &[exclusion], &cells(&matcher, case));
    let mut entries = explained.exclusions.into_iter().flat_map(|exclusion| exclusion.entries);
    let conditions = match explained.nearest {
        Some(nearest) => nearest.missing,
        None => entries
            .find(|entry| entry.outcome == ConditionOutcome::Met)
            .map(|met| met.conditions)
            .unwrap_or_default(),
    };
    if conditions.is_empty() {
        return "no entry can be met in rows that have these columns".to_owned();
    }
    conditions.iter().map(outcome).collect::<Vec<_>>().join("; ")
}

/// Whether a condition is met, and by what.
fn outcome(condition: &ExplainedCondition) -> String {
    let (values, count) = telling(condition, SHOWN_VALUES);
    let mut wanted = values.join(" or ");
    if count > values.len() {
        let _ = write!(wanted, " or {} more", count - values.len());
    }
    let (name, cell) = (&condition.field, condition.seen.as_deref().unwrap_or_default());
    match condition.outcome {
        ConditionOutcome::Met => format!("{name} {cell} meets {wanted}"),
        ConditionOutcome::NotMet => format!("{name} {cell} does not meet {wanted}"),
        ConditionOutcome::Undecidable if cell.is_empty() => {
            format!("{name} is absent or empty, so {wanted} is not met")
        }
        ConditionOutcome::Undecidable => format!("{name} {cell} is no such value, so {wanted} is not met"),
    }
}
