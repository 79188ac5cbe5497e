//! Blind spots: what an intruder would have to do to disappear inside an exclusion.
//!
//! In: a compiled list, its exclusions, and rows that are known to be malicious. Out: for each exclusion the
//! cheapest [`WayIn`], a grade, and the cheapest repair. Every way in is a row that the matcher itself
//! suppresses; what it keeps is not claimed. Costs are data, see `moves.yaml`.

mod expression;
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
    /// The grade of the cheapest way in. Without one it is A if every entry is pinned, and unknown otherwise.
    pub grade: Grade,
    /// Fields without a known move that it hangs on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// What no move leads past, if that is why there is no way in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<Pinned>,
    /// The cheapest way in, if there is one.
    pub way_in: Option<WayIn>,
    /// What would make it dearer; nothing if the grade is good.
    pub repair: Option<Repair>,
}

/// A field that pins a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pinned {
    /// The field.
    pub field: String,
    /// Why no move leads past it.
    pub reason: String,
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
    /// Its cost; 0 if it is not known.
    pub cost: u32,
    /// Whether anybody has judged what it costs.
    pub known: bool,
}

/// What became of an entry for a malicious row.
enum Attempt {
    /// The row meets it after these moves.
    In(WayIn),
    /// No move leads past these.
    Pinned(Vec<Pinned>),
    /// No way was found, and nothing says that there is none.
    Unknown,
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
            let mut attempts = attempts(matcher, place, exclusion, rows, moves);
            let open = attempts.iter().any(|attempt| matches!(attempt, Attempt::Unknown));
            let way_in = take_cheapest(&mut attempts);
            let cost = way_in.as_ref().map(|way| way.cost);
            let pinned = if way_in.is_some() { Vec::new() } else { pins(&attempts) };
            Probed {
                id: exclusion.id.clone(),
                file: exclusion.origin.file.to_string(),
                line: exclusion.origin.line,
                grade: graded(way_in.as_ref(), &pinned, moves).max(if open {
                    Grade::Unknown
                } else {
                    Grade::A
                }),
                unknown: unknown(exclusion, way_in.as_ref(), &pinned, moves),
                pinned,
                way_in,
                repair: cost.and_then(|cost| repair::repair(matcher, exclusion, rows, schema, moves, cost)),
            }
        })
        .collect();
    probed.sort_by_key(|each| {
        (std::cmp::Reverse(each.grade), each.way_in.as_ref().map_or(u32::MAX, |way| way.cost))
    });
    probed
}

/// The grade of what was found.
fn graded(way: Option<&WayIn>, pinned: &[Pinned], moves: &Moves) -> Grade {
    match way {
        // Nothing but moves that nobody has judged.
        Some(way) if way.cost == 0 && !way.moves.is_empty() => Grade::Unknown,
        Some(way) => moves.grade(way.cost),
        None if pinned.is_empty() => Grade::Unknown,
        None => Grade::A,
    }
}

/// Fields about which nothing is known: those of the way in, or without one those of the exclusion.
fn unknown(exclusion: &Exclusion, way: Option<&WayIn>, pinned: &[Pinned], moves: &Moves) -> Vec<String> {
    let mut names: Vec<String> = match way {
        Some(way) => way.moves.iter().filter(|made| !made.known).map(|made| made.field.clone()).collect(),
        None if !pinned.is_empty() => Vec::new(),
        None => {
            let fields = exclusion.fields().into_iter().filter(|field| !moves.knows(field));
            fields.map(|field| field.name().to_owned()).collect()
        }
    };
    names.dedup();
    names
}

/// What pins every entry, for every row; nothing if something else stands in the way of one.
fn pins(attempts: &[Attempt]) -> Vec<Pinned> {
    let mut all: Vec<Pinned> = Vec::new();
    for attempt in attempts {
        let Attempt::Pinned(pinned) = attempt else { return Vec::new() };
        all.extend(pinned.iter().filter(|pin| !all.contains(pin)).cloned().collect::<Vec<_>>());
    }
    all
}

/// The cheapest way of any row into an exclusion.
fn cheapest(
    matcher: &Matcher,
    place: u32,
    exclusion: &Exclusion,
    rows: &[Malicious],
    moves: &Moves,
) -> Option<WayIn> {
    take_cheapest(&mut attempts(matcher, place, exclusion, rows, moves))
}

fn take_cheapest(attempts: &mut Vec<Attempt>) -> Option<WayIn> {
    let cost = |attempt: &Attempt| match attempt {
        Attempt::In(way) => Some((way.cost, way.moves.len())),
        _ => None,
    };
    let best = (0..attempts.len())
        .filter(|at| cost(&attempts[*at]).is_some())
        .min_by_key(|at| cost(&attempts[*at]))?;
    match attempts.swap_remove(best) {
        Attempt::In(way) => Some(way),
        _ => None,
    }
}

/// Each row with each entry.
fn attempts(
    matcher: &Matcher,
    place: u32,
    exclusion: &Exclusion,
    rows: &[Malicious],
    moves: &Moves,
) -> Vec<Attempt> {
    let probe = Probe { matcher, place, exclusion, moves };
    rows.iter().flat_map(|row| probe.row(row)).collect()
}

/// A condition, its slot, and whether it is met.
type Asked<'m> = (&'m Condition, usize, ConditionOutcome);

/// An exclusion that is probed.
struct Probe<'p> {
    matcher: &'p Matcher,
    place: u32,
    exclusion: &'p Exclusion,
    moves: &'p Moves,
}

impl Probe<'_> {
    fn row(&self, row: &Malicious) -> Vec<Attempt> {
        let entries = self.asked(&row.cells);
        entries.iter().enumerate().map(|(entry, conditions)| self.entry(row, entry, conditions)).collect()
    }

    fn asked(&self, cells: &[Option<String>]) -> Vec<Vec<Asked<'_>>> {
        let cells: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
        self.matcher.explain(self.place, &cells)
    }

    fn entry(&self, row: &Malicious, entry: usize, conditions: &[Asked<'_>]) -> Attempt {
        let unmet = conditions.iter().filter(|(.., outcome)| *outcome != ConditionOutcome::Met);
        let pinned: Vec<Pinned> = unmet
            .filter_map(|(condition, ..)| {
                let reason = self.moves.pin(condition)?.to_owned();
                Some(Pinned { field: condition.field.name().to_owned(), reason })
            })
            .collect();
        if !pinned.is_empty() {
            return Attempt::Pinned(pinned);
        }
        // Nothing is claimed that quell itself does not suppress.
        self.moved(row, entry, conditions)
            .filter(|way| {
                let cells: Vec<Option<&str>> = way.cells.iter().map(Option::as_deref).collect();
                self.matcher.judge(&cells, &mut Scratch::default()).suppressed_by.contains(&self.place)
            })
            .map_or(Attempt::Unknown, Attempt::In)
    }

    /// The row with every unmet condition met, as cheaply as that goes.
    fn moved(&self, row: &Malicious, entry: usize, conditions: &[Asked<'_>]) -> Option<WayIn> {
        let mut way =
            WayIn { row: row.number, cost: 0, moves: Vec::new(), then: Vec::new(), cells: row.cells.clone() };
        let mut slots: Vec<usize> = Vec::new();
        for (_, slot, outcome) in conditions {
            if *outcome != ConditionOutcome::Met && !slots.contains(slot) {
                slots.push(*slot);
            }
        }
        for slot in slots {
            let of_slot: Vec<&Condition> = conditions
                .iter()
                .filter(|(_, of, _)| *of == slot)
                .map(|(condition, ..)| *condition)
                .collect();
            let given = self.value(&way, entry, slot, &of_slot)?;
            way.moves.push(Made {
                field: of_slot.first()?.field.name().to_owned(),
                from: way.cells.get(slot).cloned().flatten().unwrap_or_default(),
                to: given.text.clone(),
                what: given.what,
                technique: given.technique,
                cost: given.cost,
                known: given.known,
            });
            way.cost += given.cost;
            *way.cells.get_mut(slot)? = Some(given.text);
        }
        let named = self.matcher.slots().iter().zip(&way.cells);
        way.then = named
            .filter_map(|(slot, cell)| Some((slot.name().to_owned(), cell.clone()?)))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        Some(way)
    }

    /// The cheapest value that meets all conditions on one slot.
    fn value(
        &self,
        way: &WayIn,
        entry: usize,
        slot: usize,
        conditions: &[&Condition],
    ) -> Option<ForgedValue> {
        let samples: Vec<(&Condition, Vec<&str>)> = conditions
            .iter()
            .map(|condition| (*condition, samples(self.exclusion, &condition.field)))
            .collect();
        let mut given = self.moves.together(&samples);
        if conditions.len() > 1 {
            given.retain(|value| {
                let mut cells = way.cells.clone();
                if let Some(cell) = cells.get_mut(slot) {
                    *cell = Some(value.text.clone());
                }
                let asked = self.asked(&cells);
                let mut asked = asked.get(entry).into_iter().flatten().filter(|(_, of, _)| *of == slot);
                asked.all(|(.., outcome)| *outcome == ConditionOutcome::Met)
            });
        }
        choose(given, way, self.matcher)
    }
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
