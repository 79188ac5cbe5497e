//! The kept rows of results once more, for what is asked about them after they have been judged.
//!
//! In: results, the exclusions that apply. Out: each kept row with the cells that somebody wants, one after the other. The
//! main job is not touched by it: rows are read and judged a second time.

use super::inputs::open_all;
use super::{Outcome, fail};
use crate::cli::InputArgs;
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::fields::{Field, Kind};
use quell::groups::{Group, GroupKey, Groups, KeptRow, KeyOf, KeyPart, VALUES_IN_A_GROUP};
use quell::input::time::{TimeParser, parse_in_locale};
use quell::input::{Fault, Format, Input};
use quell::judge::row::{self, RowCells};
use quell::judge::{Matcher, Scratch, is_like};
use quell::output::repeats::Repeats;
use quell::report::grouped::{GroupReport, group_report};
use quell::run::columns::{missing, missing_columns, reader};
use quell::run::each_row::each_row;
use quell::schema::{Schema, Source, before_union, column_name};
use std::net::IpAddr;
use std::ops::ControlFlow;

/// The fields that kept rows are grouped by if nobody says otherwise.
pub(super) const GROUP_BY: [&str; 2] = ["process.name", "destination.ip"];

/// Results, and how they are judged.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    pub(super) results: &'r [String],
    pub(super) input: &'r InputArgs,
    pub(super) schema: &'r Schema,
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
        let matcher = Matcher::new(self.applied, &self.schema.name)?;
        for input in self.open()? {
            if input.format.has_header() && !self.input.allow_missing_columns {
                let (_, projection) = reader(&input, row::wanted(matcher.slots(), self.schema))?;
                let missing =
                    missing(matcher.slots(), self.applied, |slot| projection.columns[slot].is_some());
                if !missing.is_empty() {
                    return Err(missing_columns(&input, self.schema, &missing).into());
                }
            }
        }
        Ok(())
    }

    /// Calls `take` with each row that is no repeat, with the cells of `wanted`, until it breaks.
    pub(super) fn each(
        &self,
        opened: &mut [Input],
        wanted: &[Vec<Source>],
        mut take: impl FnMut(&ReadRow<'_>) -> ControlFlow<()>,
    ) -> Outcome<()> {
        let matcher = Matcher::new(self.applied, &self.schema.name)?;
        let judged = matcher.slots().len();
        let mut all = row::wanted(matcher.slots(), self.schema);
        let shown = all.len();
        all.extend(wanted.iter().cloned());
        let repeats = Repeats::new(self.dedupe);
        let mut scratch = Scratch::default();
        for input in opened {
            let (rows, projection) = reader(input, all.clone())?;
            let order = input.date_order(projection.columns.get(row::time_of(judged)).copied().flatten());
            let mut times = TimeParser::default();
            each_row(input, &rows, |_, _, row| {
                let cells = match row.cells {
                    Ok(cells) => cells,
                    Err(fault) => {
                        let cells = Err(fault);
                        let bytes = row.bytes;
                        return take(&ReadRow { bytes, suppressed: false, time: None, device: None, cells });
                    }
                };
                let counted = RowCells::of(cells, judged);
                if repeats.drops_row(&counted, row.bytes) {
                    return ControlFlow::Continue(());
                }
                let time =
                    counted.time.and_then(|text| times.parse(text).or_else(|| parse_in_locale(text, order?)));
                take(&ReadRow {
                    bytes: row.bytes,
                    suppressed: matcher.judge(counted.judged, &mut scratch).is_suppressed(),
                    time,
                    device: counted.device,
                    cells: Ok(&cells[shown..]),
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
    pub(super) sources: Vec<Vec<Source>>,
    parts: Vec<KeyOf>,
}

impl Named {
    /// Fields and columns by name, in these results.
    pub(super) fn of(names: &[String], schema: &Schema, opened: &[Input]) -> Outcome<Self> {
        let mut found = Self::default();
        for name in names {
            let (known, sources) = source_of(name, schema, opened)?;
            let is_address = Field::named(name).is_some_and(|field| field.kind() == Kind::Address);
            found.parts.push(if is_address { KeyPart::network } else { KeyPart::text });
            found.names.push(known);
            found.sources.push(sources);
        }
        Ok(found)
    }

    /// Every field of a schema, without those of `but`.
    pub(super) fn all(schema: &Schema, but: &[String]) -> Self {
        let mut named = Self::default();
        for field in Field::all() {
            let sources = row::sources(&FieldRef::Field(field), schema);
            // Of an address only the network is known where it is grouped by.
            let is_told = but.iter().any(|name| name == field.name()) && field.kind() != Kind::Address;
            if !is_told && !sources.is_empty() {
                named.parts.push(KeyPart::text);
                named.names.push(field.name().to_owned());
                named.sources.push(sources);
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

/// The known name of a field or column, and the columns that hold it.
pub(super) fn source_of(name: &str, schema: &Schema, opened: &[Input]) -> Outcome<(String, Vec<Source>)> {
    if let Some(field) = Field::named(name) {
        let sources = row::sources(&FieldRef::Field(field), schema);
        if sources.is_empty() {
            let message = format!("schema {} has no column for {field}", schema.name);
            return fail("unknown-field", message, "`quell schema` lists what each schema has");
        }
        return Ok((field.name().to_owned(), sources));
    }
    if opened.iter().any(|input| has_column(input, name)) || schema.columns.contains_key(name) {
        return Ok((name.to_owned(), vec![Source { column: name.to_owned(), path: false }]));
    }
    let mut legal: Vec<&str> = Field::all().map(Field::name).collect();
    legal.extend(opened.iter().flat_map(|input| &input.names).map(|name| column_name(name)));
    let near = quell::fields::which_field(name, legal);
    let help = format!("{near}`quell schema` lists the fields");
    fail("unknown-field", format!("there is no field or column `{name}`"), &help)
}

fn has_column(input: &Input, column: &str) -> bool {
    let names = input.names.iter().map(|name| column_name(name));
    // Records of an Event Hub have their columns below a key.
    let names = names.map(|name| if input.nested { name.trim_start_matches("properties.") } else { name });
    names.into_iter().any(|name| name == column || before_union(name) == Some(column))
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

/// Whether a cell has the value that somebody asks for: letter case does not count, `*` and `?` stand for any text, and
/// addresses are compared as such.
pub(super) fn is_value(cell: &str, wanted: &str) -> bool {
    let address = |text: &str| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    is_like(wanted, cell) || cell == wanted || address(cell).is_some_and(|seen| Some(seen) == address(wanted))
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

/// Groups the kept rows by `by`; with at most so many `values` of every other field told apart, or none of them.
pub(super) fn grouped(reading: &Reading<'_>, by: &[String], values: usize) -> Outcome<Grouped> {
    let mut opened = reading.open()?;
    let by = Named::of(by, reading.schema, &opened)?;
    let fields = match values {
        0 => Named::default(),
        _ => Named::all(reading.schema, &by.names),
    };
    let wanted: Vec<Vec<Source>> = by.sources.iter().chain(&fields.sources).cloned().collect();
    let mut groups = Groups::new(fields.names.len(), values);
    let mut kept = 0;
    reading.each(&mut opened, &wanted, |row| {
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
    let found = grouped(reading, &GROUP_BY.map(str::to_owned), VALUES_IN_A_GROUP)?;
    let key = found.by.key(Ok(&[process, destination]));
    let place = found.groups.iter().position(|(other, _)| *other == key);
    let of = |place: usize| {
        let (key, group) = &found.groups[place];
        let group = group_report(place as u64 + 1, &found.by.names, &found.fields.names, key, group);
        GroupOfRow { group, groups: found.groups.len(), kept: found.kept }
    };
    Ok(place.map(of))
}
