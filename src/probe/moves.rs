//! What an intruder can do, and what each move costs.
//!
//! In: the data file beside this module, and a value that an exclusion wants. Out: the cheapest move that gives
//! a row that value, as concrete text. It does not know rows.

use super::expression::example;
use crate::exclusions::model::{AddressRange, Condition, Family, FieldRef, Operator, Piece, Test, TextValue};
use crate::judge::is_like;
use crate::schema::{Schema, Schemas};
use crate::yaml;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Networks with more addresses than this hold servers that anybody can rent.
const WIDE: u128 = 1 << 16;

/// The cost of what no move gives.
const PINNED: u32 = 99;

/// The data file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moves {
    #[serde(rename = "moves")]
    known: Vec<Move>,
    grades: BTreeMap<Grade, u32>,
    /// Fields whose values are chosen like those of another, which is named.
    same: HashMap<String, String>,
    pins: Vec<Pin>,
    /// The fields that columns hold, by the names of the columns.
    #[serde(skip)]
    held: HashMap<String, &'static str>,
    /// Conditions that may be added to an exclusion.
    pub(super) repairs: Vec<Addition>,
}

/// Something that an intruder can do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    field: String,
    /// The move gives only values that match one of these wildcards; without any, every value.
    #[serde(default)]
    values: Vec<String>,
    reach: Option<Reach>,
    cost: u32,
    #[serde(rename = "move")]
    what: String,
    technique: String,
    /// Where it comes from, if it is more than a judgement.
    #[expect(dead_code, reason = "for readers of the file")]
    source: Option<String>,
}

/// A field of which a whole value belongs to one file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    field: String,
    /// Hexadecimal digits of a whole value.
    digits: usize,
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reach {
    /// A network in which anybody can have a server.
    Wide,
    /// Addresses that the internet does not route.
    Inside,
    /// Text that a name of somebody else's may contain as well.
    Open,
}

/// A condition that may be added.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Addition {
    pub(super) field: String,
    pub(super) cost: u32,
    pub(super) burden: u32,
    pub(super) add: String,
}

/// How hard the cheapest way in is; A is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "letters")]
pub enum Grade {
    A,
    B,
    C,
    D,
    E,
    /// It hangs on fields without a known move, and what is not known is not safe.
    #[serde(rename = "unknown")]
    Unknown,
    F,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            letter => write!(f, "{letter:?}"),
        }
    }
}

impl FromStr for Grade {
    type Err = String;

    /// Reads a letter, large or small, or `unknown`.
    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::Unknown, Self::F];
        let found = all.into_iter().find(|grade| grade.to_string().eq_ignore_ascii_case(text));
        found.ok_or_else(|| "a letter from A, the best, to F, or `unknown`, which is worse than E".to_owned())
    }
}

/// A value that an intruder can give a row, and the move that does it.
#[derive(Debug, Clone)]
pub(super) struct ForgedValue {
    pub(super) text: String,
    pub(super) cost: u32,
    pub(super) what: String,
    pub(super) technique: String,
    /// Whether a move is known that gives it.
    pub(super) known: bool,
}

/// Values of one condition that are tried together with those of others on the same field.
const TRIED: usize = 16;

impl Moves {
    /// The moves that are built in.
    pub fn built_in() -> Result<Self, String> {
        Ok(yaml::from_str::<Self>(include_str!("moves.yaml"))?.with_columns(&Schemas::built_in()))
    }

    /// The same, in which the columns of these schemas have the moves of the fields that they hold.
    #[must_use]
    pub fn with_columns(mut self, schemas: &Schemas) -> Self {
        for (field, sources) in schemas.iter().flat_map(|schema| &schema.fields) {
            for source in sources.iter().filter(|source| !source.path) {
                let known = self.held.get(&source.column).copied();
                // What a column holds differs between tables. The worst of it counts.
                if known.is_none_or(|known| self.least_of(field.name()) < self.least_of(known)) {
                    self.held.insert(source.column.clone(), field.name());
                }
            }
        }
        self
    }

    /// The same, in which a column of this schema has the moves of what it holds there.
    #[must_use]
    pub fn of_schema(mut self, schema: &Schema) -> Self {
        for (field, sources) in schema.fields.iter().rev() {
            for source in sources.iter().filter(|source| !source.path) {
                self.held.insert(source.column.clone(), field.name());
            }
        }
        self
    }

    /// The cost of the cheapest move on a field; nothing is worse than a field without a known move.
    fn least_of(&self, field: &str) -> Option<u32> {
        let name = self.alike(field);
        let pinned = self.pins.iter().any(|pin| pin.field == name).then_some(u32::MAX);
        self.known.iter().filter(|each| each.field == name).map(|each| each.cost).min().or(pinned)
    }

    /// The field whose moves those of a field are.
    fn alike<'n>(&'n self, field: &'n str) -> &'n str {
        self.same.get(field).map_or(field, String::as_str)
    }

    /// The name by which the moves of a field or column are found.
    fn name<'n>(&'n self, field: &'n FieldRef) -> &'n str {
        match field {
            FieldRef::Field(field) => self.alike(field.name()),
            FieldRef::Column(column) => {
                self.alike(self.held.get(&column.name).copied().unwrap_or(&column.name))
            }
        }
    }

    /// Why no move leads past a condition; `None` if one may.
    pub(super) fn pin(&self, condition: &Condition) -> Option<&str> {
        let name = self.name(&condition.field);
        let pin = self.pins.iter().find(|pin| pin.field == name)?;
        let Test::Text(values) = &condition.test else { return None };
        let is_whole = |value: &TextValue| {
            let whole = value.whole();
            whole.is_some_and(|text| text.len() == pin.digits && text.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        values.iter().all(is_whole).then_some(&pin.reason)
    }

    /// What the cheapest move costs that gives a row what a condition wants; 0 if none is known.
    /// What pins a file costs more than any grade asks for.
    pub fn cost(&self, condition: &Condition) -> u32 {
        if self.pin(condition).is_some() {
            return PINNED;
        }
        self.gives(condition, &[]).first().map_or(0, |value| value.cost)
    }

    /// Whether a move is known for a field.
    pub(super) fn knows(&self, field: &FieldRef) -> bool {
        let name = self.name(field);
        self.known.iter().any(|each| each.field == name) || self.pins.iter().any(|pin| pin.field == name)
    }

    /// Values of which one may meet several conditions on one field, cheapest first: a beginning and an end make one text.
    pub(super) fn together(&self, conditions: &[(&Condition, Vec<&str>)]) -> Vec<ForgedValue> {
        let mut lists = conditions.iter().map(|(condition, samples)| {
            let mut list = self.gives(condition, samples);
            list.truncate(if conditions.len() > 1 { TRIED } else { usize::MAX });
            list
        });
        let mut all = lists.next().unwrap_or_default();
        let Some((first, _)) = conditions.first() else { return all };
        let name = self.name(&first.field);
        for list in lists {
            let pairs = all.iter().flat_map(|a| list.iter().flat_map(move |b| [(a, b), (b, a)]));
            let joined: Vec<ForgedValue> = pairs
                .map(|(a, b)| self.give(name, format!("{}{}", a.text, b.text), Some(Reach::Open)))
                .collect();
            all.extend(list);
            all.extend(joined);
        }
        sort(&mut all);
        all
    }

    /// The grade of a cost.
    pub fn grade(&self, cost: u32) -> Grade {
        let reached = self.grades.iter().find(|(_, least)| cost >= **least);
        reached.map_or(Grade::F, |(grade, _)| *grade)
    }

    /// The least cost of a grade.
    pub fn least(&self, grade: Grade) -> u32 {
        self.grades.get(&grade).copied().unwrap_or_default()
    }

    /// Every value that meets a condition, cheapest first; `samples` are texts that are known to.
    pub(super) fn gives(&self, condition: &Condition, samples: &[&str]) -> Vec<ForgedValue> {
        let field = self.name(&condition.field);
        let mut all: Vec<ForgedValue> = match &condition.test {
            Test::Text(values) => values.iter().flat_map(|value| self.texts(field, value, samples)).collect(),
            Test::Address(ranges) => ranges.iter().map(|range| self.address(field, range)).collect(),
            Test::Number(ranges) => {
                ranges.iter().map(|range| self.give(field, range.first.to_string(), None)).collect()
            }
        };
        sort(&mut all);
        all
    }

    fn texts(&self, field: &str, value: &TextValue, samples: &[&str]) -> Vec<ForgedValue> {
        let texts = match value.pieces() {
            Some(pieces) if field == "process.path" => {
                let texts = std::iter::once(concrete(&pieces));
                texts.chain((0..pieces.len()).filter_map(|any| planted(&pieces, any))).collect()
            }
            Some(pieces) => vec![concrete(&pieces)],
            None => samples.iter().map(|sample| (*sample).to_owned()).chain(example(&value.text)).collect(),
        };
        let anchored = value.operator == Operator::Is && !value.text.starts_with(['*', '?'])
            || value.operator == Operator::EndsWith && value.text.starts_with('.')
            || value.operator == Operator::Is && value.text.starts_with("*.");
        let reach = (!anchored || value.text.ends_with('*')).then_some(Reach::Open);
        texts.into_iter().map(|text| self.give(field, text, reach)).collect()
    }

    fn address(&self, field: &str, range: &AddressRange) -> ForgedValue {
        let reach = if range.last - range.first >= WIDE && !is_inside(range) {
            Some(Reach::Wide)
        } else {
            is_inside(range).then_some(Reach::Inside)
        };
        // The first address of a network is its name, not that of a server.
        let server = AddressRange { first: range.last.min(range.first + 1), ..range.clone() };
        let address =
            if range.last - range.first > 1 { server.first_address() } else { range.first_address() };
        self.give(field, address.to_string(), reach)
    }

    fn give(&self, field: &str, text: String, reach: Option<Reach>) -> ForgedValue {
        let fits = |each: &&Move| {
            each.field == field
                && (each.reach.is_none() || each.reach == reach)
                && (each.values.is_empty() || each.values.iter().any(|value| is_like(value, &text)))
        };
        match self.known.iter().find(fits) {
            Some(found) => ForgedValue {
                text,
                cost: found.cost,
                what: found.what.clone(),
                technique: found.technique.clone(),
                known: true,
            },
            None => ForgedValue {
                text,
                cost: 0,
                what: "give it that value, by means that nobody has judged".to_owned(),
                technique: "no known technique".to_owned(),
                known: false,
            },
        }
    }
}

fn sort(values: &mut [ForgedValue]) {
    values.sort_by(|a, b| (a.cost, a.text.len(), &a.text).cmp(&(b.cost, b.text.len(), &b.text)));
}

/// A path that meets a pattern and in which a `*` stands for folders of the intruder's own; `None` if there is no `*` at that
/// place.
fn planted(pieces: &[Piece], any: usize) -> Option<String> {
    (pieces.get(any) == Some(&Piece::Any)).then_some(())?;
    let (before, after) = (concrete_in(&pieces[..any]), concrete_in(&pieces[any + 1..]));
    let folders = match (before.is_empty(), before.ends_with('\\')) {
        (true, _) if after.starts_with(':') => "C",
        (true, _) => r"C:\Users\Public\",
        (_, true) => r"Users\Public\",
        (_, false) => r"x\",
    };
    let folders = if after.starts_with('\\') { folders.trim_end_matches('\\') } else { folders };
    Some(format!("{before}{folders}{after}"))
}

fn concrete_in(pieces: &[Piece]) -> String {
    if pieces.is_empty() { String::new() } else { concrete(pieces) }
}

/// Text that meets a pattern.
fn concrete(pieces: &[Piece]) -> String {
    let only = pieces.len() == 1;
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::One => "1".to_owned(),
        Piece::Any if only => "a".to_owned(),
        Piece::Any => String::new(),
    };
    let text: String = pieces.iter().map(text).collect();
    // A name in front of `.example.com`, a folder behind `C:\`.
    match (pieces.first(), pieces.last()) {
        (Some(Piece::Any), _) if text.starts_with('.') => format!("a{text}"),
        _ => text,
    }
}

/// Whether both ends are addresses that the internet does not route.
fn is_inside(range: &AddressRange) -> bool {
    let last = AddressRange { first: range.last, ..range.clone() };
    [range.first_address(), last.first_address()].into_iter().all(|address| match address {
        IpAddr::V4(address) => {
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_documentation()
        }
        IpAddr::V6(address) => {
            range.family == Family::V6
                && (address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Field;

    /// Fields of which nobody has said what it costs to choose their value, so that what hangs on them is unknown.
    const UNKNOWN: &[&str] = &[
        "process.md5",
        "file.md5",
        "dll.md5",
        "event.code",
        "event.provider",
        "observer.vendor",
        "observer.product",
        "message",
    ];

    #[test]
    fn every_field_has_a_move_or_is_said_to_be_unknown() {
        let moves = Moves::built_in().unwrap();
        for field in Field::all() {
            let unknown = UNKNOWN.contains(&field.name());
            assert_eq!(moves.knows(&FieldRef::Field(field)), !unknown, "{field}");
        }
        assert!(UNKNOWN.iter().all(|name| Field::named(name).is_some()));
    }

    #[test]
    fn the_worst_of_what_a_column_holds_counts_until_the_table_is_known() {
        let column = |moves: &Moves, name: &str| {
            let owners = Schemas::built_in().owners(name).unwrap().clone();
            let column =
                crate::exclusions::model::Column { name: name.to_owned(), kind: owners.0, schemas: owners.1 };
            moves.name(&FieldRef::Column(column)).to_owned()
        };
        let moves = Moves::built_in().unwrap();
        assert_eq!(column(&moves, "InitiatingProcessSHA256"), "process.parent.sha256");
        let schemas = Schemas::built_in();
        let moves = moves.of_schema(schemas.named("DeviceFileEvents").unwrap());
        assert_eq!(column(&moves, "InitiatingProcessSHA256"), "process.sha256");
    }
}
