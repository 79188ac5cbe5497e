//! What an exclusion is, once it is known to be right.
//!
//! In: nothing; [`super::validate`] builds these values and nothing else does. Out: the one meaning
//! that the matcher, the KQL generator and the linter read. It knows neither YAML nor rows.
//!
//! An exclusion is a disjunctive normal form: OR between [`Entry`]s, AND between the
//! [`Condition`]s of an entry, OR between the values of a condition.

use crate::fields::{Field, Kind};
use ipnet::IpNet;
use jiff::civil::Date;
use std::net::IpAddr;
use std::sync::Arc;

/// One owned, dated statement of what is benign.
#[derive(Debug, Clone, PartialEq)]
pub struct Exclusion {
    /// Unique over all loaded lists, kebab-case.
    pub id: String,
    /// The story that it comes from.
    pub scenario: Option<String>,
    /// It covers a row that meets one of these. Never empty.
    pub entries: Vec<Entry>,
    /// The text that it was taken from, verbatim.
    pub documented: Option<String>,
    /// Ids or name globs of the rules that it belongs to; empty for every hunt.
    pub rules: Vec<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Why these rows are benign.
    pub reason: Option<String>,
    /// Where that can be read.
    pub reference: Option<String>,
    /// The day it was written.
    pub created: Option<Date>,
    /// The last day on which it suppresses.
    pub expires: Option<Date>,
    /// Rows with the verdict that they must get.
    pub cases: Cases,
    /// Where it stands.
    pub origin: Origin,
}

/// Where an exclusion stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Line of its id, from 1.
    pub line: usize,
}

/// Conditions that hold together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// All must be met. Never empty.
    pub conditions: Vec<Condition>,
}

/// A field and the values of which one must be met.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What is looked at.
    pub field: FieldRef,
    /// What it must be.
    pub test: Test,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldRef {
    /// A field that every schema may have.
    Field(Field),
    /// A column of certain schemas, by its own name.
    Column(Column),
}

/// A raw column name, and the schemas that have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Column {
    /// Its name as the product spells it.
    pub name: String,
    /// How it is compared.
    pub kind: Kind,
    /// The schemas that have such a column.
    pub schemas: Vec<String>,
}

/// The values of a condition, by kind. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// Text.
    Text(Vec<TextValue>),
    /// Addresses, networks and ranges.
    Address(Vec<AddressRange>),
    /// Whole numbers and ranges of them.
    Number(Vec<NumberRange>),
}

/// How a text value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// The whole value.
    Is,
    /// Its beginning.
    StartsWith,
    /// Its end.
    EndsWith,
    /// Any part of it.
    Contains,
    /// A regular expression found anywhere in it; letter case counts.
    Re,
}

/// One text value. `*` stands for any text and `?` for one ASCII character, except under
/// [`Operator::Re`]; a backslash is a backslash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextValue {
    /// As written; never empty.
    pub text: String,
    /// How it is compared.
    pub operator: Operator,
    /// Whether letter case counts. Without, only ASCII letters are alike.
    pub cased: bool,
}

impl TextValue {
    /// The value as a list of literal pieces between wildcards; `None` for a regular expression.
    ///
    /// The operator's own open ends are part of it: `startswith: a` is `a*`.
    pub fn pieces(&self) -> Option<Vec<Piece>> {
        let (open_start, open_end) = match self.operator {
            Operator::Is => (false, false),
            Operator::StartsWith => (false, true),
            Operator::EndsWith => (true, false),
            Operator::Contains => (true, true),
            Operator::Re => return None,
        };
        let mut pieces = Vec::new();
        if open_start {
            pieces.push(Piece::Any);
        }
        for character in self.text.chars() {
            push_character(&mut pieces, character);
        }
        if open_end && pieces.last() != Some(&Piece::Any) {
            pieces.push(Piece::Any);
        }
        Some(pieces)
    }

    /// The text that the whole value must be, if there is no wildcard in it.
    pub fn whole(&self) -> Option<&str> {
        let whole = self.operator == Operator::Is && !self.text.contains(['*', '?']);
        whole.then_some(&*self.text)
    }
}

fn push_character(pieces: &mut Vec<Piece>, character: char) {
    match character {
        '*' if pieces.last() == Some(&Piece::Any) => {}
        '*' => pieces.push(Piece::Any),
        '?' => pieces.push(Piece::One),
        _ => match pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(character),
            _ => pieces.push(Piece::Text(character.to_string())),
        },
    }
}

/// A part of a text value with wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Exactly this text.
    Text(String),
    /// One ASCII character.
    One,
    /// Any text, also none.
    Any,
}

/// The family of an address; a mapped `::ffff:a.b.c.d` is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// Addresses from first to last, both included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AddressRange {
    /// The family of both ends.
    pub family: Family,
    /// The first address as a number.
    pub first: u128,
    /// The last address as a number.
    pub last: u128,
    /// As somebody wrote it.
    pub text: String,
}

/// The family and number of an address; mapped addresses become IPv4.
pub fn address_number(address: IpAddr) -> (Family, u128) {
    match address.to_canonical() {
        IpAddr::V4(address) => (Family::V4, u32::from(address).into()),
        IpAddr::V6(address) => (Family::V6, address.into()),
    }
}

impl AddressRange {
    /// Reads an address, a CIDR network or a range `first-last`.
    ///
    /// The error says what is wrong, for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (first, last) = if let Some((first, last)) = text.split_once('-') {
            (parse_address(first.trim())?, parse_address(last.trim())?)
        } else if text.contains('/') {
            parse_network(text)?
        } else {
            let address = parse_address(text)?;
            (address, address)
        };
        if first.0 != last.0 {
            return Err("the two ends are of different families".into());
        }
        if first.1 > last.1 {
            return Err("the range ends before it begins".into());
        }
        Ok(Self { family: first.0, first: first.1, last: last.1, text: text.to_owned() })
    }

    /// Whether it holds the address.
    pub fn contains(&self, family: Family, number: u128) -> bool {
        self.family == family && self.first <= number && number <= self.last
    }
}

/// One end of a range.
type End = (Family, u128);

fn parse_address(text: &str) -> Result<End, String> {
    text.parse::<IpAddr>().map(address_number).map_err(|_| address_mistake(text))
}

fn parse_network(text: &str) -> Result<(End, End), String> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    parse_address(address)?;
    let network: IpNet =
        text.parse().map_err(|_| format!("`/{length}` is not a prefix length of this address's family"))?;
    let ends = (address_number(network.network()), address_number(network.broadcast()));
    // A prefix that begins in the mapped block and leaves it would mix the families.
    let mapped = matches!(network, IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some());
    if mapped && (network.prefix_len() < 96) {
        return Err("a mapped IPv4 network needs a prefix of at least /96; write it as IPv4".into());
    }
    Ok(ends)
}

fn address_mistake(text: &str) -> String {
    let octets: Vec<&str> = text.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if octets.len() == 4 && octets.iter().all(digits) {
        if let Some(octet) = octets.iter().find(|part| part.len() > 1 && part.starts_with('0')) {
            return format!("octet `{octet}` has a leading zero, which some systems read as octal");
        }
        if let Some(octet) = octets.iter().find(|part| part.parse::<u8>().is_err()) {
            return format!("octet `{octet}` is over 255");
        }
    }
    if text.contains(['*', '?']) {
        return "addresses take no wildcards".into();
    }
    if text.is_empty() {
        return "an address is missing".into();
    }
    format!("`{text}` is not an IPv4 or IPv6 address")
}

/// Numbers from first to last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NumberRange {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

impl NumberRange {
    /// Reads a number or a range `first-last`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = Self {
            first: parse_number(first.trim()).ok_or_else(|| number_mistake(first))?,
            last: parse_number(last.trim()).ok_or_else(|| number_mistake(last))?,
        };
        if range.first > range.last {
            return Err("the range ends before it begins".into());
        }
        Ok(range)
    }

    /// Whether it holds the number.
    pub fn contains(self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }
}

/// A whole number in plain digits without a leading zero, as rows and lists write it.
pub fn parse_number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (text.len() == 1 || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

fn number_mistake(text: &str) -> String {
    format!("`{}` is not a whole number in plain digits", text.trim())
}

/// Rows with the verdict that they must get.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cases {
    /// Rows that the exclusion must suppress.
    pub suppress: Vec<Case>,
    /// Rows that it must keep.
    pub keep: Vec<Case>,
}

/// One row of a case: fields and the text of their cells. A field that is not named is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The cells.
    pub cells: Vec<(FieldRef, String)>,
    /// Line in the list, from 1.
    pub line: usize,
}

impl FieldRef {
    /// Its name as quell prints it.
    pub fn name(&self) -> &str {
        match self {
            Self::Field(field) => field.name(),
            Self::Column(column) => &column.name,
        }
    }

    /// How it is compared.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Field(field) => field.kind(),
            Self::Column(column) => column.kind,
        }
    }

    /// Whether it can be looked at in rows of this schema at all.
    pub fn fits(&self, schema: &str) -> bool {
        match self {
            Self::Field(_) => true,
            Self::Column(column) => column.schemas.iter().any(|name| name == schema),
        }
    }
}

impl Condition {
    /// Its values as a person reads them, each with its operator.
    pub fn wanted(&self) -> Vec<String> {
        match &self.test {
            Test::Text(values) => values.iter().map(TextValue::wanted).collect(),
            Test::Address(ranges) => ranges.iter().map(|range| range.text.clone()).collect(),
            Test::Number(ranges) => ranges.iter().map(|range| range.wanted()).collect(),
        }
    }
}

impl TextValue {
    fn wanted(&self) -> String {
        let operator = match self.operator {
            Operator::Is => "",
            Operator::StartsWith => "startswith ",
            Operator::EndsWith => "endswith ",
            Operator::Contains => "contains ",
            Operator::Re => "re ",
        };
        let cased = if self.cased && self.operator != Operator::Re { " (cased)" } else { "" };
        format!("{operator}{}{cased}", self.text)
    }
}

impl NumberRange {
    fn wanted(self) -> String {
        if self.first == self.last { self.first.to_string() } else { format!("{}-{}", self.first, self.last) }
    }
}

impl Entry {
    /// Whether all its conditions can be looked at in rows of this schema.
    pub fn fits(&self, schema: &str) -> bool {
        self.conditions.iter().all(|condition| condition.field.fits(schema))
    }
}

impl Exclusion {
    /// Whether it suppresses nothing any more on this day.
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| today > last)
    }

    /// Every field that it names, once each, in order.
    pub fn fields(&self) -> Vec<&FieldRef> {
        let mut fields: Vec<&FieldRef> = Vec::new();
        for condition in self.entries.iter().flat_map(|entry| &entry.conditions) {
            if !fields.contains(&&condition.field) {
                fields.push(&condition.field);
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numbers() {
        let cases = [
            ("10.10.10.10", "::ffff:10.10.10.10", true),
            ("::ffff:10.10.10.0/120", "10.10.10.77", true),
            ("10.20.0.5/16", "10.20.255.255", true),
            ("10.0.0.1-10.0.0.9", "10.0.0.10", false),
            ("2001:db8::/32", "2001:DB8:0::1", true),
            ("::/0", "10.0.0.1", false),
        ];
        for (range, address, inside) in cases {
            let range = AddressRange::parse(range).unwrap();
            let (family, number) = address_number(address.parse().unwrap());
            assert_eq!(range.contains(family, number), inside, "{range:?} {address}");
        }
    }

    #[test]
    fn a_bad_address_says_why() {
        for (text, why) in [
            ("10.10.010.10", "leading zero"),
            ("10.10.10.300", "over 255"),
            ("10.0.0.0/33", "prefix length"),
            ("10.0.0.*", "wildcards"),
            ("10.0.0.9-10.0.0.1", "before it begins"),
            ("10.0.0.1-::5", "different families"),
            ("::ffff:10.0.0.0/90", "at least /96"),
            ("server", "not an IPv4 or IPv6"),
        ] {
            let error = AddressRange::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn wildcards_are_pieces() {
        let value = TextValue { text: r"C:\a**?.exe".into(), operator: Operator::StartsWith, cased: false };
        assert_eq!(
            value.pieces().unwrap(),
            [Piece::Text(r"C:\a".into()), Piece::Any, Piece::One, Piece::Text(".exe".into()), Piece::Any]
        );
    }
}
