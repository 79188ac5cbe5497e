//! Conditions that the rows of a family meet.
//!
//! In: a field and the values that the rows of a family have in it. Out: the narrowest [`Want`] that nearly all of them meet,
//! or nothing if the field is not stable in them. No value is wanted that was seen in one row alone, and no text that would
//! be met by others than the one that was seen.

use super::bits::Bits;
use super::networks::{Network, SeenAddress, networks};
use super::roles::Role;
use super::sample::{Sample, Value};
use super::shape::{FEWEST, patterns};
use crate::exclusions::model::{Condition, Operator, Test, TextValue};
use crate::fields::Kind;
use crate::judge::{Predicate, Seen};
use crate::probe::Moves;
use crate::range::{AddressRange, Family, NumberRange};
use hashbrown::{HashMap, HashSet};
use std::cell::RefCell;
use std::rc::Rc;

/// The share of a family's rows that may have other values than a condition wants, and the share from which on a wider
/// condition is looked for.
pub(super) const MOST_LOST: f64 = 0.2;
const FEW_LOST: f64 = 0.01;
/// Values of a condition, at most.
const NAMES: usize = 8;
/// As many as the addresses of the root servers of DNS, of both families, and some of one's own.
const ADDRESSES: usize = 32;
const PATHS: usize = 6;
/// The same file on several drives is one path of these; so many drives of all.
const ON_DRIVES: usize = 32;
const ACCOUNTS: usize = 4;

/// A value of a field in a family: rows, and whether enough devices have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    pub(super) value: u32,
    pub(super) rows: u64,
    pub(super) devices: usize,
}

/// A condition, and which of the sample's values meet it.
#[derive(Debug, Clone)]
pub(super) struct Want {
    /// The field, by its place in the sample.
    pub(super) field: usize,
    pub(super) condition: Rc<Condition>,
    /// The values as a list writes them.
    pub(super) texts: Vec<String>,
    pub(super) met: Rc<Bits>,
    /// Whether it wants a hash, which holds until the next version.
    pub(super) is_hash: bool,
    /// What an intruder pays for it.
    pub(super) cost: u32,
    /// How general it is, in bits.
    pub(super) bits: f64,
    /// What was seen, for a comment.
    pub(super) why: String,
}

/// Makes conditions for the fields of a sample.
pub(super) struct Wants<'s> {
    pub(super) sample: &'s Sample,
    moves: &'s Moves,
    /// Which values of a field meet a value of a condition.
    met: RefCell<HashMap<(usize, String), Rc<Bits>>>,
    /// Addresses of each field in order.
    addresses: Vec<Vec<(Family, u128, usize)>>,
    /// Addresses of rows that must stay, of each field.
    forbidden: Vec<Vec<(Family, u128)>>,
}

/// What a condition is made of before it is one.
struct Made {
    texts: Vec<String>,
    rows: u64,
    bits: f64,
    why: String,
}

impl<'s> Wants<'s> {
    pub(super) fn new(sample: &'s Sample, moves: &'s Moves) -> Self {
        let addresses = sample.fields.iter().map(|field| {
            let all = field.values.iter().enumerate();
            let mut all: Vec<_> = all
                .filter_map(|(at, value)| value.address.map(|(family, number)| (family, number, at)))
                .collect();
            all.sort_unstable();
            all
        });
        let forbidden = (0..sample.fields.len()).map(|field| {
            let stay = sample.combinations.iter().filter(|(_, each)| each.must_stay());
            stay.filter_map(|(values, _)| sample.fields[field].values[values[field] as usize].address)
                .collect()
        });
        Self {
            sample,
            moves,
            met: RefCell::default(),
            addresses: addresses.collect(),
            forbidden: forbidden.collect(),
        }
    }

    /// The condition that most rows of a family meet, and how many do.
    pub(super) fn want(&self, field: usize, counts: &[Count], total: u64) -> Option<(Want, u64)> {
        let known = &self.sample.fields[field];
        let made = match (known.role, known.field.kind()) {
            (Role::Hash | Role::Out(_), _) => return None,
            (Role::Where, Kind::Address) => self.addresses(field, counts, total),
            (Role::Where, _) => self.listed(field, counts, NAMES, "port"),
            (Role::Who, _) => self.accounts(field, counts),
            (Role::How, _) => self.one(field, counts, total),
            (Role::Domain, _) => self.domains(field, counts, total),
            (Role::What, _) => self.texts(field, counts),
        };
        let rows = made.rows;
        let enough = rows > 0 && (total - rows) as f64 <= MOST_LOST * total as f64;
        enough.then(|| (self.finished(field, made), rows))
    }

    /// The networks that hold most rows of a family, and how many they hold.
    pub(super) fn networks(&self, field: usize, counts: &[Count], total: u64) -> Option<(Want, u64)> {
        let strict = self.addresses_of(field, counts, &self.forbidden_to(field, counts));
        let made = if strict.rows > 0 { strict } else { self.addresses(field, counts, total) };
        let rows = made.rows;
        (rows > 0).then(|| (self.finished(field, made), rows))
    }

    /// The condition of just these values, without a network or a `*`.
    pub(super) fn exactly(&self, field: usize, counts: &[Count]) -> Option<Want> {
        let what = if self.sample.fields[field].role == Role::Hash { "hash" } else { "value" };
        let made = self.listed(field, counts, NAMES, what);
        (made.rows > 0).then(|| self.finished(field, made))
    }

    fn finished(&self, field: usize, made: Made) -> Want {
        let kind = self.sample.fields[field].field.kind();
        let test = match kind {
            Kind::Text => Test::Text(
                made.texts
                    .iter()
                    .map(|text| TextValue { text: text.clone(), operator: Operator::Is, cased: false })
                    .collect(),
            ),
            Kind::Address => {
                Test::Address(made.texts.iter().filter_map(|text| AddressRange::parse(text).ok()).collect())
            }
            Kind::Number => {
                Test::Number(made.texts.iter().filter_map(|text| NumberRange::parse(text).ok()).collect())
            }
        };
        let mut met = Bits::below(self.sample.fields[field].values.len());
        for text in &made.texts {
            self.met_by(field, text).iter().for_each(|at| met.add(at));
        }
        let condition = Condition { field: self.sample.fields[field].field.clone(), test };
        let cost = self.moves.cost(&condition);
        Want {
            field,
            condition: Rc::new(condition),
            texts: made.texts,
            met: Rc::new(met),
            is_hash: self.sample.fields[field].role == Role::Hash,
            cost,
            bits: made.bits,
            why: made.why,
        }
    }

    /// The values of a field that meet one value of a condition.
    pub(super) fn met_by(&self, field: usize, text: &str) -> Rc<Bits> {
        let key = (field, text.to_ascii_lowercase());
        if let Some(known) = self.met.borrow().get(&key) {
            return Rc::clone(known);
        }
        let known = &self.sample.fields[field];
        let mut met = Bits::below(known.values.len());
        match known.field.kind() {
            Kind::Address => {
                if let Ok(range) = AddressRange::parse(text) {
                    let all = &self.addresses[field];
                    let from = all.partition_point(|each| (each.0, each.1) < (range.family, range.first));
                    let within = all[from..].iter().take_while(|each| range.contains(each.0, each.1));
                    within.for_each(|each| met.add(each.2));
                }
            }
            Kind::Text if text.contains('*') => {
                let value = TextValue { text: text.to_owned(), operator: Operator::Is, cased: false };
                let predicate = Predicate::new(&Test::Text(vec![value]));
                let is_met =
                    |value: &Value| !value.text.is_empty() && predicate.is_met(Seen::Text(&value.text));
                known
                    .values
                    .iter()
                    .enumerate()
                    .filter(|(_, value)| is_met(value))
                    .for_each(|(at, _)| met.add(at));
            }
            _ => known.number_of(&key.1).into_iter().for_each(|at| met.add(at as usize)),
        }
        let met = Rc::new(met);
        self.met.borrow_mut().insert(key, Rc::clone(&met));
        met
    }

    /// Values that were seen more than once, those with most rows first.
    fn usable(&self, field: usize, counts: &[Count], enough: impl Fn(&Count) -> bool) -> Vec<Count> {
        let values = &self.sample.fields[field].values;
        let mut all: Vec<Count> = counts
            .iter()
            .filter(|count| values[count.value as usize].usable && enough(count))
            .copied()
            .collect();
        all.sort_by(|a, b| b.rows.cmp(&a.rows).then(a.value.cmp(&b.value)));
        all
    }

    fn text(&self, field: usize, value: u32) -> String {
        self.sample.text(field, value).unwrap_or_default().to_owned()
    }

    fn listed(&self, field: usize, counts: &[Count], most: usize, what: &str) -> Made {
        let mut all = self.usable(field, counts, |count| count.rows > 1);
        all.truncate(most);
        let texts: Vec<String> = all.iter().map(|count| self.text(field, count.value)).collect();
        let why = match texts.len() {
            1 => "the same in all of them".to_owned(),
            many => format!("{many} {what}s"),
        };
        Made { rows: all.iter().map(|count| count.rows).sum(), bits: bits_of(texts.len()), texts, why }
    }

    fn accounts(&self, field: usize, counts: &[Count]) -> Made {
        let enough = |count: &Count| {
            count.rows > 1
                && (!self.sample.has_devices() && count.rows >= FEWEST as u64 || count.devices >= FEWEST)
        };
        let shared: Vec<Count> = counts.iter().filter(|count| enough(count)).copied().collect();
        let mut made = self.listed(field, &shared, ACCOUNTS, "account");
        made.why += ", each on several devices";
        made
    }

    fn one(&self, field: usize, counts: &[Count], total: u64) -> Made {
        let made = self.listed(field, counts, 1, "value");
        Made { rows: if made.rows == total { total } else { 0 }, ..made }
    }

    /// Networks that take in no address of a row that must stay; if they hold far too little, others: something else has to
    /// keep that row.
    fn addresses(&self, field: usize, counts: &[Count], total: u64) -> Made {
        let forbidden = self.forbidden_to(field, counts);
        let strict = self.addresses_of(field, counts, &forbidden);
        let enough = (total - strict.rows) as f64 <= MOST_LOST * total as f64;
        if enough || forbidden.is_empty() { strict } else { self.addresses_of(field, counts, &[]) }
    }

    /// The addresses of rows that must stay, but for those that the family has as well.
    fn forbidden_to(&self, field: usize, counts: &[Count]) -> Vec<(Family, u128)> {
        let values = &self.sample.fields[field].values;
        let address = |count: &Count| values[count.value as usize].address;
        let own: HashSet<(Family, u128)> = counts.iter().filter_map(address).collect();
        self.forbidden[field].iter().filter(|known| !own.contains(*known)).copied().collect()
    }

    fn addresses_of(&self, field: usize, counts: &[Count], forbidden: &[(Family, u128)]) -> Made {
        let values = &self.sample.fields[field].values;
        let seen = counts.iter().filter_map(|count| {
            let (family, number) = values[count.value as usize].address?;
            Some((family, number, count.rows))
        });
        let seen: Vec<SeenAddress> = seen.collect();
        let mut found = networks(&seen, forbidden);
        found.truncate(ADDRESSES);
        let held = |count: &&Count| {
            let of = |network: &Network| {
                values[count.value as usize].address.is_some_and(|(family, number)| {
                    network.family == family && (network.first..=network.last).contains(&number)
                })
            };
            found.iter().any(of)
        };
        let rows = counts.iter().filter(held).map(|count| count.rows).sum();
        let (size, seen) =
            found.iter().fold((0, 0), |(size, seen), each| (size + each.size, seen + each.seen));
        let why = match found.len() {
            _ if size == u128::from(seen) && seen == 1 => "the same in all of them".to_owned(),
            _ if size == u128::from(seen) => format!("{seen} addresses"),
            _ if found.iter().any(|each| each.family == Family::V6) => {
                format!("{seen} addresses seen in them")
            }
            1 => format!("{seen} of its {size} addresses seen"),
            _ => format!("{seen} of their {size} addresses seen"),
        };
        let unseen = (size as f64 / (seen as f64).max(1.0)).max(1.0).log2() / 2.0;
        Made {
            texts: found.iter().map(|each| each.text.clone()).collect(),
            rows,
            bits: bits_of(found.len()) + unseen,
            why,
        }
    }

    fn domains(&self, field: usize, counts: &[Count], total: u64) -> Made {
        let plain = self.listed(field, counts, PATHS, "name");
        if (total - plain.rows) as f64 <= FEW_LOST * total as f64 {
            return plain;
        }
        let mut by: indexmap::IndexMap<String, Vec<Count>> = indexmap::IndexMap::new();
        for count in self.usable(field, counts, |_| true) {
            let text = self.text(field, count.value);
            let suffix =
                text.split_once('.').map(|(_, rest)| rest.to_ascii_lowercase()).filter(|rest| is_owned(rest));
            by.entry(suffix.unwrap_or_default()).or_default().push(count);
        }
        let (mut texts, mut rows, mut bits) = (Vec::new(), 0, 0.0);
        for (suffix, counts) in by {
            if !suffix.is_empty() && counts.len() >= FEWEST {
                rows += counts.iter().map(|count| count.rows).sum::<u64>();
                texts.push(format!("*.{suffix}"));
                bits += 2.0;
            } else {
                let seen: Vec<&Count> = counts.iter().filter(|count| count.rows > 1).collect();
                rows += seen.iter().map(|count| count.rows).sum::<u64>();
                texts.extend(seen.iter().map(|count| self.text(field, count.value)));
            }
        }
        if texts.len() > PATHS || rows <= plain.rows {
            return plain;
        }
        let why = format!("{} names seen", counts.len());
        Made { bits: bits + bits_of(texts.len()), texts, rows, why }
    }

    fn texts(&self, field: usize, counts: &[Count]) -> Made {
        let all = self.usable(field, counts, |_| true);
        let texts: Vec<String> = all.iter().map(|count| self.text(field, count.value)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let rows = |from: &[usize]| from.iter().map(|at| all[*at].rows).sum::<u64>();
        let mut found = patterns(&texts);
        found.retain(|pattern| rows(&pattern.from) > 1);
        found.sort_by(|a, b| rows(&b.from).cmp(&rows(&a.from)).then(a.text.cmp(&b.text)));
        let most = if texts.iter().any(|text| text.contains('\\')) { PATHS } else { NAMES };
        let mut different: HashSet<String> = HashSet::new();
        found.retain(|pattern| {
            let key = pattern.off_drive.to_ascii_lowercase();
            different.contains(&key) || different.len() < most && different.insert(key)
        });
        found.truncate(ON_DRIVES);
        let stars: usize = found.iter().map(|pattern| pattern.stars).sum();
        let seen: usize = found.iter().map(|pattern| pattern.from.len()).sum();
        let why = match (stars, found.len()) {
            (0, 1) => "the same in all of them".to_owned(),
            (0, many) => format!("{many} values"),
            _ => format!("{seen} values seen"),
        };
        Made {
            rows: found.iter().map(|pattern| rows(&pattern.from)).sum(),
            bits: bits_of(found.len()) + stars as f64,
            texts: found.into_iter().map(|pattern| pattern.text).collect(),
            why,
        }
    }
}

fn bits_of(values: usize) -> f64 {
    (values.max(1) as f64).log2()
}

/// Whether the rest of a name may be one owner's: two labels, or three where the second last is as short as in `co.uk`.
fn is_owned(suffix: &str) -> bool {
    let labels: Vec<&str> = suffix.split('.').collect();
    let short = |label: &&str| label.len() <= 3;
    let host = suffix.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    host && match labels.as_slice() {
        [.., second, last] => labels.len() > 2 || !(last.len() == 2 && short(second)),
        _ => false,
    }
}
