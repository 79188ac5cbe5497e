//! The different values of one field in some rows.

use indexmap::{Equivalent, IndexMap};
use std::hash::{Hash, Hasher};

/// What a value takes beside its text, in bytes: its place in two tables.
const OVERHEAD: usize = 100;

/// A value as it was first written. Another letter case is the same value, as it is to an exclusion.
#[derive(Debug, Clone)]
pub struct Caseless(Box<str>);

#[derive(Debug)]
struct CaselessRef<'t>(&'t str);

impl Hash for CaselessRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
    }
}

impl Hash for Caseless {
    fn hash<H: Hasher>(&self, state: &mut H) {
        CaselessRef(&self.0).hash(state);
    }
}

impl PartialEq for Caseless {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Caseless {}

impl Equivalent<Caseless> for CaselessRef<'_> {
    fn equivalent(&self, key: &Caseless) -> bool {
        self.0.eq_ignore_ascii_case(&key.0)
    }
}

/// Values of a field, and how many rows have them.
#[derive(Debug, Default)]
pub struct Values {
    rows: IndexMap<Caseless, u64>,
    /// Rows whose values there was no room for.
    others: u64,
}

impl Values {
    /// Adds a value; an empty one is a value. At most `most` different ones are told apart, and no more than `room`
    /// bytes are taken.
    pub fn add(&mut self, value: &str, most: usize, room: &mut usize) {
        // Most fields have one value in all rows of a group.
        if let Some((first, rows)) = self.rows.get_index_mut(0)
            && first.0.eq_ignore_ascii_case(value)
        {
            *rows += 1;
            return;
        }
        if let Some(rows) = self.rows.get_mut(&CaselessRef(value)) {
            *rows += 1;
            return;
        }
        match room.checked_sub(value.len() + OVERHEAD) {
            Some(rest) if self.rows.len() < most => {
                *room = rest;
                self.rows.insert(Caseless(value.into()), 1);
            }
            _ => self.others += 1,
        }
    }

    /// The value that all rows have; `None` if they have several, or there is no row.
    pub fn constant(&self) -> Option<&str> {
        match self.rows.get_index(0) {
            Some((value, _)) if self.rows.len() == 1 && self.others == 0 => Some(&value.0),
            _ => None,
        }
    }

    /// How many different values there are, and whether there may be more.
    pub fn distinct(&self) -> (u64, bool) {
        (self.rows.len() as u64, self.others > 0)
    }

    /// Rows with values that were not told apart.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// The values with most rows first, and those rows.
    pub fn top(&self, most: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.rows.iter().map(|(value, rows)| (&*value.0, *rows)).collect();
        all.sort_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.cmp(b)));
        all.truncate(most);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_counted_and_makes_nothing_constant() {
        let (mut values, mut room) = (Values::default(), 1_000);
        for value in ["b", "A", "a", "", "c"] {
            values.add(value, 3, &mut room);
        }
        assert_eq!(values.top(9), [("A", 2), ("", 1), ("b", 1)]);
        assert_eq!((values.distinct(), values.others(), values.constant()), ((3, true), 1, None));
        let (mut values, mut room) = (Values::default(), 10);
        values.add("too long for that room", 3, &mut room);
        assert_eq!((values.constant(), values.others(), room), (None, 1, 10));
    }
}
