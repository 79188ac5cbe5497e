//! Conditions on addresses.
//!
//! In: ranges, a column of text. Out: expressions. Single addresses are compared as text, networks by
//! `ipv4_is_in_any_range()` and `ipv6_is_in_any_range()`, which are null for what is no address.

use super::expression::Expression;
use super::values::Values;
use crate::exclusions::model::{AddressRange, Family};
use indexmap::IndexSet;
use ipnet::{Ipv4Subnets, Ipv6Subnets};
use std::hash::Hash;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The addresses from `::` to the last that is an IPv4 address in other clothes.
const MAPPED_END: u128 = 0xffff_ffff_ffff;

/// How texts of IPv6 addresses are built, as a literal. An engine may read others, such as `:::`, as `::`.
pub(super) const SHAPE: &str = concat!(
    r#"@"^(?:(?:::)?(?:[0-9A-Fa-f]{1,4}::?)*(?:[0-9A-Fa-f]{1,4}|[0-9.]+)"#,
    r#"|(?:(?:[0-9A-Fa-f]{1,4}::?)*[0-9A-Fa-f]{1,4})?::)$""#
);

/// What the full text of an address begins with that is an IPv4 address in IPv6.
pub(super) const MAPPED: &str = r#""0000:0000:0000:0000:0000:ffff:""#;

/// The address as IPv4 functions read it: without the prefix of a mapped one.
pub(super) fn unwrapped(cell: &str) -> String {
    format!(r#"trim_start(@"(?i)::ffff:", {cell})"#)
}

/// One of the ranges holds the address of the cell.
pub(super) fn addresses(ranges: &[AddressRange], cell: &str, key: &str, values: &mut Values) -> Expression {
    // Somebody adds networks to a list that is kept elsewhere, so that single addresses stand in it as networks.
    let is_single = |range: &&AddressRange| range.first == range.last && !values.may_grow();
    let (single, wider): (Vec<&AddressRange>, Vec<&AddressRange>) = ranges.iter().partition(is_single);
    let mut terms = Vec::new();
    if !single.is_empty() {
        let texts = unique(single.into_iter().flat_map(spellings));
        // The digits of IPv6 are letters too.
        let cased = texts.iter().all(|text| text.contains('.'));
        terms.push(values.texts(cell, cased, &format!("{key}|text"), &texts));
    }
    let networks = |family| {
        let of_family = wider.iter().filter(move |range| range.family == family);
        unique(of_family.flat_map(|range| self::networks(range)))
    };
    let v4: Vec<String> = networks(Family::V4).into_iter().map(|(text, _)| text).collect();
    if !v4.is_empty() {
        let test = format!("ipv4_is_in_any_range({}, ", unwrapped(cell));
        terms.push(values.networks(test, &format!("{key}|ipv4"), &v4));
    }
    let (low, high): (Vec<_>, Vec<_>) =
        networks(Family::V6).into_iter().partition(|(_, is_low)| *is_low || values.may_grow());
    for (networks, low) in [(high, false), (low, true)] {
        if networks.is_empty() {
            continue;
        }
        let texts: Vec<String> = networks.into_iter().map(|(text, _)| text).collect();
        let test = format!("ipv6_is_in_any_range({cell}, ");
        let test = values.networks(test, &format!("{key}|ipv6"), &texts);
        terms.push(if low { Expression::all(guarded(test, cell)) } else { test });
    }
    Expression::any(terms)
}

/// A network that holds `::` or IPv4 addresses in IPv6 is only asked about texts that are IPv6 and nothing else.
fn guarded(test: Expression, cell: &str) -> Vec<Expression> {
    let is_ipv6 = Expression::plain(format!("parse_ipv6({cell}) !startswith {MAPPED}"));
    vec![test, Expression::plain(format!("{cell} matches regex {SHAPE}")), is_ipv6]
}

/// How sensors write an address: as it is, and an IPv4 address also mapped into IPv6.
fn spellings(range: &AddressRange) -> Vec<String> {
    match range.family {
        Family::V4 => {
            let address = v4(range.first);
            vec![address.to_string(), format!("::ffff:{address}")]
        }
        Family::V6 => vec![Ipv6Addr::from(range.first).to_string()],
    }
}

fn v4(number: u128) -> Ipv4Addr {
    Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The range as networks, since KQL knows no ranges from one address to another; whether each begins in the low
/// addresses among which IPv4 ones are.
fn networks(range: &AddressRange) -> Vec<(String, bool)> {
    match range.family {
        Family::V4 => {
            Ipv4Subnets::new(v4(range.first), v4(range.last), 0).map(|net| (net.to_string(), false)).collect()
        }
        Family::V6 => Ipv6Subnets::new(Ipv6Addr::from(range.first), Ipv6Addr::from(range.last), 0)
            .map(|net| (net.to_string(), u128::from(net.network()) <= MAPPED_END))
            .collect(),
    }
}

/// The values in their order, once each.
fn unique<T: Hash + Eq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.collect::<IndexSet<T>>().into_iter().collect()
}
