//! Why one row is kept or suppressed.
//!
//! In: a matcher, its exclusions and the cells of one row. Out: for every condition whether it is met, the row's value and
//! the wanted values, and the entry that was nearest to being met. It does not know where the row was found.

use super::matcher::{Matcher, Scratch};
use super::verdict::ConditionOutcome;
use crate::exclusions::model::Exclusion;
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Ordering;

/// How many exclusions are near beside the nearest.
const ALSO_NEAR: usize = 2;
/// From this similarity of Jaro and Winkler on two values are much alike.
const SIMILAR: f64 = 0.9;

/// The explanation of one row.
#[derive(Debug, Clone, Serialize, JsonSchema, PartialEq)]
pub struct Explanation {
    /// Whether it is suppressed.
    pub suppressed: bool,
    /// Kept, and for some exclusion that depends on an absent, empty or unreadable field.
    pub undecidable: bool,
    /// The cells that conditions look at, by field.
    pub cells: Vec<(String, Option<String>)>,
    /// One for each exclusion, in the order of the lists.
    pub exclusions: Vec<ExplainedExclusion>,
    /// For a kept row the entry that came nearest.
    pub nearest: Option<Nearest>,
    /// Entries of other exclusions that came near, too: the row meets a condition of them, or has a value much like it.
    pub also_near: Vec<Nearest>,
}

/// How an exclusion stands with the row.
#[derive(Debug, Clone, Serialize, JsonSchema, PartialEq)]
pub struct ExplainedExclusion {
    /// Its id.
    pub id: String,
    /// The best outcome of its entries.
    pub outcome: ConditionOutcome,
    /// Its entries, in the order of the list.
    pub entries: Vec<ExplainedEntry>,
}

/// How an entry stands with the row.
#[derive(Debug, Clone, Serialize, JsonSchema, PartialEq)]
pub struct ExplainedEntry {
    /// The worst outcome of its conditions.
    pub outcome: ConditionOutcome,
    /// Its conditions.
    pub conditions: Vec<ExplainedCondition>,
}

/// How a condition stands with the row.
#[derive(Debug, Clone, Serialize, JsonSchema, PartialEq)]
pub struct ExplainedCondition {
    /// The field.
    pub field: String,
    /// How it stands.
    pub outcome: ConditionOutcome,
    /// The value of the row; absent if the row has none.
    pub seen: Option<String>,
    /// The values of which one is wanted.
    pub wanted: Vec<String>,
}

/// The entry that came nearest without being met.
#[derive(Debug, Clone, Serialize, JsonSchema, PartialEq)]
pub struct Nearest {
    /// The exclusion.
    pub id: String,
    /// The entry, from 1.
    pub entry: usize,
    /// What stood between, by field.
    pub missing: Vec<ExplainedCondition>,
}

/// Explains a row. `cells` are in the order of the matcher's slots.
pub fn explain(matcher: &Matcher, exclusions: &[&Exclusion], cells: &[Option<&str>]) -> Explanation {
    let mut scratch = Scratch::default();
    let verdict = matcher.judge(cells, &mut scratch);
    let explained: Vec<ExplainedExclusion> = exclusions
        .iter()
        .zip(0..)
        .map(|(exclusion, place)| explain_exclusion(matcher, exclusion, place, cells))
        .collect();
    let near = if verdict.is_suppressed() { Vec::new() } else { near(&explained) };
    let mut near = near.into_iter();
    let (nearest, also_near) = (near.next(), near.collect());
    Explanation {
        suppressed: verdict.is_suppressed(),
        undecidable: verdict.undecidable,
        cells: matcher
            .slots()
            .iter()
            .zip(cells)
            .map(|(slot, cell)| (slot.name().to_owned(), cell.map(str::to_owned)))
            .collect(),
        nearest,
        also_near,
        exclusions: explained,
    }
}

fn explain_exclusion(
    matcher: &Matcher,
    exclusion: &Exclusion,
    place: u32,
    cells: &[Option<&str>],
) -> ExplainedExclusion {
    let entries: Vec<ExplainedEntry> = matcher
        .explain(place, cells)
        .into_iter()
        .map(|conditions| {
            let conditions: Vec<ExplainedCondition> = conditions
                .into_iter()
                .map(|(condition, slot, outcome)| ExplainedCondition {
                    field: condition.field.name().to_owned(),
                    outcome,
                    seen: cells[slot].map(str::to_owned),
                    wanted: condition.wanted(),
                })
                .collect();
            let outcome = conditions.iter().map(|condition| condition.outcome).min();
            ExplainedEntry { outcome: outcome.unwrap_or(ConditionOutcome::NotMet), conditions }
        })
        .collect();
    let outcome = entries.iter().map(|entry| entry.outcome).max();
    ExplainedExclusion {
        id: exclusion.id.clone(),
        outcome: outcome.unwrap_or(ConditionOutcome::NotMet),
        entries,
    }
}

/// The unmet entry that is closest, and behind it those of other exclusions with which the row has something in common.
///
/// Closest is the one with the fewest unmet conditions, then the most met ones, then the most similar value.
fn near(exclusions: &[ExplainedExclusion]) -> Vec<Nearest> {
    let mut all: Vec<_> = exclusions.iter().filter_map(closest).collect();
    // Of equals the last one was always named.
    all.reverse();
    all.sort_by(|((a, ..), _), ((b, ..), _)| order(*b, *a));
    let is_near = |(_, met, similar): Closeness| met > 0 || similar >= SIMILAR;
    let first = all.len().min(1);
    let others = all.split_off(first).into_iter().filter(|((close, ..), _)| is_near(*close)).take(ALSO_NEAR);
    all.extend(others);
    let nearest = all.into_iter().map(|((_, entry, conditions), id)| {
        let missing = conditions.iter().filter(|condition| condition.outcome != ConditionOutcome::Met);
        Nearest { id: id.clone(), entry, missing: missing.cloned().collect() }
    });
    nearest.collect()
}

/// The unmet entry of an exclusion that is closest, with its place from 1.
fn closest(exclusion: &ExplainedExclusion) -> Option<(ClosestEntry<'_>, &String)> {
    let entries = (1..).zip(&exclusion.entries);
    let unmet = entries.filter(|(_, entry)| entry.outcome != ConditionOutcome::Met);
    let close = unmet.map(|(place, entry)| (closeness(entry), place, entry.conditions.as_slice()));
    let best = close.max_by(|(a, ..), (b, ..)| order(*a, *b))?;
    Some((best, &exclusion.id))
}

/// How close an entry is, its place from 1, and its conditions.
type ClosestEntry<'e> = (Closeness, usize, &'e [ExplainedCondition]);

/// Unmet conditions as a negative number, met ones, and how similar the most similar unmet value is.
type Closeness = (i64, i64, f64);

fn order(a: Closeness, b: Closeness) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

fn closeness(entry: &ExplainedEntry) -> Closeness {
    let count = |wanted: ConditionOutcome| {
        entry.conditions.iter().filter(|condition| condition.outcome == wanted).count()
    };
    let unmet = entry.conditions.len() - count(ConditionOutcome::Met);
    let similar = entry.conditions.iter().filter(|condition| condition.outcome == ConditionOutcome::NotMet);
    let similar = similar.map(similarity).fold(0.0, f64::max);
    let as_number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    (-as_number(unmet), as_number(count(ConditionOutcome::Met)), similar)
}

fn similarity(condition: &ExplainedCondition) -> f64 {
    let seen = condition.seen.as_deref().unwrap_or_default().to_ascii_lowercase();
    let wanted = condition.wanted.iter().take(1_000);
    wanted.map(|value| strsim::jaro_winkler(&seen, &value.to_ascii_lowercase())).fold(0.0, f64::max)
}

/// Of many wanted values the few that are most like what was seen, and how many there are.
pub fn telling(condition: &ExplainedCondition, shown: usize) -> (Vec<&str>, usize) {
    let seen = condition.seen.as_deref().unwrap_or_default().to_ascii_lowercase();
    let mut values: Vec<&str> = condition.wanted.iter().map(String::as_str).collect();
    if values.len() > shown {
        let likeness = |value: &str| strsim::jaro_winkler(&seen, &value.to_ascii_lowercase());
        values.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
        values.truncate(shown);
    }
    (values, condition.wanted.len())
}
