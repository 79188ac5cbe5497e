//! Every integration test, as one program: it is linked once, and what a test leaves unused elsewhere is seen.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accept;
mod accepted;
mod architecture;
mod bad_exclusions;
mod blind_spots;
mod cases;
mod cmd;
mod common;
mod counts;
mod deceit;
mod docs;
#[cfg(target_os = "linux")]
mod faults;
mod fmt;
mod groups;
mod hostile_results;
mod impact;
mod import;
mod independent;
mod init;
mod inventory;
mod kql;
mod laws;
mod lint;
mod lint_laws;
mod list_schema;
mod long;
mod messages;
mod mutants;
#[cfg(unix)]
mod outputs;
mod page;
mod parameters;
#[cfg(feature = "parquet")]
mod parquet;
mod partial;
mod probe;
mod prune;
mod readme;
mod recognition;
#[cfg(unix)]
mod replay;
mod repository;
mod review;
mod sandbox;
mod security;
mod shapes;
mod sides;
mod slips;
mod splice;
mod suggest;
mod suggest_labels;
mod table_rules;
mod tables;
mod terminal;
mod tune;
mod wrong_files;
mod yaml;
