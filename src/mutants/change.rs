//! The changes that are tried.
//!
//! In: an exclusion. Out: every change to it. An entry, a condition or a value is dropped, or a value is made a little
//! wider; a case that notices the narrowest widening notices all wider ones.

use crate::exclusions::model::{
    AddressRange, Condition, Exclusion, Family, NumberRange, Operator, Test, TextValue,
};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// A change to one entry of an exclusion.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutation {
    /// The entry, by its place.
    pub entry: usize,
    /// What is done to it.
    pub change: Change,
}

/// What is done to an entry. Conditions and values are named by their places.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The entry is dropped.
    DropEntry,
    /// A condition is dropped; the entry has others.
    DropCondition(usize),
    /// A value of a condition is dropped; the condition has others.
    DropValue(usize, usize),
    /// A value becomes this one, a little wider. The test holds just that value.
    Widen(usize, usize, Test),
    /// A condition is met by any value that can be read.
    AnyValue(usize),
}

/// Every change to an exclusion.
pub fn mutations(exclusion: &Exclusion) -> Vec<Mutation> {
    let mut found = Vec::new();
    for (entry, known) in exclusion.entries.iter().enumerate() {
        let mut add = |change| found.push(Mutation { entry, change });
        add(Change::DropEntry);
        for (place, condition) in known.conditions.iter().enumerate() {
            if known.conditions.len() > 1 {
                add(Change::DropCondition(place));
            }
            add(Change::AnyValue(place));
            let values = count(&condition.test);
            for value in 0..values {
                if values > 1 {
                    add(Change::DropValue(place, value));
                }
                for wider in wider(&condition.test, value) {
                    add(Change::Widen(place, value, wider));
                }
            }
        }
    }
    found
}

impl Mutation {
    /// The exclusion with the change in it.
    #[must_use]
    pub fn applied(&self, exclusion: &Exclusion) -> Exclusion {
        let mut changed = exclusion.clone();
        let conditions = &mut changed.entries[self.entry].conditions;
        match &self.change {
            Change::DropEntry => drop(changed.entries.remove(self.entry)),
            Change::DropCondition(place) => drop(conditions.remove(*place)),
            Change::DropValue(place, value) => replace(test(conditions, *place), *value, None),
            Change::Widen(place, value, wider) => {
                replace(test(conditions, *place), *value, Some(wider));
            }
            Change::AnyValue(place) => {
                let test = test(conditions, *place);
                *test = any(test);
            }
        }
        changed
    }

    /// What was changed, for a person.
    pub fn words(&self, exclusion: &Exclusion) -> String {
        let conditions = &exclusion.entries[self.entry].conditions;
        let name = |place: usize| conditions[place].field.name();
        let value = |place: usize, value: usize| {
            conditions[place].wanted().into_iter().nth(value).unwrap_or_default()
        };
        match &self.change {
            Change::DropEntry if exclusion.entries.len() == 1 => "its only entry dropped".to_owned(),
            Change::DropEntry => {
                let fields: Vec<&str> = (0..conditions.len()).map(name).collect();
                format!("entry {} ({}) dropped", self.entry + 1, fields.join(", "))
            }
            Change::DropCondition(place) => format!("the condition on {} dropped", name(*place)),
            Change::DropValue(place, at) => format!("{} {} dropped", name(*place), value(*place, *at)),
            Change::Widen(place, at, wider) => {
                let field = &conditions[*place].field;
                let wider = Condition { field: field.clone(), test: wider.clone() }.wanted().concat();
                format!("{} {} widened to {wider}", field.name(), value(*place, *at))
            }
            Change::AnyValue(place) => format!("{} widened to any value", name(*place)),
        }
    }
}

/// How many values a test has.
pub(super) fn count(test: &Test) -> usize {
    match test {
        Test::Text(values) => values.len(),
        Test::Address(ranges) => ranges.len(),
        Test::Number(ranges) => ranges.len(),
    }
}

/// The test with just one of its values.
pub(super) fn only(test: &Test, value: usize) -> Test {
    match test {
        Test::Text(values) => Test::Text(vec![values[value].clone()]),
        Test::Address(ranges) => Test::Address(vec![ranges[value].clone()]),
        Test::Number(ranges) => Test::Number(vec![ranges[value]]),
    }
}

/// The test of a condition, for a change. Other exclusions that share the condition keep theirs.
fn test(conditions: &mut [Arc<Condition>], place: usize) -> &mut Test {
    &mut Arc::make_mut(&mut conditions[place]).test
}

fn replace(test: &mut Test, value: usize, by: Option<&Test>) {
    match (test, by) {
        (Test::Text(values), Some(Test::Text(by))) => values[value] = by[0].clone(),
        (Test::Address(ranges), Some(Test::Address(by))) => ranges[value] = by[0].clone(),
        (Test::Number(ranges), Some(Test::Number(by))) => ranges[value] = by[0],
        (Test::Text(values), _) => drop(values.remove(value)),
        (Test::Address(ranges), _) => drop(ranges.remove(value)),
        (Test::Number(ranges), _) => drop(ranges.remove(value)),
    }
}

fn any(test: &Test) -> Test {
    match test {
        Test::Text(_) => Test::Text(vec![text("*", Operator::Is, false)]),
        Test::Address(_) => {
            Test::Address(vec![range(Family::V4, 0, u128::from(u32::MAX)), range(Family::V6, 0, u128::MAX)])
        }
        Test::Number(_) => Test::Number(vec![NumberRange { first: 0, last: u64::MAX }]),
    }
}

/// The narrowest tests that are wider than one value.
fn wider(test: &Test, value: usize) -> Vec<Test> {
    match test {
        Test::Text(values) => {
            wider_texts(&values[value]).into_iter().map(|wider| Test::Text(vec![wider])).collect()
        }
        Test::Address(ranges) => {
            wider_range(&ranges[value]).into_iter().map(|wider| Test::Address(vec![wider])).collect()
        }
        Test::Number(ranges) => {
            let NumberRange { first, last } = ranges[value];
            let wider = NumberRange { first: first.saturating_sub(1), last: last.saturating_add(1) };
            if wider == ranges[value] { Vec::new() } else { vec![Test::Number(vec![wider])] }
        }
    }
}

fn text(text: &str, operator: Operator, cased: bool) -> TextValue {
    TextValue { text: text.to_owned(), operator, cased }
}

fn wider_texts(value: &TextValue) -> Vec<TextValue> {
    let TextValue { text: written, operator, cased } = value;
    let mut found = Vec::new();
    match operator {
        Operator::Is => {
            if !written.starts_with('*') {
                found.push(text(&format!("*{written}"), Operator::Is, *cased));
            }
            if !written.ends_with('*') {
                found.push(text(&format!("{written}*"), Operator::Is, *cased));
            }
        }
        Operator::StartsWith | Operator::EndsWith => found.push(text(written, Operator::Contains, *cased)),
        Operator::Contains => {}
        // There is no obvious way to make a regular expression a little wider.
        Operator::Re => return found,
    }
    if written.contains('?') {
        found.push(text(&written.replace('?', "*"), *operator, *cased));
    }
    if *cased {
        found.push(text(written, *operator, false));
    }
    found
}

/// The network with a prefix one bit shorter; for a range that is no network, one more at each end.
fn wider_range(range: &AddressRange) -> Option<AddressRange> {
    let most = match range.family {
        Family::V4 => u128::from(u32::MAX),
        Family::V6 => u128::MAX,
    };
    if range.first == 0 && range.last == most {
        return None;
    }
    // The bits in which the ends differ are those of the hosts, if it is a network.
    let hosts = range.first ^ range.last;
    let is_network = hosts & hosts.wrapping_add(1) == 0 && range.first & hosts == 0;
    let (first, last) = if is_network {
        let hosts = hosts << 1 | 1;
        (range.first & !hosts, range.last | hosts)
    } else {
        (range.first.saturating_sub(1), range.last.saturating_add(1).min(most))
    };
    Some(self::range(range.family, first, last))
}

fn range(family: Family, first: u128, last: u128) -> AddressRange {
    let hosts = first ^ last;
    let (begin, end) = (address(family, first), address(family, last));
    let width = if family == Family::V4 { 32 } else { 128 };
    let is_network = hosts & hosts.wrapping_add(1) == 0 && first & hosts == 0;
    let text =
        if is_network { format!("{begin}/{}", width - hosts.count_ones()) } else { format!("{begin}-{end}") };
    AddressRange { family, first, last, text }
}

/// An address as text.
pub(super) fn address(family: Family, number: u128) -> String {
    match family {
        Family::V4 => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).to_string(),
        Family::V6 => Ipv6Addr::from(number).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_loses_one_bit_and_a_range_gains_one_at_each_end() {
        for (written, wider) in [
            ("10.20.0.0/16", Some("10.20.0.0/15")),
            ("10.21.3.4/16", Some("10.20.0.0/15")),
            ("10.10.10.10", Some("10.10.10.10/31")),
            ("10.10.10.11", Some("10.10.10.10/31")),
            ("10.0.0.1-10.0.0.9", Some("10.0.0.0-10.0.0.10")),
            ("2001:db8::/32", Some("2001:db8::/31")),
            ("::ffff:10.0.0.0/104", Some("10.0.0.0/7")),
            ("0.0.0.0/0", None),
            ("::/0", None),
            ("255.255.255.255", Some("255.255.255.254/31")),
        ] {
            let found = wider_range(&AddressRange::parse(written).unwrap());
            assert_eq!(found.as_ref().map(|range| range.text.as_str()), wider, "{written}");
            if let Some(found) = found {
                let again = AddressRange::parse(&found.text).unwrap();
                assert_eq!((again.first, again.last), (found.first, found.last), "the text says the same");
            }
        }
    }
}
