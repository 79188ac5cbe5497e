//! What an exclusion is, once it is known to be right.
//!
//! In: nothing; [`super::validate`] builds these values and nothing else does. Out: the one meaning
//! that the matcher, the KQL generator and the linter read. It knows neither YAML nor rows.
//!
//! An exclusion is a disjunctive normal form: OR between [`Entry`]s, AND between the
//! [`Condition`]s of an entry, OR between the values of a condition.

use crate::fields::{Field, Kind};
pub use crate::range::{AddressRange, Family, NumberRange, address_number, parse_number, read_address};
use crate::schema::Schema;
use jiff::civil::Date;
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
    /// The values that come from `example` of a parameter, because nobody has filled it in. Only commands that examine lists
    /// load examples; commands that suppress rows refuse the list.
    pub examples: Arc<[String]>,
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
    /// All must be met. Never empty. Equal ones are shared, because long lists repeat them.
    pub conditions: Vec<Arc<Condition>>,
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
    pub schemas: Arc<[String]>,
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

impl Test {
    /// Adds the values of another test, if that is of the same kind.
    pub fn join(&mut self, other: &Self) {
        match (self, other) {
            (Self::Text(into), Self::Text(from)) => into.extend(from.iter().cloned()),
            (Self::Address(into), Self::Address(from)) => into.extend(from.iter().cloned()),
            (Self::Number(into), Self::Number(from)) => into.extend(from.iter().copied()),
            _ => {}
        }
    }
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

/// Rows with the verdict that they must get.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cases {
    /// The row that every case is a change to; empty if there is none. The cases below have its cells already.
    pub base: Vec<(FieldRef, String)>,
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

    /// Whether rows of this schema can have it.
    pub fn fits(&self, schema: &str) -> bool {
        match self {
            Self::Field(_) => true,
            Self::Column(column) => column.schemas.iter().any(|name| name == schema),
        }
    }

    /// Whether rows of this schema have a column for it.
    pub fn is_in(&self, schema: &Schema) -> bool {
        match self {
            Self::Field(field) => !schema.sources(*field).is_empty(),
            Self::Column(_) => self.fits(&schema.name),
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

impl Entry {
    /// Whether all its conditions can be looked at in rows of this schema.
    pub fn fits(&self, schema: &str) -> bool {
        self.conditions.iter().all(|condition| condition.field.fits(schema))
    }

    /// Whether rows of this schema have a column for everything that it names.
    pub fn is_in(&self, schema: &Schema) -> bool {
        self.conditions.iter().all(|condition| condition.field.is_in(schema))
    }

    /// The names of what rows of this schema have no column for, once each.
    pub fn lacks(&self, schema: &Schema) -> Vec<&str> {
        let fields = self.conditions.iter().map(|condition| &condition.field);
        let mut lacking: Vec<&str> =
            fields.filter(|field| !field.is_in(schema)).map(FieldRef::name).collect();
        lacking.dedup();
        lacking
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
    fn wildcards_are_pieces() {
        let value = TextValue { text: r"C:\a**?.exe".into(), operator: Operator::StartsWith, cased: false };
        assert_eq!(
            value.pieces().unwrap(),
            [Piece::Text(r"C:\a".into()), Piece::Any, Piece::One, Piece::Text(".exe".into()), Piece::Any]
        );
    }
}
