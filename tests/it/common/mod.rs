//! What the tests of several files share: a run in memory, a plain slow reading of lists, and random
//! lists and rows that come near each other.
#![allow(dead_code, reason = "the example kql_cases uses a part of it")]

pub(crate) mod naive;
pub(crate) mod random;

use quell::exclusions::model::{Exclusion, FieldRef};
use quell::exclusions::validate::{ListText, load};
use quell::matcher::Matcher;
use quell::report::build::{Run, build};
use quell::report::{Report, ResultsFile};
use quell::results::Format;
use quell::results::chunk::Chunker;
use quell::results::csv::{Splitter, header};
use quell::results::json::Lines;
use quell::results::layout::Layout;
use quell::results::shape::{self, Document};
use quell::results::table::Table;
use quell::scan::{BadRow, Job, Pace, Rows, Sink, scan};
use quell::schema::{Schemas, Source};
use quell::tally::Tally;
use std::io::{self, Write};
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
    pub(crate) bad_rows: Vec<BadRow>,
    pub(crate) report: Option<Report>,
}

impl Sink for Outcome {
    fn kept(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.kept.extend_from_slice(bytes);
        Ok(())
    }
    fn suppressed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.suppressed.extend_from_slice(bytes);
        Ok(())
    }
    fn progress(&mut self, _: usize) -> io::Result<()> {
        Ok(())
    }
}

/// Applies exclusions to the bytes of a file of the schema `defender`. CSV has a header, which is not part
/// of the outputs.
pub(crate) fn apply(exclusions: &[Exclusion], input: &[u8], how: How) -> Outcome {
    try_apply(exclusions, input, how).unwrap()
}

/// The same where the reading may fail.
pub(crate) fn try_apply(exclusions: &[Exclusion], input: &[u8], how: How) -> io::Result<Outcome> {
    let schemas = Schemas::built_in();
    let schema = schemas.named("defender").unwrap();
    let applied: Vec<&Exclusion> = exclusions.iter().collect();
    let ids: Vec<&str> = exclusions.iter().map(|exclusion| exclusion.id.as_str()).collect();
    let matcher = Matcher::new(&applied, "defender").unwrap();
    let plain = |name: &str| vec![Source { column: name.to_owned(), path: false }];
    let mut wanted: Vec<Vec<Source>> = matcher
        .slots()
        .iter()
        .map(|slot| match slot {
            FieldRef::Field(field) => schema.sources(*field).to_vec(),
            FieldRef::Column(column) => plain(&column.name),
        })
        .collect();
    wanted.extend(["DeviceName", "Timestamp", "InitiatingProcessFileName", "RemoteIP"].map(plain));
    let (rows, body) = match how.format {
        Format::Csv { delimiter } => {
            let (names, length) = header(input, delimiter, true).unwrap();
            let layout = Layout::of_header(wanted, &names);
            (Rows::Csv(Splitter::new(delimiter, layout, &names)), &input[length..])
        }
        Format::Document(Document::Tables) => {
            let names = shape::of_document(Document::Tables, input, true).names;
            (Rows::Table(Table::new(Layout::of_header(wanted, &names), &names)), input)
        }
        Format::JsonLines | Format::Document(_) | Format::Parquet => {
            (Rows::Json(Lines::new(Layout::of_keys(wanted))), input)
        }
    };
    let job = Job {
        matcher: &matcher,
        ids: &ids,
        rows,
        format: how.format,
        kept: true,
        suppressed: true,
        covers: true,
        order: None,
        repeats: None,
    };
    let mut chunker = Chunker::new(body, how.chunk);
    chunker.set_format(how.format);
    let mut outcome = Outcome::default();
    let scanned = scan(&job, &mut chunker, 1, Pace { threads: how.threads }, &mut outcome)?;
    outcome.tally = scanned.tally.clone();
    outcome.bad_rows = scanned.bad_rows;
    outcome.report = Some(build(Run {
        tally: scanned.tally,
        slots: matcher.slots(),
        applied: &applied,
        left_out: &[],
        results: Vec::<ResultsFile>::new(),
        rule: None,
        today: "2026-11-24".parse().unwrap(),
        malformed: Vec::new(),
        warnings: Vec::new(),
        notes: Vec::new(),
    }));
    Ok(outcome)
}
