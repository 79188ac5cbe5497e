//! Takes the blocks of a splice out of a query again.
//!
//! In: a query. Out: the query as it was before, byte for byte, or the markers that have no counterpart. What a splice wrote
//! around a block stands in the block's end marker.

use super::block::digest;
use super::lex::{Token, TokenKind, lex};
use super::position::{Position, Positions};
use super::splice::{BRACKETS, Edit, SPLIT, begins_line, indentation, line_start};
use super::{BEGIN, END, VALUES};

/// A query without its blocks.
#[derive(Debug, Clone, Default)]
pub struct Removed {
    /// The query.
    pub text: String,
    /// How many blocks were taken away.
    pub blocks: usize,
    /// Markers without their counterpart; if there are any, nothing was taken away.
    pub broken: Vec<(Position, String)>,
    cuts: Vec<(usize, usize)>,
}

impl Removed {
    /// What was taken away.
    pub fn edits(&self) -> impl Iterator<Item = Edit> {
        self.cuts.iter().map(|(start, end)| Edit { range: *start..*end, text: String::new() })
    }

    /// Where a byte of the text stood before the blocks were taken away.
    pub(super) fn original(&self, mut offset: usize) -> usize {
        for (start, end) in &self.cuts {
            if offset < *start {
                break;
            }
            offset += end - start;
        }
        offset
    }
}

/// Takes every block away and gives back the query as it was before.
pub fn remove(query: &str) -> Removed {
    if !query.contains("quell:") {
        return Removed { text: query.to_owned(), ..Removed::default() };
    }
    let tokens = lex(query);
    let (blocks, broken) = blocks(query, &tokens);
    let mut cuts = Vec::new();
    let mut bad: Vec<(usize, String)> = broken;
    for (begin, end) in &blocks {
        match block_cuts(query, &tokens, *begin, *end) {
            Ok(found) => cuts.extend(found),
            Err(why) => bad.push((tokens[*begin].start, why.to_owned())),
        }
    }
    if !bad.is_empty() {
        let places = Positions::new(query);
        let broken = bad.into_iter().map(|(offset, why)| (places.at(offset), why)).collect();
        return Removed { text: query.to_owned(), broken, ..Removed::default() };
    }
    cuts.sort_unstable();
    let mut text = String::with_capacity(query.len());
    let mut done = 0;
    for (start, end) in &cuts {
        text += query.get(done..*start).unwrap_or_default();
        done = *end;
    }
    text += &query[done..];
    let is_clause = |pair: &&MarkerPair| !tokens[pair.0].text(query).trim_end().ends_with(VALUES);
    Removed { text, blocks: blocks.iter().filter(is_clause).count(), broken: Vec::new(), cuts }
}

/// Where blocks begin that no longer say what was put in: the fingerprint in their marker is that of another text.
pub fn edited(query: &str) -> Vec<Position> {
    if !query.contains(BEGIN) {
        return Vec::new();
    }
    let tokens = lex(query);
    let places = Positions::new(query);
    let (blocks, _) = blocks(query, &tokens);
    let is_edited = |(begin, end): &&MarkerPair| {
        let marker = &tokens[*begin];
        let Some(wanted) = fingerprint_in(marker.text(query)) else { return false };
        let next = marker.end + eol_length(&query[marker.end..]);
        let body = query.get(next..line_start(query, tokens[*end].start)).unwrap_or_default();
        let indent = indentation(query, marker.start);
        let of = |strip: fn(&str) -> &str| {
            let lines = body.lines().map(|line| strip(line.strip_prefix(indent).unwrap_or(line)));
            digest(&lines.flat_map(|line| [line, "\n"]).collect::<String>())
        };
        // Editors take away spaces at the end of lines.
        of(|line| line) != wanted && of(str::trim_end) != wanted
    };
    blocks.iter().filter(is_edited).map(|(begin, _)| places.at(tokens[*begin].start)).collect()
}

/// The fingerprint in a begin marker, if it has one.
fn fingerprint_in(marker: &str) -> Option<&str> {
    let word = marker.strip_prefix(BEGIN)?.split_whitespace().next()?;
    (word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(word)
}

/// Indices of the tokens of two markers.
type MarkerPair = (usize, usize);

/// Pairs of markers, and the markers that have no counterpart.
fn blocks(query: &str, tokens: &[Token]) -> (Vec<MarkerPair>, Vec<(usize, String)>) {
    let mut blocks = Vec::new();
    let mut broken = Vec::new();
    let mut open: Option<usize> = None;
    let without_end = |begin: usize| (tokens[begin].start, format!("`{BEGIN}` without its `{END}`"));
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Comment) {
        let comment = token.text(query);
        if comment.starts_with(BEGIN) {
            broken.extend(open.replace(at).map(without_end));
        } else if comment.starts_with(END) {
            match open.take() {
                Some(begin) => blocks.push((begin, at)),
                None => broken.push((token.start, format!("`{END}` without its `{BEGIN}`"))),
            }
        }
    }
    broken.extend(open.map(without_end));
    (blocks, broken)
}

/// The bytes that a splice inserted for one block.
fn block_cuts(
    query: &str,
    tokens: &[Token],
    begin: usize,
    end: usize,
) -> Result<Vec<(usize, usize)>, &'static str> {
    let start = tokens[begin].start;
    if !begins_line(query, start) {
        return Err("the begin marker stands behind something else on its line; move it to its own line");
    }
    let stop = tokens[end].end;
    let marker = tokens[end].text(query).trim_end();
    let line = line_start(query, start);
    let mut cut = (start_of_end(query, line), stop);
    if line == 0 {
        cut = (0, stop + eol_length(&query[stop..]));
    }
    if marker.ends_with(SPLIT) {
        cut.1 = continued(query, tokens[end].start, stop);
        return Ok(vec![cut]);
    }
    if !marker.ends_with(BRACKETS) {
        return Ok(vec![cut]);
    }
    let after = continued(query, tokens[end].start, stop);
    if !query[after..].starts_with(')') {
        return Err("the closing bracket of this block is gone; take the block out by hand");
    }
    cut.1 = after + 1;
    let bracket = opening(query, &tokens[..begin])
        .ok_or("the opening bracket of this block is gone; take the block out by hand")?;
    Ok(vec![(bracket, bracket + 1), cut])
}

/// The byte at which the end of the line before this one begins.
fn start_of_end(query: &str, line: usize) -> usize {
    let before = &query[..line];
    let ended = before.strip_suffix("\r\n").or_else(|| before.strip_suffix(['\n', '\r']));
    ended.unwrap_or(before).len()
}

fn eol_length(rest: &str) -> usize {
    if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) }
}

/// The byte after the end of the marker's line and the indentation that it shares with the next one.
fn continued(query: &str, marker: usize, stop: usize) -> usize {
    let next = stop + eol_length(&query[stop..]);
    let shared = indentation(query, marker)
        .bytes()
        .zip(query[next..].bytes())
        .take_while(|(of_marker, of_next)| of_marker == of_next)
        .count();
    next + shared
}

/// The bracket that is open where the tokens end.
fn opening(query: &str, tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for token in tokens.iter().rev() {
        match token.text(query) {
            ")" => depth += 1,
            "(" if depth == 0 => return Some(token.start),
            "(" => depth -= 1,
            _ => {}
        }
    }
    None
}
