//! A line that does not begin where its neighbours do.
//!
//! In: the lines up to the one at which the parser gave up, and the column. Out: how far that one should be indented, and which line shows
//! it.

use super::Slip;
use super::line::Line;
use super::pair::is_known;
use crate::exclusions::validate::EXCLUSION_KEYS;

/// A key or a dash of a line: where it stands, and what it is called.
struct Begin<'l> {
    column: usize,
    line: usize,
    name: &'l str,
    is_item: bool,
}

/// The last line, if it is indented as none above it is.
pub(super) fn indentation(lines: &[Line<'_>], column: usize) -> Option<Slip> {
    let (last, before) = lines.split_last()?;
    let indent = last.indent();
    // The parser gives up where the line begins, or at the colon of its key.
    let end = last.column(last.start + last.key.map_or(0, str::len));
    let is_first = before.last().is_some_and(|line| line.value().is_empty() && line.indent() < indent);
    if column > end || is_first || last.is_inside {
        return None;
    }
    let is_item = !last.dashes.is_empty();
    let name = last.key.unwrap_or_else(|| last.content());
    let begins: Vec<Begin<'_>> = before.iter().rev().take(200).flat_map(begins).collect();
    let same = begins.iter().filter(|begin| begin.is_item == is_item);
    let near = |begin: &&Begin<'_>| (indent.abs_diff(begin.column), usize::MAX - begin.line);
    // A key belongs beside one of its own kind; an item of a list beside the same key.
    let kin = same
        .clone()
        .filter(|begin| is_item && begin.name == name || !is_item && kind(begin.name) == kind(name));
    let nearest = same.clone().min_by_key(near);
    let mut beside = kin.min_by_key(near).or(nearest)?;
    if beside.column == indent {
        // It fits one above it, so that the one between them does not.
        beside = same.clone().find(|begin| begin.column != indent && begin.column.abs_diff(indent) < 3)?;
    }
    let blanks = |count: usize| if count == 1 { "1 blank".to_owned() } else { format!("{count} blanks") };
    let dash = if beside.is_item { "- " } else { "" };
    let key = last.dashes.first().map_or(last.start, |dash| *dash);
    Some(Slip {
        line: last.number,
        column: last.column(key),
        cause: format!("this line is indented by {}, which fits no line above it", blanks(indent)),
        help: format!(
            "indent it by {}, as line {} has before `{dash}{}`",
            blanks(beside.column),
            beside.line,
            beside.name
        ),
    })
}

/// Where the keys and items of a line begin.
fn begins<'l>(line: &'l Line<'_>) -> Vec<Begin<'l>> {
    if line.is_inside {
        return Vec::new();
    }
    let name = line.key.unwrap_or_else(|| line.content());
    let begin = |column: usize, is_item: bool| Begin { column, line: line.number, name, is_item };
    let items = line.dashes.iter().map(|dash| begin(*dash, true));
    items.chain(line.key.map(|_| begin(line.start, false))).collect()
}

/// Keys of one kind stand beside each other.
fn kind(name: &str) -> u8 {
    match name {
        "exclusions" | "parameters" => 0,
        "meaning" | "example" => 1,
        "base" | "suppress" | "keep" => 2,
        _ if EXCLUSION_KEYS.contains(&name) => 3,
        _ if is_known(name) => 4,
        _ => 5,
    }
}
