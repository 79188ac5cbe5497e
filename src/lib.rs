//! quell suppresses known-benign rows in threat-hunt results and accounts for every row.
//!
//! A CSV export through a list of exclusions, to the end:
//!
//! ```
//! use quell::exclusions::validate::{ListText, load};
//! use quell::{input::Input, output::InMemory, run::columns::schema_of, schema::Schemas};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let list = "exclusions:\n- id: ccm\n  when: {process.name: CcmExec.exe, destination.ip: 10.20.0.0/16}";
//! let hunt = "Timestamp,DeviceName,InitiatingProcessFileName,RemoteIP\n\
//!             2026-11-16T08:00:00Z,pc-1,ccmexec.exe,::ffff:10.20.3.4\n\
//!             2026-11-16T09:00:00Z,pc-2,ccmexec.exe,203.0.113.9\n";
//! let schemas = Schemas::built_in();
//! let exclusions = load(&[ListText { file: "mine.yaml".into(), text: list.into() }], &schemas)?;
//! let mut results = [Input::read("hunt.csv", hunt.as_bytes(), &Default::default())?];
//! let schema = schema_of(&results, &schemas, None)?;
//! let applied: Vec<_> = exclusions.iter().collect();
//! let mut rows = InMemory::default();
//! let run = quell::apply(&quell::Options::new(schema, &applied), &mut results, &mut rows)?;
//! assert_eq!((run.tally.totals.kept, run.tally.totals.suppressed), (1, 1));
//! assert!(String::from_utf8(rows.suppressed)?.ends_with("::ffff:10.20.3.4,ccm\n"));
//! # Ok(())
//! # }
//! ```
//!
//! [`apply`] is the main job: it reads rows ([`input`]), judges them ([`judge`]), counts what each exclusion did ([`count`])
//! and hands on their bytes ([`output`]). Whoever has read the heads of these four knows it. [`exclusions::model`] is what a
//! list says, [`report`] makes the counts readable, and [`kql`] says the same in the language of Sentinel and Defender.
//!
//! What changes a list reads the same parts: [`lint`] and [`cases`] test it, [`mutants`] asks what its cases would not
//! notice, [`tune`] compares lists by their effect, [`probe`] looks for what an intruder could do inside an exclusion, and
//! [`suggest`] drafts exclusions from rows that somebody has called noise.
//! docs/architecture.md has a map.

pub mod cases;
pub mod count;
pub mod diagnostic;
pub mod exclusions;
pub mod fields;
pub mod groups;
pub mod input;
pub mod judge;
pub mod kql;
mod lines;
pub mod lint;
pub mod mutants;
pub mod output;
mod parallel;
pub mod printable;
pub mod probe;
pub mod range;
pub mod report;
pub mod rule;
pub mod run;
pub mod schema;
pub mod suggest;
pub mod tune;
pub mod yaml;

pub use run::{Options, Run, apply};
