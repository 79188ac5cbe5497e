//! quell suppresses known-benign rows in threat-hunt results and accounts for every row.
//!
//! The whole flow, from the text of a list to a verdict:
//!
//! ```
//! use quell::exclusions::validate::{ListText, load};
//! use quell::judge::{Matcher, Scratch};
//! use quell::schema::Schemas;
//!
//! // As written, checked, and as the matcher uses it.
//! let list = ListText {
//!     file: "mine.yaml".into(),
//!     text: "exclusions:\n- id: ccm\n  when: {process.name: CcmExec.exe, destination.ip: 10.20.0.0/16}".into(),
//! };
//! let exclusions = load(&[list], &Schemas::built_in()).expect("the list is right");
//! let applied: Vec<_> = exclusions.iter().collect();
//! let matcher = Matcher::new(&applied, "defender").expect("few fields");
//!
//! // A row is one cell for each field that the list looks at.
//! let names: Vec<&str> = matcher.slots().iter().map(|slot| slot.name()).collect();
//! assert_eq!(names, ["process.name", "destination.ip"]);
//!
//! let mut scratch = Scratch::default();
//! let verdict = matcher.judge(&[Some("ccmexec.exe"), Some("::ffff:10.20.3.4")], &mut scratch);
//! assert_eq!(verdict.suppressed_by, [0]);
//!
//! // Only a positive match suppresses: without an address the row is kept, and undecidable.
//! let verdict = matcher.judge(&[Some("ccmexec.exe"), None], &mut scratch);
//! assert!(!verdict.is_suppressed() && verdict.undecidable);
//! ```
//!
//! Files of results go through [`scan`], which reads rows ([`results`]), judges them, counts ([`tally`]) and hands on
//! their bytes; [`report`] makes the counts readable. [`covers`] says which exclusions cover which rows, and [`tune`]
//! what follows from that for a change to a list; [`cases`] and [`mutants`] test lists without results. Read [`exclusions::model`], [`matcher`] and [`verdict`] first.

pub mod cases;
pub mod count;
pub mod diagnostic;
pub mod exclusions;
pub mod fields;
pub mod input;
pub mod judge;
pub mod kql;
mod lines;
pub mod lint;
pub mod mutants;
pub mod output;
mod parallel;
pub mod probe;
pub mod range;
pub mod report;
pub mod rule;
pub mod run;
pub mod schema;
pub mod tune;
pub mod yaml;

pub use run::{Options, Run, apply};
