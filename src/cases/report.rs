//! How the cases of lists came out.
//!
//! In: the names of lists, their exclusions. Out: a [`CasesReport`], which is also the JSON format, and text for a person.
//! An exclusion without cases of both kinds is told as such: nothing would notice if it changed.

use super::{CaseResult, run};
use crate::exclusions::model::Exclusion;
use crate::report::printable;
use crate::report::words::count;
use serde::Serialize;
use std::fmt::Write;

/// The outcome of `quell test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CasesReport {
    /// Counts over all lists.
    pub totals: CaseTotals,
    /// One for each list file, in the order in which they were given, and one for each file of rows.
    pub lists: Vec<ListReport>,
}

/// Counts over all lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CaseTotals {
    /// Exclusions.
    pub exclusions: usize,
    /// Cases.
    pub cases: usize,
    /// Cases that got another verdict than they must.
    pub failed: usize,
    /// Exclusions without cases of both kinds.
    pub untested: usize,
}

/// The cases of one list file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListReport {
    /// The file as the user named it.
    pub file: String,
    /// Its exclusions.
    pub exclusions: usize,
    /// Its cases, in the order of the list.
    pub cases: Vec<CaseResult>,
    /// Its exclusions without cases of both kinds.
    pub untested: Vec<Untested>,
}

/// An exclusion without cases of both kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Untested {
    /// Its id.
    pub exclusion: String,
    /// Its line in the list, from 1.
    pub line: usize,
    /// The first kind that is missing: `suppress` or `keep`.
    pub missing: &'static str,
}

impl CasesReport {
    /// Runs all cases. `files` are the lists, also those that hold no exclusion.
    pub fn new<'f>(files: impl Iterator<Item = &'f str>, exclusions: &[Exclusion]) -> Self {
        let lists: Vec<ListReport> = files.map(|file| list(file, exclusions)).collect();
        let totals = CaseTotals {
            exclusions: exclusions.len(),
            cases: lists.iter().map(|list| list.cases.len()).sum(),
            failed: lists.iter().flat_map(|list| &list.cases).filter(|case| !case.passed).count(),
            untested: lists.iter().map(|list| list.untested.len()).sum(),
        };
        Self { totals, lists }
    }

    /// Adds a file of rows that all must get one verdict.
    pub fn add_rows(&mut self, file: &str, cases: Vec<CaseResult>) {
        self.totals.cases += cases.len();
        self.totals.failed += cases.iter().filter(|case| !case.passed).count();
        self.lists.push(ListReport { file: file.to_owned(), exclusions: 0, cases, untested: Vec::new() });
    }

    /// Whether every exclusion is proved by cases that pass. No exclusion at all proves nothing.
    pub fn is_clean(&self) -> bool {
        let CaseTotals { exclusions, failed, untested, .. } = self.totals;
        exclusions > 0 && failed == 0 && untested == 0
    }

    /// The failures and a summary, for a person.
    pub fn human(&self) -> String {
        let mut out = String::new();
        for list in &self.lists {
            let file = printable(&list.file);
            for Untested { exclusion, line, missing } in &list.untested {
                let _ = writeln!(out, "{exclusion}: {file}:{line}: no case to {missing}");
            }
            for case in list.cases.iter().filter(|case| !case.passed) {
                let (must, was) = (case.expected.word(), case.expected.otherwise());
                let (id, line, row) = (&case.exclusion, case.line, printable(&case.row));
                let _ = writeln!(out, "{id}: {file}:{line}: must {must}, was {was}: {row}");
                let _ = writeln!(out, "    {}", printable(case.why.as_deref().unwrap_or_default()));
            }
        }
        let CaseTotals { exclusions, cases, failed, untested } = self.totals;
        if exclusions == 0 {
            out.push_str("THERE ARE NO EXCLUSIONS in the lists, so nothing was tested.\n");
        }
        let _ = writeln!(
            out,
            "{}, {}, {failed} failed, {untested} without cases of both kinds",
            count(exclusions as u64, "exclusion", "exclusions"),
            count(cases as u64, "case", "cases")
        );
        out
    }
}

fn list(file: &str, exclusions: &[Exclusion]) -> ListReport {
    let own: Vec<&Exclusion> =
        exclusions.iter().filter(|exclusion| &*exclusion.origin.file == file).collect();
    let untested = own.iter().filter_map(|exclusion| {
        let missing = match (exclusion.cases.suppress.len(), exclusion.cases.keep.len()) {
            (0, _) => "suppress",
            (_, 0) => "keep",
            _ => return None,
        };
        Some(Untested { exclusion: exclusion.id.clone(), line: exclusion.origin.line, missing })
    });
    ListReport {
        file: file.to_owned(),
        exclusions: own.len(),
        untested: untested.collect(),
        cases: own.iter().flat_map(|exclusion| run(exclusion)).collect(),
    }
}
