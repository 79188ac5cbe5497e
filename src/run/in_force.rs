//! Which exclusions apply to some results.
//!
//! In: loaded exclusions, the rule that the results come from, the day, the schema. Out: those that apply, and the others
//! with the reason. It reads no clock.

use crate::exclusions::model::{Entry, Exclusion};
use crate::judge::row_tables::RowTables;
use crate::rule::Rule;
use crate::schema::{Schema, Source};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// An exclusion that was not applied.
#[derive(Debug)]
pub struct LeftOut<'e> {
    /// The exclusion.
    pub exclusion: &'e Exclusion,
    /// The kind of reason.
    pub status: Status,
    /// The reason, as the end of a sentence about it.
    pub why: String,
}

/// What a run shows about an exclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// It covers rows that nothing else covers.
    Active,
    /// Every row that it covers is covered by others too.
    Redundant,
    /// It covers no row.
    Dead,
    /// It was left out because it is past its last day.
    Expired,
    /// It was left out because it belongs to other rules.
    OtherRule,
    /// It was left out because it names columns of other schemas.
    OtherSchema,
}

impl Status {
    /// The word in every format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Redundant => "redundant",
            Self::Dead => "dead",
            Self::Expired => "expired",
            Self::OtherRule => "other-rule",
            Self::OtherSchema => "other-schema",
        }
    }
}

/// The exclusions that apply, and those that are left out, with the reason.
pub fn in_force<'e>(
    exclusions: &'e [Exclusion],
    rule: Option<&Rule>,
    today: Date,
    schema: &Schema,
) -> (Vec<&'e Exclusion>, Vec<LeftOut<'e>>) {
    let lacks = |exclusion: &Exclusion| {
        let mut lacking: Vec<&str> = Vec::new();
        for name in exclusion.entries.iter().flat_map(|entry| entry.lacks(schema)) {
            if !lacking.contains(&name) {
                lacking.push(name);
            }
        }
        format!("names {}, for which {} has no column", lacking.join(", "), schema.name)
    };
    chosen(exclusions, rule, today, |entry| entry.is_in(schema), lacks)
}

/// The same for results whose rows are of several tables. `has` says whether they have one of some columns.
pub fn in_force_among<'e>(
    exclusions: &'e [Exclusion],
    rule: Option<&Rule>,
    today: Date,
    tables: &RowTables<'_>,
    has: impl Fn(&[Source]) -> bool,
) -> (Vec<&'e Exclusion>, Vec<LeftOut<'e>>) {
    let fits = |entry: &Entry| {
        tables.of_header.is_some_and(|schema| tables.alone && entry.is_in(schema)) || tables.fits(entry, &has)
    };
    let lacks = |exclusion: &Exclusion| {
        let fields: Vec<&str> = exclusion.fields().iter().map(|field| field.name()).collect();
        format!("names {}, for which none of the tables of these rows has columns", fields.join(", "))
    };
    chosen(exclusions, rule, today, fits, lacks)
}

fn chosen<'e>(
    exclusions: &'e [Exclusion],
    rule: Option<&Rule>,
    today: Date,
    fits: impl Fn(&Entry) -> bool,
    lacks: impl Fn(&Exclusion) -> String,
) -> (Vec<&'e Exclusion>, Vec<LeftOut<'e>>) {
    let mut applied = Vec::new();
    let mut left_out = Vec::new();
    for exclusion in exclusions {
        let lacking = !exclusion.entries.iter().any(&fits);
        let why = why_not(exclusion, rule, today)
            .or_else(|| lacking.then(|| (Status::OtherSchema, lacks(exclusion))));
        match why {
            None => applied.push(exclusion),
            Some((status, why)) => left_out.push(LeftOut { exclusion, status, why }),
        }
    }
    (applied, left_out)
}

fn why_not(exclusion: &Exclusion, rule: Option<&Rule>, today: Date) -> Option<(Status, String)> {
    if exclusion.is_expired(today) {
        let last = exclusion.expires.map(|day| day.to_string()).unwrap_or_default();
        return Some((Status::Expired, format!("expired on {last}; it suppresses nothing")));
    }
    let scopes = exclusion.rules.join(", ");
    match rule {
        None if !exclusion.rules.is_empty() => {
            let why = format!("belongs to {scopes}; name the rule with --rule or --rule-id");
            Some((Status::OtherRule, why))
        }
        Some(rule) if !rule.has(exclusion) => {
            Some((Status::OtherRule, format!("belongs to {scopes}, not to this rule")))
        }
        _ => None,
    }
}

/// An entry that is left out of an exclusion that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutEntry<'e> {
    /// The exclusion.
    pub id: &'e str,
    /// The number of the entry, from 1.
    pub entry: usize,
    /// What the schema has no column for.
    pub lacks: Vec<&'e str>,
}

impl fmt::Display for LeftOutEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {} of {} ({})", self.entry, self.id, self.lacks.join(", "))
    }
}

/// The entries that are left out of exclusions that apply, because rows of the schema have no column for them.
pub fn left_out_entries<'e>(applied: &[&'e Exclusion], schema: &Schema) -> Vec<LeftOutEntry<'e>> {
    let each = |exclusion: &&'e Exclusion| {
        let id = exclusion.id.as_str();
        let entries = exclusion.entries.iter().zip(1..).filter(|(entry, _)| !entry.is_in(schema));
        entries
            .map(|(entry, number)| LeftOutEntry { id, entry: number, lacks: entry.lacks(schema) })
            .collect()
    };
    applied.iter().flat_map(|exclusion| -> Vec<_> { each(exclusion) }).collect()
}
