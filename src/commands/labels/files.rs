//! Files of labels.
//!
//! In: the text of a review, or of a table. Out: which rows it labels, and how.

use crate::commands::review::FORMAT;
use crate::commands::{Outcome, fail};
use quell::report::printable;
use quell::suggest::Label;

/// Which row a label is for.
pub(super) enum Which {
    /// A row of a file, with the `ReportId` that it should have.
    Row { file: Option<String>, row: u64, report: Option<String> },
    /// A `ReportId`, of a device or of any.
    Report { id: String, device: Option<String> },
}

/// A label, and where it stands.
pub(super) struct Given {
    pub(super) which: Which,
    pub(super) label: Label,
    pub(super) at: String,
}

fn label_of(word: &str) -> Option<Label> {
    match word.to_ascii_lowercase().as_str() {
        "benign" => Some(Label::Benign),
        "malicious" => Some(Label::Malicious),
        "unsure" => Some(Label::Unsure),
        _ => None,
    }
}

/// What is wrong with a word that is no label.
fn no_label(word: Option<&str>) -> String {
    match word {
        Some(word) => format!("`{}` is no label; benign, malicious, unsure", printable(word)),
        None => "it has no label".to_owned(),
    }
}

/// The labels of a review.
pub(super) fn of_review(name: &str, text: &str) -> Outcome<Vec<Given>> {
    let help = "`Export review` on the page of a report writes one; docs/report.md says what stands in it";
    let review: serde_json::Value = match serde_json::from_str(text) {
        Ok(review) => review,
        Err(error) => return fail("bad-labels", format!("{name}: this is no review: {error}"), help),
    };
    if review["format"] != FORMAT {
        let message = format!("{name}: its format is {}, and not {}", review["format"], FORMAT);
        return fail("bad-labels", message, help);
    }
    let read = |(number, one): (usize, &serde_json::Value)| {
        let label = label_of(one["label"].as_str()?)?;
        let (file, row) = (Some(one["file"].as_str()?.to_owned()), one["row"].as_u64()?);
        let which = Which::Row { file, row, report: None };
        Some(Given { which, label, at: format!("{name}: label {number}") })
    };
    let all = review["labels"].as_array().map_or(&[] as &[_], Vec::as_slice);
    match (1..).zip(all).map(read).collect::<Option<Vec<_>>>() {
        Some(labels) => Ok(labels),
        None => fail("bad-labels", format!("{name}: a label lacks its file, row or word"), help),
    }
}

/// The labels of a table.
pub(super) fn of_csv(name: &str, text: &str) -> Outcome<Vec<Given>> {
    let help = "a header with `row` (from 1, without the header) or `ReportId`, and `label` (benign, malicious, unsure); `file` if there are several";
    let mut table =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = match table.headers() {
        Ok(header) => header.clone(),
        Err(error) => return fail("bad-labels", format!("{name}: {error}"), help),
    };
    let at = |wanted: &str| {
        header.iter().position(|name| name.trim_start_matches('\u{feff}').eq_ignore_ascii_case(wanted))
    };
    let (row, report, label, file) = (at("row"), at("ReportId"), at("label"), at("file"));
    let device = at("DeviceName").or_else(|| at("DeviceId"));
    if label.is_none() || (row.is_none() && report.is_none()) {
        return fail(
            "bad-labels",
            format!("{name}: line 1: it lacks `label`, or `row` and `ReportId`"),
            help,
        );
    }
    let mut labels = Vec::new();
    for (line, record) in (2..).zip(table.records()) {
        let record = match record {
            Ok(record) => record,
            Err(error) => return fail("bad-labels", format!("{name}: {error}"), help),
        };
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).filter(|text| !text.is_empty());
        let owned = |at: Option<usize>| cell(at).map(str::to_owned);
        let which = match cell(row).map(str::parse) {
            Some(Ok(row)) => Some(Which::Row { file: owned(file), row, report: owned(report) }),
            Some(Err(_)) => None,
            None => owned(report).map(|id| Which::Report { id, device: owned(device) }),
        };
        match (which, cell(label).and_then(label_of)) {
            (Some(which), Some(label)) => {
                labels.push(Given { which, label, at: format!("{name}: line {line}") });
            }
            (None, _) => return fail("bad-labels", format!("{name}: line {line}: it names no row"), help),
            _ => return fail("bad-labels", format!("{name}: line {line}: {}", no_label(cell(label))), help),
        }
    }
    Ok(labels)
}
