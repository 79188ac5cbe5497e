//! A row on which a change makes a difference.
//!
//! In: an exclusion and a change that its cases miss. Out: the case that would notice it, if one was found. The rows that
//! are tried lie at the edge of the changed entry: the old condition and the new one decide them differently. Their names
//! and addresses come from the list or are made up.

use super::Detection;
use super::change::{Change, Mutation, address, count};
use super::judge::Judge;
use crate::cases::{Expected, cell, of};
use crate::exclusions::model::{
    AddressRange, Case, Condition, Exclusion, FieldRef, Operator, Piece, Test, TextValue,
};

/// Rows that are tried for one change.
const MAX_TRIED: usize = 1_000;
/// Cells of existing cases that are tried for one field.
const MAX_BORROWED: usize = 8;
/// Addresses for documentation (RFC 5737, RFC 3849, RFC 9637), which nobody has.
const ADDRESSES: [&str; 5] = ["198.51.100.7", "203.0.113.7", "192.0.2.7", "2001:db8::7", "3fff::7"];

/// The outcome of a change that no case notices.
pub(super) fn missed(exclusion: &Exclusion, judge: &Judge, mutation: &Mutation) -> Detection {
    let fields = fields(exclusion, mutation);
    let mut places = vec![0; fields.len()];
    for _ in 0..MAX_TRIED {
        let cells = fields.iter().zip(&places);
        let cells =
            cells.filter_map(|((field, texts), place)| Some(((*field).clone(), texts[*place].clone()?)));
        let case = Case { cells: cells.collect(), line: 0 };
        let row_match = judge.match_row(&case);
        if judge.changes_verdict(&row_match, mutation) {
            let expected = if judge.suppresses(&row_match) { Expected::Suppress } else { Expected::Keep };
            return Detection::Missed(expected, case);
        }
        if !next(&mut places, &fields) {
            break;
        }
    }
    Detection::Equivalent
}

type FieldCandidates<'e> = (&'e FieldRef, Vec<Option<String>>);

/// The next combination of candidates; false after the last.
fn next(places: &mut [usize], fields: &[FieldCandidates<'_>]) -> bool {
    for (place, (_, texts)) in places.iter_mut().zip(fields) {
        *place += 1;
        if *place < texts.len() {
            return true;
        }
        *place = 0;
    }
    false
}

/// For each field of the changed entry the cells that are tried, the likeliest first.
fn fields<'e>(exclusion: &'e Exclusion, mutation: &Mutation) -> Vec<FieldCandidates<'e>> {
    let conditions = &exclusion.entries[mutation.entry].conditions;
    let changed = match mutation.change {
        Change::DropEntry => None,
        Change::DropCondition(place)
        | Change::AnyValue(place)
        | Change::DropValue(place, _)
        | Change::Widen(place, ..) => Some(place),
    };
    let mut found: Vec<FieldCandidates<'e>> = Vec::new();
    for (place, condition) in conditions.iter().enumerate() {
        if found.iter().any(|(known, _)| **known == condition.field) {
            continue;
        }
        let field = &condition.field;
        let on_field = |other: usize| conditions[other].field == *field;
        let edge = changed.filter(|changed| on_field(*changed));
        let edge = edge.map_or_else(Vec::new, |changed| at_the_edge(&conditions[changed], &mutation.change));
        let meeting: Vec<String> = (place..conditions.len())
            .filter(|other| on_field(*other))
            .flat_map(|other| samples(&conditions[other].test))
            .collect();
        let together = joined(&edge, &meeting);
        // For fields that the change does not touch the base comes first: the proposed case is then short.
        let base = exclusion.cases.base.iter().filter(|(known, _)| known == field && edge.is_empty());
        let mut texts: Vec<String> = base.map(|(_, text)| text.clone()).collect();
        texts.extend(edge);
        texts.extend(meeting.iter().take(64).cloned());
        texts.extend(together);
        let borrowed = of(exclusion).filter_map(|(case, _)| cell(case, field)).take(MAX_BORROWED);
        texts.extend(borrowed.map(str::to_owned));
        let mut cells: Vec<Option<String>> = Vec::new();
        for text in texts.into_iter().map(Some).chain([None]) {
            if !cells.contains(&text) {
                cells.push(text);
            }
        }
        found.push((field, cells));
    }
    found
}

/// Each two texts joined, for several conditions (such as a beginning and an end) on one field.
fn joined(edge: &[String], meeting: &[String]) -> Vec<String> {
    let few: Vec<&String> = edge.iter().take(6).chain(meeting.iter().take(10)).collect();
    few.iter().flat_map(|first| few.iter().map(move |second| format!("{first}{second}"))).collect()
}

/// Cells that the changed condition decides differently from the old one.
fn at_the_edge(condition: &Condition, change: &Change) -> Vec<String> {
    match change {
        Change::DropEntry => Vec::new(),
        Change::DropCondition(_) | Change::AnyValue(_) => others(condition),
        Change::DropValue(_, value) => value_samples(&condition.test, *value),
        Change::Widen(_, value, wider) => widened(&condition.test, *value, wider),
    }
}

/// Cells that are unlikely to match any value.
fn others(condition: &Condition) -> Vec<String> {
    match &condition.test {
        Test::Text(_) => {
            let name = condition.field.name().to_ascii_lowercase();
            let likely = match name.as_str() {
                name if name.ends_with("path") => r"C:\Users\Public\other.exe",
                name if name.ends_with("name") && name.contains("process") => "other.exe",
                name if name.ends_with("domain") || name.ends_with("url") => "other.example",
                _ => "other",
            };
            [likely, "other", "x"].map(str::to_owned).to_vec()
        }
        Test::Address(_) => ADDRESSES.map(str::to_owned).to_vec(),
        Test::Number(ranges) => {
            let beside = ranges.iter().take(8).map(|range| range.last.saturating_add(1).to_string());
            ["4444", "1", "65000"].map(str::to_owned).into_iter().chain(beside).collect()
        }
    }
}

fn widened(test: &Test, value: usize, wider: &Test) -> Vec<String> {
    match (test, wider) {
        (Test::Text(values), _) => {
            let samples = text_samples(&values[value]);
            let around = samples.iter().flat_map(|sample| {
                [
                    format!("x{sample}"),
                    format!("{sample}.bak"),
                    format!("x{sample}.bak"),
                    sample.to_ascii_uppercase(),
                    sample.to_ascii_lowercase(),
                ]
            });
            // Where `?` became `*`, one character more or none makes the difference.
            let other = ["xx", ""].map(|by| values[value].text.replace('?', by).replace('*', ""));
            around.chain(other).collect()
        }
        (Test::Address(ranges), Test::Address(wider)) => beside(&ranges[value], &wider[0]),
        (Test::Number(_), Test::Number(wider)) => {
            vec![wider[0].last.to_string(), wider[0].first.to_string()]
        }
        _ => Vec::new(),
    }
}

/// Addresses of the wider range that the range does not hold.
fn beside(range: &AddressRange, wider: &AddressRange) -> Vec<String> {
    let numbers = [
        range.last.saturating_add(1),
        range.first.saturating_sub(1),
        wider.last,
        wider.first,
        // Near the edge another value of the condition may match, so the middle is tried as well.
        wider.last - (wider.last - range.last) / 2,
        wider.first + (range.first - wider.first) / 2,
    ];
    let outside =
        |number: &u128| wider.contains(wider.family, *number) && !range.contains(range.family, *number);
    numbers.into_iter().filter(outside).map(|number| address(wider.family, number)).collect()
}

/// Cells that meet a test, a few for each of its first values.
fn samples(test: &Test) -> Vec<String> {
    (0..count(test).min(32)).flat_map(|value| value_samples(test, value)).collect()
}

fn value_samples(test: &Test, value: usize) -> Vec<String> {
    match test {
        Test::Text(values) => text_samples(&values[value]),
        Test::Address(ranges) => {
            let range = &ranges[value];
            let inside = range.first + (range.last - range.first) / 2;
            [inside, range.first, range.last].map(|number| address(range.family, number)).to_vec()
        }
        Test::Number(ranges) => {
            [ranges[value].first, ranges[value].last].map(|number| number.to_string()).to_vec()
        }
    }
}

fn text_samples(value: &TextValue) -> Vec<String> {
    let Some(pieces) = value.pieces() else {
        // Often an expression is a plain text with anchors and escapes.
        let plain: String = value.text.chars().filter(|c| !r"^$\".contains(*c)).collect();
        let plain = plain.trim_start_matches("(?i)").to_owned();
        return vec![plain];
    };
    let filled = |any: &str| -> String {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::One => "x",
                Piece::Any => any,
            })
            .collect()
    };
    if value.operator == Operator::Is && value.whole().is_some() {
        return vec![filled("")];
    }
    let samples = [filled("x"), filled("")];
    samples.into_iter().filter(|sample| !sample.is_empty()).collect()
}
