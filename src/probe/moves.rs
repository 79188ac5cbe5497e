//! What an intruder can do, and what each move costs.
//!
//! In: the data file beside this module, and a value that an exclusion wants. Out: the cheapest move that gives
//! a row that value, as concrete text. It does not know rows.

use crate::exclusions::model::{AddressRange, Condition, Family, Operator, Piece, Test, TextValue};
use crate::judge::is_like;
use crate::yaml;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;

/// Networks with more addresses than this hold servers that anybody can rent.
const WIDE: u128 = 1 << 16;

/// The data file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moves {
    #[serde(rename = "moves")]
    known: Vec<Move>,
    grades: BTreeMap<Grade, u32>,
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
#[derive(Debug, Deserialize)]
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
    F,
}

impl FromStr for Grade {
    type Err = String;

    /// Reads a letter, large or small.
    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F];
        let found = all.into_iter().find(|grade| format!("{grade:?}").eq_ignore_ascii_case(text));
        found.ok_or_else(|| "a letter from A, the best, to F".to_owned())
    }
}

/// A value that an intruder can give a row, and the move that does it.
#[derive(Debug, Clone)]
pub(super) struct ForgedValue {
    pub(super) text: String,
    pub(super) cost: u32,
    pub(super) what: String,
    pub(super) technique: String,
}

impl Moves {
    /// The moves that are built in.
    pub fn built_in() -> Result<Self, String> {
        yaml::from_str(include_str!("moves.yaml"))
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
        let field = condition.field.name();
        let mut all: Vec<ForgedValue> = match &condition.test {
            Test::Text(values) => values.iter().flat_map(|value| self.texts(field, value, samples)).collect(),
            Test::Address(ranges) => ranges.iter().filter_map(|range| self.address(field, range)).collect(),
            Test::Number(ranges) => {
                ranges.iter().filter_map(|range| self.give(field, range.first.to_string(), None)).collect()
            }
        };
        all.sort_by(|a, b| (a.cost, a.text.len(), &a.text).cmp(&(b.cost, b.text.len(), &b.text)));
        all
    }

    fn texts(&self, field: &str, value: &TextValue, samples: &[&str]) -> Vec<ForgedValue> {
        let texts = match value.pieces() {
            Some(pieces) => vec![concrete(&pieces)],
            None => samples.iter().map(|sample| (*sample).to_owned()).collect(),
        };
        let anchored = value.operator == Operator::Is && !value.text.starts_with(['*', '?'])
            || value.operator == Operator::EndsWith && value.text.starts_with('.')
            || value.operator == Operator::Is && value.text.starts_with("*.");
        let reach = (!anchored || value.text.ends_with('*')).then_some(Reach::Open);
        texts.into_iter().filter_map(|text| self.give(field, text, reach)).collect()
    }

    fn address(&self, field: &str, range: &AddressRange) -> Option<ForgedValue> {
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

    fn give(&self, field: &str, text: String, reach: Option<Reach>) -> Option<ForgedValue> {
        let fits = |each: &&Move| {
            each.field == field
                && (each.reach.is_none() || each.reach == reach)
                && (each.values.is_empty() || each.values.iter().any(|value| is_like(value, &text)))
        };
        let found = self.known.iter().find(fits)?;
        Some(ForgedValue {
            text,
            cost: found.cost,
            what: found.what.clone(),
            technique: found.technique.clone(),
        })
    }
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
