//! Addresses: placeholders of documents, and networks that hold too much.

use super::{Context, Finding, Level, Lint, Needs};
use crate::exclusions::edit::ExclusionPart;
use crate::exclusions::model::{AddressRange, Family, Test};

/// An address that stands for one of the reader's own.
pub(super) const PLACEHOLDER_ADDRESS: Lint = Lint {
    code: "placeholder-address",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "the address is a placeholder of the documents, or reserved for documentation",
    why: "where nobody has that address the condition is dead; where somebody has it, it is not the server that was meant",
    fix: "write the address of your own server",
    check: placeholder_address,
};

/// Placeholder networks and what each is. RFC 5737 and RFC 3849 reserve some of them for documentation.
const PLACEHOLDERS: [(&str, &str); 5] = [
    ("10.10.10.0/24", "a placeholder of the documented scenarios for a server of your own"),
    ("192.0.2.0/24", "reserved for documentation by RFC 5737"),
    ("198.51.100.0/24", "reserved for documentation by RFC 5737"),
    ("203.0.113.0/24", "reserved for documentation by RFC 5737"),
    ("2001:db8::/32", "reserved for documentation by RFC 3849"),
];

fn placeholder_address(context: &Context<'_>, found: &mut Vec<Finding>) {
    let known: Vec<(AddressRange, &str)> = PLACEHOLDERS
        .iter()
        .filter_map(|(text, what)| AddressRange::parse(text).ok().map(|range| (range, *what)))
        .collect();
    each_range(context, |at, range| {
        // An example is never live, and best is an address that nobody has.
        if context.exclusions[at.0].examples.contains(&range.text) {
            return;
        }
        let within = |(network, _): &&(AddressRange, &str)| {
            network.contains(range.family, range.first) && network.contains(range.family, range.last)
        };
        if let Some((_, what)) = known.iter().find(within) {
            let message = format!("`{}` is {what}", range.text);
            found.push(Finding::new(PLACEHOLDER_ADDRESS.code, at.0, at.1, message));
        }
    });
}

/// A network that is wider than the limit.
pub(super) const WIDE_NETWORK: Lint = Lint {
    code: "wide-network",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the network is wider than the limit (settings `widest-ipv4`, `widest-ipv6`)",
    why: "the wider the network, the more machines an intruder can reach in it without being seen",
    fix: "name the servers or the network that they stand in",
    check: wide_network,
};

fn wide_network(context: &Context<'_>, found: &mut Vec<Finding>) {
    each_range(context, |at, range| {
        let (bits, widest) = match range.family {
            Family::V4 => (32, context.settings.widest_ipv4),
            Family::V6 => (128, context.settings.widest_ipv6),
        };
        let most = 1_u128.checked_shl(bits - widest).unwrap_or(u128::MAX);
        // A network of all addresses is reported by the lint for values that match everything.
        let everything = u128::MAX >> (128 - bits);
        let more = range.last - range.first;
        if more >= most && more < everything {
            let message = format!("`{}` is wider than a /{widest}", range.text);
            found.push(Finding::new(WIDE_NETWORK.code, at.0, at.1, message));
        }
    });
}

fn each_range(context: &Context<'_>, mut look: impl FnMut((usize, ExclusionPart), &AddressRange)) {
    for (at, place, condition) in context.conditions() {
        if let Test::Address(ranges) = &condition.test {
            for (value, range) in ranges.iter().enumerate() {
                look((at.exclusion, at.value(place, value)), range);
            }
        }
    }
}
