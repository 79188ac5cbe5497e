//! Who owns each exclusion, how old it is, when it ends and what it holds for.
//!
//! In: exclusions, the day, and what they did in results if somebody has applied them. Out: an [`Inventory`]. It reads no
//! clock and judges nothing.

use crate::exclusions::model::Exclusion;
use jiff::civil::Date;
use serde::Serialize;

/// Every exclusion, those that end first before the others.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Inventory {
    /// The day on which ages and expiry are counted, YYYY-MM-DD.
    pub today: String,
    /// Exclusions of the lists, also those that are not listed.
    pub all: usize,
    /// Days within which those that are listed expire, if only such were asked for.
    pub expiring_within: Option<u32>,
    /// Those that are listed.
    pub exclusions: Vec<Listed>,
}

/// What is said about one exclusion.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Why its rows are benign.
    pub reason: Option<String>,
    /// The day it was written.
    pub created: Option<String>,
    /// Days since then.
    pub age: Option<i32>,
    /// Its last day.
    pub expires: Option<String>,
    /// Days until then; below 0 it has expired.
    pub days_left: Option<i32>,
    /// Ids or name globs of the rules that it belongs to; none for every hunt.
    pub rules: Vec<String>,
    /// What it did in results; nothing if none were given, or it was not applied to them.
    pub seen: Option<Seen>,
    /// The list that it stands in.
    pub file: String,
    /// Its line there.
    pub line: usize,
}

/// What an exclusion did in results.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Seen {
    /// Rows that it covers.
    pub matches: u64,
    /// The last day on which one of them happened, if that is known.
    pub last: Option<String>,
}

impl Inventory {
    /// Of exclusions, each with what it did; with `within` only those that have expired or will within so many days.
    pub fn of(exclusions: &[Exclusion], seen: &[Option<Seen>], today: Date, within: Option<u32>) -> Self {
        let seen = seen.iter().cloned().chain(std::iter::repeat(None));
        let all = exclusions.iter().zip(seen).map(|(exclusion, seen)| listed(exclusion, seen, today));
        let is_wanted = |listed: &Listed| {
            within.is_none_or(|within| {
                listed.days_left.is_some_and(|days| i64::from(days) <= i64::from(within))
            })
        };
        let mut wanted: Vec<Listed> = all.filter(is_wanted).collect();
        wanted.sort_by(|a, b| {
            let last = |listed: &Listed| (listed.days_left.is_none(), listed.days_left);
            last(a).cmp(&last(b)).then_with(|| a.id.cmp(&b.id))
        });
        Self { today: today.to_string(), all: exclusions.len(), expiring_within: within, exclusions: wanted }
    }
}

fn listed(exclusion: &Exclusion, seen: Option<Seen>, today: Date) -> Listed {
    let days = |from: Date, to: Date| from.until(to).map(|span| span.get_days()).unwrap_or_default();
    Listed {
        id: exclusion.id.clone(),
        owner: exclusion.owner.clone(),
        reason: exclusion.reason.clone(),
        created: exclusion.created.map(|day| day.to_string()),
        age: exclusion.created.map(|created| days(created, today)),
        expires: exclusion.expires.map(|day| day.to_string()),
        days_left: exclusion.expires.map(|expires| days(today, expires)),
        rules: exclusion.rules.clone(),
        seen,
        file: exclusion.origin.file.to_string(),
        line: exclusion.origin.line,
    }
}
