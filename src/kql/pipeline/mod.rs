//! Where a query reads a table, and what it does with the rows.
//!
//! In: the text of a query and the name of a table. Out: [`Query`]: every reference of the table with
//! its pipeline and its [`Side`], and every place at which the table is read in a way that no clause
//! can follow. The query need not be correct. What cannot be placed with certainty is named, never guessed.
//!
//! Two phases. `walk` goes once over the bracket tree and notes pipelines, references, and each use of a name
//! that a `let` binds. `sides` then derives the side of every binding from its uses, the last binding first.

mod aggregates;
mod brackets;
mod names;
mod sides;
mod walk;

use super::lex::{TokenKind, lex};
use std::ops::Range;

/// A query as far as a splice needs to know it.
#[derive(Debug, Default)]
pub struct Query {
    /// All pipelines, an outer one before those inside it.
    pub pipelines: Vec<Pipeline>,
    /// The references of the table, in the order of the text.
    pub references: Vec<Reference>,
    /// Places that read the table, or may read it, where no clause can stand.
    pub unplaceable: Vec<(usize, String)>,
}

/// A source and the operators that its rows pass.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Brackets around it.
    pub depth: usize,
    /// The single name that is its source, such as a table or a name bound by `let`.
    pub source: Option<String>,
    /// The name that `let` gives it.
    pub bound: Option<String>,
    /// What its rows do to the result.
    pub side: Side,
    /// Its operators.
    pub operators: Vec<QueryOperator>,
}

/// One operator of a pipeline.
#[derive(Debug, Clone)]
pub struct QueryOperator {
    /// Its name: `where`, `project-away`.
    pub name: String,
    /// The byte of its pipe.
    pub start: usize,
    /// What follows its name.
    pub body: Range<usize>,
    /// Whether every bracket in it is closed.
    pub closed: bool,
}

/// A place that reads the table.
#[derive(Debug, Clone)]
pub struct Reference {
    /// First byte of the table's name or of what names it.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// Index of its pipeline.
    pub pipeline: usize,
    /// Whether it is an operand that needs brackets before an operator can follow it.
    pub bare: bool,
    /// What its rows do to the result.
    pub side: Side,
    /// Where a later comparison asks for groups of few rows, into which excluding some may bring a group.
    pub few: Option<usize>,
}

/// What the rows of a reference do to the result of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Fewer rows there never give more results.
    Positive,
    /// Rows there take results away.
    Negative,
    /// Both, in two places that use it.
    Both,
    /// They become a number or text that something is compared with.
    Value,
    /// A function gets them that the query does not show.
    Handed,
}

impl Side {
    /// Why excluding rows there is wrong; `None` if it is right.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Positive => None,
            Self::Negative => Some("negative side: these rows are subtracted, excluding some adds results"),
            Self::Both => Some(
                "used on both sides: the same rows give results in one place and take them away in another",
            ),
            Self::Handed => {
                Some("a function that stands nowhere in the query gets these rows, and may subtract them")
            }
            Self::Value => Some(
                "a value computed from these rows is compared with others, excluding some may add results",
            ),
        }
    }
}

/// Said where a name stands that may be a column as well.
const NO_TABLE: &str = "the table's name stands where no table is read";

impl Query {
    /// Whether it reads the table, or may read it.
    pub fn may_read(&self) -> bool {
        !self.references.is_empty() || self.unplaceable.iter().any(|(_, why)| why != NO_TABLE)
    }

    /// Reads a query.
    pub fn read(text: &str, table: &str) -> Self {
        walk::read(text, table)
    }
}

impl Pipeline {
    /// How many operators at its beginning only choose a span of time.
    pub fn leading_time(&self, text: &str) -> usize {
        self.operators.iter().take_while(|operator| operator.is_time(text)).count()
    }

    /// The first of its operators, up to one, after which a column is no longer what the table says.
    pub fn loses<'p>(&'p self, text: &str, column: &str, up_to: usize) -> Option<&'p QueryOperator> {
        self.operators.iter().take(up_to).find(|operator| operator.loses(text, column))
    }
}

/// Columns that hold the time of a row, and the function that gives the time of its arrival.
const TIMES: [&str; 4] = ["Timestamp", "TimeGenerated", "ingestion_time", "EventTime"];

impl QueryOperator {
    /// Whether it is a `where` that certainly begins with the time of a row.
    fn is_time(&self, text: &str) -> bool {
        let body = text.get(self.body.clone()).unwrap_or_default();
        let first = lex(body).into_iter().find(|token| token.kind == TokenKind::Name);
        matches!(self.name.as_str(), "where" | "filter")
            && self.closed
            && first.is_some_and(|name| TIMES.contains(&name.text(body)))
    }

    /// Whether a column is gone, or is something else, after it.
    pub fn loses(&self, text: &str, column: &str) -> bool {
        let body = text.get(self.body.clone()).unwrap_or_default();
        match self.name.as_str() {
            "count" | "getschema" | "consume" | "reduce" => true,
            "summarize" | "distinct" | "project" | "project-keep" | "make-series" | "top-nested" => {
                !keeps(body, column, &self.name)
            }
            "project-away" => items(body).iter().any(|item| item.is_column(column)),
            "project-rename" => items(body).iter().any(|item| item.changes(column) || item.is_from(column)),
            "extend" | "mv-expand" => items(body).iter().any(|item| item.changes(column)),
            _ => false,
        }
    }
}

/// One item of an operator's list: `A`, `B = expression`.
struct ColumnItem<'t> {
    name: &'t str,
    value: Option<Vec<&'t str>>,
    bare: bool,
}

impl ColumnItem<'_> {
    fn is_column(&self, column: &str) -> bool {
        self.value.is_none()
            && self.bare
            && match self.name.strip_suffix('*') {
                Some(start) => column.starts_with(start),
                None => self.name == column,
            }
    }

    /// Whether a column gets another value or another name. `A = A` and `A = iff(.., A, ..)` differ.
    fn changes(&self, column: &str) -> bool {
        match &self.value {
            Some(value) if self.name == column => value[..] != [column],
            _ => false,
        }
    }

    /// `New = Old`.
    fn is_from(&self, column: &str) -> bool {
        self.value.as_ref().is_some_and(|value| value[..] == [column])
    }
}

fn keeps(body: &str, column: &str, operator: &str) -> bool {
    if matches!(operator, "summarize" | "make-series") {
        let (aggregates, keys) = split_by(body);
        // `arg_max(Timestamp, *)` and `take_any(*)` carry whole rows through.
        let whole = lex(aggregates).iter().any(|token| token.text(aggregates) == "*");
        return whole || items(keys).iter().any(|item| item.is_column(column));
    }
    items(body).iter().any(|item| item.is_column(column) || (item.name == column && item.is_from(column)))
}

/// The text before and after the first `by` outside brackets.
fn split_by(body: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    for token in lex(body) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Name if depth == 0 && token.text(body) == "by" => {
                return (&body[..token.start], &body[token.end..]);
            }
            _ => {}
        }
    }
    (body, "")
}

fn items(body: &str) -> Vec<ColumnItem<'_>> {
    let mut items = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut depth = 0_usize;
    for token in lex(body).iter().filter(|token| token.is_significant()) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if token.kind == TokenKind::Comma && depth == 0 {
            items.extend(item(body, &std::mem::take(&mut words)));
        } else {
            words.push(token.text(body));
        }
    }
    items.extend(item(body, &words));
    items
}

fn item<'t>(body: &'t str, words: &[&'t str]) -> Option<ColumnItem<'t>> {
    let (first, rest) = words.split_first()?;
    if rest.first() == Some(&"=") {
        return Some(ColumnItem { name: first, value: Some(rest[1..].to_vec()), bare: true });
    }
    if rest == ["*"] {
        // `Initiating*`: two tokens that touch.
        let start = first.as_ptr() as usize - body.as_ptr() as usize;
        let name = body.get(start..=start + first.len()).unwrap_or(first);
        return Some(ColumnItem { name, value: None, bare: true });
    }
    Some(ColumnItem { name: first, value: None, bare: rest.is_empty() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(operator: &str, column: &str) -> bool {
        let query = format!("T | {operator}");
        let read = Query::read(&query, "T");
        read.pipelines[0].loses(&query, column, 9).is_some()
    }

    #[test]
    fn an_operator_says_which_columns_are_gone() {
        for (operator, column, gone) in [
            ("summarize count() by DeviceName, RemoteUrl", "RemoteUrl", false),
            ("summarize make_set(RemoteIP) by DeviceName", "RemoteIP", true),
            ("summarize arg_max(Timestamp, *) by DeviceName", "RemoteIP", false),
            ("summarize n=count() by RemoteIP=tolower(RemoteIP)", "RemoteIP", true),
            ("project DeviceName, IP = RemoteIP", "RemoteIP", true),
            ("project DeviceName, RemoteIP", "RemoteIP", false),
            ("project-away Remote*", "RemoteIP", true),
            ("project-away RemoteUrl", "RemoteIP", false),
            ("project-keep Remote*", "RemoteIP", false),
            ("project-reorder RemoteUrl", "RemoteIP", false),
            ("distinct DeviceName", "RemoteIP", true),
            ("distinct *", "RemoteIP", false),
            ("extend RemoteIP = tolower(RemoteIP)", "RemoteIP", true),
            ("extend x = RemoteIP", "RemoteIP", false),
            ("project-rename IP = RemoteIP", "RemoteIP", true),
            ("count", "RemoteIP", true),
            ("where RemoteIP == 'x'", "RemoteIP", false),
        ] {
            assert_eq!(lost(operator, column), gone, "{operator} {column}");
        }
    }
}
