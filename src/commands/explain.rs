//! `quell explain`: why one row is kept or suppressed.

use super::cells::{CellPlaces, standing_of};
use super::idle::refuse;
use super::inputs::{self, keep_standard_input, open};
use super::kept::{self, GroupOfRow, Reading, group_of_row, is_value};
use super::lists::{loaded, rule, today};
use super::results::{ReadBy, read_by};
use super::{End, Outcome, World, fail, print_styled, print_text};
use crate::cli::{Explain, ExplainFormat};
use quell::input::Input;
use quell::input::rows::Rows;
use quell::input::{Fault, Format};
use quell::judge::Matcher;
use quell::judge::explain::{ExplainedCondition, ExplainedExclusion, Explanation, explain, telling};
use quell::judge::row::RowCells;
use quell::judge::row_tables::OwnCells;
use quell::judge::verdict::ConditionOutcome;
use quell::printable::json_written_out;
use quell::report::build::LeftOut;
use quell::report::grouped::{sides, size, title};
use quell::report::style::{Ink, Style};
use quell::report::{fitted, printable};
use quell::run::columns::reader;
use quell::run::each_row::each_row;
use std::fmt::Write;
use std::ops::ControlFlow;

/// How many wanted values of a condition are shown.
const SHOWN: usize = 5;

/// The stream strips styles that nobody wants.
const INK: Ink = Ink::On;

/// The row that was asked for.
struct FoundRow {
    number: u64,
    line: u64,
    cells: Result<Vec<Option<String>>, Fault>,
}

pub(crate) fn run(args: &Explain, world: &World) -> Outcome {
    let as_json = args.format == ExplainFormat::Json;
    refuse(&[("--all", args.all && as_json, "JSON has every exclusion in full")])?;
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let names = inputs::files(std::slice::from_ref(&args.results))?;
    let [name] = names.as_slice() else {
        let message = format!("{} stands for {} files", args.results, names.len());
        return fail("several-files", message, "name the one that the row is in");
    };
    if name == "-" {
        keep_standard_input()?;
    }
    let mut files = [open(name, &args.input)?];
    if files[0].format == Format::Parquet {
        let message = format!("{name}: rows of Parquet are not explained");
        return fail("parquet", message, "convert it into a pipe, for example with duckdb: docs/formats.md");
    }
    let read = read_by(&files, &lists, rule.as_ref())?;
    let (applied, left_out) =
        read.in_force(&files, &lists.exclusions, rule.as_ref(), today(&args.scope, world));
    let matcher = read.matcher(&files, &applied)?;
    let [opened] = &mut files;
    let found = find(args, opened, &read, &matcher)?;
    let row = match found.cells {
        Ok(cells) => cells,
        Err(fault) => {
            print_text(&format!(
                "row {} (line {}) is kept: it cannot be read: {fault}\n",
                found.number, found.line
            ))?;
            return Ok(End::LookAtIt);
        }
    };
    let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
    let explanation = explain(&matcher, &applied, &cells[..matcher.slots().len()]);
    let reading = Reading {
        results: std::slice::from_ref(name),
        input: &args.input,
        read: &read,
        applied: &applied,
        dedupe: false,
    };
    reading.require_columns()?;
    let group = if explanation.suppressed {
        None
    } else {
        let counted = RowCells::of(&cells, matcher.slots().len());
        group_of_row(&reading, counted.process, counted.destination)?
    };
    let place = (found.number, found.line);
    match args.format {
        ExplainFormat::Json => print_text(&json(&explanation, group.as_ref(), place))?,
        ExplainFormat::Text => {
            let mut said = text(&explanation, place, args.all);
            said += &group.map(|group| group_text(&group, &args.results)).unwrap_or_default();
            said += &left_out_text(&left_out);
            print_styled(&fitted(&said, world.message_width))?;
        }
    }
    Ok(End::Clean)
}

fn left_out_text(left_out: &[LeftOut<'_>]) -> String {
    let lines = left_out.iter().map(|left| format!("  {}: {}\n", left.exclusion.id, left.why));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("\nLeft out:\n{lines}") }
}

/// How the row is looked for: by its number, or by the value of a cell.
enum By {
    Number(u64),
    Cell(String),
}

fn find(args: &Explain, opened: &mut Input, read: &ReadBy<'_>, matcher: &Matcher) -> Outcome<FoundRow> {
    let mut asked = Vec::new();
    let by = match (&args.condition, args.row) {
        (Some(condition), _) => {
            let (name, value) = kept::condition(condition)?;
            asked.push(standing_of(name, read, std::slice::from_ref(opened))?.1);
            By::Cell(value.to_owned())
        }
        (None, row) => By::Number(row.unwrap_or(1)),
    };
    let places = CellPlaces::new(read, matcher, &asked);
    let (rows, _) = reader(opened, places.sources())?;
    match search(opened, &rows, &places, &by)? {
        SearchResult::Found(found) => Ok(found),
        SearchResult::NotAmong(read) => match by {
            By::Number(row) => fail(
                "no-such-row",
                format!("{} has {read} rows, so no row {row}", opened.name),
                "rows are counted from 1 without the header",
            ),
            By::Cell(value) => fail(
                "no-such-row",
                format!("in none of the {read} rows of {} is that value {value}", opened.name),
                "`*` and `?` are wildcards",
            ),
        },
    }
}

/// What a search found.
enum SearchResult {
    Found(FoundRow),
    /// None of the rows, whose number this is.
    NotAmong(u64),
}

/// Looks for the row that was asked for.
fn search(opened: &mut Input, rows: &Rows, places: &CellPlaces, by: &By) -> Outcome<SearchResult> {
    let (mut read, mut found) = (0, None);
    let is_asked = |cells: &[Option<&str>], value: &str| {
        let mut asked = OwnCells::new();
        places.asked(cells, &mut asked);
        asked.iter().all(|cell| is_value(cell.unwrap_or_default(), value))
    };
    each_row(opened, rows, |number, line, row| {
        read = number;
        let is_it = match by {
            By::Number(wanted) => number == *wanted,
            By::Cell(value) => row.cells.is_ok_and(|cells| is_asked(cells, value)),
        };
        if !is_it {
            return ControlFlow::Continue(());
        }
        let owned = |cells: &[Option<&str>]| {
            let mut own = OwnCells::new();
            places.all(cells, &mut own).iter().map(|cell| cell.map(str::to_owned)).collect()
        };
        found = Some(FoundRow { number, line, cells: row.cells.map(owned) });
        ControlFlow::Break(())
    })?;
    Ok(found.map_or(SearchResult::NotAmong(read), SearchResult::Found))
}

fn json(explanation: &Explanation, group: Option<&GroupOfRow>, (row, line): (u64, u64)) -> String {
    let mut value = serde_json::to_value(explanation).unwrap_or_default();
    value["group"] =
        group.map(|group| &group.group).and_then(|group| serde_json::to_value(group).ok()).into();
    value["row"] = row.into();
    value["line"] = line.into();
    json_written_out(&serde_json::to_string_pretty(&value).unwrap_or_default()).into_owned() + "\n"
}

fn text(explanation: &Explanation, (row, line): (u64, u64), all: bool) -> String {
    let verdict = match (explanation.suppressed, explanation.undecidable) {
        (true, _) => "suppressed",
        (_, true) => "kept, undecidable: a field that an exclusion needs is empty or unreadable",
        _ => "kept",
    };
    let style = match (explanation.suppressed, explanation.undecidable) {
        (true, _) => Style::Suppressed,
        (_, true) => Style::Undecidable,
        _ => Style::Kept,
    };
    let mut out = format!("row {row} (line {line}) is {}\n", INK.paint(style, verdict));
    for (field, cell) in &explanation.cells {
        let _ = writeln!(out, "  {field:<24} {}", shown(cell.as_deref()));
    }
    let near = |exclusion: &&ExplainedExclusion| {
        all || exclusion.outcome != ConditionOutcome::NotMet
            || explanation.nearest.as_ref().is_some_and(|nearest| nearest.id == exclusion.id)
    };
    for exclusion in explanation.exclusions.iter().filter(near) {
        explain_exclusion(&mut out, exclusion);
    }
    let rest = explanation.exclusions.iter().filter(|exclusion| !near(exclusion)).count();
    if rest > 0 {
        let _ = writeln!(out, "\n{rest} more not met (--all shows them)");
    }
    let near = explanation.nearest.iter().map(|nearest| (INK.paint(Style::Kept, "Nearest miss"), nearest));
    for (title, near) in near.chain(explanation.also_near.iter().map(|near| ("Also near".to_owned(), near))) {
        let _ = writeln!(out, "\n{title}: {}, entry {}", near.id, near.entry);
        for condition in &near.missing {
            let _ = writeln!(out, "  {}", sentence(condition));
        }
    }
    out
}

fn group_text(of: &GroupOfRow, results: &str) -> String {
    let (group, ink) = (&of.group, INK.paint(Style::Kept, "Group"));
    let mut out =
        format!("\n{ink}: {} of {}, {}\n  {}\n", group.group, of.groups, title(group), size(group, of.kept));
    for (name, side) in ["constant", "varies"].into_iter().zip(sides(group)) {
        if !side.is_empty() {
            let _ = writeln!(out, "  {name}: {side}");
        }
    }
    if results != "-" {
        let _ = writeln!(out, "  with the same lists, this opens it:");
        let _ = writeln!(out, "  quell rows {} --group {}", printable(results), group.group);
    }
    out
}

fn explain_exclusion(out: &mut String, exclusion: &ExplainedExclusion) {
    let _ =
        writeln!(out, "\n{}: {}", INK.paint(Style::Strong, &exclusion.id), painted(exclusion.outcome, ""));
    for (place, entry) in exclusion.entries.iter().enumerate() {
        let _ = writeln!(out, "  entry {}: {}", place + 1, painted(entry.outcome, ""));
        for condition in &entry.conditions {
            let blanks = " ".repeat(12 - word(condition.outcome).len());
            let _ = writeln!(out, "    {} {}", painted(condition.outcome, &blanks), sentence(condition));
        }
    }
}

fn sentence(condition: &ExplainedCondition) -> String {
    let (values, total) = telling(condition, SHOWN);
    let values: Vec<String> = values.into_iter().map(printable).collect();
    let more = total - values.len();
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    format!(
        "{} is {}, wanted {}{more}",
        condition.field,
        shown(condition.seen.as_deref()),
        values.join(" or ")
    )
}

fn shown(cell: Option<&str>) -> String {
    match cell {
        None => "(absent)".to_owned(),
        Some("") => "(empty)".to_owned(),
        Some(text) => printable(text),
    }
}

/// The word in its colour, and blanks behind it.
fn painted(outcome: ConditionOutcome, blanks: &str) -> String {
    let style = match outcome {
        ConditionOutcome::Met => Style::Good,
        ConditionOutcome::NotMet => Style::Dead,
        ConditionOutcome::Undecidable => Style::Undecidable,
    };
    INK.paint(style, word(outcome)) + blanks
}

fn word(outcome: ConditionOutcome) -> &'static str {
    match outcome {
        ConditionOutcome::Met => "met",
        ConditionOutcome::NotMet => "not met",
        ConditionOutcome::Undecidable => "undecidable",
    }
}
