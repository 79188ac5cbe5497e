//! Kept or suppressed, and by whom.
//!
//! In: nothing. Out: the answer type of the matcher and of everything that reads it.

/// The verdict on one row. The numbers are places in the list that the matcher was compiled from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict<'m> {
    /// The exclusions that cover the row, ascending; empty if it is kept.
    pub suppressed_by: &'m [u32],
    /// For a kept row: some exclusion hung on an absent, empty or unreadable field.
    pub undecidable: bool,
}

impl Verdict<'_> {
    /// Whether the row is suppressed.
    pub fn is_suppressed(&self) -> bool {
        !self.suppressed_by.is_empty()
    }

    /// The exclusion that alone covers the row, if there is just one.
    pub fn sole(&self) -> Option<u32> {
        match self.suppressed_by {
            [only] => Some(*only),
            _ => None,
        }
    }
}

/// How a condition stands with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionOutcome {
    /// The cell cannot meet it.
    NotMet,
    /// The cell is absent, empty or unreadable.
    Undecidable,
    /// The cell meets it.
    Met,
}
