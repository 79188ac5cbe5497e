//! Why a text is no YAML, in the words of who wrote it.
//!
//! In: the text, and the place at which the parser gave up. Out: the slip of the pen that is the likeliest cause, where it
//! was made, and the line as it should be. It guesses, so that nothing depends on it but what is said: the text has been
//! refused already.

mod bracket;
mod indent;
mod line;
mod pair;
mod value;

pub(super) use pair::{Mended, mended};

/// The likeliest cause.
#[derive(Debug)]
pub(super) struct Slip {
    /// Its line, from 1.
    pub(super) line: usize,
    /// Its column, from 1, in characters.
    pub(super) column: usize,
    /// What was done, in plain words.
    pub(super) cause: String,
    /// What to write instead.
    pub(super) help: String,
}

/// What to do about a text for which no slip is known, by the cause that the reader of YAML gives.
pub(super) fn remedy(cause: &str) -> &'static str {
    if cause.contains("stands inside the value") || cause.contains("aliases of this file") {
        "write the values out: `*name` repeats everything that stands behind `&name`, and a list needs neither"
    } else if cause.contains("nested too deeply") {
        "a list has five levels: exclusions, entries, fields, values; close the brackets of each"
    } else if cause.contains("tags") {
        "leave out what begins with `!`: every value is text as it is written"
    } else {
        "mend this place first; what stands behind it has not been read"
    }
}

/// The slip behind a mistake at a line and column, both from 1; `None` if none is known that fits.
pub(super) fn slip(text: &str, line: usize, column: usize) -> Option<Slip> {
    if let Some(slip) = foreign(text).or_else(|| tab(text, line)) {
        return Some(slip);
    }
    if line > 1 && text.lines().nth(line - 1).is_some_and(|line| line.starts_with("---")) {
        return Some(Slip {
            line,
            column: 1,
            cause: "a second YAML document begins here; a file holds one list".to_owned(),
            help: "put its exclusions below the first `exclusions:`, or into a file of its own".to_owned(),
        });
    }
    let lines = line::lines(text, line);
    let last = lines.last()?;
    // Behind the last line of a text the parser is on no line.
    let is_behind = last.number != line;
    let column = if is_behind { 1 } else { column };
    let near = || lines.iter().rev().take(2).rev();
    near()
        .find_map(|line| dash(line, &lines))
        .or_else(|| value::sign(last, column).filter(|_| !is_alias(text, last, column)))
        .or_else(|| value::quotation(last, column))
        .or_else(|| near().find_map(pair))
        .or_else(|| value::colon(last))
        .or_else(|| value::colon_in_brackets(last, column))
        .or_else(|| bracket::bracket(&lines, is_behind))
        .or_else(|| lines.iter().rev().take(20).find_map(pair))
        .or_else(|| indent::indentation(&lines, column))
}

/// Whether an alias stands there whose value has a name.
fn is_alias(text: &str, line: &line::Line<'_>, column: usize) -> bool {
    let rest: String = line.text.chars().skip(column.saturating_sub(1)).collect();
    let name =
        rest.strip_prefix('*').map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or(""));
    name.is_some_and(|name| !name.is_empty() && text.contains(&format!("&{name}")))
}

/// Lines that another program has put in.
fn foreign(text: &str) -> Option<Slip> {
    for (place, line) in text.lines().enumerate() {
        let (cause, help) = if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
            (
                "a merge of two versions was left unfinished here",
                "keep one side and remove the lines with the marks",
            )
        } else if line.starts_with("```") {
            (
                "this is a frame of Markdown, and not part of a list",
                "remove this line and the one that ends the frame",
            )
        } else {
            continue;
        };
        return Some(Slip { line: place + 1, column: 1, cause: cause.to_owned(), help: help.to_owned() });
    }
    None
}

/// A tab where only blanks may stand: before a line, or behind a dash or a colon.
fn tab(text: &str, line: usize) -> Option<Slip> {
    let near = [line, line.saturating_sub(1), line + 1];
    near.into_iter().filter(|number| *number > 0).find_map(|number| {
        let line = text.lines().nth(number - 1)?;
        let indent = line.len() - line.trim_start_matches([' ', '\t', '-']).len();
        let in_indent = line[..indent].find('\t');
        let at = in_indent.or_else(|| line.find(":\t").map(|colon| colon + 1))?;
        let (before, after) = line.split_at(indent);
        // Behind a dash or a colon a tab stands for one blank, before a line for two.
        let mended = before.replace("-\t", "- ").replace('\t', "  ") + &after.replace(":\t", ": ");
        Some(Slip {
            line: number,
            column: line[..at].chars().count() + 1,
            cause: "a tab stands here, where YAML takes blanks only".to_owned(),
            help: format!("write `{}`", mended.trim_end()),
        })
    })
}

/// A list item whose dash lacks its blank.
fn dash(line: &line::Line<'_>, lines: &[line::Line<'_>]) -> Option<Slip> {
    let item = line.content().strip_prefix('-').filter(|_| !line.is_inside)?;
    let is_item = |other: &line::Line<'_>| other.dashes.contains(&line.start);
    let word = item.split([':', ' ']).next().unwrap_or(item);
    let is_meant = item.starts_with(['{', '['])
        || pair::is_known(word)
        || (item.starts_with(|c: char| c.is_alphanumeric()) && lines.iter().any(is_item));
    is_meant.then(|| Slip {
        line: line.number,
        column: line.column(line.start + 1),
        cause: "a blank is missing behind the dash".to_owned(),
        help: format!("write `- {item}`"),
    })
}

/// A pair that lacks a sign.
fn pair(line: &line::Line<'_>) -> Option<Slip> {
    let is_pair = line.key.is_some_and(|key| !key.contains([' ', ':', '=']));
    let mended = mended(line.content()).filter(|_| !is_pair && !line.is_inside)?;
    let dash = if line.dashes.is_empty() { "" } else { "- " };
    Some(Slip {
        line: line.number,
        column: line.column(line.start) + mended.at,
        cause: mended.cause,
        help: format!("write `{dash}{}`", mended.text),
    })
}
