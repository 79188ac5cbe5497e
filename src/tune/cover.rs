//! A smallest hitting set: the fewest exclusions so that each set has one of them.
//!
//! In: sets of exclusions, by number. Out: a [`Choice`], and whether it is proved that no smaller one exists. It knows
//! nothing of rows.
//!
//! Easy cases are reduced first: the only exclusion of a set is chosen; a set that contains another set is dropped; an
//! exclusion is dropped if another one is in all of its sets. The rest is split into components that share no exclusion.
//! A component of up to [`ALWAYS_PROVED`] exclusions is searched to the end, one of up to [`SEARCHED`] for [`MAX_STEPS`]
//! steps. For larger ones, and when the steps run out, a greedy choice is improved by exchanging two exclusions for one.

use std::collections::{BTreeMap, BTreeSet};

/// In a component of up to so many exclusions the choice is always proved to be a smallest one.
pub const ALWAYS_PROVED: usize = 24;
/// Larger components are not searched.
pub const SEARCHED: usize = 128;
/// Steps of one search beyond [`ALWAYS_PROVED`].
pub const MAX_STEPS: u64 = 1_000_000;
/// More sets or exclusions than this are not compared pair by pair.
const MAX_PAIRS: usize = 3_000;
/// In larger choices no exchange of two for one is tried.
const MAX_EXCHANGE: usize = 500;

type Set = BTreeSet<usize>;

/// Exclusions of which each set has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// By number.
    pub chosen: BTreeSet<usize>,
    /// Whether no smaller choice exists.
    pub proved: bool,
    /// The exclusions of the largest component, after the easy cases were reduced.
    pub largest_part: usize,
}

/// Chooses. No set may be empty. Among equally good exclusions the lower number is chosen.
pub fn smallest(sets: impl IntoIterator<Item = Set>) -> Choice {
    let mut choice = Choice { chosen: Set::new(), proved: true, largest_part: 0 };
    let sets = settled(sets.into_iter().collect(), &mut choice.chosen);
    for part in parts(sets) {
        let members: Set = part.iter().flatten().copied().collect();
        choice.largest_part = choice.largest_part.max(members.len());
        let greedy = exchanged(&part, greedy(&part));
        if members.len() > SEARCHED {
            choice.proved = false;
            choice.chosen.extend(greedy);
            continue;
        }
        let budget = if members.len() <= ALWAYS_PROVED { u64::MAX } else { MAX_STEPS };
        let (found, proved) = searched(&part, &members.into_iter().collect::<Vec<_>>(), &greedy, budget);
        choice.proved &= proved;
        choice.chosen.extend(found);
    }
    choice
}

/// Reduces easy cases until there are none; gives the sets that are left.
fn settled(mut sets: BTreeSet<Set>, chosen: &mut Set) -> BTreeSet<Set> {
    loop {
        let before = (sets.len(), sets.iter().map(Set::len).sum::<usize>());
        chosen.extend(sets.iter().filter(|set| set.len() == 1).flatten());
        sets.retain(|set| set.is_disjoint(chosen));
        if sets.len() <= MAX_PAIRS {
            sets = without_wider(sets);
        }
        sets = without_dominated(sets);
        if before == (sets.len(), sets.iter().map(Set::len).sum()) {
            return sets;
        }
    }
}

fn without_wider(sets: BTreeSet<Set>) -> BTreeSet<Set> {
    let mut by_size: Vec<Set> = sets.into_iter().collect();
    by_size.sort_by_key(Set::len);
    let mut least: Vec<Set> = Vec::new();
    for set in by_size {
        if !least.iter().any(|narrow| narrow.is_subset(&set)) {
            least.push(set);
        }
    }
    least.into_iter().collect()
}

/// Takes out exclusions if one other is in all of their sets.
fn without_dominated(sets: BTreeSet<Set>) -> BTreeSet<Set> {
    let mut met: BTreeMap<usize, Set> = BTreeMap::new();
    for (place, set) in sets.iter().enumerate() {
        for member in set {
            met.entry(*member).or_default().insert(place);
        }
    }
    if met.len() > MAX_PAIRS {
        return sets;
    }
    let all: Vec<&Set> = sets.iter().collect();
    let dominated = |member: usize, mine: &Set| {
        // Whoever dominates it is in each of its sets, so also in the smallest.
        let smallest = mine.iter().map(|place| all[*place]).min_by_key(|set| set.len());
        smallest.into_iter().flatten().any(|other| {
            let theirs = &met[other];
            *other != member && mine.is_subset(theirs) && (theirs.len() > mine.len() || *other < member)
        })
    };
    let gone: Set = met.iter().filter(|(member, mine)| dominated(**member, mine)).map(|(m, _)| *m).collect();
    sets.into_iter().map(|set| &set - &gone).collect()
}

/// The components: groups of sets that share no exclusion with the others.
fn parts(sets: BTreeSet<Set>) -> Vec<Vec<Set>> {
    let mut parts: Vec<(Set, Vec<Set>)> = Vec::new();
    for set in sets {
        let (mut members, mut joined) = (set.clone(), vec![set]);
        parts.retain_mut(|(known, of_it)| {
            let apart = known.is_disjoint(&members);
            if !apart {
                members.append(known);
                joined.append(of_it);
            }
            apart
        });
        parts.push((members, joined));
    }
    parts.into_iter().map(|(_, sets)| sets).collect()
}

/// Takes the exclusion that is in most of the remaining sets until none remains.
fn greedy(sets: &[Set]) -> Set {
    let mut left: Vec<&Set> = sets.iter().collect();
    let mut chosen = Set::new();
    while !left.is_empty() {
        let mut met: BTreeMap<usize, usize> = BTreeMap::new();
        for member in left.iter().copied().flatten() {
            *met.entry(*member).or_default() += 1;
        }
        let best = met.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((best, _)) = best else { break };
        chosen.insert(best);
        left.retain(|set| !set.contains(&best));
    }
    chosen
}

/// Drops what is not needed, and exchanges two exclusions for one as long as that works.
fn exchanged(sets: &[Set], mut chosen: Set) -> Set {
    loop {
        for one in chosen.clone().into_iter().rev() {
            let needed = sets.iter().any(|set| set.contains(&one) && set.intersection(&chosen).count() == 1);
            if !needed {
                chosen.remove(&one);
            }
        }
        if chosen.len() > MAX_EXCHANGE {
            return chosen;
        }
        let Some((a, b, one)) = one_for_two(sets, &chosen) else { return chosen };
        chosen.remove(&a);
        chosen.remove(&b);
        chosen.insert(one);
    }
}

/// Two chosen exclusions and one that is in every set which no other chosen exclusion is in. Each chosen one is needed.
fn one_for_two(sets: &[Set], chosen: &Set) -> Option<(usize, usize, usize)> {
    // For each one, and for each two, the exclusions common to all sets that only they are in.
    let mut of_one: BTreeMap<usize, Set> = BTreeMap::new();
    let mut of_two: BTreeMap<(usize, usize), Set> = BTreeMap::new();
    for set in sets {
        let meeting: Vec<usize> = set.intersection(chosen).copied().take(3).collect();
        match meeting[..] {
            [a] => {
                of_one.entry(a).and_modify(|common| *common = &*common & set).or_insert_with(|| set.clone())
            }
            [a, b] => of_two
                .entry((a, b))
                .and_modify(|common| *common = &*common & set)
                .or_insert_with(|| set.clone()),
            _ => continue,
        };
    }
    let all: Vec<(&usize, &Set)> = of_one.iter().collect();
    let pairs = all.iter().enumerate().flat_map(|(at, a)| all[at + 1..].iter().map(move |b| (*a, *b)));
    for ((a, common), (b, of_b)) in pairs {
        let both = of_two.get(&(*a, *b));
        let one = common.intersection(of_b).find(|one| both.is_none_or(|both| both.contains(one)));
        if let Some(one) = one {
            return Some((*a, *b, *one));
        }
    }
    None
}

/// Searches a component for a choice smaller than `best`; gives the smallest, and whether everything was searched.
fn searched(sets: &[Set], members: &[usize], best: &Set, budget: u64) -> (Set, bool) {
    let bit = |member: &usize| 1_u128 << members.binary_search(member).unwrap_or(0);
    let masks: Vec<u128> = sets.iter().map(|set| set.iter().map(bit).sum()).collect();
    let best: u128 = best.iter().map(bit).sum();
    let mut search = CoverSearch { best, steps: 0, budget };
    search.branch(&masks, 0);
    let chosen = members.iter().enumerate().filter(|(place, _)| search.best >> place & 1 == 1);
    (chosen.map(|(_, member)| *member).collect(), search.steps < search.budget)
}

struct CoverSearch {
    best: u128,
    steps: u64,
    budget: u64,
}

impl CoverSearch {
    /// Extends a choice to the remaining sets in every way that could beat the best.
    fn branch(&mut self, open: &[u128], chosen: u128) {
        if self.steps >= self.budget {
            return;
        }
        self.steps += 1;
        let Some(narrowest) = open.iter().copied().min_by_key(|set| set.count_ones()) else {
            if chosen.count_ones() < self.best.count_ones() {
                self.best = chosen;
            }
            return;
        };
        if chosen.count_ones() + apart(open) >= self.best.count_ones() {
            return;
        }
        let mut forbidden = 0;
        let mut members: Vec<u128> =
            (0..128).map(|place| 1 << place).filter(|bit| narrowest & bit != 0).collect();
        members.sort_by_key(|bit| std::cmp::Reverse(open.iter().filter(|set| *set & bit != 0).count()));
        for bit in members {
            let rest: Vec<u128> =
                open.iter().filter(|set| *set & bit == 0).map(|set| set & !forbidden).collect();
            if !rest.contains(&0) {
                self.branch(&rest, chosen | bit);
            }
            // Choices with this one have all been seen.
            forbidden |= bit;
        }
    }
}

/// A lower bound: sets without a common member need an exclusion each.
fn apart(sets: &[u128]) -> u32 {
    let mut order: Vec<u128> = sets.to_vec();
    order.sort_unstable_by_key(|set| set.count_ones());
    let (mut used, mut count) = (0, 0);
    for set in order {
        if set & used == 0 {
            used |= set;
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The least number of members that meet every set, by trying all.
    fn least(sets: &[Set], most: usize) -> u32 {
        let masks: Vec<u32> = sets.iter().map(|set| set.iter().map(|member| 1 << member).sum()).collect();
        let all = 0..1_u32 << most;
        all.filter(|choice| masks.iter().all(|mask| mask & choice != 0)).map(u32::count_ones).min().unwrap()
    }

    proptest! {
        #[test]
        fn it_is_as_small_as_by_trying_all(
            sets in prop::collection::vec(prop::collection::btree_set(0..12_usize, 1..5), 0..25),
        ) {
            let choice = smallest(sets.clone());
            prop_assert!(choice.proved);
            prop_assert!(sets.iter().all(|set| !set.is_disjoint(&choice.chosen)));
            prop_assert_eq!(u32::try_from(choice.chosen.len()).unwrap(), least(&sets, 12));
        }

    }

    proptest! {
        // Parts that are searched until the steps are used up.
        #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

        #[test]
        fn beyond_what_is_searched_it_still_meets_every_set(
            sets in prop::collection::vec(prop::collection::btree_set(0..200_usize, 2..4), 150..400),
        ) {
            let choice = smallest(sets.clone());
            prop_assert!(sets.iter().all(|set| !set.is_disjoint(&choice.chosen)));
            let spare = choice.chosen.iter().any(|one| {
                sets.iter().all(|set| !set.contains(one) || set.intersection(&choice.chosen).count() > 1)
            });
            prop_assert!(!spare, "nothing can be left out");
        }
    }

    #[test]
    fn parts_of_the_named_size_come_to_an_end() {
        // Triples of 24 in a ring, the kind on which nothing is settled beforehand.
        let sets: Vec<Set> = (0..24)
            .flat_map(|at| {
                [[at, at + 1, at + 5], [at, at + 7, at + 11], [at, at + 3, at + 13]]
                    .map(|triple| triple.iter().map(|member| member % 24).collect())
            })
            .collect();
        let choice = smallest(sets.clone());
        assert!(choice.proved && choice.largest_part == 24);
        assert!(sets.iter().all(|set| !set.is_disjoint(&choice.chosen)));
    }
}
