//! A plain, slow reading of a list, straight from its YAML: no index, no compiled pattern, no shared code.

use serde_yaml::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(crate) type Row = BTreeMap<&'static str, String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stand {
    NotMet,
    Unknown,
    Met,
}

pub(crate) fn parse(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| serde_yaml::from_str(text).unwrap()).collect()
}

/// The ids that cover a row, and whether a kept row is undecidable.
pub(crate) fn judge(lists: &[Value], row: &Row) -> (BTreeSet<String>, bool) {
    let mut covering = BTreeSet::new();
    let mut unknown = false;
    for list in lists {
        for exclusion in list["exclusions"].as_sequence().unwrap() {
            match stand(exclusion, row) {
                Stand::Met => drop(covering.insert(exclusion["id"].as_str().unwrap().to_owned())),
                Stand::Unknown => unknown = true,
                Stand::NotMet => {}
            }
        }
    }
    let undecidable = unknown && covering.is_empty();
    (covering, undecidable)
}

fn stand(exclusion: &Value, row: &Row) -> Stand {
    match &exclusion["when"] {
        Value::Sequence(entries) => entries.iter().map(|entry| entry_stand(entry, row)).max().unwrap(),
        entry => entry_stand(entry, row),
    }
}

fn entry_stand(entry: &Value, row: &Row) -> Stand {
    let conditions = entry.as_mapping().unwrap().iter();
    conditions.map(|(key, values)| condition(key.as_str().unwrap(), values, row)).min().unwrap()
}

fn condition(key: &str, values: &Value, row: &Row) -> Stand {
    let mut words = key.split('|');
    let field = words.next().unwrap();
    let modifiers: Vec<&str> = words.collect();
    let cell = row.get(field).map_or("", String::as_str);
    let values: Vec<&str> = match values {
        Value::Sequence(values) => values.iter().map(|value| value.as_str().unwrap()).collect(),
        value => vec![value.as_str().unwrap()],
    };
    let known = match field {
        "destination.ip" => cell.parse::<IpAddr>().is_ok(),
        "destination.port" => {
            !cell.is_empty()
                && cell.bytes().all(|b| b.is_ascii_digit())
                && (cell == "0" || !cell.starts_with('0'))
        }
        _ => !cell.is_empty(),
    };
    if !known {
        return Stand::Unknown;
    }
    let met = values.iter().any(|value| match field {
        "destination.ip" => in_range(value, cell.parse().unwrap()),
        "destination.port" => port(value, cell.parse().unwrap()),
        _ => text(value, cell, &modifiers),
    });
    if met { Stand::Met } else { Stand::NotMet }
}

fn port(value: &str, cell: u64) -> bool {
    let (first, last) = value.split_once('-').unwrap_or((value, value));
    (first.parse().unwrap()..=last.parse().unwrap()).contains(&cell)
}

fn in_range(value: &str, cell: IpAddr) -> bool {
    let canonical = |text: &str| text.parse::<IpAddr>().unwrap().to_canonical();
    let cell = cell.to_canonical();
    if let Some((first, last)) = value.split_once('-') {
        let (first, last) = (canonical(first), canonical(last));
        return first.is_ipv4() == cell.is_ipv4() && first <= cell && cell <= last;
    }
    let Some((address, length)) = value.split_once('/') else { return canonical(value) == cell };
    let mut length: usize = length.parse().unwrap();
    let written: IpAddr = address.parse().unwrap();
    let address = written.to_canonical();
    if written.is_ipv6() && address.is_ipv4() {
        length -= 96;
    }
    match (address, cell) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same_bits(&a.octets(), &b.octets(), length),
        (IpAddr::V6(a), IpAddr::V6(b)) => same_bits(&a.octets(), &b.octets(), length),
        _ => false,
    }
}

fn same_bits(a: &[u8], b: &[u8], length: usize) -> bool {
    (0..length).all(|bit| (a[bit / 8] ^ b[bit / 8]) >> (7 - bit % 8) & 1 == 0)
}

fn text(value: &str, cell: &str, modifiers: &[&str]) -> bool {
    if modifiers.contains(&"re") {
        return regex::Regex::new(value).unwrap().is_match(cell);
    }
    let pattern = match modifiers.iter().find(|word| **word != "cased") {
        Some(&"startswith") => format!("{value}*"),
        Some(&"endswith") => format!("*{value}"),
        Some(&"contains") => format!("*{value}*"),
        _ => value.to_owned(),
    };
    let fold = |text: &str| -> Vec<char> {
        let cased = modifiers.contains(&"cased");
        text.chars().map(|c| if cased { c } else { c.to_ascii_lowercase() }).collect()
    };
    wildcard(&fold(&pattern), &fold(cell))
}

fn wildcard(pattern: &[char], text: &[char]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some('*'), _) => {
            wildcard(&pattern[1..], text) || (!text.is_empty() && wildcard(pattern, &text[1..]))
        }
        (Some('?'), Some(c)) => c.is_ascii() && *c != '\0' && wildcard(&pattern[1..], &text[1..]),
        (Some(p), Some(c)) => p == c && wildcard(&pattern[1..], &text[1..]),
        _ => false,
    }
}
