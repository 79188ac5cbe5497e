//! Where the values of a clause stand: in the clause, in `let` statements, or in a table that others keep.
//!
//! In: lists of values, each with a key that says which exclusion, entry and field it belongs to. Out: the text
//! that the clause has in their place, and the `let` statements or the watchlist that hold them.

use super::literal::{dynamic, string};

/// What kind of values a list has, and so how it can stand in a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListKind {
    /// Text for `in~` or `in`.
    Text,
    /// Networks for `ipv4_is_in_any_range()` and its sister.
    Network,
}

/// Collects lists while a clause is written.
#[derive(Debug, Default)]
pub struct Values {
    named: bool,
    kept_elsewhere: bool,
    /// Key and values of each list, in the order of their names.
    pub lists: Vec<(String, Vec<String>)>,
}

impl Values {
    /// Values stand in the clause itself.
    pub fn inline() -> Self {
        Self::default()
    }

    /// Values stand above the query under names.
    pub fn named() -> Self {
        Self { named: true, ..Self::default() }
    }

    /// Values stand in a table that others keep, each list by itself.
    pub fn kept_elsewhere() -> Self {
        Self { named: true, kept_elsewhere: true, ..Self::default() }
    }

    /// Whether somebody may add to a list without quell.
    pub(super) fn may_grow(&self) -> bool {
        self.kept_elsewhere
    }

    pub(super) fn list(&mut self, key: &str, kind: ListKind, values: Vec<String>) -> String {
        // The upload of a watchlist trims values and drops control characters. Such a value stays in the clause.
        let stays = self.kept_elsewhere && !values.iter().all(|value| survives_csv(value));
        if self.named && !stays {
            // Equal lists share a name, but not in a watchlist: somebody may add a value to one of them.
            let alike = |known: &Vec<String>| !self.kept_elsewhere && *known == values;
            let same = self.lists.iter().position(|(_, known)| alike(known));
            let place = same.unwrap_or_else(|| {
                self.lists.push((key.to_owned(), values));
                self.lists.len() - 1
            });
            return name(place);
        }
        match kind {
            ListKind::Text => values.iter().map(|value| string(value)).collect::<Vec<_>>().join(", "),
            ListKind::Network => dynamic(&values),
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
                    "let {} = toscalar({table} | where SearchKey == {key} | summarize make_list(tostring(Value)));\n",
                    name(place)
                )
            })
            .collect()
    }
}

/// KQL for the watchlist of this alias.
pub fn watchlist_table(alias: &str) -> String {
    format!("_GetWatchlist({}) | project SearchKey, Value", string(alias))
}

/// KQL for the same CSV behind an address.
pub fn external_table(url: &str) -> String {
    let url = string(url);
    format!(
        "externaldata(SearchKey: string, Value: string)[{url}] with (format = \"csv\", ignoreFirstRecord = true)"
    )
}

fn survives_csv(value: &str) -> bool {
    value.trim() == value && !value.chars().any(char::is_control)
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
