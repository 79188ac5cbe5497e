//! What rows are grouped by.

use crate::count::destination::Destination;
use std::fmt;

/// What the rows of a group have in common, one part for each field that they are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupKey(Box<[KeyPart]>);

/// How a cell is looked at.
pub type KeyOf = fn(Option<&str>) -> KeyPart;

/// One field of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyPart {
    /// The row could not be read.
    Unreadable,
    /// A text in ASCII lower case, because letter case is no difference to an exclusion; empty if the cell is.
    Text(Box<str>),
    /// The network of an address.
    Network(Destination),
}

impl KeyPart {
    /// The text of a cell.
    pub fn text(cell: Option<&str>) -> Self {
        Self::Text(cell.unwrap_or_default().to_ascii_lowercase().into())
    }

    /// The network of a cell that holds an address.
    pub fn network(cell: Option<&str>) -> Self {
        Self::Network(Destination::of(cell))
    }
}

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => Destination::Malformed.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Network(network) => network.fmt(f),
        }
    }
}

impl GroupKey {
    /// Of cells, each with the way in which it is looked at.
    pub fn of(cells: &[(KeyOf, Option<&str>)]) -> Self {
        Self(cells.iter().map(|(part, cell)| part(*cell)).collect())
    }

    /// The key of rows that cannot be read, grouped by so many fields.
    pub fn unreadable(fields: usize) -> Self {
        Self(vec![KeyPart::Unreadable; fields].into())
    }

    /// Its parts, in the order of the fields.
    pub fn parts(&self) -> &[KeyPart] {
        &self.0
    }
}
