//! Which exclusions apply to some results.
//!
//! In: loaded exclusions, the rule that the results come from, the day, the schema. Out: those that apply, and the others
//! with the reason. It reads no clock.

use crate::exclusions::model::{Entry, Exclusion, FieldRef};
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
    let fits = |entry: &Entry| fits_among(entry, tables, &has);
    let lacks = |exclusion: &Exclusion| {
        let mut lacking = Vec::new();
        for name in exclusion.entries.iter().flat_map(|entry| lacks_among(entry, tables, &has)) {
            if !lacking.contains(&name) {
                lacking.push(name);
            }
        }
        format!("names {}, for which none of the tables of these rows has columns", lacking.join(", "))
    };
    chosen(exclusions, rule, today, fits, lacks)
}

/// Whether rows of some table have a column for all that an entry names.
fn fits_among(entry: &Entry, tables: &RowTables<'_>, has: impl Fn(&[Source]) -> bool) -> bool {
    tables.of_header.is_some_and(|schema| tables.alone && entry.is_in(schema)) || tables.fits(entry, has)
}

/// What an entry names for which no table has columns; all of it, if no table has columns for all.
fn lacks_among<'e>(
    entry: &'e Entry,
    tables: &RowTables<'_>,
    has: impl Fn(&[Source]) -> bool,
) -> Vec<&'e str> {
    let of_header = tables.of_header.filter(|_| tables.alone);
    let known = |field: &FieldRef| {
        of_header.is_some_and(|schema| field.is_in(schema)) || tables.has_field(field, &has)
    };
    let fields = || entry.conditions.iter().map(|condition| &condition.field);
    let mut lacking: Vec<&str> = fields().filter(|field| !known(field)).map(FieldRef::name).collect();
    if lacking.is_empty() && !fits_among(entry, tables, &has) {
        lacking = fields().map(FieldRef::name).collect();
    }
    lacking.dedup();
    lacking
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
    left_out_of(applied, |entry| entry.is_in(schema), |entry| entry.lacks(schema))
}

/// The same for results whose rows are of several tables: no table has columns for all that such an entry names.
pub fn left_out_entries_among<'e>(
    applied: &[&'e Exclusion],
    tables: &RowTables<'_>,
    has: impl Fn(&[Source]) -> bool,
) -> Vec<LeftOutEntry<'e>> {
    left_out_of(applied, |entry| fits_among(entry, tables, &has), |entry| lacks_among(entry, tables, &has))
}

fn left_out_of<'e>(
    applied: &[&'e Exclusion],
    fits: impl Fn(&Entry) -> bool,
    lacks: impl Fn(&'e Entry) -> Vec<&'e str>,
) -> Vec<LeftOutEntry<'e>> {
    let mut found = Vec::new();
    for exclusion in applied {
        for (entry, number) in exclusion.entries.iter().zip(1..).filter(|(entry, _)| !fits(entry)) {
            found.push(LeftOutEntry { id: &exclusion.id, entry: number, lacks: lacks(entry) });
        }
    }
    found
}
