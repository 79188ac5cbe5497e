//! The kept rows of results once more, for what is asked about them after they have been judged.
//!
//! In: results, the exclusions that apply. Out: each kept row with the cells that somebody wants, one after the other. The
//! main job is not touched by it: rows are read and judged a second time.

use super::cells::{CellPlaces, Standing, standing, standing_of};
use super::inputs::open_all;
use super::results::ReadBy;
use super::{Outcome, fail};
use crate::cli::InputArgs;
use quell::exclusions::model::{AddressRange, Exclusion, read_address};
use quell::fields::{Field, Kind};
use quell::groups::{Group, GroupKey, Groups, KeptRow, KeyOf, KeyPart, VALUES_IN_A_GROUP};
use quell::input::time::{TimeParser, parse_in_locale};
use quell::input::{Fault, Format, Input};
use quell::judge::row;
use quell::judge::row_tables::OwnCells;
use quell::judge::{Matcher, Scratch, is_like};
use quell::output::repeats::Repeats;
use quell::report::grouped::{GroupReport, group_report};
use quell::run::columns::{missing, missing_columns, reader};
use quell::run::each_row::each_row;
use std::net::IpAddr;
use std::ops::ControlFlow;

/// The fields that kept rows are grouped by if nobody says otherwise.
const GROUP_BY: [&str; 2] = ["process.name", "destination.ip"];

/// Results, and how they are judged.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    pub(super) results: &'r [String],
    pub(super) input: &'r InputArgs,
    pub(super) read: &'r ReadBy<'r>,
    pub(super) applied: &'r [&'r Exclusion],
    pub(super) dedupe: bool,
}

/// A row with the cells that were wanted.
pub(super) struct ReadRow<'r> {
    /// Its bytes with the end of line.
    pub(super) bytes: &'r [u8],
    pub(super) suppressed: bool,
    /// Nanoseconds since 1970.
    pub(super) time: Option<i64>,
    pub(super) device: Option<&'r str>,
    /// The cells that were wanted, or why the row cannot be read.
    pub(super) cells: Result<&'r [Option<&'r str>], Fault>,
}

impl Reading<'_> {
    /// Opens the results.
    pub(super) fn open(&self) -> Outcome<Vec<Input>> {
        let opened = open_all(self.results, self.input)?;
        no_parquet(&opened)?;
        Ok(opened)
    }

    /// An error if the results lack a column that an exclusion needs, unless that is allowed.
    pub(super) fn require_columns(&self) -> Outcome<()> {
        let Some(schema) = self.read.of_header().filter(|_| !self.input.allow_missing_columns) else {
            return Ok(());
        };
        let matcher = Matcher::of_schema(self.applied, schema)?;
        for input in self.open()?.iter().filter(|input| input.format.has_header()) {
            let (_, projection) = reader(input, row::wanted(matcher.slots(), schema))?;
            let missing = missing(matcher.slots(), self.applied, |slot| projection.columns[slot].is_some());
            if !missing.is_empty() {
                return Err(missing_columns(input, schema, &missing).into());
            }
        }
        Ok(())
    }

    /// Calls `take` with each row that is no repeat, with the cells that are `asked` for, until it breaks.
    pub(super) fn each<'s>(
        &self,
        opened: &mut [Input],
        asked: impl IntoIterator<Item = &'s Standing>,
        mut take: impl FnMut(&ReadRow<'_>) -> ControlFlow<()>,
    ) -> Outcome<()> {
        let matcher = self.read.matcher(opened, self.applied)?;
        let places = CellPlaces::new(self.read, &matcher, asked);
        let repeats = Repeats::new(self.dedupe);
        let mut scratch = Scratch::default();
        for input in opened {
            let (rows, projection) = reader(input, places.sources())?;
            let order = input.date_order(places.time(&projection));
            let mut times = TimeParser::default();
            each_row(input, &rows, |_, _, row| {
                let found = match row.cells {
                    Ok(found) => found,
                    Err(fault) => {
                        let cells = Err(fault);
                        let bytes = row.bytes;
                        return take(&ReadRow { bytes, suppressed: false, time: None, device: None, cells });
                    }
                };
                let (mut own, mut cells) = (OwnCells::new(), OwnCells::new());
                let counted = places.counted(found, &mut own);
                if repeats.drops_row(&counted, row.bytes) {
                    return ControlFlow::Continue(());
                }
                let time =
                    counted.time.and_then(|text| times.parse(text).or_else(|| parse_in_locale(text, order?)));
                places.asked(found, &mut cells);
                take(&ReadRow {
                    bytes: row.bytes,
                    suppressed: matcher.judge(counted.judged, &mut scratch).is_suppressed(),
                    time,
                    device: counted.device,
                    cells: Ok(&cells),
                })
            })?;
        }
        Ok(())
    }
}

/// An error for results whose rows cannot be read a second time.
pub(super) fn no_parquet(opened: &[Input]) -> Outcome<()> {
    match opened.iter().find(|results| results.format == Format::Parquet) {
        None => Ok(()),
        Some(results) => {
            let message = format!("{}: rows of Parquet are read only once", results.name);
            fail("parquet", message, "convert it, for example with duckdb: docs/formats.md")
        }
    }
}

/// Fields or columns by which rows are grouped, or whose values are asked for.
#[derive(Default)]
pub(super) struct Named {
    pub(super) names: Vec<String>,
    pub(super) standing: Vec<Standing>,
    parts: Vec<KeyOf>,
}

impl Named {
    /// Fields and columns by name, in these results.
    pub(super) fn of(names: &[String], read: &ReadBy<'_>, opened: &[Input]) -> Outcome<Self> {
        let mut found = Self::default();
        for name in names {
            let (known, standing) = standing_of(name, read, opened)?;
            found.parts.push(Field::named(name).map_or(KeyPart::text, part_of));
            found.names.push(known);
            found.standing.push(standing);
        }
        Ok(found)
    }

    /// What kept rows are grouped by if nobody says otherwise. Where a table has no such field, it is empty.
    fn by_default(read: &ReadBy<'_>) -> Self {
        let mut named = Self::default();
        for field in GROUP_BY.into_iter().filter_map(Field::named) {
            named.parts.push(part_of(field));
            named.names.push(field.name().to_owned());
            named.standing.push(standing(field, read));
        }
        named
    }

    /// Every field that rows may have, without those of `but`.
    pub(super) fn all(read: &ReadBy<'_>, but: &[String]) -> Self {
        let mut named = Self::default();
        for field in Field::all() {
            let standing = standing(field, read);
            // Of an address only the network is known where it is grouped by.
            let is_told = but.iter().any(|name| name == field.name()) && field.kind() != Kind::Address;
            if !is_told && standing.is_somewhere() {
                named.parts.push(KeyPart::text);
                named.names.push(field.name().to_owned());
                named.standing.push(standing);
            }
        }
        named
    }

    /// The group of a row, whose first cells are those of these fields.
    pub(super) fn key(&self, cells: Result<&[Option<&str>], Fault>) -> GroupKey {
        let Ok(cells) = cells else { return GroupKey::unreadable(self.parts.len()) };
        let cells: Vec<_> = self.parts.iter().copied().zip(cells.iter().copied()).collect();
        GroupKey::of(&cells)
    }
}

/// How a field is grouped by: addresses by their networks.
fn part_of(field: Field) -> KeyOf {
    if field.kind() == Kind::Address { KeyPart::network } else { KeyPart::text }
}

/// A condition `FIELD=VALUE`. Blanks around the sign are no part of either, if they stand before it.
pub(super) fn condition(text: &str) -> Outcome<(&str, &str)> {
    match text.split_once('=') {
        Some((name, value)) if name.ends_with(' ') => Ok((name.trim(), value.trim_start_matches('=').trim())),
        Some((name, value)) => Ok((name.trim_start(), value)),
        None => {
            let message = format!("`{text}` has no `=`");
            fail("bad-condition", message, "for example --where process.name=setup.exe")
        }
    }
}

/// Whether a cell has the value that somebody asks for: letter case does not count, `*` and `?` stand for any text,
/// addresses are compared as such, and a network such as `10.20.0.0/24`, as groups are named, is each address in it.
pub(super) fn is_value(cell: &str, wanted: &str) -> bool {
    let address = |text: &str| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let is_same = || address(cell).is_some_and(|seen| Some(seen) == address(wanted));
    is_like(wanted, cell) || cell == wanted || is_same() || is_in_network(cell, wanted)
}

/// Whether a cell is an address of a network. A lone number is none, and what is no network has no address.
fn is_in_network(cell: &str, wanted: &str) -> bool {
    if !wanted.contains('/') {
        return false;
    }
    let Some((family, number)) = read_address(cell) else { return false };
    AddressRange::parse(wanted).is_ok_and(|network| network.contains(family, number))
}

/// Kept rows by some fields.
pub(super) struct Grouped {
    pub(super) by: Named,
    /// The fields whose values were counted.
    pub(super) fields: Named,
    pub(super) groups: Vec<(GroupKey, Group)>,
    /// Rows of groups that were not told apart.
    pub(super) others: u64,
    /// All kept rows.
    pub(super) kept: u64,
}

/// Groups the kept rows by `by`, or as the report does if that is empty; with at most so many `values` of every other field told apart, or none of them.
pub(super) fn grouped(reading: &Reading<'_>, by: &[String], values: usize) -> Outcome<Grouped> {
    let mut opened = reading.open()?;
    let by = match by {
        [] => Named::by_default(reading.read),
        names => Named::of(names, reading.read, &opened)?,
    };
    let fields = match values {
        0 => Named::default(),
        _ => Named::all(reading.read, &by.names),
    };
    let mut groups = Groups::new(fields.names.len(), values);
    let mut kept = 0;
    reading.each(&mut opened, by.standing.iter().chain(&fields.standing), |row| {
        if !row.suppressed {
            kept += 1;
            let counted = row.cells.ok().map(|cells| KeptRow {
                device: row.device,
                time: row.time,
                cells: &cells[by.names.len()..],
            });
            groups.add(&by.key(row.cells), counted.as_ref());
        }
        ControlFlow::Continue(())
    })?;
    let (groups, others) = groups.finish();
    Ok(Grouped { by, fields, groups, others, kept })
}

/// The group of one kept row among the kept rows of its results.
pub(super) struct GroupOfRow {
    pub(super) group: GroupReport,
    /// All groups.
    pub(super) groups: usize,
    /// All kept rows.
    pub(super) kept: u64,
}

/// Finds the group that a row with these cells falls into, by process and destination network; `None` if there are more
/// groups than are told apart.
pub(super) fn group_of_row(
    reading: &Reading<'_>,
    process: Option<&str>,
    destination: Option<&str>,
) -> Outcome<Option<GroupOfRow>> {
    let found = grouped(reading, &[], VALUES_IN_A_GROUP)?;
    let key = found.by.key(Ok(&[process, destination]));
    let place = found.groups.iter().position(|(other, _)| *other == key);
    let of = |place: usize| {
        let (key, group) = &found.groups[place];
        let group = group_report(place as u64 + 1, &found.by.names, &found.fields.names, key, group);
        GroupOfRow { group, groups: found.groups.len(), kept: found.kept }
    };
    Ok(place.map(of))
}
