//! Rows with the verdict that they must get.
//!
//! In: exclusions with their cases. Out: for each case a [`CaseResult`]: whether it got its verdict, and if not, why. Each
//! exclusion is judged alone; scope and expiry are ignored. It opens no files.

pub mod junit;
pub mod report;

use crate::exclusions::model::{Case, Condition, Exclusion, FieldRef};
use crate::judge::verdict::Outcome;
use crate::judge::{Matcher, Scratch};
use serde::Serialize;

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
    let cells = cells(&matcher, case);
    let stands = matcher.explain(0, &cells);
    let met = |entry: &&Vec<(&Condition, usize, Outcome)>| {
        entry.iter().filter(|(.., outcome)| *outcome == Outcome::Met).count()
    };
    // The entry that is met, or else the one with the fewest unmet conditions.
    let Some(nearest) = stands.iter().min_by_key(|entry| entry.len() - met(entry)) else {
        return "no entry can be met in rows that have these columns".to_owned();
    };
    let told = nearest.iter().filter(|(.., outcome)| suppressed || *outcome != Outcome::Met);
    let told: Vec<String> =
        told.map(|(condition, slot, outcome)| stand(condition, cells[*slot], *outcome)).collect();
    told.join("; ")
}

fn stand(condition: &Condition, cell: Option<&str>, outcome: Outcome) -> String {
    let name = condition.field.name();
    let wanted = some(&condition.wanted());
    match (outcome, cell) {
        (Outcome::Met, cell) => format!("{name} {} meets {wanted}", cell.unwrap_or_default()),
        (Outcome::NotMet, cell) => format!("{name} {} does not meet {wanted}", cell.unwrap_or_default()),
        (Outcome::Undecidable, None | Some("")) => {
            format!("{name} is absent or empty, so {wanted} is not met")
        }
        (Outcome::Undecidable, Some(cell)) => {
            format!("{name} {cell} is no such value, so {wanted} is not met")
        }
    }
}

fn some(values: &[String]) -> String {
    let shown = values.iter().take(SHOWN_VALUES).cloned().collect::<Vec<_>>().join(" or ");
    match values.len().saturating_sub(SHOWN_VALUES) {
        0 => shown,
        more => format!("{shown} or {more} more"),
    }
}
