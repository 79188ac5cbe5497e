//! Which conditions a value meets, without asking each of them.
//!
//! In: the conditions on one field. Out: for a value, the conditions that it meets. Whole texts are
//! found by one look into a table, addresses by one look for each length of network that occurs,
//! wildcards and regular expressions by sets that are searched together.

use super::predicate::{Seen, glob};
use crate::exclusions::model::{AddressRange, Condition, Family, NumberRange, Operator, Test, TextValue};
use globset::{GlobSet, GlobSetBuilder};
use hashbrown::HashMap;
use ipnet::{Ipv4Subnets, Ipv6Subnets};
use regex::{RegexSet, RegexSetBuilder};
use smallvec::SmallVec;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The number of a condition in the matcher.
pub(super) type ConditionId = u32;

/// Most conditions have their key for themselves.
type Ids = SmallVec<[ConditionId; 2]>;

/// More patterns than this in one set make one automaton too large.
const SET_SIZE: usize = 256;

/// The conditions on one field.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the text in ASCII lower case.
    texts: HashMap<Box<str>, Ids>,
    /// By the text as it is.
    cased: HashMap<Box<str>, Ids>,
    /// By network: length and masked number.
    networks: HashMap<(u8, u32), Ids>,
    wide_networks: HashMap<(u8, u128), Ids>,
    /// The lengths that occur.
    lengths: [Vec<u8>; 2],
    /// The /16 networks of IPv4 of which some address may meet a condition, one bit each; empty if there are none. Most
    /// addresses of most rows need no other look.
    near: Vec<u64>,
    numbers: Vec<(NumberRange, ConditionId)>,
    globs: Vec<(GlobSet, Vec<ConditionId>)>,
    regexes: Vec<(RegexSet, Vec<ConditionId>)>,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    lower: String,
    places: Vec<usize>,
}

/// Whether a condition can be found by looking, so that entries may wait behind it at no cost.
pub(super) fn is_indexable(condition: &Condition) -> bool {
    match &condition.test {
        Test::Text(values) => values.iter().all(|value| value.whole().is_some()),
        Test::Address(_) => true,
        Test::Number(ranges) => ranges.len() <= 8,
    }
}

impl Index {
    /// An index of these conditions.
    pub(super) fn new<'c>(conditions: impl Iterator<Item = (ConditionId, &'c Condition)>) -> Self {
        let mut index = Self::default();
        let mut globs = Vec::new();
        let mut regexes = Vec::new();
        for (id, condition) in conditions {
            match &condition.test {
                Test::Text(values) => {
                    for value in values {
                        index.add_text(id, value, &mut globs, &mut regexes);
                    }
                }
                Test::Address(ranges) => ranges.iter().for_each(|range| index.add_range(id, range)),
                Test::Number(ranges) => index.numbers.extend(ranges.iter().map(|range| (*range, id))),
            }
        }
        index.globs = globs.chunks(SET_SIZE).map(glob_set).collect();
        index.regexes = regexes.chunks(SET_SIZE).map(regex_set).collect();
        index
    }

    fn add_text<'c>(
        &mut self,
        id: ConditionId,
        value: &'c TextValue,
        globs: &mut Vec<(ConditionId, &'c TextValue)>,
        regexes: &mut Vec<(ConditionId, &'c str)>,
    ) {
        match value.whole() {
            Some(whole) if value.cased => self.cased.entry(whole.into()).or_default().push(id),
            Some(whole) => {
                let lower = whole.to_ascii_lowercase().into_boxed_str();
                self.texts.entry(lower).or_default().push(id);
            }
            None if value.operator == Operator::Re => regexes.push((id, &value.text)),
            None => globs.push((id, value)),
        }
    }

    fn add_range(&mut self, id: ConditionId, range: &AddressRange) {
        let Self { networks, wide_networks, lengths, near, .. } = self;
        for (length, number) in subnets(range) {
            let ids = match narrow(range.family, number) {
                Some(number) => networks.entry((length, number)).or_default(),
                None => wide_networks.entry((length, number)).or_default(),
            };
            if range.family == Family::V4 {
                let first = usize::try_from(number >> 16).unwrap_or(0);
                near.resize(1 << 10, 0);
                let blocks = 1_usize << 16_u8.saturating_sub(length);
                (first..first + blocks).for_each(|block| near[block / 64] |= 1 << (block % 64));
            }
            // Two ranges of one condition may share a network.
            if ids.last() != Some(&id) {
                ids.push(id);
            }
            let lengths = &mut lengths[range.family as usize];
            if !lengths.contains(&length) {
                lengths.push(length);
            }
        }
    }

    /// Calls `met` with every condition that the value meets, perhaps more than once.
    pub(super) fn find(&self, seen: Seen<'_>, buffers: &mut Buffers, mut met: impl FnMut(ConditionId)) {
        match seen {
            Seen::Text(text) => self.find_text(text, buffers, met),
            Seen::Address(family, number) => {
                if family == Family::V4 && !self.is_near(number) {
                    return;
                }
                for &length in &self.lengths[family as usize] {
                    let number = masked(family, length, number);
                    let ids = match narrow(family, number) {
                        Some(number) => self.networks.get(&(length, number)),
                        None => self.wide_networks.get(&(length, number)),
                    };
                    ids.into_iter().flatten().copied().for_each(&mut met);
                }
            }
            Seen::Number(number) => {
                for (range, id) in &self.numbers {
                    if range.contains(number) {
                        met(*id);
                    }
                }
            }
        }
    }

    #[inline]
    fn is_near(&self, number: u128) -> bool {
        let block = usize::try_from(number >> 16).unwrap_or(usize::MAX);
        self.near.get(block / 64).is_some_and(|bits| bits >> (block % 64) & 1 == 1)
    }

    fn find_text(&self, text: &str, buffers: &mut Buffers, mut met: impl FnMut(ConditionId)) {
        if !self.texts.is_empty() {
            buffers.lower.clear();
            buffers.lower.push_str(text);
            buffers.lower.make_ascii_lowercase();
            let found = self.texts.get(buffers.lower.as_str());
            found.into_iter().flatten().copied().for_each(&mut met);
        }
        if !self.cased.is_empty() {
            self.cased.get(text).into_iter().flatten().copied().for_each(&mut met);
        }
        for (set, ids) in &self.globs {
            set.matches_into(text, &mut buffers.places);
            buffers.places.iter().for_each(|&place| met(ids[place]));
        }
        for (set, ids) in &self.regexes {
            set.matches(text).into_iter().for_each(|place| met(ids[place]));
        }
    }
}

fn glob_set(values: &[(ConditionId, &TextValue)]) -> (GlobSet, Vec<ConditionId>) {
    let mut builder = GlobSetBuilder::new();
    let mut ids = Vec::with_capacity(values.len());
    for (id, value) in values {
        if let Some(glob) = glob(value) {
            builder.add(glob);
            ids.push(*id);
        }
    }
    // A set that cannot be built matches nothing: rows are kept.
    (builder.build().unwrap_or_default(), ids)
}

fn regex_set(values: &[(ConditionId, &str)]) -> (RegexSet, Vec<ConditionId>) {
    let texts = values.iter().map(|(_, text)| text);
    let set = RegexSetBuilder::new(texts).size_limit(256 << 20).build();
    (set.unwrap_or_else(|_| RegexSet::empty()), values.iter().map(|(id, _)| *id).collect())
}

/// The number of an IPv4 address.
fn narrow(family: Family, number: u128) -> Option<u32> {
    match family {
        Family::V4 => u32::try_from(number).ok(),
        Family::V6 => None,
    }
}

fn masked(family: Family, length: u8, number: u128) -> u128 {
    let width = match family {
        Family::V4 => 32,
        Family::V6 => 128,
    };
    let host = u32::from(width - length);
    number.checked_shr(host).map_or(0, |n| n << host)
}

fn subnets(range: &AddressRange) -> Vec<(u8, u128)> {
    match range.family {
        Family::V4 => {
            let end = |number: u128| Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX));
            Ipv4Subnets::new(end(range.first), end(range.last), 0)
                .map(|net| (net.prefix_len(), u32::from(net.network()).into()))
                .collect()
        }
        Family::V6 => Ipv6Subnets::new(Ipv6Addr::from(range.first), Ipv6Addr::from(range.last), 0)
            .map(|net| (net.prefix_len(), net.network().into()))
            .collect(),
    }
}
