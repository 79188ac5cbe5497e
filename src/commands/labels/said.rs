//! What files of labels say of rows.
//!
//! In: labels, each for a row or for a `ReportId`, and the rows. Out: the label of each row, and an error for a label that is
//! for no row, for several, or against another: a label that is passed over may be the one that says what must stay.

use crate::commands::{Outcome, fail};
use hashbrown::HashMap;
use quell::judge::row::RowCells;
use quell::report::printable;
use quell::suggest::{Label, RowPlace};

/// Rows that are named.
const NAMED: usize = 3;
const ONE_LABEL: &str = "a row has one label: take the others out";

/// A label of a row.
struct OfRow {
    label: Label,
    /// File and line of the label.
    at: String,
    /// The `ReportId` that the label gives beside the row.
    report: Option<String>,
}

/// A label of a `ReportId`.
struct OfReport {
    label: Label,
    at: String,
    id: String,
    device: Option<String>,
}

/// All labels.
#[derive(Default)]
pub(super) struct Said {
    by_row: HashMap<(u32, u64), OfRow>,
    reports: Vec<OfReport>,
    by_report: HashMap<String, Vec<usize>>,
}

/// What the rows were that labels are for.
#[derive(Default)]
pub(super) struct Met {
    has_report: bool,
    /// The rows of each label by `ReportId`.
    rows: HashMap<usize, MetRows>,
    /// The first label that is against a row or another label: where, what, and what to do.
    mistake: Option<(RowPlace, String, &'static str)>,
}

struct MetRows {
    places: Vec<RowPlace>,
    /// Device and time of the first row.
    first: Option<(String, String)>,
    /// Whether they are more than one row.
    several: bool,
}

fn word(label: Label) -> &'static str {
    match label {
        Label::Benign => "benign",
        Label::Malicious => "malicious",
        Label::Unsure => "unsure",
        Label::Unlabelled => "unlabelled",
    }
}

impl Said {
    /// Adds a label of the row of a file, which is called `name`.
    pub(super) fn add_row(
        &mut self,
        file: u32,
        row: u64,
        of: (Label, String, Option<String>),
        name: &str,
    ) -> Outcome<()> {
        let (label, at, report) = of;
        match self.by_row.get(&(file, row)) {
            Some(known) if known.label != label => {
                let (a, b) = (word(label), word(known.label));
                fail(
                    "bad-labels",
                    format!("{at}: row {row} of {name} is {a} here, and {b} in {}", known.at),
                    ONE_LABEL,
                )
            }
            _ => {
                self.by_row.insert((file, row), OfRow { label, at, report });
                Ok(())
            }
        }
    }

    /// Adds a label of a `ReportId`, of one device or of any.
    pub(super) fn add_report(&mut self, label: Label, at: String, id: String, device: Option<String>) {
        self.by_report.entry(id.clone()).or_default().push(self.reports.len());
        self.reports.push(OfReport { label, at, id, device });
    }

    /// The label of a row of the results.
    pub(super) fn label(&self, place: RowPlace, cells: &RowCells<'_, '_>, met: &mut Met) -> Option<Label> {
        if self.by_row.is_empty() && self.reports.is_empty() {
            return None;
        }
        let id = cells.report_id.unwrap_or_default().trim();
        met.has_report |= !id.is_empty();
        let mut found: Option<(Label, &str)> = None;
        if let Some(of) = self.by_row.get(&(place.file, place.row)) {
            if let Some(report) = of.report.as_deref().filter(|report| *report != id) {
                let has = if id.is_empty() { "none".to_owned() } else { format!("`{}`", printable(id)) };
                let what =
                    format!("{}: it says ReportId `{}`, and the row has {has}", of.at, printable(report));
                let help = "`row` counts from 1 without the header, in the order of the export: give the rows that were labelled, or take one of the two columns out";
                met.mistake.get_or_insert((place, what, help));
            }
            found = Some((of.label, &of.at));
        }
        for at in self.by_report.get(id).into_iter().flatten() {
            let of = &self.reports[*at];
            let is_it = |cell: Option<&str>, device: &str| {
                cell.is_some_and(|cell| cell.trim().eq_ignore_ascii_case(device))
            };
            if of
                .device
                .as_deref()
                .is_some_and(|device| !is_it(cells.device, device) && !is_it(cells.device_id, device))
            {
                continue;
            }
            met.add(*at, place, cells);
            match found {
                Some((label, by)) if label != of.label => {
                    let what =
                        format!("{}: it is {} here, and {} in {by}", of.at, word(of.label), word(label));
                    met.mistake.get_or_insert((place, what, ONE_LABEL));
                }
                _ => found = Some((of.label, &of.at)),
            }
        }
        found.map(|(label, _)| label)
    }

    /// An error if a label is for a row of a file beyond its last one.
    pub(super) fn is_within(&self, file: u32, rows: u64, name: &str) -> Outcome<()> {
        let beyond = self.by_row.iter().filter(|((of, row), _)| *of == file && !(1..=rows).contains(row));
        let Some(((_, row), of)) = beyond.min_by_key(|((_, row), _)| *row) else { return Ok(()) };
        let message = format!("{}: a label is for row {row} of {name}: there are {rows} rows", of.at);
        let help = "rows are counted from 1, without the header; label the file that was exported";
        fail("bad-labels", message, help)
    }

    /// An error if a label was for no row, for several, or against another one.
    pub(super) fn check(&self, met: &Met, name: impl Fn(RowPlace) -> String) -> Outcome<()> {
        if let Some((place, what, help)) = &met.mistake {
            return fail("bad-labels", format!("{what} ({})", name(*place)), help);
        }
        for (number, of) in self.reports.iter().enumerate() {
            let (at, id) = (&of.at, printable(&of.id));
            if !met.has_report {
                let help = "export the column ReportId as well, or label by `row`, which counts from 1 without the header";
                return fail(
                    "bad-labels",
                    format!("{at}: it labels ReportId `{id}`, and no row of the results has a ReportId"),
                    help,
                );
            }
            let Some(rows) = met.rows.get(&number) else {
                let of_device = of.device.as_deref().map(|device| format!(" of {}", printable(device)));
                let message = format!(
                    "{at}: no row of the results has the ReportId `{id}`{}",
                    of_device.unwrap_or_default()
                );
                let help = "a spreadsheet rewrites such numbers (leading zeros go or come, 17842 becomes 17842.0 or 1.7842E+4): label by `row`, which counts from 1 without the header, or import the column as text";
                return fail("bad-labels", message, help);
            };
            if rows.several {
                let named: Vec<String> = rows.places.iter().map(|place| name(*place)).collect();
                let message =
                    format!("{at}: several rows have the ReportId `{id}`: {} ...", named.join(", "));
                let message = if rows.places.len() < NAMED {
                    message.trim_end_matches(" ...").to_owned()
                } else {
                    message
                };
                let help = "a ReportId is one row's only together with device and time: label by `row`, or add a column DeviceName";
                return fail("bad-labels", message, help);
            }
        }
        Ok(())
    }
}

impl Met {
    /// Counts a row of a label by `ReportId`. The same row may stand in several files.
    fn add(&mut self, at: usize, place: RowPlace, cells: &RowCells<'_, '_>) {
        let device = cells.device_id.filter(|id| !id.is_empty()).or(cells.device).filter(|id| !id.is_empty());
        let own = device.zip(cells.time).map(|(device, time)| (device.to_owned(), time.to_owned()));
        let Some(known) = self.rows.get_mut(&at) else {
            self.rows.insert(at, MetRows { places: vec![place], first: own, several: false });
            return;
        };
        known.several |= known.first.is_none() || known.first != own;
        if known.places.len() < NAMED {
            known.places.push(place);
        }
    }
}
