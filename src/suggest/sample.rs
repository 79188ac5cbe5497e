//! The rows that a suggestion is made from, each different one once.
//!
//! In: rows with their label. Out: a [`Sample`]: the different values of each field, and the different combinations of them
//! with how often each label has them. Rows are told apart by what may become a condition, so a million rows are a few
//! thousand combinations. Memory is bounded; what goes beyond is counted, and malicious rows never do.

use super::roles::{Role, role};
use crate::exclusions::model::FieldRef;
use crate::fields::Kind;
use crate::judge::{Seen, read};
use crate::printable::written_out;
use crate::range::Family;
use hashbrown::HashMap;
use indexmap::IndexMap;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Different values of one field that are told apart.
const MAX_VALUES: usize = 65_536;
/// Different combinations that are told apart.
pub const MAX_COMBINATIONS: usize = 200_000;
/// Devices of one combination that are told apart: more are not needed to know that an account is nobody's own.
const DEVICES: usize = 4;
/// A value longer than this becomes no condition.
const MAX_TEXT: usize = 400;

/// The value of a cell that is empty.
pub(super) const EMPTY: u32 = 0;
/// A value beyond [`MAX_VALUES`], which no condition wants.
pub(super) const BEYOND: u32 = 1;
/// The value of a cell that holds something else than the field does, such as a name in a column of addresses.
pub(super) const UNREADABLE: u32 = 2;
/// The value of a cell that the row does not have. What is there in truth is not known.
pub(super) const MISSING: u32 = 3;

/// What somebody has said of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// It is noise.
    Benign,
    /// It must never be suppressed.
    Malicious,
    /// Nobody knows, so it is not suppressed either.
    Unsure,
    /// Nobody has said anything.
    Unlabelled,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowPlace {
    /// The file, by its place among those that were read.
    pub file: u32,
    /// The row, from 1.
    pub row: u64,
}

/// A row with its label.
#[derive(Debug, Clone, Copy)]
pub struct LabelledRow<'r> {
    /// What somebody has said of it.
    pub label: Label,
    /// Whether it is kept back, to judge by it what is suggested. A row that must stay is known all the same.
    pub held: bool,
    /// A cell for each field of the sample.
    pub cells: &'r [Option<&'r str>],
    /// The device.
    pub device: Option<&'r str>,
    /// Where it stands.
    pub place: RowPlace,
}

/// A value of a field.
#[derive(Debug, Clone)]
pub(super) struct Value {
    /// As the first row spells it.
    pub(super) text: String,
    /// The address, if it is one.
    pub(super) address: Option<(Family, u128)>,
    /// Whether a condition can want it.
    pub(super) usable: bool,
}

/// A field and the values that it has.
#[derive(Debug)]
pub(super) struct SampleField {
    pub(super) field: FieldRef,
    pub(super) role: Role,
    /// Its values. The first ones stand for none, for one beyond the limit, for one that cannot be read, and for one that is not known.
    pub(super) values: Vec<Value>,
    /// The first text that is neither empty nor what the field holds.
    pub(super) unreadable: Option<String>,
    spelt: HashMap<Box<str>, u32>,
    known: HashMap<Box<str>, u32>,
}

/// Rows with the same values.
#[derive(Debug, Clone, Default)]
pub(super) struct Combination {
    /// Rows that are noise.
    pub(super) benign: u64,
    /// Rows that must never be suppressed.
    pub(super) malicious: u64,
    pub(super) unsure: u64,
    pub(super) unlabelled: u64,
    /// Some devices of the rows that are noise.
    pub(super) devices: SmallVec<[u32; DEVICES]>,
    /// The first row of each label.
    pub(super) first: [Option<RowPlace>; 4],
}

/// Rows with their labels, each different one once.
#[derive(Debug, Default)]
pub struct Sample {
    pub(super) fields: Vec<SampleField>,
    /// Fields that are never conditions, and why.
    pub(super) out: Vec<(FieldRef, &'static str)>,
    pub(super) combinations: IndexMap<Box<[u32]>, Combination>,
    devices: HashMap<Box<str>, u32>,
    /// Rows of each label that were beyond the limits.
    pub beyond: [u64; 4],
    scratch: Vec<u32>,
}

impl Sample {
    /// A sample of rows that have these fields. Which of them may be conditions is decided here.
    pub fn new(fields: &[FieldRef]) -> Self {
        let mut sample = Self::default();
        for field in fields {
            match role(field) {
                Role::Out(why) => sample.out.push((field.clone(), why)),
                role => sample.fields.push(SampleField::new(field, role)),
            }
        }
        sample
    }

    /// The fields of which [`LabelledRow::cells`] has a cell, in this order.
    pub fn fields(&self) -> Vec<FieldRef> {
        self.fields.iter().map(|each| each.field.clone()).collect()
    }

    /// How many different combinations there are.
    pub fn combinations(&self) -> usize {
        self.combinations.len()
    }

    /// Rows of a label that are known: noise and rows of nobody's label that are kept back are not.
    pub fn rows(&self, label: Label) -> u64 {
        self.combinations.values().map(|each| each.rows(label)).sum()
    }

    /// Adds a row. What is kept back is not learnt from, but a row that must stay forbids, whatever its day.
    pub fn add(&mut self, row: &LabelledRow<'_>) {
        let always = matches!(row.label, Label::Malicious | Label::Unsure);
        if row.held && !always {
            return;
        }
        self.scratch.clear();
        for (field, cell) in self.fields.iter_mut().zip(row.cells) {
            self.scratch.push(field.value(*cell, always));
        }
        let place = match self.combinations.get_index_of(&*self.scratch) {
            Some(known) => known,
            None if self.combinations.len() < MAX_COMBINATIONS || always => {
                self.combinations.insert_full(self.scratch.as_slice().into(), Combination::default()).0
            }
            None => {
                self.beyond[row.label as usize] += 1;
                return;
            }
        };
        let found = &mut self.combinations[place];
        found.first[row.label as usize].get_or_insert(row.place);
        match row.label {
            Label::Benign => found.benign += 1,
            Label::Malicious => found.malicious += 1,
            Label::Unsure => found.unsure += 1,
            Label::Unlabelled => found.unlabelled += 1,
        }
        if let Some(device) =
            row.device.filter(|_| row.label == Label::Benign && found.devices.len() < DEVICES)
        {
            let next = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
            let device = match self.devices.get(device) {
                Some(device) => *device,
                None => *self.devices.entry(device.into()).or_insert(next),
            };
            if !found.devices.contains(&device) {
                found.devices.push(device);
            }
        }
    }

    /// Whether rows have a device.
    pub(super) fn has_devices(&self) -> bool {
        !self.devices.is_empty()
    }

    /// A combination by its place.
    pub(super) fn at(&self, place: usize) -> (&[u32], &Combination) {
        self.combinations.get_index(place).map_or((&[], &NO_ROWS), |(values, each)| (values, each))
    }

    /// The text of a value; `None` if there is none.
    pub(super) fn text(&self, field: usize, value: u32) -> Option<&str> {
        (value > MISSING).then(|| self.fields[field].values[value as usize].text.as_str())
    }
}

static NO_ROWS: LazyLock<Combination> = LazyLock::new(Combination::default);

impl Combination {
    pub(super) fn rows(&self, label: Label) -> u64 {
        match label {
            Label::Benign => self.benign,
            Label::Malicious => self.malicious,
            Label::Unsure => self.unsure,
            Label::Unlabelled => self.unlabelled,
        }
    }

    /// Whether it has rows that must not be suppressed.
    pub(super) fn must_stay(&self) -> bool {
        self.malicious + self.unsure > 0
    }
}

impl SampleField {
    fn new(field: &FieldRef, role: Role) -> Self {
        let none = Value { text: String::new(), address: None, usable: false };
        let (spelt, known) = Default::default();
        Self { field: field.clone(), role, values: vec![none; 4], unreadable: None, spelt, known }
    }

    /// The number of a text or number in lower case; `None` if no row has it.
    pub(super) fn number_of(&self, lower: &str) -> Option<u32> {
        self.known.get(lower).copied()
    }

    /// The number of a value. Texts that differ in ASCII letter case are one, as in conditions.
    fn value(&mut self, cell: Option<&str>, always: bool) -> u32 {
        let Some(text) = cell else { return MISSING };
        if let Some(known) = self.spelt.get(text).filter(|known| **known != BEYOND || !always) {
            return *known;
        }
        let kind = self.field.kind();
        let (key, address) = match read(kind, cell) {
            None if text.trim().is_empty() => return EMPTY,
            None => {
                self.unreadable.get_or_insert_with(|| text.to_owned());
                return UNREADABLE;
            }
            Some(Seen::Address(family, number)) => (format!("{family:?}{number}"), Some((family, number))),
            Some(Seen::Number(number)) => (number.to_string(), None),
            Some(Seen::Text(text)) => (text.to_ascii_lowercase(), None),
        };
        let number = match self.known.get(&*key) {
            Some(known) => *known,
            None if self.values.len() < MAX_VALUES || always => {
                let number = u32::try_from(self.values.len()).unwrap_or(BEYOND);
                let text = if kind == Kind::Text { text.to_owned() } else { written(kind, text, address) };
                // A name with a slash is a URL, and lint denies conditions on those.
                let is_url = self.role == Role::Domain && text.contains('/');
                let usable = kind != Kind::Text || (is_usable(&text) && !is_url);
                self.values.push(Value { text, address, usable });
                self.known.insert(key.into(), number);
                number
            }
            None => BEYOND,
        };
        if self.spelt.len() < MAX_VALUES {
            self.spelt.insert(text.into(), number);
        }
        number
    }
}

/// An address or a number as a list writes it.
fn written(kind: Kind, text: &str, address: Option<(Family, u128)>) -> String {
    match (kind, address) {
        (_, Some((Family::V4, number))) => {
            std::net::Ipv4Addr::from(u32::try_from(number).unwrap_or(0)).to_string()
        }
        (_, Some((Family::V6, number))) => std::net::Ipv6Addr::from(number).to_string(),
        _ => match read(kind, Some(text)) {
            Some(Seen::Number(number)) => number.to_string(),
            _ => text.to_owned(),
        },
    }
}

/// Whether a condition that wants the text is met by it alone.
fn is_usable(text: &str) -> bool {
    !text.contains(['*', '?'])
        && !text.starts_with("${")
        && text.len() <= MAX_TEXT
        && matches!(written_out(text), Cow::Borrowed(_))
        && text.trim() == text
}
