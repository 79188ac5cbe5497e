//! What stands in some kept rows: each field's most frequent values.
//!
//! In: one group of rows with all values of each field. Out: a [`Profile`], which is also its JSON, and its text.

use super::grouped::{GroupReport, title};
use super::table::{laid_out_at, wrapped};
use super::words::{count, days, number, percent, safe, value};
use super::{Example, Layout, markdown};
use crate::groups::Group;
use crate::input::time;
use serde::Serialize;
use std::fmt::Write;

/// Some kept rows.
#[derive(Debug, Clone, Default, Serialize, PartialEq)]
pub struct Profile {
    /// The group that they are, if one was asked for.
    pub group: Option<GroupReport>,
    /// The conditions that they meet, `FIELD=VALUE`.
    #[serde(rename = "where")]
    pub conditions: Vec<String>,
    /// Rows.
    pub rows: u64,
    /// All kept rows.
    pub kept: u64,
    /// Rows that meet the conditions and are suppressed.
    pub suppressed: u64,
    /// Rows that cannot be read.
    pub malformed: u64,
    /// Devices of the rows.
    pub devices: u64,
    /// Time of the earliest row, UTC.
    pub first: Option<String>,
    /// Time of the latest row, UTC.
    pub last: Option<String>,
    /// The fields that some row has, with their values.
    pub fields: Vec<ProfileField>,
}

/// The values of one field.
#[derive(Debug, Clone, Serialize, PartialEq)]
pub struct ProfileField {
    /// The field.
    pub field: String,
    /// Different values. An empty cell is one.
    pub values: u64,
    /// Whether there are more than were told apart.
    pub at_least: bool,
    /// The most frequent values; empty where the cell is.
    pub top: Vec<Example>,
    /// Rows with other values.
    pub other_rows: u64,
}

impl Profile {
    /// Takes from a group the `top` most frequent values of each of its fields.
    #[must_use]
    pub fn with_values(mut self, fields: &[String], group: &Group, top: usize) -> Self {
        (self.rows, self.malformed, self.devices) = (group.rows, group.malformed, group.devices().0);
        self.first = group.span.map(|(first, _)| time::format(first));
        self.last = group.span.map(|(_, last)| time::format(last));
        for (field, values) in fields.iter().zip(&group.values) {
            let (distinct, at_least) = values.distinct();
            if distinct == 0 || values.constant() == Some("") {
                continue;
            }
            let top =
                values.top(top).into_iter().map(|(value, rows)| Example { value: value.to_owned(), rows });
            let top: Vec<Example> = top.collect();
            let shown: u64 = top.iter().map(|example| example.rows).sum();
            let other_rows = group.rows - group.malformed - shown;
            self.fields.push(ProfileField {
                field: field.clone(),
                values: distinct,
                at_least,
                top,
                other_rows,
            });
        }
        self
    }

    fn what(&self) -> String {
        let mut text = count(self.rows, "kept row", "kept rows");
        if let Some(group) = &self.group {
            let _ = write!(text, " of group {} ({})", group.group, title(group));
        }
        if !self.conditions.is_empty() {
            let conditions: Vec<String> = self.conditions.iter().map(|each| safe(each)).collect();
            let _ = write!(text, " with {}", conditions.join(" and "));
        }
        if self.rows < self.kept {
            let _ = write!(text, ", {} of all that are kept", percent(self.rows, self.kept));
        }
        if self.devices > 0 {
            let _ = write!(text, ", {}", count(self.devices, "device", "devices"));
        }
        if self.first.is_some() {
            let _ = write!(text, ", {}", days(self.first.as_ref(), self.last.as_ref()));
        }
        text
    }

    /// What else there is to know.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.suppressed > 0 {
            let rows = count(
                self.suppressed,
                "row that is the same in this is",
                "rows that are the same in this are",
            );
            remarks.push(format!("{rows} suppressed, and not among them."));
        }
        if self.malformed > 0 {
            remarks.push(format!("{} cannot be read.", count(self.malformed, "of them", "of them")));
        }
        remarks
    }

    /// Field, value, rows and share, line by line.
    fn lines(&self) -> Vec<[String; 4]> {
        let mut lines = Vec::new();
        for field in &self.fields {
            let mut name = safe(&field.field);
            for example in &field.top {
                let share = percent(example.rows, self.rows);
                lines.push([std::mem::take(&mut name), value(&example.value), number(example.rows), share]);
            }
            if field.other_rows > 0 {
                // Of values that were not told apart there is at least one.
                let more = field.values - field.top.len() as u64 + u64::from(field.at_least);
                let least = if field.at_least { "at least " } else { "" };
                let more = format!("({least}{})", count(more, "more value", "more values"));
                lines.push([name, more, number(field.other_rows), percent(field.other_rows, self.rows)]);
            }
        }
        lines
    }

    /// For a terminal.
    pub fn table(&self, layout: Layout) -> String {
        let mut out = String::new();
        wrapped(&mut out, &format!("{}.", self.what()), "", layout.width);
        for remark in self.remarks() {
            wrapped(&mut out, &remark, "", layout.width);
        }
        if !self.fields.is_empty() {
            let header = ["field", "value", "rows", "share"].map(str::to_owned);
            let rows = std::iter::once(header).chain(self.lines()).collect();
            let _ = writeln!(out, "\n{}", laid_out_at(1, rows, 2..4, layout.width));
        }
        out
    }

    /// For a ticket or a pull request.
    pub fn markdown(&self) -> String {
        let mut out = format!("{}.\n", markdown::escape(&self.what()));
        for remark in self.remarks() {
            let _ = writeln!(out, "\n{remark}");
        }
        if !self.fields.is_empty() {
            out.push_str("\n| field | value | rows | share |\n|---|---|--:|--:|\n");
            for [field, value, rows, share] in self.lines() {
                let field = if field.is_empty() { field } else { markdown::code(&field) };
                let _ = writeln!(out, "| {field} | {} | {rows} | {share} |", markdown::code(&value));
            }
        }
        out
    }
}
