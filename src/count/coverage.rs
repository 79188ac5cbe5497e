//! Which exclusions cover which rows, as sets.
//!
//! In: rows with the exclusions that cover them. Out: for each different set of exclusions how many rows
//! it covers and a few of them; for each exclusion the kept rows that hung on it. What a list would do without some of
//! its exclusions, or with others, follows from the sets alone. It knows neither rows nor exclusions, only their places.
//!
//! Memory depends on how many different sets occur, never on how many rows.

use hashbrown::HashMap;

/// Different rows that are kept as examples of one set.
pub const MAX_EXAMPLES: usize = 5;

/// The cells of a row: one for each field that the matcher looks at, then the process and the destination.
pub type ExampleRow = Box<[Box<str>]>;

/// The sets of exclusions that occur.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Coverage {
    /// By the places of the exclusions, ascending. Only suppressed rows.
    pub sets: HashMap<Box<[u32]>, CoverSet>,
    /// Kept rows by the exclusion that they met in part and for the rest could not be decided.
    pub undecided: HashMap<u32, u64>,
}

/// The rows of one set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CoverSet {
    /// How many.
    pub rows: u64,
    /// The first different ones.
    pub examples: Vec<ExampleRow>,
}

impl Coverage {
    /// Adds suppressed rows of one set, with the first different ones of them.
    pub fn suppressed(&mut self, covering: &[u32], rows: u64, examples: Vec<ExampleRow>) {
        if !self.sets.contains_key(covering) {
            self.sets.insert(covering.into(), CoverSet::default());
        }
        if let Some(cover) = self.sets.get_mut(covering) {
            cover.rows += rows;
            for example in examples {
                cover.example(example);
            }
        }
    }

    /// Adds kept rows that hung on an exclusion.
    pub fn undecided(&mut self, exclusion: u32, rows: u64) {
        *self.undecided.entry(exclusion).or_default() += rows;
    }

    /// Adds the sets of a later part.
    pub fn merge(&mut self, later: Self) {
        for (covering, theirs) in later.sets {
            let mine = self.sets.entry(covering).or_default();
            mine.rows += theirs.rows;
            theirs.examples.into_iter().for_each(|example| mine.example(example));
        }
        for (exclusion, rows) in later.undecided {
            *self.undecided.entry(exclusion).or_default() += rows;
        }
    }

    /// The sets with most rows first, in an order that does not depend on how they were found.
    pub fn sorted(&self) -> Vec<(&[u32], &CoverSet)> {
        let mut sets: Vec<(&[u32], &CoverSet)> =
            self.sets.iter().map(|(covering, cover)| (&**covering, cover)).collect();
        sets.sort_by(|a, b| b.1.rows.cmp(&a.1.rows).then_with(|| a.0.cmp(b.0)));
        sets
    }
}

impl CoverSet {
    fn example(&mut self, example: ExampleRow) {
        if self.examples.len() < MAX_EXAMPLES && !self.examples.contains(&example) {
            self.examples.push(example);
        }
    }
}
