//! A rule file with the block in all its queries.
//!
//! In: the text of a file, its kind, the table and the block. Out: the file's new text and what happened
//! to each reference, with places of the file. It makes no block and opens no files.

use super::queries::{FileKind, Queries, queries};
use crate::kql::position::{Position, Positions};
use crate::kql::splice::{Insertion, Lost, remove, splice_with};
use std::ops::Range;

/// What is put into a file.
#[derive(Debug, Clone, Copy)]
pub struct RuleBlock<'b> {
    /// The table that it belongs behind.
    pub table: &'b str,
    /// Its lines, markers included; without it, blocks are taken out.
    pub text: Option<&'b str>,
    /// Statements for the top of each query that gets it, with markers of their own; nothing if it is empty.
    pub above: &'b str,
    /// The columns that it reads.
    pub columns: &'b [String],
}

/// A file after a splice. Places are those of the file that came in.
#[derive(Debug, Clone, Default)]
pub struct SplicedFile {
    /// Its new text.
    pub text: String,
    /// The references that have the block.
    pub placed: Vec<Position>,
    /// What was left as it is, and why.
    pub left_alone: Vec<LeftAlone>,
    /// Where each query with the block begins, and its characters without the indentation of the file.
    pub lengths: Vec<(Position, usize)>,
    /// Columns of the block that do not reach the end of a query.
    pub lost: Vec<Lost>,
    /// Where a query asks for groups of few rows, among which the block may bring some.
    pub few: Vec<Position>,
}

/// Something that a splice did not touch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftAlone {
    /// Where.
    pub place: Position,
    /// Why.
    pub reason: String,
    /// Whether that is as it should be: rows that are subtracted want no exclusions.
    pub right: bool,
}

/// Puts the block into every query of a file, or takes it out.
pub fn splice_file(kind: FileKind, text: &str, block: RuleBlock<'_>) -> SplicedFile {
    let Queries { found, refused } = queries(kind, text);
    let mut out = SplicedFile { text: String::with_capacity(text.len()), ..SplicedFile::default() };
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut done = 0;
    let places = Positions::new(text);
    for range in found {
        let query = text.get(range.clone()).unwrap_or_default();
        let base = places.at(range.start);
        out.text += &text[done..range.start];
        done = range.end;
        match block.text {
            Some(lines) if query.contains(block.table) || query.contains("quell:") || searches(query) => {
                let RuleBlock { table, above, columns, .. } = block;
                let spliced = splice_with(query, Insertion { table, above, block: lines, columns }, eol);
                out.text += &spliced.text;
                if !spliced.placed.is_empty() {
                    out.lengths.push((base, super::dedented(&spliced.text).chars().count()));
                }
                out.placed.extend(spliced.placed.into_iter().map(|place| place.behind(base)));
                out.few.extend(spliced.few.into_iter().map(|place| place.behind(base)));
                out.lost.extend(
                    spliced.lost.into_iter().map(|lost| Lost { place: lost.place.behind(base), ..lost }),
                );
                let left = spliced.left_alone.into_iter();
                out.left_alone.extend(left.map(|(place, reason)| left_alone(place.behind(base), reason)));
            }
            Some(_) => out.text += query,
            None => {
                let removed = remove(query);
                out.text += &removed.text;
                out.placed.extend(std::iter::repeat_n(base, removed.blocks));
                let broken = removed.broken.into_iter();
                out.left_alone.extend(broken.map(|(place, reason)| left_alone(place.behind(base), reason)));
            }
        }
    }
    out.text += &text[done..];
    refuse(text, refused, block, &mut out);
    out.left_alone.sort();
    out
}

/// `search` and `find` read the table without naming it.
fn searches(query: &str) -> bool {
    ["search", "find", "*"].iter().any(|word| query.contains(word))
}

/// Names the queries that read the table and cannot be changed in place.
fn refuse(text: &str, refused: Vec<(Range<usize>, String)>, block: RuleBlock<'_>, out: &mut SplicedFile) {
    let places = Positions::new(text);
    for (range, reason) in refused {
        // Where nothing was ever put in, there is nothing to be taken out.
        let concerns = if block.text.is_some() { block.table } else { "quell:" };
        if text.get(range.clone()).is_some_and(|query| query.contains(concerns)) {
            out.left_alone.push(left_alone(places.at(range.start), reason));
        }
    }
}

fn left_alone(place: Position, reason: String) -> LeftAlone {
    let right = reason.starts_with("negative side");
    LeftAlone { place, reason, right }
}
