//! Where the values of a clause stand: in the clause, in `let` statements, or in a table that others keep.
//!
//! In: lists of values, each with a key that says which exclusion, entry and field it belongs to. Out: the text
//! that the clause has in their place, and the `let` statements or the watchlist that hold them.

use super::expression::Expression;
use super::literal::string;

/// The most networks that stand in a call one by one; more become a list of their own.
const MOST_ARGUMENTS: usize = 40;

/// Collects lists while a clause is written.
#[derive(Debug, Default)]
pub struct Values {
    named: bool,
    kept_elsewhere: bool,
    /// How many lists other clauses of the query have.
    before: usize,
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

    /// The same behind so many lists of other clauses.
    #[must_use]
    pub(super) fn after(self, before: usize) -> Self {
        Self { before, ..self }
    }

    /// Whether somebody may add to a list without quell.
    pub(super) fn may_grow(&self) -> bool {
        self.kept_elsewhere
    }

    /// The cell is one of the texts.
    pub(super) fn texts(&mut self, cell: &str, cased: bool, key: &str, texts: &[String]) -> Expression {
        let (one, many) = if cased { ("==", "in") } else { ("=~", "in~") };
        match (self.name(key, texts), texts) {
            (Some(name), _) => Expression::plain(format!("{cell} {many} ({name})")),
            (None, [text]) => Expression::with_text(format!("{cell} {one} "), text),
            (None, _) => Expression::with_texts(format!("{cell} {many} "), texts.iter().map(String::as_str)),
        }
    }

    /// A call whose last argument, or arguments, are the networks. It is null for what is no address.
    pub(super) fn networks(&mut self, call: String, key: &str, networks: &[String]) -> Expression {
        match self.name(key, networks) {
            Some(name) => Expression::nullable(format!("{call}{name})")),
            None if networks.len() <= MOST_ARGUMENTS => Expression::nullable_call(call, networks, ")"),
            None => Expression::nullable_call(format!("{call}dynamic(["), networks, "]))"),
        }
    }

    /// The name of the list with these values; `None` if they stand in the clause.
    fn name(&mut self, key: &str, values: &[String]) -> Option<String> {
        // The upload of a watchlist trims values and drops control characters. Such a value stays in the clause.
        let elsewhere = self.kept_elsewhere && values.iter().all(|value| survives_csv(value));
        if !elsewhere && (self.kept_elsewhere || !self.named || values.len() < 2) {
            return None;
        }
        // Equal lists share a name, but not in a watchlist: somebody may add a value to one of them.
        let same = |(_, known): &(String, Vec<String>)| !self.kept_elsewhere && known == values;
        let place = self.lists.iter().position(same).unwrap_or_else(|| {
            self.lists.push((key.to_owned(), values.to_vec()));
            self.lists.len() - 1
        });
        Some(name(self.before + place))
    }

    /// Takes in the lists of another clause. A list of the same key has the same values.
    pub fn take_in(&mut self, other: &Self) {
        let new = other.lists.iter().filter(|(key, _)| !self.lists.iter().any(|(known, _)| known == key));
        let new: Vec<(String, Vec<String>)> = new.cloned().collect();
        self.lists.extend(new);
    }

    /// `let` statements with the values.
    pub(super) fn literals(&self) -> String {
        let lists = self.lists.iter().enumerate();
        let statement = |(place, (key, values)): (usize, &(String, Vec<String>))| {
            let head = format!("let {} = dynamic([", name(self.before + place));
            format!("// {key}\n{};\n", Expression::nullable_call(head, values, "])").text(0, 0))
        };
        lists.map(statement).collect()
    }

    /// `let` statements that read the values from a table of keys and values.
    pub(super) fn lookups(&self, table: &str) -> String {
        let lists = self.lists.iter().enumerate();
        lists
            .map(|(place, (key, _))| {
                let key = string(key);
                format!(
                    "let {} = toscalar({table} | where SearchKey == {key} | summarize make_list(tostring(Value)));\n",
                    name(self.before + place)
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
