//! What the tests of several files share: a run in memory, a plain slow reading of lists, and random
//! lists and rows that come near each other.
#![allow(dead_code, reason = "the example kql_cases uses a part of it")]

pub(crate) mod naive;
pub(crate) mod random;
pub(crate) mod tables;

use quell::Options;
use quell::count::tally::Tally;
use quell::diagnostic::Diagnostics;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load};
use quell::input::csv::header::{Header, header};
use quell::input::json::shape::{self, Shape};
use quell::input::{Format, Input};
use quell::output::InMemory;
use quell::report::build::{ReportParts, build};
use quell::report::{MalformedRow, Report};
use quell::schema::Schemas;
use std::io::{self, Cursor, Write};
use std::process::Command;

/// Cases of a property test: few in the quick profile, many with `QUELL_LONG`.
pub(crate) fn cases(quick: u32, long: u32) -> u32 {
    if std::env::var_os("QUELL_LONG").is_some() { long } else { quick }
}

/// Says that a test, or a part of it, is skipped. It goes past what the test harness holds back of tests that pass.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {why}");
}

/// Whether this machine has these programs; what it lacks is said.
pub(crate) fn has(programs: &[&str]) -> bool {
    let lacks = |program: &&&str| Command::new(**program).arg("--version").output().is_err();
    let lacking: Vec<&str> = programs.iter().filter(lacks).copied().collect();
    if !lacking.is_empty() {
        skipped(&format!("a test needs {}, which this machine does not have", lacking.join(" and ")));
    }
    lacking.is_empty()
}

pub(crate) fn loaded(texts: &[String]) -> Vec<Exclusion> {
    let lists: Vec<ListText> = texts
        .iter()
        .enumerate()
        .map(|(place, text)| ListText { file: format!("list{place}.yaml"), text: text.clone() })
        .collect();
    load(&lists, &Schemas::built_in()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{texts:#?}"))
}

/// How a run in memory is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    pub(crate) format: Format,
    pub(crate) chunk: usize,
    pub(crate) threads: usize,
}

impl How {
    pub(crate) const CSV: Self = Self { format: Format::Csv { delimiter: b',' }, chunk: 1 << 16, threads: 1 };
    pub(crate) const JSON: Self = Self { format: Format::JsonLines, chunk: 1 << 16, threads: 1 };
}

/// The outcome of a run in memory.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) kept: Vec<u8>,
    pub(crate) suppressed: Vec<u8>,
    pub(crate) tally: Tally,
    pub(crate) malformed: Vec<MalformedRow>,
    pub(crate) report: Option<Report>,
}

/// Applies exclusions to the bytes of a file of the schema `defender`. CSV has a header, which is not part
/// of the outputs.
pub(crate) fn apply(exclusions: &[Exclusion], input: &[u8], how: How) -> Outcome {
    try_apply(exclusions, input, how).unwrap()
}

/// The same where the reading may fail.
pub(crate) fn try_apply(exclusions: &[Exclusion], input: &[u8], how: How) -> Result<Outcome, Diagnostics> {
    let schemas = Schemas::built_in();
    let applied: Vec<&Exclusion> = exclusions.iter().collect();
    let (names, body) = match how.format {
        Format::Csv { delimiter } => {
            let Header::Whole { names, length } = header(input, delimiter, true) else { panic!("no header") };
            (names, &input[length..])
        }
        Format::Document(document) => (shape::of_document(document, input, true).names, input),
        _ => (Vec::new(), input),
    };
    let shape = Shape { format: how.format, names, nested: false };
    let body = Cursor::new(body.to_vec());
    let mut inputs = [Input::with_shape("in memory", body, shape, how.chunk)];
    let mut options = Options::new(schemas.named("defender").unwrap(), &applied);
    options.coverage = true;
    options.allow_missing_columns = true;
    options.threads = how.threads;
    let mut rows = InMemory::default();
    let run = quell::apply(&options, &mut inputs, &mut rows)?;
    let (tally, malformed) = (run.tally.clone(), run.malformed.clone());
    let mut report = build(ReportParts {
        run,
        applied: &applied,
        left_out: &[],
        rule: None,
        today: "2026-11-24".parse().unwrap(),
        notes: Vec::new(),
    });
    // How the rows were read is not what they are.
    (report.results, report.warnings) = Default::default();
    report.malformed.clear();
    Ok(Outcome { kept: rows.kept, suppressed: rows.suppressed, tally, malformed, report: Some(report) })
}
