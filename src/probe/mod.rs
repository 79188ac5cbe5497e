//! Blind spots: what an intruder would have to do to disappear inside an exclusion.
//!
//! In: a compiled list, its exclusions, and rows that are known to be malicious. Out: for each exclusion the
//! cheapest [`WayIn`], a grade, and the cheapest repair. Every way in is a row that the matcher itself
//! suppresses; what it keeps is not claimed. Costs are data, see `moves.yaml`.

mod moves;
mod repair;
pub mod show;

pub use moves::{Grade, Moves};
pub use repair::Repair;

use crate::exclusions::model::{Condition, Exclusion, FieldRef};
use crate::judge::verdict::ConditionOutcome;
use crate::judge::{Matcher, Scratch};
use moves::ForgedValue;
use serde::Serialize;

/// A row that is known to be malicious.
#[derive(Debug, Clone)]
pub struct Malicious {
    /// Counted from 1 over all rows.
    pub number: u64,
    /// One cell for each slot of the matcher.
    pub cells: Vec<Option<String>>,
}

/// What was found about an exclusion.
#[derive(Debug, Clone, Serialize)]
pub struct Probed {
    /// Its id.
    pub id: String,
    /// Its list.
    pub file: String,
    /// Line of its id.
    pub line: usize,
    /// The grade of the cheapest way in; A if there is none.
    pub grade: Grade,
    /// The cheapest way in, if there is one.
    pub way_in: Option<WayIn>,
    /// What would make it dearer; nothing if the grade is good.
    pub repair: Option<Repair>,
}

/// How a malicious row disappears.
#[derive(Debug, Clone, Serialize)]
pub struct WayIn {
    /// The malicious row, from 1.
    pub row: u64,
    /// The sum of the moves; 0 if the row is hidden as it is.
    pub cost: u32,
    /// What has to be done.
    pub moves: Vec<Made>,
    /// The row as it is then: fields and their texts.
    pub then: Vec<(String, String)>,
    /// Its cells, one for each slot of the matcher.
    #[serde(skip)]
    pub cells: Vec<Option<String>>,
}

/// A move on a row.
#[derive(Debug, Clone, Serialize)]
pub struct Made {
    /// The field that changes.
    pub field: String,
    /// What it was.
    pub from: String,
    /// What it is then.
    pub to: String,
    /// What is done.
    #[serde(rename = "move")]
    pub what: String,
    /// The technique of MITRE ATT&CK.
    pub technique: String,
    /// Its cost.
    pub cost: u32,
}

/// Probes every exclusion; the matcher is compiled from them in this order.
pub fn probe(
    matcher: &Matcher,
    exclusions: &[&Exclusion],
    rows: &[Malicious],
    schema: &str,
    moves: &Moves,
) -> Vec<Probed> {
    let mut probed: Vec<Probed> = (0..)
        .zip(exclusions)
        .map(|(place, exclusion)| {
            let way_in = cheapest(matcher, place, exclusion, rows, moves);
            let cost = way_in.as_ref().map(|way| way.cost);
            Probed {
                id: exclusion.id.clone(),
                file: exclusion.origin.file.to_string(),
                line: exclusion.origin.line,
                grade: cost.map_or(Grade::A, |cost| moves.grade(cost)),
                way_in,
                repair: cost.and_then(|cost| repair::repair(matcher, exclusion, rows, schema, moves, cost)),
            }
        })
        .collect();
    probed.sort_by_key(|each| each.way_in.as_ref().map_or(u32::MAX, |way| way.cost));
    probed
}

/// The cheapest way of any row into an exclusion.
fn cheapest(
    matcher: &Matcher,
    place: u32,
    exclusion: &Exclusion,
    rows: &[Malicious],
    moves: &Moves,
) -> Option<WayIn> {
    let ways = rows.iter().filter_map(|row| of_row(matcher, place, exclusion, row, moves));
    ways.min_by_key(|way| (way.cost, way.moves.len()))
}

fn of_row(
    matcher: &Matcher,
    place: u32,
    exclusion: &Exclusion,
    row: &Malicious,
    moves: &Moves,
) -> Option<WayIn> {
    let cells: Vec<Option<&str>> = row.cells.iter().map(Option::as_deref).collect();
    let entries = matcher.explain(place, &cells);
    let ways = entries.into_iter().filter_map(|conditions| {
        let unmet: Vec<(&Condition, usize)> = conditions
            .into_iter()
            .filter(|(.., outcome)| *outcome != ConditionOutcome::Met)
            .map(|(condition, slot, _)| (condition, slot))
            .collect();
        let way = moved(matcher, exclusion, row, &unmet, moves)?;
        let cells: Vec<Option<&str>> = way.cells.iter().map(Option::as_deref).collect();
        // Nothing is claimed that quell itself does not suppress.
        matcher.judge(&cells, &mut Scratch::default()).suppressed_by.contains(&place).then_some(way)
    });
    ways.min_by_key(|way| (way.cost, way.moves.len()))
}

/// The row with every unmet condition met, as cheaply as that goes.
fn moved(
    matcher: &Matcher,
    exclusion: &Exclusion,
    row: &Malicious,
    unmet: &[(&Condition, usize)],
    moves: &Moves,
) -> Option<WayIn> {
    let mut way =
        WayIn { row: row.number, cost: 0, moves: Vec::new(), then: Vec::new(), cells: row.cells.clone() };
    for (condition, slot) in unmet {
        let given = choose(moves.gives(condition, &samples(exclusion, &condition.field)), &way, matcher)?;
        way.moves.push(Made {
            field: condition.field.name().to_owned(),
            from: way.cells.get(*slot).cloned().flatten().unwrap_or_default(),
            to: given.text.clone(),
            what: given.what,
            technique: given.technique,
            cost: given.cost,
        });
        way.cost += given.cost;
        *way.cells.get_mut(*slot)? = Some(given.text);
    }
    let named = matcher.slots().iter().zip(&way.cells);
    way.then = named
        .filter_map(|(slot, cell)| Some((slot.name().to_owned(), cell.clone()?)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    Some(way)
}

/// The cheapest value; among equals one whose last segment is the name that the row has, since a sensor writes
/// both from one file.
fn choose(given: Vec<ForgedValue>, way: &WayIn, matcher: &Matcher) -> Option<ForgedValue> {
    let least = given.first()?.cost;
    let name = matcher.slots().iter().position(|slot| slot.name() == "process.name");
    let name = name.and_then(|slot| way.cells.get(slot)?.as_deref()).unwrap_or_default().to_ascii_lowercase();
    let fits = |each: &ForgedValue| {
        !name.is_empty() && each.text.to_ascii_lowercase().ends_with(&format!("\\{name}"))
    };
    let cheap: Vec<ForgedValue> = given.into_iter().take_while(|each| each.cost == least).collect();
    cheap.iter().find(|each| fits(each)).or(cheap.first()).cloned()
}

/// Texts of a field in rows that the exclusion must suppress.
fn samples<'e>(exclusion: &'e Exclusion, field: &FieldRef) -> Vec<&'e str> {
    let cells = exclusion.cases.suppress.iter().flat_map(|case| &case.cells);
    cells.filter(|(of, text)| of == field && !text.is_empty()).map(|(_, text)| text.as_str()).collect()
}
