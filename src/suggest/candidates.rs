//! Exclusions that could be suggested.
//!
//! In: a [`Sample`] and the families in it. Out: for each family the [`Candidate`] in which every stable field is a
//! condition, if it keeps every row that must stay and does not rest on what an intruder chooses; otherwise the [`Why`] not.

use super::Options;
use super::families::Family;
use super::parts::several_products;
use super::roles::{Role, is_chosen, order};
use super::sample::{Combination, EMPTY, Label, MISSING, Sample};
use super::wants::{Count, MOST_LOST, Want, Wants};
use crate::probe::Moves;
use hashbrown::HashMap;
use std::cell::RefCell;
use std::rc::Rc;

/// A malicious row should be so far from an exclusion that the moves into it cost at least this: more than one choice of the
/// intruder's.
const APART: u32 = 2;
/// Shares of a family's rows that may have other values than a condition wants. The strictest is tried first.
const LOSSES: [f64; 3] = [0.005, 0.05, MOST_LOST];
/// The least share of a family that has to be left when values are taken out that malicious rows have.
const LEFT: f64 = 0.5;
/// The same where the condition has to be one on addresses, accounts or hashes: what is no habit of the family is an accident.
const LEFT_OF_HABIT: f64 = 0.95;

/// An exclusion that could be suggested.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) wants: Vec<Want>,
    /// Combinations with noise that it covers, ascending.
    pub(super) covers: Vec<usize>,
    pub(super) rows: u64,
    /// Rows that nobody labelled and that it covers.
    pub(super) unlabelled: u64,
    /// How general it is, in bits.
    pub(super) bits: f64,
}

/// Why nothing is suggested for a family.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Why {
    /// A row that must stay looks like one of it: the two combinations, and the fields in which they differ.
    LooksLike { benign: usize, other: usize, differ: Vec<usize> },
    /// What its rows have in common is an intruder's own choice.
    Chosen(Vec<usize>),
    /// They go to too many addresses to name, and no more than the program tells them: fields and how many values.
    Anywhere(Vec<(usize, usize)>),
    /// They are of several programs, which have nothing of their own in common.
    Several,
    /// It has too few rows.
    Few,
    /// Its rows have nothing in common.
    Nothing,
}

/// Makes candidates.
pub(super) struct Maker<'s> {
    pub(super) wants: Wants<'s>,
    pub(super) sample: &'s Sample,
    pub(super) min_rows: u64,
    /// Whether exclusions may say nothing of where rows go that say it.
    any_destination: bool,
    /// For each field and value the combinations that have it.
    having: Vec<Vec<Vec<u32>>>,
    /// Combinations that must stay.
    stay: Vec<usize>,
    scratch: RefCell<Vec<Vec<Count>>>,
}

impl<'s> Maker<'s> {
    pub(super) fn new(sample: &'s Sample, moves: &'s Moves, options: &Options) -> Self {
        let mut having: Vec<Vec<Vec<u32>>> =
            sample.fields.iter().map(|field| vec![Vec::new(); field.values.len()]).collect();
        let mut stay = Vec::new();
        for (place, (values, each)) in sample.combinations.iter().enumerate() {
            for (field, value) in values.iter().enumerate() {
                having[field][*value as usize].push(u32::try_from(place).unwrap_or(u32::MAX));
            }
            if each.must_stay() {
                stay.push(place);
            }
        }
        let scratch = RefCell::new(vec![Vec::new(); sample.fields.len()]);
        let (min_rows, any_destination) = (options.min_rows.max(2), options.any_destination);
        Self { wants: Wants::new(sample, moves), sample, min_rows, any_destination, having, stay, scratch }
    }

    /// The candidates of a family, or why there is none.
    pub(super) fn of(&self, family: &Family) -> Result<Vec<Candidate>, Why> {
        if family.rows < self.min_rows {
            return Err(Why::Few);
        }
        let counts: Vec<Vec<Count>> =
            (0..self.sample.fields.len()).map(|field| self.counts(&family.members, field)).collect();
        let all = self.wanted(&counts, family.rows);
        let (mut found, mut why, mut before): (Vec<Candidate>, _, _) = (Vec::new(), None, usize::MAX);
        for loss in LOSSES {
            let is_stable =
                |(_, rows): &&(Want, u64)| (family.rows - rows) as f64 <= loss * family.rows as f64;
            let wants: Vec<Want> = all.iter().filter(is_stable).map(|(want, _)| want.clone()).collect();
            if std::mem::replace(&mut before, wants.len()) == wants.len() {
                continue;
            }
            match self.apart(wants, family, &counts) {
                Ok(candidate) if found.iter().any(|known| known.key() == candidate.key()) => {}
                Ok(candidate) => found.push(candidate),
                Err(cause) => drop(why.get_or_insert(cause)),
            }
        }
        if found.is_empty() { Err(why.unwrap_or(Why::Nothing)) } else { Ok(found) }
    }

    /// A condition for each field of a family in which there can be one, and how many of its rows meet it.
    fn wanted(&self, counts: &[Vec<Count>], rows: u64) -> Vec<(Want, u64)> {
        let wants = counts.iter().enumerate().filter_map(|(field, counts)| {
            let (want, rows) = self.wants.want(field, counts, rows)?;
            let is_how = self.sample.fields[field].role == Role::How;
            (!is_how || self.narrows(&want)).then_some((want, rows))
        });
        wants.collect()
    }

    /// How often a family has each value of a field; what is absent is no value.
    pub(super) fn counts(&self, members: &[usize], field: usize) -> Vec<Count> {
        let mut all = self.scratch.borrow_mut();
        let known = &mut all[field];
        known.resize(self.sample.fields[field].values.len(), Count { value: 0, rows: 0, devices: 0 });
        let mut touched: Vec<u32> = Vec::new();
        let who = self.sample.fields[field].role == Role::Who;
        let mut devices: HashMap<u32, Vec<u32>> = HashMap::new();
        for place in members {
            let (values, each) = self.sample.at(*place);
            let value = values[field];
            let count = &mut known[value as usize];
            if count.rows == 0 {
                touched.push(value);
            }
            count.rows += each.benign;
            if who {
                let of = devices.entry(value).or_default();
                for device in &each.devices {
                    if !of.contains(device) && of.len() < 8 {
                        of.push(*device);
                    }
                }
            }
        }
        touched.sort_unstable();
        let counts = touched.iter().map(|value| {
            let rows = std::mem::take(&mut known[*value as usize].rows);
            Count { value: *value, rows, devices: devices.get(value).map_or(0, Vec::len) }
        });
        counts.filter(|count| count.value > MISSING).collect()
    }

    /// Whether some row of the sample does not meet a condition.
    fn narrows(&self, want: &Want) -> bool {
        let having = &self.having[want.field];
        having.iter().enumerate().any(|(value, places)| !places.is_empty() && !want.met.has(value))
    }

    /// The candidate of these conditions, with more or narrower ones if rows that must stay demand it.
    fn apart(&self, mut wants: Vec<Want>, family: &Family, known: &[Vec<Count>]) -> Result<Candidate, Why> {
        for _ in 0..3 {
            let Some(near) = self.nearest(&wants, 1) else { break };
            wants =
                self.further(&wants, near, 1, family, known).ok_or_else(|| self.looks_like(near, family))?;
        }
        if let Some(near) = self.nearest(&wants, 1) {
            return Err(self.looks_like(near, family));
        }
        // What an intruder chooses tells them apart; something dearer may do it as well.
        if let Some(better) =
            self.nearest(&wants, APART).and_then(|near| self.further(&wants, near, APART, family, known))
        {
            wants = better;
        }
        let fields: Vec<usize> = wants.iter().map(|want| want.field).collect();
        let chosen = fields.iter().all(|field| is_chosen(&self.sample.fields[*field].field));
        if wants.len() < 2 || chosen {
            return Err(if fields.is_empty() { Why::Nothing } else { Why::Chosen(fields) });
        }
        if several_products(&wants) {
            return Err(Why::Several);
        }
        wants.sort_by_key(|want| (order(self.sample.fields[want.field].role), want.field));
        let candidate = self.judged(wants);
        if candidate.rows < self.min_rows {
            return Err(Why::Few);
        }
        match self.goes_anywhere(&candidate.wants, &candidate.covers) {
            Some(fields) if !self.any_destination => Err(Why::Anywhere(fields)),
            _ => Ok(candidate),
        }
    }

    /// What keeps a row that does not meet a condition: the cost of it, and nothing if a port or a protocol is all.
    fn keeps(&self, want: &Want) -> u32 {
        let is_how = self.sample.fields[want.field].role == Role::How;
        if is_how || self.is_port(want.field) { 0 } else { want.cost.max(1) }
    }

    /// How far a row is from meeting all conditions.
    fn distance(&self, wants: &[Want], place: usize) -> u32 {
        let values = self.sample.at(place).0;
        let unmet = wants.iter().filter(|want| !may_meet(want, values));
        unmet.map(|want| self.keeps(want)).sum()
    }

    /// The combination that must stay and that is nearer to these conditions than it may be.
    fn nearest(&self, wants: &[Want], least: u32) -> Option<usize> {
        let too_near = |place: &usize| {
            let (values, each) = self.sample.at(*place);
            let covered = || wants.iter().all(|want| may_meet(want, values));
            if each.malicious > 0 { self.distance(wants, *place) < least } else { covered() }
        };
        self.stay.iter().copied().filter(too_near).min_by_key(|place| (self.distance(wants, *place), *place))
    }

    /// A malicious row that only an intruder's own choice keeps out of a candidate.
    pub(super) fn too_near(&self, candidate: &Candidate) -> Option<usize> {
        self.nearest(&candidate.wants, APART)
    }

    /// The malicious rows that nothing but a hash keeps out of a candidate.
    pub(super) fn kept_by_a_hash<'m>(&'m self, candidate: &'m Candidate) -> impl Iterator<Item = usize> + 'm {
        let by_hash = |place: &usize| {
            let (values, each) = self.sample.at(*place);
            let mut unmet = candidate.wants.iter().filter(|want| !may_meet(want, values));
            each.malicious > 0 && unmet.all(|want| want.is_hash)
        };
        self.stay.iter().copied().filter(by_hash)
    }

    /// These conditions with one more, or one narrower, so that a row that must stay is further away. A dear one comes before
    /// one that an intruder chooses; then the one that loses least.
    fn further(
        &self,
        wants: &[Want],
        near: usize,
        least: u32,
        family: &Family,
        all: &[Vec<Count>],
    ) -> Option<Vec<Want>> {
        let values = self.sample.at(near).0;
        let mut best: Option<((bool, bool, f64), Vec<Want>)> = None;
        for (field, known) in self.sample.fields.iter().enumerate() {
            // A hash holds until the next version, so it is for rows that nothing else tells apart.
            let is_hash = known.role == Role::Hash;
            if values[field] == MISSING || is_hash && (least > 1 || values[field] == EMPTY) {
                continue;
            }
            let mut counts = all[field].clone();
            counts
                .retain(|count| count.value != values[field] && !self.also_stays(field, count.value, wants));
            let Some(want) = self.wants.exactly(field, &counts).filter(|want| self.keeps(want) >= least)
            else {
                continue;
            };
            let habit = matches!(known.role, Role::Where | Role::Who | Role::Domain | Role::Hash);
            let met = |count: &&Count| want.met.has(count.value as usize);
            let left =
                counts.iter().filter(met).map(|count| count.rows).sum::<u64>() as f64 / family.rows as f64;
            let lasts = known.role != Role::Hash;
            let value = (lasts, want.cost >= APART, left + f64::from(want.cost) / 1_000.0);
            let mut more: Vec<Want> = wants.iter().filter(|known| known.field != field).cloned().collect();
            more.push(want);
            let enough = left >= if habit || least > 1 { LEFT_OF_HABIT } else { LEFT };
            if enough
                && best.as_ref().is_none_or(|(most, _)| value > *most)
                && self.distance(&more, near) >= least
            {
                best = Some((value, more));
            }
        }
        best.map(|(_, wants)| wants)
    }

    /// Whether a value belongs to a row that must stay and that the other conditions do not keep.
    fn also_stays(&self, field: usize, value: u32, wants: &[Want]) -> bool {
        self.having[field][value as usize].iter().any(|place| {
            let (values, each) = self.sample.at(*place as usize);
            each.must_stay() && wants.iter().all(|want| want.field == field || may_meet(want, values))
        })
    }

    /// The nearest two rows, of which one is noise and one must stay.
    fn looks_like(&self, other: usize, family: &Family) -> Why {
        let values = self.sample.at(other).0;
        let differ = |place: &usize| -> Vec<usize> {
            let mine = self.sample.at(*place).0;
            (0..mine.len())
                .filter(|field| values[*field] != MISSING && mine[*field] != values[*field])
                .collect()
        };
        let benign =
            family.members.iter().copied().min_by_key(|place| (differ(place).len(), *place)).unwrap_or(0);
        Why::LooksLike { benign, other, differ: differ(&benign) }
    }

    /// What conditions cover, and how general they are.
    fn judged(&self, wants: Vec<Want>) -> Candidate {
        let rows_of = |want: &Want| -> usize {
            want.met.iter().map(|value| self.having[want.field][value].len()).sum()
        };
        let first = wants.iter().min_by_key(|want| rows_of(want));
        let mut found: Vec<usize> = Vec::new();
        if let Some(first) = first {
            for place in first.met.iter().flat_map(|value| &self.having[first.field][value]) {
                let values = self.sample.at(*place as usize).0;
                if wants.iter().all(|want| want.met.has(values[want.field] as usize)) {
                    found.push(*place as usize);
                }
            }
        }
        found.sort_unstable();
        let count =
            |label: Label| found.iter().map(|place| self.sample.at(*place).1.rows(label)).sum::<u64>();
        let (rows, unlabelled) = (count(Label::Benign), count(Label::Unlabelled));
        let is_noise = |place: &usize| self.sample.at(*place).1.benign > 0;
        let covers: Vec<usize> = found.iter().copied().filter(is_noise).collect();
        let bits = self.generality(&wants, &covers, rows);
        Candidate { wants, covers, rows, unlabelled, bits }
    }
}

impl Candidate {
    /// What it wants, so that equal candidates are one.
    pub(super) fn key(&self) -> Vec<(usize, &[String])> {
        self.wants.iter().map(|want| (want.field, want.texts.as_slice())).collect()
    }

    /// Whether it holds no longer than one version of a file.
    pub(super) fn has_hash(&self) -> bool {
        self.wants.iter().any(|want| want.is_hash)
    }

    /// Whether it covers rows with these values.
    pub(super) fn is_met(&self, values: &[u32]) -> bool {
        self.wants.iter().all(|want| want.met.has(values[want.field] as usize))
    }

    /// The conditions that rows with these values do not meet.
    pub(super) fn unmet<'c>(
        &'c self,
        values: &'c [u32],
    ) -> impl Iterator<Item = &'c Rc<crate::exclusions::model::Condition>> {
        self.wants
            .iter()
            .filter(|want| !want.met.has(values[want.field] as usize))
            .map(|want| &want.condition)
    }
}

/// Whether a row that must stay may meet a condition. A cell that it does not have may hold anything, so nothing rests on it;
/// every file has a hash, so an empty one is not known either.
fn may_meet(want: &Want, values: &[u32]) -> bool {
    let value = values[want.field];
    value == MISSING || want.is_hash && value == EMPTY || want.met.has(value as usize)
}

/// Rows that must stay, of a combination.
pub(super) fn first_that_stays(each: &Combination) -> Label {
    if each.malicious > 0 { Label::Malicious } else { Label::Unsure }
}
