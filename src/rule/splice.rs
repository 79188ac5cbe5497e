//! A rule file with the block in all its queries.
//!
//! In: the text of a file, its kind, the table and the block. Out: the file's new text and what happened
//! to each reference, with places of the file. It makes no block and opens no files.

use super::queries::{FileKind, FoundQuery, Queries, queries};
use crate::kql::position::{Position, Positions};
use crate::kql::splice::{Edit, Insertion, Lost, Spliced, edited, remove, splice_with};
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
    /// How many queries were found, those that cannot be changed among them.
    pub queries: usize,
    /// How long each query with the block has become.
    pub lengths: Vec<QueryLength>,
    /// Columns of the block that do not reach the end of a query.
    pub lost: Vec<Lost>,
    /// Where a query asks for groups of few rows, among which the block may bring some.
    pub few: Vec<Position>,
}

/// The length of a query with the block.
#[derive(Debug, Clone, Copy)]
pub struct QueryLength {
    /// Which query of the file it is.
    pub query: usize,
    /// Where it begins.
    pub place: Position,
    /// Its characters without the indentation of the file.
    pub characters: usize,
    /// How often it has the block.
    pub blocks: usize,
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
    splice_each(kind, text, Edited::Replaced, |_| vec![block])
}

/// What becomes of a query with a block that somebody edited by hand, when another one is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It is left alone, so that nothing is lost.
    LeftAlone,
    /// The block is replaced.
    Replaced,
}

/// The same with the blocks for each query of the file, one for each table that it reads. Those of the file itself are
/// asked for last.
pub fn splice_each<'b>(
    kind: FileKind,
    text: &str,
    by_hand: Edited,
    blocks_for: impl Fn(usize) -> Vec<RuleBlock<'b>>,
) -> SplicedFile {
    let Queries { found, refused } = queries(kind, text);
    let mut out = SplicedFile { text: String::with_capacity(text.len()), ..SplicedFile::default() };
    out.queries = found.len() + refused.len();
    let mut done = 0;
    let places = Positions::new(text);
    for (place, query) in found.iter().enumerate() {
        out.text += &text[done..query.range.start];
        done = query.range.end;
        if !in_one(text, (place, query), (&blocks_for(place), by_hand), &places, &mut out) {
            out.text += &text[query.range.clone()];
        }
    }
    out.text += &text[done..];
    refuse(text, refused, &blocks_for(found.len()), &mut out);
    out.left_alone.sort();
    out
}

/// Why a block that somebody edited is left alone.
const BY_HAND: &str = "this block was edited by hand, and that would be lost: put the change into a list and take the block out with --remove, or replace it with --force";

/// Changes one query; whether its text is written.
fn in_one(
    file: &str,
    (number, query): (usize, &FoundQuery),
    (blocks, by_hand): (&[RuleBlock<'_>], Edited),
    places: &Positions<'_>,
    out: &mut SplicedFile,
) -> bool {
    let raw = file.get(query.range.clone()).unwrap_or_default();
    let start = query.range.start;
    let Some(decoded) = query.encoding.decode(raw) else {
        let reason = "this string has an escape that its language does not know".to_owned();
        out.left_alone.push(left_alone(places.at(start), reason));
        return false;
    };
    let text = &decoded.text;
    let origin = |offset: usize| decoded.origins.get(offset).copied().unwrap_or(raw.len());
    let place = |position: Position| places.at(start + origin(position.offset));
    let edits = if blocks.iter().any(|block| block.text.is_some()) {
        let by_hand = if by_hand == Edited::LeftAlone { edited(text) } else { Vec::new() };
        if !by_hand.is_empty() {
            let left = by_hand.into_iter();
            out.left_alone.extend(left.map(|position| left_alone(place(position), BY_HAND.to_owned())));
            return false;
        }
        let Some(spliced) = spliced(file, text, blocks) else { return false };
        if !spliced.placed.is_empty() {
            out.lengths.push(QueryLength {
                query: number,
                place: places.at(start),
                characters: super::dedented(&spliced.text).chars().count(),
                blocks: spliced.placed.len(),
            });
        }
        out.placed.extend(spliced.placed.into_iter().map(place));
        out.few.extend(spliced.few.into_iter().map(place));
        let lost = spliced.lost.into_iter();
        out.lost.extend(lost.map(|lost| Lost { place: place(lost.place), ..lost }));
        let left = spliced.left_alone.into_iter();
        out.left_alone.extend(left.map(|(position, reason)| left_alone(place(position), reason)));
        spliced.edits
    } else {
        let removed = remove(text);
        out.placed.extend(std::iter::repeat_n(places.at(start), removed.blocks));
        let edits: Vec<Edit> = removed.edits().collect();
        let broken = removed.broken.into_iter();
        out.left_alone.extend(broken.map(|(position, reason)| left_alone(place(position), reason)));
        edits
    };
    let mut done = 0;
    for edit in edits {
        let (first, last) = (origin(edit.range.start), origin(edit.range.end));
        out.text += raw.get(done..first).unwrap_or_default();
        out.text += &query.encoding.encode(&edit.text);
        done = last;
    }
    out.text += raw.get(done..).unwrap_or_default();
    true
}

/// The query with its blocks; `None` if it has nothing to do with their tables.
fn spliced(file: &str, text: &str, blocks: &[RuleBlock<'_>]) -> Option<Spliced> {
    let concerns = |block: &RuleBlock<'_>| text.contains(block.table);
    if !(blocks.iter().any(concerns) || text.contains("quell:") || searches(text)) {
        return None;
    }
    let eol = if file.contains("\r\n") || text.contains("\r\n") { "\r\n" } else { "\n" };
    let all = blocks.iter().filter_map(|RuleBlock { table, above, columns, text }| {
        text.map(|block| Insertion { table, above, block, columns })
    });
    let all: Vec<Insertion<'_>> = all.collect();
    Some(splice_with(text, &all, eol))
}

/// `search` and `find` read the table without naming it.
fn searches(query: &str) -> bool {
    ["search", "find", "*"].iter().any(|word| query.contains(word))
}

/// Names the queries that read a table and cannot be changed in place.
fn refuse(text: &str, refused: Vec<(Range<usize>, String)>, blocks: &[RuleBlock<'_>], out: &mut SplicedFile) {
    let places = Positions::new(text);
    let inserts = blocks.iter().any(|block| block.text.is_some());
    for (range, reason) in refused {
        // What a computed query reads, nobody sees here.
        let unseen = inserts && reason.contains("computed");
        let query = text.get(range.clone()).unwrap_or_default();
        // Where nothing was ever put in, there is nothing to be taken out.
        let concerns = |block: &RuleBlock<'_>| query.contains(block.text.map_or("quell:", |_| block.table));
        if unseen || blocks.iter().any(concerns) {
            out.left_alone.push(left_alone(places.at(range.start), reason));
        }
    }
}

fn left_alone(place: Position, reason: String) -> LeftAlone {
    let right = reason.starts_with("negative side");
    LeftAlone { place, reason, right }
}
