//! Brackets that do not fit: one that is not closed, one too much, another one than was opened.
//!
//! In: lines. Out: the line on which it happens, as it should be.

use super::Slip;
use super::line::{Brackets, Line, Wrong};
use super::value::quoted;

/// The first bracket that does not fit. One that is still open is wrong only if the text `is_at_its_end`.
pub(super) fn bracket(lines: &[Line<'_>], is_at_its_end: bool) -> Option<Slip> {
    // What was opened above the last lines may be closed on them.
    let last = lines.len().saturating_sub(2);
    let first = lines[..lines.len().min(last + 1)].iter().rposition(|line| !line.is_inside)?;
    let mut open = Brackets::default();
    for line in &lines[first..] {
        let begins = !line.is_inside;
        if begins {
            if let Some(slip) = unclosed(&open, lines) {
                return Some(slip);
            }
            open = Brackets::default();
        }
        if begins && !line.value().starts_with(['{', '[']) {
            continue;
        }
        if let Some(wrong) = open.read(line, if begins { line.value } else { 0 }) {
            return Some(misfit(line, &wrong));
        }
    }
    is_at_its_end.then(|| unclosed(&open, lines)).flatten()
}

fn misfit(line: &Line<'_>, wrong: &Wrong) -> Slip {
    let with = |at: usize, sign: &str, rest: usize| {
        format!("write `{}{sign}{}`", &line.text[line.start..at], line.text[rest..].trim_end())
    };
    let (at, cause, help) = match *wrong {
        Wrong::Missing(sign, at) => {
            (at, format!("`{sign}` is missing before this"), with(at, &sign.to_string(), at))
        }
        Wrong::TooMuch(at) => (at, "this bracket is one too much".to_owned(), with(at, "", at + 1)),
        Wrong::Behind => {
            let help = format!("put the whole value into single quotes: {}", quoted(line.value()));
            (line.value, "this value goes on behind its bracket".to_owned(), help)
        }
    };
    Slip { line: line.number, column: line.column(at), cause, help }
}

/// The last bracket that is still open.
fn unclosed(open: &Brackets, lines: &[Line<'_>]) -> Option<Slip> {
    let (sign, at, number) = *open.opened.last()?;
    let line = lines.iter().find(|line| line.number == number)?;
    if line.end < line.text.len() {
        let comment = &line.text[line.end..];
        let value = comment.split([',', '}', ']']).next().unwrap_or(comment).trim_end();
        let cause = "` #` begins a comment, and this bracket is not closed before it".to_owned();
        let rest = &comment[value.len()..];
        let help = format!("write `{}{}{rest}`", &line.text[line.start..line.end], quoted(value));
        return Some(Slip { line: number, column: line.column(line.end), cause, help });
    }
    let close: String =
        open.opened.iter().rev().map(|(sign, ..)| if *sign == '{' { '}' } else { ']' }).collect();
    // What follows it inside may stand on other lines.
    let inside = lines.iter().skip_while(|line| line.number <= number).take_while(|line| line.is_inside);
    let end = inside.last().unwrap_or(line);
    let whose = if end.number == number { String::new() } else { format!("on line {}, ", end.number) };
    let help = format!("close it: {whose}`{}{close}`", end.content());
    let column = line.column(at);
    Some(Slip { line: number, column, cause: format!("this `{sign}` is not closed"), help })
}
