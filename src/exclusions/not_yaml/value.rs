//! A value that YAML takes for something else: it begins with a sign that has a meaning, has a colon in it, or its
//! quotation marks do not fit.
//!
//! In: a line, and the column at which the parser gave up. Out: the value in quotation marks that keep it as it is.

use super::Slip;
use super::line::{Line, unquoted};

/// A value that begins with a sign of YAML.
pub(super) fn sign(line: &Line<'_>, column: usize) -> Option<Slip> {
    let at = line.text.char_indices().nth(column.saturating_sub(1)).map_or(line.text.len(), |(at, _)| at);
    let starts = [at, line.value];
    let is_sign = |c: char| matches!(c, '*' | '&' | '%' | '@' | '`' | '!' | '|' | '>');
    let start = starts.into_iter().find(|start| {
        *start >= line.start && line.text[*start..].starts_with(is_sign) && *start <= line.end
    })?;
    let in_brackets = line.is_inside || line.value().starts_with(['{', '[']);
    let value = value_from(line, start, in_brackets);
    let first = value.chars().next().filter(|_| !value.starts_with("!!"))?;
    let cause = match first {
        '`' => "this value begins with a backtick, which YAML keeps for itself".to_owned(),
        _ => format!("this value begins with `{first}`, which means something else in YAML"),
    };
    let above = value.trim_start_matches(['>', '=', ' ']).parse::<u64>().ok();
    let help = match (first, above) {
        ('>', Some(number)) => {
            let number = if value.starts_with(">=") { number } else { number.saturating_add(1) };
            format!("write a range: {number}-65535")
        }
        ('!', _) => format!(
            "there is no negation: say what a benign row is instead; for the text itself write {}",
            quoted(value)
        ),
        _ => in_line(line, start, value),
    };
    Some(slip(line, start, cause, help))
}

/// Quotation marks around the value of a line, or around the one at which the parser gave up.
pub(super) fn quotation(line: &Line<'_>, column: usize) -> Option<Slip> {
    backslash(line, column).or_else(|| around_a_part(line)).or_else(|| comma(line, column))
}

/// A path between double quotes.
fn backslash(line: &Line<'_>, column: usize) -> Option<Slip> {
    let mut found = None;
    let mut rest = line.start;
    while let Some(open) = line.text[rest..].find('"').map(|open| rest + open) {
        let inside = &line.text[open + 1..];
        let close = inside.find('"').unwrap_or(inside.len());
        let written = &inside[..close];
        if written.contains('\\') && (found.is_none() || line.column(open) <= column) {
            found = Some((open, written));
        }
        rest = (open + 1 + close + 1).min(line.text.len());
    }
    let (open, written) = found?;
    let cause = "between double quotes a backslash begins an escape";
    Some(slip(line, open, cause, format!("use single quotes: '{written}'")))
}

/// `'it's me'`, `"a b" c`, `'it`.
fn around_a_part(line: &Line<'_>) -> Option<Slip> {
    let value = line.value();
    let mark = value.chars().next().filter(|mark| matches!(mark, '\'' | '"'))?;
    let inside = &value[1..];
    let Some(close) = inside.find(mark) else {
        let help = format!("close it: `{}{mark}`", line.content());
        return Some(slip(line, line.value, "this quotation mark is not closed on its line", help));
    };
    let behind = inside[close + 1..].trim();
    if behind.is_empty() || line.is_inside || behind.starts_with(mark) {
        return None;
    }
    let key = line.text[line.start..line.value].trim_end();
    if mark == '\'' && behind.ends_with('\'') {
        let text = inside[..inside.len() - 1].replace('\'', "''");
        let cause = "an apostrophe ends a value between single quotes";
        let help = format!("double it: `{key} '{text}'`");
        return Some(slip(line, line.value, cause, help));
    }
    let help = format!("put the whole value into single quotes: {}", quoted(value));
    Some(slip(line, line.value, "this value goes on behind its quotation mark", help))
}

/// Two texts in brackets without a comma.
fn comma(line: &Line<'_>, column: usize) -> Option<Slip> {
    let at = line.text.char_indices().nth(column.saturating_sub(1)).map(|(at, _)| at)?;
    let before = line.text[..at].trim_end();
    let in_brackets = line.is_inside || line.value().starts_with(['{', '[']);
    if !in_brackets || !line.text[at..].starts_with(['"', '\'']) || !before.ends_with(['"', '\'']) {
        return None;
    }
    let mark = before.chars().next_back()?;
    let first = &before[before[..before.len() - 1].rfind(mark)?..];
    let second = line.text[at..].split_inclusive(mark).take(2).collect::<String>();
    Some(slip(line, at, "a comma is missing before this", format!("write `{first}, {second}`")))
}

/// A colon that ends a key where none may be, and parentheses.
pub(super) fn colon(line: &Line<'_>) -> Option<Slip> {
    let value = line.value();
    let key = line.key?;
    if value.starts_with('(') && value.ends_with(')') {
        let help = format!("write `{key}: {{{}}}`", &value[1..value.len() - 1]);
        return Some(slip(line, line.value, "an entry stands in braces, not in parentheses", help));
    }
    if value.starts_with(['{', '[', '\'', '"']) {
        return None;
    }
    if value.starts_with("- ") {
        let cause = "the items of a list begin on a line of their own below the key";
        let help = format!("write `{key}:`, and below it `{value}`");
        return Some(slip(line, line.value, cause, help));
    }
    let ends_a_key = |place: usize| value[place + 1..].is_empty() || value[place + 1..].starts_with(' ');
    let (place, _) = unquoted(value).find(|(place, sign)| *sign == ':' && ends_a_key(*place))?;
    let cause = "a colon and a blank in a value would begin another value";
    let help = format!("write `{key}: {}`", quoted(value));
    Some(slip(line, line.value + place, cause, help))
}

/// The same inside of brackets, where the parser gives up at the second colon of a pair.
pub(super) fn colon_in_brackets(line: &Line<'_>, column: usize) -> Option<Slip> {
    let at = line.text.char_indices().nth(column.saturating_sub(1)).map(|(at, _)| at)?;
    let is_in_brackets = line.is_inside || line.value().starts_with(['{', '[']);
    if !is_in_brackets || !line.text[at..].starts_with(':') {
        return None;
    }
    let start = line.text[..at].rfind(['{', '[', ',']).map_or(0, |open| open + 1);
    let end = line.text[at..].find(['}', ']', ',']).map_or(line.text.len(), |close| at + close);
    let (key, value) = line.text[start..end].split_once(": ")?;
    let cause = "a colon and a blank in a value would begin another value";
    let help = format!("write `{}: {}`", key.trim(), quoted(value.trim()));
    (start + key.len() < at).then(|| slip(line, at, cause, help))
}

/// A value from a byte on: to the end of the line, or in brackets to the next sign of them.
fn value_from<'t>(line: &Line<'t>, start: usize, in_brackets: bool) -> &'t str {
    let rest = &line.text[start..line.end.max(start)];
    let rest = if in_brackets { rest.split([',', '}', ']']).next().unwrap_or(rest) } else { rest };
    rest.trim()
}

/// How a line is written with its value in quotation marks; without the key if that stands far away.
fn in_line(line: &Line<'_>, start: usize, value: &str) -> String {
    let quoted = quoted(value);
    match line.key.filter(|_| start == line.value && !line.is_inside) {
        Some(key) => format!("put it into single quotes: `{key}: {quoted}`"),
        None => format!("put it into single quotes: {quoted}"),
    }
}

/// A text between single quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn slip(line: &Line<'_>, at: usize, cause: impl Into<String>, help: String) -> Slip {
    Slip { line: line.number, column: line.column(at), cause: cause.into(), help }
}
