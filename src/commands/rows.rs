//! `quell rows`: the kept rows of a group, or with a value.

use super::cells::{Standing, standing_of};
use super::idle::refuse;
use super::inputs::keep_standard_input;
use super::kept::{self, Grouped, Named, ReadRow, Reading, grouped, is_value};
use super::lists::{loaded, rule, today};
use super::results::read_by;
use super::{End, Outcome, World, fail, print_by, print_json, print_styled, print_text, tell};
use crate::cli::{GroupChoice, RowsArgs, RowsFormat};
use quell::fields::did_you_mean;
use quell::groups::{GroupKey, Groups, KeptRow};
use quell::input::json::format::Document;
use quell::input::{Format, Input};
use quell::output::odd_one_out;
use quell::report::grouped::{GroupReport, group_report};
use quell::report::profile::Profile;
use quell::report::style::Ink;
use quell::report::{Layout, printable};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::ControlFlow;

/// Values of a field that are told apart.
const MOST_VALUES: usize = 100_000;
/// Values of a field that are shown.
const TOP: usize = 5;

/// Which of the kept rows.
struct Wanted {
    /// The fields that they are grouped by, and the group; all rows without it.
    group: Option<(Named, GroupKey, GroupReport)>,
    /// Where the cells of the conditions stand behind those, and their values.
    values: Vec<String>,
    standing: Vec<Standing>,
}

pub(crate) fn run(args: &RowsArgs, world: &World) -> Outcome {
    let as_rows = args.format == RowsFormat::Rows;
    refuse(&[("--top", args.top.is_some() && as_rows, "it counts values, and --format rows prints rows")])?;
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    if args.results.iter().any(|name| name == "-") {
        keep_standard_input()?;
    }
    let opened = super::inputs::open_all(&args.results, &args.input)?;
    let read = read_by(&opened, &lists, rule.as_ref())?;
    let (applied, _) = read.in_force(&opened, &lists.exclusions, rule.as_ref(), today(&args.scope, world));
    drop(opened);
    let reading = Reading {
        results: &args.results,
        input: &args.input,
        read: &read,
        applied: &applied,
        dedupe: args.dedupe,
    };
    reading.require_columns()?;
    let wanted = wanted(args, &reading)?;
    let end = match args.format {
        RowsFormat::Rows => print_rows(&reading, &wanted),
        _ => print_profile(args, world, &reading, wanted),
    }?;
    if end == End::LookAtIt {
        tell(&near(args, &reading)?);
    }
    Ok(end)
}

/// For each condition that no row meets, the values that occur and are spelt nearly like it.
fn near(args: &RowsArgs, reading: &Reading<'_>) -> Outcome<String> {
    let mut out = String::new();
    for condition in &args.conditions {
        let (name, value) = kept::condition(condition)?;
        let mut opened = reading.open()?;
        let standing = standing_of(name, reading.read, &opened)?.1;
        let (mut known, mut met) = (BTreeSet::new(), false);
        reading.each(&mut opened, [&standing], |row| {
            let cell = row.cells.ok().and_then(|cells| cells[0]).unwrap_or_default();
            met |= is_value(cell, value);
            if known.len() < MOST_VALUES && !known.contains(cell) {
                known.insert(cell.to_owned());
            }
            ControlFlow::Continue(())
        })?;
        if met {
            continue;
        }
        let bare = value.trim_start_matches('=').trim().trim_matches(['"', '\'']);
        let near = did_you_mean(bare, known.iter().map(String::as_str), 3);
        let as_it_stands =
            if bare == value { "" } else { "`=` and quotation marks are taken for a part of the value" };
        let said = printable(format!("no row has {condition}. {near}{as_it_stands}").trim());
        let _ = writeln!(out, "quell: {said}");
    }
    Ok(out)
}

/// Finds the group and the columns that were asked for.
fn wanted(args: &RowsArgs, reading: &Reading<'_>) -> Outcome<Wanted> {
    let mut wanted = Wanted { group: None, values: Vec::new(), standing: Vec::new() };
    let opened = reading.open()?;
    for condition in &args.conditions {
        let (name, value) = kept::condition(condition)?;
        wanted.standing.push(standing_of(name, reading.read, &opened)?.1);
        wanted.values.push(value.to_owned());
    }
    if let Some(choice) = &args.group {
        wanted.group = Some(group(grouped(reading, &args.group_by, 0)?, args.group_by.is_empty(), choice)?);
    }
    Ok(wanted)
}

fn group(
    grouped: Grouped,
    is_default: bool,
    choice: &GroupChoice,
) -> Outcome<(Named, GroupKey, GroupReport)> {
    let Grouped { by, mut groups, .. } = grouped;
    let number = choice.number;
    let place = number as usize - 1;
    if place >= groups.len() {
        let message = match groups.len() {
            0 => "no row is kept, so there is no group".to_owned(),
            1 => format!("there is one group of kept rows, so no group {number}"),
            many => format!("there are {many} groups of kept rows, so no group {number}"),
        };
        // What rows are grouped by if nobody says it, some tables have no column for.
        let by = if is_default { String::new() } else { format!(" and --group-by {}", by.names.join(",")) };
        let help = format!("`quell apply` with the same lists{by} prints them with their numbers");
        return fail("no-such-group", message, &help);
    }
    is_meant(choice, groups.iter().map(|(key, _)| key))?;
    let (key, found) = groups.swap_remove(place);
    let report = group_report(u64::from(number), &by.names, &[], &key, &found);
    Ok((by, key, report))
}

/// An error if the group of the number is not of the value that was named.
fn is_meant<'k>(choice: &GroupChoice, keys: impl Iterator<Item = &'k GroupKey>) -> Outcome<()> {
    let Some(named) = &choice.named else { return Ok(()) };
    let texts = |key: &GroupKey| key.parts().iter().map(ToString::to_string).collect::<Vec<_>>();
    let keys: Vec<Vec<String>> = keys.map(texts).collect();
    let is_it = |key: &Vec<String>| key.iter().any(|text| text.eq_ignore_ascii_case(named));
    let number = choice.number;
    match keys.get(number as usize - 1) {
        Some(key) if !is_it(key) => {
            let others = (1_u32..).zip(&keys).filter(|(_, key)| is_it(key)).take(3);
            let others: Vec<String> =
                others.map(|(number, key)| format!("group {number} ({})", key.join(", "))).collect();
            let help = match others.as_slice() {
                [] => format!("no group of kept rows is `{named}`: the lists may suppress its rows already"),
                _ => format!("`{named}` is {} with these lists", others.join(", ")),
            };
            let message = format!("--group {number}={named}: group {number} is {} now", key.join(", "));
            fail("other-group", printable(&message), &printable(&help))
        }
        _ => Ok(()),
    }
}

impl Wanted {
    /// The cells that [`Self::has`] looks at.
    fn cells(&self) -> Vec<Standing> {
        let by = self.group.iter().flat_map(|(by, ..)| &by.standing);
        by.chain(&self.standing).cloned().collect()
    }

    /// Whether a row, kept or not, is one of those.
    fn has(&self, row: &ReadRow<'_>) -> bool {
        let skipped = self.group.as_ref().map_or(0, |(by, ..)| by.names.len());
        let in_group = self.group.as_ref().is_none_or(|(by, key, _)| by.key(row.cells) == *key);
        let meets = |cells: &[Option<&str>]| {
            let cells = cells[skipped..].iter().map(|cell| cell.unwrap_or_default());
            self.values.iter().zip(cells).all(|(value, cell)| is_value(cell, value))
        };
        in_group && row.cells.map_or(self.values.is_empty(), meets)
    }
}

fn print_profile(args: &RowsArgs, world: &World, reading: &Reading<'_>, wanted: Wanted) -> Outcome {
    let fields = Named::all(reading.read, &[]);
    let mut cells = wanted.cells();
    let before = cells.len();
    cells.extend(fields.standing.iter().cloned());
    let mut groups = Groups::new(fields.names.len(), MOST_VALUES);
    let all = GroupKey::of(&[]);
    let (mut kept, mut suppressed) = (0, 0);
    reading.each(&mut reading.open()?, &cells, |row| {
        kept += u64::from(!row.suppressed);
        if wanted.has(row) {
            suppressed += u64::from(row.suppressed);
            let counted = row.cells.ok().map(|cells| KeptRow {
                device: row.device,
                time: row.time,
                cells: &cells[before..],
            });
            if !row.suppressed {
                groups.add(&all, counted.as_ref());
            }
        }
        ControlFlow::Continue(())
    })?;
    let (mut groups, _) = groups.finish();
    let (_, found) = groups.pop().unwrap_or((all, quell::groups::Group::default()));
    let profile = Profile {
        group: wanted.group.map(|(.., report)| report),
        conditions: args.conditions.clone(),
        kept,
        suppressed,
        ..Profile::default()
    };
    let profile = profile.with_values(&fields.names, &found, args.top.unwrap_or(TOP));
    match args.format {
        RowsFormat::Json => print_json(&profile)?,
        RowsFormat::Markdown => print_text(&profile.markdown())?,
        _ => {
            let layout = Layout { width: world.width, groups: 0, ink: Ink::On };
            print_styled(&profile.table(layout))?;
        }
    }
    Ok(if profile.rows == 0 { End::LookAtIt } else { End::Clean })
}

/// An error if the rows of these results cannot stand below each other.
fn one_shape(opened: &[Input]) -> Outcome<()> {
    if let Some(tables) = opened.iter().find(|input| input.format == Format::Document(Document::Tables)) {
        let message = format!("{}: its rows have no names of columns of their own", tables.name);
        return fail("no-rows-alone", message, "`quell apply --kept` writes the whole document");
    }
    match odd_one_out(opened) {
        None => Ok(()),
        Some((input, what)) => {
            let message = format!("{} has another {what} than the file before it", input.name);
            fail(
                "mixed-files",
                message,
                "rows of different shapes cannot stand below each other; ask each by itself",
            )
        }
    }
}

/// Prints the rows as they came.
fn print_rows(reading: &Reading<'_>, wanted: &Wanted) -> Outcome {
    let mut opened = reading.open()?;
    one_shape(&opened)?;
    let in_document = opened.iter().any(|input| matches!(input.format, Format::Document(_)));
    let preamble =
        opened.first().filter(|_| !in_document).map(|input| input.preamble.clone()).unwrap_or_default();
    let mut found = 0;
    let mut read = Ok(());
    print_by(|out| {
        let mut rows = RowsOut { out, in_document, written: 0 };
        let mut wrote = rows.begin(&preamble);
        read = reading.each(&mut opened, &wanted.cells(), |row| {
            if !row.suppressed && wanted.has(row) {
                wrote = std::mem::replace(&mut wrote, Ok(())).and_then(|()| rows.row(row.bytes));
            }
            if wrote.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        found = rows.written;
        wrote.and_then(|()| rows.end())
    })?;
    read?;
    if found == 0 {
        tell("quell: no kept row is one of those\n");
        return Ok(End::LookAtIt);
    }
    Ok(End::Clean)
}

/// Rows on their way out.
struct RowsOut<'o> {
    out: &'o mut dyn Write,
    in_document: bool,
    written: u64,
}

impl RowsOut<'_> {
    fn begin(&mut self, preamble: &[u8]) -> io::Result<()> {
        self.out.write_all(if self.in_document { b"[" } else { preamble })
    }

    fn row(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = bytes.trim_ascii_end();
        let row = if self.in_document { text } else { bytes };
        let before: &[u8] = match (self.in_document, self.written) {
            (true, 0) => b"\n",
            (true, _) => b",\n",
            (false, _) => b"",
        };
        self.written += 1;
        self.out.write_all(before)?;
        self.out.write_all(row)?;
        // The last line of a file may have no end.
        if !self.in_document && !row.ends_with(b"\n") { self.out.write_all(b"\n") } else { Ok(()) }
    }

    fn end(&mut self) -> io::Result<()> {
        if self.in_document { self.out.write_all(b"\n]\n") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_a_document_become_an_array() {
        let mut out = Vec::new();
        let mut rows = RowsOut { out: &mut out, in_document: true, written: 0 };
        rows.begin(b"").and_then(|()| rows.row(b"{\"a\":1} ")).and_then(|()| rows.row(b"{\"a\":2}")).unwrap();
        rows.end().unwrap();
        assert_eq!(serde_json::from_slice::<Vec<serde_json::Value>>(&out).unwrap().len(), 2);
    }
}
