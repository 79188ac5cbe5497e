//! Kept rows by the fields that somebody chose, for people and for machines.
//!
//! In: groups, biggest first. Out: [`GroupsReport`], a part of the report, and its text. Groups are numbered as they are
//! printed, and `quell rows --group` knows them by these numbers.

use super::style::{Ink, Style};
use super::table::wrapped;
use super::words::{count, days, number, percent, safe, value};
use super::{Example, Layout};
use crate::groups::{Group, GroupKey, Values};
use crate::input::time;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Values of a field that are listed where it varies.
const EXAMPLES: usize = 3;
/// Characters of a value after which the rest is left out of a text for people: those of a SHA-256.
const LONGEST: usize = 64;
/// Characters of a value up to which it is an example.
const SHORT: usize = 32;
/// Columns that the number of a group takes.
const INDENT: &str = "     ";

/// Kept rows by some fields.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, PartialEq)]
pub struct GroupsReport {
    /// The fields that they are grouped by.
    pub by: Vec<String>,
    /// The groups, most rows first.
    pub groups: Vec<GroupReport>,
    /// Groups that are not listed. Beyond 50,000 they are not told apart, and those are not counted here.
    pub other_groups: u64,
    /// Kept rows in groups that are not listed.
    pub rows_in_other_groups: u64,
}

/// A group of kept rows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, PartialEq)]
pub struct GroupReport {
    /// Its number, from 1: `quell rows --group` opens it.
    pub group: u64,
    /// What its rows have in common, by field that they are grouped by: text in lower case, and of an address its network.
    pub by: IndexMap<String, String>,
    /// Rows.
    pub rows: u64,
    /// Devices of its rows.
    pub devices: u64,
    /// Time of its earliest row, UTC.
    pub first: Option<String>,
    /// Time of its latest row, UTC.
    pub last: Option<String>,
    /// Other fields with one value in all of its rows, and that value.
    pub constant: IndexMap<String, String>,
    /// Other fields with several values.
    pub varies: Vec<VaryingField>,
}

/// A field with several values in some rows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, PartialEq)]
pub struct VaryingField {
    /// The field.
    pub field: String,
    /// Different values. An empty cell is one.
    pub values: u64,
    /// Whether there are more than were told apart.
    pub at_least: bool,
    /// The most frequent values.
    pub examples: Vec<Example>,
}

impl GroupsReport {
    /// The first `listed` groups by the fields `by`, with the values of the fields `fields`.
    pub fn of(
        by: &[String],
        fields: &[String],
        (groups, unknown): (&[(GroupKey, Group)], u64),
        listed: usize,
    ) -> Self {
        let rest = &groups[listed.min(groups.len())..];
        let listed = (1..).zip(groups.iter().take(listed));
        Self {
            by: by.to_vec(),
            groups: listed.map(|(place, (key, group))| group_report(place, by, fields, key, group)).collect(),
            other_groups: rest.len() as u64,
            rows_in_other_groups: rest.iter().map(|(_, group)| group.rows).sum::<u64>() + unknown,
        }
    }
}

/// What there is to say about a group.
pub fn group_report(
    place: u64,
    by: &[String],
    fields: &[String],
    key: &GroupKey,
    group: &Group,
) -> GroupReport {
    let mut constant = IndexMap::new();
    let mut varies = Vec::new();
    for (field, values) in fields.iter().zip(&group.values) {
        match values.constant() {
            // A field that no row has says nothing.
            Some("") => {}
            Some(value) => drop(constant.insert(field.clone(), value.to_owned())),
            None if group.rows == group.malformed => {}
            None => varies.push(varying(field, values)),
        }
    }
    let parts = by.iter().zip(key.parts()).map(|(field, part)| (field.clone(), part.to_string()));
    let (devices, _) = group.devices();
    GroupReport {
        group: place,
        by: parts.collect(),
        rows: group.rows,
        devices,
        first: group.span.map(|(first, _)| time::format(first)),
        last: group.span.map(|(_, last)| time::format(last)),
        constant,
        varies,
    }
}

fn varying(field: &str, values: &Values) -> VaryingField {
    let (distinct, at_least) = values.distinct();
    let example = |(value, rows): (&str, u64)| Example { value: value.to_owned(), rows };
    let examples = values.top(EXAMPLES).into_iter().map(example).collect();
    VaryingField { field: field.to_owned(), values: distinct, at_least, examples }
}

/// What tells a group from others, in one line.
pub fn title(group: &GroupReport) -> String {
    let parts = group.by.values().map(|part| shortened(&value(part)));
    parts.collect::<Vec<_>>().join(" · ")
}

/// Rows, devices and days of a group.
pub fn size(group: &GroupReport, kept: u64) -> String {
    let mut text = format!("{} ({} of kept)", count(group.rows, "row", "rows"), percent(group.rows, kept));
    if group.devices > 0 {
        let _ = write!(text, ", {}", count(group.devices, "device", "devices"));
    }
    if group.first.is_some() {
        let _ = write!(text, ", {}", days(group.first.as_ref(), group.last.as_ref()));
    }
    text
}

/// The fields with one value in a group, and those with several; an empty text if there are none.
pub fn sides(group: &GroupReport) -> [String; 2] {
    let constant =
        group.constant.iter().map(|(field, value)| format!("{} {}", safe(field), shortened(&safe(value))));
    // The devices have been counted.
    let varies = group.varies.iter().filter(|each| each.field != "host.name").map(several);
    [constant.collect::<Vec<_>>().join(", "), varies.collect::<Vec<_>>().join(", ")]
}

fn several(each: &VaryingField) -> String {
    let least = if each.at_least { "at least " } else { "" };
    let text = format!("{} {least}{}", safe(&each.field), count(each.values, "value", "values"));
    let is_long = |example: &Example| example.value.chars().nth(SHORT).is_some();
    if each.at_least || each.values > EXAMPLES as u64 || each.examples.iter().any(is_long) {
        return text;
    }
    let example = |each: &Example| format!("{}: {}", value(&each.value), number(each.rows));
    format!("{text} ({})", each.examples.iter().map(example).collect::<Vec<_>>().join(", "))
}

/// The text without what is beyond its [`LONGEST`] characters.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((place, _)) => format!("{}…", &text[..place]),
        None => text.to_owned(),
    }
}

/// The groups for a terminal.
pub(super) fn table(report: &GroupsReport, kept: u64, layout: Layout) -> String {
    let mut out = String::new();
    wrapped(&mut out, &format!("Left to look at, by {}:", safe(&report.by.join(", "))), "", layout.width);
    for group in report.groups.iter().take(layout.groups) {
        let head = format!("{:>3}  {}", group.group, layout.ink.paint(Style::Strong, title(group)));
        wrapped(&mut out, head.trim_start(), &" ".repeat(head.len() - head.trim_start().len()), layout.width);
        wrapped(&mut out, &size(group, kept), INDENT, layout.width);
        for (name, side) in ["constant:", "varies:"].into_iter().zip(sides(group)) {
            if !side.is_empty() {
                let name =
                    if layout.ink == Ink::On { layout.ink.paint(Style::Faint, name) } else { name.into() };
                wrapped(&mut out, &format!("{name} {side}"), INDENT, layout.width);
            }
        }
    }
    if let Some(rest) = rest(report, layout) {
        let _ = writeln!(out, "{rest} (--groups shows more)");
    }
    out
}

/// The groups that are not shown, and their rows.
pub(super) fn rest(report: &GroupsReport, layout: Layout) -> Option<String> {
    let hidden = report.groups.iter().skip(layout.groups);
    let rows = hidden.clone().map(|group| group.rows).sum::<u64>() + report.rows_in_other_groups;
    let groups = count(hidden.count() as u64 + report.other_groups, "more group", "more groups");
    (rows > 0).then(|| format!("{groups} with {}", count(rows, "row", "rows")))
}
