//! The tightest networks that hold addresses.
//!
//! In: the addresses of rows that belong together, and addresses that no network may take in. Out: addresses and networks.
//! A network is worth it if it holds at least three addresses that were seen, and not too many that were not.

use super::shape::FEWEST;
use crate::range::Family;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Addresses of a network for each that was seen, at most.
const UNSEEN: u128 = 64;
/// What it costs to name one more network, in parts of [`PER_BIT`] for each bit of hosts.
const PER_NETWORK: u64 = 100;
const PER_BIT: u64 = 15;
/// Prefixes that are tried, the longest first. Whoever has one address of a /64 of IPv6 may have all.
const V4: [u32; 17] = [32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16];
const V6: [u32; 6] = [128, 64, 60, 56, 52, 48];

/// An address, and how many rows have it.
pub(super) type SeenAddress = (Family, u128, u64);

/// An address or a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Network {
    /// As a list writes it.
    pub(super) text: String,
    pub(super) family: Family,
    pub(super) first: u128,
    pub(super) last: u128,
    /// Addresses of it that were seen.
    pub(super) seen: u64,
    /// How many addresses it holds; of IPv6 a /64 counts as 256.
    pub(super) size: u128,
    rows: u64,
}

/// The networks that hold these addresses best, those with most rows first. An address that was seen in one row alone is
/// held by a network or not at all.
pub(super) fn networks(seen: &[SeenAddress], forbidden: &[(Family, u128)]) -> Vec<Network> {
    let mut found = Vec::new();
    for (family, prefixes) in [(Family::V4, V4.as_slice()), (Family::V6, V6.as_slice())] {
        let mut of: Vec<SeenAddress> = seen.iter().filter(|each| each.0 == family).copied().collect();
        of.sort_unstable_by_key(|each| each.1);
        let forbidden: Vec<u128> =
            forbidden.iter().filter(|(of, _)| *of == family).map(|(_, number)| *number).collect();
        let widest = prefixes.len() - 1;
        for part in
            of.chunk_by(|a, b| first(family, a.1, prefixes[widest]) == first(family, b.1, prefixes[widest]))
        {
            found.extend(best(family, prefixes, widest, part, &forbidden).1);
        }
    }
    found.retain(|network| network.rows > 1);
    found.sort_by(|a, b| b.rows.cmp(&a.rows).then(a.first.cmp(&b.first)));
    found
}

/// The best networks for addresses of one network of a prefix, and what they cost.
fn best(
    family: Family,
    prefixes: &[u32],
    level: usize,
    part: &[SeenAddress],
    forbidden: &[u128],
) -> (u64, Vec<Network>) {
    let whole = network(family, prefixes[level], part);
    if level == 0 {
        return (PER_NETWORK, vec![whole]);
    }
    let finer = prefixes[level - 1];
    let (mut cost, mut found) = (0, Vec::new());
    for inner in part.chunk_by(|a, b| first(family, a.1, finer) == first(family, b.1, finer)) {
        let (inner_cost, networks) = best(family, prefixes, level - 1, inner, forbidden);
        cost += inner_cost;
        found.extend(networks);
    }
    let own = PER_NETWORK + PER_BIT * u64::from(whole.size.ilog2());
    let takes_in = forbidden.iter().any(|number| (whole.first..=whole.last).contains(number));
    let limit = u128::from(whole.seen) * UNSEEN;
    let worth = whole.seen >= FEWEST as u64
        && !takes_in
        && (whole.size <= limit || family == Family::V6 && finer == 128);
    if worth && own < cost { (own, vec![whole]) } else { (cost, found) }
}

fn network(family: Family, prefix: u32, part: &[SeenAddress]) -> Network {
    let bits = if family == Family::V4 { 32 } else { 128 };
    let first = part.first().map_or(0, |each| first(family, each.1, prefix));
    let hosts = bits - prefix;
    let last = first | if hosts == 128 { u128::MAX } else { (1 << hosts) - 1 };
    let size = match family {
        Family::V4 => 1 << hosts,
        Family::V6 if hosts == 0 => 1,
        Family::V6 => 256 << (64 - prefix.min(64)),
    };
    let address = match family {
        Family::V4 => Ipv4Addr::from(u32::try_from(first).unwrap_or(u32::MAX)).to_string(),
        Family::V6 => Ipv6Addr::from(first).to_string(),
    };
    let text = if hosts == 0 { address } else { format!("{address}/{prefix}") };
    let rows = part.iter().map(|each| each.2).sum();
    Network { text, family, first, last, seen: part.len() as u64, size, rows }
}

fn first(family: Family, number: u128, prefix: u32) -> u128 {
    let hosts = if family == Family::V4 { 32 - prefix } else { 128 - prefix };
    if hosts == 0 { number } else { number >> hosts << hosts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::range::AddressRange;

    fn of(seen: &[&str], forbidden: &[&str]) -> Vec<String> {
        let number =
            |text: &&str| AddressRange::parse(text).map(|range| (range.family, range.first)).unwrap();
        let seen: Vec<SeenAddress> =
            seen.iter().map(number).map(|(family, number)| (family, number, 2)).collect();
        let forbidden: Vec<_> = forbidden.iter().map(number).collect();
        networks(&seen, &forbidden).into_iter().map(|network| network.text).collect()
    }

    #[test]
    fn few_addresses_stay_and_many_near_each_other_are_a_network() {
        assert_eq!(of(&["10.20.3.4", "10.99.3.4"], &[]), ["10.20.3.4", "10.99.3.4"]);
        assert_eq!(of(&["10.20.3.1", "10.20.3.5", "10.20.3.6"], &[]), ["10.20.3.0/29"]);
        assert_eq!(of(&["10.20.3.1", "10.20.3.100", "10.20.3.200"], &[]).len(), 3, "64 unseen for one seen");
        assert_eq!(of(&["10.20.3.1", "10.20.3.90", "10.20.3.100", "10.20.3.200"], &[]), ["10.20.3.0/24"]);
        assert_eq!(of(&["2001:db8::1", "2001:db8::ffff:1", "2001:db8::a:0:0:1"], &[]), ["2001:db8::/64"]);
    }

    #[test]
    fn a_network_takes_in_nothing_that_is_forbidden() {
        let seen = ["10.20.3.1", "10.20.3.5", "10.20.3.6"];
        assert_eq!(of(&seen, &["10.20.3.3"]), seen);
        assert_eq!(of(&seen, &["10.20.3.8"]), ["10.20.3.0/29"]);
    }

    #[test]
    fn an_address_of_one_row_stands_for_nothing() {
        let seen: Vec<SeenAddress> = vec![(Family::V4, 7, 1)];
        assert!(networks(&seen, &[]).is_empty());
    }
}
