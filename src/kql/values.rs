//! Where the values of a clause stand: in the clause, in `let` statements, or in a table that others keep.
//!
//! In: lists of values, each with a key that says whose they are. Out: what the clause names instead, and the
//! statements or the watchlist that hold them.

use super::literal::{dynamic, string};

/// What kind of values a list has, and so how it can stand in a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text for `in~` or `in`.
    Text,
    /// Networks for `ipv4_is_in_any_range()` and its sister.
    Network,
}

/// Collects lists while a clause is written.
#[derive(Debug, Default)]
pub struct Values {
    named: bool,
    /// Key and values of each list, in the order of their names.
    pub lists: Vec<(String, Vec<String>)>,
}

impl Values {
    /// Values stand in the clause itself.
    pub fn inline() -> Self {
        Self::default()
    }

    /// Values stand elsewhere under names.
    pub fn named() -> Self {
        Self { named: true, lists: Vec::new() }
    }

    pub(super) fn list(&mut self, key: &str, kind: Kind, values: Vec<String>) -> String {
        if self.named {
            let same = self.lists.iter().position(|(_, known)| *known == values);
            let place = same.unwrap_or_else(|| {
                self.lists.push((key.to_owned(), values));
                self.lists.len() - 1
            });
            return name(place);
        }
        match kind {
            Kind::Text => values.iter().map(|value| string(value)).collect::<Vec<_>>().join(", "),
            Kind::Network => dynamic(&values),
        }
    }

    /// `let` statements with the values.
    pub(super) fn literals(&self) -> String {
        let lists = self.lists.iter().enumerate();
        lists
            .map(|(place, (key, values))| format!("let {} = {}; // {key}\n", name(place), dynamic(values)))
            .collect()
    }

    /// `let` statements that read the values from a table of keys and values.
    pub(super) fn lookups(&self, table: &str) -> String {
        let lists = self.lists.iter().enumerate();
        lists
            .map(|(place, (key, _))| {
                let key = string(key);
                format!(
                    "let {} = toscalar({table} | where SearchKey == {key} | summarize make_list(Value));\n",
                    name(place)
                )
            })
            .collect()
    }
}

fn name(place: usize) -> String {
    format!("quell_list_{}", place + 1)
}

/// The values as a watchlist: one line for each value, `SearchKey` says whose it is.
pub fn watchlist_csv(values: &Values) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(["SearchKey", "Value"]);
    for (key, list) in &values.lists {
        for value in list {
            let _ = writer.write_record([key, value]);
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
