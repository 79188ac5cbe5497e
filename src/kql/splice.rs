//! The block of exclusions in the right places of a query.
//!
//! In: a query, the table, and a block: lines from `// quell:begin` to `// quell:end` with operators
//! between them. Out: the query with the block at every reference that may take it, and each other
//! reference with the reason. No byte outside the block changes; taking the block away gives back the
//! query byte for byte. It does not know what the block says.
//!
//! A block stands on lines of its own. Where something follows on the same line, that goes on under the
//! block; where the table is a bare operand, brackets are put around the table and the block. Both are
//! written into the end marker ([`SPLIT`], [`BRACKETS`]), so that the block can be taken away again.

use super::lex::is_space;
use super::pipeline::{Query, Reference};
use super::position::{Position, Positions};
pub use super::unsplice::{Removed, edited, remove};
use std::fmt::Write;
use std::ops::Range;

/// The end of an end marker under which the split line goes on.
pub const SPLIT: &str = " (the line goes on)";
/// The end of an end marker whose block and table stand in brackets of their own.
pub const BRACKETS: &str = " (in brackets)";

/// A column that the block reads and that a later operator does not let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The column.
    pub column: String,
    /// The operator.
    pub operator: String,
    /// Where the operator stands.
    pub place: Position,
}

/// A query after a splice. Places are those of the text that came in.
#[derive(Debug, Clone, Default)]
pub struct Spliced {
    /// The query with the block.
    pub text: String,
    /// The references that have it.
    pub placed: Vec<Position>,
    /// The references that do not, and why.
    pub left_alone: Vec<(Position, String)>,
    /// Columns of the block that do not reach the end of a pipeline that has it.
    pub lost: Vec<Lost>,
    /// Where a later comparison asks for groups of few rows, among which the block may bring some.
    pub few: Vec<Position>,
    /// What was changed in the query, in the order of its bytes.
    pub edits: Vec<Edit>,
}

/// A change: these bytes of the text that came in give way to this text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// First byte and the byte after the last.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

/// Puts a block at every reference of a table that may take it; blocks of an earlier splice are replaced.
///
/// `columns` are the columns that the block reads. They do not change the result; those that a later operator
/// drops are reported.
pub fn splice(query: &str, table: &str, block: &str, columns: &[String]) -> Spliced {
    let insertion = Insertion { table, above: "", block, columns };
    splice_with(query, &[insertion], end_of_line(query, 0).unwrap_or("\n"))
}

/// What is put into a query.
#[derive(Debug, Clone, Copy)]
pub struct Insertion<'i> {
    /// The table behind which the block belongs.
    pub table: &'i str,
    /// A block of statements for the top of the query; nothing if it is empty.
    pub above: &'i str,
    /// The block.
    pub block: &'i str,
    /// The columns that it reads.
    pub columns: &'i [String],
}

/// The same with a block for each of several tables, and with the file's end of line, for a query that has only one line
/// and so shows none.
pub fn splice_with(query: &str, insertions: &[Insertion<'_>], eol: &str) -> Spliced {
    let removed = remove(query);
    if !removed.broken.is_empty() {
        return Spliced { text: query.to_owned(), left_alone: removed.broken, ..Spliced::default() };
    }
    let text = &removed.text;
    let places = Positions::new(query);
    let place = |offset| places.at(removed.original(offset));
    let mut spliced = Spliced::default();
    let (mut above, mut edits) = (Vec::new(), Vec::new());
    for insertion in insertions {
        let before = spliced.placed.len();
        edits.extend(insert(text, *insertion, eol, place, &mut spliced));
        if spliced.placed.len() > before && !insertion.above.is_empty() {
            above.push((0, at_the_top(text, insertion.above, eol)));
        }
    }
    edits.splice(0..0, above);
    spliced.placed.sort_unstable();
    spliced.left_alone.sort();
    // What reads every table is said once.
    spliced.left_alone.dedup();
    edits.sort_by_key(|(offset, _)| *offset);
    let inserted = edits.iter().map(|(offset, insertion)| {
        let at = removed.original(*offset);
        Edit { range: at..at, text: insertion.clone() }
    });
    spliced.edits = removed.edits().chain(inserted).collect();
    spliced.edits.sort_by_key(|edit| edit.range.start);
    spliced.text = with(text, edits);
    spliced
}

/// What one table's block changes; what was done and what was not is added to `spliced`.
fn insert(
    text: &str,
    insertion: Insertion<'_>,
    eol: &str,
    place: impl Fn(usize) -> Position + Copy,
    spliced: &mut Spliced,
) -> Vec<(usize, String)> {
    let Insertion { table, block, columns, .. } = insertion;
    let read = Query::read(text, table);
    let mut edits = Vec::new();
    for reference in &read.references {
        if let Some(reason) = reference.side.reason() {
            spliced.left_alone.push((place(reference.start), reason.to_owned()));
            continue;
        }
        edits.extend(insertions(text, &read, reference, block, eol));
        spliced.placed.push(place(reference.start));
        spliced.few.extend(reference.few.map(place));
        spliced.lost.extend(lost(text, &read, reference, columns, place));
    }
    let unplaceable = read.unplaceable.iter().map(|(offset, why)| (place(*offset), why.clone()));
    spliced.left_alone.extend(unplaceable);
    edits
}

fn lost(
    text: &str,
    read: &Query,
    reference: &Reference,
    columns: &[String],
    place: impl Fn(usize) -> Position,
) -> Vec<Lost> {
    let Some(pipeline) = read.pipelines.get(reference.pipeline) else { return Vec::new() };
    columns
        .iter()
        .filter_map(|column| {
            let operator = pipeline.loses(text, column, usize::MAX)?;
            let (column, name) = (column.clone(), operator.name.clone());
            Some(Lost { column, operator: name, place: place(operator.start) })
        })
        .collect()
}

fn with(text: &str, edits: Vec<(usize, String)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (offset, insertion) in edits {
        out += &text[done..offset];
        out += &insertion;
        done = offset;
    }
    out + &text[done..]
}

/// The lines for the top of a query, indented as it is.
fn at_the_top(text: &str, above: &str, eol: &str) -> String {
    let first = text.find(|c| !is_space(c)).unwrap_or(text.len());
    let (indent, eol) = (indentation(text, first), end_of_line(text, 0).unwrap_or(eol));
    above.lines().map(|line| format!("{indent}{line}{eol}")).collect()
}

/// What a reference needs: the block, and a bracket before it if it is a bare operand.
fn insertions(
    text: &str,
    read: &Query,
    reference: &Reference,
    block: &str,
    eol: &str,
) -> Vec<(usize, String)> {
    let mut after = reference.end;
    let mut neighbour = reference.start;
    if let Some(pipeline) = read.pipelines.get(reference.pipeline).filter(|_| !reference.bare) {
        let times = pipeline.leading_time(text);
        if let Some(last) = times.checked_sub(1).and_then(|last| pipeline.operators.get(last)) {
            (after, neighbour) = (last.body.end, last.start);
        }
        if let Some(next) = pipeline.operators.get(times).filter(|next| begins_line(text, next.start)) {
            neighbour = next.start;
        }
    }
    if !begins_line(text, neighbour) {
        neighbour = reference.start;
    }
    // If more of the query follows on this line, it goes on under the block.
    let next = text[after..].trim_start_matches(|c| is_space(c) && !matches!(c, '\n' | '\r'));
    let ends_line = next.is_empty() || next.starts_with(['\n', '\r']) || next.starts_with("//");
    let at = if ends_line { after + rest_of_line(text, after).len() } else { after };
    let eol = end_of_line(text, after).unwrap_or(eol);
    let indent = indentation(text, neighbour);
    let (mark, close) = match (reference.bare, ends_line) {
        (true, _) => (BRACKETS, ")"),
        (false, false) => (SPLIT, ""),
        (false, true) => ("", ""),
    };
    let mut insertion = String::new();
    for line in block.lines() {
        let indent = if line.is_empty() { "" } else { indent };
        let _ = write!(insertion, "{eol}{indent}{line}");
    }
    if !mark.is_empty() {
        let _ = write!(insertion, "{mark}{eol}{indent}{close}");
    }
    let mut all = vec![(at, insertion)];
    if reference.bare {
        all.insert(0, (reference.start, "(".to_owned()));
    }
    all
}

pub(super) fn line_start(text: &str, offset: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &text.as_bytes()[..offset]).map_or(0, |newline| newline + 1)
}

pub(super) fn begins_line(text: &str, offset: usize) -> bool {
    let before = text[..offset].trim_end_matches([' ', '\t']);
    before.is_empty() || before.ends_with(['\n', '\r'])
}

pub(super) fn indentation(text: &str, offset: usize) -> &str {
    let line = &text[line_start(text, offset)..];
    &line[..line.find(|c| !matches!(c, ' ' | '\t')).unwrap_or(line.len())]
}

fn rest_of_line(text: &str, offset: usize) -> &str {
    let rest = &text[offset..];
    &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())]
}

fn end_of_line(text: &str, offset: usize) -> Option<&'static str> {
    let of = |rest: &str| {
        let at = memchr::memchr2(b'\n', b'\r', rest.as_bytes())?;
        Some(if rest[at..].starts_with("\r\n") {
            "\r\n"
        } else if rest[at..].starts_with('\r') {
            "\r"
        } else {
            "\n"
        })
    };
    of(&text[offset..]).or_else(|| of(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BLOCK: &str = "// quell:begin\n| where not(x)\n// quell:end";

    fn edited(text: &str, edits: &[Edit]) -> String {
        let (mut out, mut done) = (String::new(), 0);
        for edit in edits {
            out += &text[done..edit.range.start];
            out += &edit.text;
            done = edit.range.end;
        }
        out + &text[done..]
    }

    fn spliced(query: &str) -> String {
        splice(query, "T", BLOCK, &[]).text
    }

    #[test]
    fn the_block_stands_where_its_columns_still_are() {
        for (query, expected) in [
            ("T\n| where a", "T\n// quell:begin\n| where not(x)\n// quell:end\n| where a"),
            (
                "T // all\n    | where Timestamp > ago(7d)\n    | count",
                "T // all\n    | where Timestamp > ago(7d)\n    // quell:begin\n    | where not(x)\n    // quell:end\n    | count",
            ),
            ("T | count", "T\n// quell:begin\n| where not(x)\n// quell:end (the line goes on)\n | count"),
            (
                "  union T, A",
                "  union (T\n  // quell:begin\n  | where not(x)\n  // quell:end (in brackets)\n  ), A",
            ),
            ("T // q", "T // q\n// quell:begin\n| where not(x)\n// quell:end"),
            ("A\n| where 'T'", "A\n| where 'T'"),
        ] {
            assert_eq!(spliced(query), expected, "{query}");
        }
    }

    #[test]
    fn a_marker_without_its_counterpart_changes_nothing() {
        for query in [
            "T\n// quell:begin\n| where a",
            "T\n// quell:end\n| where a",
            "T // quell:begin\n// quell:end",
            "T\n// quell:begin\n// quell:begin\n// quell:end",
            "union T\n// quell:begin\n// quell:end (in brackets)\n",
        ] {
            let done = splice(query, "T", BLOCK, &[]);
            assert_eq!(done.text, query);
            assert_eq!(done.left_alone.len(), 1, "{query}");
            assert_eq!(remove(query).text, query);
        }
    }

    #[test]
    fn places_are_those_of_the_text_that_came_in() {
        let query = spliced("T\n| where D !in (T | distinct D)");
        let again = splice(&query, "T", BLOCK, &[]);
        assert_eq!(again.text, query);
        assert_eq!((again.left_alone[0].0.line, again.left_alone[0].0.column), (5, 16));
    }

    /// Queries made of everything that a splice looks at. Most of them are not valid.
    fn queries() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "T",
            "A",
            "union ",
            "join kind=leftanti ",
            "join kind=inner ",
            "| where Timestamp > ago(1d)",
            "| where a !in (",
            "let x = ",
            ";",
            "(",
            ")",
            ",",
            "\n",
            "\r\n",
            "\t",
            "  ",
            "// note\n",
            "'s // |'",
            "| summarize count() by a",
            "not(",
            "{{p}}",
            "\"open",
            "on D",
            "toscalar(",
            "\u{feff}",
            "x",
            "```",
            "é",
        ]);
        prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn splicing_twice_is_splicing_once_and_removing_gives_the_query_back(query in queries()) {
            let once = splice(&query, "T", BLOCK, &[]);
            prop_assert_eq!(edited(&query, &once.edits), once.text.clone());
            let other = splice(&once.text, "T", "// quell:begin\n| where y\n// quell:end", &[]);
            prop_assert_eq!(edited(&once.text, &other.edits), other.text);
            prop_assert_eq!(&splice(&once.text, "T", BLOCK, &[]).text, &once.text);
            let removed = remove(&once.text);
            prop_assert_eq!(&removed.text, &query);
            prop_assert_eq!(removed.blocks, once.placed.len());
        }

        #[test]
        fn values_stand_at_the_top_and_go_with_the_block(query in queries(), indent in "[ \t]{0,3}") {
            let query = format!("{indent}{query}");
            let above = "// quell:begin 0 (values)\nlet quell_list_1 = dynamic([\"a\"]);\n// quell:end\n";
            let insertion = Insertion { table: "T", above, block: BLOCK, columns: &[] };
            let once = splice_with(&query, &[insertion], "\n");
            prop_assert_eq!(once.text.contains("(values)"), !once.placed.is_empty());
            prop_assert_eq!(&splice_with(&once.text, &[insertion], "\n").text, &once.text);
            let removed = remove(&once.text);
            prop_assert_eq!(&removed.text, &query);
            prop_assert_eq!(removed.blocks, once.placed.len());
        }

        #[test]
        fn another_block_takes_the_place_of_the_first(query in queries()) {
            let other = "// quell:begin\n| where not(y)\n\n// quell:end";
            let twice = splice(&splice(&query, "T", other, &[]).text, "T", BLOCK, &[]).text;
            prop_assert_eq!(twice, spliced(&query));
        }
    }
}
