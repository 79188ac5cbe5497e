//! Sets of addresses and numbers as sorted ranges that do not touch.
//!
//! In: tests of the model. Out: intersections and inclusions, all exact.

use crate::exclusions::model::{AddressRange, Condition, Family, NumberRange, Test};
use std::net::{Ipv4Addr, Ipv6Addr};

/// First and last of a range, with the family. Numbers are stored as if they were IPv4.
type Range = (Family, u128, u128);

/// The values of a test; none for text.
pub(super) fn of(test: &Test) -> Vec<Range> {
    let mut all: Vec<Range> = match test {
        Test::Text(_) => Vec::new(),
        Test::Address(ranges) => ranges.iter().map(|range| (range.family, range.first, range.last)).collect(),
        Test::Number(ranges) => {
            ranges.iter().map(|range| (Family::V4, range.first.into(), range.last.into())).collect()
        }
    };
    all.sort_unstable();
    let mut merged: Vec<Range> = Vec::with_capacity(all.len());
    for (family, first, last) in all {
        match merged.last_mut() {
            Some((known, _, end)) if *known == family && first <= end.saturating_add(1) => {
                *end = last.max(*end);
            }
            _ => merged.push((family, first, last)),
        }
    }
    merged
}

/// The values that meet all conditions.
pub(super) fn intersection(conditions: &[&Condition]) -> Vec<Range> {
    let mut sets = conditions.iter().map(|condition| of(&condition.test));
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |a, b| both(&a, &b))
}

fn both(a: &[Range], b: &[Range]) -> Vec<Range> {
    let mut out = Vec::new();
    let (mut left, mut right) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(left), b.get(right)) {
        if x.0 == y.0 && x.1.max(y.1) <= x.2.min(y.2) {
            out.push((x.0, x.1.max(y.1), x.2.min(y.2)));
        }
        if (x.0, x.2) < (y.0, y.2) {
            left += 1;
        } else {
            right += 1;
        }
    }
    out
}

/// Whether every value of `narrow` is in `wide`.
pub(super) fn is_subset(narrow: &[Range], wide: &[Range]) -> bool {
    let mut place = 0;
    narrow.iter().all(|(family, first, last)| {
        while wide.get(place).is_some_and(|range| (range.0, range.2) < (*family, *first)) {
            place += 1;
        }
        wide.get(place).is_some_and(|range| range.0 == *family && range.1 <= *first && *last <= range.2)
    })
}

/// The same values as the fewest ranges: sorted, joined where they touch or overlap.
pub(super) fn canonical(test: &Test) -> Test {
    let ranges = of(test).into_iter();
    match test {
        Test::Number(_) => Test::Number(
            ranges.map(|(_, first, last)| NumberRange { first: number(first), last: number(last) }).collect(),
        ),
        _ => Test::Address(
            ranges
                .map(|(family, first, last)| AddressRange { family, first, last, text: String::new() })
                .collect(),
        ),
    }
}

fn number(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// The first address.
pub(super) fn first_address(ranges: &[Range]) -> Option<String> {
    let (family, first, _) = ranges.first()?;
    match family {
        Family::V4 => Some(Ipv4Addr::from(u32::try_from(*first).ok()?).to_string()),
        Family::V6 => Some(Ipv6Addr::from(*first).to_string()),
    }
}

/// The first number.
pub(super) fn first_number(ranges: &[Range]) -> Option<String> {
    ranges.first().map(|(_, first, _)| first.to_string())
}
