//! Says of a list that is loaded where a network covers more than it seems to.
//!
//! In: exclusions. Out: lines for a person on standard error. `quell lint` has a finding for it.

use super::tell;
use quell::exclusions::model::{Exclusion, Family, Test};
use quell::report::number;

/// Networks that are named; the others are counted.
const NAMED: usize = 3;

/// Says of each network that it is the whole network, if the address of a host stands in front of its prefix.
pub(super) fn say_host_bits(exclusions: &[Exclusion]) {
    let found = exclusions.iter().flat_map(|exclusion| {
        let conditions = exclusion.entries.iter().flat_map(|entry| &entry.conditions);
        let ranges = conditions.flat_map(|condition| match &condition.test {
            Test::Address(ranges) => ranges.as_slice(),
            Test::Text(_) | Test::Number(_) => &[],
        });
        ranges.filter_map(move |range| Some((exclusion, range, range.host_before_prefix()?)))
    });
    let mut more = 0;
    for (place, (exclusion, range, host)) in found.enumerate() {
        if place >= NAMED {
            more += 1;
            continue;
        }
        let (_, length) = range.text.split_once('/').unwrap_or_default();
        let addresses = match range.family {
            Family::V4 => format!(
                ", {} addresses",
                number(u64::try_from(range.last - range.first).unwrap_or(u64::MAX).saturating_add(1))
            ),
            Family::V6 => String::new(),
        };
        tell(&format!(
            "quell: {}:{}: {}: `{}` is the WHOLE NETWORK {}/{length}{addresses}; if one server is meant, write `{host}`\n",
            exclusion.origin.file,
            exclusion.origin.line,
            exclusion.id,
            range.text,
            range.first_address()
        ));
    }
    if more > 0 {
        tell(&format!("quell: {more} more networks like that; `quell lint` names all\n"));
    }
}
